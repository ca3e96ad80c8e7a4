// table: one row a sentence
//! The sentences of POP3 servers (Exchange Online, Gmail, Dovecot and others), each said at its place: to `AUTH`, or once
//! somebody is signed in. What `sync`, reading a message and `check` tell then: what, who mends it, and what to press.

use pillarbox::demo::Mischief;
use pillarbox::engine::CheckWish;
use pillarbox::explain::{Notice, Remedy, Who, explain};
use pillarbox::model::IncomingProtocol::Pop3;

use crate::tenants_servers::{Guest, Often};
use Remedy::{None as Nothing, Retry, SignIn};
use Who::{ExchangeAdministrator as Exchange, Nobody, You};

/// Where, the server's words, and what is told: title, who, remedy.
type Row = (&'static str, &'static str, &'static str, Who, Remedy);

/// Challenges that describe a failure (RFC 7628 §3.2.2): `{"status":"401","schemes":"bearer","scope":"mail"}` and so on.
const EXPIRED: &str = "+ eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIiwic2NvcGUiOiJtYWlsIn0=";
const MALFORMED: &str = "+ eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==";
const NO_SCOPE: &str = "+ eyJzdGF0dXMiOiI0MDMiLCJzY2hlbWVzIjoiYmVhcmVyIn0=";
const INVALID: &str = "+ eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJtYWlsIn0=";
const INSUFFICIENT: &str = "+ eyJzdGF0dXMiOiJpbnN1ZmZpY2llbnRfc2NvcGUifQ==";

/// Not met here: `Unrecognized authentication type` (the demo never refuses the name of a mechanism; scripted in
/// `backend/pop3/tests/signing_in.rs`) and the refusal of passwords (the demo's app has none; likewise).
#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("AUTH", "-ERR Authentication failure: unknown user name or bad password.", "The server does not accept the token", Exchange, SignIn),
    ("AUTH", "-ERR Logon failure: unknown user name or bad password.", "The server does not accept the token", Exchange, SignIn),
    ("AUTH", "-ERR Protocol error. 14", "does not accept the sign-in of", You, SignIn),
    ("AUTH", EXPIRED, "The server does not accept the token", You, SignIn),
    ("AUTH", MALFORMED, "The server does not accept the token", You, SignIn),
    ("AUTH", INVALID, "The server does not accept the token", You, SignIn),
    ("AUTH", NO_SCOPE, "The token does not cover mail", You, SignIn),
    ("AUTH", INSUFFICIENT, "The token does not cover mail", You, SignIn),
    ("AUTH", "-ERR [AUTH] Username and password not accepted.", "Google does not accept this sign-in", You, SignIn),
    ("AUTH", "-ERR [AUTH] Application-specific password required: https://support.google.com/accounts/answer/185833", "Google takes no account passwords", You, SignIn),
    ("AUTH", "-ERR [AUTH] Web login required: https://support.google.com/mail/answer/78754", "Google wants a sign-in in the browser first", You, SignIn),
    ("AUTH", "-ERR [SYS/PERM] Your account is not enabled for POP access. Please visit your Gmail settings page and enable your account for POP access.", "POP is switched off for this mailbox", You, Retry),
    ("AUTH", "-ERR [AUTH] Authentication failed.", "does not accept the sign-in of", You, SignIn),
    ("AUTH", "-ERR [IN-USE] Do you have another POP session running?", "Another session has the mailbox open", Nobody, Retry),
    ("AUTH", "-ERR [IN-USE] Unable to lock maildrop: Mailbox is locked by POP server", "Another session has the mailbox open", Nobody, Retry),
    ("AUTH", "-ERR [LOGIN-DELAY] minimum time between mail checks violation", "The server wants to be visited less often", Nobody, Nothing),
    ("AUTH", "-ERR [SYS/TEMP] Temporary authentication failure. [mail:2026-11-23]", "The server is not available at the moment", Nobody, Retry),
    ("AUTH", "-ERR [SYS/TEMP] Account is temporarily unavailable.", "The server is not available at the moment", Nobody, Retry),
    ("AUTH", "-ERR Too many simultaneous connections. (Failure)", "Too many connections at once", Nobody, Retry),
    ("AUTH", "-ERR Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)", "Too many connections at once", Nobody, Retry),
    ("AUTH", "-ERR Account exceeded command or bandwidth limits. (Failure)", "The account has used up what it may fetch", Nobody, Retry),
    ("AUTH", "-ERR Server Unavailable. 21", "The server is not available at the moment", Nobody, Retry),
    ("AUTH", "-ERR Connection is closed. 20", "The server ended the session", Nobody, Nothing),
    ("AUTH", "-ERR Request is throttled. Suggested Backoff Time: 92415 milliseconds", "The server asks to slow down", Nobody, Nothing),
    ("AUTH", "-ERR User is authenticated but not connected.", "does not open the mailbox", Exchange, Retry),
    // Signed in, and then no mailbox: "OK is not success" (protocol facts §4.3).
    ("UIDL", "-ERR User is authenticated but not connected.", "does not open the mailbox", Exchange, Retry),
    ("UIDL", "-ERR Session invalidated - AccessTokenExpired", "The session ended with its access token", Nobody, SignIn),
    ("UIDL", "-ERR Session invalidated", "The server ended the session", Nobody, Nothing),
    ("UIDL", "-ERR Server Unavailable. 21", "The server is not available at the moment", Nobody, Retry),
    ("UIDL", "-ERR Request is throttled. Suggested Backoff Time: 92415 milliseconds", "The server asks to slow down", Nobody, Nothing),
    ("UIDL", "-ERR lock busy", "Another session has the mailbox open", Nobody, Retry),
    ("UIDL", "-ERR Maildrop already locked", "Another session has the mailbox open", Nobody, Retry),
    ("UIDL", "-ERR Unable to lock maildrop", "Another session has the mailbox open", Nobody, Retry),
    ("UIDL", "-ERR Mailbox is locked by another session", "Another session has the mailbox open", Nobody, Retry),
    ("UIDL", "-ERR Mailbox in use", "Another session has the mailbox open", Nobody, Retry),
    ("UIDL", "-ERR command not implemented", "cannot do this", Who::Provider, Nothing),
    ("LIST", "-ERR Server Unavailable. 21", "The server is not available at the moment", Nobody, Retry),
    ("LIST", "-ERR Connection closed. 14", "The server ended the session", Nobody, Nothing),
    ("TOP", "-ERR Server Unavailable. 21", "The server is not available at the moment", Nobody, Retry),
    ("TOP", "-ERR Request is throttled. Suggested Backoff Time: 92415 milliseconds", "The server asks to slow down", Nobody, Nothing),
    ("TOP", "-ERR System Error (Failure)", "The server is not available at the moment", Nobody, Retry),
    ("RETR", "-ERR Server Unavailable. 21", "The server is not available at the moment", Nobody, Retry),
    ("RETR", "-ERR Session invalidated - AccessTokenExpired", "The session ended with its access token", Nobody, SignIn),
    ("RETR", "-ERR Connection is closed. 20", "The server ended the session", Nobody, Nothing),
    ("RETR", "-ERR [SYS/TEMP] message is being moved", "The server is not available at the moment", Nobody, Retry),
];

/// Lets the server say a sentence, does what makes it say it, and returns what is told.
async fn told(guest: &Guest, place: &'static str, words: &'static str) -> Result<Notice, String> {
    let subject = guest.deliver();
    let mischief = Mischief::Error {
        code: words,
        back_off: None,
    };
    let outcome = if place == "RETR" {
        let synced = guest.sync(guest.address()).await;
        synced.map_err(|error| format!("{error:?}"))?;
        let row = guest.row(&subject).await.ok_or("not listed")?;
        guest.spoil(place, &mischief, Often::Always);
        guest.engine.raw(row.id).await.map(drop)
    } else {
        guest.spoil(place, &mischief, Often::Always);
        guest.sync(guest.address()).await.map(drop)
    };
    guest.mend();
    let error = outcome.err().ok_or("nothing is told")?;
    // A server that has come to itself is no news.
    let again = guest.sync(guest.address()).await;
    again.map_err(|error| format!("not mended: {error:?}"))?;
    guest.row(&subject).await.ok_or("never listed")?;
    Ok(explain(&error))
}

/// Says what is wrong with what a person reads.
fn complaint(row: &Row, told: &Result<Notice, String>) -> Option<String> {
    let (place, words, title, who, remedy) = *row;
    let is_right = told.as_ref().is_ok_and(|notice| {
        notice.title.contains(title)
            && (notice.who, notice.remedy) == (who, remedy)
            && !notice.cause.is_empty()
            && !notice.how.is_empty()
    });
    (!is_right).then(|| format!("{place} {words}: {told:?}"))
}

/// The sentences that the program reacts to, so that one that is added there is asked for here at once.
const SENTENCES: [&str; 2] = [
    include_str!("../../src/backend/sentences.rs"),
    include_str!("../../src/backend/pop3/quirks.rs"),
];

#[test]
fn every_sentence_that_decides_is_said_somewhere() {
    let tables = SENTENCES.iter().map(|source| {
        let (_, table) = source.split_once("const SENTENCES").unwrap();
        table.split_once("fn ").unwrap().0
    });
    let known: Vec<&str> = tables
        .flat_map(|table| table.split("Meaning::"))
        .filter_map(|before| before.rsplit('"').nth(1))
        .collect();
    assert!(known.len() > 15, "{known:?}");
    let said = ROWS.iter().map(|row| row.1.to_ascii_lowercase());
    let said: Vec<String> = said.collect();
    let is_missing = |known: &&str| !said.iter().any(|said| said.contains(known));
    let missing: Vec<&str> = known.into_iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn what_a_pop_server_says_is_recognised_where_it_says_it() {
    let guest = Guest::new(Pop3).await;
    guest.sync(guest.address()).await.unwrap();
    let mut wrong = Vec::new();
    for row in ROWS {
        wrong.extend(complaint(row, &told(&guest, row.0, row.1).await));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_check_tells_what_a_pop_server_says_to_who_signs_in() {
    let guest = Guest::new(Pop3).await;
    guest.deliver();
    let mut wrong = Vec::new();
    let rows = ROWS.iter().filter(|row| matches!(row.0, "AUTH" | "UIDL"));
    for row in rows {
        let mischief = Mischief::Error {
            code: row.1,
            back_off: None,
        };
        guest.spoil(row.0, &mischief, Often::Always);
        let mut lines = guest.engine.check(CheckWish::of("one"));
        let mut told = Err("nothing is told".to_owned());
        while let Some(line) = lines.recv().await {
            if let Err(error) = line.outcome {
                told = Ok(explain(&error));
            }
        }
        guest.mend();
        wrong.extend(complaint(row, &told));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_throttled_person_reads_how_long_it_takes() {
    let guest = Guest::new(Pop3).await;
    let words = "-ERR Request is throttled. Suggested Backoff Time: 92415 milliseconds";
    let notice = told(&guest, "UIDL", words).await.unwrap();
    assert!(
        notice.how.iter().any(|how| how.contains("92 s")),
        "{notice:?}"
    );
}

#[tokio::test]
async fn a_session_that_ends_with_its_token_is_nobodys_business() {
    let mut guest = Guest::new(Pop3).await;
    guest.sync(guest.address()).await.unwrap();
    for place in ["UIDL", "LIST", "TOP"] {
        let subject = guest.deliver();
        let mischief = Mischief::Status {
            code: 401,
            retry_after: None,
        };
        guest.spoil(place, &mischief, Often::Once);
        guest.sync(guest.address()).await.unwrap();
        assert!(guest.row(&subject).await.is_some(), "{place}");
        assert_eq!(guest.problems(), [], "{place}");
    }
}
