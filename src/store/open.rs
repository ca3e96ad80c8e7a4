//! Opening: the lock between running copies, the file's rights, the connection's settings. Knows no table.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::store::database::{Fault, store_error};
use crate::store::migrations::{self, Migrated};
use crate::store::{Opened, StoreError, recover};

/// Longer than any transaction of another running copy should take.
const BUSY: Duration = Duration::from_secs(10);

/// Held while the store is open: nobody moves the database away meanwhile.
pub struct Guard {
    /// The database.
    pub path: PathBuf,
    _lock: File,
}

/// Opens the writer's connection.
pub fn open(folder: &Path) -> Result<(Connection, Guard, Opened), StoreError> {
    let path = folder.join("mail.db");
    let file_error = |source| StoreError::File {
        path: folder.to_owned(),
        source,
    };
    make_private_folder(folder).map_err(file_error)?;
    let lock = make_private_file(&folder.join(".mail.lock")).map_err(file_error)?;
    lock.lock_shared().map_err(file_error)?;
    let is_new = !path.exists();
    drop(make_private_file(&path).map_err(file_error)?);
    match writer(&path) {
        Ok(connection) => {
            let opened = if is_new { Opened::New } else { Opened::Fine };
            Ok((connection, Guard { path, _lock: lock }, opened))
        }
        Err(StoreError::Database { source, .. }) if is_damage(&source) => {
            let opened = rebuild(&lock, &path, source)?;
            let connection = writer(&path)?;
            Ok((connection, Guard { path, _lock: lock }, opened))
        }
        Err(error) => Err(error),
    }
}

/// Moves the damaged file away and saves what it can, unless another running copy has it open.
fn rebuild(lock: &File, path: &Path, source: rusqlite::Error) -> Result<Opened, StoreError> {
    let file_error = |source| StoreError::File {
        path: path.to_owned(),
        source,
    };
    lock.unlock().map_err(file_error)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(error)) => return Err(file_error(error)),
        Err(TryLockError::WouldBlock) => {
            let doing = "open a damaged file that another running copy uses";
            return Err(StoreError::Database { doing, source });
        }
    }
    tracing::warn!(error = ?source, "the cache is damaged and will be rebuilt");
    let opened = recover::rebuild(path)?;
    lock.unlock().map_err(file_error)?;
    lock.lock_shared().map_err(file_error)?;
    Ok(opened)
}

/// Opens a connection that writes, on a file that may still be empty.
pub fn writer(path: &Path) -> Result<Connection, StoreError> {
    let fail = |error: rusqlite::Error| store_error(path, "open it", Fault::Sql(error));
    let mut connection = Connection::open(path).map_err(fail)?;
    let settings =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8000;
                    PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;";
    settle(&connection, settings).map_err(fail)?;
    let suspicion = suspicion(path);
    if suspicion.exists() {
        check(&connection).map_err(fail)?;
        let _ = std::fs::remove_file(suspicion);
    }
    match migrations::migrate(&mut connection).map_err(fail)? {
        Migrated::Ours => Ok(connection),
        Migrated::Newer(found) => Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            ours: migrations::ours(),
        }),
    }
}

/// Opens a connection that cannot write.
pub fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    settle(
        &connection,
        "PRAGMA query_only = ON; PRAGMA cache_size = -4000;",
    )?;
    Ok(connection)
}

fn settle(connection: &Connection, settings: &str) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;")?;
    connection.execute_batch(settings)
}

/// The full check reads the whole file, so it runs only after a query stumbled over damage.
fn check(connection: &Connection) -> rusqlite::Result<()> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" {
        return Ok(());
    }
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Err(rusqlite::Error::SqliteFailure(code, Some(verdict)))
}

/// Notes that a query stumbled over damage, so that the next opening looks closer.
pub fn note_damage(path: &Path) {
    if let Err(error) = make_private_file(&suspicion(path)) {
        tracing::warn!(?error, "cannot note that the cache is damaged");
    }
}

fn suspicion(path: &Path) -> PathBuf {
    path.with_extension("db.suspect")
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// SQLite gives its companions the rights of the database, so these decide for all.
fn make_private_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
