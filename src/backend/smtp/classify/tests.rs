// table: what servers say and what it means (protocol facts §4.4)
//! Every known refusal at the stage it comes.

use super::*;

use Refusal::{NoMailboxAccess, Other, Quota, Recipients, Sender, SmtpAuthDisabled, TooBig};

fn check(stage: Stage, code: u16, words: &str, expected: Meaning) {
    let reply = Reply::new(code, words);
    assert_eq!(meaning(stage, &reply), expected, "{code} {words}");
}

#[test]
fn refused_sign_ins() {
    let table = [
        (
            535,
            "5.7.3 Authentication unsuccessful [AM0PR01CA0001.eurprd01.prod.exchangelabs.com]",
            Meaning::SignIn,
        ),
        (
            535,
            "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.",
            Meaning::Refused(SmtpAuthDisabled),
        ),
        (
            535,
            "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information.",
            Meaning::Refused(SmtpAuthDisabled),
        ),
        (
            535,
            "5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.",
            Meaning::Refused(SmtpAuthDisabled),
        ),
        (
            535,
            "5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator.",
            Meaning::SignIn,
        ),
        (
            535,
            "5.7.139 Authentication unsuccessful, basic authentication is disabled.",
            Meaning::Refused(Other),
        ),
        (
            550,
            "5.7.30 Basic authentication is not supported for Client Submission",
            Meaning::Refused(Other),
        ),
        (
            504,
            "5.7.4 Unrecognized authentication type",
            Meaning::Refused(Other),
        ),
        (
            530,
            "5.7.0 Must issue a STARTTLS command first",
            Meaning::Refused(Other),
        ),
        (
            538,
            "5.7.11 Encryption required for requested authentication mechanism",
            Meaning::Refused(Other),
        ),
        (
            534,
            "5.7.9 Application-specific password required",
            Meaning::SignIn,
        ),
        (
            535,
            "5.7.8 Username and Password not accepted",
            Meaning::SignIn,
        ),
        (
            535,
            "5.7.8 Error: authentication failed: {\"status\":\"401\",\"schemes\":\"bearer\"}",
            Meaning::SignIn,
        ),
        (
            432,
            "4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.",
            Meaning::Throttled,
        ),
        (421, "4.7.0 Too many errors", Meaning::Throttled),
        (
            454,
            "4.7.0 Temporary authentication failure: Connection lost to authentication server",
            Meaning::Throttled,
        ),
    ];
    for (code, words, expected) in table {
        check(Stage::SignIn, code, words, expected);
    }
}

#[test]
fn refused_senders() {
    let table = [
        (
            530,
            "5.7.57 Client not authenticated to send mail.",
            Meaning::SignIn,
        ),
        (
            550,
            "5.7.57 Client was not authenticated to send anonymous mail during MAIL FROM",
            Meaning::SignIn,
        ),
        (
            550,
            "5.7.60 SMTP; Client does not have permissions to send as this sender",
            Meaning::Refused(Sender),
        ),
        (
            553,
            "5.7.1 <shared@contoso.com>: Sender address rejected: not owned by user alice@contoso.com",
            Meaning::Refused(Sender),
        ),
        (501, "5.1.7 Invalid address", Meaning::Refused(Sender)),
        (550, "No such sender", Meaning::Refused(Sender)),
        (
            552,
            "5.3.4 Message size exceeds fixed limit",
            Meaning::Refused(TooBig),
        ),
        (
            552,
            "Message size exceeds maximum",
            Meaning::Refused(TooBig),
        ),
        (
            550,
            "5.1.8 Access denied, bad outbound sender",
            Meaning::Refused(Other),
        ),
        (
            550,
            "5.7.501 Access denied, spam abuse detected",
            Meaning::Refused(Other),
        ),
        (
            550,
            "5.7.502 Access denied, banned sender",
            Meaning::Refused(Other),
        ),
        (
            550,
            "5.7.503 Access denied, banned sender",
            Meaning::Refused(Other),
        ),
        (
            550,
            "5.7.705 Access denied, tenant has exceeded threshold",
            Meaning::Refused(Other),
        ),
        (
            550,
            "5.7.708 Service unavailable. Access denied, traffic not accepted from this IP",
            Meaning::Refused(Other),
        ),
        (
            550,
            "5.7.750 Service unavailable. Client blocked from sending from unregistered domain",
            Meaning::Refused(Other),
        ),
        (451, "4.3.0 Temporary lookup failure", Meaning::Throttled),
    ];
    for (code, words, expected) in table {
        check(Stage::Sender, code, words, expected);
    }
}

#[test]
fn refused_recipients() {
    let table = [
        (
            550,
            "5.1.1 <nobody@x.com>: Recipient address rejected: User unknown",
            Meaning::Refused(Recipients),
        ),
        (
            550,
            "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            Meaning::Refused(Recipients),
        ),
        (
            550,
            "5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
            Meaning::Refused(Quota),
        ),
        (452, "4.5.3 Too many recipients", Meaning::Throttled),
        (
            421,
            "4.4.2 Message submission rate for this client has exceeded the configured limit",
            Meaning::Throttled,
        ),
    ];
    for (code, words, expected) in table {
        check(Stage::Recipient, code, words, expected);
    }
}

#[test]
fn refused_messages() {
    let table = [
        (
            554,
            "5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message due to a permanent exception",
            Meaning::Refused(Sender),
        ),
        (550, "5.2.251 Mailbox full", Meaning::Refused(Quota)),
        (
            550,
            "5.2.252 SendAsDenied; alice@contoso.com not allowed to send as shared@contoso.com",
            Meaning::Refused(Sender),
        ),
        (
            554,
            "5.2.252 SendAsDenied; alice@contoso.com not allowed to send as shared@contoso.com",
            Meaning::Refused(Sender),
        ),
        (550, "5.2.253 License is bad", Meaning::Refused(Other)),
        (
            550,
            "5.2.254 Too many recipients",
            Meaning::Refused(Recipients),
        ),
        (
            550,
            "5.2.255 Invalid recipients",
            Meaning::Refused(Recipients),
        ),
        (
            432,
            "4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.",
            Meaning::Throttled,
        ),
        (
            432,
            "4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded",
            Meaning::Throttled,
        ),
        (
            554,
            "5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message",
            Meaning::Refused(Quota),
        ),
        (
            550,
            "5.2.2 Submission quota exceeded",
            Meaning::Refused(Quota),
        ),
        (
            554,
            "5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException",
            Meaning::Refused(Quota),
        ),
        (552, "5.2.2 Mailbox is full", Meaning::Refused(Quota)),
        (
            552,
            "5.3.4 Message size exceeds fixed maximum message size",
            Meaning::Refused(TooBig),
        ),
        (
            552,
            "5.2.3 Message exceeds maximum size",
            Meaning::Refused(TooBig),
        ),
        (421, "4.4.1 Connection timed out", Meaning::Throttled),
        (421, "4.4.2 Idle for too long", Meaning::Throttled),
        (421, "4.7.0 Try again later", Meaning::Throttled),
        (
            451,
            "4.7.500 Server busy. Please try again later",
            Meaning::Throttled,
        ),
        (
            550,
            "5.1.8 Access denied, bad outbound sender AS(42004)",
            Meaning::Refused(Other),
        ),
        (
            550,
            "5.6.11 Bare line feeds are illegal",
            Meaning::Refused(Other),
        ),
        (
            550,
            "5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant (From)",
            Meaning::Refused(Other),
        ),
        (
            554,
            "5.7.1 Message rejected as spam",
            Meaning::Refused(Other),
        ),
    ];
    for (code, words, expected) in table {
        check(Stage::Data, code, words, expected);
    }
}

#[test]
fn refused_greetings() {
    check(
        Stage::Greeting,
        421,
        "4.3.2 Service not available",
        Meaning::Throttled,
    );
    check(
        Stage::Greeting,
        554,
        "5.7.1 No SMTP service here",
        Meaning::Refused(Other),
    );
}

#[test]
fn a_sender_refused_late_is_still_the_sender() {
    let late = Reply::new(
        553,
        "5.7.1 <s@x.com>: Sender address rejected: not owned by user a@x.com",
    );
    assert!(is_about_sender(&late));
    assert!(!is_about_sender(&Reply::new(550, "5.1.1 User unknown")));
    assert!(!is_about_sender(&Reply::new(
        451,
        "4.7.1 Sender address rejected: try later"
    )));
}

#[test]
fn an_error_carries_codes_and_words() {
    let shown = error(Stage::Sender, &Reply::new(550, "5.7.60 SMTP; no rights"));
    assert!(
        matches!(shown, BackendError::Refused { kind: Sender, code, text } if code == "550 5.7.60" && text == "SMTP; no rights")
    );
    assert_ne!(Sender, NoMailboxAccess);
}
