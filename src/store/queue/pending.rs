//! The queue of server changes: handed out oldest first with the ids of now, then done or refused.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{Applied, FlagChange, Flags, MailboxId, MessageId, PendingId, RemoteOp};
use crate::store::database::Fault;
use crate::store::mail;
use crate::store::queue::effect::{Change, apply_flags, rederive};
use crate::store::{Pending, Store, StoreError};

impl Store {
    /// Queues a server change that is not a user action on messages, such as filing a sent copy.
    pub async fn enqueue(&self, mailbox: MailboxId, op: RemoteOp) -> Result<PendingId, StoreError> {
        self.write("queue a change", move |db| enqueue(db, mailbox, op))
            .await
    }

    /// Returns the oldest queued change of a mailbox, its attempt counted.
    ///
    /// A change of messages whose ids must first be learnt from a listing waits for it, and later changes of the same
    /// messages wait behind it; others go ahead. A change that turned out to be made already is dropped.
    pub async fn next_pending(&self, mailbox: MailboxId) -> Result<Option<Pending>, StoreError> {
        // Most of the time nothing is queued, and a worker that only looks should not take the write lock.
        if self.pending_count(mailbox).await? == 0 {
            return Ok(None);
        }
        self.write("take a queued change", move |db| next(db, mailbox))
            .await
    }

    /// Says that a change was made; renamed ids are taken over.
    pub async fn pending_done(
        &self,
        pending: PendingId,
        applied: &Applied,
    ) -> Result<(), StoreError> {
        let applied = applied.clone();
        self.write("note that a change was made", move |db| {
            done(db, pending.row(), &applied)
        })
        .await
    }

    /// Says that the server refused for good: the local change is rolled back. Returns the messages concerned.
    pub async fn pending_refused(&self, pending: PendingId) -> Result<Vec<MessageId>, StoreError> {
        self.write("roll a change back", move |db| refused(db, pending.row()))
            .await
    }

    /// Counts queued changes of a mailbox.
    pub async fn pending_count(&self, mailbox: MailboxId) -> Result<u32, StoreError> {
        self.read("count queued changes", move |db| {
            let mut statement =
                db.prepare_cached("SELECT COUNT(*) FROM pending WHERE mailbox_id = ?1")?;
            Ok(statement.query_row([mailbox.row()], |row| row.get(0))?)
        })
        .await
    }
}

/// Queues an operation as it is; the bytes of an append are kept beside it.
pub fn enqueue(db: &Connection, mailbox: MailboxId, mut op: RemoteOp) -> Result<PendingId, Fault> {
    let bytes = match &mut op {
        RemoteOp::Append { bytes, .. } => Some(std::mem::take(bytes)),
        _ => None,
    };
    let text = serde_json::to_string(&op).map_err(to_sql_error)?;
    db.prepare_cached(
        "INSERT INTO pending (place, mailbox_id, kind, op, bytes) VALUES (0, ?1, 'remote', ?2, ?3)",
    )?
    .execute(params![mailbox.row(), text, bytes])?;
    let id = db.last_insert_rowid();
    db.prepare_cached("UPDATE pending SET place = id WHERE id = ?1")?
        .execute([id])?;
    Ok(PendingId::new(id))
}

fn to_sql_error(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

/// An entry of the queue.
struct Entry {
    id: i64,
    place: i64,
    /// `None`: the operation is stored as it is.
    change: Option<Change>,
    attempts: u32,
}

/// A message of an entry, where the server has it.
struct Place {
    message: i64,
    folder: i64,
    remote: Option<String>,
}

fn next(db: &Connection, mailbox: MailboxId) -> Result<Option<Pending>, Fault> {
    let mut blocked: BTreeSet<i64> = BTreeSet::new();
    for entry in entries(db, mailbox)? {
        let Some(change) = entry.change else {
            let op = stored_op(db, entry.id)?;
            return hand_out(db, &entry, op).map(Some);
        };
        let places = open_places(db, entry.id, change)?;
        let Some(first) = places.first() else {
            remove_entry(db, entry.id)?;
            continue;
        };
        let waits = |place: &Place| place.remote.is_none() || blocked.contains(&place.message);
        if places.iter().any(waits) {
            blocked.extend(places.iter().map(|place| place.message));
            continue;
        }
        let folder = first.folder;
        let (here, elsewhere) = places.into_iter().partition(|place| place.folder == folder);
        split_off(db, &entry, elsewhere)?;
        let op = remote_op(db, change, folder, here)?;
        return hand_out(db, &entry, op).map(Some);
    }
    Ok(None)
}

fn entries(db: &Connection, mailbox: MailboxId) -> rusqlite::Result<Vec<Entry>> {
    let mut statement = db.prepare_cached(
        "SELECT id, place, kind, flags_set, flags_clear, target_id, attempts FROM pending
         WHERE mailbox_id = ?1 ORDER BY place, id",
    )?;
    let rows = statement.query_map([mailbox.row()], |row| {
        let kind: String = row.get(2)?;
        Ok(Entry {
            id: row.get(0)?,
            place: row.get(1)?,
            change: Change::from_parts(&kind, (row.get(3)?, row.get(4)?), row.get(5)?),
            attempts: row.get(6)?,
        })
    })?;
    rows.collect()
}

fn hand_out(db: &Connection, entry: &Entry, op: RemoteOp) -> Result<Pending, Fault> {
    db.prepare_cached("UPDATE pending SET attempts = attempts + 1 WHERE id = ?1")?
        .execute([entry.id])?;
    Ok(Pending {
        id: PendingId::new(entry.id),
        op,
        attempts: entry.attempts + 1,
    })
}

fn stored_op(db: &Connection, id: i64) -> Result<RemoteOp, Fault> {
    let (text, stored): (String, Option<Vec<u8>>) = db
        .prepare_cached("SELECT op, bytes FROM pending WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut op: RemoteOp = serde_json::from_str(&text).map_err(|error| {
        let kind = rusqlite::types::Type::Text;
        rusqlite::Error::FromSqlConversionFailure(0, kind, Box::new(error))
    })?;
    if let RemoteOp::Append { bytes, .. } = &mut op {
        *bytes = stored.unwrap_or_default();
    }
    Ok(op)
}

/// Returns the messages on which there is still something to do; a message that is where it should go needs nothing.
fn open_places(db: &Connection, entry: i64, change: Change) -> rusqlite::Result<Vec<Place>> {
    let mut statement = db.prepare_cached(
        "SELECT m.id, m.server_folder_id, m.remote FROM pending_messages q JOIN messages m ON m.id = q.message_id
         WHERE q.pending_id = ?1 AND m.server_folder_id IS NOT ?2 ORDER BY m.id",
    )?;
    let rows = statement.query_map(params![entry, change.target()], |row| {
        Ok(Place {
            message: row.get(0)?,
            folder: row.get(1)?,
            remote: row.get(2)?,
        })
    })?;
    rows.collect()
}

/// One operation speaks of one folder: messages that are in another one get entries of their own at the same place.
fn split_off(db: &Connection, entry: &Entry, places: Vec<Place>) -> rusqlite::Result<()> {
    let mut folders: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for place in places {
        folders.entry(place.folder).or_default().push(place.message);
    }
    for messages in folders.into_values() {
        db.prepare_cached(
            "INSERT INTO pending (place, mailbox_id, action_id, kind, flags_set, flags_clear, target_id, attempts)
             SELECT ?2, mailbox_id, action_id, kind, flags_set, flags_clear, target_id, attempts
             FROM pending WHERE id = ?1",
        )?
        .execute([entry.id, entry.place])?;
        let new = db.last_insert_rowid();
        let mut statement = db.prepare_cached(
            "UPDATE pending_messages SET pending_id = ?3 WHERE pending_id = ?1 AND message_id = ?2",
        )?;
        for message in messages {
            statement.execute([entry.id, message, new])?;
        }
    }
    Ok(())
}

fn remote_op(
    db: &Connection,
    change: Change,
    folder: i64,
    places: Vec<Place>,
) -> rusqlite::Result<RemoteOp> {
    let remote_of = |folder: i64| {
        db.prepare_cached("SELECT remote FROM folders WHERE id = ?1")?
            .query_row([folder], |row| row.get::<_, String>(0))
    };
    let folder = remote_of(folder)?;
    let messages = places
        .into_iter()
        .filter_map(|place| place.remote)
        .collect();
    Ok(match change {
        Change::Flag(set, clear) => RemoteOp::Flag {
            folder,
            messages,
            change: FlagChange {
                set: Flags::from_bits(set),
                clear: Flags::from_bits(clear),
            },
        },
        Change::Move(target) => RemoteOp::Move {
            folder,
            messages,
            to: remote_of(target)?,
        },
        Change::Delete => RemoteOp::Delete { folder, messages },
    })
}

fn remove_entry(db: &Connection, id: i64) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM pending WHERE id = ?1")?
        .execute([id])
        .map(drop)
}

/// Reads an entry's change and its messages; `None` when another running copy was faster.
fn entry(db: &Connection, id: i64) -> rusqlite::Result<Option<(Option<Change>, Vec<Place>)>> {
    let change = db
        .prepare_cached(
            "SELECT kind, flags_set, flags_clear, target_id FROM pending WHERE id = ?1",
        )?
        .query_row([id], |row| {
            let kind: String = row.get(0)?;
            Ok(Change::from_parts(
                &kind,
                (row.get(1)?, row.get(2)?),
                row.get(3)?,
            ))
        })
        .optional()?;
    let Some(change) = change else {
        return Ok(None);
    };
    let mut statement = db.prepare_cached(
        "SELECT m.id, m.server_folder_id, m.remote FROM pending_messages q JOIN messages m ON m.id = q.message_id
         WHERE q.pending_id = ?1 ORDER BY m.id",
    )?;
    let places = statement.query_map([id], |row| {
        Ok(Place {
            message: row.get(0)?,
            folder: row.get(1)?,
            remote: row.get(2)?,
        })
    })?;
    Ok(Some((change, places.collect::<rusqlite::Result<_>>()?)))
}

fn done(db: &Connection, id: i64, applied: &Applied) -> Result<(), Fault> {
    let Some((change, places)) = entry(db, id)? else {
        return Ok(());
    };
    let renamed: HashMap<&str, &str> = applied
        .renamed
        .iter()
        .map(|(old, new)| (old.as_str(), new.as_str()))
        .collect();
    remove_entry(db, id)?;
    let mut gone = BTreeSet::new();
    for place in places {
        match change {
            Some(Change::Flag(set, clear)) => set_server_flags(db, place.message, (set, clear))?,
            Some(Change::Move(target)) if place.folder != target => {
                let new = place.remote.as_deref().and_then(|old| renamed.get(old));
                move_on_server(db, place.message, target, new.copied())?;
            }
            Some(Change::Move(_)) | None => {}
            Some(Change::Delete) => {
                gone.insert(place.message);
                continue;
            }
        }
        rederive(db, place.message)?;
    }
    Ok(mail::remove(db, &gone)?)
}

fn set_server_flags(db: &Connection, message: i64, change: (u8, u8)) -> rusqlite::Result<()> {
    let flags: u8 = db
        .prepare_cached("SELECT server_flags FROM messages WHERE id = ?1")?
        .query_row([message], |row| row.get(0))?;
    db.prepare_cached("UPDATE messages SET server_flags = ?2 WHERE id = ?1")?
        .execute(params![message, apply_flags(flags, change)])
        .map(drop)
}

/// Without a new id the row waits to be recognised when the target is listed.
fn move_on_server(
    db: &Connection,
    message: i64,
    target: i64,
    remote: Option<&str>,
) -> rusqlite::Result<()> {
    // Another running copy may have listed the target already and taken the message for a new one.
    let twin: Option<i64> = db
        .prepare_cached(
            "SELECT id FROM messages WHERE server_folder_id = ?1 AND remote = ?2 AND id <> ?3",
        )?
        .query_row(params![target, remote, message], |row| row.get(0))
        .optional()?;
    if let Some(twin) = twin {
        mail::remove(db, &BTreeSet::from([twin]))?;
    }
    db.prepare_cached(
        "UPDATE messages SET server_folder_id = ?2, remote = ?3, is_stale = 0, misses = 0 WHERE id = ?1",
    )?
    .execute(params![message, target, remote])
    .map(drop)
}

fn refused(db: &Connection, id: i64) -> Result<Vec<MessageId>, Fault> {
    let Some((_, places)) = entry(db, id)? else {
        return Ok(Vec::new());
    };
    // What never happened cannot be taken back later.
    db.prepare_cached(
        "DELETE FROM action_messages WHERE action_id = (SELECT action_id FROM pending WHERE id = ?1)
             AND message_id IN (SELECT message_id FROM pending_messages WHERE pending_id = ?1)",
    )?
    .execute([id])?;
    remove_entry(db, id)?;
    for place in &places {
        rederive(db, place.message)?;
    }
    let ids = places.into_iter();
    Ok(ids.map(|place| MessageId::new(place.message)).collect())
}
