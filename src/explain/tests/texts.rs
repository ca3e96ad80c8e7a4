// table: one row a text
//! The texts of protocol facts §4.4 and §7.5 as servers send them, and what each is recognised as.

use crate::explain::explain_text;

/// A text as it stands on the wire, and the title of its notice.
#[rustfmt::skip]
const TEXTS: &[(&str, &str)] = &[
    ("A1 NO AUTHENTICATE failed.", "The server does not accept the token"),
    ("a2 NO LOGIN failed.", "The server does not accept the password"),
    ("* CAPABILITY IMAP4 IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED SASL-IR", "The server takes no passwords"),
    ("A3 BAD User is authenticated but not connected.", "The sign-in is good, but the mailbox does not open"),
    ("* BYE Session invalidated - AccessTokenExpired", "The session ended with its access token"),
    ("* BYE Connection is closed. 13", "The server ended a quiet session"),
    ("* BYE Connection closed. 14", "The server ended the session"),
    ("A4 BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds", "The server asks to slow down"),
    ("Server Unavailable. 15", "The server is not available at the moment"),
    ("-ERR Server Unavailable. 21", "The server is not available at the moment"),
    ("A5 BAD Command Argument Error. 11", "The server does not take a command"),
    ("A6 BAD Command Argument Error. 12", "The server does not take the name of a folder"),
    ("A7 NO INBOX doesn't exist", "The inbox is hidden by a folder of the same name"),
    ("-ERR Authentication failure: unknown user name or bad password.", "The server does not accept the token"),
    ("535 5.7.3 Authentication unsuccessful [AM0PR01.eurprd01.prod.exchangelabs.com]", "The server does not accept this sign-in for sending"),
    ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information.", "Sending by SMTP is switched off for the whole tenant"),
    ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.", "Sending by SMTP is switched off for this mailbox"),
    ("535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.", "Security defaults block sending by SMTP"),
    ("535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully.", "A sign-in policy blocks sending by SMTP"),
    ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "The server takes no passwords any more"),
    ("550 5.7.30 Basic authentication is not supported for Client Submission.", "The server takes no passwords any more"),
    ("530 5.7.57 Client not authenticated to send mail.", "The server wants a sign-in before it takes mail"),
    ("530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM", "The server wants a sign-in before it takes mail"),
    ("504 5.7.4 Unrecognized authentication type", "The server does not know this way to sign in"),
    ("550 5.7.60 SMTP; Client does not have permissions to send as this sender", "You may not send as this address"),
    ("554 5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message", "You may not send as this address"),
    ("550 5.2.251 mailbox full", "The mailbox is full"),
    ("550 5.2.252 SendAsDenied", "You may not send as this address"),
    ("550 5.2.253 license", "The licence does not allow sending"),
    ("550 5.2.254 too many recipients", "Too many recipients"),
    ("550 5.2.255 invalid recipients", "The recipients do not exist"),
    ("432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.", "Too many connections at once"),
    ("432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", "Too many messages at once"),
    ("554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", "The daily limit of recipients is reached"),
    ("554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException", "A quota is used up"),
    ("550 5.1.90 Your message can't be sent because you've reached your daily message limit for recipients", "The daily limit of recipients is reached"),
    ("421 4.4.1 Connection timed out", "The server closed a slow connection"),
    ("421 4.4.2 Message submission rate for this client has exceeded the configured limit", "The server closed an idle connection"),
    ("421 4.7.66 TLS 1.0 and 1.1 are not supported", "The server takes no more connections for now"),
    ("550 5.1.8 Access denied, bad outbound sender AS(42004)", "The account was blocked from sending"),
    ("550 5.7.501 Access denied, spam abuse detected", "The account was blocked from sending"),
    ("550 5.7.502 Access denied, banned sender", "The account was banned from sending"),
    ("550 5.7.705 Access denied, tenant has exceeded threshold", "The tenant has sent too much"),
    ("550 5.7.708 Service unavailable. Access denied, traffic not accepted from this IP", "Mail from this tenant is not accepted yet"),
    ("550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains", "The sender's domain is not registered in the tenant"),
    ("550 5.6.11 Bare linefeeds are illegal", "The message has wrong line ends"),
    ("550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant", "The From header is not valid"),
    ("452 4.5.3 Too many recipients", "Too many recipients"),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "The recipient does not exist"),
    ("{\"status\":\"401\",\"schemes\":\"bearer\",\"scope\":\"mail\"}", "The server does not accept the token"),
    ("{\"status\":\"invalid_token\",\"scope\":\"mail\"}", "The server does not accept the token"),
    ("{\"status\":\"403\",\"schemes\":\"bearer\"}", "The token does not cover mail"),
    ("{\"status\":\"insufficient_scope\"}", "The token does not cover mail"),
    ("403 2000008;reason=\"The token contains no permissions, or permissions can not be understood.\";error_category=\"invalid_grant\"", "The token does not cover mail"),
    ("403 2000010;reason=\"The token contains not enough scope to make this call.\";error_category=\"invalid_grant\"", "The token does not cover mail"),
    ("534-5.7.9 Application-specific password required.", "Google takes no account passwords"),
    ("a1 NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", "Google does not accept this sign-in"),
    ("HTTP 403 from /EWS/Exchange.asmx", "Exchange Web Services are blocked for this mailbox"),
    ("{\"error\":{\"code\":\"ApplicationThrottled\",\"message\":\"Application is over its MailboxConcurrency limit.\"}}", "Too many requests at once"),
    ("{\"error\":{\"code\":\"ErrorAccessDenied\",\"message\":\"Access is denied.\"}}", "No right to this mailbox"),
    ("{\"error\":{\"code\":\"ErrorSendAsDenied\",\"message\":\"The user account which was used to submit this request does not have the right to send mail\"}}", "You may not send as this address"),
    ("{\"error\":{\"code\":\"MailboxNotEnabledForRESTAPI\",\"message\":\"REST API is not yet supported for this mailbox.\"}}", "The mailbox is not in the cloud"),
    ("{\"error\":{\"code\":\"ErrorMailboxNotFound\"}}", "The mailbox is not in the cloud"),
    ("{\"error\":{\"code\":\"InvalidAuthenticationToken\",\"message\":\"Access token has expired or is not yet valid.\"}}", "The token is not valid for this service"),
    ("{\"error\":{\"code\":\"SyncStateNotFound\"}}", "The server has forgotten how far it had told"),
    ("<m:ResponseCode>ErrorServerBusy</m:ResponseCode>", "The server asks to slow down"),
    ("<m:ResponseCode>ErrorImpersonateUserDenied</m:ResponseCode>", "The app may not act for this mailbox"),
    ("<m:ResponseCode>ErrorNonPrimarySmtpAddress</m:ResponseCode>", "The address is an alias"),
    ("AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value", "The app's secret is wrong"),
    ("AADSTS530035: Access has been blocked by security defaults.", "Security defaults block this way to sign in"),
];

#[test]
fn texts_of_servers_are_recognised_as_they_stand() {
    for (text, title) in TEXTS {
        let notice = explain_text(text).unwrap_or_else(|| panic!("not recognised: {text}"));
        assert_eq!(&notice.title, title, "{text}");
        assert!(!notice.how.is_empty() && !notice.cause.is_empty(), "{text}");
    }
    assert!(explain_text("good morning").is_none());
}
