//! Where folders stand: what a cursor holds, and what is remembered between two calls.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::ahead::Ahead;
use super::page::Page;
use crate::model::Cursor;

/// The first byte of a cursor.
const VERSION: u8 = 1;

/// Where a folder stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    /// Whose chain it is.
    pub(super) folder: String,
    /// The next link or delta link, as the server wrote it.
    pub(super) link: String,
    /// Messages in the folder.
    pub(super) total: u32,
    /// Whether extended properties were asked for.
    pub(super) has_verbs: bool,
    /// Whether the chain has come to its end once: `link` brings news only.
    pub(super) is_whole: bool,
}

impl Place {
    pub(super) fn encode(&self) -> Cursor {
        let mut bytes = vec![VERSION];
        // Texts and numbers cannot fail to be written.
        bytes.extend(serde_json::to_vec(self).unwrap_or_default());
        Cursor(bytes)
    }

    pub(super) fn decode(cursor: &Cursor) -> Option<Self> {
        match cursor.0.split_first() {
            Some((&VERSION, rest)) => serde_json::from_slice(rest).ok(),
            _ => None,
        }
    }
}

/// The end of a folder's chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::backend::graph) struct End {
    /// The link that the engine has in its cursor.
    pub(super) handed: String,
    /// The link that is good by now: looks that found nothing bring new ones.
    pub(super) latest: String,
    pub(super) has_verbs: bool,
}

/// What the synchronisation knows beyond its cursors; all of it may be lost without harm.
#[derive(Debug)]
pub(in crate::backend::graph) struct Sync {
    pub(super) ahead: Option<Ahead>,
    pub(super) ends: BTreeMap<String, End>,
    /// Folders whose chain has not come to its end.
    pub(super) unfinished: BTreeSet<String>,
    /// The folder whose changes were read last.
    pub(super) last: String,
    /// What waiting found: the link it asked, and the page.
    pub(super) found: Option<(String, Page)>,
    /// Whether the server gives extended properties with changes, and sorts them.
    pub(super) expands: bool,
    pub(super) sorts: bool,
    pub(super) peeked: Instant,
    /// How long to wait before asking for news.
    pub(in crate::backend::graph) interval: Duration,
}

impl Default for Sync {
    fn default() -> Self {
        Self {
            ahead: None,
            ends: BTreeMap::new(),
            unfinished: BTreeSet::new(),
            last: String::new(),
            found: None,
            expands: true,
            sorts: true,
            peeked: Instant::now(),
            interval: crate::backend::graph::wait::SHORTEST,
        }
    }
}

impl Sync {
    /// Takes in the page on its way. May be dropped and called again.
    pub(in crate::backend::graph) async fn land(&mut self) {
        if let Some(ahead) = self.ahead.as_mut() {
            ahead.land().await;
        }
    }

    /// Returns the end of a folder's chain, if the engine has it as its cursor.
    pub(in crate::backend::graph) fn end_of(&self, folder: &str) -> Option<&End> {
        self.ends.get(folder)
    }

    /// Tells whether a folder's chain was begun here and has not come to its end.
    pub(in crate::backend::graph) fn is_unfinished(&self, folder: &str) -> bool {
        self.unfinished.contains(folder)
    }

    /// Tells whether the changes of this folder were the last to be read.
    pub(in crate::backend::graph) fn is_last(&self, folder: &str) -> bool {
        self.last == folder
    }

    /// Notes what a look at the end of a chain has found.
    pub(in crate::backend::graph) fn note_look(&mut self, folder: &str, page: Page) {
        let Some(end) = self.ends.get_mut(folder) else {
            return;
        };
        if page.is_quiet() {
            end.latest = page.link;
        } else {
            self.found = Some((end.latest.clone(), page));
        }
    }

    /// Notes that something happened here, so that more may follow.
    pub(in crate::backend::graph) fn note_activity(&mut self) {
        self.interval = crate::backend::graph::wait::SHORTEST;
    }
}
