//! What a mailbox's worker does next, as a pure decision over what it knows.
//!
//! Order: a body somebody waits for, queued changes, the folder list, inbox, the folder on screen, other folders,
//! back-fill in the same order, bodies fetched ahead.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::{Folder, FolderId, Role, Watched};

/// How often folders that are neither inbox nor on screen are looked at.
const POLL_FAR: Duration = Duration::from_secs(300);
/// How often inbox and the folder on screen are looked at while the server does not tell by itself.
const POLL_NEAR: Duration = Duration::from_secs(60);
/// How often the folder the server tells about is looked at all the same.
const POLL_PUSHED: Duration = Duration::from_secs(600);
/// How often the folder list is read.
const POLL_LIST: Duration = Duration::from_secs(900);
/// The longest wait, so that a machine that slept notices.
const LONGEST_WAIT: Duration = Duration::from_secs(540);

/// One step of work.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Job {
    /// Fetch a body somebody waits for.
    Body,
    /// Make a queued change on the server.
    Replay,
    /// Read the folder list.
    List,
    /// One synchronisation step of a folder.
    Sync(FolderId),
    /// Fetch some bodies of a folder ahead.
    Prefetch(FolderId),
}

/// Whether a step looks for news or goes on with the past.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// News.
    News,
    /// News of a folder whose older messages are not all listed yet; some of those may come along.
    Both,
    /// Older messages not listed so far.
    Backfill,
}

/// What presses besides the plan.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pressing {
    /// Whether somebody waits for a body.
    pub has_body: bool,
    /// Whether changes are queued.
    pub has_pending: bool,
}

/// A folder in the plan.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts independent of each other; all combinations occur"
)]
struct Item {
    folder: Folder,
    is_dirty: bool,
    has_more: bool,
    wants_bodies: bool,
    /// Whether a person stopped it: only news are fetched, and only where somebody looks.
    is_held: bool,
    synced: Option<Instant>,
    rests_until: Option<Instant>,
}

/// What is known of a mailbox's folders and when they were looked at. Outlives connections.
#[derive(Debug, Default)]
pub struct Plan {
    items: BTreeMap<FolderId, Item>,
    listed: Option<Instant>,
    looked: Option<FolderId>,
    /// Whether everything was stopped before any folder was known.
    is_held: bool,
}

impl Plan {
    /// Takes over the folder list; new folders are to be synchronised.
    pub fn set_folders(&mut self, folders: Vec<Folder>, now: Instant) {
        let mut old = std::mem::take(&mut self.items);
        let is_held = self.is_held && old.is_empty();
        for folder in folders.into_iter().filter(|folder| folder.selectable) {
            let id = folder.id;
            let item = match old.remove(&id) {
                Some(item) => Item { folder, ..item },
                None => Item {
                    folder,
                    is_dirty: !is_held,
                    has_more: false,
                    wants_bodies: false,
                    is_held,
                    synced: None,
                    rests_until: None,
                },
            };
            self.items.insert(id, item);
        }
        self.is_held = false;
        self.listed = Some(now);
    }

    /// Asks for the folder list to be read again.
    pub fn list_again(&mut self) {
        self.listed = None;
    }

    /// Asks for everything to be looked at, the folder list included, and ends all rests.
    pub fn look_at_all(&mut self) {
        self.listed = None;
        for item in self.items.values_mut() {
            item.is_dirty = true;
            item.rests_until = None;
        }
    }

    /// Stops what is under way: what is not listed stays so, and no body is fetched ahead. News of the inbox and of the
    /// folder on screen still come.
    pub fn hold(&mut self) {
        self.is_held = self.items.is_empty();
        for item in self.items.values_mut() {
            item.is_held |= item.has_more || item.synced.is_none();
            item.is_dirty = false;
            item.wants_bodies = false;
        }
    }

    /// Takes up again what was stopped.
    pub fn release(&mut self) {
        self.is_held = false;
        for item in self.items.values_mut() {
            item.is_held = false;
        }
    }

    /// Tells whether something was stopped.
    pub fn is_held(&self) -> bool {
        self.is_held || self.items.values().any(|item| item.is_held)
    }

    /// Says that a connection is new: what is near may have changed unseen.
    pub fn connected(&mut self) {
        let near: Vec<_> = self.near().collect();
        for folder in near {
            self.mark_dirty(folder);
        }
    }

    /// Asks for one folder to be looked at.
    pub fn mark_dirty(&mut self, folder: FolderId) {
        if let Some(item) = self.items.get_mut(&folder) {
            item.is_dirty = true;
        }
    }

    /// Says which folder is on screen.
    pub fn look(&mut self, folder: Option<FolderId>) {
        if self.looked == folder {
            return;
        }
        self.looked = folder;
        let item = folder.and_then(|folder| self.items.get_mut(&folder));
        if let Some(item) = item {
            item.is_dirty = true;
            item.wants_bodies = true;
            item.rests_until = None;
        }
    }

    /// Says how a step went: whether older messages are to come, and whether new ones came.
    pub fn stepped(&mut self, folder: FolderId, has_more: bool, has_news: bool, now: Instant) {
        let is_near = self.near().any(|near| near == folder);
        if let Some(item) = self.items.get_mut(&folder) {
            item.is_dirty = false;
            item.has_more = has_more;
            let is_first = item.synced.is_none();
            item.wants_bodies |= is_near && (has_news || is_first) && !(item.is_held && is_first);
            item.is_held &= has_more;
            item.synced = Some(now);
        }
    }

    /// Says that no more bodies of a folder need to be fetched ahead.
    pub fn has_bodies(&mut self, folder: FolderId) {
        if let Some(item) = self.items.get_mut(&folder) {
            item.wants_bodies = false;
        }
    }

    /// Leaves a folder alone for a while.
    pub fn rest(&mut self, folder: FolderId, until: Instant) {
        if let Some(item) = self.items.get_mut(&folder) {
            item.rests_until = Some(until);
            item.wants_bodies = false;
        }
    }

    /// Returns a folder and what a step of it is about.
    pub fn folder(&self, folder: FolderId) -> Option<(&Folder, Phase)> {
        let item = self.items.get(&folder)?;
        let phase = match (item.is_dirty, item.has_more) {
            (false, true) => Phase::Backfill,
            (true, true) => Phase::Both,
            (_, false) => Phase::News,
        };
        Some((&item.folder, phase))
    }

    /// Finds a folder by the server's id.
    pub fn by_remote(&self, remote: &str) -> Option<FolderId> {
        self.items
            .values()
            .find(|item| item.folder.remote.as_str() == remote)
            .map(|item| item.folder.id)
    }

    /// Returns the most urgent job.
    pub fn next(&self, pressing: Pressing, now: Instant) -> Option<Job> {
        if self.items.is_empty() && self.listed.is_none() {
            return Some(Job::List);
        }
        if pressing.has_body {
            return Some(Job::Body);
        }
        if pressing.has_pending {
            return Some(Job::Replay);
        }
        if self.listed.is_none_or(|at| now >= at + POLL_LIST) {
            return Some(Job::List);
        }
        self.first(now, |item| item.is_dirty)
            .or_else(|| self.first(now, |item| item.has_more && !item.is_held))
            .map(Job::Sync)
            .or_else(|| self.first(now, |item| item.wants_bodies).map(Job::Prefetch))
    }

    /// Returns the folder to listen on: the one on screen, else the inbox.
    pub fn watched(&self) -> Option<Watched> {
        let looked = self.looked.and_then(|looked| self.items.get(&looked));
        let item = looked.or_else(|| self.items.get(&self.inbox()?))?;
        Some(Watched {
            folder: item.folder.id,
            remote: item.folder.remote.clone(),
        })
    }

    /// Marks what has not been looked at for too long, and returns how long to wait until more is due.
    pub fn poll(&mut self, pushed: Option<FolderId>, now: Instant) -> Duration {
        let near: Vec<_> = self.near().collect();
        let mut wait = LONGEST_WAIT;
        for (id, item) in &mut self.items {
            if item.is_held && !near.contains(id) {
                continue;
            }
            let every = match () {
                () if pushed == Some(*id) => POLL_PUSHED,
                () if near.contains(id) => POLL_NEAR,
                () => POLL_FAR,
            };
            let at = item.synced.map_or(now, |synced| synced + every);
            let at = item.rests_until.map_or(at, |until| at.max(until));
            item.is_dirty |= at <= now;
            wait = wait.min(at.saturating_duration_since(now));
        }
        let list_at = self.listed.map_or(now, |listed| listed + POLL_LIST);
        wait.min(list_at.saturating_duration_since(now))
    }

    fn inbox(&self) -> Option<FolderId> {
        self.items
            .values()
            .find(|item| item.folder.role == Role::Inbox)
            .map(|item| item.folder.id)
    }

    /// Returns inbox and the folder on screen, in this order.
    fn near(&self) -> impl Iterator<Item = FolderId> {
        self.inbox().into_iter().chain(self.looked)
    }

    /// Returns the most important folder that `needs` something and does not rest.
    fn first(&self, now: Instant, needs: impl Fn(&Item) -> bool) -> Option<FolderId> {
        self.items
            .values()
            .filter(|item| needs(item) && item.rests_until.is_none_or(|until| now >= until))
            .min_by_key(|item| (self.rank(&item.folder), item.synced))
            .map(|item| item.folder.id)
    }

    fn rank(&self, folder: &Folder) -> u8 {
        match folder.role {
            Role::Inbox => 0,
            _ if self.looked == Some(folder.id) => 1,
            Role::Sent | Role::Drafts | Role::Archive => 2,
            Role::None => 3,
            Role::Trash | Role::Junk => 4,
        }
    }
}

#[cfg(test)]
mod tests;
