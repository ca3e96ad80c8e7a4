//! Sorts what pages have told of messages into a change set.

use std::cmp::Reverse;

use super::item::Item;
use crate::model::{ChangeSet, Cursor, RemoteId, RemoteMessage};

/// What one call has found; of what was told twice, the last counts.
#[derive(Debug, Default)]
pub(super) struct News {
    /// In the order of the server.
    told: Vec<Item>,
}

impl News {
    /// Files what was listed.
    pub(super) fn take(&mut self, items: Vec<Item>) {
        if self.told.is_empty() {
            self.told = items;
        } else {
            self.told.extend(items);
        }
    }

    /// Files a message of which all is known.
    pub(super) fn add(&mut self, message: RemoteMessage) {
        self.told.push(Item::Whole(Box::new(message)));
    }

    /// Takes out the messages of which too little was told.
    pub(super) fn take_partial(&mut self) -> Vec<RemoteId> {
        self.forget_earlier();
        let is_partial = |item: &mut Item| matches!(item, Item::Partial(_));
        let partial = self.told.extract_if(.., is_partial);
        partial.map(|item| item.id().clone()).collect()
    }

    /// Leaves of each message what was told last.
    fn forget_earlier(&mut self) {
        let mut order: Vec<(&RemoteId, usize)> = self.told.iter().map(Item::id).zip(0..).collect();
        order.sort_unstable();
        let pairs = order.iter().zip(order.iter().skip(1));
        let earlier = pairs.filter(|((id, _), (next, _))| id == next);
        let mut earlier: Vec<usize> = earlier.map(|((_, place), _)| *place).collect();
        if earlier.is_empty() {
            return;
        }
        earlier.sort_unstable();
        let mut place = 0..;
        self.told.retain(|_| {
            place
                .next()
                .is_none_or(|place| earlier.binary_search(&place).is_err())
        });
    }

    /// Makes a change set of it, newest first; messages of one second stay in the server's order.
    pub(super) fn into_changes(mut self, total: u32, next: Cursor, more: bool) -> ChangeSet {
        self.forget_earlier();
        let mut changes = ChangeSet {
            upserts: Vec::with_capacity(self.told.len()),
            removals: Vec::new(),
            flags: Vec::new(),
            total,
            next,
            more,
        };
        for item in self.told {
            match item {
                Item::Whole(message) => changes.upserts.push(*message),
                Item::Flags(update) => changes.flags.push(update),
                Item::Removed(id) => changes.removals.push(id),
                // The chain tells of it again.
                Item::Partial(_) => {}
            }
        }
        let newest_first = |message: &RemoteMessage| Reverse(message.envelope.date);
        // Mostly they come so, and sorting would take room before it finds out.
        if !changes.upserts.is_sorted_by_key(newest_first) {
            changes.upserts.sort_by_key(newest_first);
        }
        changes
    }
}
