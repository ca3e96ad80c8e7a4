//! A certificate and its key, read from PEM files: everything that can be wrong is found here, before a service
//! says no without a reason.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use ring::rsa::KeyPair;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use zeroize::Zeroizing;

use super::pem::{Block, blocks};
use crate::auth::{AuthError, ClientFault};
use crate::model::{SignInProfile, sanitize_line};

/// More bytes are no PEM file of ours.
const FILE_LIMIT: u64 = 256 * 1024;

/// The most characters of a subject.
const SUBJECT_CHARS: usize = 200;

/// The identifier of RSA keys (RFC 8017 appendix C, 1.2.840.113549.1.1.1), as DER.
const RSA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// A certificate with its key, read and checked.
#[derive(Clone)]
pub struct ClientCertificate {
    /// What may be shown of it.
    pub facts: CertificateFacts,
    pub(super) der: Vec<u8>,
    pub(super) key: Arc<KeyPair>,
}

/// What may be shown of a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CertificateFacts {
    /// Its subject.
    pub subject: String,
    /// SHA-1 of the DER in upper-case hex, as Entra's portal shows it.
    pub thumbprint: String,
    /// When it begins.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
    /// The key's file, if other users of this machine may read it: that is to be said and mended by its owner.
    pub exposed_key: Option<PathBuf>,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientCertificate")
            .field(&self.facts)
            .finish()
    }
}

/// Reads the files a profile names, on a thread that may block.
pub(super) async fn load(
    profile: &SignInProfile,
    now: Timestamp,
) -> Result<ClientCertificate, AuthError> {
    let Some(certificate) = profile.certificate.clone() else {
        return Err(AuthError::Profile {
            profile: profile.name.clone(),
            reason: "it names no certificate".to_owned(),
        });
    };
    let key = profile.certificate_key.clone();
    let key = key.unwrap_or_else(|| certificate.clone());
    let reading = tokio::task::spawn_blocking(move || read(&certificate, &key, now));
    let outcome = reading.await.unwrap_or(Err(ClientFault::NotSigned));
    outcome.map_err(|fault| AuthError::Client {
        profile: profile.name.clone(),
        fault,
    })
}

/// Reads and checks both files; they may be one.
fn read(certificate: &Path, key: &Path, now: Timestamp) -> Result<ClientCertificate, ClientFault> {
    let found = bytes_of(certificate)?;
    let ders: Vec<Zeroizing<Vec<u8>>> = pem_of(&found.bytes, certificate)?
        .into_iter()
        .filter(|block| matches!(block.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE"))
        .map(|block| block.der)
        .collect();
    if ders.is_empty() {
        return Err(ClientFault::NoCertificate {
            path: certificate.to_owned(),
        });
    }
    let held = bytes_of(key)?;
    let pair = key_of(pem_of(&held.bytes, key)?, key)?;
    let (der, parsed) = certificate_of(&ders, &pair, certificate, key)?;
    let mut facts = facts(&parsed, der);
    if now > facts.not_after {
        return Err(ClientFault::CertificateExpired {
            path: certificate.to_owned(),
            since: facts.not_after,
        });
    }
    if now < facts.not_before {
        return Err(ClientFault::CertificateNotYetValid {
            path: certificate.to_owned(),
            from: facts.not_before,
        });
    }
    // Not mended: the file is not ours, and a service of the same machine may need the rights it has.
    if held.is_exposed {
        tracing::warn!(path = %key.display(), "others can read the key of the certificate");
        facts.exposed_key = Some(key.to_owned());
    }
    Ok(ClientCertificate {
        facts,
        der: der.to_vec(),
        key: Arc::new(pair),
    })
}

/// A file's bytes, and whether others may read them too.
struct Found {
    bytes: Zeroizing<Vec<u8>>,
    is_exposed: bool,
}

fn bytes_of(path: &Path) -> Result<Found, ClientFault> {
    let open = || -> std::io::Result<Found> {
        let file = File::open(path)?;
        let rights = file.metadata()?.permissions().mode();
        let mut bytes = Zeroizing::new(Vec::new());
        file.take(FILE_LIMIT).read_to_end(&mut bytes)?;
        Ok(Found {
            bytes,
            is_exposed: rights & 0o077 != 0,
        })
    };
    open().map_err(|error| ClientFault::Unreadable {
        path: path.to_owned(),
        kind: error.kind(),
    })
}

/// Returns the blocks of a PEM file, or says which other kind of file it is.
fn pem_of(bytes: &[u8], path: &Path) -> Result<Vec<Block>, ClientFault> {
    let found = blocks(bytes);
    if !found.is_empty() {
        return Ok(found);
    }
    let path = path.to_owned();
    Err(if is_pkcs12(bytes) {
        ClientFault::Pkcs12 { path }
    } else {
        ClientFault::NotPem { path }
    })
}

/// Recognises PKCS#12 (RFC 7292 §4): a sequence that begins with the version 3.
fn is_pkcs12(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(&[0x30]) else {
        return false;
    };
    let Some((&length, rest)) = rest.split_first() else {
        return false;
    };
    // 0x80 is BER's open end, 0x81… say how many bytes of length follow.
    let skipped = if length > 0x80 {
        usize::from(length & 0x7f)
    } else {
        0
    };
    rest.get(skipped..)
        .is_some_and(|body| body.starts_with(&[0x02, 0x01, 0x03]))
}

/// Takes the key out of the first block that holds one.
fn key_of(blocks: Vec<Block>, path: &Path) -> Result<KeyPair, ClientFault> {
    let path = path.to_owned();
    let is_key = |block: &Block| block.label.ends_with("PRIVATE KEY");
    let Some(block) = blocks.into_iter().find(is_key) else {
        return Err(ClientFault::NoKey { path });
    };
    if block.is_encrypted || block.label == "ENCRYPTED PRIVATE KEY" {
        return Err(ClientFault::EncryptedKey { path });
    }
    let pair = match block.label.as_str() {
        "RSA PRIVATE KEY" => KeyPair::from_der(&block.der),
        "PRIVATE KEY" if block.der.windows(RSA.len()).any(|part| part == RSA) => {
            KeyPair::from_pkcs8(&block.der)
        }
        _ => return Err(ClientFault::NotRsa { path }),
    };
    pair.map_err(|refused| ClientFault::KeyRejected {
        path,
        reason: refused.to_string(),
    })
}

/// Finds the certificate of the key: a file may hold a whole chain.
fn certificate_of<'d>(
    ders: &'d [Zeroizing<Vec<u8>>],
    pair: &KeyPair,
    path: &Path,
    key: &Path,
) -> Result<(&'d [u8], X509Certificate<'d>), ClientFault> {
    let mut is_damaged = true;
    for der in ders {
        let Ok((_, parsed)) = X509Certificate::from_der(der) else {
            continue;
        };
        is_damaged = false;
        if parsed.public_key().subject_public_key.data.as_ref() == pair.public().as_ref() {
            return Ok((der, parsed));
        }
    }
    let path = path.to_owned();
    Err(if is_damaged {
        ClientFault::DamagedCertificate { path }
    } else {
        ClientFault::KeyOfAnother {
            certificate: path,
            key: key.to_owned(),
        }
    })
}

fn facts(parsed: &X509Certificate<'_>, der: &[u8]) -> CertificateFacts {
    use std::fmt::Write as _;
    let mut thumbprint = String::new();
    for byte in digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref() {
        let _ = write!(thumbprint, "{byte:02X}");
    }
    let at =
        |seconds: i64, otherwise: Timestamp| Timestamp::from_second(seconds).unwrap_or(otherwise);
    let validity = parsed.validity();
    CertificateFacts {
        subject: sanitize_line(&parsed.subject().to_string())
            .chars()
            .take(SUBJECT_CHARS)
            .collect(),
        thumbprint,
        not_before: at(validity.not_before.timestamp(), Timestamp::MIN),
        not_after: at(validity.not_after.timestamp(), Timestamp::MAX),
        exposed_key: None,
    }
}
