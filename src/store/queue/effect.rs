//! What is shown of a message: its state on the server with the queued changes applied, in their order.

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{FlagChange, Flags};

/// A change to messages, as the queue stores it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Change {
    /// Bits to set and to clear.
    Flag(u8, u8),
    /// Row id of the target folder.
    Move(i64),
    /// For good.
    Delete,
}

impl Change {
    /// Returns the stored word.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Flag(..) => "flag",
            Self::Move(_) => "move",
            Self::Delete => "delete",
        }
    }

    /// Returns the flag bits to set and to clear.
    pub const fn flags(self) -> (u8, u8) {
        match self {
            Self::Flag(set, clear) => (set, clear),
            Self::Move(_) | Self::Delete => (0, 0),
        }
    }

    /// Returns the target folder.
    pub const fn target(self) -> Option<i64> {
        match self {
            Self::Move(target) => Some(target),
            Self::Flag(..) | Self::Delete => None,
        }
    }

    /// Reads what [`Self::kind`], [`Self::flags`] and [`Self::target`] gave; `None` for anything else.
    pub fn from_parts(kind: &str, (set, clear): (u8, u8), target: Option<i64>) -> Option<Self> {
        match kind {
            "flag" => Some(Self::Flag(set, clear)),
            "move" => target.map(Self::Move),
            "delete" => Some(Self::Delete),
            _ => None,
        }
    }
}

/// Applies a change of flags to stored bits.
pub fn apply_flags(flags: u8, (set, clear): (u8, u8)) -> u8 {
    let change = FlagChange {
        set: Flags::from_bits(set),
        clear: Flags::from_bits(clear),
    };
    change.apply(Flags::from_bits(flags)).bits()
}

/// Brings what is shown of a message in line with the server's state and the queue.
pub fn rederive(db: &Connection, message: i64) -> rusqlite::Result<()> {
    let found = db
        .prepare_cached("SELECT server_folder_id, server_flags FROM messages WHERE id = ?1")?
        .query_row([message], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((server_folder, mut flags)): Option<(i64, u8)> = found else {
        return Ok(());
    };
    let mut folder = Some(server_folder);
    for change in changes(db, message)? {
        match change {
            Change::Flag(set, clear) => flags = apply_flags(flags, (set, clear)),
            Change::Move(target) => folder = Some(target),
            Change::Delete => folder = None,
        }
    }
    db.prepare_cached(
        "UPDATE messages SET folder_id = ?2, flags = ?3
         WHERE id = ?1 AND (folder_id IS NOT ?2 OR flags <> ?3)",
    )?
    .execute(params![message, folder, flags])
    .map(drop)
}

fn changes(db: &Connection, message: i64) -> rusqlite::Result<Vec<Change>> {
    let mut statement = db.prepare_cached(
        "SELECT p.kind, p.flags_set, p.flags_clear, p.target_id
         FROM pending_messages q JOIN pending p ON p.id = q.pending_id
         WHERE q.message_id = ?1 ORDER BY p.place, p.id",
    )?;
    let mut rows = statement.query([message])?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        let kind: String = row.get(0)?;
        let flags = (row.get(1)?, row.get(2)?);
        changes.extend(Change::from_parts(&kind, flags, row.get(3)?));
    }
    Ok(changes)
}
