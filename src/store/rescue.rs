//! Queued changes of a damaged database: what the user did and no server knows yet, as operations that need no rows.
//!
//! Reads only; every row is believed on its own, so that one page of damage costs its own rows and no others.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{FlagChange, Flags, RemoteOp};
use crate::store::accounts::{account_id, mailbox_id};
use crate::store::database::Fault;

/// Messages in one operation: one command to a server, and one refusal.
const MAX_MESSAGES: usize = 500;

/// A change that no server knows yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rescued {
    mailbox: Mailbox,
    op: RemoteOp,
    attempts: u32,
}

/// A mailbox by its names, since the ids of a new database are others.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Mailbox {
    account: String,
    account_address: String,
    address: String,
}

/// A queue entry as it was stored.
struct Entry {
    id: i64,
    place: i64,
    mailbox: i64,
    kind: String,
    flags: (u8, u8),
    target: Option<i64>,
    attempts: u32,
}

/// Where a message ends.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Fate {
    Stays,
    Moves(String),
    Goes,
}

/// What all queued changes of one message come to.
struct Net {
    /// Where the server has it.
    home: (Mailbox, String),
    remote: String,
    flags: (u8, u8),
    fate: Fate,
    place: i64,
    attempts: u32,
}

/// Reads the queue as far as it can be read, in the order it is to be carried out.
pub fn read(db: &Connection) -> Vec<Rescued> {
    let mut nets: BTreeMap<i64, Net> = BTreeMap::new();
    let mut ops: Vec<(i64, Rescued)> = Vec::new();
    for entry in entries(db) {
        if entry.kind == "remote" {
            let op = stored_op(db, &entry);
            ops.extend(op.map(|op| (entry.place, op)));
        } else {
            for message in messages_of(db, entry.id) {
                note(db, &mut nets, &entry, message);
            }
        }
    }
    ops.extend(operations(nets.into_values()));
    ops.sort_by_key(|(place, _)| *place);
    ops.into_iter().map(|(_, op)| op).collect()
}

/// Counts what the user did: messages changed, and operations that are about none.
pub fn count(changes: &[Rescued]) -> usize {
    let size = |change: &Rescued| match &change.op {
        RemoteOp::Flag { messages, .. }
        | RemoteOp::Move { messages, .. }
        | RemoteOp::Delete { messages, .. } => messages.len(),
        _ => 1,
    };
    changes.iter().map(size).sum()
}

/// Puts the changes into a new queue.
pub fn restore(db: &Connection, changes: Vec<Rescued>) -> Result<(), Fault> {
    for change in changes {
        let names = change.mailbox;
        let account = account_id(db, &names.account, &names.account_address)?;
        let mailbox = mailbox_id(db, account, &names.address)?;
        let mailbox = crate::model::MailboxId::new(mailbox);
        let id = crate::store::queue::enqueue(db, mailbox, change.op)?;
        let sql = "UPDATE pending SET attempts = ?2 WHERE id = ?1";
        db.execute(sql, params![id.row(), change.attempts])?;
    }
    Ok(())
}

/// Reads the entries from the first on until damage, then from the last back until damage.
fn entries(db: &Connection) -> Vec<Entry> {
    let mut found = BTreeMap::new();
    for order in ["ASC", "DESC"] {
        let outcome = read_entries(db, order, &mut found);
        let Err(error) = outcome else { break };
        tracing::warn!(?error, "the queue of changes is damaged");
    }
    found.into_values().collect()
}

fn read_entries(
    db: &Connection,
    order: &str,
    found: &mut BTreeMap<(i64, i64), Entry>,
) -> rusqlite::Result<()> {
    let mut statement = db.prepare(&format!(
        "SELECT id, place, mailbox_id, kind, flags_set, flags_clear, target_id, attempts
         FROM pending ORDER BY rowid {order}"
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let entry = Entry {
            id: row.get(0)?,
            place: row.get(1)?,
            mailbox: row.get(2)?,
            kind: row.get(3)?,
            flags: (row.get(4)?, row.get(5)?),
            target: row.get(6)?,
            attempts: row.get(7)?,
        };
        if found.insert((entry.place, entry.id), entry).is_some() {
            break;
        }
    }
    Ok(())
}

/// Returns what could be read; nothing when it could not, or when there is no such row.
fn readable<T>(what: &str, outcome: rusqlite::Result<Option<T>>) -> Option<T> {
    outcome.unwrap_or_else(|error| {
        tracing::warn!(?error, what, "a queued change could not be saved");
        None
    })
}

fn stored_op(db: &Connection, entry: &Entry) -> Option<Rescued> {
    let stored = db
        .query_row(
            "SELECT op, bytes FROM pending WHERE id = ?1",
            [entry.id],
            |row| {
                Ok((
                    row.get::<_, Option<String>>(0)?,
                    row.get::<_, Option<Vec<u8>>>(1)?,
                ))
            },
        )
        .optional();
    let (text, stored) = readable("operation", stored)?;
    let mut op: RemoteOp = serde_json::from_str(&text?).ok()?;
    if let RemoteOp::Append { bytes, .. } = &mut op {
        *bytes = stored?;
    }
    Some(Rescued {
        mailbox: mailbox(db, entry.mailbox)?,
        op,
        attempts: entry.attempts,
    })
}

fn messages_of(db: &Connection, entry: i64) -> Vec<i64> {
    let read = || -> rusqlite::Result<Option<Vec<i64>>> {
        let mut statement =
            db.prepare_cached("SELECT message_id FROM pending_messages WHERE pending_id = ?1")?;
        let rows = statement.query_map([entry], |row| row.get(0))?;
        rows.collect::<rusqlite::Result<_>>().map(Some)
    };
    readable("messages", read()).unwrap_or_default()
}

/// Adds an entry to what is known of a message. A message the server has not numbered yet cannot be named to it.
fn note(db: &Connection, nets: &mut BTreeMap<i64, Net>, entry: &Entry, message: i64) {
    if let std::collections::btree_map::Entry::Vacant(place) = nets.entry(message) {
        let Some(net) = untouched(db, message) else {
            return;
        };
        place.insert(net);
    }
    let Some(net) = nets.get_mut(&message) else {
        return;
    };
    let (set, clear) = entry.flags;
    match entry.kind.as_str() {
        "flag" => {
            net.flags = ((net.flags.0 & !clear) | set, (net.flags.1 & !set) | clear);
        }
        "move" => {
            let Some((_, target)) = entry.target.and_then(|target| folder(db, target)) else {
                return;
            };
            net.fate = if target == net.home.1 {
                Fate::Stays
            } else {
                Fate::Moves(target)
            };
        }
        "delete" => net.fate = Fate::Goes,
        _ => return,
    }
    net.place = net.place.max(entry.place);
    net.attempts = net.attempts.max(entry.attempts);
}

fn untouched(db: &Connection, message: i64) -> Option<Net> {
    let row = db
        .query_row(
            "SELECT server_folder_id, remote FROM messages WHERE id = ?1",
            [message],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?)),
        )
        .optional();
    let (home, remote) = readable("message", row)?;
    Some(Net {
        home: folder(db, home)?,
        remote: remote?,
        flags: (0, 0),
        fate: Fate::Stays,
        place: 0,
        attempts: 0,
    })
}

/// Returns a folder's mailbox and its id on the server.
fn folder(db: &Connection, id: i64) -> Option<(Mailbox, String)> {
    let row = db
        .query_row(
            "SELECT mailbox_id, remote FROM folders WHERE id = ?1",
            [id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional();
    let (owner, remote): (i64, String) = readable("folder", row)?;
    Some((mailbox(db, owner)?, remote))
}

fn mailbox(db: &Connection, id: i64) -> Option<Mailbox> {
    let row = db
        .query_row(
            "SELECT a.name, a.address, m.address FROM mailboxes m JOIN accounts a ON a.id = m.account_id
             WHERE m.id = ?1",
            [id],
            |row| {
                Ok(Mailbox {
                    account: row.get(0)?,
                    account_address: row.get(1)?,
                    address: row.get(2)?,
                })
            },
        )
        .optional();
    readable("mailbox", row)
}

/// Makes operations of what is to become of the messages. Flags come first: a message takes them along when it moves,
/// and its id over there is not known.
fn operations(nets: impl Iterator<Item = Net>) -> Vec<(i64, Rescued)> {
    let mut marks: BTreeMap<_, (Vec<String>, u32)> = BTreeMap::new();
    let mut fates: BTreeMap<_, (Vec<String>, u32)> = BTreeMap::new();
    for net in nets {
        let add = |(ids, attempts): &mut (Vec<String>, u32)| {
            ids.push(net.remote.clone());
            *attempts = net.attempts.max(*attempts);
        };
        let home = (net.place, net.home.clone());
        if net.flags != (0, 0) && net.fate != Fate::Goes {
            add(marks.entry((home.clone(), net.flags)).or_default());
        }
        if net.fate != Fate::Stays {
            add(fates.entry((home, net.fate.clone())).or_default());
        }
    }
    let mut ops = Vec::new();
    for (((place, (mailbox, folder)), (set, clear)), (ids, attempts)) in marks {
        let change = FlagChange {
            set: Flags::from_bits(set),
            clear: Flags::from_bits(clear),
        };
        let make = |messages| RemoteOp::Flag {
            folder: folder.clone(),
            messages,
            change,
        };
        ops.extend(in_parts((place, &mailbox, attempts), &ids, make));
    }
    for (((place, (mailbox, folder)), fate), (ids, attempts)) in fates {
        let make = |messages| match &fate {
            Fate::Moves(to) => RemoteOp::Move {
                folder: folder.clone(),
                messages,
                to: to.clone(),
            },
            Fate::Stays | Fate::Goes => RemoteOp::Delete {
                folder: folder.clone(),
                messages,
            },
        };
        ops.extend(in_parts((place, &mailbox, attempts), &ids, make));
    }
    ops
}

fn in_parts(
    (place, mailbox, attempts): (i64, &Mailbox, u32),
    ids: &[String],
    make: impl Fn(Vec<String>) -> RemoteOp,
) -> Vec<(i64, Rescued)> {
    let parts = ids.chunks(MAX_MESSAGES);
    parts
        .map(|part| {
            let rescued = Rescued {
                mailbox: mailbox.clone(),
                op: make(part.to_vec()),
                attempts,
            };
            (place, rescued)
        })
        .collect()
}
