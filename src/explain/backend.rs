//! Notices for what mail servers say.

use crate::backend::{BackendError, Refusal};
use crate::explain::notice::{Notice, Remedy, Who};
use crate::explain::{auth, net, texts};
use crate::net::NetError;

/// What a failure is about.
#[derive(Clone, Copy)]
pub(in crate::explain) struct About<'a> {
    /// The mailbox's address.
    pub mailbox: &'a str,
    /// Who signed in.
    pub identity: &'a str,
    /// The server.
    pub host: &'a str,
    /// What is spoken there, as people know it.
    pub protocol: &'a str,
}

/// Explains a failed operation.
pub(in crate::explain) fn explain(error: &BackendError, about: &About<'_>) -> Notice {
    sorted(error, about).about(about.mailbox, about.identity)
}

fn sorted(error: &BackendError, about: &About<'_>) -> Notice {
    let About {
        mailbox,
        host,
        protocol,
        ..
    } = *about;
    match error {
        BackendError::Offline { doing, source } => {
            let mut notice = farewell(source).unwrap_or_else(|| net::explain(source));
            notice.cause.push(format!(
                "It happened while trying to {doing} for {mailbox} over {protocol}"
            ));
            notice
        }
        BackendError::Token(source) => auth::explain(source),
        BackendError::SignIn { code, text } => texts::recognise(&format!("{code} {text}"))
            .unwrap_or_else(|| sign_in_refused(about))
            .code(code.clone())
            .detail(text.clone())
            .remedy(Remedy::SignIn)
            .loud(),
        BackendError::Throttled { after, text } => {
            let wait = after.map_or("in a while".to_owned(), |after| {
                format!("in {} s", after.as_secs().max(1))
            });
            let notice = texts::recognise(text).unwrap_or_else(|| {
                Notice::new(format!("{host} asks to slow down"))
                    .cause(format!("Too many requests or connections for {mailbox}"))
                    .who(Who::Nobody)
            });
            notice
                .how(format!("Pillarbox goes on by itself {wait}"))
                .detail(text.clone())
                .quiet()
        }
        BackendError::CursorLost => Notice::new(format!(
            "A folder of {mailbox} was renumbered by the server"
        ))
        .cause("The mailbox was moved or restored")
        .how("Nothing to do: Pillarbox compares everything again")
        .who(Who::Nobody)
        .quiet(),
        BackendError::Gone { what } => {
            Notice::new(format!("{what} does not exist any more in {mailbox}"))
                .cause("Somebody else moved or deleted it meanwhile")
                .how("Nothing to do: the list shows what is there")
                .who(Who::Nobody)
                .quiet()
        }
        BackendError::Refused { kind, code, text } => refused(*kind, code, text, about),
        BackendError::Unsupported { what } => Notice::new(format!("{host} cannot do this"))
            .cause(format!("The server does not offer {what}"))
            .how("There is nothing to mend here")
            .who(Who::Provider),
        BackendError::Protocol { doing, detail } => {
            if let Some(notice) = texts::recognise(detail) {
                return notice.detail(detail.clone());
            }
            nonsense(doing, about).detail(detail.clone())
        }
    }
}

/// Explains an answer that nobody can make sense of.
fn nonsense(doing: &str, about: &About<'_>) -> Notice {
    let About {
        mailbox,
        identity,
        host,
        protocol,
    } = *about;
    Notice::new(format!("{host} answered in a way that makes no sense"))
        .cause(format!(
            "It happened while trying to {doing} for {mailbox} as {identity} over {protocol}"
        ))
        .cause(format!(
            "The server has a fault, or something between (a proxy, a firewall, a virus scanner) answers in its place or is not made for {protocol}"
        ))
        .how("Nothing is lost: what is here can be read, and other mailboxes go on")
        .how("Pillarbox connects again and tries a few times by itself")
        .how("If it stays like this, ask whoever runs the server, or read the mailbox over another protocol; a report with the log helps us, too")
        .copy("pillarbox check")
        .remedy(Remedy::ShowLog)
        .who(Who::Provider)
}

/// Explains a connection that a server ended with a reason.
fn farewell(error: &NetError) -> Option<Notice> {
    let NetError::Broken { source, .. } = error else {
        return None;
    };
    let words = source.to_string();
    texts::recognise(&words).map(|notice| notice.detail(words).quiet())
}

/// Explains Exchange Online's end of EWS (protocol facts §7.1).
fn ews_blocked(about: &About<'_>) -> Notice {
    Notice::new(format!("{} does not let this application use EWS", about.host))
        .cause("Exchange Online blocks EWS since 1 October 2026, except for applications on the organisation's allow list")
        .cause(format!("EWS is switched off for {}, or its licence has none (F1, F3)", about.mailbox))
        .how("Read this mailbox over Microsoft Graph or IMAP instead; cache, drafts and outbox stay: one key does it, or pillarbox account edit ACCOUNT --protocol graph --send-protocol graph")
        .how("Or have the Exchange administrator put the application on the allow list; it may take more than 24 hours, and ends for everybody on 1 April 2027")
        .copy(texts::ALLOW_EWS)
        .who(Who::ExchangeAdministrator)
        .remedy(Remedy::LeaveEws)
        .loud()
}

fn sign_in_refused(about: &About<'_>) -> Notice {
    let About {
        mailbox,
        identity,
        host,
        ..
    } = *about;
    Notice::new(format!("{host} does not accept the sign-in of {identity}"))
        .cause("The access token is for another service or has been revoked")
        .cause(format!("The protocol is switched off for {mailbox}"))
        .how("Sign in again")
        .how("If that does not help, have the Exchange administrator look at the mailbox's protocols")
        .copy("Get-CASMailbox MAILBOX | fl ImapEnabled,PopEnabled,SmtpClientAuthenticationDisabled")
}

/// Codes that say themselves why a mailbox does not open; behind all others, a right is missing most of the time.
const TELLING: [&str; 7] = [
    "ErrorImpersonateUserDenied",
    "ErrorImpersonationDenied",
    "ErrorMailboxNotFound",
    "ErrorMissingEmailAddress",
    "ErrorNonExistentMailbox",
    "ErrorNonPrimarySmtpAddress",
    "MailboxNotEnabledForRESTAPI",
];

/// Tells whether a code says more than that a mailbox does not open.
fn is_telling(code: &str) -> bool {
    let name = code.rsplit(' ').next().unwrap_or_default();
    TELLING.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn refused(kind: Refusal, code: &str, text: &str, about: &About<'_>) -> Notice {
    let About {
        mailbox,
        identity,
        host,
        ..
    } = *about;
    let by_words = || texts::recognise(&format!("{code} {text}"));
    let notice = match kind {
        Refusal::NoMailboxAccess if is_telling(code) => by_words()
            .unwrap_or_else(|| Notice::new(format!("{host} does not open {mailbox}")))
            .loud(),
        Refusal::NoMailboxAccess if mailbox.eq_ignore_ascii_case(identity) => {
            Notice::new(format!("{identity} is signed in, but {host} does not open the mailbox"))
                .cause("The account has no mailbox there, or its protocol is switched off")
                .cause("An application signed in, and has no Full Access to the mailbox")
                .cause(format!("{mailbox} is an alias: the primary address is needed"))
                .how("Have the Exchange administrator look at licence and protocols of the mailbox")
                .copy("Get-CASMailbox MAILBOX | fl ImapEnabled,PopEnabled")
                .who(Who::ExchangeAdministrator)
                .remedy(Remedy::Retry)
                .loud()
        }
        Refusal::NoMailboxAccess => Notice::new(format!("Signed in as {identity}, but {identity} has no access to {mailbox}"))
            .cause("Full Access to the mailbox was not granted, or not yet everywhere (it takes up to two hours)")
            .cause(format!("{mailbox} is an alias: the primary address is needed"))
            .how("Have the Exchange administrator grant it")
            .copy("Add-MailboxPermission -Identity MAILBOX -User IDENTITY -AccessRights FullAccess -InheritanceType All")
            .who(Who::ExchangeAdministrator)
            .remedy(Remedy::Retry)
            .loud(),
        Refusal::SmtpAuthDisabled => by_words().unwrap_or_else(smtp_auth_off).loud(),
        Refusal::EwsBlocked => ews_blocked(about),
        Refusal::Sender => sender(about),
        Refusal::Recipients => by_words().unwrap_or_else(|| {
            Notice::new("The server takes none of the recipients")
                .cause("The addresses do not exist, or do not accept mail from you")
                .how("Correct the recipients and send again; the message is kept")
        }),
        Refusal::TooBig => Notice::new("The message is too big for the server")
            .cause("Attachments grow by a third on their way")
            .how("Send fewer or smaller attachments; the message is kept"),
        Refusal::Quota => by_words().unwrap_or_else(|| {
            Notice::new(format!("{mailbox} is full"))
                .cause("The mailbox has reached its quota")
                .how("Delete what is not needed and empty the trash, or ask for more room")
                .remedy(Remedy::Retry)
        })
        .loud(),
        Refusal::Other => by_words().unwrap_or_else(|| {
            Notice::new(format!("{host} refuses")).cause("The server says why below").how("Nothing was lost: what was changed here is as before")
        }),
    };
    notice.code(code.to_owned()).detail(text.to_owned())
}

/// Explains that an identity may not send as a mailbox.
pub(in crate::explain) fn sender(about: &About<'_>) -> Notice {
    let About {
        mailbox, identity, ..
    } = *about;
    Notice::new(format!("{identity} may not send as {mailbox}"))
        .cause("Send As was not granted, or not yet everywhere (it takes up to two hours)")
        .how("Have the Exchange administrator grant it; the message is kept")
        .copy("Add-RecipientPermission MAILBOX -AccessRights SendAs -Trustee IDENTITY")
        .who(Who::ExchangeAdministrator)
}

/// Explains that sending by SMTP is switched off.
pub(in crate::explain) fn smtp_auth_off() -> Notice {
    Notice::new("Sending by SMTP is switched off")
        .cause("SMTP AUTH is off for the tenant or the mailbox")
        .how("Have the Exchange administrator switch it on for this mailbox; the message is kept")
        .copy("Set-CASMailbox IDENTITY -SmtpClientAuthenticationDisabled $false")
        .who(Who::ExchangeAdministrator)
}
