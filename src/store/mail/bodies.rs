//! Bodies: bytes as the server sent them, kept beside the rows, and their words for the index.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{FolderId, MessageId, RemoteId};
use crate::store::mail::words::fold;
use crate::store::{Located, NewBody, Store, StoreError};

/// Words beyond this are not worth their room in the index.
const MAX_INDEXED: usize = 256 * 1024;

impl Store {
    /// Tells where a message is on its server; a local move that is not replayed yet does not count.
    pub async fn locate(&self, message: MessageId) -> Result<Option<Located>, StoreError> {
        self.read("find a message", move |db| {
            let sql = "SELECT f.mailbox_id, f.id, f.remote, m.remote, m.has_body
                 FROM messages m JOIN folders f ON f.id = m.server_folder_id WHERE m.id = ?1";
            let found = db.prepare_cached(sql)?.query_row([message.row()], |row| {
                Ok(Located {
                    mailbox: crate::model::MailboxId::new(row.get(0)?),
                    folder: FolderId::new(row.get(1)?),
                    remote_folder: RemoteId::new(row.get::<_, String>(2)?),
                    remote: row.get::<_, Option<String>>(3)?.map(RemoteId::new),
                    has_body: row.get(4)?,
                })
            });
            Ok(found.optional()?)
        })
        .await
    }

    /// Returns the bytes of a cached body.
    pub async fn body(&self, message: MessageId) -> Result<Option<Vec<u8>>, StoreError> {
        self.read("read a body", move |db| {
            let sql = "SELECT bytes FROM bodies WHERE message_id = ?1";
            let found = db
                .prepare_cached(sql)?
                .query_row([message.row()], |row| row.get(0));
            Ok(found.optional()?)
        })
        .await
    }

    /// Stores bodies and indexes their text, all in one transaction. Bodies of messages that are gone are dropped.
    pub async fn put_bodies(&self, bodies: Vec<NewBody>) -> Result<(), StoreError> {
        self.write("store bodies", move |db| {
            let mut unindexed = BTreeMap::new();
            for body in &bodies {
                if put(db, body)? {
                    unindexed.insert(body.message.row(), body);
                }
            }
            // Behind all rows, for the reason told at `mail::index`.
            for (id, body) in unindexed {
                db.prepare_cached("INSERT INTO body_words (rowid, body) VALUES (?1, ?2)")?
                    .execute(params![id, fold(head(&body.text))])?;
            }
            Ok(())
        })
        .await
    }

    /// Returns the newest messages of a folder whose bodies are not cached, at most `limit`, none larger than `max_size`.
    pub async fn without_body(
        &self,
        folder: FolderId,
        limit: usize,
        max_size: u64,
    ) -> Result<Vec<(MessageId, RemoteId)>, StoreError> {
        let max_size = i64::try_from(max_size).unwrap_or(i64::MAX);
        self.read("find messages without bodies", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT id, remote FROM messages INDEXED BY messages_without_body
                 WHERE server_folder_id = ?1 AND has_body = 0 AND size <= ?2
                     AND remote IS NOT NULL AND folder_id IS NOT NULL
                 ORDER BY date DESC, id DESC LIMIT ?3",
            )?;
            let rows =
                statement.query_map(params![folder.row(), max_size, limit as i64], |row| {
                    let remote: String = row.get(1)?;
                    Ok((MessageId::new(row.get(0)?), RemoteId::new(remote)))
                })?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
        })
        .await
    }
}

/// Stores a body; tells whether its message is there.
fn put(db: &Connection, body: &NewBody) -> rusqlite::Result<bool> {
    let id = body.message.row();
    let had_body: Option<bool> = db
        .prepare_cached("SELECT has_body FROM messages WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let Some(had_body) = had_body else {
        return Ok(false);
    };
    if had_body {
        db.prepare_cached("DELETE FROM body_words WHERE rowid = ?1")?
            .execute([id])?;
    }
    db.prepare_cached("INSERT OR REPLACE INTO bodies (message_id, bytes) VALUES (?1, ?2)")?
        .execute(params![id, body.bytes])?;
    db.prepare_cached(
        "UPDATE messages SET has_body = 1, preview = ?2, has_attachments = ?3 WHERE id = ?1",
    )?
    .execute(params![id, body.preview, body.has_attachments])?;
    Ok(true)
}

fn head(text: &str) -> &str {
    let mut ends = (0..=MAX_INDEXED.min(text.len())).rev();
    let end = ends.find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or_default()).unwrap_or(text)
}
