//! What EWS keeps from request to request: subscriptions, and whether the tenant refuses EWS altogether.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::events::changes;
use crate::demo::mail_store::{MailStore, Mailbox};

/// Subscriptions of one caller at most (protocol facts §7.4).
const MAX_SUBSCRIPTIONS: usize = 20;

/// Revision and next UID of each folder.
pub type Marks = BTreeMap<u32, (u64, u32)>;

/// Returns a mailbox's marks as they are now.
pub fn marks(mailbox: &Mailbox) -> Marks {
    let folders = mailbox.folders().iter();
    folders
        .map(|folder| (folder.uid_validity, (folder.revision(), folder.uid_next())))
        .collect()
}

/// Who wants to hear of what.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Who subscribed.
    pub owner: String,
    /// The mailbox.
    pub mailbox: String,
    /// Its folders; `None` for all.
    pub folders: Option<Vec<u32>>,
    /// Names of events.
    pub events: Vec<String>,
    /// What was told.
    pub seen: Marks,
}

/// The keeper of all that.
#[derive(Debug, Default)]
pub struct Desk {
    is_blocked: AtomicBool,
    subscriptions: Mutex<(u64, BTreeMap<String, Subscription>)>,
}

impl Desk {
    /// Tells whether the tenant refuses EWS.
    pub fn is_blocked(&self) -> bool {
        self.is_blocked.load(Ordering::Relaxed)
    }

    /// Lets the tenant refuse EWS, or not.
    pub fn block(&self, is_blocked: bool) {
        self.is_blocked.store(is_blocked, Ordering::Relaxed);
    }

    /// Adds a subscription and returns its id; `None` where somebody has too many.
    pub fn add(&self, subscription: Subscription) -> Option<String> {
        let mut held = self.lock();
        let (number, all) = &mut *held;
        let owned = all.values().filter(|one| one.owner == subscription.owner);
        if owned.count() >= MAX_SUBSCRIPTIONS {
            return None;
        }
        *number += 1;
        let id = STANDARD.encode(format!("hv1p285mb0042.harborvale.example\u{0}{number:08}"));
        all.insert(id.clone(), subscription);
        Some(id)
    }

    /// Removes a subscription; `false` if it is not the owner's.
    pub fn remove(&self, id: &str, owner: &str) -> bool {
        let mut held = self.lock();
        let is_own = held.1.get(id).is_some_and(|one| one.owner == owner);
        is_own && held.1.remove(id).is_some()
    }

    /// Tells whether a subscription is there and the owner's.
    pub fn has(&self, id: &str, owner: &str) -> bool {
        self.lock().1.get(id).is_some_and(|one| one.owner == owner)
    }

    /// Returns what a subscription has not been told yet, as XML; `None` if it has ended.
    pub fn news(&self, store: &MailStore, id: &str) -> Option<String> {
        let mut held = self.lock();
        let subscription = held.1.get_mut(id)?;
        let mailbox = subscription.mailbox.clone();
        store.read(&mailbox, |mailbox| {
            let news = changes(mailbox, subscription);
            subscription.seen = marks(mailbox);
            news
        })
    }

    fn lock(&self) -> MutexGuard<'_, (u64, BTreeMap<String, Subscription>)> {
        self.subscriptions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
