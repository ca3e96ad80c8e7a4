//! An archive folder where a mailbox has none: made on the server through the queue, then filled.

use std::sync::Arc;

use crate::engine::inner::Inner;
use crate::engine::protocol::needs_folders;
use crate::engine::work::bell::locked;
use crate::engine::work::desk::Desk;
use crate::engine::{Engine, EngineError};
use crate::model::{Folder, MailboxId, MessageId, RemoteOp, Role};

/// The name of the folder; servers and programs know it as the archive.
pub const ARCHIVE: &str = "Archive";

impl Engine {
    /// Has an archive folder made in every mailbox of these messages that lacks one; they are moved there when it
    /// exists, and stay where they are should the server refuse it or the program end before.
    pub async fn archive_in_new_folder(&self, messages: Vec<MessageId>) -> Result<(), EngineError> {
        let rows = self.inner.store.listed(&messages).await?;
        let mut ready = Vec::new();
        for row in rows {
            needs_folders(&*self.inner.desk(row.mailbox)?, "archived")?;
            let folders = self.inner.store.folders(row.mailbox).await?;
            if archive_of(&folders).is_some() {
                ready.push((row.mailbox, row.id));
                continue;
            }
            let desk = self.inner.desk(row.mailbox)?;
            let is_asked = {
                let mut waiting = locked(&desk.to_archive);
                let is_asked = !waiting.is_empty();
                waiting.insert(row.id);
                is_asked
            };
            if !is_asked {
                self.make_archive(&desk).await?;
            }
        }
        for (mailbox, message) in ready {
            self.file(mailbox, vec![message]).await?;
        }
        Ok(())
    }

    async fn make_archive(&self, desk: &Arc<Desk>) -> Result<(), EngineError> {
        let path = ARCHIVE.to_owned();
        let op = RemoteOp::CreateFolder { path };
        self.inner.store.enqueue(desk.mailbox.id, op).await?;
        self.inner.count_pending(desk).await?;
        desk.bell.ring();
        Ok(())
    }

    async fn file(&self, mailbox: MailboxId, messages: Vec<MessageId>) -> Result<(), EngineError> {
        let folders = self.inner.store.folders(mailbox).await?;
        if let Some(archive) = archive_of(&folders) {
            self.move_to(messages, archive.id).await?;
        }
        Ok(())
    }
}

/// Moves what waits for an archive folder, if there is one now.
pub async fn file_waiting(inner: &Arc<Inner>, desk: &Desk, folders: &[Folder]) {
    if archive_of(folders).is_none() {
        return;
    }
    let messages: Vec<MessageId> = std::mem::take(&mut *locked(&desk.to_archive))
        .into_iter()
        .collect();
    if messages.is_empty() {
        return;
    }
    let inner = Arc::clone(inner);
    let filed = Engine { inner }.file(desk.mailbox.id, messages).await;
    if let Err(error) = filed {
        // They are still where they were, and were not said to be elsewhere.
        tracing::warn!(%error, "not moved to the new archive folder");
    }
}

/// Finds the archive folder; one that was just made may be known by its name only.
fn archive_of(folders: &[Folder]) -> Option<&Folder> {
    let by_role = folders.iter().find(|folder| folder.role == Role::Archive);
    by_role.or_else(|| {
        let is_it = |folder: &&Folder| folder.selectable && folder.path == ARCHIVE;
        folders.iter().find(is_it)
    })
}
