//! Asks what is in a folder and what changed there: ids and states only, rows are asked for by them.

use std::collections::{HashMap, HashSet};

use super::DOING;
use crate::backend::BackendError;
use crate::backend::ews::folders::get_folder;
use crate::backend::ews::link::{Link, protocol};
use crate::backend::ews::soap::{Node, Version, Xml};

/// Messages of the first screen.
const PAGE: &str = "60";
/// Changes of one answer; a server refuses to give more.
const PORTION: &str = "512";
/// Changes that are read of one answer, whatever was asked for.
const MOST_CHANGES: usize = 4_096;

/// Asks for the ids of the newest page, and how many messages there are.
pub(super) async fn newest(link: &Link, folder: &str) -> Result<(u32, Vec<String>), BackendError> {
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
pub(in crate::backend::ews) fn by_date(xml: &mut Xml) {
    xml.inside("m:SortOrder", &[], |xml| {
        xml.inside("t:FieldOrder", &[("Order", "Descending")], |xml| {
            xml.empty("t:FieldURI", &[("FieldURI", "item:DateTimeReceived")]);
        });
    });
}

/// Returns the id of an item.
pub(in crate::backend::ews) fn item_id(item: &Node) -> Option<&str> {
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

/// One answer of the chain: which messages changed, and the state after them.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) wanted: Vec<String>,
    pub(super) gone: Vec<String>,
    pub(super) state: String,
    pub(super) is_last: bool,
    /// Whether the number of messages may have changed and is not told by what follows.
    pub(super) counts: bool,
}

/// Asks for the next changes after a state; an empty one is the beginning.
pub(super) async fn changes(
    link: &Link,
    folder: &str,
    state: &str,
) -> Result<Changes, BackendError> {
    let write = |xml: &mut Xml, _: Version| sync_folder_items(xml, folder, state, PORTION);
    let reply = link.one(DOING, &write).await?;
    let (wanted, gone) = sort(&reply.node);
    let next = reply
        .node
        .child("SyncState")
        .map_or("", Node::raw_text)
        .trim();
    if next.is_empty() {
        return Err(protocol(DOING, "changes without a state"));
    }
    if wanted.len() + gone.len() > MOST_CHANGES {
        return Err(protocol(DOING, "far more changes than were asked for"));
    }
    let is_last = reply
        .node
        .truth_of("IncludesLastItemInRange")
        .unwrap_or(true);
    if !is_last && next == state {
        return Err(protocol(DOING, "a chain of changes that goes round"));
    }
    let is_empty = wanted.is_empty() && gone.is_empty();
    Ok(Changes {
        counts: is_last && (state.is_empty() || !is_empty),
        state: next.to_owned(),
        wanted,
        gone,
        is_last,
    })
}

/// Returns messages to ask for and messages that are gone; the last word on a message counts.
fn sort(message: &Node) -> (Vec<String>, Vec<String>) {
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
    let is_gone = |id: &&str| last.get(id) == Some(&true);
    let (gone, wanted): (Vec<&str>, Vec<&str>) = order.into_iter().partition(is_gone);
    let owned = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect();
    (owned(wanted), owned(gone))
}

/// Asks how many messages are in a folder.
pub(super) async fn total(link: &Link, folder: &str) -> Result<u32, BackendError> {
    let folder = get_folder(link, folder, &["folder:TotalCount"]).await?;
    Ok(folder.text_of("TotalCount").parse().unwrap_or(0))
}

/// Tells whether a folder has changes since the end of its chain; nothing where that is not known.
pub(in crate::backend::ews) async fn has_news(
    link: &Link,
    folder: &str,
    end: Option<&String>,
) -> Result<bool, BackendError> {
    let Some(end) = end else {
        return Ok(true);
    };
    let write = |xml: &mut Xml, _: Version| sync_folder_items(xml, folder, end, "1");
    match link.one("wait for news", &write).await {
        Ok(reply) => {
            let (wanted, gone) = sort(&reply.node);
            Ok(!wanted.is_empty() || !gone.is_empty())
        }
        // The next reading of changes says so.
        Err(BackendError::CursorLost) => Ok(true),
        Err(error) => Err(error),
    }
}
