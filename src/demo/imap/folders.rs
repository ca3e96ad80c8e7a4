//! Commands on folders: LIST, LSUB, STATUS, CREATE, DELETE, RENAME, SUBSCRIBE.

use imap_codec::imap_types::core::IString;
use imap_codec::imap_types::mailbox::{ListMailbox, Mailbox as Name};
use imap_codec::imap_types::status::StatusDataItemName;

use super::names::{decode, encode, matches, path_of};
use super::session::Verdict;
use super::write::Out;
use crate::demo::mail_store::{Flags, Folder, Mailbox, MailboxFault};

/// Which of the two listing commands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Listing {
    /// All folders.
    List,
    /// The subscribed ones.
    Lsub,
}

/// Writes the folders that fit reference and pattern.
pub fn list(
    mailbox: &Mailbox,
    listing: Listing,
    (reference, pattern): (&Name<'_>, &ListMailbox<'_>),
    out: &mut Out,
) {
    let word = match listing {
        Listing::List => "LIST",
        Listing::Lsub => "LSUB",
    };
    let pattern = pattern_text(pattern);
    if pattern.is_empty() {
        out.line(&format!("* {word} (\\Noselect \\HasChildren) \"/\" \"\""));
        return;
    }
    let pattern = format!("{}{pattern}", path_of(reference));
    for folder in mailbox.folders() {
        let is_wanted = listing == Listing::List || folder.is_subscribed;
        if is_wanted && fits(&folder.path, &pattern) {
            let children = if mailbox.has_children(&folder.path) {
                "\\HasChildren"
            } else {
                "\\HasNoChildren"
            };
            out.raw(&format!("* {word} ({children}) \"/\" "));
            out.string(encode(&folder.path).as_bytes());
            out.line("");
        }
    }
}

fn fits(path: &str, pattern: &str) -> bool {
    matches(path, pattern) || (path == "INBOX" && matches(path, &pattern.to_ascii_uppercase()))
}

fn pattern_text(pattern: &ListMailbox<'_>) -> String {
    let bytes: &[u8] = match pattern {
        ListMailbox::Token(token) => token.as_ref(),
        ListMailbox::String(IString::Quoted(quoted)) => quoted.as_ref().as_bytes(),
        ListMailbox::String(IString::Literal(literal)) => literal.as_ref(),
    };
    let text = String::from_utf8_lossy(bytes);
    decode(&text).unwrap_or_else(|| text.into_owned())
}

/// Writes the figures of a folder.
pub fn status(folder: &Folder, items: &[StatusDataItemName], out: &mut Out) -> Verdict {
    let mut figures = Vec::new();
    for item in items {
        let figure = match item {
            StatusDataItemName::Messages => format!("MESSAGES {}", folder.messages().len()),
            StatusDataItemName::Recent => "RECENT 0".to_owned(),
            StatusDataItemName::UidNext => format!("UIDNEXT {}", folder.uid_next()),
            StatusDataItemName::UidValidity => format!("UIDVALIDITY {}", folder.uid_validity),
            StatusDataItemName::Unseen => {
                let unseen = folder.count(|message| !message.flags.has(Flags::SEEN));
                format!("UNSEEN {unseen}")
            }
            _ => return Verdict::bad("Command Argument Error. 11"),
        };
        figures.push(figure);
    }
    out.raw("* STATUS ");
    out.string(encode(&folder.path).as_bytes());
    out.line(&format!(" ({})", figures.join(" ")));
    Verdict::ok("STATUS completed.")
}

/// Makes a folder.
pub fn create(mailbox: &mut Mailbox, name: &Name<'_>) -> Verdict {
    verdict("CREATE", mailbox.create(&path_of(name)))
}

/// Deletes a folder.
pub fn delete(mailbox: &mut Mailbox, name: &Name<'_>) -> Verdict {
    verdict("DELETE", mailbox.delete(&path_of(name)))
}

/// Renames a folder.
pub fn rename(mailbox: &mut Mailbox, from: &Name<'_>, to: &Name<'_>) -> Verdict {
    verdict("RENAME", mailbox.rename(&path_of(from), &path_of(to)))
}

/// Sets or clears a subscription.
pub fn subscribe(mailbox: &mut Mailbox, name: &Name<'_>, is_subscribed: bool) -> Verdict {
    let path = path_of(name);
    match mailbox.folder_mut(&path) {
        Some(folder) => {
            folder.is_subscribed = is_subscribed;
            Verdict::ok(if is_subscribed {
                "SUBSCRIBE completed."
            } else {
                "UNSUBSCRIBE completed."
            })
        }
        None => missing(&path),
    }
}

/// Returns the answer to naming a folder that is not there.
pub fn missing(path: &str) -> Verdict {
    Verdict::no(&format!("{} doesn't exist.", encode(path)))
}

fn verdict(command: &str, result: Result<(), MailboxFault>) -> Verdict {
    match result {
        Ok(()) => Verdict::ok(&format!("{command} completed.")),
        Err(MailboxFault::Exists) => Verdict::no("[ALREADYEXISTS] Folder already exists."),
        Err(MailboxFault::Missing) => Verdict::no("[NONEXISTENT] Folder doesn't exist."),
        Err(MailboxFault::Standard) => {
            Verdict::no("[CANNOT] Default folders can be neither deleted nor renamed.")
        }
        Err(MailboxFault::BadName) => Verdict::no("[CANNOT] That is no name for a folder."),
    }
}
