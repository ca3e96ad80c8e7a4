//! What a user does to messages: the local change, its queue entries and what undo needs, in one transaction.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{ActionId, FolderId, MessageId};
use crate::store::database::Fault;
use crate::store::queue::effect::{Change, apply_flags, rederive};
use crate::store::{Action, Store, StoreError};

/// Undo reaches no further back.
const KEPT_ACTIONS: i64 = 200;

/// Messages in one queue entry: one command to a server, and one refusal.
const MAX_MESSAGES: usize = 500;

impl Store {
    /// Applies an action to messages (of any mailboxes) at once and queues the server changes.
    ///
    /// Messages it changes nothing about, and for a move those of other mailboxes, are left out.
    pub async fn act(
        &self,
        messages: &[MessageId],
        action: Action,
    ) -> Result<ActionId, StoreError> {
        let messages = messages.to_vec();
        let change = match action {
            Action::Flag(change) => Change::Flag(change.set.bits(), change.clear.bits()),
            Action::Move(target) => Change::Move(target.row()),
            Action::Delete => Change::Delete,
        };
        self.write("act on messages", move |db| act(db, &messages, change))
            .await
    }

    /// Takes an action back: what is not replayed is dropped, what is gets its reverse queued. `false` if it cannot be.
    pub async fn undo(&self, action: ActionId) -> Result<bool, StoreError> {
        self.write("take an action back", move |db| undo(db, action.row()))
            .await
    }
}

/// A message as an action finds it.
struct Found {
    id: i64,
    mailbox: i64,
    folder: i64,
    flags: u8,
}

fn act(db: &Connection, messages: &[MessageId], change: Change) -> Result<ActionId, Fault> {
    if let Change::Move(target) = change {
        mailbox_of(db, target)?.ok_or(Fault::NoSuch("folder"))?;
    }
    let (set, clear) = change.flags();
    db.prepare_cached("INSERT INTO actions (kind, flags_set, flags_clear) VALUES (?1, ?2, ?3)")?
        .execute(params![change.kind(), set, clear])?;
    let action = db.last_insert_rowid();
    db.prepare_cached("DELETE FROM actions WHERE id <= ?1")?
        .execute([action - KEPT_ACTIONS])?;
    let found = affected(db, messages.iter().map(MessageId::row), change)?;
    let mut statement = db.prepare_cached(
        "INSERT INTO action_messages (action_id, message_id, folder_id, flags) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for message in &found {
        statement.execute(params![action, message.id, message.folder, message.flags])?;
    }
    queue(db, Some(action), change, &found)?;
    Ok(ActionId::new(action))
}

/// Reads the messages a change does something to, each once.
fn affected(
    db: &Connection,
    messages: impl Iterator<Item = i64>,
    change: Change,
) -> rusqlite::Result<Vec<Found>> {
    let mailbox = match change.target() {
        Some(target) => mailbox_of(db, target)?,
        None => None,
    };
    let ids: BTreeSet<i64> = messages.collect();
    let mut affected = Vec::new();
    for id in ids {
        let Some(found) = find(db, id)? else {
            continue;
        };
        let is_affected = match change {
            Change::Flag(set, clear) => apply_flags(found.flags, (set, clear)) != found.flags,
            Change::Move(target) => found.folder != target && mailbox == Some(found.mailbox),
            Change::Delete => true,
        };
        if is_affected {
            affected.push(found);
        }
    }
    Ok(affected)
}

fn find(db: &Connection, id: i64) -> rusqlite::Result<Option<Found>> {
    db.prepare_cached(
        "SELECT f.mailbox_id, m.folder_id, m.flags FROM messages m JOIN folders f ON f.id = m.folder_id
         WHERE m.id = ?1",
    )?
    .query_row([id], |row| {
        Ok(Found {
            id,
            mailbox: row.get(0)?,
            folder: row.get(1)?,
            flags: row.get(2)?,
        })
    })
    .optional()
}

fn mailbox_of(db: &Connection, folder: i64) -> rusqlite::Result<Option<i64>> {
    db.prepare_cached("SELECT mailbox_id FROM folders WHERE id = ?1")?
        .query_row([folder], |row| row.get(0))
        .optional()
}

/// Queues a change, one entry per folder and at most so many messages, and shows its effect.
fn queue(
    db: &Connection,
    action: Option<i64>,
    change: Change,
    messages: &[Found],
) -> rusqlite::Result<()> {
    let mut groups: BTreeMap<(i64, i64), Vec<i64>> = BTreeMap::new();
    for message in messages {
        let group = groups.entry((message.mailbox, message.folder));
        group.or_default().push(message.id);
    }
    for ((mailbox, _), ids) in groups {
        for ids in ids.chunks(MAX_MESSAGES) {
            add_entry(db, (mailbox, action), change, ids)?;
        }
    }
    for message in messages {
        rederive(db, message.id)?;
    }
    Ok(())
}

fn add_entry(
    db: &Connection,
    (mailbox, action): (i64, Option<i64>),
    change: Change,
    messages: &[i64],
) -> rusqlite::Result<()> {
    let (set, clear) = change.flags();
    db.prepare_cached(
        "INSERT INTO pending (place, mailbox_id, action_id, kind, flags_set, flags_clear, target_id)
         VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![mailbox, action, change.kind(), set, clear, change.target()])?;
    let pending = db.last_insert_rowid();
    db.prepare_cached("UPDATE pending SET place = id WHERE id = ?1")?
        .execute([pending])?;
    let mut statement =
        db.prepare_cached("INSERT INTO pending_messages (pending_id, message_id) VALUES (?1, ?2)")?;
    for message in messages {
        statement.execute([pending, *message])?;
    }
    Ok(())
}

/// Sets flags of one message as part of another transaction, if it is still there; not a user action.
pub fn flag(db: &Connection, message: MessageId, set: u8) -> rusqlite::Result<()> {
    let change = Change::Flag(set, 0);
    let found = affected(db, std::iter::once(message.row()), change)?;
    queue(db, None, change, &found)
}

/// A message as it was before an action.
struct Before {
    id: i64,
    folder: i64,
    flags: u8,
}

fn undo(db: &Connection, action: i64) -> Result<bool, Fault> {
    let found = db
        .query_row(
            "SELECT kind, flags_set, flags_clear FROM actions WHERE id = ?1",
            [action],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, u8>(1)?,
                    row.get::<_, u8>(2)?,
                ))
            },
        )
        .optional()?;
    let Some((kind, set, clear)) = found else {
        return Ok(false);
    };
    let mut rest = before(db, action)?;
    let dropped = drop_untried(db, action)?;
    rest.retain(|message| !dropped.contains(&message.id));
    let is_reversed = match kind.as_str() {
        "flag" => reverse_flags(db, &rest, set | clear)?,
        "move" => reverse_moves(db, &rest)?,
        // What the server was asked to delete is gone.
        _ => false,
    };
    db.execute("DELETE FROM actions WHERE id = ?1", [action])?;
    Ok(is_reversed || !dropped.is_empty())
}

fn before(db: &Connection, action: i64) -> rusqlite::Result<Vec<Before>> {
    let mut statement = db.prepare_cached(
        "SELECT message_id, folder_id, flags FROM action_messages WHERE action_id = ?1",
    )?;
    let rows = statement.query_map([action], |row| {
        Ok(Before {
            id: row.get(0)?,
            folder: row.get(1)?,
            flags: row.get(2)?,
        })
    })?;
    rows.collect()
}

/// Drops the entries no server has seen; returns their messages, which are as they were again.
fn drop_untried(db: &Connection, action: i64) -> rusqlite::Result<BTreeSet<i64>> {
    let mut statement = db.prepare_cached(
        "SELECT q.message_id FROM pending_messages q JOIN pending p ON p.id = q.pending_id
         WHERE p.action_id = ?1 AND p.attempts = 0",
    )?;
    let rows = statement.query_map([action], |row| row.get(0))?;
    let messages: BTreeSet<i64> = rows.collect::<rusqlite::Result<_>>()?;
    db.execute(
        "DELETE FROM pending WHERE action_id = ?1 AND attempts = 0",
        [action],
    )?;
    for message in &messages {
        rederive(db, *message)?;
    }
    Ok(messages)
}

fn reverse_flags(db: &Connection, messages: &[Before], touched: u8) -> rusqlite::Result<bool> {
    let mut groups: BTreeMap<Change, Vec<i64>> = BTreeMap::new();
    for message in messages {
        let change = Change::Flag(message.flags & touched, touched & !message.flags);
        groups.entry(change).or_default().push(message.id);
    }
    reverse(db, groups)
}

fn reverse_moves(db: &Connection, messages: &[Before]) -> rusqlite::Result<bool> {
    let mut groups: BTreeMap<Change, Vec<i64>> = BTreeMap::new();
    for message in messages {
        let home = FolderId::new(message.folder);
        if mailbox_of(db, home.row())?.is_some() {
            groups
                .entry(Change::Move(home.row()))
                .or_default()
                .push(message.id);
        }
    }
    reverse(db, groups)
}

fn reverse(db: &Connection, groups: BTreeMap<Change, Vec<i64>>) -> rusqlite::Result<bool> {
    let mut is_any = false;
    for (change, ids) in groups {
        let found = affected(db, ids.into_iter(), change)?;
        is_any |= !found.is_empty();
        queue(db, None, change, &found)?;
    }
    Ok(is_any)
}
