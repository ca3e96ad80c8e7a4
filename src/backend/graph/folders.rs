//! Lists folders: one flat list, and the well-known names in one batch beside it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tokio::time::Instant;

use super::Graph;
use super::item::{count, id_of, text};
use super::wire::{About, Call, Wire, protocol, with_query};
use crate::backend::BackendError;
use crate::model::{RemoteFolder, RemoteId, Role, sanitize_line};

const DOING: &str = "list folders";
const SELECT: &str = "id,displayName,parentFolderId,totalItemCount,isHidden";
/// Folders of a page.
const PAGE: u32 = 200;
/// More folders than this are not looked at.
const MOST_FOLDERS: usize = 5_000;
/// Pages that are read, empty ones included.
const MOST_PAGES: usize = 200;
/// A folder cannot lie deeper (Exchange's own limit is 300).
const DEEPEST: usize = 300;
const LONGEST_NAME: usize = 250;
/// How long a list made while connecting may be used, in seconds.
const FRESH: u64 = 10;

/// Well-known folders (protocol facts §8.1): what they are for, or `None` for those that hold no mail of a person.
const WELL_KNOWN: [(&str, Option<Role>); 15] = [
    ("inbox", Some(Role::Inbox)),
    ("drafts", Some(Role::Drafts)),
    ("sentitems", Some(Role::Sent)),
    ("deleteditems", Some(Role::Trash)),
    ("junkemail", Some(Role::Junk)),
    ("archive", Some(Role::Archive)),
    (ROOT, None),
    ("outbox", None),
    ("scheduled", None),
    ("searchfolders", None),
    ("syncissues", None),
    ("conflicts", None),
    ("localfailures", None),
    ("serverfailures", None),
    ("recoverableitemsdeletions", None),
];
/// The folder above all others.
pub(super) const ROOT: &str = "msgfolderroot";

/// A folder as the server lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Listed {
    name: String,
    parent: String,
    total: Option<u32>,
    is_shown: bool,
}

/// All folders by their ids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Listing {
    listed: BTreeMap<String, Listed>,
    /// Ids of well-known folders.
    known: BTreeMap<String, &'static str>,
    when: Instant,
    is_handed_out: bool,
}

impl Listing {
    /// Returns how many messages a folder held when it was listed.
    pub(super) fn total(&self, folder: &str) -> Option<u32> {
        let is_fresh = self.when.elapsed().as_secs() < FRESH;
        let folder = self.listed.get(folder).filter(|_| is_fresh)?;
        folder.total
    }

    /// Returns the id of a well-known folder.
    pub(super) fn well_known(&self, name: &str) -> Option<&str> {
        let mut known = self.known.iter();
        known
            .find(|(_, known)| **known == name)
            .map(|(id, _)| id.as_str())
    }

    /// Returns the id of a folder by its path.
    pub(super) fn find(&self, path: &str) -> Option<String> {
        let mut folders = self.folders().into_iter();
        let folder = folders.find(|folder| folder.path == path)?;
        Some(folder.id.as_str().to_owned())
    }

    /// Returns the path of a folder by its id.
    pub(super) fn path(&self, id: &str) -> Option<String> {
        Some(self.levels(id)?.join("/"))
    }

    /// Makes folders of what was listed; what hides or holds no mail is left out with all that lies below.
    fn folders(&self) -> Vec<RemoteFolder> {
        let mut folders: Vec<RemoteFolder> = self
            .listed
            .keys()
            .filter_map(|id| {
                Some(RemoteFolder {
                    id: RemoteId::new(id.as_str()),
                    path: self.levels(id)?.join("/"),
                    role: self.role(id),
                    selectable: true,
                })
            })
            .collect();
        folders.sort_by(|a, b| a.path.cmp(&b.path));
        folders
    }

    fn role(&self, id: &str) -> Role {
        let name = self.known.get(id);
        let mut known = WELL_KNOWN.iter();
        let found = name.and_then(|name| known.find(|(known, _)| known == name));
        found.and_then(|(_, role)| *role).unwrap_or_default()
    }

    fn is_excluded(&self, id: &str) -> bool {
        self.known.contains_key(id) && self.role(id) == Role::None
    }

    /// Returns the names from the top down; `None` for what is not shown.
    fn levels(&self, id: &str) -> Option<Vec<String>> {
        let mut levels = Vec::new();
        let mut seen = BTreeSet::new();
        let mut at = id;
        // A folder whose ancestors turn in a circle, or are missing, hangs where the chain ends.
        while let Some(folder) = self.listed.get(at)
            && self.known.get(at) != Some(&ROOT)
            && seen.insert(at)
            && seen.len() <= DEEPEST
        {
            if !folder.is_shown || self.is_excluded(at) {
                return None;
            }
            levels.push(match self.role(at) {
                // As IMAP has it, whatever the language of the mailbox.
                Role::Inbox => "Inbox".to_owned(),
                _ => folder.name.clone(),
            });
            at = &folder.parent;
        }
        levels.reverse();
        (!levels.is_empty()).then_some(levels)
    }
}

fn listed(value: &Value) -> Listed {
    let name = sanitize_line(text(value, "displayName")).replace('/', "∕");
    let name: String = name.trim().chars().take(LONGEST_NAME).collect();
    let is_search = text(value, "@odata.type").ends_with("mailSearchFolder");
    let is_hidden = value.get("isHidden").and_then(Value::as_bool) == Some(true);
    Listed {
        name: if name.is_empty() {
            "?".to_owned()
        } else {
            name
        },
        parent: text(value, "parentFolderId").to_owned(),
        total: count(value, "totalItemCount"),
        is_shown: !is_search && !is_hidden,
    }
}

/// What the pages have brought so far.
type Found = BTreeMap<String, Listed>;

/// Files the folders of one page; returns their ids.
fn file(found: &mut Found, page: &Value) -> Vec<String> {
    let mut ids = Vec::new();
    let values = page.get("value").and_then(Value::as_array);
    for value in values.into_iter().flatten() {
        let Some(id) = id_of(value) else { continue };
        let id = id.as_str().to_owned();
        if value.get("@removed").is_some() {
            found.remove(&id);
        } else if found.len() < MOST_FOLDERS || found.contains_key(&id) {
            found.insert(id.clone(), listed(value));
            ids.push(id);
        }
    }
    ids
}

/// Reads all pages from a request on; returns the ids they hold.
async fn pages(wire: &Wire, first: Call, found: &mut Found) -> Result<Vec<String>, BackendError> {
    let mut ids = Vec::new();
    let mut call = first;
    for _ in 0..MOST_PAGES {
        let page = wire.call(DOING, &call).await?;
        let page = page.demand(DOING, About::Mailbox)?;
        ids.extend(file(found, &page));
        let next = text(&page, "@odata.nextLink");
        if next.is_empty() || found.len() >= MOST_FOLDERS {
            return Ok(ids);
        }
        let next = wire.base().follow(next);
        let next = next.ok_or_else(|| protocol(DOING, "a link to another server"))?;
        call = Call::get(next).paged(PAGE);
    }
    Err(protocol(DOING, "pages without end"))
}

/// Lists all folders: flat where the server can, else level by level.
async fn all(wire: &Wire) -> Result<Found, BackendError> {
    let mut found = Found::new();
    let flat = wire.base().path(&["mailFolders", "delta"]);
    let flat = Call::get(with_query(&flat, &[("$select", SELECT)])).paged(PAGE);
    match pages(wire, flat, &mut found).await {
        Err(BackendError::Refused { code, .. }) if is_about_delta(&code) => {}
        Err(BackendError::Protocol { .. } | BackendError::CursorLost) => {}
        other => return other.map(|_| found),
    }
    found.clear();
    let query = [("$select", SELECT), ("$top", "100")];
    let top = wire.base().path(&["mailFolders"]);
    let top = Call::get(with_query(&top, &query));
    let mut level = pages(wire, top, &mut found).await?;
    let mut seen = BTreeSet::new();
    for _ in 0..DEEPEST {
        level.retain(|id| seen.insert(id.clone()));
        if level.is_empty() {
            break;
        }
        let calls = level.iter().map(|id| {
            let path = wire.base().path(&["mailFolders", id, "childFolders"]);
            Call::get(with_query(&path, &query))
        });
        let calls: Vec<Call> = calls.collect();
        let mut below = Vec::new();
        for reply in wire.batch(DOING, &calls).await? {
            if reply.is_gone() {
                continue;
            }
            let page = reply.demand(DOING, About::Mailbox)?;
            below.extend(file(&mut found, &page));
            if let Some(next) = wire.base().follow(text(&page, "@odata.nextLink")) {
                below.extend(pages(wire, Call::get(next), &mut found).await?);
            }
        }
        level = below;
    }
    Ok(found)
}

/// Tells whether a refusal may be about asking for changes of folders, not about the mailbox.
fn is_about_delta(code: &str) -> bool {
    ["400", "405", "501"]
        .iter()
        .any(|status| code.starts_with(status))
}

/// Finds the ids of well-known folders; those that a mailbox does not have are left out.
async fn well_known(wire: &Wire) -> Result<BTreeMap<String, &'static str>, BackendError> {
    let calls = WELL_KNOWN.iter().map(|(name, _)| {
        let path = wire.base().path(&["mailFolders", name]);
        Call::get(with_query(&path, &[("$select", "id")]))
    });
    let calls: Vec<Call> = calls.collect();
    let replies = wire.batch(DOING, &calls).await?;
    let mut known = BTreeMap::new();
    for ((name, role), reply) in WELL_KNOWN.iter().zip(replies) {
        // What a delegate may not see, and what a server does not know, is simply not there; the inbox must be.
        let is_optional = *name != "inbox" && matches!(reply.status, 400 | 403 | 404);
        if is_optional || reply.is_gone() {
            continue;
        }
        let body = reply.demand(DOING, About::Mailbox)?;
        if let Some(id) = id_of(&body) {
            let id = id.as_str().to_owned();
            let is_new = !known.contains_key(&id) || role.is_some();
            if is_new {
                known.insert(id, *name);
            }
        }
    }
    Ok(known)
}

impl Graph {
    /// Lists all mail folders.
    pub(super) async fn list_folders(&mut self) -> Result<Vec<RemoteFolder>, BackendError> {
        let is_usable = |listing: &&mut Listing| {
            !listing.is_handed_out && listing.when.elapsed().as_secs() < FRESH
        };
        if let Some(listing) = self.listing.as_mut().filter(is_usable) {
            listing.is_handed_out = true;
            return Ok(listing.folders());
        }
        let listing = self.list_anew().await?;
        listing.is_handed_out = true;
        Ok(listing.folders())
    }

    /// Asks the server for all folders.
    pub(super) async fn list_anew(&mut self) -> Result<&mut Listing, BackendError> {
        let (known, listed) =
            futures_util::future::join(well_known(&self.wire), all(&self.wire)).await;
        let (known, listed) = (known?, listed?);
        if listed.len() >= MOST_FOLDERS {
            tracing::warn!(target: "pillarbox::graph", limit = MOST_FOLDERS, "more folders than are looked at");
        }
        Ok(self.listing.insert(Listing {
            listed,
            known,
            when: Instant::now(),
            is_handed_out: false,
        }))
    }

    /// Returns the folders as listed last, or asks for them.
    pub(super) async fn listing(&mut self) -> Result<&Listing, BackendError> {
        if self.listing.is_none() {
            self.list_anew().await?;
        }
        let none = || protocol(DOING, "no list");
        self.listing.as_ref().ok_or_else(none)
    }
}
