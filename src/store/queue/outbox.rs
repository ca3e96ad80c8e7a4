//! The outbox: never twice, never lost. A message is set to `sending` and committed before anyone sends it.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::{
    AccountId, Draft, DraftAttachment, DraftId, Failure, Flags, FolderId, MailboxId, MessageId,
    Outbound, OutboxId, OutboxItem, OutboxState, RemoteOp,
};
use crate::store::database::Fault;
use crate::store::mail::{pack_addresses, timestamp, unpack_addresses};
use crate::store::queue::drafts::{insert_draft, load_draft};
use crate::store::queue::{actions, owner, pending, sent};
use crate::store::{NewOutbox, Sent, Store, StoreError};

const COLUMNS: &str =
    "id, account_id, mailbox_id, sender, recipients, subject, message_id, state, attempts,
    not_before, failure";

const NO_SUCH: Fault = Fault::NoSuch("outgoing message");

impl Store {
    /// Queues a message and removes the draft it came from, in one transaction.
    pub async fn outbox_add(
        &self,
        new: NewOutbox,
        from_draft: Option<DraftId>,
    ) -> Result<OutboxId, StoreError> {
        self.write("queue a message", move |db| add(db, &new, from_draft))
            .await
    }

    /// Returns all outgoing messages, oldest first.
    pub async fn outbox(&self) -> Result<Vec<OutboxItem>, StoreError> {
        self.read("list the outbox", |db| {
            let mut statement =
                db.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox ORDER BY id"))?;
            let rows = statement.query_map([], item)?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
        })
        .await
    }

    /// Returns when the next `ready` message is due.
    pub async fn outbox_next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read("look into the outbox", |db| {
            let due: Option<i64> = db
                .prepare_cached("SELECT min(not_before) FROM outbox WHERE state = 'ready'")?
                .query_row([], |row| row.get(0))?;
            Ok(due.map(timestamp))
        })
        .await
    }

    /// Takes the oldest message that is due, sets it to `sending`, counts the attempt, and commits, before it is returned.
    pub async fn outbox_begin(
        &self,
        now: Timestamp,
    ) -> Result<Option<(OutboxItem, Outbound)>, StoreError> {
        let owner = self.owner()?;
        // The write lock is taken before we look, so that no other running copy sees the same row as `ready`.
        self.write("take a message to send", move |db| {
            begin(db, now, &owner.name())
        })
        .await
    }

    /// Says that it was accepted: moves it to what was sent, sets `\Answered` or `$Forwarded` on the original, queues
    /// the sent copy if `file_copy` names a folder, all in one transaction.
    pub async fn outbox_accepted(
        &self,
        id: OutboxId,
        file_copy: Option<FolderId>,
        sent: Sent,
    ) -> Result<(), StoreError> {
        self.write("note that a message was sent", move |db| {
            let by = (&sent.by, sent.new_message_id.as_deref());
            sent::note(db, id.row(), by, sent.at)?;
            accepted(db, id.row(), file_copy)
        })
        .await
    }

    /// Puts it back to `ready` for a later time.
    pub async fn outbox_later(
        &self,
        id: OutboxId,
        not_before: Timestamp,
        failure: &Failure,
    ) -> Result<(), StoreError> {
        let failure = failure.clone();
        self.write("put a message off", move |db| {
            stop(db, id, OutboxState::Ready, &failure)?;
            let sql = "UPDATE outbox SET not_before = ?2 WHERE id = ?1";
            db.execute(sql, params![id.row(), not_before.as_millisecond()])?;
            Ok(())
        })
        .await
    }

    /// Sets it to `failed` or `unsure`.
    pub async fn outbox_stopped(
        &self,
        id: OutboxId,
        state: OutboxState,
        failure: &Failure,
    ) -> Result<(), StoreError> {
        let failure = failure.clone();
        self.write("stop a message", move |db| stop(db, id, state, &failure))
            .await
    }

    /// Sets a `failed`, `held` or `unsure` message to `ready` now, because the user said so.
    pub async fn outbox_retry(&self, id: OutboxId, now: Timestamp) -> Result<bool, StoreError> {
        self.write("send a message again", move |db| {
            let changed = db.execute(
                "UPDATE outbox SET state = 'ready', not_before = ?2, failure = NULL, owner = NULL
                 WHERE id = ?1 AND state IN ('failed', 'held', 'unsure')",
                params![id.row(), now.as_millisecond()],
            )?;
            Ok(changed > 0)
        })
        .await
    }

    /// Takes a message that is not `sending` out of the outbox; its draft comes back as a draft. `None` if too late.
    ///
    /// A message that was queued without a draft comes back as one that has it attached.
    pub async fn outbox_cancel(
        &self,
        id: OutboxId,
        now: Timestamp,
    ) -> Result<Option<DraftId>, StoreError> {
        self.write("take a message back", move |db| cancel(db, id.row(), now))
            .await
    }

    /// Sets messages found in `sending` (the program died) to `unsure`; returns them. What another running copy is
    /// sending right now is left alone.
    pub async fn outbox_recover(&self) -> Result<Vec<OutboxId>, StoreError> {
        let owner = self.owner()?;
        let folder = self.folder_path();
        self.write("look for interrupted messages", move |db| {
            recover(db, &folder, &owner.name())
        })
        .await
    }
}

fn add(db: &Connection, new: &NewOutbox, from_draft: Option<DraftId>) -> Result<OutboxId, Fault> {
    let (account_name, account_address, mailbox_address) = names(db, new)?;
    let recipients = to_json(&new.mail.recipients)?;
    db.prepare_cached(
        "INSERT INTO outbox (account_id, mailbox_id, account_name, account_address, mailbox_address, sender, subject,
             message_id, envelope_sender, recipients, bytes, state, not_before)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'ready', ?12)",
    )?
    .execute(params![
        new.account.row(),
        new.mailbox.row(),
        account_name,
        account_address,
        mailbox_address,
        pack_addresses(std::slice::from_ref(&new.from)),
        new.subject,
        new.message_id,
        new.mail.sender,
        recipients,
        new.mail.bytes,
        new.not_before.as_millisecond()
    ])?;
    let id = db.last_insert_rowid();
    if let Some(draft) = from_draft {
        let sql = "DELETE FROM drafts WHERE id = ?1 AND outbox_id IS NULL";
        db.execute(sql, [draft.row()])?;
    }
    if let Some(draft) = &new.draft {
        let draft = insert_draft(db, draft, new.not_before)?;
        db.execute(
            "UPDATE drafts SET outbox_id = ?2 WHERE id = ?1",
            [draft, id],
        )?;
    }
    Ok(OutboxId::new(id))
}

fn names(db: &Connection, new: &NewOutbox) -> Result<(String, String, String), Fault> {
    let found = db
        .query_row(
            "SELECT a.name, a.address, m.address FROM mailboxes m JOIN accounts a ON a.id = ?1 WHERE m.id = ?2",
            [new.account.row(), new.mailbox.row()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    found.ok_or(Fault::NoSuch("mailbox"))
}

fn begin(
    db: &Connection,
    now: Timestamp,
    owner: &str,
) -> Result<Option<(OutboxItem, Outbound)>, Fault> {
    let due: Option<i64> = db
        .prepare_cached(
            "SELECT id FROM outbox WHERE state = 'ready' AND not_before <= ?1 ORDER BY id LIMIT 1",
        )?
        .query_row([now.as_millisecond()], |row| row.get(0))
        .optional()?;
    let Some(id) = due else {
        return Ok(None);
    };
    db.prepare_cached(
        "UPDATE outbox SET state = 'sending', attempts = attempts + 1, owner = ?2 WHERE id = ?1",
    )?
    .execute(params![id, owner])?;
    let item = db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1"))?
        .query_row([id], item)?;
    let mail = outbound(db, id)?.ok_or(NO_SUCH)?;
    Ok(Some((item, mail)))
}

fn outbound(db: &Connection, id: i64) -> rusqlite::Result<Option<Outbound>> {
    db.prepare_cached("SELECT envelope_sender, recipients, bytes FROM outbox WHERE id = ?1")?
        .query_row([id], |row| {
            Ok(Outbound {
                sender: row.get(0)?,
                recipients: strings(row.get_ref(1)?.as_str()?),
                bytes: row.get(2)?,
            })
        })
        .optional()
}

fn item(row: &Row<'_>) -> rusqlite::Result<OutboxItem> {
    let failure: Option<String> = row.get(10)?;
    let state: String = row.get(7)?;
    let mut senders = unpack_addresses(row.get_ref(3)?.as_str()?);
    Ok(OutboxItem {
        id: OutboxId::new(row.get(0)?),
        account: AccountId::new(row.get(1)?),
        mailbox: MailboxId::new(row.get(2)?),
        from: senders.pop().unwrap_or_default(),
        recipients: strings(row.get_ref(4)?.as_str()?),
        subject: row.get(5)?,
        message_id: row.get(6)?,
        // A state nobody knows must never be sent by itself.
        state: OutboxState::from_name(&state).unwrap_or(OutboxState::Held),
        attempts: row.get(8)?,
        not_before: timestamp(row.get(9)?),
        failure: failure.and_then(|text| serde_json::from_str(&text).ok()),
    })
}

pub(super) fn strings(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

pub(super) fn to_json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn accepted(db: &Connection, id: i64, file_copy: Option<FolderId>) -> Result<(), Fault> {
    let message_id: String = db
        .query_row("SELECT message_id FROM outbox WHERE id = ?1", [id], |row| {
            row.get(0)
        })
        .optional()?
        .ok_or(NO_SUCH)?;
    if let Some(folder) = file_copy {
        append_copy(db, id, folder, message_id)?;
    }
    if let Some(draft) = queued_draft(db, id)?
        && let Some(origin) = load_draft(db, draft)?.and_then(|draft| draft.origin)
    {
        let flag = if origin.is_forward {
            Flags::FORWARDED
        } else {
            Flags::ANSWERED
        };
        actions::flag(db, MessageId::new(origin.message_row), flag.bits())?;
    }
    db.execute("DELETE FROM outbox WHERE id = ?1", [id])?;
    Ok(())
}

fn append_copy(
    db: &Connection,
    id: i64,
    folder: FolderId,
    message_id: String,
) -> Result<(), Fault> {
    let (mailbox, remote) = db
        .query_row(
            "SELECT mailbox_id, remote FROM folders WHERE id = ?1",
            [folder.row()],
            |row| Ok((MailboxId::new(row.get(0)?), row.get(1)?)),
        )
        .optional()?
        .ok_or(Fault::NoSuch("folder"))?;
    let mail = outbound(db, id)?.ok_or(NO_SUCH)?;
    let op = RemoteOp::Append {
        folder: remote,
        flags: Flags::SEEN,
        message_id,
        bytes: mail.bytes,
    };
    pending::enqueue(db, mailbox, op).map(drop)
}

fn queued_draft(db: &Connection, outbox: i64) -> rusqlite::Result<Option<i64>> {
    db.query_row(
        "SELECT id FROM drafts WHERE outbox_id = ?1",
        [outbox],
        |row| row.get(0),
    )
    .optional()
}

fn stop(db: &Connection, id: OutboxId, state: OutboxState, failure: &Failure) -> Result<(), Fault> {
    let changed = db.execute(
        "UPDATE outbox SET state = ?2, failure = ?3, owner = NULL WHERE id = ?1",
        params![id.row(), state.name(), to_json(failure)?],
    )?;
    if changed == 0 { Err(NO_SUCH) } else { Ok(()) }
}

fn cancel(db: &Connection, id: i64, now: Timestamp) -> Result<Option<DraftId>, Fault> {
    let found = db
        .query_row(
            &format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1 AND state <> 'sending'"),
            [id],
            item,
        )
        .optional()?;
    let Some(item) = found else {
        return Ok(None);
    };
    let draft = match queued_draft(db, id)? {
        Some(draft) => {
            let sql = "UPDATE drafts SET outbox_id = NULL, changed = ?2 WHERE id = ?1";
            db.execute(sql, params![draft, now.as_millisecond()])?;
            draft
        }
        None => insert_draft(db, &attached(db, item)?, now)?,
    };
    db.execute("DELETE FROM outbox WHERE id = ?1", [id])?;
    Ok(Some(DraftId::new(draft)))
}

/// Nothing a user handed over may vanish, even if nobody kept what it was made of.
fn attached(db: &Connection, item: OutboxItem) -> Result<Draft, Fault> {
    let mail = outbound(db, item.id.row())?.ok_or(NO_SUCH)?;
    Ok(Draft {
        from: item.from,
        to: item.recipients.join("; "),
        subject: item.subject,
        attachments: vec![DraftAttachment::Bytes {
            name: "message.eml".to_owned(),
            media_type: "message/rfc822".to_owned(),
            data: mail.bytes,
        }],
        ..Draft::default()
    })
}

fn recover(db: &Connection, folder: &Path, own: &str) -> Result<Vec<OutboxId>, Fault> {
    let mut statement =
        db.prepare_cached("SELECT id, owner FROM outbox WHERE state = 'sending' ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?))
    })?;
    let mut recovered = Vec::new();
    for row in rows {
        let (id, owner) = row?;
        // Whoever asks is not sending any more, even if it is the program that was.
        let is_abandoned = owner.is_none_or(|name| name == own || owner::is_gone(folder, &name));
        if is_abandoned {
            let sql = "UPDATE outbox SET state = 'unsure', owner = NULL WHERE id = ?1";
            db.execute(sql, [id])?;
            recovered.push(OutboxId::new(id));
        }
    }
    Ok(recovered)
}
