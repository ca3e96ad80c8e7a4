//! The encrypted file: opened once with a passphrase or key file, re-read whenever another program changed it.
//!
//! Blocks; callers run it on a thread for that and hold the file's lock around [`FileVault::change`].

use std::fs::{DirBuilder, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use secrecy::{ExposeSecret, SecretString};

use super::crypt::{Cost, VaultKey, from_key_file, from_passphrase};
use super::keyfile::{self, IfAbsent};
use super::sealed::{Entries, FILE_LIMIT, Header, Kind, Unsealable, seal, unseal};
use crate::auth::VaultError;
use crate::auth::vault::{Unlock, locked};

/// An open vault file.
pub(super) struct FileVault {
    path: PathBuf,
    header: Header,
    key: VaultKey,
    copy: Mutex<Copy>,
}

/// The secrets as they were when the file was last read.
struct Copy {
    stamp: Option<Stamp>,
    entries: Entries,
}

/// Tells whether a file is still the one that was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl FileVault {
    /// Opens the file, or makes it. The caller holds the file's lock.
    pub(super) fn open(
        path: PathBuf,
        key_file: Option<&Path>,
        unlock: Unlock,
    ) -> Result<Self, VaultError> {
        let stored = read(&path)?;
        let is_new = stored.is_none();
        let header = match &stored {
            Some((bytes, _)) => {
                Header::read(bytes).ok_or_else(|| VaultError::Damaged { path: path.clone() })?
            }
            None => new_header(&path, key_file.is_some())?,
        };
        let key = key(&path, &header, key_file, unlock, is_new)?;
        let vault = Self {
            path,
            header,
            key,
            copy: Mutex::new(Copy {
                stamp: None,
                entries: Entries::new(),
            }),
        };
        match stored {
            // Read at once: a wrong passphrase must show here, not at the first use.
            Some(_) => vault.refresh(&mut locked(&vault.copy))?,
            None => vault.write(&mut locked(&vault.copy), Entries::new())?,
        }
        Ok(vault)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a secret, from the file if another program changed it.
    pub(super) fn get(&self, name: &str) -> Result<Option<SecretString>, VaultError> {
        let mut copy = locked(&self.copy);
        self.refresh(&mut copy)?;
        Ok(copy.entries.get(name).cloned())
    }

    /// Re-reads, changes one secret (`None` forgets it) and writes. The caller holds the file's lock.
    pub(super) fn change(
        &self,
        name: &str,
        secret: Option<SecretString>,
    ) -> Result<(), VaultError> {
        let mut copy = locked(&self.copy);
        self.refresh(&mut copy)?;
        let mut changed = copy.entries.clone();
        let was_there = match secret {
            Some(secret) => {
                changed.insert(name.to_owned(), secret);
                true
            }
            None => changed.remove(name).is_some(),
        };
        if was_there {
            self.write(&mut copy, changed)?;
        }
        Ok(())
    }

    /// Returns the names of all secrets.
    pub(super) fn keys(&self) -> Result<Vec<String>, VaultError> {
        let mut copy = locked(&self.copy);
        self.refresh(&mut copy)?;
        Ok(copy.entries.keys().cloned().collect())
    }

    /// Encrypts everything anew: with the key file if one is named, else with the passphrase. Nothing is replaced
    /// before the new file was read back. This and all other open handles do not open it any more; the caller holds
    /// the file's lock. Returns how many secrets there are.
    pub(super) fn seal_anew(
        &self,
        key_file: Option<&Path>,
        unlock: Unlock,
    ) -> Result<usize, VaultError> {
        let mut copy = locked(&self.copy);
        self.refresh(&mut copy)?;
        let header = new_header(&self.path, key_file.is_some())?;
        let key = key(&self.path, &header, key_file, unlock, true)?;
        let bytes = seal(&header, &key, &copy.entries)
            .ok_or_else(|| failed(&self.path, io::Error::other("no random bytes")))?;
        let read_back = unseal(&bytes, &key).map_err(|_| self.damaged())?;
        let is_same = |(one, other): ((&String, &SecretString), (&String, &SecretString))| {
            one.0 == other.0 && one.1.expose_secret() == other.1.expose_secret()
        };
        if read_back.len() != copy.entries.len()
            || !read_back.iter().zip(&copy.entries).all(is_same)
        {
            return Err(self.damaged());
        }
        replace(&self.path, &bytes).map_err(|error| failed(&self.path, error))?;
        copy.stamp = None;
        Ok(read_back.len())
    }

    /// Removes the file if nothing is in it. The caller holds the file's lock.
    pub(super) fn remove_if_empty(&self) -> Result<(), VaultError> {
        let mut copy = locked(&self.copy);
        self.refresh(&mut copy)?;
        if !copy.entries.is_empty() {
            return Ok(());
        }
        copy.stamp = None;
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&self.path, error)),
            _ => Ok(()),
        }
    }

    /// Reads the file again if it is not the one that was read. A file that vanished is an empty vault: somebody
    /// removed it to start anew.
    fn refresh(&self, copy: &mut Copy) -> Result<(), VaultError> {
        let now = std::fs::metadata(&self.path).map(|metadata| Stamp::of(&metadata));
        if copy.stamp.is_some() && now.as_ref().ok() == copy.stamp.as_ref() {
            return Ok(());
        }
        let Some((bytes, stamp)) = read(&self.path)? else {
            copy.entries.clear();
            copy.stamp = None;
            return Ok(());
        };
        if Header::read(&bytes).is_none() {
            return Err(self.damaged());
        }
        copy.entries = unseal(&bytes, &self.key).map_err(|fault| match fault {
            Unsealable::Damaged => self.damaged(),
            Unsealable::DoesNotOpen => VaultError::DoesNotOpen {
                path: self.path.clone(),
            },
        })?;
        copy.stamp = Some(stamp);
        Ok(())
    }

    /// Replaces the file in one step; after a crash the old or the new one is there, whole.
    fn write(&self, copy: &mut Copy, changed: Entries) -> Result<(), VaultError> {
        let bytes = seal(&self.header, &self.key, &changed)
            .ok_or_else(|| failed(&self.path, io::Error::other("no random bytes")))?;
        let stamp = replace(&self.path, &bytes).map_err(|error| failed(&self.path, error))?;
        copy.entries = changed;
        copy.stamp = Some(stamp);
        Ok(())
    }

    fn damaged(&self) -> VaultError {
        VaultError::Damaged {
            path: self.path.clone(),
        }
    }
}

/// Chooses how a new vault is opened: by the key file if one is named.
fn new_header(path: &Path, has_key_file: bool) -> Result<Header, VaultError> {
    let kind = if has_key_file {
        Kind::KeyFile
    } else {
        Kind::Passphrase(Cost::NEW)
    };
    Header::new(kind).ok_or_else(|| failed(path, io::Error::other("no random bytes")))
}

/// Makes the key as the header wants it.
fn key(
    path: &Path,
    header: &Header,
    key_file: Option<&Path>,
    unlock: Unlock,
    is_new: bool,
) -> Result<VaultKey, VaultError> {
    let path = path.to_owned();
    let key = match (header.kind, key_file, unlock) {
        // An empty passphrase would be encryption in name only.
        (Kind::Passphrase(cost), _, Unlock::Passphrase(passphrase))
            if !passphrase.expose_secret().is_empty() =>
        {
            from_passphrase(passphrase.expose_secret().as_bytes(), &header.salt, cost)
        }
        (Kind::Passphrase(_), ..) => {
            return Err(VaultError::NeedsPassphrase {
                path,
                is_new,
                no_keyring: None,
            });
        }
        (Kind::KeyFile, Some(key_file), _) => {
            let if_absent = if is_new {
                IfAbsent::Make
            } else {
                IfAbsent::Fail
            };
            from_key_file(&keyfile::read(key_file, if_absent)?, &header.salt)
        }
        (Kind::KeyFile, None, _) => None,
    };
    key.ok_or(VaultError::DoesNotOpen { path })
}

/// Reads the file with its stamp; `None` when there is none.
fn read(path: &Path) -> Result<Option<(Vec<u8>, Stamp)>, VaultError> {
    let open = || -> io::Result<(Vec<u8>, Stamp)> {
        let file = File::open(path)?;
        let stamp = Stamp::of(&file.metadata()?);
        let mut bytes = Vec::new();
        file.take(FILE_LIMIT + 1).read_to_end(&mut bytes)?;
        Ok((bytes, stamp))
    };
    match open() {
        Ok((bytes, _)) if bytes.len() as u64 > FILE_LIMIT => Err(VaultError::Damaged {
            path: path.to_owned(),
        }),
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, error)),
    }
}

/// Reads a file that may be absent, up to a limit.
pub(super) fn read_small(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(limit).read_to_end(&mut bytes).map(|_| bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(bytes),
        Err(error) => Err(error),
    }
}

/// Writes beside the file, makes that durable, and puts it in the file's place. `tempfile` makes it 0600.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<Stamp> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    let mut beside = tempfile::Builder::new()
        .prefix(".vault.")
        .tempfile_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    let file = beside.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)?;
    // Taken from the open file: by path it could already be another program's.
    Ok(Stamp::of(&file.metadata()?))
}

/// Makes a folder only its owner can enter; one that exists is left as it is.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes an empty file that stands for a decision.
pub(super) fn make_mark(path: &Path) -> Result<(), VaultError> {
    replace(path, &[])
        .map(drop)
        .map_err(|error| failed(path, error))
}

/// Makes a new name in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    File::open(folder)?.sync_all()
}

fn failed(path: &Path, source: io::Error) -> VaultError {
    VaultError::File {
        path: path.to_owned(),
        source,
    }
}
