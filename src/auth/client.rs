//! How the application proves itself to a token endpoint (RFC 6749 §2.3, RFC 7523 §2.2): not at all, with its secret,
//! or with an assertion signed by its certificate's key.

use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

use crate::auth::{AuthError, Vault};
use crate::model::SignInProfile;

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

/// A certificate with its key, read and checked.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    /// What may be shown of it.
    pub facts: CertificateFacts,
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
}

impl ClientProof {
    /// Loads what the profile needs: its secret from the vault (`secret/<profile>`), or its certificate's files.
    pub async fn load(profile: &SignInProfile, vault: &Vault) -> Result<Self, AuthError> {
        let _ = (profile, vault);
        unimplemented!()
    }

    /// Returns the fields this proof adds to a form for `endpoint` (`client_secret`, or `client_assertion_type` and
    /// `client_assertion`).
    pub(super) fn fields(
        &self,
        profile: &SignInProfile,
        endpoint: &Url,
        now: Timestamp,
    ) -> Result<Vec<(&'static str, SecretString)>, AuthError> {
        let _ = (profile, endpoint, now);
        unimplemented!()
    }
}

/// Names a profile's secret in the vault.
pub fn secret_key(profile: &str) -> String {
    format!("secret/{profile}")
}
