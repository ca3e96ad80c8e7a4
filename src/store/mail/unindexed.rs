//! Rows whose header words are not in the index yet: a first synchronisation writes rows faster than words.
//!
//! A mark says through which id all rows are indexed. It moves in the transaction that writes the words, so that no
//! row is indexed twice or never, whenever the program dies. Searches look through the rows behind the mark themselves.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use crate::model::Envelope;
use crate::store::database::Fault;
use crate::store::mail::row::{Words, index};
use crate::store::mail::words::Phrase;
use crate::store::{Store, StoreError};

/// So many new rows are indexed with the rows themselves, if all older ones are.
const AT_ONCE: usize = 100;
/// Rows indexed in one transaction; whoever wants to write meanwhile waits about 20 ms.
const PORTION: usize = 2000;

/// Which of a message's texts a phrase is looked for in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column {
    /// The subject.
    Subject,
    /// Whom it is from.
    Sender,
    /// Whom it is to.
    Recipients,
    /// All of these.
    Any,
}

impl Store {
    /// Indexes what synchronising put off, to the end; for commands, which are not around when there is time for it.
    pub async fn index_words(&self) -> Result<(), StoreError> {
        while self.write("index words", index_some).await? {}
        Ok(())
    }
}

/// Indexes the next rows behind the mark; tells whether there may be more.
pub fn index_some(db: &rusqlite::Transaction<'_>) -> Result<bool, Fault> {
    let mut through = through(db)?;
    let mut count = 0;
    let mut statement = db.prepare_cached(
        "SELECT id, subject, sender, more FROM messages WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let mut rows = statement.query(params![through, PORTION as i64])?;
    while let Some(row) = rows.next()? {
        through = row.get(0)?;
        index(db, through, &Words::read(row, 1)?)?;
        count += 1;
    }
    if count > 0 {
        move_mark(db, through)?;
    }
    Ok(count == PORTION)
}

/// Indexes rows that were changed or added in this transaction, as far as it cannot wait.
pub fn index_changed(db: &Connection, changed: &BTreeMap<i64, &Envelope>) -> rusqlite::Result<()> {
    let Some((last, _)) = changed.last_key_value() else {
        return Ok(());
    };
    let through = through(db)?;
    let new = changed.range(through.saturating_add(1)..).count();
    let is_soon = new <= AT_ONCE && behind(db, through, new + 1)? == new;
    for (id, envelope) in changed {
        if *id <= through || is_soon {
            index(db, *id, &Words::of(envelope))?;
        }
    }
    if is_soon && new > 0 {
        move_mark(db, *last)?;
    }
    Ok(())
}

/// Returns the ids, sorted, of rows behind the mark that hold a phrase.
pub fn matching(db: &Connection, phrase: &Phrase, column: Column) -> rusqlite::Result<Vec<i64>> {
    let mut statement = db.prepare_cached(
        "SELECT id, subject, sender, more FROM messages WHERE id > ?1 ORDER BY id",
    )?;
    let mut rows = statement.query([through(db)?])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let words = Words::read(row, 1)?;
        let texts: &[&str] = match column {
            Column::Subject => &[&words.subject],
            Column::Sender => &[&words.sender],
            Column::Recipients => &[&words.recipients],
            Column::Any => &[&words.subject, &words.sender, &words.recipients],
        };
        if texts.iter().any(|text| phrase.is_in(text)) {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}

fn through(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT through FROM header_index")?
        .query_row([], |row| row.get(0))
}

fn move_mark(db: &Connection, through: i64) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE header_index SET through = ?1")?
        .execute([through])
        .map(drop)
}

/// Counts the rows behind the mark, as far as `limit`.
fn behind(db: &Connection, through: i64, limit: usize) -> rusqlite::Result<usize> {
    let count: i64 = db
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM messages WHERE id > ?1 LIMIT ?2)")?
        .query_row(params![through, limit as i64], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}
