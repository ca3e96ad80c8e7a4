//! Tells what changed in a folder: one chain of delta links, newest page first (protocol facts §8.3).
//!
//! The cursor is the whole link. The next page is asked for before the engine wants it, and what waiting has found
//! is handed over instead of being asked for again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::item::{EXPAND, Item, SELECT, count, id_of, text};
use super::news::News;
use super::wire::{About, Call, Reply, Wire, protocol, with_query};
use super::{Graph, item};
use crate::backend::BackendError;
use crate::model::{ChangeSet, Cursor, RemoteMessage};

const DOING: &str = "list messages";
/// The first byte of a cursor.
const VERSION: u8 = 1;
/// Messages of the first screen.
const FIRST: u32 = 60;
/// Messages of every other page (protocol facts §8.3: 256 is the most that is heard of).
const PAGE: u32 = 250;
/// Empty pages that are read in one call.
const MOST_EMPTY: usize = 20;
/// Messages of a page, whatever the server was asked for.
const MOST_ITEMS: usize = 4_000;
/// How often the newest messages are looked at while old ones are being listed.
const PEEK: Duration = Duration::from_secs(30);
/// Messages that such a look brings.
const PEEKED: &str = "25";

/// Where a folder stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Place {
    /// Whose chain it is.
    folder: String,
    /// The next link or delta link, as the server wrote it.
    link: String,
    /// Messages in the folder.
    total: u32,
    /// Whether extended properties were asked for.
    has_verbs: bool,
    /// Whether the chain has come to its end once: `link` brings news only.
    is_whole: bool,
}

impl Place {
    fn encode(&self) -> Cursor {
        let mut bytes = vec![VERSION];
        // Texts and numbers cannot fail to be written.
        bytes.extend(serde_json::to_vec(self).unwrap_or_default());
        Cursor(bytes)
    }

    fn decode(cursor: &Cursor) -> Option<Self> {
        match cursor.0.split_first() {
            Some((&VERSION, rest)) => serde_json::from_slice(rest).ok(),
            _ => None,
        }
    }
}

/// What one request has brought.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Page {
    items: Vec<Item>,
    /// The link of the next page, or that of the news after the last.
    link: String,
    is_last: bool,
}

impl Page {
    fn read(body: &Value, has_verbs: bool) -> Result<Self, BackendError> {
        let values = body.get("value").and_then(Value::as_array);
        if values.is_some_and(|values| values.len() > MOST_ITEMS) {
            return Err(protocol(DOING, "a page far larger than was asked for"));
        }
        let items = values
            .into_iter()
            .flatten()
            .filter_map(|value| Item::read(value, has_verbs));
        let (next, delta) = (
            text(body, "@odata.nextLink"),
            text(body, "@odata.deltaLink"),
        );
        let (link, is_last) = match (next, delta) {
            ("", "") => return Err(protocol(DOING, "a page without a link")),
            ("", delta) => (delta, true),
            (next, _) => (next, false),
        };
        Ok(Self {
            items: items.collect(),
            link: link.to_owned(),
            is_last,
        })
    }

    /// Tells whether nothing has changed.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_last && self.items.is_empty()
    }
}

/// A page asked for before anybody wants it.
#[derive(Debug)]
struct Ahead {
    link: String,
    task: AbortOnDropHandle<Result<Page, BackendError>>,
    landed: Option<Result<Page, BackendError>>,
}

/// The end of a folder's chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct End {
    /// The link that the engine has in its cursor.
    handed: String,
    /// The link that is good by now: looks that found nothing bring new ones.
    latest: String,
    has_verbs: bool,
}

/// What the synchronisation knows beyond its cursors; all of it may be lost without harm.
#[derive(Debug)]
pub(super) struct Sync {
    ahead: Option<Ahead>,
    ends: BTreeMap<String, End>,
    /// Folders whose chain has not come to its end.
    unfinished: BTreeSet<String>,
    /// The folder whose changes were read last.
    last: String,
    /// What waiting found: the link it asked, and the page.
    found: Option<(String, Page)>,
    /// Whether the server gives extended properties with changes, and sorts them.
    expands: bool,
    sorts: bool,
    peeked: Instant,
    /// How long to wait before asking for news.
    pub(super) interval: Duration,
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
            interval: super::wait::SHORTEST,
        }
    }
}

impl Sync {
    /// Takes in the page on its way. May be dropped and called again.
    pub(super) async fn land(&mut self) {
        let Some(ahead) = self.ahead.as_mut().filter(|ahead| ahead.landed.is_none()) else {
            return;
        };
        let lost = || Err(protocol(DOING, "a page was lost"));
        let landed = (&mut ahead.task).await;
        ahead.landed = Some(landed.unwrap_or_else(|_| lost()));
    }

    /// Returns the end of a folder's chain, if the engine has it as its cursor.
    pub(super) fn end_of(&self, folder: &str) -> Option<&End> {
        self.ends.get(folder)
    }

    /// Tells whether a folder's chain was begun here and has not come to its end.
    pub(super) fn is_unfinished(&self, folder: &str) -> bool {
        self.unfinished.contains(folder)
    }

    /// Tells whether the changes of this folder were the last to be read.
    pub(super) fn is_last(&self, folder: &str) -> bool {
        self.last == folder
    }

    /// Notes what a look at the end of a chain has found.
    pub(super) fn note_look(&mut self, folder: &str, page: Page) {
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
    pub(super) fn note_activity(&mut self) {
        self.interval = super::wait::SHORTEST;
    }
}

/// Asks for one page.
async fn read_page(
    wire: &Wire,
    folder: &str,
    link: &str,
    has_verbs: bool,
) -> Result<Page, BackendError> {
    let path = wire.base().follow(link).ok_or(BackendError::CursorLost)?;
    let reply = wire.call(DOING, &Call::get(path).paged(PAGE)).await?;
    let body = reply.demand(DOING, About::Item(folder))?;
    Page::read(&body, has_verbs)
}

impl Graph {
    /// Reads what changed in a folder since a cursor.
    pub(super) async fn read_changes(
        &mut self,
        folder: &str,
        since: Option<&Cursor>,
    ) -> Result<ChangeSet, BackendError> {
        let (mut place, mut page) = match since {
            None => self.first_page(folder).await?,
            Some(cursor) => {
                // Another folder's chain would go on telling of that one, wherever it lies by now.
                let place = Place::decode(cursor).filter(|place| place.folder == folder);
                let mut place = place.ok_or(BackendError::CursorLost)?;
                let page = self.next_page(folder, &mut place).await?;
                (place, page)
            }
        };
        let mut items = std::mem::take(&mut page.items);
        for _ in 0..MOST_EMPTY {
            if page.is_last || !items.is_empty() {
                break;
            }
            place.link.clone_from(&page.link);
            page = self.next_page(folder, &mut place).await?;
            items = std::mem::take(&mut page.items);
        }
        place.link.clone_from(&page.link);
        place.is_whole |= page.is_last;
        self.conclude(folder, place, page.is_last, items).await
    }

    /// Starts a chain: the newest page, and how many messages there are.
    async fn first_page(&mut self, folder: &str) -> Result<(Place, Page), BackendError> {
        self.sync.ahead = None;
        self.sync.ends.remove(folder);
        self.sync.peeked = Instant::now();
        let listing = self.listing.as_ref();
        let known = listing.and_then(|listing| listing.total(folder));
        let wire = Arc::clone(&self.wire);
        let total = async {
            match known {
                Some(total) => Ok(total),
                None => count_messages(&wire, folder).await,
            }
        };
        let (reply, total) = futures_util::future::join(self.ask_first(folder), total).await;
        let body = reply?.demand(DOING, About::Item(folder))?;
        let has_verbs = self.sync.expands;
        let page = Page::read(&body, has_verbs)?;
        let mut total = total?;
        // The list of folders is some seconds old; mail may have come since.
        let least = page.items.len() + usize::from(!page.is_last);
        if known.is_some() && (total as usize) < least {
            total = count_messages(&wire, folder).await?;
        }
        let place = Place {
            folder: folder.to_owned(),
            link: String::new(),
            total,
            has_verbs,
            is_whole: false,
        };
        Ok((place, page))
    }

    /// Asks for the first page; a server that cannot do all of it is asked for less.
    async fn ask_first(&mut self, folder: &str) -> Result<Reply, BackendError> {
        let path = self
            .wire
            .base()
            .path(&["mailFolders", folder, "messages", "delta"]);
        loop {
            let mut query = vec![("$select", SELECT)];
            if self.sync.expands {
                query.push(("$expand", EXPAND));
            }
            if self.sync.sorts {
                query.push(("$orderby", "receivedDateTime desc"));
            }
            let call = Call::get(with_query(&path, &query)).paged(FIRST);
            let reply = self.wire.call(DOING, &call).await?;
            let is_too_much = matches!(reply.status, 400 | 501);
            if !is_too_much || !(self.sync.expands || self.sync.sorts) {
                return Ok(reply);
            }
            tracing::info!(target: "pillarbox::graph", code = reply.code(), "asking for less");
            if self.sync.expands {
                self.sync.expands = false;
            } else {
                self.sync.sorts = false;
            }
        }
    }

    /// Returns the page behind a place: found while waiting, read ahead, or asked for now.
    async fn next_page(&mut self, folder: &str, place: &mut Place) -> Result<Page, BackendError> {
        if let Some(end) = self.sync.ends.get(folder)
            && end.handed == place.link
        {
            place.link.clone_from(&end.latest);
        }
        if let Some((_, page)) = self.sync.found.take_if(|(link, _)| *link == place.link) {
            return Ok(page);
        }
        if self
            .sync
            .ahead
            .as_ref()
            .is_some_and(|ahead| ahead.link == place.link)
        {
            self.sync.land().await;
            if let Some(Ahead {
                landed: Some(page), ..
            }) = self.sync.ahead.take()
            {
                return page;
            }
        }
        read_page(&self.wire, folder, &place.link, place.has_verbs).await
    }

    /// Makes a change set, and asks ahead.
    async fn conclude(
        &mut self,
        folder: &str,
        mut place: Place,
        is_last: bool,
        items: Vec<Item>,
    ) -> Result<ChangeSet, BackendError> {
        let has_news = !items.is_empty();
        let mut news = News::default();
        news.take(items);
        self.complete(&mut news, place.has_verbs).await?;
        folder.clone_into(&mut self.sync.last);
        if is_last {
            self.sync.unfinished.remove(folder);
            if has_news {
                place.total = count_messages(&self.wire, folder).await?;
                self.sync.note_activity();
            }
            let end = End {
                handed: place.link.clone(),
                latest: place.link.clone(),
                has_verbs: place.has_verbs,
            };
            self.sync.ends.insert(folder.to_owned(), end);
        } else {
            self.sync.unfinished.insert(folder.to_owned());
            self.ask_ahead(folder, &place);
            if !place.is_whole && self.sync.peeked.elapsed() > PEEK {
                self.peek(folder, &mut news).await?;
            }
        }
        Ok(news.into_changes(place.total, place.encode(), !is_last))
    }

    /// Asks for the page that the next call will want.
    fn ask_ahead(&mut self, folder: &str, place: &Place) {
        let (wire, folder) = (Arc::clone(&self.wire), folder.to_owned());
        let (link, has_verbs) = (place.link.clone(), place.has_verbs);
        let asked = link.clone();
        let task = tokio::spawn(async move { read_page(&wire, &folder, &asked, has_verbs).await });
        self.sync.ahead = Some(Ahead {
            link,
            task: AbortOnDropHandle::new(task),
            landed: None,
        });
    }

    /// Looks at the newest messages while a long chain is read, which tells of them only at its end.
    async fn peek(&mut self, folder: &str, news: &mut News) -> Result<(), BackendError> {
        self.sync.peeked = Instant::now();
        let path = self.wire.base().path(&["mailFolders", folder, "messages"]);
        let mut query = vec![
            ("$select", SELECT),
            ("$orderby", "receivedDateTime desc"),
            ("$top", PEEKED),
        ];
        if self.sync.expands {
            query.push(("$expand", EXPAND));
        }
        let reply = self
            .wire
            .call(DOING, &Call::get(with_query(&path, &query)))
            .await?;
        let body = reply.demand(DOING, About::Item(folder))?;
        let values = body.get("value").and_then(Value::as_array);
        let items = values
            .into_iter()
            .flatten()
            .filter_map(|v| Item::read(v, false));
        news.take(items.collect());
        Ok(())
    }

    /// Fetches the messages of which too little was told (protocol facts §8.3).
    async fn complete(&mut self, news: &mut News, has_verbs: bool) -> Result<(), BackendError> {
        let wanted = std::mem::take(&mut news.partial);
        let mut query = vec![("$select", SELECT)];
        if has_verbs {
            query.push(("$expand", EXPAND));
        }
        let calls = wanted.iter().map(|id| {
            let path = self.wire.base().path(&["messages", id.as_str()]);
            Call::get(with_query(&path, &query))
        });
        let calls: Vec<Call> = calls.collect();
        for (id, reply) in wanted.iter().zip(self.wire.batch(DOING, &calls).await?) {
            if reply.is_gone() {
                // The chain tells later where it went.
                continue;
            }
            let value = reply.demand(DOING, About::Item(id.as_str()))?;
            if id_of(&value).is_some() {
                let envelope = item::envelope(&value);
                let id = id.clone();
                news.add(RemoteMessage { id, envelope });
            }
        }
        Ok(())
    }

    /// Looks whether anything is new at the end of a chain, and keeps what there is.
    pub(super) async fn look(&mut self, folder: &str, end: &End) -> Result<bool, BackendError> {
        if self
            .sync
            .found
            .as_ref()
            .is_some_and(|(link, _)| *link == end.latest)
        {
            return Ok(true);
        }
        let page = read_page(&self.wire, folder, &end.latest, end.has_verbs).await?;
        let is_quiet = page.is_quiet();
        folder.clone_into(&mut self.sync.last);
        self.sync.note_look(folder, page);
        Ok(!is_quiet)
    }
}

/// Asks how many messages a folder holds.
async fn count_messages(wire: &Wire, folder: &str) -> Result<u32, BackendError> {
    let path = wire.base().path(&["mailFolders", folder]);
    let call = Call::get(with_query(&path, &[("$select", "id,totalItemCount")]));
    let reply = wire.call("count messages", &call).await?;
    let body = reply.demand("count messages", About::Item(folder))?;
    Ok(count(&body, "totalItemCount").unwrap_or(0))
}
