//! A damaged database: moved aside, drafts, outgoing messages and queued changes read out of it as far as possible,
//! a new one made. The mail itself comes from the servers again.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params_from_iter};

use crate::model::{Draft, OutboxState};
use crate::store::accounts::{account_id, mailbox_id};
use crate::store::database::{Fault, store_error};
use crate::store::rescue::{self, Rescued};
use crate::store::{Opened, StoreError, open};

/// Rows of one table, by column.
type Rows = Vec<Vec<Value>>;

/// The tables that hold what no server has; a row's first column is its id, which it keeps.
const DRAFTS: &str = "id, outbox_id, changed, draft";
const FILES: &str = "draft_id, position, path, name, media_type, data";
const OUTBOX: &str =
    "id, account_name, account_address, mailbox_address, sender, subject, message_id,
    envelope_sender, recipients, bytes, state, attempts, not_before, failure, owner";

/// What was read out of a damaged file.
#[derive(Default)]
struct Saved {
    outbox: Rows,
    drafts: Rows,
    files: Rows,
    changes: Vec<Rescued>,
}

impl Saved {
    fn is_empty(&self) -> bool {
        self.count() == 0 && self.changes.is_empty()
    }

    fn count(&self) -> usize {
        let is_own = |draft: &&Vec<Value>| matches!(draft.get(1), Some(Value::Null));
        self.outbox.len() + self.drafts.iter().filter(is_own).count()
    }
}

/// Replaces the damaged database by a new one. Only called while nobody else has it open.
pub fn rebuild(path: &Path) -> Result<Opened, StoreError> {
    let moved_to = move_aside(path)?;
    // Made first: its first page stands in for one that cannot be read.
    drop(open::writer(path)?);
    let saved = salvage(&moved_to, path);
    let mut connection = open::writer(path)?;
    let (count, changes) = (saved.count(), rescue::count(&saved.changes));
    restore(&mut connection, saved)
        .map_err(|fault| store_error(path, "keep what was saved from a damaged database", fault))?;
    Ok(Opened::Rebuilt {
        moved_to,
        saved: count,
        changes,
    })
}

fn move_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let file_error = |source| StoreError::File {
        path: path.to_owned(),
        source,
    };
    let stamp = Timestamp::now().strftime("%Y%m%dT%H%M%S%3fZ").to_string();
    let target = path.with_extension(format!("db.damaged-{stamp}"));
    // The log belongs to the file: it may hold the newest drafts.
    for suffix in ["-wal", "-shm"] {
        let from = with_suffix(path, suffix);
        if from.exists() {
            std::fs::rename(&from, with_suffix(&target, suffix)).map_err(file_error)?;
        }
    }
    std::fs::rename(path, &target).map_err(file_error)?;
    Ok(target)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Reads what it can: from the file as it is, or, when its first page tells nothing, with the first page of a new
/// database in its place (a schema made by the same steps has its tables at the same pages).
fn salvage(damaged: &Path, fresh: &Path) -> Saved {
    let direct = read_all(damaged).unwrap_or_default();
    if !direct.is_empty() {
        return direct;
    }
    let copy = damaged.with_extension("salvage");
    let patched = patch(damaged, fresh, &copy)
        .and_then(|()| read_all(&copy).map_err(|error| std::io::Error::other(error.to_string())));
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(with_suffix(&copy, suffix));
    }
    patched.unwrap_or_else(|error| {
        tracing::warn!(?error, "nothing could be read from the damaged cache");
        direct
    })
}

fn patch(damaged: &Path, fresh: &Path, copy: &Path) -> std::io::Result<()> {
    let page = std::fs::read(fresh)?;
    let page = page.get(..4096).ok_or(std::io::ErrorKind::UnexpectedEof)?;
    std::fs::copy(damaged, copy)?;
    let wal = with_suffix(damaged, "-wal");
    if wal.exists() {
        std::fs::copy(wal, with_suffix(copy, "-wal"))?;
    }
    let mut file = File::options().write(true).open(copy)?;
    let pages = u32::try_from(file.metadata()?.len() / 4096).unwrap_or(u32::MAX);
    file.write_all(page)?;
    // File format §1.3: the size in pages, then no free pages.
    for (offset, number) in [(28, pages), (32, 0), (36, 0)] {
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(&number.to_be_bytes())?;
    }
    file.sync_all()
}

fn read_all(path: &Path) -> rusqlite::Result<Saved> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // Looking at damage must not spread it; cells are checked before they are believed.
    connection.execute_batch("PRAGMA cell_size_check = ON; PRAGMA query_only = ON;")?;
    connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let mut saved = Saved {
        outbox: read_table(&connection, OUTBOX, "outbox"),
        drafts: read_table(&connection, DRAFTS, "drafts"),
        files: read_table(&connection, FILES, "draft_files"),
        changes: rescue::read(&connection),
    };
    saved.outbox.retain(|row| is_outgoing(row));
    saved.drafts.retain(|row| is_draft(row));
    Ok(saved)
}

/// Damage may show pages of other tables in place of these; such rows are nonsense.
fn is_outgoing(row: &[Value]) -> bool {
    let is_list = serde_json::from_str::<Vec<String>>(text(row, 8)).is_ok();
    let is_state = OutboxState::from_name(text(row, 10)).is_some();
    is_list && is_state && matches!(row.get(9), Some(Value::Blob(_)))
}

fn is_draft(row: &[Value]) -> bool {
    serde_json::from_str::<Draft>(text(row, 3)).is_ok()
}

fn text(row: &[Value], column: usize) -> &str {
    match row.get(column) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

/// Reads from the first row on until damage, then from the last row back until damage.
fn read_table(connection: &Connection, columns: &str, table: &str) -> Rows {
    let mut all = Rows::new();
    for order in ["ASC", "DESC"] {
        let sql = format!("SELECT {columns} FROM {table} ORDER BY rowid {order}");
        match read_rows(connection, &sql, &mut all) {
            Ok(()) => break,
            Err(error) => tracing::warn!(?error, table, "a table is damaged"),
        }
    }
    all
}

fn read_rows(connection: &Connection, sql: &str, all: &mut Rows) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let values = (0..width).map(|column| row.get::<_, Value>(column));
        let values: Vec<Value> = values.collect::<rusqlite::Result<_>>()?;
        if all.iter().any(|known| known.get(..2) == values.get(..2)) {
            break;
        }
        all.push(values);
    }
    Ok(())
}

fn restore(connection: &mut Connection, saved: Saved) -> Result<(), Fault> {
    let transaction = connection.transaction()?;
    for row in saved.outbox {
        restore_outbox(&transaction, row)?;
    }
    for row in saved.drafts {
        restore_draft(&transaction, row)?;
    }
    for row in saved.files {
        insert_row(&transaction, "draft_files", FILES, row)?;
    }
    rescue::restore(&transaction, saved.changes)?;
    transaction.commit()?;
    Ok(())
}

/// The row names its account and mailbox by their addresses too, since the ids of a new database are others.
fn restore_outbox(db: &Connection, mut row: Vec<Value>) -> Result<(), Fault> {
    let account = account_id(db, text(&row, 1), text(&row, 2))?;
    let mailbox = mailbox_id(db, account, text(&row, 3))?;
    row.push(Value::Integer(account));
    row.push(Value::Integer(mailbox));
    insert_row(
        db,
        "outbox",
        &format!("{OUTBOX}, account_id, mailbox_id"),
        row,
    )
}

/// A draft whose outgoing message was not saved is a draft again.
fn restore_draft(db: &Connection, mut row: Vec<Value>) -> Result<(), Fault> {
    if let Some(Value::Integer(outbox)) = row.get(1).cloned() {
        let is_there = db
            .query_row("SELECT 1 FROM outbox WHERE id = ?1", [outbox], |_| Ok(()))
            .optional()?;
        if is_there.is_none()
            && let Some(column) = row.get_mut(1)
        {
            *column = Value::Null;
        }
    }
    insert_row(db, "drafts", DRAFTS, row)
}

/// A row that is no good any more (a file without its draft) is left out.
fn insert_row(db: &Connection, table: &str, columns: &str, row: Vec<Value>) -> Result<(), Fault> {
    let marks = vec!["?"; row.len()].join(", ");
    let sql = format!("INSERT INTO {table} ({columns}) VALUES ({marks})");
    match db.execute(&sql, params_from_iter(row)) {
        Err(error)
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) =>
        {
            tracing::warn!(?error, table, "a saved row could not be kept");
            Ok(())
        }
        result => Ok(result.map(drop)?),
    }
}
