//! Which row a listed message is, and what became of one that is listed no more: a message that moved under a new id
//! is recognised by its `Message-ID`, and a move of ours may have been made without our noting it.

use rusqlite::{OptionalExtension, params};

use crate::model::{Envelope, RemoteId, RemoteMessage};
use crate::store::mail::{Stored, message_key};
use crate::store::queue::rederive;
use crate::store::sync::listing::Listing;

impl Listing<'_> {
    /// Finds the row of an id.
    pub(super) fn find(&self, remote: &RemoteId) -> rusqlite::Result<Option<Stored>> {
        self.db
            .prepare_cached(
                "SELECT id, server_flags, date, subject, size FROM messages
                 WHERE server_folder_id = ?1 AND remote = ?2",
            )?
            .query_row(params![self.folder.row(), remote.as_str()], stored)
            .optional()
    }

    /// Finds the row of a message that is known under another id or in the folder it was moved from.
    pub(super) fn adopt(&mut self, message: &RemoteMessage) -> rusqlite::Result<Option<Stored>> {
        let found = if self.has_unlisted {
            self.unlisted(&message.envelope)?
        } else {
            None
        };
        let found = match found {
            None if self.has_queue => self.arriving(&message.envelope)?,
            found => found,
        };
        let Some(found) = found else {
            return Ok(None);
        };
        self.db
            .prepare_cached(
                "UPDATE messages SET server_folder_id = ?2, remote = ?3, is_stale = 0, misses = 0
                 WHERE id = ?1",
            )?
            .execute(params![found.id, self.folder.row(), message.id.as_str()])?;
        rederive(self.db, found.id)?;
        Ok(Some(found))
    }

    fn unlisted(&self, envelope: &Envelope) -> rusqlite::Result<Option<Stored>> {
        self.db
            .prepare_cached(
                "SELECT id, server_flags, date, subject, size FROM messages
                 WHERE message_key = ?1 AND message_id = ?2 AND server_folder_id = ?3 AND remote IS NULL
                     AND (?2 <> '' OR date = ?4 AND subject = ?5)
                 ORDER BY date = ?4 DESC, id LIMIT 1",
            )?
            .query_row(
                params![
                    message_key(envelope),
                    envelope.message_id,
                    self.folder.row(),
                    envelope.date.as_millisecond(),
                    envelope.subject
                ],
                stored,
            )
            .optional()
    }

    /// The program may have died between the server's move and our note of it. Only a move that was tried counts:
    /// else this is another copy of the message.
    fn arriving(&self, envelope: &Envelope) -> rusqlite::Result<Option<Stored>> {
        let found = self
            .db
            .prepare_cached(
                "SELECT m.id, m.server_flags, m.date, m.subject, m.size, p.id
                 FROM pending p CROSS JOIN pending_messages q ON q.pending_id = p.id
                     CROSS JOIN messages m ON m.id = q.message_id
                 WHERE m.message_key = ?1 AND m.message_id = ?2 AND p.kind = 'move' AND p.target_id = ?3
                     AND p.attempts > 0 AND (?2 <> '' OR m.date = ?4 AND m.subject = ?5)
                 ORDER BY p.place, p.id LIMIT 1",
            )?
            .query_row(
                params![
                    message_key(envelope),
                    envelope.message_id,
                    self.folder.row(),
                    envelope.date.as_millisecond(),
                    envelope.subject
                ],
                |row| Ok((stored(row)?, row.get::<_, i64>(5)?)),
            )
            .optional()?;
        let Some((stored, pending)) = found else {
            return Ok(None);
        };
        self.is_moved(pending, stored.id)?;
        Ok(Some(stored))
    }

    /// A move happened without our being told: it need not be made any more.
    fn is_moved(&self, pending: i64, message: i64) -> rusqlite::Result<()> {
        self.db
            .prepare_cached(
                "DELETE FROM pending_messages WHERE pending_id = ?1 AND message_id = ?2",
            )?
            .execute([pending, message])
            .map(drop)
    }

    /// The server does not have the message here any more: by a move of ours it may have made already, or for good.
    pub(super) fn is_gone(&mut self, id: i64) -> rusqlite::Result<()> {
        self.is_changed = true;
        let tried = if self.has_queue {
            self.tried_move(id)?
        } else {
            None
        };
        let Some((pending, target)) = tried else {
            self.gone.insert(id);
            return Ok(());
        };
        self.is_moved(pending, id)?;
        self.db
            .prepare_cached(
                "UPDATE messages SET server_folder_id = ?2, remote = NULL, is_stale = 0, misses = 0
                 WHERE id = ?1",
            )?
            .execute([id, target])?;
        rederive(self.db, id)
    }

    fn tried_move(&self, message: i64) -> rusqlite::Result<Option<(i64, i64)>> {
        self.db
            .prepare_cached(
                "SELECT p.id, p.target_id FROM pending_messages q JOIN pending p ON p.id = q.pending_id
                 WHERE q.message_id = ?1 AND p.kind = 'move' AND p.attempts > 0
                 ORDER BY p.place, p.id LIMIT 1",
            )?
            .query_row([message], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
    }
}

fn stored(row: &rusqlite::Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        id: row.get(0)?,
        server_flags: row.get(1)?,
        date: row.get(2)?,
        subject: row.get(3)?,
        size: row.get(4)?,
    })
}
