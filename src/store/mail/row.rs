//! A message as a row: how an envelope is packed, written and read back. Decides nothing about folders.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Connection, Row, named_params, params};
use serde::{Deserialize, Serialize};

use crate::model::{Address, Envelope, Flags, FolderId, Listed, MailboxId, MessageId};
use crate::store::mail::words::fold;

/// The columns that [`listed`] reads, in its order.
pub const LISTED: &str =
    "m.id, m.folder_id, f.mailbox_id, m.date, m.flags, m.size, m.has_attachments, m.message_id,
    m.subject, m.preview, m.sender, m.more, m.thread";

/// The parts of an envelope that only opened messages need.
#[derive(Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct More {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    to: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reply_to: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_reply_to: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<String>,
}

/// The borrowed twin of [`More`], for writing.
#[derive(Serialize)]
struct MoreRef<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    to: Vec<(&'a str, &'a str)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cc: Vec<(&'a str, &'a str)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reply_to: Vec<(&'a str, &'a str)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_reply_to: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    references: &'a [String],
}

/// Where a message stands on the server, and what recognises it there.
pub struct Key<'a> {
    /// The folder.
    pub folder: FolderId,
    /// Its id there.
    pub remote: &'a str,
}

/// What the cache must know of a row to bring it up to date.
pub struct Stored {
    /// Row id.
    pub id: i64,
    /// As the server had them.
    pub server_flags: u8,
    /// Unix milliseconds.
    pub date: i64,
    /// Subject.
    pub subject: String,
    /// Size in bytes.
    pub size: i64,
}

/// Adds a message; `None` if its folder has one under this id. Its words follow by [`index`].
pub fn insert(
    connection: &Connection,
    key: &Key<'_>,
    envelope: &Envelope,
) -> rusqlite::Result<Option<MessageId>> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO messages (folder_id, server_folder_id, remote, date, flags, server_flags, size, has_attachments,
             message_key, thread, message_id, subject, preview, sender, more)
         VALUES (?1, ?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (server_folder_id, remote) DO NOTHING",
    )?;
    let added = statement.execute(params![
        key.folder.row(),
        key.remote,
        envelope.date.as_millisecond(),
        envelope.flags.bits(),
        size(envelope),
        envelope.has_attachments,
        message_key(envelope),
        thread(envelope),
        envelope.message_id,
        envelope.subject,
        envelope.preview,
        pack_addresses(&envelope.from),
        pack_more(envelope),
    ])?;
    Ok((added > 0).then(|| MessageId::new(connection.last_insert_rowid())))
}

/// Replaces what a row says of a message whose content changed under the same id. Its words follow by [`index`].
pub fn update(connection: &Connection, id: i64, envelope: &Envelope) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE messages SET date = :date, size = :size, has_attachments = :has_attachments, has_body = 0,
                 message_key = :message_key, thread = :thread, message_id = :message_id, subject = :subject,
                 preview = :preview, sender = :sender, more = :more
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": id,
            ":date": envelope.date.as_millisecond(),
            ":size": size(envelope),
            ":has_attachments": envelope.has_attachments,
            ":message_key": message_key(envelope),
            ":thread": thread(envelope),
            ":message_id": envelope.message_id,
            ":subject": envelope.subject,
            ":preview": envelope.preview,
            ":sender": pack_addresses(&envelope.from),
            ":more": pack_more(envelope),
        })?;
    for sql in [
        "DELETE FROM bodies WHERE message_id = ?1",
        "DELETE FROM body_words WHERE rowid = ?1",
        "DELETE FROM header_words WHERE rowid = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([id])?;
    }
    Ok(())
}

/// Deletes rows; triggers and foreign keys take everything that hangs on them.
pub fn remove(connection: &Connection, ids: &BTreeSet<i64>) -> rusqlite::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    // One statement for all: see [`index`].
    connection
        .prepare_cached("DELETE FROM messages WHERE id IN (SELECT value FROM json_each(?1))")?
        .execute([json(ids)])
        .map(drop)
}

/// The texts of a message's headers that people search.
pub struct Words {
    /// The subject.
    pub subject: String,
    /// Names and addresses it is from.
    pub sender: String,
    /// Names and addresses it is to.
    pub recipients: String,
}

impl Words {
    /// Takes them from an envelope.
    pub fn of(envelope: &Envelope) -> Self {
        let people = |lists: [&[Address]; 2]| {
            let addresses = lists.into_iter().flatten();
            joined(addresses.map(|address| (&address.name, &address.email)))
        };
        Self {
            subject: envelope.subject.clone(),
            sender: people([&envelope.from, &[]]),
            recipients: people([&envelope.to, &envelope.cc]),
        }
    }

    /// Reads them from a row of `subject, sender, more`, beginning with column `first`.
    pub fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        let sender: Vec<(String, String)> =
            serde_json::from_str(row.get_ref(first + 1)?.as_str()?).unwrap_or_default();
        let more: More =
            serde_json::from_str(row.get_ref(first + 2)?.as_str()?).unwrap_or_default();
        let recipients = more.to.iter().chain(&more.cc);
        Ok(Self {
            subject: row.get(first)?,
            sender: joined(sender.iter().map(|(name, email)| (name, email))),
            recipients: joined(recipients.map(|(name, email)| (name, email))),
        })
    }
}

fn joined<'a>(people: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    let mut text = String::new();
    for (name, email) in people {
        for part in [name, email] {
            text.push_str(part);
            text.push(' ');
        }
    }
    text
}

/// Indexes the words of a message's headers.
///
/// Whoever writes many rows does this behind all of them: before a statement that has triggers, SQLite sets a
/// savepoint, and then the index writes out what it has gathered, be it a single message.
pub fn index(connection: &Connection, id: i64, words: &Words) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO header_words (rowid, subject, sender, recipients) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            id,
            fold(&words.subject),
            fold(&words.sender),
            fold(&words.recipients)
        ])
        .map(drop)
}

/// Reads a row of [`LISTED`] columns; the thread is counted by the caller, who gets its hash.
pub fn listed(row: &Row<'_>) -> rusqlite::Result<(Listed, i64)> {
    let mut envelope = Envelope {
        date: timestamp(row.get(3)?),
        flags: Flags::from_bits(row.get(4)?),
        size: row.get::<_, i64>(5)?.unsigned_abs(),
        has_attachments: row.get(6)?,
        message_id: row.get(7)?,
        subject: row.get(8)?,
        preview: row.get(9)?,
        from: unpack_addresses(row.get_ref(10)?.as_str()?),
        ..Envelope::default()
    };
    unpack_more(row.get_ref(11)?.as_str()?, &mut envelope);
    let listed = Listed {
        id: MessageId::new(row.get(0)?),
        folder: FolderId::new(row.get(1)?),
        mailbox: MailboxId::new(row.get(2)?),
        envelope,
        thread_size: 1,
    };
    Ok((listed, row.get(12)?))
}

/// Reads a time; one out of range can only come from damage.
pub fn timestamp(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Returns the size as stored.
pub fn size(envelope: &Envelope) -> i64 {
    i64::try_from(envelope.size).unwrap_or(i64::MAX)
}

/// Returns what recognises a message under another id: its `Message-ID`, else date and subject.
pub fn message_key(envelope: &Envelope) -> i64 {
    if envelope.message_id.is_empty() {
        let date = envelope.date.as_millisecond().to_string();
        hash(&[&date, &envelope.subject])
    } else {
        hash(&[&envelope.message_id])
    }
}

/// Returns the key of a message with this `Message-ID`.
pub fn key_of_message_id(message_id: &str) -> i64 {
    hash(&[message_id])
}

/// Whoever names the same first message belongs together; full threading is not a matter of rows.
fn thread(envelope: &Envelope) -> i64 {
    let first = envelope.references.first().map(String::as_str);
    let root = first
        .or(envelope.in_reply_to.as_deref())
        .unwrap_or(&envelope.message_id);
    if root.is_empty() { 0 } else { hash(&[root]) }
}

/// FNV-1a, 64 bits: stored, so it must never change.
fn hash(parts: &[&str]) -> i64 {
    let mut state: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for byte in part.bytes().chain([0]) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    state.cast_signed()
}

fn borrowed(addresses: &[Address]) -> Vec<(&str, &str)> {
    addresses
        .iter()
        .map(|address| (address.name.as_str(), address.email.as_str()))
        .collect()
}

/// Packs addresses as `[["name","address"],…]`.
pub fn pack_addresses(addresses: &[Address]) -> String {
    json(&borrowed(addresses))
}

/// Reads packed addresses; damaged ones are none.
pub fn unpack_addresses(text: &str) -> Vec<Address> {
    let pairs: Vec<(String, String)> = serde_json::from_str(text).unwrap_or_default();
    addresses(pairs)
}

fn addresses(pairs: Vec<(String, String)>) -> Vec<Address> {
    pairs
        .into_iter()
        .map(|(name, email)| Address { name, email })
        .collect()
}

fn pack_more(envelope: &Envelope) -> String {
    let more = MoreRef {
        to: borrowed(&envelope.to),
        cc: borrowed(&envelope.cc),
        reply_to: borrowed(&envelope.reply_to),
        in_reply_to: envelope.in_reply_to.as_deref(),
        references: &envelope.references,
    };
    let text = json(&more);
    if text == "{}" { String::new() } else { text }
}

fn unpack_more(text: &str, envelope: &mut Envelope) {
    if text.is_empty() {
        return;
    }
    let more: More = serde_json::from_str(text).unwrap_or_default();
    envelope.to = addresses(more.to);
    envelope.cc = addresses(more.cc);
    envelope.reply_to = addresses(more.reply_to);
    envelope.in_reply_to = more.in_reply_to;
    envelope.references = more.references;
}

/// Writing strings and lists as JSON cannot fail.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
