//! All mailboxes of the tenant, in memory.
//!
//! Knows no protocol. Every change raises a counter that sessions wait on; what changed they find by comparing.

mod flags;
mod folder;
mod mailbox;

pub use flags::Flags;
pub use folder::{Folder, Message};
pub use mailbox::{Mailbox, MailboxFault};

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::watch;

/// Every mailbox by its address in lower case.
#[derive(Debug)]
pub struct MailStore {
    mailboxes: Mutex<BTreeMap<String, Mailbox>>,
    changed: watch::Sender<u64>,
}

impl MailStore {
    /// Returns a store with an empty mailbox for each address.
    pub fn new<'a>(addresses: impl IntoIterator<Item = &'a str>) -> Self {
        let mailboxes = addresses
            .into_iter()
            .map(|address| (address.to_ascii_lowercase(), Mailbox::new()))
            .collect();
        Self {
            mailboxes: Mutex::new(mailboxes),
            changed: watch::Sender::new(0),
        }
    }

    /// Looks at a mailbox; `None` if there is none with that address.
    pub fn read<R>(&self, address: &str, look: impl FnOnce(&Mailbox) -> R) -> Option<R> {
        self.lock().get(&address.to_ascii_lowercase()).map(look)
    }

    /// Changes a mailbox and, if that really changed something, wakes whoever waits.
    pub fn change<R>(&self, address: &str, change: impl FnOnce(&mut Mailbox) -> R) -> Option<R> {
        let mut mailboxes = self.lock();
        let mailbox = mailboxes.get_mut(&address.to_ascii_lowercase())?;
        let before = mailbox.revision();
        let result = change(mailbox);
        let is_changed = mailbox.revision() != before;
        drop(mailboxes);
        if is_changed {
            self.changed
                .send_modify(|count| *count = count.wrapping_add(1));
        }
        Some(result)
    }

    /// Puts a message into a folder; `None` if there is no such mailbox or folder.
    pub fn deliver(&self, address: &str, folder: &str, mail: NewMessage) -> Option<u32> {
        self.change(address, |mailbox| {
            mailbox.folder_mut(folder).map(|folder| folder.append(mail))
        })?
    }

    /// Returns a receiver that is told of every change.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Mailbox>> {
        self.mailboxes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A message on its way into a folder.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// RFC 5322 text with CRLF line ends.
    pub bytes: std::sync::Arc<[u8]>,
    /// Its flags.
    pub flags: Flags,
    /// INTERNALDATE.
    pub received: Timestamp,
    /// What it was told by in the folder it comes from; `None` for one that is new to the mailbox.
    pub key: Option<u64>,
}

impl NewMessage {
    /// Returns a message that was not here before.
    pub fn new(bytes: std::sync::Arc<[u8]>, flags: Flags, received: Timestamp) -> Self {
        Self {
            bytes,
            flags,
            received,
            key: None,
        }
    }

    /// Returns an unread message that arrives now.
    pub fn arriving(bytes: Vec<u8>) -> Self {
        Self::new(bytes.into(), Flags::default(), Timestamp::now())
    }

    /// Returns a message on its way into another folder; it stays the same message.
    pub fn moving(message: &Message) -> Self {
        Self {
            bytes: std::sync::Arc::clone(&message.bytes),
            flags: message.flags,
            received: message.received,
            key: Some(message.key),
        }
    }

    /// Returns the same message with these flags.
    pub fn with_flags(mut self, flags: Flags) -> Self {
        self.flags = flags;
        self
    }
}
