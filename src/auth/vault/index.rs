//! The names of the secrets that are kept where nothing can be listed: keyrings and programs. Names only, one a line,
//! in a file of the vault's folder. Blocks; callers hold the vault's lock around changes.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::locked;
use crate::auth::VaultError;
use crate::config::{VaultConfig, VaultKind};

/// The most bytes that are read: thousands of accounts.
const LIMIT: u64 = 1 << 20;

/// What became of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Kept,
    Removed,
}

/// The names, and what is known of them without reading.
#[derive(Clone, Debug)]
pub(super) struct Index {
    path: PathBuf,
    known: Arc<Mutex<BTreeSet<String>>>,
}

impl Index {
    /// Names the index of a place; each set of programs has its own.
    pub(super) fn of(folder: &Path, config: &VaultConfig) -> Self {
        let name = match (&config.commands, config.kind) {
            (Some(commands), VaultKind::Command) => {
                let text = format!("{commands:?}");
                let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
                let first = digest.as_ref().first_chunk::<8>();
                let short = first.map_or(0, |first| u64::from_be_bytes(*first));
                format!("vault.{short:016x}.keys")
            }
            _ => "vault.keys".to_owned(),
        };
        Self {
            path: folder.join(name),
            known: Arc::default(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a name is known to be there without reading.
    pub(super) fn knows(&self, key: &str) -> bool {
        locked(&self.known).contains(key)
    }

    /// Reads all names.
    pub(super) fn read(&self) -> Result<BTreeSet<String>, VaultError> {
        let keys =
            super::file::read_small(&self.path, LIMIT).map_err(|error| self.failed(error))?;
        let text = String::from_utf8_lossy(&keys);
        let keys: BTreeSet<String> = text.lines().filter_map(unescape).collect();
        locked(&self.known).clone_from(&keys);
        Ok(keys)
    }

    /// Adds or removes a name. The caller holds the vault's lock.
    pub(super) fn change(&self, key: &str, fate: Fate) -> Result<(), VaultError> {
        let mut keys = self.read()?;
        let is_changed = match fate {
            Fate::Kept => keys.insert(key.to_owned()),
            Fate::Removed => keys.remove(key),
        };
        if is_changed {
            let lines: Vec<String> = keys.iter().map(|key| escape(key) + "\n").collect();
            super::file::replace(&self.path, lines.concat().as_bytes())
                .map_err(|error| self.failed(error))?;
            *locked(&self.known) = keys;
        }
        Ok(())
    }

    fn failed(&self, source: io::Error) -> VaultError {
        VaultError::File {
            path: self.path.clone(),
            source,
        }
    }
}

/// Writes a name on one line.
fn escape(key: &str) -> String {
    serde_json::Value::from(key).to_string()
}

fn unescape(line: &str) -> Option<String> {
    serde_json::from_str(line).ok()
}
