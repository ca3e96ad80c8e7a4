//! Folders of a mailbox. Their counters are kept by triggers and never counted.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::{Folder, FolderId, MailboxId, RemoteFolder, RemoteId, Role};
use crate::store::database::Fault;
use crate::store::queue::rederive;
use crate::store::{Store, StoreError, rehome};

const COLUMNS: &str = "id, mailbox_id, remote, path, role, selectable, total, unread, cached";

impl Store {
    /// Makes the mailbox have exactly these folders; messages of vanished ones go.
    pub async fn set_folders(
        &self,
        mailbox: MailboxId,
        folders: &[RemoteFolder],
    ) -> Result<Vec<Folder>, StoreError> {
        let listed = folders.to_vec();
        self.write("set the folders", move |db| {
            let is_known: bool = db.query_row(
                "SELECT EXISTS (SELECT 1 FROM mailboxes WHERE id = ?1)",
                [mailbox.row()],
                |row| row.get(0),
            )?;
            if !is_known {
                return Err(Fault::NoSuch("mailbox"));
            }
            for folder in &listed {
                rehome::take_over(db, mailbox, folder)?;
                set_folder(db, mailbox, folder)?;
            }
            for known in folders_of(db, mailbox)? {
                if !listed.iter().any(|folder| folder.id == known.remote) {
                    forget(db, known.id)?;
                }
            }
            Ok(folders_of(db, mailbox)?)
        })
        .await
    }

    /// Returns a mailbox's folders: roles first in their usual order, then by path.
    pub async fn folders(&self, mailbox: MailboxId) -> Result<Vec<Folder>, StoreError> {
        self.read("list the folders", move |db| Ok(folders_of(db, mailbox)?))
            .await
    }

    /// Returns one folder.
    pub async fn folder(&self, folder: FolderId) -> Result<Option<Folder>, StoreError> {
        self.read("read a folder", move |db| {
            let sql = format!("SELECT {COLUMNS} FROM folders WHERE id = ?1");
            let mut statement = db.prepare_cached(&sql)?;
            Ok(statement.query_row([folder.row()], read).optional()?)
        })
        .await
    }

    /// Returns the folder that plays a role; of several, the first by path.
    pub async fn folder_by_role(
        &self,
        mailbox: MailboxId,
        role: Role,
    ) -> Result<Option<Folder>, StoreError> {
        let folders = self.folders(mailbox).await?;
        Ok(folders.into_iter().find(|folder| folder.role == role))
    }
}

fn set_folder(db: &Connection, mailbox: MailboxId, folder: &RemoteFolder) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO folders (mailbox_id, remote, path, role, selectable) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (mailbox_id, remote) DO UPDATE SET
             path = excluded.path, role = excluded.role, selectable = excluded.selectable",
    )?
    .execute(params![
        mailbox.row(),
        folder.id.as_str(),
        folder.path,
        folder.role.name(),
        folder.selectable
    ])
    .map(drop)
}

/// Messages on their way into the folder stay where the server has them.
fn forget(db: &Connection, folder: FolderId) -> rusqlite::Result<()> {
    let mut statement = db.prepare_cached(
        "SELECT id FROM messages WHERE folder_id = ?1 AND server_folder_id <> ?1",
    )?;
    let guests = statement.query_map([folder.row()], |row| row.get(0))?;
    let guests: Vec<i64> = guests.collect::<rusqlite::Result<_>>()?;
    db.execute("DELETE FROM pending WHERE target_id = ?1", [folder.row()])?;
    for message in guests {
        rederive(db, message)?;
    }
    db.execute("DELETE FROM folders WHERE id = ?1", [folder.row()])
        .map(drop)
}

fn folders_of(db: &Connection, mailbox: MailboxId) -> rusqlite::Result<Vec<Folder>> {
    let sql = format!("SELECT {COLUMNS} FROM folders WHERE mailbox_id = ?1");
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map([mailbox.row()], read)?;
    let mut folders = rows.collect::<rusqlite::Result<Vec<Folder>>>()?;
    folders.sort_by_cached_key(|folder| (folder.role, folder.path.to_lowercase(), folder.id));
    Ok(folders)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Folder> {
    let role: String = row.get(4)?;
    Ok(Folder {
        id: FolderId::new(row.get(0)?),
        mailbox: MailboxId::new(row.get(1)?),
        remote: RemoteId::new(row.get::<_, String>(2)?),
        path: row.get(3)?,
        role: Role::from_name(&role),
        selectable: row.get(5)?,
        total: row.get::<_, u32>(6)?.max(row.get(8)?),
        unread: row.get(7)?,
        cached: row.get(8)?,
    })
}
