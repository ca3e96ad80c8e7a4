//! Where secrets are kept: the desktop's keyring, an encrypted file, or programs of the user's choice. Never in clear,
//! never in two places.
//!
//! Every write of the file re-reads it under a lock first, so that several running copies lose nothing.

mod command;
mod crypt;
mod file;
mod index;
mod keyfile;
mod keyring;
mod lock;
mod moving;
mod sealed;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::auth::VaultError;
use crate::config::{VaultConfig, VaultKind};

use command::{IsKnown, Programs};
use file::FileVault;
use index::{Fate, Index};
use keyring::Keyring;
pub use lock::VaultGuard;
pub use moving::Copied;

/// Keeps secrets by key (`token/work`, `password/work`), shared safely by several running programs. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    place: Arc<OnceCell<Place>>,
    config: VaultConfig,
    folder: PathBuf,
    locks: lock::Locks,
    index: Index,
}

/// How a vault is to be opened.
#[derive(Debug)]
pub enum Unlock {
    /// With the configured key file, or the keyring: nothing to ask.
    Unattended,
    /// With this passphrase.
    Passphrase(SecretString),
    /// Not yet: the first secret that is needed opens it unattended, or [`Vault::unlock`] does.
    Later,
}

/// Where the secrets are.
#[derive(Clone)]
enum Place {
    File(Arc<FileVault>),
    Keyring(Keyring),
    Programs(Programs),
    Memory(Arc<Memory>),
}

/// Secrets of a vault in memory.
#[derive(Default)]
struct Memory {
    entries: Mutex<BTreeMap<String, SecretString>>,
    /// Lets a test see what a full disk does.
    #[cfg(test)]
    is_full: std::sync::atomic::AtomicBool,
}

impl Memory {
    fn change(&self, key: &str, secret: Option<SecretString>) {
        let mut entries = locked(&self.entries);
        match secret {
            Some(secret) => entries.insert(key.to_owned(), secret),
            None => entries.remove(key),
        };
    }

    #[cfg(test)]
    fn refuse_if_full(&self) -> Result<(), VaultError> {
        if self.is_full.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(VaultError::File {
                path: PathBuf::new(),
                source: std::io::ErrorKind::StorageFull.into(),
            });
        }
        Ok(())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Vault").field(&self.describe()).finish()
    }
}

impl Vault {
    /// Opens the vault. [`VaultError::NeedsPassphrase`] says that the caller must ask for it (`is_new`: choose one).
    ///
    /// [`VaultKind::Auto`] decides once, at the first start: the keyring if one takes secrets, else a file. Later
    /// starts stay with that, so that secrets are never in two places: a keyring that fails then is an error and
    /// never replaced by something else.
    pub async fn open(
        config: &VaultConfig,
        folder: &Path,
        unlock: Unlock,
    ) -> Result<Self, VaultError> {
        let vault = Self {
            place: Arc::default(),
            config: config.clone(),
            folder: folder.to_owned(),
            locks: lock::Locks::in_folder(folder),
            index: Index::of(folder, config),
        };
        vault.unlock(unlock).await?;
        Ok(vault)
    }

    /// Opens a vault that was to be opened later; one that is open stays as it is. All clones are opened with it.
    pub async fn unlock(&self, unlock: Unlock) -> Result<(), VaultError> {
        if matches!(unlock, Unlock::Later) {
            return Ok(());
        }
        let open = || open_place(&self.config, &self.folder, unlock, &self.locks);
        self.place.get_or_try_init(open).await.map(|_| ())
    }

    /// Returns where the secrets are, opening the vault first if nobody did.
    async fn place(&self) -> Result<&Place, VaultError> {
        let open = || open_place(&self.config, &self.folder, Unlock::Unattended, &self.locks);
        self.place.get_or_try_init(open).await
    }

    /// Makes a vault that lives as long as the program and shares nothing, for the demo and for tests.
    pub fn in_memory() -> Self {
        Self {
            place: Arc::new(OnceCell::new_with(Some(Place::Memory(Arc::default())))),
            config: VaultConfig::default(),
            folder: PathBuf::new(),
            locks: lock::Locks::in_memory(),
            index: Index::of(Path::new(""), &VaultConfig::default()),
        }
    }

    /// Makes a vault in memory refuse writes, or take them again.
    #[cfg(test)]
    pub(super) fn set_full(&self, is_full: bool) {
        if let Some(Place::Memory(memory)) = self.place.get() {
            memory
                .is_full
                .store(is_full, std::sync::atomic::Ordering::SeqCst);
        }
    }

    /// Says in words where secrets are, such as `encrypted file …/vault` or `Secret Service`.
    pub fn describe(&self) -> String {
        match self.place.get() {
            Some(Place::File(file)) => format!("encrypted file {}", file.path().display()),
            Some(Place::Keyring(keyring)) => keyring.describe().to_owned(),
            Some(Place::Programs(programs)) => programs.describe(),
            Some(Place::Memory(_)) => "memory of this program".to_owned(),
            None => "not opened yet".to_owned(),
        }
    }

    /// Reads a secret.
    pub async fn get(&self, key: &str) -> Result<Option<SecretString>, VaultError> {
        match self.place().await? {
            Place::File(file) => {
                let (file, key) = (Arc::clone(file), key.to_owned());
                blocking(file.path().to_owned(), move || file.get(&key)).await
            }
            Place::Keyring(keyring) => {
                let found = keyring.get(key).await?;
                self.note_found(key, found.as_ref()).await?;
                Ok(found)
            }
            Place::Programs(programs) => {
                let found = programs.get(key, self.is_known(key).await?).await?;
                self.note_found(key, found.as_ref()).await?;
                Ok(found)
            }
            Place::Memory(memory) => Ok(locked(&memory.entries).get(key).cloned()),
        }
    }

    /// Writes a secret durably.
    pub async fn put(&self, key: &str, secret: &SecretString) -> Result<(), VaultError> {
        self.change(key, Some(secret.clone())).await
    }

    /// Forgets a secret.
    pub async fn remove(&self, key: &str) -> Result<(), VaultError> {
        self.change(key, None).await
    }

    /// Takes the lock that all running copies share for `key`, until the guard is dropped: lock, re-read, then write.
    ///
    /// Waits up to a minute. Holding one key's lock hinders neither other keys nor [`Vault::put`].
    pub async fn lock(&self, key: &str) -> Result<VaultGuard, VaultError> {
        self.locks.of_key(key).await
    }

    /// Whether the index has a name.
    async fn is_known(&self, key: &str) -> Result<IsKnown, VaultError> {
        if self.index.knows(key) {
            return Ok(IsKnown::Yes);
        }
        let index = self.index.clone();
        let keys = blocking(index.path().to_owned(), move || index.read()).await?;
        Ok(if keys.contains(key) {
            IsKnown::Yes
        } else {
            IsKnown::No
        })
    }

    /// Adds the name of a secret that was there without being in the index: an older version, or a person, put it
    /// there.
    async fn note_found(&self, key: &str, found: Option<&SecretString>) -> Result<(), VaultError> {
        if found.is_none() || self.index.knows(key) {
            return Ok(());
        }
        self.note(key, Fate::Kept).await
    }

    /// Adds a name to the index, or takes it out.
    async fn note(&self, key: &str, fate: Fate) -> Result<(), VaultError> {
        if fate == Fate::Kept && self.index.knows(key) {
            return Ok(());
        }
        let guard = self.locks.of_file().await?;
        let (index, key) = (self.index.clone(), key.to_owned());
        let write = move || {
            let outcome = index.change(&key, fate);
            drop(guard);
            outcome
        };
        blocking(self.index.path().to_owned(), write).await
    }

    async fn change(&self, key: &str, secret: Option<SecretString>) -> Result<(), VaultError> {
        match self.place().await? {
            Place::File(file) => {
                let guard = self.locks.of_file().await?;
                let (file, key) = (Arc::clone(file), key.to_owned());
                let path = file.path().to_owned();
                // The guard goes along: a caller who gives up must not unlock a write that goes on.
                let write = move || {
                    let outcome = file.change(&key, secret);
                    drop(guard);
                    outcome
                };
                blocking(path, write).await
            }
            Place::Keyring(keyring) => {
                // The name comes first and goes last: one too many does no harm.
                if secret.is_some() {
                    self.note(key, Fate::Kept).await?;
                    return keyring.change(key, secret).await;
                }
                keyring.change(key, None).await?;
                self.note(key, Fate::Removed).await
            }
            Place::Programs(programs) => {
                if let Some(secret) = secret {
                    // Here a name without a secret would look like a store that is locked.
                    programs.put(key, &secret).await?;
                    return self.note(key, Fate::Kept).await;
                }
                programs.remove(key, self.is_known(key).await?).await?;
                self.note(key, Fate::Removed).await
            }
            Place::Memory(memory) => {
                #[cfg(test)]
                memory.refuse_if_full()?;
                memory.change(key, secret);
                Ok(())
            }
        }
    }
}

/// Opens what the configuration asks for, as [`Vault::open`] says.
async fn open_place(
    config: &VaultConfig,
    folder: &Path,
    unlock: Unlock,
    locks: &lock::Locks,
) -> Result<Place, VaultError> {
    let path = folder.join("vault");
    match config.kind {
        VaultKind::Keyring => Ok(Place::Keyring(Keyring::open(folder).await?)),
        VaultKind::Command => Ok(Place::Programs(Programs::new(config.commands.as_ref())?)),
        VaultKind::Auto if !path.exists() && !is_decided(folder, &unlock) => {
            match choose_keyring(folder).await? {
                Ok(keyring) => Ok(Place::Keyring(keyring)),
                Err(reason) => open_file(path, config, unlock, locks)
                    .await
                    .map_err(|error| instead_of_keyring(error, reason)),
            }
        }
        VaultKind::Auto | VaultKind::File => open_file(path, config, unlock, locks).await,
    }
}

/// Whether the file was chosen although it is not there yet: somebody was told that the keyring does not work, and
/// chose a passphrase.
fn is_decided(folder: &Path, unlock: &Unlock) -> bool {
    matches!(unlock, Unlock::Passphrase(_)) && !mark(folder).exists()
}

/// Where the choice of the keyring is remembered.
fn mark(folder: &Path) -> PathBuf {
    folder.join("vault.keyring")
}

/// Opens the keyring if [`VaultKind::Auto`] chose it before or can choose it now; an empty file remembers the choice.
/// The inner error is why it cannot be chosen.
async fn choose_keyring(folder: &Path) -> Result<Result<Keyring, String>, VaultError> {
    let mark = mark(folder);
    let outcome = Keyring::open(folder).await;
    if mark.exists() {
        return outcome.map(Ok);
    }
    match outcome {
        Ok(keyring) => {
            let named = mark.clone();
            let make = move || file::make_mark(&mark);
            blocking(named, make).await?;
            Ok(Ok(keyring))
        }
        Err(error) => {
            tracing::info!(%error, "no keyring, using an encrypted file");
            Ok(Err(match error {
                VaultError::Keyring { reason } => reason,
                other => other.to_string(),
            }))
        }
    }
}

/// Lets somebody who is asked for a new passphrase know why: the keyring may only be locked.
fn instead_of_keyring(error: VaultError, reason: String) -> VaultError {
    match error {
        VaultError::NeedsPassphrase { path, is_new, .. } => VaultError::NeedsPassphrase {
            path,
            is_new,
            no_keyring: Some(reason),
        },
        other => other,
    }
}

/// Opens or makes the file vault.
async fn open_file(
    path: PathBuf,
    config: &VaultConfig,
    unlock: Unlock,
    locks: &lock::Locks,
) -> Result<Place, VaultError> {
    let guard = locks.of_file().await?;
    let key_file = config.key_file.clone();
    let named = path.clone();
    let open = move || {
        let vault = FileVault::open(path, key_file.as_deref(), unlock);
        drop(guard);
        vault
    };
    Ok(Place::File(Arc::new(blocking(named, open).await?)))
}

/// Runs file work where it may block.
async fn blocking<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, VaultError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(stopped) => Err(VaultError::File {
            path,
            source: std::io::Error::other(stopped.to_string()),
        }),
    }
}

/// Opens a mutex whose holder cannot leave it half changed.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
