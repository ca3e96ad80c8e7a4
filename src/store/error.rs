//! What can go wrong with the cache.

use std::path::PathBuf;

/// A cache that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database says no.
    #[error("the cache failed while trying to {doing}")]
    Database {
        /// What we were doing.
        doing: &'static str,
        /// SQLite's error.
        #[source]
        source: rusqlite::Error,
    },
    /// No room on the disk.
    #[error("no room left for {}", path.display())]
    DiskFull {
        /// The database.
        path: PathBuf,
    },
    /// The system does not read or write the file: a quota or size limit is reached, or the disk fails.
    #[error("the disk refused while trying to {doing}")]
    Disk {
        /// What we were doing.
        doing: &'static str,
        /// The database.
        path: PathBuf,
        /// SQLite's error.
        #[source]
        source: rusqlite::Error,
    },
    /// A newer program made this database.
    #[error("{} was made by a newer Pillarbox (schema {found}, ours is {ours})", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// Ours.
        ours: u32,
    },
    /// The file or folder cannot be used.
    #[error("cannot use {}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The store was closed.
    #[error("the cache is closed")]
    Closed,
    /// A row that does not exist (any more).
    #[error("no such {what}")]
    NoSuch {
        /// What was asked for.
        what: &'static str,
    },
}

impl StoreError {
    /// Returns a database error for tests of layers that may not name the database crate.
    #[cfg(test)]
    pub(crate) fn sample_database_error() -> Self {
        Self::Database {
            doing: "read a list",
            source: rusqlite::Error::QueryReturnedNoRows,
        }
    }

    /// Returns a disk's error for tests of layers that may not name the database crate.
    #[cfg(test)]
    pub(crate) fn sample_disk_error(path: PathBuf) -> Self {
        Self::Disk {
            doing: "save a draft",
            path,
            source: rusqlite::Error::QueryReturnedNoRows,
        }
    }
}
