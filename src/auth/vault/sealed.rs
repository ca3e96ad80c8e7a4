//! The layout of the vault file: a header in clear, which is authenticated, then one encrypted JSON map.
//!
//! `PBVAULT1` · kind (1 byte) · argon2id memory KiB, passes, lanes (4 bytes each, big endian; 0 with a key file) ·
//! salt (16) · nonce (24) · ciphertext with its tag.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use zeroize::{Zeroize, Zeroizing};

use super::crypt::{Cost, NONCE, SALT, VaultKey, decrypt, encrypt, random};

const MAGIC: &[u8; 8] = b"PBVAULT1";
const KIND_PASSPHRASE: u8 = 1;
const KIND_KEY_FILE: u8 = 2;
/// Length of everything before the nonce.
const HEADER: usize = MAGIC.len() + 1 + 12 + SALT;

/// Larger vaults are not read: a thousand accounts need a tenth of it.
pub(super) const FILE_LIMIT: u64 = 16 << 20;

/// The secrets by key.
pub(super) type Entries = BTreeMap<String, SecretString>;

/// What opens a vault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Passphrase(Cost),
    KeyFile,
}

/// What stands before the secrets; stays the same for the life of a vault, so that its key does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    pub(super) kind: Kind,
    pub(super) salt: [u8; SALT],
}

impl Header {
    /// Makes the header of a new vault; `None` when the system has no random bytes.
    pub(super) fn new(kind: Kind) -> Option<Self> {
        Some(Self {
            kind,
            salt: random()?,
        })
    }

    fn bytes(&self) -> Vec<u8> {
        let (kind, cost) = match self.kind {
            Kind::Passphrase(cost) => (KIND_PASSPHRASE, [cost.memory, cost.passes, cost.lanes]),
            Kind::KeyFile => (KIND_KEY_FILE, [0; 3]),
        };
        let mut bytes = MAGIC.to_vec();
        bytes.push(kind);
        for number in cost {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(&self.salt);
        bytes
    }

    /// Reads the header; `None` when this is no vault of ours.
    pub(super) fn read(file: &[u8]) -> Option<Self> {
        let rest = file.strip_prefix(MAGIC)?;
        let (&kind, rest) = rest.split_first()?;
        let (memory, rest) = number(rest)?;
        let (passes, rest) = number(rest)?;
        let (lanes, rest) = number(rest)?;
        let (salt, _) = rest.split_first_chunk::<SALT>()?;
        let cost = Cost {
            memory,
            passes,
            lanes,
        };
        let kind = match kind {
            KIND_PASSPHRASE if cost.is_sane() => Kind::Passphrase(cost),
            KIND_KEY_FILE => Kind::KeyFile,
            _ => return None,
        };
        Some(Self { kind, salt: *salt })
    }
}

/// How opening went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unsealable {
    /// Not a vault, or cut off.
    Damaged,
    /// Another key, or changed by somebody.
    DoesNotOpen,
}

/// Writes a vault file; `None` when the system has no random bytes.
pub(super) fn seal(header: &Header, key: &VaultKey, entries: &Entries) -> Option<Vec<u8>> {
    let text = to_json(entries)?;
    let nonce = random::<NONCE>()?;
    let mut file = header.bytes();
    let sealed = encrypt(key, nonce, &text, &file)?;
    file.extend_from_slice(&nonce);
    file.extend_from_slice(&sealed);
    Some(file)
}

/// Reads a vault file.
pub(super) fn unseal(file: &[u8], key: &VaultKey) -> Result<Entries, Unsealable> {
    let (header, rest) = file.split_at_checked(HEADER).ok_or(Unsealable::Damaged)?;
    let (nonce, sealed) = rest
        .split_first_chunk::<NONCE>()
        .ok_or(Unsealable::Damaged)?;
    let text = decrypt(key, *nonce, sealed, header).ok_or(Unsealable::DoesNotOpen)?;
    from_json(&text).ok_or(Unsealable::Damaged)
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*number), rest))
}

fn to_json(entries: &Entries) -> Option<Zeroizing<Vec<u8>>> {
    let plain: BTreeMap<&str, &str> = entries
        .iter()
        .map(|(key, secret)| (key.as_str(), secret.expose_secret()))
        .collect();
    // Grown in one piece, so that no outgrown buffer with secrets is left behind.
    let length: usize = plain
        .iter()
        .map(|(k, v)| 2 * (k.len() + v.len()) + 16)
        .sum();
    let mut text = Zeroizing::new(Vec::with_capacity(length + 16));
    serde_json::to_writer(&mut *text, &plain).ok()?;
    Some(text)
}

fn from_json(text: &[u8]) -> Option<Entries> {
    let plain: BTreeMap<String, String> = serde_json::from_slice(text).ok()?;
    let hide = |(key, mut secret): (String, String)| {
        let hidden = SecretString::from(secret.as_str());
        secret.zeroize();
        (key, hidden)
    };
    Some(plain.into_iter().map(hide).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Entries {
        Entries::from([("token/a".to_owned(), SecretString::from("s3cret"))])
    }

    fn key(byte: u8) -> VaultKey {
        Zeroizing::new([byte; 32])
    }

    #[test]
    fn what_was_sealed_comes_back_and_is_nowhere_in_clear() {
        let header = Header::new(Kind::KeyFile).unwrap();
        let file = seal(&header, &key(1), &entries()).unwrap();
        let opened = unseal(&file, &key(1)).unwrap();
        assert_eq!(opened["token/a"].expose_secret(), "s3cret");
        assert_eq!(Header::read(&file), Some(header));
        assert!(
            !file
                .windows(6)
                .any(|window| window == b"s3cret" || window == b"token/")
        );
        assert_ne!(file, seal(&header, &key(1), &entries()).unwrap());
    }

    #[test]
    fn another_key_or_any_changed_byte_does_not_open() {
        let header = Header::new(Kind::Passphrase(Cost::NEW)).unwrap();
        let file = seal(&header, &key(1), &entries()).unwrap();
        assert_eq!(unseal(&file, &key(2)).unwrap_err(), Unsealable::DoesNotOpen);
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert_eq!(
                unseal(&changed, &key(1)).unwrap_err(),
                Unsealable::DoesNotOpen,
                "byte {at}"
            );
        }
    }

    #[test]
    fn weak_or_greedy_costs_are_no_vault_of_ours() {
        for memory in [0, 1024, 1 << 30] {
            let cost = Cost {
                memory,
                ..Cost::NEW
            };
            let header = Header {
                kind: Kind::Passphrase(cost),
                salt: [0; SALT],
            };
            assert_eq!(Header::read(&header.bytes()), None, "{memory}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut bytes: Vec<u8>) {
            let _ = (Header::read(&bytes), unseal(&bytes, &key(0)));
            bytes.splice(0..0, MAGIC.iter().copied());
            let _ = (Header::read(&bytes), unseal(&bytes, &key(0)));
        }
    }
}
