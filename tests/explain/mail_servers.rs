// table: one row a sentence
//! The sentences of IMAP and SMTP servers (protocols' refusals of Exchange Online, Exchange Server, Dovecot, Gmail), each
//! said at its place.

use futures_util::future::join_all;
use pillarbox::demo::Tenant;

use crate::home::{Home, Proof, tenant};
use crate::scripted::{Place, Said};
use Place::{
    Capabilities, Challenge, Data, Greeting, Idle, List, Reading, Recipient, Select, Sender,
    SignIn, Taken,
};
use Proof::{Password, Token};

type Row = (Proof, Place, &'static str, &'static str);

/// What an incoming server says, and what the notice tells.
#[rustfmt::skip]
const READING: &[Row] = &[
    (Token, SignIn, "NO AUTHENTICATE failed.", "The server does not accept the token"),
    (Password, SignIn, "NO LOGIN failed.", "The server does not accept the password"),
    (Password, Capabilities, "* CAPABILITY IMAP4 IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED SASL-IR", "The server takes no passwords"),
    (Token, List, "BAD User is authenticated but not connected.", "is signed in, but localhost does not open the mailbox"),
    (Token, Select, "BAD User is authenticated but not connected.", "is signed in, but localhost does not open the mailbox"),
    (Token, List, "* BYE Connection closed. 14", "The server ended the session"),
    (Token, List, "* BYE Connection is closed. 13", "The server ended a quiet session"),
    (Token, List, "* BYE Session invalidated - AccessTokenExpired", "The session ended with its access token"),
    (Token, SignIn, "BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds", "The server asks to slow down"),
    (Token, Reading, "BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds", "The server asks to slow down"),
    (Token, SignIn, "NO Server Unavailable. 15", "The server is not available at the moment"),
    (Token, Reading, "BAD Command Argument Error. 11", "The server does not take a command"),
    (Token, Select, "BAD Command Argument Error. 12", "The server does not take the name of a folder"),
    (Token, Select, "NO INBOX doesn't exist", "The inbox is hidden by a folder of the same name"),
    (Token, Challenge, r#"{"status":"401","schemes":"bearer","scope":"mail"}"#, "The server does not accept the token"),
    (Token, Challenge, r#"{"status":"400","schemes":"bearer","scope":"mail"}"#, "The server does not accept the token"),
    (Token, Challenge, r#"{"status":"invalid_token","scope":"mail"}"#, "The server does not accept the token"),
    (Token, Challenge, r#"{"status":"403","schemes":"bearer"}"#, "The token does not cover mail"),
    (Token, Challenge, r#"{"status":"insufficient_scope"}"#, "The token does not cover mail"),
    (Token, SignIn, "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", "Google does not accept this sign-in"),
];

/// What an outgoing server says, and what the notice tells.
#[rustfmt::skip]
const SENDING: &[Row] = &[
    (Token, SignIn, "535 5.7.3 Authentication unsuccessful [AM0PR01.eurprd01.prod.exchangelabs.com]", "The server does not accept this sign-in for sending"),
    (Token, SignIn, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.", "Sending by SMTP is switched off for the whole tenant"),
    (Token, SignIn, "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.", "Sending by SMTP is switched off for this mailbox"),
    (Token, SignIn, "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.", "Security defaults block sending by SMTP"),
    (Token, SignIn, "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully.", "A sign-in policy blocks sending by SMTP"),
    (Password, SignIn, "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "The server takes no passwords any more"),
    (Password, SignIn, "550 5.7.30 Basic authentication is not supported for Client Submission.", "The server takes no passwords any more"),
    (Token, Sender, "530 5.7.57 Client not authenticated to send mail.", "The server wants a sign-in before it takes mail"),
    (Token, Sender, "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", "The server wants a sign-in before it takes mail"),
    (Token, SignIn, "504 5.7.4 Unrecognized authentication type", "The server does not know this way to sign in"),
    (Token, Taken, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", "You may not send as this address"),
    (Token, Sender, "550 5.7.60 SMTP; Client does not have permissions to send as this sender", "You may not send as this address"),
    (Token, Taken, "554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message", "You may not send as this address"),
    (Token, Taken, "550 5.2.251 mailbox full", "The mailbox is full"),
    (Token, Taken, "550 5.2.252 SendAsDenied", "You may not send as this address"),
    (Token, Taken, "550 5.2.253 license", "The licence does not allow sending"),
    (Token, Taken, "550 5.2.254 too many recipients", "Too many recipients"),
    (Token, Taken, "550 5.2.255 invalid recipients", "The recipients do not exist"),
    (Token, SignIn, "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.", "Too many connections at once"),
    (Token, Sender, "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.", "Too many connections at once"),
    (Token, Taken, "432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", "Too many messages at once"),
    (Token, Taken, "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", "The daily limit of recipients is reached"),
    (Token, Taken, "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException", "A quota is used up"),
    (Token, Taken, "550 5.1.90 Your message can't be sent because you've reached your daily message limit for recipients", "The daily limit of recipients is reached"),
    (Token, Greeting, "421 4.4.1 Connection timed out", "The server closed a slow connection"),
    (Token, Sender, "421 4.4.2 Message submission rate for this client has exceeded the configured limit", "The server closed an idle connection"),
    (Token, Greeting, "421 4.7.66 TLS 1.0 and 1.1 are not supported", "The server takes no more connections for now"),
    (Token, Taken, "550 5.1.8 Access denied, bad outbound sender AS(42004)", "The account was blocked from sending"),
    (Token, Sender, "550 5.1.8 Access denied, bad outbound sender AS(42004)", "The account was blocked from sending"),
    (Token, Sender, "550 5.7.501 Access denied, spam abuse detected", "The account was blocked from sending"),
    (Token, Sender, "550 5.7.502 Access denied, banned sender", "The account was banned from sending"),
    (Token, Recipient, "550 5.7.705 Access denied, tenant has exceeded threshold", "The tenant has sent too much"),
    (Token, Taken, "550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP", "Mail from this tenant is not accepted yet"),
    (Token, Taken, "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains", "The sender's domain is not registered in the tenant"),
    (Token, Taken, "550 5.6.11 Bare linefeeds are illegal", "The message has wrong line ends"),
    (Token, Taken, "550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant", "The From header is not valid"),
    (Token, Recipient, "452 4.5.3 Too many recipients", "Too many recipients"),
    (Token, Data, "452 4.5.3 Too many recipients", "Too many recipients"),
    (Token, Recipient, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "The recipient does not exist"),
    (Password, SignIn, "534-5.7.9 Application-specific password required. Learn more at\r\n534 5.7.9 https://support.google.com/mail/?p=InvalidSecondFactor", "Google takes no account passwords"),
    (Token, SignIn, "535-5.7.8 Username and Password not accepted. Learn more at\r\n535 5.7.8 https://support.google.com/mail/?p=BadCredentials", "Google does not accept this sign-in"),
];

/// What an incoming server says to a session that only listens; it is nobody's business.
const FAREWELLS: [&str; 3] = [
    "* BYE Connection is closed. 13",
    "* BYE Connection closed. 14",
    "* BYE Session invalidated - AccessTokenExpired",
];

/// Says one sentence; returns what is wrong with what is shown then.
async fn complaint(tenant: &Tenant, row: &Row, is_sending: bool) -> Option<String> {
    let (proof, place, text, title) = *row;
    let said = Said { place, text };
    let mut home = if is_sending {
        Home::sending(tenant, proof, said).await
    } else {
        Home::reading(tenant, proof, said).await
    };
    let shown = home.shown(title).await;
    home.engine.stop().await;
    match shown {
        Ok(notice) if notice.cause.is_empty() || notice.how.is_empty() => {
            Some(format!("{place:?} {text}: incomplete {notice:?}"))
        }
        Ok(_) => None,
        Err(seen) => Some(format!("{place:?} {text}: {title:?} is not in {seen:?}")),
    }
}

async fn check(rows: &[Row], is_sending: bool) {
    let folder = tempfile::tempdir().unwrap();
    let tenant = tenant(folder.path()).await;
    let mut wrong = Vec::new();
    for some in rows.chunks(12) {
        let asked = some.iter().map(|row| complaint(&tenant, row, is_sending));
        wrong.extend(join_all(asked).await.into_iter().flatten());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_incoming_server_says_is_recognised_where_it_says_it() {
    check(READING, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_outgoing_server_says_is_recognised_where_it_says_it() {
    check(SENDING, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_farewell_to_a_session_that_listens_is_followed_by_another_session_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let tenant = tenant(folder.path()).await;
    for text in FAREWELLS {
        let said = Said { place: Idle, text };
        let mut home = Home::reading(&tenant, Token, said).await;
        let seen = home.until_reconnected().await;
        assert!(seen.is_empty(), "{text}: {seen:?}");
        home.engine.stop().await;
    }
}
