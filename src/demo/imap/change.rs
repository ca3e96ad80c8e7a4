//! Commands that change messages: STORE, COPY, MOVE, EXPUNGE, APPEND.

use imap_codec::imap_types::datetime::DateTime;
use imap_codec::imap_types::flag::{Flag, StoreType};
use jiff::Timestamp;

use super::folders::missing;
use super::session::Verdict;
use super::view::{Naming, View};
use super::write::{Out, uid_set};
use crate::demo::mail_store::{Flags, Mailbox, NewMessage};

/// Whether the messages stay where they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transfer {
    /// They stay.
    Copy,
    /// They go (RFC 6851).
    Move,
}

/// Returns the flags of a command that this server keeps.
pub fn flags(list: &[Flag<'_>]) -> Flags {
    list.iter().fold(Flags::default(), |flags, flag| {
        flags.with(Flags::from_name(&flag.to_string()))
    })
}

/// What STORE shall do.
pub struct Store {
    /// Replace, add or remove.
    pub kind: StoreType,
    /// Which flags.
    pub flags: Flags,
    /// Whether the answer tells the UID too.
    pub naming: Naming,
    /// Whether the answer tells the flags at all.
    pub is_silent: bool,
}

/// Changes flags and, unless silent, writes the new ones.
pub fn store(
    mailbox: &mut Mailbox,
    view: &mut View,
    messages: &[(u32, u32)],
    change: &Store,
    out: &mut Out,
) {
    let Some(folder) = mailbox.folder_by_id_mut(view.folder) else {
        return;
    };
    for (sequence, uid) in messages {
        let changed = folder.set_flags(*uid, |old| match change.kind {
            StoreType::Replace => change.flags,
            StoreType::Add => old.with(change.flags),
            StoreType::Remove => old.without(change.flags),
        });
        let Some(message) = changed else {
            continue;
        };
        view.tell(message);
        if !change.is_silent {
            let flags = message.flags.names();
            let uid = match change.naming {
                Naming::Uid => format!(" UID {uid}"),
                Naming::Sequence => String::new(),
            };
            out.line(&format!("* {sequence} FETCH (FLAGS ({flags}){uid})"));
        }
    }
}

/// Copies or moves messages; the view learns of the moved ones by its next update.
pub fn transfer(
    mailbox: &mut Mailbox,
    view: &View,
    uids: &[u32],
    path: &str,
    transfer: Transfer,
) -> Verdict {
    let word = match transfer {
        Transfer::Copy => "COPY",
        Transfer::Move => "MOVE",
    };
    if mailbox.folder(path).is_none() {
        return Verdict::no(&format!("[TRYCREATE] {word} failed, no such folder."));
    }
    let Some(source) = mailbox.folder_by_id_mut(view.folder) else {
        return missing(path);
    };
    let mut taken = Vec::new();
    for uid in uids {
        let message = match transfer {
            Transfer::Copy => source.message(*uid).cloned(),
            Transfer::Move => source.remove(*uid),
        };
        taken.extend(message);
    }
    if taken.is_empty() {
        return Verdict::ok(&format!("{word} completed."));
    }
    let Some(target) = mailbox.folder_mut(path) else {
        return missing(path);
    };
    let from: Vec<u32> = taken.iter().map(|message| message.uid).collect();
    let to: Vec<u32> = taken
        .into_iter()
        .map(|message| {
            let mut mail = NewMessage::moving(&message);
            mail.key = mail.key.filter(|_| transfer == Transfer::Move);
            target.append(mail)
        })
        .collect();
    let validity = target.uid_validity;
    let (from, to) = (uid_set(&from), uid_set(&to));
    Verdict::ok(&format!(
        "[COPYUID {validity} {from} {to}] {word} completed."
    ))
}

/// Removes messages marked as deleted: all of them, or those among `uids` (RFC 4315).
pub fn expunge(mailbox: &mut Mailbox, view: &View, uids: Option<&[u32]>) {
    let Some(folder) = mailbox.folder_by_id_mut(view.folder) else {
        return;
    };
    let deleted: Vec<u32> = folder
        .messages()
        .iter()
        .filter(|message| message.flags.has(Flags::DELETED))
        .map(|message| message.uid)
        .filter(|uid| uids.is_none_or(|uids| uids.contains(uid)))
        .collect();
    for uid in deleted {
        folder.remove(uid);
    }
}

/// Adds a message to a folder.
pub fn append(
    mailbox: &mut Mailbox,
    path: &str,
    (flags, date): (Flags, Option<&DateTime>),
    bytes: &[u8],
) -> Verdict {
    let Some(folder) = mailbox.folder_mut(path) else {
        return Verdict::no("[TRYCREATE] APPEND failed, no such folder.");
    };
    if bytes.is_empty() {
        return Verdict::bad("Command Argument Error. 11");
    }
    let received = date
        .and_then(|date| Timestamp::from_second(date.as_ref().timestamp()).ok())
        .unwrap_or_else(Timestamp::now);
    let uid = folder.append(NewMessage::new(bytes.into(), flags, received));
    let validity = folder.uid_validity;
    Verdict::ok(&format!("[APPENDUID {validity} {uid}] APPEND completed."))
}
