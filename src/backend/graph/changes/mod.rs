//! Tells what changed in a folder: one chain of delta links, newest page first (protocol facts §8.3).
//!
//! The cursor is the whole link. The next page is asked for before the engine wants it, and what waiting has found
//! is handed over instead of being asked for again.

mod ahead;
mod page;
mod place;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use self::ahead::{Ahead, ask};
pub(super) use self::page::Page;
use self::page::messages;
use self::place::Place;
pub(super) use self::place::{End, Sync};
use super::Graph;
use super::item::{EXPAND, Item, Row, SELECT, count};
use super::news::News;
use super::wire::{About, Call, Reply, Wire, with_query};
use crate::backend::BackendError;
use crate::model::{ChangeSet, Cursor, RemoteMessage};

const DOING: &str = "list messages";
/// Messages of the first screen. Graph goes by what each request prefers, also behind a link (`delta-query-messages`), so
/// a small first page does not make the others small.
const FIRST: u32 = 60;
/// Messages of every other page (protocol facts §8.3: 256 is the most that is heard of).
const PAGE: u32 = 250;
/// Empty pages that are read in one call.
const MOST_EMPTY: usize = 20;
/// How often the newest messages are looked at while old ones are being listed.
const PEEK: Duration = Duration::from_secs(30);
/// Messages that such a look brings.
const PEEKED: &str = "25";

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
        let (body, total) = futures_util::future::join(self.ask_first(folder), total).await;
        let body = body?.map_err(|reply| reply.fault(DOING, About::Item(folder)))?;
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
    async fn ask_first(&mut self, folder: &str) -> Result<Result<Vec<u8>, Reply>, BackendError> {
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
            let reply = match self.wire.body(DOING, &call).await? {
                Ok(body) => return Ok(Ok(body)),
                Err(reply) => reply,
            };
            let is_too_much = matches!(reply.status, 400 | 501);
            if !is_too_much || !(self.sync.expands || self.sync.sorts) {
                return Ok(Err(reply));
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
        let ahead = self.sync.ahead.as_mut();
        if let Some(ahead) = ahead.filter(|ahead| ahead.is_at(&place.link)) {
            ahead.land().await;
            if let Some(page) = ahead.take() {
                return page;
            }
        }
        Page::read(
            &ask(&self.wire, folder, &place.link).await?,
            place.has_verbs,
        )
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

    /// Asks for the page that the next call will want, unless that is under way.
    fn ask_ahead(&mut self, folder: &str, place: &Place) {
        let is_under_way = |ahead: &Ahead| ahead.is_at(&place.link);
        if self.sync.ahead.as_ref().is_some_and(is_under_way) {
            return;
        }
        let (wire, folder) = (Arc::clone(&self.wire), folder.to_owned());
        let ahead = Ahead::start(wire, folder, place.link.clone(), place.has_verbs);
        self.sync.ahead = Some(ahead);
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
        let call = Call::get(with_query(&path, &query));
        let body = self.wire.body(DOING, &call).await?;
        let body = body.map_err(|reply| reply.fault(DOING, About::Item(folder)))?;
        news.take(messages(&body)?);
        Ok(())
    }

    /// Fetches the messages of which too little was told (protocol facts §8.3).
    async fn complete(&mut self, news: &mut News, has_verbs: bool) -> Result<(), BackendError> {
        let wanted = news.take_partial();
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
            if let Some(row) = Row::of(&value).filter(|row| row.id().is_some()) {
                let (id, envelope) = (id.clone(), row.into_envelope());
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
        let body = ask(&self.wire, folder, &end.latest).await?;
        let page = Page::read(&body, end.has_verbs)?;
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
