//! Windows on lists: keys first, from the index alone and merged over folders, then only the rows that are shown.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, ToSql, params};

use crate::model::{FolderId, Listed, MessageId, Page, Scope, SortKey, Window};
use crate::store::database::Fault;
use crate::store::mail::row::{LISTED, listed};
use crate::store::{Store, StoreError};

/// Nobody shows more rows at once; a bound for callers that compute the figure.
const MAX_ROWS: usize = 2000;

/// A hostile thread of thousands would make each row of it cost a count.
const MAX_THREAD: u32 = 999;

impl Store {
    /// Reads rows of a list, at most `limit`.
    pub async fn list(
        &self,
        scope: Scope,
        window: Window,
        limit: usize,
    ) -> Result<Page, StoreError> {
        self.read("read a list", move |db| {
            let mut page = page(db, &scope, window, limit, &Filter::default())?;
            page.total = Some(total(db, &scope)?);
            Ok(page)
        })
        .await
    }

    /// Reads rows by id, in the order given; those gone are left out.
    pub async fn listed(&self, messages: &[MessageId]) -> Result<Vec<Listed>, StoreError> {
        let messages = messages.to_vec();
        self.read("read rows", move |db| {
            Ok(rows(db, messages.iter().map(MessageId::row))?)
        })
        .await
    }
}

/// Which rows of a list count; by default all.
#[derive(Default)]
pub struct Filter {
    /// Sorted ids; only these.
    pub ids: Option<Vec<i64>>,
    /// Only without `\Seen`.
    pub is_unread: bool,
    /// Only with `\Flagged`.
    pub is_starred: bool,
    /// Only with attachments.
    pub has_attachments: bool,
}

impl Filter {
    fn admits(&self, id: i64) -> bool {
        let is_listed = |ids: &Vec<i64>| ids.binary_search(&id).is_ok();
        self.ids.as_ref().is_none_or(is_listed)
    }

    /// The conditions that the index can answer by itself.
    fn sql(&self) -> String {
        let conditions = [
            (self.is_unread, " AND flags & 1 = 0"),
            (self.is_starred, " AND flags & 4 <> 0"),
            (self.has_attachments, " AND has_attachments = 1"),
        ];
        let wanted = conditions.into_iter().filter(|(is_wanted, _)| *is_wanted);
        wanted.map(|(_, sql)| sql).collect()
    }
}

/// A place between rows: date in Unix milliseconds, then id.
pub type Place = (i64, i64);

/// One direction from a place (or from the end of the list).
#[derive(Clone, Copy)]
enum Reach {
    Older(Option<Place>),
    /// The place itself counts.
    OlderOrAt(Place),
    Newer(Option<Place>),
}

impl Reach {
    const fn start(self) -> Option<Place> {
        match self {
            Self::Older(start) | Self::Newer(start) => start,
            Self::OlderOrAt(start) => Some(start),
        }
    }

    fn contains(self, place: Place) -> bool {
        match self {
            Self::Older(None) | Self::Newer(None) => true,
            Self::Older(Some(from)) => place < from,
            Self::OlderOrAt(from) => place <= from,
            Self::Newer(Some(from)) => place > from,
        }
    }
}

/// Reads a page of a scope.
pub fn page(
    db: &Connection,
    scope: &Scope,
    window: Window,
    limit: usize,
    filter: &Filter,
) -> Result<Page, Fault> {
    let folders = folders(db, scope)?;
    let limit = limit.min(MAX_ROWS);
    let source = Source {
        db,
        folders: &folders,
        filter,
        few: few(db, &folders, filter)?,
    };
    let keys = source.window(window, limit)?;
    let (has_newer, has_older) = source.neighbours(window, &keys)?;
    Ok(Page {
        rows: rows(db, keys.into_iter().map(|(_, id)| id))?,
        has_newer,
        has_older,
        total: None,
    })
}

/// Returns the folders of a scope.
pub fn folders(db: &Connection, scope: &Scope) -> rusqlite::Result<Vec<i64>> {
    let select = |sql: &str, values: &[&dyn ToSql]| {
        let mut statement = db.prepare_cached(sql)?;
        let ids = statement.query_map(values, |row| row.get(0))?;
        ids.collect()
    };
    match scope {
        Scope::Folder(folder) => Ok(vec![folder.row()]),
        Scope::AllInboxes => select("SELECT id FROM folders WHERE role = 'inbox'", &[]),
        Scope::Mailbox(mailbox) => select(
            "SELECT id FROM folders WHERE mailbox_id = ?1",
            &[&mailbox.row()],
        ),
        Scope::Everything => select("SELECT id FROM folders", &[]),
    }
}

fn total(db: &Connection, scope: &Scope) -> rusqlite::Result<u32> {
    let mut statement = db.prepare_cached("SELECT cached FROM folders WHERE id = ?1")?;
    let mut total: i64 = 0;
    for folder in folders(db, scope)? {
        let cached: Option<i64> = statement.query_row([folder], |row| row.get(0)).optional()?;
        total += cached.unwrap_or_default();
    }
    Ok(u32::try_from(total).unwrap_or_default())
}

/// Rows to page through.
struct Source<'a> {
    db: &'a Connection,
    folders: &'a [i64],
    filter: &'a Filter,
    /// Where so few rows were asked for that reading each is cheaper than looking through the list: their places.
    few: Option<Vec<Place>>,
}

/// More ids than this are found on the way down the list, because then one of them is never far.
const FEW: usize = 2000;

/// Returns the places of the rows asked for by id, if they are few, newest first.
fn few(db: &Connection, folders: &[i64], filter: &Filter) -> rusqlite::Result<Option<Vec<Place>>> {
    let Some(ids) = filter.ids.as_ref().filter(|ids| ids.len() <= FEW) else {
        return Ok(None);
    };
    let mut statement = db.prepare_cached(&format!(
        "SELECT date, id, folder_id FROM messages WHERE id = ?1 AND folder_id IS NOT NULL{}",
        filter.sql()
    ))?;
    let mut places = Vec::new();
    for id in ids {
        let found = statement
            .query_row([id], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))
            .optional()?;
        if let Some((place, folder)) = found
            && folders.contains(&folder)
        {
            places.push(place);
        }
    }
    places.sort_unstable_by(|a, b| b.cmp(a));
    Ok(Some(places))
}

impl Source<'_> {
    /// Returns the places in a window, newest first.
    fn window(&self, window: Window, limit: usize) -> rusqlite::Result<Vec<Place>> {
        let place = |key: SortKey| (key.date.as_millisecond(), key.id.row());
        match window {
            Window::Newest => self.places(Reach::Older(None), limit),
            Window::Oldest => self.places(Reach::Newer(None), limit),
            Window::OlderThan(key) => self.places(Reach::Older(Some(place(key))), limit),
            Window::NewerThan(key) => self.places(Reach::Newer(Some(place(key))), limit),
            Window::Around(key) => {
                let place = place(key);
                let older = self.places(Reach::OlderOrAt(place), limit)?;
                // Near the end of the list the other side fills up, so that the page is never half empty.
                let wanted = (limit / 2).max(limit.saturating_sub(older.len()));
                let mut all = self.places(Reach::Newer(Some(place)), wanted)?;
                all.extend(older);
                all.truncate(limit);
                Ok(all)
            }
        }
    }

    /// Tells whether there are rows above and below a page; an empty one lies at the end it was read towards.
    fn neighbours(&self, window: Window, page: &[Place]) -> rusqlite::Result<(bool, bool)> {
        if let (Some(first), Some(last)) = (page.first(), page.last()) {
            let has_newer = self.is_any(Reach::Newer(Some(*first)))?;
            return Ok((has_newer, self.is_any(Reach::Older(Some(*last)))?));
        }
        let is_any = self.is_any(Reach::Newer(None))?;
        let is_upwards = matches!(window, Window::NewerThan(_));
        Ok((is_any && !is_upwards, is_any && is_upwards))
    }

    fn is_any(&self, reach: Reach) -> rusqlite::Result<bool> {
        Ok(!self.places(reach, 1)?.is_empty())
    }

    /// Returns the places nearest to where `reach` starts, newest first.
    fn places(&self, reach: Reach, limit: usize) -> rusqlite::Result<Vec<Place>> {
        let mut all = Vec::new();
        if let Some(few) = &self.few {
            all.extend(few.iter().filter(|place| reach.contains(**place)));
        } else {
            for folder in self.folders {
                all.extend(self.places_in(*folder, reach, limit)?);
            }
        }
        all.sort_unstable_by(|a, b| b.cmp(a));
        if let Reach::Newer(_) = reach {
            let surplus = all.len().saturating_sub(limit);
            all.drain(..surplus);
        }
        all.truncate(limit);
        Ok(all)
    }

    fn places_in(&self, folder: i64, reach: Reach, limit: usize) -> rusqlite::Result<Vec<Place>> {
        let mut places = Vec::new();
        for (sql, has_id) in stretches(reach, &self.filter.sql()) {
            let mut statement = self.db.prepare_cached(&sql)?;
            let mut rows = match (reach.start(), has_id) {
                (Some((date, id)), true) => statement.query(params![folder, date, id]),
                (Some((date, _)), false) => statement.query(params![folder, date]),
                (None, _) => statement.query([folder]),
            }?;
            while places.len() < limit
                && let Some(row) = rows.next()?
            {
                let place: Place = (row.get(0)?, row.get(1)?);
                if self.filter.admits(place.1) {
                    places.push(place);
                }
            }
        }
        Ok(places)
    }
}

/// Returns the queries that walk away from a place, and whether each names the id: first the rest of its
/// millisecond, then everything beyond. One comparison of pairs would be shorter, but SQLite takes only the date of
/// it to the index and then steps over every row of that date.
fn stretches(reach: Reach, filter: &str) -> Vec<(String, bool)> {
    let (same, beyond, order) = match reach {
        Reach::Older(None) => return vec![(sql(filter, "DESC"), false)],
        Reach::Newer(None) => return vec![(sql(filter, "ASC"), false)],
        Reach::Older(Some(_)) => ("id < ?3", "date < ?2", "DESC"),
        Reach::OlderOrAt(_) => ("id <= ?3", "date < ?2", "DESC"),
        Reach::Newer(Some(_)) => ("id > ?3", "date > ?2", "ASC"),
    };
    let same = format!("AND date = ?2 AND {same}{filter}");
    let beyond = format!("AND {beyond}{filter}");
    vec![(sql(&same, order), true), (sql(&beyond, order), false)]
}

/// The rows are stepped through, and what is not wanted is never computed.
fn sql(condition: &str, order: &str) -> String {
    format!(
        "SELECT date, id FROM messages INDEXED BY messages_list
         WHERE folder_id = ?1 {condition} ORDER BY date {order}, id {order}"
    )
}

/// Reads rows by id, in the order given; those deleted are left out.
pub fn rows(db: &Connection, ids: impl Iterator<Item = i64>) -> rusqlite::Result<Vec<Listed>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {LISTED} FROM messages m JOIN folders f ON f.id = m.folder_id WHERE m.id = ?1"
    ))?;
    let mut threads = HashMap::new();
    let mut all = Vec::new();
    for id in ids {
        let Some((mut one, thread)) = statement.query_row([id], listed).optional()? else {
            continue;
        };
        one.thread_size = match threads.get(&(one.folder, thread)) {
            Some(size) => *size,
            None => thread_size(db, one.folder, thread)?,
        };
        threads.insert((one.folder, thread), one.thread_size);
        all.push(one);
    }
    Ok(all)
}

fn thread_size(db: &Connection, folder: FolderId, thread: i64) -> rusqlite::Result<u32> {
    if thread == 0 {
        return Ok(1);
    }
    let mut statement = db.prepare_cached(
        "SELECT COUNT(*) FROM (SELECT 1 FROM messages INDEXED BY messages_thread
         WHERE folder_id = ?1 AND thread = ?2 LIMIT ?3)",
    )?;
    statement.query_row(params![folder.row(), thread, MAX_THREAD], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migrations::migrate;

    fn check(reach: Reach, expected: &[&str]) {
        let mut db = Connection::open_in_memory().unwrap();
        migrate(&mut db).unwrap();
        let plan = |(sql, _): &(String, bool)| {
            let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let count = statement.parameter_count();
            let values = vec![1; count];
            let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3));
            rows.unwrap()
                .collect::<rusqlite::Result<Vec<String>>>()
                .unwrap()
                .join("; ")
        };
        let plans: Vec<String> = stretches(reach, " AND flags & 1 = 0")
            .iter()
            .map(plan)
            .collect();
        let start = "SEARCH messages USING COVERING INDEX messages_list";
        let expected: Vec<String> = expected
            .iter()
            .map(|rest| format!("{start} ({rest})"))
            .collect();
        assert_eq!(plans, expected);
    }

    #[test]
    fn lists_are_read_from_their_index_without_sorting() {
        check(Reach::Older(None), &["folder_id=?"]);
        check(Reach::Newer(None), &["folder_id=?"]);
        let older = ["folder_id=? AND date=? AND id<?", "folder_id=? AND date<?"];
        check(Reach::Older(Some((1, 1))), &older);
        check(Reach::OlderOrAt((1, 1)), &older);
        let newer = ["folder_id=? AND date=? AND id>?", "folder_id=? AND date>?"];
        check(Reach::Newer(Some((1, 1))), &newer);
    }
}
