//! Drafts: saved every few seconds while someone writes, so that no crash costs more than that.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{Draft, DraftAttachment, DraftId};
use crate::store::mail::timestamp;
use crate::store::{Store, StoreError};

impl Store {
    /// Saves a draft, new or over an old one. One that was deleted or sent meanwhile is saved as a new one.
    pub async fn save_draft(
        &self,
        id: Option<DraftId>,
        draft: &Draft,
        now: Timestamp,
    ) -> Result<DraftId, StoreError> {
        let draft = draft.clone();
        self.write("save a draft", move |db| {
            if let Some(id) = id
                && update(db, id.row(), &draft, now)?
            {
                return Ok(id);
            }
            Ok(DraftId::new(insert_draft(db, &draft, now)?))
        })
        .await
    }

    /// Returns all drafts, newest first, with the time of their last change.
    pub async fn drafts(&self) -> Result<Vec<(DraftId, Draft, Timestamp)>, StoreError> {
        self.read("list the drafts", |db| {
            let mut statement = db.prepare_cached(
                "SELECT id, changed FROM drafts WHERE outbox_id IS NULL ORDER BY changed DESC, id DESC",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut drafts = Vec::new();
            for row in rows {
                let (id, changed): (i64, i64) = row?;
                if let Some(draft) = load_draft(db, id)? {
                    drafts.push((DraftId::new(id), draft, timestamp(changed)));
                }
            }
            Ok(drafts)
        })
        .await
    }

    /// Deletes a draft.
    pub async fn delete_draft(&self, id: DraftId) -> Result<(), StoreError> {
        self.write("delete a draft", move |db| {
            let sql = "DELETE FROM drafts WHERE id = ?1 AND outbox_id IS NULL";
            db.execute(sql, [id.row()])?;
            Ok(())
        })
        .await
    }
}

/// Adds a draft.
pub fn insert_draft(db: &Connection, draft: &Draft, now: Timestamp) -> rusqlite::Result<i64> {
    db.execute(
        "INSERT INTO drafts (changed, draft) VALUES (?1, ?2)",
        params![now.as_millisecond(), pack(draft)?],
    )?;
    let id = db.last_insert_rowid();
    save_files(db, id, &draft.attachments)?;
    Ok(id)
}

/// Replaces a draft that is none of the outbox; tells whether there was one.
fn update(db: &Connection, id: i64, draft: &Draft, now: Timestamp) -> rusqlite::Result<bool> {
    let changed = db.execute(
        "UPDATE drafts SET changed = ?2, draft = ?3 WHERE id = ?1 AND outbox_id IS NULL",
        params![id, now.as_millisecond(), pack(draft)?],
    )?;
    if changed > 0 {
        save_files(db, id, &draft.attachments)?;
    }
    Ok(changed > 0)
}

/// Reads a draft with its files.
pub fn load_draft(db: &Connection, id: i64) -> rusqlite::Result<Option<Draft>> {
    let text: Option<String> = db
        .prepare_cached("SELECT draft FROM drafts WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let Some(text) = text else {
        return Ok(None);
    };
    let mut draft: Draft = serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })?;
    draft.attachments = files(db, id)?;
    Ok(Some(draft))
}

/// Bytes in JSON would be several times their size, and written again with every save.
fn pack(draft: &Draft) -> rusqlite::Result<String> {
    let draft = Draft {
        attachments: Vec::new(),
        ..draft.clone()
    };
    serde_json::to_string(&draft)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn save_files(db: &Connection, id: i64, new: &[DraftAttachment]) -> rusqlite::Result<()> {
    if files(db, id)? == new {
        return Ok(());
    }
    db.execute("DELETE FROM draft_files WHERE draft_id = ?1", [id])?;
    let mut statement = db.prepare_cached(
        "INSERT INTO draft_files (draft_id, position, path, name, media_type, data)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (position, file) in new.iter().enumerate() {
        let position = position as i64;
        match file {
            DraftAttachment::File { path } => {
                let none = rusqlite::types::Null;
                statement.execute(params![id, position, path_bytes(path), none, none, none])?;
            }
            DraftAttachment::Bytes {
                name,
                media_type,
                data,
            } => {
                let none = rusqlite::types::Null;
                statement.execute(params![id, position, none, name, media_type, data])?;
            }
        }
    }
    Ok(())
}

fn files(db: &Connection, id: i64) -> rusqlite::Result<Vec<DraftAttachment>> {
    let mut statement = db.prepare_cached(
        "SELECT path, name, media_type, data FROM draft_files WHERE draft_id = ?1 ORDER BY position",
    )?;
    let rows = statement.query_map([id], |row| {
        if let Some(path) = row.get::<_, Option<Vec<u8>>>(0)? {
            let path = path_of(path);
            return Ok(DraftAttachment::File { path });
        }
        Ok(DraftAttachment::Bytes {
            name: row.get(1)?,
            media_type: row.get(2)?,
            data: row.get(3)?,
        })
    })?;
    rows.collect()
}

/// A file name need not be text.
#[cfg(unix)]
fn path_bytes(path: &Path) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    let name: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(bytes);
    PathBuf::from(name)
}

#[cfg(not(unix))]
fn path_bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}
