//! A mailbox that is reached over another protocol from now on: its folders and messages stay and get their new ids when
//! they are listed.

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{FolderId, IncomingProtocol, MailboxId, RemoteFolder, Role};

/// Stands before a folder's id of another protocol; no server's id begins like this.
const FORMER: &str = "\u{1}former:";

/// Makes a mailbox forget the ids of its former protocol, if it had another. What waits to be changed on the server
/// waits until the messages are listed again.
pub fn change_protocol(db: &Connection, mailbox: i64, protocol: &str) -> rusqlite::Result<()> {
    let changed = db.execute(
        "UPDATE mailboxes SET protocol = ?2 WHERE id = ?1 AND protocol <> ?2",
        params![mailbox, protocol],
    )?;
    if changed == 0 {
        return Ok(());
    }
    tracing::info!(mailbox, protocol, "another protocol");
    db.execute(
        "UPDATE messages SET remote = NULL, is_stale = 1, misses = 0
         WHERE server_folder_id IN (SELECT id FROM folders WHERE mailbox_id = ?1)",
        [mailbox],
    )?;
    db.execute(
        "UPDATE folders SET cursor = NULL, remote = ?2 || remote
         WHERE mailbox_id = ?1 AND substr(remote, 1, length(?2)) <> ?2",
        params![mailbox, FORMER],
    )?;
    Ok(())
}

/// Gives the row of a folder that a former protocol listed the id that it has now: the folder of the same role, else of
/// the same path. Queued changes speak of the new id, too.
pub fn take_over(
    db: &Connection,
    mailbox: MailboxId,
    folder: &RemoteFolder,
) -> rusqlite::Result<()> {
    let role = folder.role.name();
    let found: Option<(i64, String)> = db
        .prepare_cached(
            "SELECT id, remote FROM folders
             WHERE mailbox_id = ?1 AND substr(remote, 1, length(?2)) = ?2
                 AND (role = ?3 AND role <> ?4 OR path = ?5)
                 AND NOT EXISTS (SELECT 1 FROM folders WHERE mailbox_id = ?1 AND remote = ?6)
             ORDER BY role = ?3 DESC, id LIMIT 1",
        )?
        .query_row(
            params![
                mailbox.row(),
                FORMER,
                role,
                Role::None.name(),
                folder.path,
                folder.id.as_str()
            ],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((id, former)) = found else {
        return Ok(());
    };
    db.execute(
        "UPDATE folders SET remote = ?2 WHERE id = ?1",
        params![id, folder.id.as_str()],
    )?;
    let former = former.strip_prefix(FORMER).unwrap_or(&former);
    rename_in_queue(db, mailbox, (former, folder.id.as_str()))
}

/// Operations that are kept as they are name their folder by its id.
fn rename_in_queue(
    db: &Connection,
    mailbox: MailboxId,
    (former, now): (&str, &str),
) -> rusqlite::Result<()> {
    for kind in ["Append", "RenameFolder", "DeleteFolder"] {
        let path = format!("$.{kind}.folder");
        db.prepare_cached(
            "UPDATE pending SET op = json_set(op, ?2, ?4)
             WHERE mailbox_id = ?1 AND kind = 'remote' AND json_extract(op, ?2) = ?3",
        )?
        .execute(params![mailbox.row(), path, former, now])?;
    }
    Ok(())
}

/// Tells whether the server of a folder keeps flags; where not, the cache does.
pub fn keeps_flags(db: &Connection, folder: FolderId) -> rusqlite::Result<bool> {
    let protocol: Option<String> = db
        .prepare_cached(
            "SELECT m.protocol FROM folders f JOIN mailboxes m ON m.id = f.mailbox_id WHERE f.id = ?1",
        )?
        .query_row([folder.row()], |row| row.get(0))
        .optional()?;
    let protocol = protocol.and_then(|name| IncomingProtocol::from_name(&name));
    Ok(protocol.is_none_or(IncomingProtocol::keeps_flags))
}
