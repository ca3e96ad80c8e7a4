//! Change sets: what a server listed becomes rows.
//!
//! What waits in the queue is not undone by a listing: rows keep what the user did to them.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{ChangeSet, Envelope, FlagUpdate, FolderId, MessageId, RemoteMessage, Role};
use crate::store::Committed;
use crate::store::database::Fault;
use crate::store::mail::{self, Key, Seen, Stored};
use crate::store::queue::rederive;
use crate::store::rehome::keeps_flags;

/// A message moved without being told its new id must show up within so many complete listings.
const MAX_MISSES: u32 = 3;

/// One change set being applied.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent questions asked once, not a state"
)]
pub struct Listing<'a> {
    pub(super) db: &'a Connection,
    pub(super) folder: FolderId,
    role: Role,
    total: u32,
    /// Whether queued changes exist at all; most of the time they do not, and rows need no second look.
    pub(super) has_queue: bool,
    /// Whether the server keeps flags; where not, rows keep their own.
    keeps_flags: bool,
    /// Whether rows of this folder wait to be listed under a new id.
    pub(super) has_unlisted: bool,
    added: Vec<(i64, MessageId)>,
    /// How many of the new messages are unread.
    unread: u32,
    /// Messages whose words are to be indexed when all rows are written.
    unindexed: BTreeMap<i64, &'a Envelope>,
    /// Rows to delete when all others are written.
    pub(super) gone: BTreeSet<i64>,
    pub(super) is_changed: bool,
    seen: Seen,
}

impl<'a> Listing<'a> {
    /// Looks at the folder before anything changes.
    pub fn begin(db: &'a Connection, folder: FolderId) -> Result<Self, Fault> {
        let found = db
            .prepare_cached(
                "SELECT role, total, EXISTS (SELECT 1 FROM pending_messages),
                     EXISTS (SELECT 1 FROM messages INDEXED BY messages_unlisted
                             WHERE server_folder_id = ?1 AND (remote IS NULL OR is_stale = 1))
                 FROM folders WHERE id = ?1",
            )?
            .query_row([folder.row()], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                ))
            })
            .optional()?;
        let (role, total, has_queue, has_unlisted) = found.ok_or(Fault::NoSuch("folder"))?;
        Ok(Self {
            db,
            folder,
            role: Role::from_name(&role),
            total,
            has_queue,
            keeps_flags: keeps_flags(db, folder)?,
            has_unlisted,
            added: Vec::new(),
            unread: 0,
            unindexed: BTreeMap::new(),
            gone: BTreeSet::new(),
            is_changed: false,
            seen: Seen::default(),
        })
    }

    /// Applies everything, with the cursor.
    pub fn apply(mut self, changes: &'a ChangeSet) -> Result<Committed, Fault> {
        for message in &changes.upserts {
            self.upsert(message)?;
        }
        for update in &changes.flags {
            self.update_flags(update)?;
        }
        for remote in &changes.removals {
            if let Some(stored) = self.find(remote)? {
                self.is_gone(stored.id)?;
            }
        }
        if !changes.more && self.has_unlisted {
            self.end_of_listing()?;
        }
        self.finish(changes)
    }

    fn upsert(&mut self, message: &'a RemoteMessage) -> rusqlite::Result<()> {
        let envelope = &message.envelope;
        // Most messages are new: asking first whether they are known would double the work.
        let may_be_moved = self.has_queue || self.has_unlisted;
        if may_be_moved && let Some(stored) = self.known(message)? {
            return self.refresh(&stored, envelope);
        }
        let key = Key {
            folder: self.folder,
            remote: message.id.as_str(),
        };
        let Some(id) = mail::insert(self.db, &key, envelope)? else {
            return match self.find(&message.id)? {
                Some(stored) => self.refresh(&stored, envelope),
                None => Ok(()),
            };
        };
        self.added.push((envelope.date.as_millisecond(), id));
        self.unread += u32::from(!envelope.flags.is_seen());
        self.unindexed.insert(id.row(), envelope);
        self.seen.add(envelope, self.role);
        self.is_changed = true;
        Ok(())
    }

    fn known(&mut self, message: &RemoteMessage) -> rusqlite::Result<Option<Stored>> {
        match self.find(&message.id)? {
            None => self.adopt(message),
            known => Ok(known),
        }
    }

    fn refresh(&mut self, stored: &Stored, envelope: &'a Envelope) -> rusqlite::Result<()> {
        let is_same =
            stored.date == envelope.date.as_millisecond() && stored.subject == envelope.subject;
        if !is_same || stored.size != mail::size(envelope) {
            mail::update(self.db, stored.id, envelope)?;
            self.unindexed.insert(stored.id, envelope);
            self.is_changed = true;
        }
        self.set_flags(stored, envelope.flags.bits())
    }

    fn update_flags(&mut self, update: &FlagUpdate) -> rusqlite::Result<()> {
        match self.find(&update.id)? {
            Some(stored) => self.set_flags(&stored, update.flags.bits()),
            None => Ok(()),
        }
    }

    fn set_flags(&mut self, stored: &Stored, flags: u8) -> rusqlite::Result<()> {
        if stored.server_flags == flags || !self.keeps_flags {
            return Ok(());
        }
        self.is_changed = true;
        if self.has_queue {
            self.db
                .prepare_cached("UPDATE messages SET server_flags = ?2 WHERE id = ?1")?
                .execute(params![stored.id, flags])?;
            return rederive(self.db, stored.id);
        }
        self.db
            .prepare_cached("UPDATE messages SET server_flags = ?2, flags = ?2 WHERE id = ?1")?
            .execute(params![stored.id, flags])
            .map(drop)
    }

    /// Rows that a complete listing did not show: at once after a restart, after some patience behind a move.
    fn end_of_listing(&mut self) -> rusqlite::Result<()> {
        let stale =
            self.ids("SELECT id FROM messages WHERE server_folder_id = ?1 AND is_stale = 1")?;
        for id in stale {
            self.is_gone(id)?;
        }
        self.db
            .prepare_cached(
                "UPDATE messages SET misses = misses + 1
                 WHERE server_folder_id = ?1 AND remote IS NULL",
            )?
            .execute([self.folder.row()])?;
        let sql = format!(
            "SELECT id FROM messages WHERE server_folder_id = ?1 AND remote IS NULL AND misses >= {MAX_MISSES}"
        );
        for id in self.ids(&sql)? {
            self.is_changed = true;
            self.gone.insert(id);
        }
        Ok(())
    }

    fn ids(&self, sql: &str) -> rusqlite::Result<Vec<i64>> {
        let mut statement = self.db.prepare_cached(sql)?;
        let ids = statement.query_map([self.folder.row()], |row| row.get(0))?;
        ids.collect()
    }

    fn finish(mut self, changes: &ChangeSet) -> Result<Committed, Fault> {
        std::mem::take(&mut self.seen).save(self.db)?;
        // A trigger would count each new row by itself, behind a savepoint of its own.
        self.db
            .prepare_cached(
                "UPDATE folders SET cached = cached + ?2, unread = unread + ?3 WHERE id = ?1",
            )?
            .execute(params![
                self.folder.row(),
                self.added.len() as i64,
                self.unread
            ])?;
        mail::remove(self.db, &self.gone)?;
        self.unindexed.retain(|id, _| !self.gone.contains(id));
        self.added.retain(|(_, id)| !self.gone.contains(&id.row()));
        let total = if self.has_queue {
            i64::from(changes.total) + self.underway()?
        } else {
            i64::from(changes.total)
        };
        self.db
            .prepare_cached("UPDATE folders SET cursor = ?2, total = max(?3, 0) WHERE id = ?1")?
            .execute(params![self.folder.row(), changes.next.0, total])?;
        mail::index_changed(self.db, &self.unindexed)?;
        let mut added = self.added;
        added.sort_unstable_by(|a, b| b.cmp(a));
        Ok(Committed {
            added: added.into_iter().map(|(_, id)| id).collect(),
            changed: self.is_changed || i64::from(self.total) != total,
        })
    }

    /// Messages that came locally less those that left, of which the server does not know yet.
    fn underway(&self) -> rusqlite::Result<i64> {
        self.db
            .prepare_cached(
                "SELECT coalesce(sum((m.folder_id IS ?1) - (m.server_folder_id = ?1)), 0) FROM messages m
                 WHERE m.id IN (SELECT message_id FROM pending_messages)",
            )?
            .query_row([self.folder.row()], |row| row.get(0))
    }
}
