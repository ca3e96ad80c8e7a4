//! What was sent lately: by whom, which way, and in which mailboxes a copy was found. Written as part of the outbox.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::model::{AccountId, MailboxId, OutboxId, Role, SentBy, SentMail};
use crate::store::database::Fault;
use crate::store::mail::{key_of_message_id, timestamp, unpack_addresses};
use crate::store::queue::outbox::{strings, to_json};
use crate::store::{Store, StoreError};

/// How long it is kept, in milliseconds.
const KEPT: i64 = 14 * 24 * 3600 * 1000;
/// The most that is listed.
const LISTED: u32 = 200;

impl Store {
    /// Lists what was sent lately, newest first, each with the mailboxes in whose Sent folder it is known to be. A
    /// mailbox stands there once for each copy.
    pub async fn sent(&self) -> Result<Vec<SentMail>, StoreError> {
        self.read("list what was sent", |db| {
            let mut statement = db.prepare_cached(
                "SELECT id, account_id, mailbox_id, sender, recipients, subject, message_id, new_message_id,
                     sent_at, sent_by
                 FROM sent ORDER BY sent_at DESC, id DESC LIMIT ?1",
            )?;
            let rows = statement.query_map([LISTED], sent_mail)?;
            let mut all = rows.collect::<rusqlite::Result<Vec<_>>>()?;
            for mail in &mut all {
                mail.filed_in = filed_in(db, mail)?;
            }
            Ok(all)
        })
        .await
    }
}

/// Notes that a message of the outbox was sent, and forgets what is too old.
pub(super) fn note(
    db: &Connection,
    id: i64,
    (by, new_message_id): (&SentBy, Option<&str>),
    now: Timestamp,
) -> Result<(), Fault> {
    let now = now.as_millisecond();
    db.execute(
        "INSERT OR REPLACE INTO sent (id, account_id, mailbox_id, sender, recipients, subject, message_id,
             new_message_id, sent_at, sent_by)
         SELECT id, account_id, mailbox_id, sender, recipients, subject, message_id, ?2, ?3, ?4
         FROM outbox WHERE id = ?1",
        params![id, new_message_id, now, to_json(by)?],
    )?;
    db.execute("DELETE FROM sent WHERE sent_at < ?1", [now - KEPT])?;
    Ok(())
}

fn sent_mail(row: &Row<'_>) -> rusqlite::Result<SentMail> {
    let mut senders = unpack_addresses(row.get_ref(3)?.as_str()?);
    let by: String = row.get(9)?;
    Ok(SentMail {
        id: OutboxId::new(row.get(0)?),
        account: AccountId::new(row.get(1)?),
        mailbox: MailboxId::new(row.get(2)?),
        from: senders.pop().unwrap_or_default(),
        recipients: strings(row.get_ref(4)?.as_str()?),
        subject: row.get(5)?,
        message_id: row.get(6)?,
        new_message_id: row.get(7)?,
        at: timestamp(row.get(8)?),
        by: serde_json::from_str(&by).ok(),
        filed_in: Vec::new(),
    })
}

fn filed_in(db: &Connection, mail: &SentMail) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    let ids = std::iter::once(&mail.message_id).chain(&mail.new_message_id);
    for id in ids {
        let mut statement = db.prepare_cached(
            "SELECT b.address FROM messages m JOIN folders f ON f.id = m.folder_id
                 JOIN mailboxes b ON b.id = f.mailbox_id
             WHERE m.message_key = ?1 AND m.message_id = ?2 AND f.role = ?3 AND b.account_id = ?4 ORDER BY m.id",
        )?;
        let wanted = params![
            key_of_message_id(id),
            id,
            Role::Sent.name(),
            mail.account.row()
        ];
        let rows = statement.query_map(wanted, |row| row.get(0))?;
        found.extend(rows.collect::<rusqlite::Result<Vec<String>>>()?);
    }
    Ok(found)
}
