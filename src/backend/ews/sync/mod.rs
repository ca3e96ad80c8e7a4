//! Tells what changed in a folder: the newest page at once, then Exchange's own chain of changes.
//!
//! A folder never seen before begins with `FindItem`, since the chain may take hundreds of requests to its end. The chain
//! begins from nothing then, since no state of it stands for a page of `FindItem`; what it only repeats is left out.

mod place;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use self::place::{Phase, Place};
use super::folders::get_folder;
use super::link::{Link, protocol};
use super::soap::{Node, Version, Xml};
use super::{Ews, item};
use crate::backend::BackendError;
use crate::model::{ChangeSet, Cursor, Envelope, RemoteId, RemoteMessage};

const DOING: &str = "list messages";
/// Messages of the first screen.
const PAGE: &str = "60";
/// Changes of one answer; more is refused.
const PORTION: &str = "512";
/// How often a folder whose chain is still long is looked at for new messages.
const LOOK: Duration = Duration::from_secs(20);
/// Messages whose size is remembered for when they are read.
const MOST_SIZES: usize = 20_000;

/// What the synchronisation knows beyond its cursors; all of it may be lost without harm.
#[derive(Debug, Default)]
pub(super) struct Sync {
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

/// A portion that was asked for before anybody wanted it.
#[derive(Debug)]
struct Ahead {
    folder: String,
    state: String,
    portion: AbortOnDropHandle<Result<Portion, BackendError>>,
}

/// The newest page of a folder whose chain is under way.
#[derive(Debug)]
struct Look {
    folder: String,
    at: Instant,
    ids: HashSet<String>,
    /// What was told of messages that the chain has still to list.
    told: HashMap<RemoteId, Envelope>,
}

impl Look {
    fn begin(folder: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            at: Instant::now(),
            ids: HashSet::new(),
            told: HashMap::new(),
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

/// One answer of the chain.
#[derive(Debug)]
struct Portion {
    upserts: Vec<RemoteMessage>,
    removals: Vec<RemoteId>,
    state: String,
    is_last: bool,
    /// Messages in the folder, where it was asked for.
    total: Option<u32>,
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
        let mut fresh = Vec::new();
        if place.phase == Phase::Listing {
            fresh = self.look_again(folder).await?;
        }
        let portion = self.next_portion(folder, &place.state).await?;
        if !portion.is_last && portion.state == place.state {
            return Err(protocol(DOING, "a chain of changes that goes round"));
        }
        Ok(self.conclude_portion(folder, &place, portion, fresh))
    }

    /// Reads the newest page of a folder never seen before.
    async fn first_contact(&mut self, folder: &str) -> Result<ChangeSet, BackendError> {
        let (total, ids) = newest(&self.link, folder).await?;
        let upserts = item::rows(&self.link, &ids).await?;
        // Only now: the first screen waits for nothing else.
        self.ask_ahead(folder, "");
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
    async fn look_again(&mut self, folder: &str) -> Result<Vec<RemoteMessage>, BackendError> {
        let known = self.sync.look.take().filter(|look| look.folder == folder);
        let Some(mut look) = known else {
            // After a restart the chain itself tells; begin to look from here on.
            self.sync.look = Some(Look::begin(folder));
            return Ok(Vec::new());
        };
        if look.at.elapsed() < LOOK {
            self.sync.look = Some(look);
            return Ok(Vec::new());
        }
        let (_, mut ids) = newest(&self.link, folder).await?;
        ids.retain(|id| look.ids.insert(id.clone()));
        let fresh = item::rows(&self.link, &ids).await?;
        look.note_told(&fresh);
        look.at = Instant::now();
        self.sync.look = Some(look);
        Ok(fresh)
    }

    async fn next_portion(&mut self, folder: &str, state: &str) -> Result<Portion, BackendError> {
        let ahead = self.sync.ahead.take();
        let right = ahead.filter(|ahead| ahead.folder == folder && ahead.state == state);
        if let Some(ahead) = right
            && let Ok(portion) = ahead.portion.await
        {
            return portion;
        }
        read_portion(&self.link, folder, state).await
    }

    /// Asks for a portion while what came before is stored.
    fn ask_ahead(&mut self, folder: &str, state: &str) {
        let link = Arc::clone(&self.link);
        let (folder, state) = (folder.to_owned(), state.to_owned());
        let asked = (folder.clone(), state.clone());
        let task = tokio::spawn(async move { read_portion(&link, &asked.0, &asked.1).await });
        self.sync.ahead = Some(Ahead {
            folder,
            state,
            portion: AbortOnDropHandle::new(task),
        });
    }

    fn conclude_portion(
        &mut self,
        folder: &str,
        place: &Place,
        portion: Portion,
        fresh: Vec<RemoteMessage>,
    ) -> ChangeSet {
        let mut upserts = newest_first(portion.upserts);
        let look = self.sync.look.as_mut();
        if let Some(look) = look.filter(|look| look.folder == folder) {
            look.drop_repeated(&mut upserts);
        }
        let known: HashSet<&RemoteId> = upserts.iter().map(|message| &message.id).collect();
        let mut first = newest_first(fresh);
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
        } else {
            self.ask_ahead(folder, &next.state);
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

/// Asks for the ids of the newest page, and how many messages there are.
async fn newest(link: &Link, folder: &str) -> Result<(u32, Vec<String>), BackendError> {
    let write = |xml: &mut Xml, _: Version| {
        xml.inside("m:FindItem", &[("Traversal", "Shallow")], |xml| {
            xml.inside("m:ItemShape", &[], |xml| xml.text("t:BaseShape", "IdOnly"));
            xml.empty(
                "m:IndexedPageItemView",
                &[
                    ("MaxEntriesReturned", PAGE),
                    ("Offset", "0"),
                    ("BasePoint", "Beginning"),
                ],
            );
            by_date(xml);
            xml.inside("m:ParentFolderIds", &[], |xml| {
                xml.empty("t:FolderId", &[("Id", folder)]);
            });
        });
    };
    let reply = link.one(DOING, &write).await?;
    let root = reply.node.child("RootFolder");
    let total = root.and_then(|root| root.attribute("TotalItemsInView"));
    let total = total.and_then(|total| total.parse().ok()).unwrap_or(0);
    let items = root.and_then(|root| root.child("Items"));
    let ids = items.map_or(&[][..], Node::children).iter();
    // A page may name a message twice when it moves while the page is made.
    let mut seen = HashSet::new();
    let ids = ids.filter_map(item_id).filter(|id| seen.insert(*id));
    Ok((total, ids.map(str::to_owned).collect()))
}

/// Writes the order of lists.
pub(super) fn by_date(xml: &mut Xml) {
    xml.inside("m:SortOrder", &[], |xml| {
        xml.inside("t:FieldOrder", &[("Order", "Descending")], |xml| {
            xml.empty("t:FieldURI", &[("FieldURI", "item:DateTimeReceived")]);
        });
    });
}

/// Returns the id of an item.
pub(super) fn item_id(item: &Node) -> Option<&str> {
    item.child("ItemId")?.attribute("Id")
}

fn sync_folder_items(xml: &mut Xml, folder: &str, state: &str, most: &str) {
    xml.inside("m:SyncFolderItems", &[], |xml| {
        xml.inside("m:ItemShape", &[], |xml| xml.text("t:BaseShape", "IdOnly"));
        xml.inside("m:SyncFolderId", &[], |xml| {
            xml.empty("t:FolderId", &[("Id", folder)]);
        });
        if !state.is_empty() {
            xml.text("m:SyncState", state);
        }
        xml.text("m:MaxChangesReturned", most);
    });
}

/// Asks for the next changes, then for the rows of what is new or other.
async fn read_portion(link: &Link, folder: &str, state: &str) -> Result<Portion, BackendError> {
    let write = |xml: &mut Xml, _: Version| sync_folder_items(xml, folder, state, PORTION);
    let reply = link.one(DOING, &write).await?;
    let changed = Changed::read(&reply.node);
    let next = reply
        .node
        .child("SyncState")
        .map_or("", Node::raw_text)
        .trim();
    if next.is_empty() {
        return Err(protocol(DOING, "changes without a state"));
    }
    let is_last = reply
        .node
        .truth_of("IncludesLastItemInRange")
        .unwrap_or(true);
    let counts = is_last && (state.is_empty() || !changed.is_empty());
    let (upserts, total) = tokio::join!(item::rows(link, &changed.wanted), async {
        if counts {
            total(link, folder).await.map(Some)
        } else {
            Ok(None)
        }
    });
    Ok(Portion {
        upserts: upserts?,
        removals: changed.gone.iter().map(RemoteId::new).collect(),
        state: next.to_owned(),
        is_last,
        total: total?,
    })
}

async fn total(link: &Link, folder: &str) -> Result<u32, BackendError> {
    let folder = get_folder(link, folder, &["folder:TotalCount"]).await?;
    Ok(folder.text_of("TotalCount").parse().unwrap_or(0))
}

/// The ids of a portion.
#[derive(Debug, Default)]
struct Changed {
    wanted: Vec<String>,
    gone: Vec<String>,
}

impl Changed {
    fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.gone.is_empty()
    }

    /// Reads the changes; the last word on a message counts.
    fn read(message: &Node) -> Self {
        let mut last: HashMap<&str, bool> = HashMap::new();
        let mut order = Vec::new();
        let changes = message.child("Changes").map_or(&[][..], Node::children);
        for change in changes {
            // ReadFlagChange and Delete name the message themselves, Create and Update hold it.
            let held = change.children().iter().find_map(item_id);
            let Some(id) = item_id(change).or(held) else {
                continue;
            };
            if last.insert(id, change.name() == "Delete").is_none() {
                order.push(id);
            }
        }
        let mut read = Self::default();
        for id in order {
            match last.get(id) {
                Some(true) => read.gone.push(id.to_owned()),
                _ => read.wanted.push(id.to_owned()),
            }
        }
        read
    }
}

/// Tells whether a folder has changes since the end of its chain; nothing where that is not known.
pub(super) async fn has_news(
    link: &Link,
    folder: &str,
    end: Option<&String>,
) -> Result<bool, BackendError> {
    let Some(end) = end else {
        return Ok(true);
    };
    let write = |xml: &mut Xml, _: Version| sync_folder_items(xml, folder, end, "1");
    match link.one("wait for news", &write).await {
        Ok(reply) => Ok(!Changed::read(&reply.node).is_empty()),
        // The next reading of changes says so.
        Err(BackendError::CursorLost) => Ok(true),
        Err(error) => Err(error),
    }
}
