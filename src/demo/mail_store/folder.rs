//! One folder: messages by ascending UID, each with the revision at which it last changed.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Flags, NewMessage};

/// A message in a folder.
#[derive(Clone, Debug)]
pub struct Message {
    /// UID in this folder.
    pub uid: u32,
    /// Flags.
    pub flags: Flags,
    /// INTERNALDATE.
    pub received: Timestamp,
    /// RFC 5322 text with CRLF line ends.
    pub bytes: Arc<[u8]>,
    /// The folder's revision when the message came or its flags last changed.
    pub revision: u64,
    /// The folder's revision when the message came or anything but `\Seen` last changed.
    pub settled: u64,
    /// Unlike any other message's of the mailbox, and kept when the message moves.
    pub key: u64,
}

/// A message that is not in a folder any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gone {
    /// The UID it had.
    pub uid: u32,
    /// Its key.
    pub key: u64,
    /// The folder's revision when it went.
    pub revision: u64,
}

/// A folder.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Decoded path, names joined by `/`.
    pub path: String,
    /// UIDVALIDITY; never given twice in a mailbox, so it also serves as the folder's id.
    pub uid_validity: u32,
    /// Whether it is in the list of subscribed folders.
    pub is_subscribed: bool,
    uid_next: u32,
    revision: u64,
    messages: Vec<Message>,
    gone: Vec<Gone>,
}

impl Folder {
    /// Returns an empty folder.
    pub fn new(path: &str, uid_validity: u32) -> Self {
        Self {
            path: path.to_owned(),
            uid_validity,
            is_subscribed: true,
            uid_next: 1,
            revision: 1,
            messages: Vec::new(),
            gone: Vec::new(),
        }
    }

    /// Returns the UID the next message will get.
    pub fn uid_next(&self) -> u32 {
        self.uid_next
    }

    /// Returns a number that grows with every change.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the messages by ascending UID.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Returns the message with that UID.
    pub fn message(&self, uid: u32) -> Option<&Message> {
        let at = self.messages.binary_search_by_key(&uid, |m| m.uid).ok()?;
        self.messages.get(at)
    }

    /// Returns the message with that key.
    pub fn message_by_key(&self, key: u64) -> Option<&Message> {
        self.messages.iter().find(|message| message.key == key)
    }

    /// Returns what went, oldest first.
    pub fn gone(&self) -> &[Gone] {
        &self.gone
    }

    /// Counts the messages that fit.
    pub fn count(&self, fits: impl Fn(&Message) -> bool) -> usize {
        self.messages.iter().filter(|message| fits(message)).count()
    }

    /// Adds a message at the end and returns its UID.
    pub fn append(&mut self, mail: NewMessage) -> u32 {
        let uid = self.uid_next;
        // Neither half is ever given out again in this mailbox.
        let born = u64::from(self.uid_validity) << 32 | u64::from(uid);
        self.uid_next = self.uid_next.saturating_add(1);
        self.revision += 1;
        self.messages.push(Message {
            uid,
            flags: mail.flags,
            received: mail.received,
            bytes: mail.bytes,
            revision: self.revision,
            settled: self.revision,
            key: mail.key.unwrap_or(born),
        });
        uid
    }

    /// Changes a message's flags and returns the message; unchanged flags raise no revision.
    pub fn set_flags(&mut self, uid: u32, change: impl Fn(Flags) -> Flags) -> Option<&Message> {
        let at = self.messages.binary_search_by_key(&uid, |m| m.uid).ok()?;
        let message = self.messages.get_mut(at)?;
        let flags = change(message.flags);
        if flags != message.flags {
            self.revision += 1;
            if flags.without(Flags::SEEN) != message.flags.without(Flags::SEEN) {
                message.settled = self.revision;
            }
            message.flags = flags;
            message.revision = self.revision;
        }
        Some(message)
    }

    /// Notes that something changed about a message that is kept elsewhere, such as its categories.
    pub fn touch(&mut self, uid: u32) -> Option<&Message> {
        let at = self.messages.binary_search_by_key(&uid, |m| m.uid).ok()?;
        let message = self.messages.get_mut(at)?;
        self.revision += 1;
        message.revision = self.revision;
        message.settled = self.revision;
        Some(message)
    }

    /// Writes a message anew under its UID, as only drafts are; `false` if there is none.
    pub fn replace(&mut self, uid: u32, bytes: Arc<[u8]>) -> bool {
        let at = self.messages.binary_search_by_key(&uid, |m| m.uid);
        let Some(message) = at.ok().and_then(|at| self.messages.get_mut(at)) else {
            return false;
        };
        self.revision += 1;
        message.bytes = bytes;
        message.revision = self.revision;
        message.settled = self.revision;
        true
    }

    /// Takes a message out.
    pub fn remove(&mut self, uid: u32) -> Option<Message> {
        let at = self.messages.binary_search_by_key(&uid, |m| m.uid).ok()?;
        self.revision += 1;
        let message = self.messages.remove(at);
        self.gone.push(Gone {
            uid,
            key: message.key,
            revision: self.revision,
        });
        Some(message)
    }
}
