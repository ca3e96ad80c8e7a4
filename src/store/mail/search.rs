//! Search: each condition becomes a sorted set of row ids from the word index; the list index then gives them newest
//! first, so that a word in half of all messages costs no more than a rare one.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::model::{FolderId, MessageId, Page, Query, RemoteId, Scope, Term, Window};
use crate::store::database::Fault;
use crate::store::mail::list::{Filter, page};
use crate::store::mail::unindexed::{self, Column};
use crate::store::mail::words::{Place, Typing, phrase};
use crate::store::{Store, StoreError};

impl Store {
    /// Searches the cache, newest first. The last word also matches longer ones, since it may still be being typed. What
    /// a server found joins, where its flags are as asked for.
    pub async fn search(
        &self,
        query: &Query,
        scope: Scope,
        window: Window,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let query = query.clone();
        self.read("search", move |db| {
            let filter = filter(db, &query)?;
            if filter.ids.as_ref().is_some_and(Vec::is_empty) {
                return Ok(Page::default());
            }
            page(db, &scope, window, limit, &filter)
        })
        .await
    }

    /// Returns which messages of a server's folder are in the cache, of those with these ids there.
    pub async fn known(
        &self,
        folder: FolderId,
        remotes: &[RemoteId],
    ) -> Result<Vec<MessageId>, StoreError> {
        let remotes = remotes.to_vec();
        self.read("recognise messages", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT id FROM messages WHERE server_folder_id = ?1 AND remote = ?2",
            )?;
            let mut known = Vec::new();
            for remote in &remotes {
                let id = statement.query_row(params![folder.row(), remote.as_str()], |row| {
                    Ok(MessageId::new(row.get(0)?))
                });
                known.extend(id.optional()?);
            }
            Ok(known)
        })
        .await
    }
}

fn filter(db: &Connection, query: &Query) -> Result<Filter, Fault> {
    let mut filter = Filter::default();
    let last = query.terms.len().saturating_sub(1);
    for (number, term) in query.terms.iter().enumerate() {
        match term {
            Term::Unread => filter.is_unread = true,
            Term::Starred => filter.is_starred = true,
            Term::HasAttachment => filter.has_attachments = true,
            text => {
                let typing = if number == last {
                    Typing::Unfinished
                } else {
                    Typing::Done
                };
                let Some(ids) = matching(db, text, typing)? else {
                    continue;
                };
                filter.ids = Some(match filter.ids.take() {
                    Some(known) => both(&known, &ids),
                    None => ids,
                });
            }
        }
    }
    if let Some(ids) = filter.ids.as_mut().filter(|_| !query.found.is_empty()) {
        let found: Vec<i64> = query.found.iter().map(MessageId::row).collect();
        *ids = either(ids, &found);
    }
    Ok(filter)
}

/// Returns the sorted ids of rows that hold a text; `None` when there is nothing to look for in it.
fn matching(db: &Connection, term: &Term, typing: Typing) -> Result<Option<Vec<i64>>, Fault> {
    let (text, columns, column) = match term {
        Term::Any(text) => (text, "", Column::Any),
        Term::Subject(text) => (text, "subject : ", Column::Subject),
        Term::From(text) => (text, "sender : ", Column::Sender),
        Term::To(text) => (text, "recipients : ", Column::Recipients),
        Term::Body(text) => return body(db, text, typing),
        Term::Unread | Term::Starred | Term::HasAttachment => return Ok(None),
    };
    let Some(phrase) = phrase(text, Place::Headers, typing) else {
        return Ok(None);
    };
    let mut found = ids(
        db,
        "SELECT rowid FROM header_words WHERE header_words MATCH ?1",
        &format!("{columns}{}", phrase.pattern()),
    )?;
    // Rows that are not indexed yet come behind all that are.
    found.extend(unindexed::matching(db, &phrase, column)?);
    if column != Column::Any {
        return Ok(Some(found));
    }
    let more = body(db, text, typing)?.unwrap_or_default();
    Ok(Some(either(&found, &more)))
}

fn body(db: &Connection, text: &str, typing: Typing) -> Result<Option<Vec<i64>>, Fault> {
    let Some(phrase) = phrase(text, Place::Body, typing) else {
        return Ok(None);
    };
    let sql = "SELECT rowid FROM body_words WHERE body_words MATCH ?1";
    Ok(Some(ids(db, sql, &phrase.pattern())?))
}

fn ids(db: &Connection, sql: &str, pattern: &str) -> rusqlite::Result<Vec<i64>> {
    let mut statement = db.prepare_cached(sql)?;
    let ids = statement.query_map([pattern], |row| row.get(0))?;
    let mut ids = ids.collect::<rusqlite::Result<Vec<i64>>>()?;
    // They come sorted; sets rely on it too much to leave it to a promise nobody made.
    if !ids.is_sorted() {
        ids.sort_unstable();
    }
    Ok(ids)
}

/// Ids in both sorted sets.
fn both(a: &[i64], b: &[i64]) -> Vec<i64> {
    let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let is_shared = |id: &&i64| many.binary_search(id).is_ok();
    few.iter().filter(is_shared).copied().collect()
}

/// Ids in either sorted set.
fn either(a: &[i64], b: &[i64]) -> Vec<i64> {
    let mut all = [a, b].concat();
    all.sort_unstable();
    all.dedup();
    all
}
