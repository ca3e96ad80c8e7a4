//! The key file: random bytes that open the vault in place of a passphrase.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use super::crypt::random;
use super::file::{make_folder, sync_folder};
use crate::auth::VaultError;

/// How many random bytes a new key file gets.
const NEW_BYTES: usize = 64;

/// Fewer bytes could be guessed: a key file is not stretched as a passphrase is.
const LEAST_BYTES: usize = 32;

/// More bytes are surely another file, named by mistake.
const MOST_BYTES: u64 = 64 * 1024;

/// Whether a key file that is not there may be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum IfAbsent {
    /// The vault is new as well.
    Make,
    /// A vault exists that a new key could not open.
    Fail,
}

/// Reads the key file, makes it (0600) where that is wanted, and mends rights that are too loose.
pub(super) fn read(path: &Path, if_absent: IfAbsent) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let outcome = match File::open(path) {
        Ok(file) => read_open(file, path),
        Err(error) if error.kind() == io::ErrorKind::NotFound && if_absent == IfAbsent::Make => {
            make(path)
        }
        Err(error) => Err(error),
    };
    outcome.map_err(|source| VaultError::File {
        path: path.to_owned(),
        source,
    })
}

fn read_open(file: File, path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let rights = file.metadata()?.permissions().mode();
    if rights & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "others could read the key file; its rights were mended");
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() < LEAST_BYTES || bytes.len() as u64 > MOST_BYTES {
        let reason = format!("a key file has {LEAST_BYTES} to {MOST_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    Ok(bytes)
}

fn make(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    let random = random::<NEW_BYTES>().ok_or_else(|| io::Error::other("no random bytes"))?;
    let bytes = Zeroizing::new(random.to_vec());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    sync_folder(folder)?;
    Ok(bytes)
}
