// table: one row a text, as servers send them (Exchange Online, Exchange Server, Graph, Dovecot, Gmail).
//! Texts of mail servers that tell more than their code does. The one place where text is searched for its meaning.

use crate::explain::notice::{Notice, Remedy, Who};

/// Puts the application on Exchange Online's list of those that may use EWS. The list is written whole: what stands in it
/// must be read first, or everybody else on it loses EWS (protocol facts §7.1).
pub(super) const ALLOW_EWS: &str = "$listed = \"$((Get-OrganizationConfig -RetrieveEwsOperationAccessPolicy).EwsAllowedAppIDs)\" -split '[,\\s]+' -ne ''; Set-OrganizationConfig -EwsEnabled $true -EwsAllowedAppIDs (($listed + 'CLIENT_ID' | Select-Object -Unique) -join ',')";

/// A text, and what it means.
struct Row {
    /// Where it is documented; empty for what was only seen in protocol logs.
    source: &'static str,
    /// All of them must be in the text (compared in lower case).
    parts: &'static [&'static str],
    code: &'static str,
    title: &'static str,
    cause: &'static str,
    who: Who,
    how: &'static str,
    copy: &'static str,
    remedy: Remedy,
}

#[expect(clippy::too_many_arguments, reason = "one line a row")]
const fn row(
    source: &'static str,
    parts: &'static [&'static str],
    code: &'static str,
    title: &'static str,
    cause: &'static str,
    who: Who,
    how: &'static str,
    copy: &'static str,
    remedy: Remedy,
) -> Row {
    Row {
        source,
        parts,
        code,
        title,
        cause,
        who,
        how,
        copy,
        remedy,
    }
}

use Remedy::{EditAccount, None as Nothing, Retry, SignIn};
use Who::{ExchangeAdministrator as Exchange, Nobody, Provider, TenantAdministrator as Admin, You};

const SMTP_AUTH: &str = "https://aka.ms/smtp_auth_disabled";
const NDR: &str = "https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online/non-delivery-reports-in-exchange-online";
const EWS: &str =
    "https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode";
const EWS_END: &str = "https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/deprecation-of-ews-exchange-online";
const GRAPH: &str = "https://learn.microsoft.com/graph/errors";
const GOOGLE: &str = "https://support.google.com/mail/?p=BadCredentials";
const GMAIL_POP: &str = "https://support.google.com/mail/answer/7104828";
const WEB_LOGIN: &str = "https://support.google.com/mail/answer/78754";
/// Response codes of POP3 (RFC 2449 §8, RFC 3206).
const POP_CODES: &str = "https://www.rfc-editor.org/rfc/rfc2449#section-8";
const RFC7628: &str = "https://www.rfc-editor.org/rfc/rfc7628#section-3.2.2";
const SEEN: &str = "";

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row(SMTP_AUTH, &["smtpclientauthentication is disabled for the tenant"], "535 5.7.139", "Sending by SMTP is switched off for the whole tenant", "SMTP AUTH is off by default since 2020, for OAuth too", Exchange, "Switch it on for this mailbox", "Set-CASMailbox IDENTITY -SmtpClientAuthenticationDisabled $false", Retry),
    row(SMTP_AUTH, &["smtpclientauthentication is disabled for the mailbox"], "535 5.7.139", "Sending by SMTP is switched off for this mailbox", "SMTP AUTH is off for the mailbox", Exchange, "Switch it on for this mailbox", "Set-CASMailbox IDENTITY -SmtpClientAuthenticationDisabled $false", Retry),
    row(SEEN, &["locked by your organization's security defaults"], "535 5.7.139", "Security defaults block sending by SMTP", "Security defaults of the tenant switch SMTP AUTH off", Admin, "Replace security defaults by Conditional Access policies that allow SMTP AUTH for this mailbox", "", Nothing),
    row(SEEN, &["did not meet the criteria to be authenticated"], "535 5.7.139", "A sign-in policy blocks sending by SMTP", "Conditional Access does not allow this sign-in", Admin, "Look at the sign-in log of the user; the entry names the policy", "", Nothing),
    row(SEEN, &["basic authentication is disabled"], "535 5.7.139", "The server takes no passwords any more", "Microsoft has ended password sign-in", You, "Use a sign-in profile with OAuth (method = \"device-code\")", "", EditAccount),
    row(SEEN, &["basic authentication is not supported"], "550 5.7.30", "The server takes no passwords any more", "Microsoft has ended password sign-in for sending", You, "Use a sign-in profile with OAuth (method = \"device-code\")", "", EditAccount),
    row(SMTP_AUTH, &["5.7.139"], "535 5.7.139", "The sign-in for sending was blocked", "SMTP AUTH is off, or a policy blocks it", Exchange, "Check whether SMTP AUTH is on for the mailbox", "Get-CASMailbox IDENTITY | fl SmtpClientAuthenticationDisabled", Nothing),
    row(NDR, &["535", "5.7.3"], "535 5.7.3", "The server does not accept this sign-in for sending", "The identity has no mailbox or licence, the token lacks SMTP.Send, or a shared mailbox was used as the identity", You, "Sign in as a person with a mailbox; shared mailboxes only go into From", "", SignIn),
    row(NDR, &["5.7.57"], "530 5.7.57", "The server wants a sign-in before it takes mail", "The sign-in for sending was skipped or failed", You, "Check the sign-in profile for sending", "", EditAccount),
    row(NDR, &["5.7.60"], "550 5.7.60", "You may not send as this address", "Send As was not granted, or not yet everywhere (up to two hours)", Exchange, "Grant Send As on the mailbox", "Add-RecipientPermission MAILBOX -AccessRights SendAs -Trustee IDENTITY", Nothing),
    row(NDR, &["sendasdenied"], "554 5.2.252", "You may not send as this address", "Send As was not granted, or not yet everywhere (up to two hours)", Exchange, "Grant Send As on the mailbox", "Add-RecipientPermission MAILBOX -AccessRights SendAs -Trustee IDENTITY", Nothing),
    row(NDR, &["5.2.252"], "5.2.252", "You may not send as this address", "Send As was not granted; the server got tired of repeated attempts", Exchange, "Grant Send As on the mailbox", "Add-RecipientPermission MAILBOX -AccessRights SendAs -Trustee IDENTITY", Nothing),
    row(NDR, &["5.2.251"], "5.2.251", "The mailbox is full", "The sent copy cannot be stored", You, "Free some room in the mailbox", "", Retry),
    row(NDR, &["5.2.253"], "5.2.253", "The licence does not allow sending", "The account's licence is missing or wrong", Admin, "Assign a licence with Exchange Online", "", Nothing),
    row(NDR, &["submissionquotaexceeded"], "554 5.2.0", "The daily limit of recipients is reached", "10,000 recipients in 24 hours, fewer for new accounts", Nobody, "Wait up to 24 hours", "", Retry),
    row(NDR, &["5.2.2", "quota"], "5.2.2", "A quota is used up", "The mailbox is full, or the daily limit of messages is reached", You, "Free some room, or wait up to 24 hours", "", Retry),
    row(SEEN, &["concurrent connections limit"], "432 4.3.2", "Too many connections at once", "Exchange Online allows three for each mailbox", Nobody, "Pillarbox goes on by itself; other programs that send may be in the way", "", Retry),
    row(SEEN, &["sender thread limit exceeded"], "432 4.3.2", "Too many messages at once", "Exchange Online takes three at a time for each mailbox", Nobody, "Pillarbox goes on by itself", "", Retry),
    row(NDR, &["5.1.8"], "550 5.1.8", "The account was blocked from sending", "Microsoft suspects it of sending spam", Admin, "Release it in Defender under Restricted entities, and change its password", "", Nothing),
    row(NDR, &["5.7.705"], "550 5.7.705", "The tenant has sent too much", "The limit for the whole tenant is reached", Admin, "Look for a compromised account; ask Microsoft's support", "", Nothing),
    row(NDR, &["5.7.708"], "550 5.7.708", "Mail from this tenant is not accepted yet", "New and trial tenants may send little", Admin, "Ask Microsoft's support", "", Nothing),
    row(NDR, &["5.7.750"], "550 5.7.750", "The sender's domain is not registered in the tenant", "From uses a domain that the tenant does not own", Admin, "Register the domain, or use another From", "", Nothing),
    row(NDR, &["5.2.254"], "5.2.254", "Too many recipients", "The same message was tried again and again with more recipients than allowed", You, "Send to fewer people at a time", "", Nothing),
    row(NDR, &["5.2.255"], "5.2.255", "The recipients do not exist", "The same message was tried again and again", You, "Correct the recipients", "", Nothing),
    row(NDR, &["5.1.90"], "550 5.1.90", "The daily limit of recipients is reached", "10,000 recipients in 24 hours, fewer for new accounts", Nobody, "Wait up to 24 hours", "", Retry),
    row(NDR, &["5.7.501"], "550 5.7.501", "The account was blocked from sending", "Microsoft suspects it of sending spam", Admin, "Release it in Defender under Restricted entities, and change its password", "", Nothing),
    row(NDR, &["5.7.502"], "550 5.7.502", "The account was banned from sending", "Microsoft has seen spam from it", Admin, "Ask Microsoft's support", "", Nothing),
    row(NDR, &["5.7.503"], "550 5.7.503", "The account was banned from sending", "Microsoft has seen spam from it", Admin, "Ask Microsoft's support", "", Nothing),
    row(SEEN, &["5.7.4", "authentication type"], "504 5.7.4", "The server does not know this way to sign in", "An old Exchange Server takes no tokens for SMTP", Exchange, "Use a password for sending, if the organisation allows it", "", EditAccount),
    row(NDR, &["5.6.11"], "550 5.6.11", "The message has wrong line ends", "A line feed without carriage return is not allowed", Who::Developers, "Please report it", "", Nothing),
    row(NDR, &["5.7.512"], "550 5.7.512", "The From header is not valid", "There is more than one From, or it is malformed", You, "Write exactly one address in From", "", Nothing),
    row(NDR, &["4.5.3", "recipients"], "452 4.5.3", "Too many recipients", "The server takes only so many in one message", You, "Send to fewer people at a time", "", Nothing),
    row(SEEN, &["authenticated but not connected"], "", "The sign-in is good, but the mailbox does not open", "The identity has no Full Access to the mailbox, or the mailbox has no licence or IMAP is off", Exchange, "Grant Full Access; it takes up to two hours to work", "Add-MailboxPermission -Identity MAILBOX -User IDENTITY -AccessRights FullAccess -InheritanceType All", Retry),
    row(SEEN, &["accesstokenexpired"], "", "The session ended with its access token", "Exchange Online ends sessions when their token does", Nobody, "Pillarbox renews the token and connects again by itself", "", Nothing),
    row(SEEN, &["request is throttled"], "", "The server asks to slow down", "Too many requests for the mailbox", Nobody, "Pillarbox waits as long as asked", "", Nothing),
    row(SEEN, &["authenticate failed"], "", "The server does not accept the token", "It is for another service (its audience must be Exchange), expired, or IMAP is switched off for the mailbox", You, "Look at the token, then at the mailbox's protocols", "Get-CASMailbox MAILBOX | fl ImapEnabled,PopEnabled", SignIn),
    row(SEEN, &["login failed"], "", "The server does not accept the password", "It is wrong, or the server takes no passwords any more", You, "For Microsoft, use a sign-in profile with OAuth; else check the password", "", EditAccount),
    row(SEEN, &["logindisabled"], "", "The server takes no passwords", "Password sign-in is switched off", You, "Use a sign-in profile with OAuth (method = \"device-code\")", "", EditAccount),
    row(SEEN, &["connection is closed. 13"], "", "The server ended a quiet session", "Exchange Online ends sessions that do nothing for a while", Nobody, "Pillarbox connects again by itself", "", Nothing),
    row(SEEN, &["connection closed. 14"], "", "The server ended the session", "It follows a mailbox that does not open, or maintenance", Nobody, "Pillarbox connects again by itself; if it stays like this, check the right to the mailbox", "", Nothing),
    row(SEEN, &["connection is closed"], "", "The server ended the session", "A limit of the server, or maintenance", Nobody, "Pillarbox connects again by itself", "", Nothing),
    row(SEEN, &["connection closed."], "", "The server ended the session", "A limit of the server, or maintenance", Nobody, "Pillarbox connects again by itself", "", Nothing),
    row(SEEN, &["session invalidated"], "", "The server ended the session", "The sign-in was renewed or withdrawn, or the mailbox was moved", Nobody, "Pillarbox connects again by itself", "", Nothing),
    row(SEEN, &["command argument error. 12"], "", "The server does not take the name of a folder", "Names with a quotation mark or a backslash are refused", You, "Rename the folder in Outlook", "", Nothing),
    row(SEEN, &["command argument error"], "", "The server does not take a command", "Exchange refuses some searches and some malformed messages", Who::Developers, "Nothing was lost; please report it together with the log", "", Nothing),
    row(SEEN, &["inbox doesn", "exist"], "", "The inbox is hidden by a folder of the same name", "Somebody made a folder called Inbox at the top of the mailbox", You, "Rename that folder in Outlook on the web", "", Retry),
    row(SEEN, &["unknown user name or bad password"], "", "The server does not accept the token", "POP answers so to a token for another service, without a right to the mailbox, or while POP is switched off", Exchange, "Look at the token, then at the mailbox's protocols", "Get-CASMailbox MAILBOX | fl PopEnabled,ImapEnabled", SignIn),
    row(POP_CODES, &["[in-use]"], "[IN-USE]", "Another session has the mailbox open", "POP3 lets one session at a time into a mailbox; another program may be reading it", Nobody, "Close other programs that read it over POP3; Pillarbox tries again by itself", "", Retry),
    row(SEEN, &["lock busy"], "", "Another session has the mailbox open", "POP3 lets one session at a time into a mailbox; another program may be reading it", Nobody, "Close other programs that read it over POP3; Pillarbox tries again by itself", "", Retry),
    row(SEEN, &["already locked"], "", "Another session has the mailbox open", "POP3 lets one session at a time into a mailbox; another program may be reading it", Nobody, "Close other programs that read it over POP3; Pillarbox tries again by itself", "", Retry),
    row(SEEN, &["mailbox is locked"], "", "Another session has the mailbox open", "POP3 lets one session at a time into a mailbox; another program may be reading it", Nobody, "Close other programs that read it over POP3; Pillarbox tries again by itself", "", Retry),
    row(SEEN, &["unable to lock"], "", "Another session has the mailbox open", "POP3 lets one session at a time into a mailbox; another program may be reading it", Nobody, "Close other programs that read it over POP3; Pillarbox tries again by itself", "", Retry),
    row(SEEN, &["mailbox in use"], "", "Another session has the mailbox open", "POP3 lets one session at a time into a mailbox; another program may be reading it", Nobody, "Close other programs that read it over POP3; Pillarbox tries again by itself", "", Retry),
    row(POP_CODES, &["[login-delay]"], "[LOGIN-DELAY]", "The server wants to be visited less often", "It lets a mailbox be looked at only now and then", Nobody, "Pillarbox waits as long as asked", "", Nothing),
    row(SEEN, &["exceeded command or bandwidth limits"], "", "The account has used up what it may fetch", "Google limits how much mail programs may fetch in a day", Nobody, "Pillarbox tries again by itself; it may take up to 24 hours", "https://support.google.com/a/answer/1071518", Retry),
    row(SEEN, &["too many simultaneous connections"], "", "Too many connections at once", "The server takes only so many for each account", Nobody, "Pillarbox goes on by itself; other programs that read the mailbox may be in the way", "", Retry),
    row(SEEN, &["maximum number of connections"], "", "Too many connections at once", "The server takes only so many for each account", Nobody, "Pillarbox goes on by itself; other programs that read the mailbox may be in the way", "", Retry),
    row(GMAIL_POP, &["not enabled for pop"], "[SYS/PERM]", "POP is switched off for this mailbox", "It has to be switched on in the mailbox's own settings", You, "Gmail's settings, Forwarding and POP/IMAP: enable POP; or read the mailbox over IMAP", GMAIL_POP, Retry),
    row(GMAIL_POP, &["not enabled for imap"], "", "IMAP is switched off for this mailbox", "It has to be switched on in the mailbox's own settings", You, "Gmail's settings, Forwarding and POP/IMAP: enable IMAP", GMAIL_POP, Retry),
    row(WEB_LOGIN, &["web login required"], "", "Google wants a sign-in in the browser first", "The sign-in looks unusual to Google, so a program alone may not do it", You, "Sign in to Gmail in a browser and confirm that it is you, then sign in here again", WEB_LOGIN, SignIn),
    row(GOOGLE, &["application-specific password required"], "534 5.7.9", "Google takes no account passwords", "The account has a second factor", You, "Use a sign-in profile with provider gmail, or make an app password", "", EditAccount),
    row(GOOGLE, &["username and password not accepted"], "535 5.7.8", "Google does not accept this sign-in", "The token has ended, or a password was used where Google wants OAuth", You, "Sign in again; an app in Testing loses its sign-in after 7 days", "", SignIn),
    row(GOOGLE, &["invalid credentials (failure)"], "", "Google does not accept this sign-in", "The token has ended, was withdrawn, or lacks the scope https://mail.google.com/", You, "Sign in again; an app in Testing loses its sign-in after 7 days", "", SignIn),
    row(POP_CODES, &["[sys/temp]"], "[SYS/TEMP]", "The server is not available at the moment", "A fault or a limit on the server's side", Nobody, "Pillarbox tries again by itself", "", Retry),
    row(SEEN, &["temporarily unavailable"], "", "The server is not available at the moment", "A fault or a limit on the server's side", Nobody, "Pillarbox tries again by itself", "", Retry),
    row(SEEN, &["system error (failure)"], "", "The server is not available at the moment", "A fault or a limit on the server's side", Nobody, "Pillarbox tries again by itself", "", Retry),
    row(SEEN, &["server unavailable"], "", "The server is not available at the moment", "A fault or a limit on the server's side", Nobody, "Pillarbox tries again by itself", "", Retry),
    row(RFC7628, &["\"status\":\"invalid_token\""], "", "The server does not accept the token", "It has expired or was revoked", You, "Sign in again", "", SignIn),
    row(RFC7628, &["\"status\":\"401\""], "", "The server does not accept the token", "It has expired, was revoked, or is for somebody else", You, "Sign in again", "", SignIn),
    row(RFC7628, &["\"status\":\"400\""], "", "The server does not accept the token", "It has expired or is for another service", You, "Sign in again", "", SignIn),
    row(RFC7628, &["\"status\":\"403\""], "", "The token does not cover mail", "The scope for mail was not granted", You, "Check the scopes of the sign-in profile, then sign in again", "", SignIn),
    row(RFC7628, &["insufficient_scope"], "", "The token does not cover mail", "The scope for mail was not granted", You, "Check the scopes of the sign-in profile, then sign in again", "", SignIn),
    row(SEEN, &["token contains no permissions"], "403", "The token does not cover mail", "The app registration lacks the permission for the protocol (EWS.AccessAsUser.All, for an app full_access_as_app), or nobody consented to it", Admin, "Add the permission and consent to it, then sign in again", "", SignIn),
    row(SEEN, &["token contains not enough scope"], "403", "The token does not cover mail", "The app registration lacks the permission for the protocol (EWS.AccessAsUser.All, for an app full_access_as_app), or nobody consented to it", Admin, "Add the permission and consent to it, then sign in again", "", SignIn),
    row(GRAPH, &["erroraccessdenied"], "ErrorAccessDenied", "No right to this mailbox", "The scope for shared mailboxes or the right to the mailbox is missing", Exchange, "Grant Full Access, and consent to the .Shared scopes", "Add-MailboxPermission -Identity MAILBOX -User IDENTITY -AccessRights FullAccess", Nothing),
    row(GRAPH, &["errorsendasdenied"], "ErrorSendAsDenied", "You may not send as this address", "Neither Send As nor Send on Behalf was granted", Exchange, "Grant one of them", "Add-RecipientPermission MAILBOX -AccessRights SendAs -Trustee IDENTITY", Nothing),
    row(GRAPH, &["mailboxnotenabledforrestapi"], "MailboxNotEnabledForRESTAPI", "The mailbox is not in the cloud", "It is on a server of the organisation, or has no licence", Admin, "Use IMAP against the organisation's own server, or assign a licence", "", Nothing),
    row(GRAPH, &["applicationthrottled"], "ApplicationThrottled", "Too many requests at once", "Four at a time for each app and mailbox are allowed", Nobody, "Pillarbox waits by itself", "", Nothing),
    // A server that wants more calls the token invalid besides.
    row(GRAPH, &["insufficient_claims"], "insufficient_claims", "The organisation wants a stronger sign-in for this", "Conditional Access asks for a step more", You, "Sign in again and finish what the browser asks for", "", SignIn),
    row(GRAPH, &["invalidauthenticationtoken"], "InvalidAuthenticationToken", "The token is not valid for this service", "It has expired or is for another service", You, "Sign in again", "", SignIn),
    row(NDR, &["5.1.10"], "550 5.1.10", "The recipient does not exist", "The address is misspelt or was removed", You, "Correct the address", "", Nothing),
    row(NDR, &["4.4.2"], "421 4.4.2", "The server closed an idle connection", "Nothing was sent for a while", Nobody, "Pillarbox connects again by itself", "", Nothing),
    row(NDR, &["4.4.1"], "421 4.4.1", "The server closed a slow connection", "The connection took too long", Nobody, "Pillarbox connects again by itself", "", Retry),
    row(NDR, &["4.7."], "421 4.7", "The server takes no more connections for now", "Too many of them in a short time", Provider, "Pillarbox tries again by itself", "", Retry),
    row(EWS_END, &["403", "exchange.asmx"], "403", "Exchange Web Services are blocked for this mailbox", "Exchange Online blocks EWS since 1 October 2026 unless the tenant lists the app, and ends it on 1 April 2027", Exchange, "Use IMAP or Graph for this account, or have the app listed (it takes more than a day to work)", ALLOW_EWS, EditAccount),
    row(EWS, &["errorserverbusy"], "ErrorServerBusy", "The server asks to slow down", "Too many requests for the mailbox", Nobody, "Pillarbox waits as long as asked", "", Nothing),
    row(EWS, &["errorexceededconnectioncount"], "ErrorExceededConnectionCount", "Too many connections at once", "Exchange allows 27 for each mailbox", Nobody, "Pillarbox waits by itself; other programs may be in the way", "", Retry),
    row(EWS, &["errortoomanyobjectsopened"], "ErrorTooManyObjectsOpened", "Too many connections at once", "Exchange allows only so many open things for each mailbox", Nobody, "Pillarbox waits by itself; other programs may be in the way", "", Retry),
    row(EWS, &["errorinvalidsyncstatedata"], "ErrorInvalidSyncStateData", "The server has forgotten how far it had told", "The mailbox was moved or restored, or the mark is too old", Nobody, "Nothing to do: Pillarbox compares everything again", "", Nothing),
    row(EWS, &["errorimpersonateuserdenied"], "ErrorImpersonateUserDenied", "The app may not act for this mailbox", "The role full_access_as_app or the assignment of Application EWS.AccessAsApp does not cover it", Exchange, "Grant it; it takes up to two hours to work", "Test-ServicePrincipalAuthorization -Identity CLIENT_ID -Resource MAILBOX", Nothing),
    row(EWS, &["errorimpersonationdenied"], "ErrorImpersonationDenied", "The app may not act for this mailbox", "Exchange Online ended impersonation with a person's token in February 2025", Exchange, "Sign in app-only, or give the person Full Access", "", EditAccount),
    row(EWS, &["errornonexistentmailbox"], "ErrorNonExistentMailbox", "There is no such mailbox", "The address is misspelt, or the mailbox is on another server", You, "Check the address; use the primary one", "Get-Mailbox MAILBOX | fl PrimarySmtpAddress", EditAccount),
    row(EWS, &["errornonprimarysmtpaddress"], "ErrorNonPrimarySmtpAddress", "The address is an alias", "The server wants the primary address of the mailbox", You, "Use the primary address", "Get-Mailbox MAILBOX | fl PrimarySmtpAddress", EditAccount),
    row(EWS, &["errormissingemailaddress"], "ErrorMissingEmailAddress", "The identity has no mailbox of its own", "Only mailboxes shared with it can be opened", You, "Set the shared mailbox as an additional user", "", EditAccount),
    row(EWS, &["errormailboxmoveinprogress"], "ErrorMailboxMoveInProgress", "The mailbox is being moved", "It can be opened again afterwards", Nobody, "Pillarbox tries again by itself", "", Retry),
    row(EWS, &["errormailboxstoreunavailable"], "ErrorMailboxStoreUnavailable", "The mailbox cannot be reached at the moment", "A fault on the server's side", Nobody, "Pillarbox tries again by itself", "", Retry),
    row(EWS, &["errorinternalservertransienterror"], "ErrorInternalServerTransientError", "The server is not available at the moment", "A fault on the server's side", Nobody, "Pillarbox tries again by itself", "", Retry),
    row(EWS, &["errorinternalservererror"], "ErrorInternalServerError", "The server is not available at the moment", "A fault on the server's side", Nobody, "Pillarbox tries again by itself", "", Retry),
    row(EWS, &["erroradunavailable"], "ErrorADUnavailable", "The server is not available at the moment", "Its directory does not answer", Nobody, "Pillarbox tries again by itself", "", Retry),
    row(EWS, &["errorconnectionfailed"], "ErrorConnectionFailed", "The server is not available at the moment", "It does not reach the mailbox", Nobody, "Pillarbox tries again by itself", "", Retry),
    row(EWS, &["errortimeoutexpired"], "ErrorTimeoutExpired", "The server is not available at the moment", "It took too long for the answer", Nobody, "Pillarbox tries again by itself", "", Retry),
    row(GRAPH, &["generalexception"], "generalException", "The server is not available at the moment", "A fault on the server's side", Nobody, "Pillarbox tries again by itself", "", Retry),
    row(GRAPH, &["unknownerror"], "UnknownError", "The server is not available at the moment", "A fault on the server's side, often one that took too long", Nobody, "Pillarbox tries again by itself", "", Retry),
    row(GRAPH, &["serviceunavailable"], "ServiceUnavailable", "The server is not available at the moment", "A fault or a limit on the server's side", Nobody, "Pillarbox tries again by itself", "", Retry),
    row(GRAPH, &["toomanyrequests"], "TooManyRequests", "The server asks to slow down", "Too many requests for the mailbox", Nobody, "Pillarbox waits as long as asked", "", Nothing),
    row(EWS, &["errormessagesizeexceeded"], "ErrorMessageSizeExceeded", "The message is too big for the server", "Attachments grow by a third on their way", You, "Send fewer or smaller attachments; the message is kept", "", Nothing),
    row(EWS, &["errorquotaexceeded"], "ErrorQuotaExceeded", "The mailbox is full", "The mailbox has reached its quota", You, "Free some room in the mailbox", "", Retry),
    row(EWS, &["errorinvalidrecipients"], "ErrorInvalidRecipients", "The server takes none of the recipients", "An address is malformed", You, "Correct the recipients", "", Nothing),
    row(EWS, &["errorinvalidlicense"], "ErrorInvalidLicense", "The licence does not allow this", "The account has no licence with Exchange Online", Admin, "Assign one", "", Nothing),
    row(EWS, &["errorinvalidserverversion"], "ErrorInvalidServerVersion", "The server is older than the request", "It does not know the version that was asked for", Who::Developers, "Please report it together with the server's version", "", Nothing),
    row(EWS, &["erroritemnotfound"], "ErrorItemNotFound", "The message or folder is gone", "Somebody else moved or deleted it, or the right to it is missing", Nobody, "Nothing to do: the list shows what is there", "", Nothing),
    row(EWS, &["errorfoldernotfound"], "ErrorFolderNotFound", "The folder is gone", "Somebody else deleted it, or the right to it is missing", Exchange, "Check the right to the folder", "Get-MailboxFolderPermission MAILBOX:\\Inbox", Nothing),
    row(GRAPH, &["errormailboxnotfound"], "ErrorMailboxNotFound", "The mailbox is not in the cloud", "It is on a server of the organisation, has no licence, or does not exist", Admin, "Use IMAP against the organisation's own server, or assign a licence", "", Nothing),
    row(GRAPH, &["syncstatenotfound"], "SyncStateNotFound", "The server has forgotten how far it had told", "The mark is too old", Nobody, "Nothing to do: Pillarbox compares everything again", "", Nothing),
    row(GRAPH, &["resyncrequired"], "resyncRequired", "The server has forgotten how far it had told", "The mark is too old", Nobody, "Nothing to do: Pillarbox compares everything again", "", Nothing),
];

/// Recognises a server's text; `None` when no row fits.
pub(in crate::explain) fn recognise(text: &str) -> Option<Notice> {
    let lower = text.to_ascii_lowercase();
    let row = ROWS
        .iter()
        .find(|row| row.parts.iter().all(|part| lower.contains(part)))?;
    let notice = Notice::new(row.title)
        .cause(row.cause)
        .how(row.how)
        .who(row.who);
    Some(
        notice
            .copy(row.copy)
            .code(row.code)
            .remedy(row.remedy)
            .source(row.source),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_reached() {
        for row in ROWS {
            let found = recognise(&row.parts.join(" and ")).map(|notice| notice.title);
            assert_eq!(
                found.as_deref(),
                Some(row.title),
                "{:?} is hidden by an earlier row",
                row.parts
            );
        }
    }
}
