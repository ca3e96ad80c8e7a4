//! Sorts what pages have told of messages into a change set.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::item::Item;
use crate::model::{ChangeSet, Cursor, FlagUpdate, RemoteId, RemoteMessage};

/// What one call has found; of what was told twice, the last counts.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Messages of which all is known, and their places in the server's order.
    messages: BTreeMap<RemoteId, (usize, RemoteMessage)>,
    told: usize,
    flags: BTreeMap<RemoteId, FlagUpdate>,
    /// Messages of which too little was told.
    pub(super) partial: Vec<RemoteId>,
    removed: Vec<RemoteId>,
}

impl News {
    /// Files what was listed.
    pub(super) fn take(&mut self, items: Vec<Item>) {
        for item in items {
            self.forget(item.id());
            match item {
                Item::Whole(message) => {
                    self.add(*message);
                }
                Item::Flags(update) => {
                    self.flags.insert(update.id.clone(), update);
                }
                Item::Partial(id) => self.partial.push(id),
                Item::Removed(id) => self.removed.push(id),
            }
        }
    }

    /// Files a message of which all is known.
    pub(super) fn add(&mut self, message: RemoteMessage) {
        self.told += 1;
        let id = message.id.clone();
        self.messages.insert(id, (self.told, message));
    }

    fn forget(&mut self, id: &RemoteId) {
        self.messages.remove(id);
        self.flags.remove(id);
        self.partial.retain(|other| other != id);
        self.removed.retain(|other| other != id);
    }

    /// Makes a change set of it, newest first; messages of one second stay in the server's order.
    pub(super) fn into_changes(self, total: u32, next: Cursor, more: bool) -> ChangeSet {
        let mut upserts: Vec<(usize, RemoteMessage)> = self.messages.into_values().collect();
        upserts.sort_by_key(|(told, message)| (Reverse(message.envelope.date), *told));
        ChangeSet {
            upserts: upserts.into_iter().map(|(_, message)| message).collect(),
            removals: self.removed,
            flags: self.flags.into_values().collect(),
            total,
            next,
            more,
        }
    }
}
