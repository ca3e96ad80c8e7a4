//! Locks that all running copies share: `vault.lock` for writing the file, one small file per key for renewals.
//!
//! A key's lock is held while a provider is asked, so it must not stop other accounts; hence the separate files.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, sleep};

use crate::auth::VaultError;

/// How long a lock is waited for; a renewal that holds one gives up after half of it.
const LOCK_LIMIT: Duration = Duration::from_secs(60);

/// How often a lock that another program holds is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(10);

/// Holds a vault lock.
#[derive(Debug)]
pub struct VaultGuard {
    /// Unlocked by closing.
    _file: Option<File>,
    _memory: Option<OwnedMutexGuard<()>>,
}

/// Hands out locks.
#[derive(Clone, Debug)]
pub(super) enum Locks {
    /// Shared by all programs that use the folder.
    Folder(PathBuf),
    /// Within this program only; one for all keys.
    Memory(Arc<Mutex<()>>),
}

impl Locks {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self::Folder(folder.to_owned())
    }

    pub(super) fn in_memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// Takes the lock for writing the file.
    pub(super) async fn of_file(&self) -> Result<VaultGuard, VaultError> {
        self.take("vault.lock").await
    }

    /// Takes the lock of a key. Its name may hold anything, so the file carries a digest.
    pub(super) async fn of_key(&self, key: &str) -> Result<VaultGuard, VaultError> {
        let digest = ring::digest::digest(&ring::digest::SHA256, key.as_bytes());
        let short = digest
            .as_ref()
            .first_chunk::<8>()
            .map_or(0, |first| u64::from_be_bytes(*first));
        self.take(&format!("vault.{short:016x}.lock")).await
    }

    /// Takes the lock of whoever moves all secrets.
    pub(super) async fn of_move(&self) -> Result<VaultGuard, VaultError> {
        match self {
            Self::Folder(_) => self.take("vault.move.lock").await,
            // Nobody else knows a vault in memory, and its one lock is needed for the keys.
            Self::Memory(_) => Ok(VaultGuard {
                _file: None,
                _memory: None,
            }),
        }
    }

    async fn take(&self, name: &str) -> Result<VaultGuard, VaultError> {
        match self {
            Self::Folder(folder) => Ok(VaultGuard {
                _file: Some(take_file(folder, name).await?),
                _memory: None,
            }),
            Self::Memory(mutex) => Ok(VaultGuard {
                _file: None,
                _memory: Some(Arc::clone(mutex).lock_owned().await),
            }),
        }
    }
}

/// Locks a file, trying again rather than waiting in the system: a wait there could not be cancelled.
async fn take_file(folder: &Path, name: &str) -> Result<File, VaultError> {
    let path = folder.join(name);
    let failed = |source: io::Error| VaultError::File {
        path: path.clone(),
        source,
    };
    let file = open(folder, &path).map_err(failed)?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if started.elapsed() < LOCK_LIMIT => {
                sleep(TRY_AGAIN).await;
            }
            Err(TryLockError::WouldBlock) => return Err(failed(io::ErrorKind::TimedOut.into())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}

fn open(folder: &Path, path: &Path) -> io::Result<File> {
    super::file::make_folder(folder)?;
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
}
