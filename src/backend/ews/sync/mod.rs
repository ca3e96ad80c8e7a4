//! Tells what changed in a folder: the newest page at once, then Exchange's own chain of changes.
//!
//! A folder never seen before begins with `FindItem`, since the chain may take hundreds of requests to its end. The chain
//! begins from nothing then, since no state of it stands for a page of `FindItem`; what it only repeats is left out.

mod ahead;
mod ask;
mod place;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

pub(super) use self::ask::{by_date, has_news, item_id};

use self::ahead::{Ahead, Portion};
use self::place::{Phase, Place};
use super::{Ews, item};
use crate::backend::BackendError;
use crate::model::{ChangeSet, Cursor, Envelope, RemoteId, RemoteMessage};

const DOING: &str = "list messages";
/// How often a folder whose chain is still long is looked at for new messages.
const LOOK: Duration = Duration::from_secs(20);
/// Messages whose size is remembered for when they are read.
const MOST_SIZES: usize = 20_000;

/// What the synchronisation knows beyond its cursors; all of it may be lost without harm.
#[derive(Debug, Default)]
pub(super) struct Sync {
    /// The chain that was read last, where it goes on.
    ahead: Option<Ahead>,
    /// The end of the chain of each folder that was read to its end.
    pub(super) ends: HashMap<String, String>,
    look: Option<Look>,
    sizes: HashMap<String, u64>,
}

impl Sync {
    /// Returns the size of a message as the server estimates it, where it is known.
    pub(super) fn size(&self, id: &str) -> Option<u64> {
        self.sizes.get(id).copied()
    }

    fn note_sizes(&mut self, messages: &[RemoteMessage]) {
        if self.sizes.len() > MOST_SIZES {
            self.sizes.clear();
        }
        let sizes = messages.iter();
        self.sizes
            .extend(sizes.map(|m| (m.id.as_str().to_owned(), m.envelope.size)));
    }
}

/// The newest page of a folder whose chain is under way.
#[derive(Debug)]
struct Look {
    folder: String,
    at: Instant,
    ids: HashSet<String>,
    /// What was told of messages that the chain has still to list.
    told: HashMap<RemoteId, Envelope>,
    /// What was found and is to be told by the next answer.
    fresh: Vec<RemoteMessage>,
}

impl Look {
    fn begin(folder: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            at: Instant::now(),
            ids: HashSet::new(),
            told: HashMap::new(),
            fresh: Vec::new(),
        }
    }

    /// Remembers messages that were listed before their place in the chain.
    fn note_told(&mut self, messages: &[RemoteMessage]) {
        let told = messages.iter();
        self.told
            .extend(told.map(|message| (message.id.clone(), message.envelope.clone())));
    }

    /// Leaves out what the chain says for the first time and was told before; later it is news.
    fn drop_repeated(&mut self, messages: &mut Vec<RemoteMessage>) {
        messages.retain(|message| {
            let told = self.told.remove(&message.id);
            told.is_none_or(|told| told != message.envelope)
        });
    }
}

impl Ews {
    /// Reads what changed in a folder since a cursor.
    pub(super) async fn read_changes(
        &mut self,
        folder: &str,
        since: Option<&Cursor>,
    ) -> Result<ChangeSet, BackendError> {
        let Some(cursor) = since else {
            return self.first_contact(folder).await;
        };
        let place = Place::decode(cursor).ok_or(BackendError::CursorLost)?;
        // Kept here while it is waited for: where that is given up, or another chain is asked for, it ends.
        let ahead = self.sync.ahead.take();
        let ahead = ahead.filter(|ahead| ahead.is_at(folder, &place.state));
        let begin = || Ahead::begin(&self.link, folder, &place.state);
        let mut ahead = ahead.unwrap_or_else(begin);
        if place.phase == Phase::Listing {
            self.look_again(folder).await?;
        }
        let portion = ahead.next().await?;
        if !portion.is_last {
            self.sync.ahead = Some(ahead);
        }
        Ok(self.conclude_portion(folder, &place, portion))
    }

    /// Reads the newest page of a folder never seen before. The first screen waits for nothing else, and the engine goes on
    /// with other folders: nothing is asked for ahead.
    async fn first_contact(&mut self, folder: &str) -> Result<ChangeSet, BackendError> {
        self.sync.ahead = None;
        let (total, ids) = ask::newest(&self.link, folder).await?;
        let upserts = item::rows(&self.link, &ids).await?;
        self.sync.note_sizes(&upserts);
        let mut look = Look::begin(folder);
        look.note_told(&upserts);
        look.ids.extend(ids);
        self.sync.look = Some(look);
        let place = Place {
            phase: Phase::Listing,
            total,
            state: String::new(),
        };
        Ok(ChangeSet {
            upserts: newest_first(upserts),
            removals: Vec::new(),
            flags: Vec::new(),
            total,
            next: place.encode(),
            more: true,
        })
    }

    /// Looks for new messages of a folder whose chain is long, now and then.
    async fn look_again(&mut self, folder: &str) -> Result<(), BackendError> {
        let look = self.sync.look.as_mut();
        let Some(look) = look.filter(|look| look.folder == folder) else {
            // After a restart the chain itself tells; begin to look from here on.
            self.sync.look = Some(Look::begin(folder));
            return Ok(());
        };
        if look.at.elapsed() < LOOK {
            return Ok(());
        }
        let (_, mut ids) = ask::newest(&self.link, folder).await?;
        ids.retain(|id| !look.ids.contains(id));
        let fresh = item::rows(&self.link, &ids).await?;
        look.ids.extend(ids);
        look.note_told(&fresh);
        look.fresh.extend(fresh);
        look.at = Instant::now();
        Ok(())
    }

    fn conclude_portion(&mut self, folder: &str, place: &Place, portion: Portion) -> ChangeSet {
        let mut upserts = newest_first(portion.upserts);
        let mut first = Vec::new();
        let look = self.sync.look.as_mut();
        if let Some(look) = look.filter(|look| look.folder == folder) {
            look.drop_repeated(&mut upserts);
            first = newest_first(std::mem::take(&mut look.fresh));
        }
        let known: HashSet<&RemoteId> = upserts.iter().map(|message| &message.id).collect();
        first.retain(|message| !known.contains(&message.id));
        first.append(&mut upserts);
        self.sync.note_sizes(&first);
        let total = portion.total.unwrap_or(place.total);
        let is_listing = place.phase == Phase::Listing && !portion.is_last;
        let next = Place {
            phase: if is_listing {
                Phase::Listing
            } else {
                Phase::Settled
            },
            total,
            state: portion.state,
        };
        if portion.is_last {
            self.sync.look = None;
            self.sync.ends.insert(folder.to_owned(), next.state.clone());
        }
        ChangeSet {
            upserts: first,
            removals: portion.removals,
            flags: Vec::new(),
            total,
            next: next.encode(),
            more: !portion.is_last,
        }
    }
}

fn newest_first(mut messages: Vec<RemoteMessage>) -> Vec<RemoteMessage> {
    messages.sort_by_key(|message| std::cmp::Reverse(message.envelope.date));
    messages
}
