//! How the application proves itself to a token endpoint (RFC 6749 §2.3, RFC 7523 §2.2): not at all, with its secret,
//! or with an assertion signed by its certificate's key.

mod assertion;
mod certificate;
mod pem;

pub use certificate::{CertificateFacts, ClientCertificate};

use jiff::Timestamp;
use ring::digest::{Context, SHA256};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::auth::{AuthError, ClientFault, Vault};
use crate::model::{Method, SignInProfile};

/// The kind of assertion that [`ClientProof::Certificate`] sends (RFC 7523 §2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What an application proves itself with.
#[derive(Clone, Debug)]
pub enum ClientProof {
    /// Nothing: a public client.
    None,
    /// A secret, sent as `client_secret`.
    Secret(SecretString),
    /// A certificate: every request carries an assertion signed anew.
    Certificate(ClientCertificate),
}

/// Tells whether two proofs are the same without keeping either; no secret can be had from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ProofMark([u8; 32]);

impl ClientProof {
    /// Loads what the profile needs: its secret from the vault (`secret/<profile>`), or its certificate's files.
    ///
    /// The error is [`AuthError::Client`] when that is missing or cannot be used.
    pub async fn load(profile: &SignInProfile, vault: &Vault) -> Result<Self, AuthError> {
        Self::load_at(profile, vault, Timestamp::now()).await
    }

    /// Does what [`ClientProof::load`] does, by another clock.
    pub async fn load_at(
        profile: &SignInProfile,
        vault: &Vault,
        now: Timestamp,
    ) -> Result<Self, AuthError> {
        if profile.method == Method::ClientCertificate {
            let certificate = certificate::load(profile, now).await?;
            return Ok(Self::Certificate(certificate));
        }
        if !profile.needs_secret() {
            return Ok(Self::None);
        }
        match vault.get(&secret_key(&profile.name)).await? {
            Some(secret) if !secret.expose_secret().trim().is_empty() => Ok(Self::Secret(secret)),
            _ => Err(AuthError::Client {
                profile: profile.name.clone(),
                fault: ClientFault::SecretMissing,
            }),
        }
    }

    /// Returns the fields this proof adds to a form (`client_secret`, or `client_assertion_type` and
    /// `client_assertion`). `endpoint` is the token endpoint also for requests that go elsewhere: it names the service
    /// (RFC 7523 §3).
    pub(super) fn fields(
        &self,
        profile: &SignInProfile,
        endpoint: &Url,
        now: Timestamp,
    ) -> Result<Vec<(&'static str, SecretString)>, AuthError> {
        match self {
            Self::None => Ok(Vec::new()),
            Self::Secret(secret) => Ok(vec![("client_secret", secret.clone())]),
            Self::Certificate(certificate) => Ok(vec![
                ("client_assertion_type", SecretString::from(JWT_BEARER)),
                (
                    "client_assertion",
                    certificate.assertion(profile, endpoint, now)?,
                ),
            ]),
        }
    }

    /// Returns the mark of this proof.
    pub(super) fn mark(&self) -> ProofMark {
        let mut context = Context::new(&SHA256);
        match self {
            Self::None => {}
            Self::Secret(secret) => {
                context.update(b"secret");
                context.update(secret.expose_secret().as_bytes());
            }
            Self::Certificate(certificate) => {
                context.update(b"certificate");
                context.update(certificate.facts.thumbprint.as_bytes());
            }
        }
        let mut mark = [0; 32];
        let digest = context.finish();
        for (to, from) in mark.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        ProofMark(mark)
    }
}

/// Names a profile's secret in the vault.
pub fn secret_key(profile: &str) -> String {
    format!("secret/{profile}")
}

#[cfg(test)]
mod tests;
