//! Which certificates are trusted: one client configuration of rustls for every protocol.
//!
//! Never offers a way around verification.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::net::NetError;

/// The largest CA file that is read, in bytes; the whole of Mozilla's store is a quarter of it.
const CA_FILE_LIMIT: u64 = 1 << 20;

/// What certificates are trusted: the system's roots and, where given, one PEM bundle. Cheap to clone.
///
/// Clones share the cache of TLS sessions, so that the second connection to a server is cheaper.
#[derive(Clone)]
pub struct Trust {
    config: Arc<ClientConfig>,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").finish_non_exhaustive()
    }
}

impl Trust {
    /// Loads the system's roots (webpki's where there are none) and `ca_file`.
    ///
    /// Reads files: call it once and share it. [`NetError::CaFile`] when `ca_file` cannot be used.
    pub fn load(ca_file: Option<&Path>) -> Result<Self, NetError> {
        let extra = match ca_file {
            Some(path) => read_bundle(path)?,
            None => Vec::new(),
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = verifier(&extra, &provider).map_err(|error| NetError::CaFile {
            path: ca_file.unwrap_or(Path::new("")).to_owned(),
            reason: error.to_string(),
        })?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| NetError::CaFile {
                path: ca_file.unwrap_or(Path::new("")).to_owned(),
                reason: error.to_string(),
            })?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
        })
    }

    /// Returns the configuration for mail protocols.
    pub(super) fn config(&self) -> &Arc<ClientConfig> {
        &self.config
    }

    /// Returns the configuration for HTTP, which negotiates its version within the handshake.
    pub(super) fn http_config(&self) -> ClientConfig {
        let mut config = ClientConfig::clone(&self.config);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }
}

/// Makes the platform's verifier; an empty system store (a bare container) is replaced by webpki's roots,
/// because a CA file alone must not take the public servers away.
fn verifier(
    extra: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
    match Verifier::new(Arc::clone(provider)) {
        Ok(plain) if extra.is_empty() => Ok(Arc::new(plain)),
        Ok(_) => Ok(Arc::new(Verifier::new_with_extra_roots(
            extra.iter().cloned(),
            Arc::clone(provider),
        )?)),
        Err(error) => {
            tracing::debug!(%error, "no system roots, using the built-in ones");
            built_in(extra, provider)
        }
    }
}

/// Makes a verifier from webpki's roots.
fn built_in(
    extra: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for certificate in extra {
        roots.add(certificate.clone())?;
    }
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
    Ok(verifier)
}

/// Reads the certificates of a PEM bundle; private keys and other sections in it are passed over.
fn read_bundle(path: &Path) -> Result<Vec<CertificateDer<'static>>, NetError> {
    let refused = |reason: String| NetError::CaFile {
        path: path.to_owned(),
        reason,
    };
    let size = std::fs::metadata(path)
        .map_err(|error| refused(error.to_string()))?
        .len();
    if size > CA_FILE_LIMIT {
        return Err(refused(format!("larger than {CA_FILE_LIMIT} bytes")));
    }
    let pem = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
    let certificates = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| refused(format!("not PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(refused("no certificate in it".to_owned()));
    }
    Ok(certificates)
}
