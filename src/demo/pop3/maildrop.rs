//! A maildrop as one session sees it, and what all sessions share: who has which one open, and under which names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::demo::house::House;
use crate::demo::mail_store::MailStore;

const INBOX: &str = "INBOX";

/// What the sessions of all mailboxes share. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Maildrops(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    is_exclusive: bool,
    open: BTreeSet<String>,
    renamings: BTreeMap<String, u32>,
}

impl Maildrops {
    /// From now on a maildrop is open for one session at a time (RFC 1939 §3). Exchange Online lets in several.
    pub fn lock_out_others(&self) {
        self.lock().is_exclusive = true;
    }

    /// Gives every message of a mailbox another UIDL.
    pub fn rename(&self, mailbox: &str) {
        *self.lock().renamings.entry(mailbox.to_owned()).or_default() += 1;
    }

    /// Opens a maildrop; `None` when somebody else has it open and it is open for one only.
    pub fn open(&self, mailbox: &str) -> Option<Hold> {
        let mut state = self.lock();
        if !state.is_exclusive {
            return Some(Hold(None));
        }
        let is_free = state.open.insert(mailbox.to_owned());
        drop(state);
        is_free.then(|| Hold(Some((self.clone(), mailbox.to_owned()))))
    }

    fn renamings(&self, mailbox: &str) -> u32 {
        self.lock().renamings.get(mailbox).copied().unwrap_or(0)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps others out of a maildrop until it is dropped.
#[derive(Debug)]
pub struct Hold(Option<(Maildrops, String)>);

impl Drop for Hold {
    fn drop(&mut self) {
        if let Some((maildrops, mailbox)) = &self.0 {
            maildrops.lock().open.remove(mailbox);
        }
    }
}

/// A message as it was when the session began.
#[derive(Clone, Debug)]
pub struct Slot {
    /// UIDL.
    pub uidl: String,
    /// Bytes.
    pub size: usize,
    /// Whether the session deletes it when it ends well.
    pub is_deleted: bool,
    uid: u32,
}

/// The maildrop of one session.
#[derive(Debug)]
pub struct Maildrop {
    mailbox: String,
    slots: Vec<Slot>,
    _hold: Hold,
}

impl Maildrop {
    /// Looks at the inbox; `None` when somebody else has it open.
    pub fn open(house: &House, mailbox: &str) -> Option<Self> {
        let hold = house.maildrops.open(mailbox)?;
        let mut maildrop = Self {
            mailbox: mailbox.to_owned(),
            slots: Vec::new(),
            _hold: hold,
        };
        maildrop.look(house);
        Some(maildrop)
    }

    /// Gives every message another UIDL, from this session on.
    pub fn rename(&mut self, house: &House) {
        house.maildrops.rename(&self.mailbox);
        self.look(house);
    }

    fn look(&mut self, house: &House) {
        let renamings = house.maildrops.renamings(&self.mailbox);
        let slots = house.store.read(&self.mailbox, |mailbox| {
            let messages = mailbox.folder(INBOX).map_or(&[][..], |f| f.messages());
            let slot = |message: &crate::demo::mail_store::Message| Slot {
                uidl: format!("AAAAAH{renamings:02X}{:016X}", message.key),
                size: message.bytes.len(),
                is_deleted: false,
                uid: message.uid,
            };
            messages.iter().map(slot).collect()
        });
        self.slots = slots.unwrap_or_default();
    }

    /// Returns the messages that are not deleted, with their numbers.
    pub fn listed(&self) -> impl Iterator<Item = (usize, &Slot)> {
        let numbered = (1..).zip(&self.slots);
        numbered.filter(|(_, slot)| !slot.is_deleted)
    }

    /// Returns the message with this number, unless it is deleted.
    pub fn slot(&self, number: usize) -> Option<&Slot> {
        let slot = self.slots.get(number.checked_sub(1)?)?;
        (!slot.is_deleted).then_some(slot)
    }

    /// Reads a message; `None` when it is deleted, here or by others.
    pub fn read(&self, store: &MailStore, number: usize) -> Option<Arc<[u8]>> {
        let uid = self.slot(number)?.uid;
        let found = store.read(&self.mailbox, |mailbox| {
            let message = mailbox.folder(INBOX)?.message(uid)?;
            Some(Arc::clone(&message.bytes))
        });
        found.flatten()
    }

    /// Marks a message; `false` when there is none.
    pub fn delete(&mut self, number: usize) -> bool {
        let place = number.checked_sub(1);
        let slot = place.and_then(|place| self.slots.get_mut(place));
        match slot {
            Some(slot) if !slot.is_deleted => {
                slot.is_deleted = true;
                true
            }
            _ => false,
        }
    }

    /// Takes all marks back.
    pub fn reset(&mut self) {
        for slot in &mut self.slots {
            slot.is_deleted = false;
        }
    }

    /// Tells whether the session deletes anything.
    pub fn has_deletions(&self) -> bool {
        self.slots.iter().any(|slot| slot.is_deleted)
    }

    /// Deletes what is marked.
    pub fn finish(self, store: &MailStore) {
        let marked = self.slots.iter().filter(|slot| slot.is_deleted);
        let uids: Vec<u32> = marked.map(|slot| slot.uid).collect();
        store.change(&self.mailbox, |mailbox| {
            if let Some(inbox) = mailbox.folder_mut(INBOX) {
                for uid in uids {
                    inbox.remove(uid);
                }
            }
        });
    }
}
