//! Cursors, and change sets in the same transaction. How a change set becomes rows is in [`listing`].

mod listing;
mod recognition;

use rusqlite::{OptionalExtension, params};

use crate::model::{ChangeSet, Cursor, FolderId, MailboxId, MessageId, Role};
use crate::store::mail::key_of_message_id;
use crate::store::sync::listing::Listing;
use crate::store::{Committed, Store, StoreError};

impl Store {
    /// Returns the folder's cursor.
    pub async fn cursor(&self, folder: FolderId) -> Result<Option<Cursor>, StoreError> {
        self.read("read a cursor", move |db| {
            let mut statement = db.prepare_cached("SELECT cursor FROM folders WHERE id = ?1")?;
            let cursor: Option<Option<Vec<u8>>> = statement
                .query_row([folder.row()], |row| row.get(0))
                .optional()?;
            Ok(cursor.flatten().map(Cursor))
        })
        .await
    }

    /// Applies a change set and its cursor in one transaction. Flags with queued local changes keep the local value.
    pub async fn commit(
        &self,
        folder: FolderId,
        changes: ChangeSet,
    ) -> Result<Committed, StoreError> {
        self.write("store changes of a folder", move |db| {
            let listing = Listing::begin(db, folder)?;
            listing.apply(&changes)
        })
        .await
    }

    /// Forgets the cursor and marks all rows: those not listed again before a change set without `more` go then.
    /// A row listed again under a new remote id is recognised by `Message-ID` and keeps id and body.
    pub async fn restart_folder(&self, folder: FolderId) -> Result<(), StoreError> {
        self.write("start a folder again", move |db| {
            db.execute("UPDATE folders SET cursor = NULL WHERE id = ?1", [folder.row()])?;
            // The ids may be dead or, worse, mean other messages now.
            db.execute(
                "UPDATE messages SET remote = NULL, is_stale = 1, misses = 0 WHERE server_folder_id = ?1",
                [folder.row()],
            )?;
            Ok(())
        })
        .await
    }

    /// Finds messages of a mailbox by their `Message-ID` header, in one role's folder or anywhere. Reads all rows of
    /// these folders: it is asked only when a message may or may not have been sent.
    pub async fn find_message_id(
        &self,
        mailbox: MailboxId,
        message_id: &str,
        role: Option<Role>,
    ) -> Result<Vec<MessageId>, StoreError> {
        let message_id = message_id.to_owned();
        self.read("find a Message-ID", move |db| {
            let mut statement = db.prepare_cached(
                "SELECT m.id FROM folders f CROSS JOIN messages m ON m.folder_id = f.id
                 WHERE m.message_key = ?1 AND m.message_id = ?2 AND f.mailbox_id = ?3
                     AND (?4 IS NULL OR f.role = ?4) ORDER BY m.id",
            )?;
            let key = key_of_message_id(&message_id);
            let role = role.map(Role::name);
            let rows = statement
                .query_map(params![key, message_id, mailbox.row(), role], |row| {
                    row.get(0).map(MessageId::new)
                })?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
        })
        .await
    }
}
