//! Greeting, STARTTLS, sign-in, and the proof that the mailbox opens.

use super::{bearer, end, password, reaction, serve};
use crate::backend::imap::connect::{ask_for_tls, greeted, open};
use crate::backend::imap::wire::Session;
use crate::backend::{BackendError, Login, Refusal};
use crate::model::Role;

const LISTED: &str = "
    C: LIST \"\" \"*\"
    C: SELECT \"INBOX\"
    S: * LIST (\\HasNoChildren) \"/\" INBOX
    S: * LIST (\\Sent) \"/\" Sent
    S: $1 OK listed
    S: * 0 EXISTS
    S: * OK [UIDVALIDITY 7] ok
    S: $ OK open";

/// Plays a script for `login`; returns the reaction to the error, if any.
async fn try_at(host: &str, login: Login, script: &str) -> Result<(), BackendError> {
    let (pipe, server) = serve(script);
    let (session, greeting) = greeted(Session::new(pipe, host, 993)).await?;
    let client = open(session, greeting, &login).await?;
    end(client, server).await;
    Ok(())
}

async fn check(login: Login, script: &str) {
    let result = try_at("imap.example.org", login, script).await;
    result.unwrap();
}

async fn check_refused(host: &str, script: &str, expected: &str, words: &str) -> BackendError {
    let error = try_at(host, bearer("a@x.com"), script).await.unwrap_err();
    assert_eq!(reaction(&error), expected, "{error}");
    assert!(error.to_string().contains(words), "{error}");
    error
}

// base64 of "n,a=a@x.com,^Ahost=imap.example.org^Aport=993^Aauth=Bearer tok^A^A"
const OAUTHBEARER: &str =
    "bixhPWFAeC5jb20sAWhvc3Q9aW1hcC5leGFtcGxlLm9yZwFwb3J0PTk5MwFhdXRoPUJlYXJlciB0b2sBAQ==";
// base64 of "user=a@x.com^Aauth=Bearer tok^A^A"
const XOAUTH2: &str = "dXNlcj1hQHguY29tAWF1dGg9QmVhcmVyIHRvawEB";
// base64 of {"status":"401"}
const JSON: &str = "eyJzdGF0dXMiOiI0MDEifQ==";

#[tokio::test]
async fn oauthbearer_is_preferred_and_sent_at_once_where_allowed() {
    let script = format!(
        "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2 AUTH=OAUTHBEARER LOGINDISABLED] hi
         C: AUTHENTICATE OAUTHBEARER {OAUTHBEARER}
         S: $ OK [CAPABILITY IMAP4rev1 IDLE] in
         {LISTED}"
    );
    check(bearer("a@x.com"), &script).await;
}

#[tokio::test]
async fn without_sasl_ir_the_payload_waits_to_be_asked_for() {
    let script = format!(
        "S: * OK hi
         C: CAPABILITY
         S: * CAPABILITY IMAP4rev1 AUTH=XOAUTH2
         S: $ OK done
         C: AUTHENTICATE XOAUTH2
         S: + go ahead
         C: {XOAUTH2}
         S: * CAPABILITY IMAP4rev1 IDLE
         S: $ OK in
         {LISTED}"
    );
    check(bearer("a@x.com"), &script).await;
}

#[tokio::test]
async fn capabilities_are_asked_for_again_after_signing_in() {
    let script = format!(
        "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hi
         C: AUTHENTICATE XOAUTH2 {XOAUTH2}
         S: $ OK in
         C: CAPABILITY
         C: LIST \"\" \"*\"
         S: * CAPABILITY IMAP4rev1 MOVE
         S: $1 OK done
         S: * LIST () \"/\" INBOX
         S: $ OK listed
         C: SELECT \"INBOX\"
         S: * 0 EXISTS
         S: * OK [UIDVALIDITY 7] ok
         S: $ OK open"
    );
    check(bearer("a@x.com"), &script).await;
}

#[tokio::test]
async fn microsoft_gets_xoauth2_even_unannounced_and_never_imap4rev2() {
    let script = format!(
        "S: * OK The Microsoft Exchange IMAP4 service is ready.
         C: CAPABILITY
         S: * CAPABILITY IMAP4 IMAP4rev1 AUTH=OAUTHBEARER LOGINDISABLED SASL-IR
         S: $ OK done
         C: AUTHENTICATE XOAUTH2 {XOAUTH2}
         S: $ OK AUTHENTICATE completed.
         C: CAPABILITY
         C: LIST \"\" \"*\"
         C: SELECT \"INBOX\"
         S: * CAPABILITY IMAP4 IMAP4rev1 MOVE ENABLE IMAP4rev2
         S: $2 OK done
         S: * LIST () \"/\" INBOX
         S: $1 OK listed
         S: * 0 EXISTS
         S: * OK [UIDVALIDITY 7] ok
         S: $ OK open"
    );
    let host = "outlook.office365.com";
    try_at(host, bearer("a@x.com"), &script).await.unwrap();
}

#[tokio::test]
async fn qresync_is_enabled_before_a_folder_is_opened() {
    let script = format!(
        "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hi
         C: AUTHENTICATE XOAUTH2 {XOAUTH2}
         S: $ OK [CAPABILITY IMAP4rev1 ENABLE CONDSTORE QRESYNC] in
         C: LIST \"\" \"*\"
         C: ENABLE QRESYNC
         C: SELECT \"INBOX\" (CONDSTORE)
         S: * LIST () \"/\" INBOX
         S: $2 OK listed
         S: * ENABLED QRESYNC
         S: $1 OK enabled
         S: * 0 EXISTS
         S: * OK [UIDVALIDITY 7] ok
         S: $ OK open"
    );
    check(bearer("a@x.com"), &script).await;
}

#[tokio::test]
async fn the_reason_of_a_refused_token_is_answered_and_kept() {
    let xoauth2 = format!(
        "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hi
         C: AUTHENTICATE XOAUTH2 {XOAUTH2}
         S: + {JSON}
         C: 
         S: $ NO [AUTHENTICATIONFAILED] no"
    );
    let error = check_refused("imap.example.org", &xoauth2, "sign-in", "401").await;
    assert!(matches!(error, BackendError::SignIn { code, .. } if code == "AUTHENTICATIONFAILED"));
    let oauthbearer = format!(
        "S: * OK [CAPABILITY IMAP4rev1 AUTH=OAUTHBEARER] hi
         C: AUTHENTICATE OAUTHBEARER
         S: +
         C: {OAUTHBEARER}
         S: + {JSON}
         C: AQ==
         S: $ NO no"
    );
    check_refused("imap.example.org", &oauthbearer, "sign-in", "401").await;
}

#[tokio::test]
async fn refusals_of_a_sign_in_are_told_apart() {
    for (answer, expected, words) in [
        (
            "$ NO AUTHENTICATE failed.",
            "sign-in",
            "AUTHENTICATE failed",
        ),
        (
            "$ BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds",
            "throttled",
            "throttled",
        ),
        ("$ NO [UNAVAILABLE] later", "throttled", "later"),
        (
            "$ NO [AUTHORIZATIONFAILED] not yours",
            "refused",
            "not yours",
        ),
        ("Server Unavailable. 15", "throttled", "Unavailable"),
        ("* BYE Connection closed. 14", "offline", ""),
        (
            "* BYE Session invalidated - AccessTokenExpired",
            "sign-in",
            "Expired",
        ),
    ] {
        let script = format!(
            "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hi
             C: AUTHENTICATE XOAUTH2 {XOAUTH2}
             S: {answer}"
        );
        check_refused("imap.example.org", &script, expected, words).await;
    }
}

#[tokio::test]
async fn a_sign_in_without_a_mailbox_is_no_success() {
    let script = format!(
        "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hi
         C: AUTHENTICATE XOAUTH2 {XOAUTH2}
         S: $ OK AUTHENTICATE completed.
         C: CAPABILITY
         S: $ BAD User is authenticated but not connected.
         S: * BYE Connection closed. 14"
    );
    let error = check_refused("imap.example.org", &script, "refused", "not connected").await;
    assert!(matches!(
        error,
        BackendError::Refused {
            kind: Refusal::NoMailboxAccess,
            ..
        }
    ));
}

#[tokio::test]
async fn tokens_go_only_where_a_mechanism_for_them_is_offered() {
    let script = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi";
    check_refused("imap.example.org", script, "unsupported", "OAUTHBEARER").await;
}

#[tokio::test]
async fn passwords_go_by_plain_or_login() {
    let plain = format!(
        "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hi
         C: AUTHENTICATE PLAIN AHRpbQBwYXNz
         S: $ OK [CAPABILITY IMAP4rev1] in
         {LISTED}"
    );
    check(password("tim", "pass"), &plain).await;
    let login = format!(
        "S: * OK [CAPABILITY IMAP4rev1] hi
         C: LOGIN \"tim\" \"p\\\"a\\\\ss\"
         S: $ OK [CAPABILITY IMAP4rev1] in
         {LISTED}"
    );
    check(password("tim", "p\"a\\ss"), &login).await;
    let literal = format!(
        "S: * OK [CAPABILITY IMAP4rev1] hi
         C: LOGIN \"tim\" {{3}}
         S: + go
         C: pä
         S: $ OK [CAPABILITY IMAP4rev1] in
         {LISTED}"
    );
    check(password("tim", "pä"), &literal).await;
}

#[tokio::test]
async fn a_server_that_takes_no_passwords_gets_none() {
    let script = "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi";
    let result = try_at("imap.example.org", password("tim", "pass"), script).await;
    assert_eq!(reaction(&result.unwrap_err()), "refused");
}

#[tokio::test]
async fn greetings_that_are_none_end_the_attempt() {
    for (greeting, expected) in [
        ("SSH-2.0-OpenSSH_9.9", "protocol"),
        ("HTTP/1.1 400 Bad Request", "protocol"),
        ("* BYE too busy", "offline"),
        ("* BAD no", "protocol"),
        ("+OK POP3 ready", "protocol"),
    ] {
        check_refused("imap.example.org", &format!("S: {greeting}"), expected, "").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up() {
    let error = check_refused("imap.example.org", "silence", "offline", "greeting").await;
    assert!(format!("{error:?}").contains("TimedOut"), "{error:?}");
}

async fn check_tls(script: &str, expected: Result<(), &str>) {
    let (pipe, server) = serve(script);
    let result = ask_for_tls(Session::new(pipe, "imap.example.org", 143)).await;
    let result = result.map(drop).map_err(|error| format!("{error:?}"));
    match (result, expected) {
        (Ok(()), Ok(())) => server.await.unwrap(),
        (Err(text), Err(words)) => assert!(text.contains(words), "{text}"),
        (result, _) => panic!("{result:?}"),
    }
}

#[tokio::test]
async fn starttls_cannot_be_stripped() {
    check_tls(
        "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi
         C: STARTTLS
         S: $ OK begin",
        Ok(()),
    )
    .await;
    check_tls(
        "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi",
        Err("NotOffered"),
    )
    .await;
    check_tls(
        "S: * PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi",
        Err("NotOffered"),
    )
    .await;
}

#[tokio::test]
async fn what_was_said_before_the_handshake_is_not_believed_after_it() {
    check_tls(
        "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hi
         C: STARTTLS
         S: $ OK begin\\r\\n* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] injected",
        Err("unprotected data"),
    )
    .await;
}

#[tokio::test]
async fn the_folders_listed_while_connecting_are_used_once() {
    use crate::backend::Backend as _;
    let script = format!(
        "S: * PREAUTH [CAPABILITY IMAP4rev1] hi
         {LISTED}
         C: LIST \"\" \"*\"
         S: * LIST () \"/\" INBOX
         S: $ OK listed"
    );
    let (pipe, server) = serve(&script);
    let (session, greeting) = greeted(Session::new(pipe, "h", 1)).await.unwrap();
    let mut client = open(session, greeting, &bearer("a")).await.unwrap();
    let folders = client.folders().await.unwrap();
    assert_eq!(folders.len(), 2);
    assert_eq!(folders[1].role, Role::Sent);
    assert_eq!(client.folders().await.unwrap().len(), 1);
    end(client, server).await;
}
