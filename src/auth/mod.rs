//! Secrets and tokens: the vault, the sign-in flows, and the keeper of each identity's tokens.
//!
//! Secrets are `secrecy` types from the moment they are read; no error, log line or debug print holds one.

mod answer;
mod browser;
mod client;
mod clock;
mod denial;
mod device;
mod endpoints;
mod error;
mod exchange;
mod identity;
mod keeper;
mod scopes;
mod vault;

pub use browser::{BrowserAuthorization, BrowserFlow, BrowserProgress};
pub use client::{CertificateFacts, ClientCertificate, ClientProof, secret_key};
pub use clock::{Clock, SharedClock, SystemClock};
pub use device::{DeviceAuthorization, DeviceFlow, DeviceProgress};
pub use error::{AuthError, ClientFault, Denial, PasteMistake, ScopeProblem, VaultError};
pub use identity::Identity;
pub use keeper::{
    Ended, Function, PermissionFinding, PermissionState, Permissions, TokenFacts, TokenKeeper,
    TokenState,
};
pub use scopes::{first_scopes, scope_problems, scopes_for};
pub use vault::{Copied, Unlock, Vault, VaultGuard};

use jiff::Timestamp;
use secrecy::SecretString;

/// What an access token is for: one token per resource (protocol facts §3.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum Resource {
    /// IMAP, POP, SMTP and EWS of Exchange Online; the only one for providers without resources.
    #[default]
    Mail,
    /// Microsoft Graph.
    Graph,
}

/// What a successful sign-in brought.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub identity: Identity,
    /// For all resources; `None` when the provider gave none, and then the account stops after one token life.
    pub refresh_token: Option<SecretString>,
    /// The first access token.
    pub access_token: SecretString,
    /// When it ends, by our clock.
    pub expires_at: Timestamp,
    /// Scopes granted.
    pub scopes: Vec<String>,
}

#[cfg(test)]
mod tests;
