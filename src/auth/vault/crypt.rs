//! The vault's cipher and how its key is made: argon2id or a key file, then XChaCha20-Poly1305.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

/// Length of the salt in bytes.
pub(super) const SALT: usize = 16;
/// Length of the nonce in bytes.
pub(super) const NONCE: usize = 24;

/// The key of an open vault.
pub(super) type VaultKey = Zeroizing<[u8; 32]>;

/// What argon2id is to cost: memory in KiB, passes, lanes. OWASP's least is 19 MiB and two passes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cost {
    pub(super) memory: u32,
    pub(super) passes: u32,
    pub(super) lanes: u32,
}

impl Cost {
    /// What new vaults use.
    pub(super) const NEW: Self = Self {
        memory: 19 * 1024,
        passes: 3,
        lanes: 1,
    };

    /// Whether a header's cost is neither too weak to be ours nor an attempt to make us run out of memory.
    pub(super) fn is_sane(self) -> bool {
        (Self::NEW.memory..=256 * 1024).contains(&self.memory)
            && (2..=16).contains(&self.passes)
            && (1..=8).contains(&self.lanes)
    }
}

/// Fills an array with random bytes; `None` when the system has none.
pub(super) fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes)
}

/// Makes the key from a passphrase. Takes about a tenth of a second and 19 MiB on purpose.
pub(super) fn from_passphrase(
    passphrase: &[u8],
    salt: &[u8; SALT],
    cost: Cost,
) -> Option<VaultKey> {
    let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(32)).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase, salt, key.as_mut())
        .ok()?;
    Some(key)
}

/// Makes the key from a key file's bytes, which are random already (RFC 5869 §2.2).
pub(super) fn from_key_file(bytes: &[u8], salt: &[u8; SALT]) -> Option<VaultKey> {
    let salt = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, salt);
    let digest = ring::hmac::sign(&salt, bytes);
    Some(Zeroizing::new(digest.as_ref().try_into().ok()?))
}

/// Encrypts; the header is authenticated with the text.
pub(super) fn encrypt(
    key: &VaultKey,
    nonce: [u8; NONCE],
    text: &[u8],
    header: &[u8],
) -> Option<Vec<u8>> {
    let payload = Payload {
        msg: text,
        aad: header,
    };
    cipher(key).encrypt(&XNonce::from(nonce), payload).ok()
}

/// Decrypts; `None` when the key is wrong or a bit was changed, which cannot be told apart.
pub(super) fn decrypt(
    key: &VaultKey,
    nonce: [u8; NONCE],
    sealed: &[u8],
    header: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let payload = Payload {
        msg: sealed,
        aad: header,
    };
    let text = cipher(key).decrypt(&XNonce::from(nonce), payload).ok()?;
    Some(Zeroizing::new(text))
}

fn cipher(key: &VaultKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(**key))
}
