//! Errors → notices: what happened, why, who can mend it, how. All failure wording of the program is in here.
//!
//! Pure functions: nothing in here does I/O or decides what happens next.

mod aadsts;
mod auth;
mod backend;
mod client;
mod files;
mod lapse;
mod net;
mod notice;
mod outbox;
mod scopes;
mod texts;

/// Words what else was saved of a damaged cache.
fn and_changes(changes: usize) -> String {
    match changes {
        0 => String::new(),
        1 => ", with 1 change the server did not know yet".to_owned(),
        _ => format!(", with {changes} changes the server did not know yet"),
    }
}

#[cfg(test)]
mod tests;

pub use auth::explain_paste;
pub use notice::{Notice, Remedy, Severity, Who};
pub use outbox::explain_failure;
pub use scopes::explain_scope;

use crate::engine::EngineError;

/// Explains an error.
pub fn explain(error: &EngineError) -> Notice {
    match error {
        EngineError::Store(error) => files::store(error),
        EngineError::Auth(error) => auth::explain(error),
        EngineError::Backend {
            mailbox,
            identity,
            host,
            protocol,
            source,
        } => backend::explain(source, &backend::About { mailbox, identity, host, protocol }),
        EngineError::Net(error) => net::explain(error),
        EngineError::Config(error) => files::config(error),
        EngineError::Mime(error) => files::mime(error),
        EngineError::File { path, source } => files::cannot_use("write", path, source),
        EngineError::NotFound { what: "message", name } => Notice::new(format!("There is no message \"{name}\""))
            .cause("Somebody else moved or deleted it meanwhile, or it never was")
            .how("Look at the list again: pillarbox list"),
        EngineError::NotFound { what, name } => Notice::new(format!("There is no {what} \"{name}\""))
            .how(format!("Check the spelling; it may have been renamed or removed: {}", listing(what))),
        EngineError::NoRoleFolder { mailbox, role } => Notice::new(format!("{mailbox} has no {role} folder"))
            .cause(format!("No folder of the mailbox is marked or named as its {role} folder"))
            .how("Move the messages to a folder of your choice instead"),
        EngineError::NoFolders { mailbox, what } => Notice::new(format!("{mailbox} is read over POP3, which has no folders: nothing can be {what} there"))
            .cause("A POP3 server has an inbox and nothing else; what is done besides deleting stays on this machine")
            .how("Delete the message, which is for good, or leave it where it is")
            .how("Or read the mailbox over IMAP or Microsoft Graph; cache, drafts and outbox stay: pillarbox account edit ACCOUNT --protocol imap"),
        EngineError::Outbox { mailbox, failure } => explain_failure(failure).about(mailbox, ""),
        EngineError::Detour { mailbox, identity, protocol, host, refused } => Notice::new(format!("Mail goes over {}: SMTP sign-in is switched off", protocol.title()))
            .cause(format!("The server for sending lets {identity} not sign in: {}", explain(refused).title))
            .how(format!("Nothing to do: mail from {mailbox} is sent by {host} instead"))
            .how(format!("To save the detour, set the outgoing server of the account to {}", protocol.name()))
            .how("Or have the Exchange administrator switch SMTP AUTH on for the one who signs in")
            .copy("Set-CASMailbox -Identity IDENTITY -SmtpClientAuthenticationDisabled $false")
            .who(Who::Nobody)
            .about(mailbox, identity)
            .quiet(),
        EngineError::Rebuilt { moved_to, saved, changes } => Notice::new("The local cache was damaged and is being rebuilt")
            .cause("The database file did not pass its check, mostly after a crash of the machine or a full disk")
            .how(format!("Nothing to do: mail comes from the server again, and {saved} unsent messages were saved{}", and_changes(*changes)))
            .how(format!("The damaged file is kept as {} and may be deleted", moved_to.display()))
            .who(Who::Nobody)
            .loud(),
        EngineError::Lapses { .. } => lapse::explain(error),
        EngineError::WorkerPanicked { mailbox } => {
            Notice::new(format!("The background work for {mailbox} stopped unexpectedly and was restarted"))
                .cause("A bug in Pillarbox; nothing was lost")
                .how("Please report it together with the log")
                .who(Who::Developers)
                .remedy(Remedy::ShowLog)
        }
    }
}

fn listing(what: &str) -> &'static str {
    match what {
        "account" => "pillarbox account list",
        "folder" => "pillarbox folders MAILBOX",
        _ => "pillarbox account show",
    }
}

/// Explains a code or a server's text, such as `AADSTS7000215` or `535 5.7.139 …`; `None` if nothing is recognised.
pub fn explain_text(text: &str) -> Option<Notice> {
    aadsts::in_text(text)
        .or_else(|| texts::recognise(text))
        .map(|notice| {
            if notice.detail.is_empty() && text.trim() != notice.code {
                notice.detail(crate::model::sanitize_line(text.trim()))
            } else {
                notice
            }
        })
}
