//! Moving all secrets to another place. Whenever it is interrupted, each secret is still in one of the two: nothing is
//! removed before all of it was read back from where it went.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::{Place, Unlock, Vault, blocking, locked};
use crate::auth::VaultError;
use crate::config::{VaultConfig, VaultKind};

/// Secrets that are in two places until [`Vault::remove_copied`].
#[derive(Debug)]
pub struct Copied {
    count: usize,
    /// `None` when there is nothing to remove.
    to: Option<Vault>,
}

impl Copied {
    /// Returns how many secrets there are.
    pub fn count(&self) -> usize {
        self.count
    }
}

impl Vault {
    /// Moves all secrets to where `target` keeps them: copies, reads back, then removes. Returns how many.
    ///
    /// An interrupted move is carried on by calling this again. Afterwards this vault is empty; the caller changes the
    /// settings and opens the new one. Other running programs have to be started anew. To change the settings between
    /// both halves, so that no moment is without working ones, call [`Vault::copy_to`] and [`Vault::remove_copied`].
    pub async fn move_to(&self, target: &VaultConfig, unlock: Unlock) -> Result<usize, VaultError> {
        let copied = self.copy_to(target, unlock).await?;
        self.remove_copied(&copied).await?;
        Ok(copied.count)
    }

    /// Copies all secrets to where `target` keeps them and reads them back. Nothing is removed.
    ///
    /// From one encrypted file to another way of opening it, the file is encrypted anew in one step, and this vault
    /// has to be opened anew.
    pub async fn copy_to(
        &self,
        target: &VaultConfig,
        unlock: Unlock,
    ) -> Result<Copied, VaultError> {
        let _moving = self.locks.of_move().await?;
        let from = self.place().await?;
        if let Place::File(file) = from
            && matches!(target.kind, VaultKind::Auto | VaultKind::File)
        {
            let (file, key_file) = (Arc::clone(file), target.key_file.clone());
            let guard = self.locks.of_file().await?;
            let path = file.path().to_owned();
            let seal = move || {
                let outcome = file.seal_anew(key_file.as_deref(), unlock);
                drop(guard);
                outcome
            };
            let count = blocking(path, seal).await?;
            return Ok(Copied { count, to: None });
        }
        let to = Self::open(target, &self.folder, unlock).await?;
        if is_same_place(from, to.place().await?) {
            return Ok(Copied { count: 0, to: None });
        }
        let mut count = 0;
        for key in self.keys().await? {
            count += usize::from(self.copy_one(&key, &to).await?);
        }
        Ok(Copied {
            count,
            to: Some(to),
        })
    }

    /// Removes what [`Vault::copy_to`] copied. What changed since then is copied once more first.
    pub async fn remove_copied(&self, copied: &Copied) -> Result<(), VaultError> {
        let Some(to) = &copied.to else {
            return Ok(());
        };
        let _moving = self.locks.of_move().await?;
        for key in self.keys().await? {
            self.copy_one(&key, to).await?;
            self.remove(&key).await?;
        }
        if let Place::File(file) = self.place().await? {
            let (file, guard) = (Arc::clone(file), self.locks.of_file().await?);
            let remove = move || {
                let outcome = file.remove_if_empty();
                drop(guard);
                outcome
            };
            blocking(self.folder.join("vault"), remove).await?;
        }
        Ok(())
    }

    /// Copies one secret under its lock, so that no renewal comes between, and reads it back.
    async fn copy_one(&self, key: &str, to: &Self) -> Result<bool, VaultError> {
        let _guard = self.lock(key).await?;
        let Some(secret) = self.get(key).await? else {
            return Ok(false);
        };
        let is_same = |there: &SecretString| there.expose_secret() == secret.expose_secret();
        if to.get(key).await?.as_ref().is_some_and(is_same) {
            return Ok(true);
        }
        to.put(key, &secret).await?;
        match to.get(key).await? {
            Some(there) if is_same(&there) => Ok(true),
            _ => Err(VaultError::NotKept {
                key: key.to_owned(),
            }),
        }
    }

    /// Lists the names of all secrets: the vault's own list, or the index where it has none.
    pub(super) async fn keys(&self) -> Result<Vec<String>, VaultError> {
        match self.place().await? {
            Place::File(file) => {
                let file = Arc::clone(file);
                blocking(self.folder.join("vault"), move || file.keys()).await
            }
            Place::Memory(memory) => Ok(locked(&memory.entries).keys().cloned().collect()),
            Place::Keyring(_) | Place::Programs(_) => {
                let index = self.index.clone();
                let read = move || index.read();
                let keys = blocking(self.index.path().to_owned(), read).await?;
                Ok(keys.into_iter().collect())
            }
        }
    }
}

/// Whether two places are one: then nothing may be removed.
fn is_same_place(one: &Place, other: &Place) -> bool {
    match (one, other) {
        (Place::File(one), Place::File(other)) => one.path() == other.path(),
        (Place::Keyring(_), Place::Keyring(_)) => true,
        (Place::Programs(one), Place::Programs(other)) => one == other,
        (Place::Memory(one), Place::Memory(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}
