//! What the vault keeps of a sign-in. The access token is kept too, so that a second program, or the next start,
//! need not ask the provider.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::auth::{AuthError, Identity, SignedIn, Vault};

/// The tokens of an identity.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) signed_in: SignedIn,
    pub(super) renewed_at: Timestamp,
}

/// The form in the vault; field names stay.
#[derive(Serialize, Deserialize)]
struct Form {
    #[serde(default)]
    refresh_token: Option<String>,
    access_token: String,
    expires_at: Timestamp,
    renewed_at: Timestamp,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    username: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    tenant: String,
}

impl Drop for Form {
    fn drop(&mut self) {
        self.access_token.zeroize();
        self.refresh_token.zeroize();
    }
}

impl Stored {
    pub(super) fn new(signed_in: SignedIn, renewed_at: Timestamp) -> Self {
        Self {
            signed_in,
            renewed_at,
        }
    }

    /// Returns how long the access token lives in all.
    pub(super) fn life(&self) -> SignedDuration {
        self.signed_in
            .expires_at
            .duration_since(self.renewed_at)
            .max(SignedDuration::ZERO)
    }

    /// Reads from the vault. An entry that cannot be understood counts as none: signing in anew mends it.
    pub(super) async fn read(vault: &Vault, key: &str) -> Result<Option<Self>, AuthError> {
        let Some(secret) = vault.get(key).await? else {
            return Ok(None);
        };
        // The error is not logged: it could quote a token.
        let Ok(mut form) = serde_json::from_str::<Form>(secret.expose_secret()) else {
            tracing::warn!(key, "an entry of the vault cannot be understood");
            return Ok(None);
        };
        let signed_in = SignedIn {
            identity: Identity {
                username: std::mem::take(&mut form.username),
                name: std::mem::take(&mut form.name),
                tenant: std::mem::take(&mut form.tenant),
            },
            refresh_token: form.refresh_token.as_deref().map(SecretString::from),
            access_token: SecretString::from(form.access_token.as_str()),
            expires_at: form.expires_at,
            scopes: std::mem::take(&mut form.scopes),
        };
        Ok(Some(Self::new(signed_in, form.renewed_at)))
    }

    /// Writes to the vault, durably.
    pub(super) async fn write(&self, vault: &Vault, key: &str) -> Result<(), AuthError> {
        let signed_in = &self.signed_in;
        let open = |secret: &SecretString| secret.expose_secret().to_owned();
        let form = Form {
            refresh_token: signed_in.refresh_token.as_ref().map(open),
            access_token: open(&signed_in.access_token),
            expires_at: signed_in.expires_at,
            renewed_at: self.renewed_at,
            scopes: signed_in.scopes.clone(),
            username: signed_in.identity.username.clone(),
            name: signed_in.identity.name.clone(),
            tenant: signed_in.identity.tenant.clone(),
        };
        let text = serde_json::to_string(&form).map_err(|_| AuthError::Nonsense {
            host: String::new(),
            detail: "tokens that cannot be written".to_owned(),
        })?;
        vault.put(key, &SecretString::from(text)).await?;
        Ok(())
    }
}
