//! What the vault keeps of a sign-in. The access tokens are kept too, so that a second program, or the next start,
//! need not ask the provider.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::auth::keeper::audience::{Audience, audience};
use crate::auth::keeper::is_same;
use crate::auth::{AuthError, Identity, Resource, SignedIn, Vault};

/// The tokens of an identity: one refresh token, an access token per resource.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) identity: Identity,
    pub(super) refresh_token: Option<SecretString>,
    /// When the refresh token last changed, if that is known.
    pub(super) rotated_at: Option<Timestamp>,
    pub(super) tokens: BTreeMap<Resource, Access>,
}

/// An access token.
#[derive(Clone, Debug)]
pub(super) struct Access {
    pub(super) token: SecretString,
    pub(super) expires_at: Timestamp,
    pub(super) renewed_at: Timestamp,
    pub(super) scopes: Vec<String>,
}

/// The form in the vault; field names stay. Mail's token stands at the top, where it was before there were others.
#[derive(Serialize, Deserialize)]
struct Form {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_rotated_at: Option<Timestamp>,
    #[serde(flatten)]
    mail: Option<AccessForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    graph: Option<AccessForm>,
    #[serde(default)]
    username: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    tenant: String,
}

#[derive(Serialize, Deserialize)]
struct AccessForm {
    access_token: String,
    expires_at: Timestamp,
    renewed_at: Timestamp,
    #[serde(default)]
    scopes: Vec<String>,
}

impl Drop for Form {
    fn drop(&mut self) {
        self.refresh_token.zeroize();
    }
}

impl Drop for AccessForm {
    fn drop(&mut self) {
        self.access_token.zeroize();
    }
}

impl Access {
    /// Returns how long the token lives in all.
    pub(super) fn life(&self) -> SignedDuration {
        self.expires_at
            .duration_since(self.renewed_at)
            .max(SignedDuration::ZERO)
    }

    fn of_form(form: &mut AccessForm) -> Self {
        Self {
            token: SecretString::from(form.access_token.as_str()),
            expires_at: form.expires_at,
            renewed_at: form.renewed_at,
            scopes: std::mem::take(&mut form.scopes),
        }
    }

    fn form(&self) -> AccessForm {
        AccessForm {
            access_token: self.token.expose_secret().to_owned(),
            expires_at: self.expires_at,
            renewed_at: self.renewed_at,
            scopes: self.scopes.clone(),
        }
    }
}

impl Stored {
    /// Takes what a sign-in brought; `resource` is what its access token is for, `None` for another service.
    pub(super) fn new(signed_in: SignedIn, resource: Option<Resource>, at: Timestamp) -> Self {
        let access = Access {
            token: signed_in.access_token,
            expires_at: signed_in.expires_at,
            renewed_at: at,
            scopes: signed_in.scopes,
        };
        Self {
            identity: signed_in.identity,
            rotated_at: signed_in.refresh_token.is_some().then_some(at),
            refresh_token: signed_in.refresh_token,
            tokens: resource
                .map(|resource| (resource, access))
                .into_iter()
                .collect(),
        }
    }

    /// Puts a renewal's tokens over these; what the renewal did not bring stays.
    pub(super) fn renewed(&self, mut fresh: Self) -> Self {
        // A provider that does not rotate sends none, or the same: the old one goes on (RFC 6749 §6).
        let is_rotated = match (&self.refresh_token, &fresh.refresh_token) {
            (Some(old), Some(new)) => !is_same(old, new),
            (_, new) => new.is_some(),
        };
        if !is_rotated {
            fresh.rotated_at = self.rotated_at;
            fresh.refresh_token.clone_from(&self.refresh_token);
        }
        // A renewal's answer may come without an id_token.
        if fresh.identity.username.is_empty() {
            fresh.identity = self.identity.clone();
        }
        for (resource, access) in &self.tokens {
            fresh
                .tokens
                .entry(*resource)
                .or_insert_with(|| access.clone());
        }
        fresh
    }

    /// Whether two are the same tokens.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let is_same_refresh = match (&self.refresh_token, &other.refresh_token) {
            (Some(one), Some(two)) => is_same(one, two),
            (one, two) => one.is_none() && two.is_none(),
        };
        is_same_refresh
            && self.tokens.len() == other.tokens.len()
            && self.tokens.iter().all(|(resource, access)| {
                let theirs = other.tokens.get(resource);
                theirs.is_some_and(|theirs| is_same(&access.token, &theirs.token))
            })
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
        let mut tokens = BTreeMap::new();
        for (resource, access) in [
            (Resource::Mail, form.mail.as_mut()),
            (Resource::Graph, form.graph.as_mut()),
        ] {
            let Some(access) = access.map(Access::of_form) else {
                continue;
            };
            // Older versions put every token in mail's place.
            match audience(&access.token, resource).0 {
                Audience::Fits => {
                    tokens.insert(resource, access);
                }
                Audience::Other(other) => {
                    tokens.entry(other).or_insert(access);
                }
                Audience::Foreign => {}
            }
        }
        let refresh_token = form.refresh_token.as_deref().map(SecretString::from);
        if refresh_token.is_none() && tokens.is_empty() {
            tracing::warn!(key, "an entry of the vault holds no token");
            return Ok(None);
        }
        Ok(Some(Self {
            identity: Identity {
                username: std::mem::take(&mut form.username),
                name: std::mem::take(&mut form.name),
                tenant: std::mem::take(&mut form.tenant),
            },
            refresh_token,
            rotated_at: form.refresh_rotated_at,
            tokens,
        }))
    }

    /// Writes to the vault, durably.
    pub(super) async fn write(&self, vault: &Vault, key: &str) -> Result<(), AuthError> {
        let access = |resource| self.tokens.get(&resource).map(Access::form);
        let form = Form {
            refresh_token: self
                .refresh_token
                .as_ref()
                .map(|secret| secret.expose_secret().to_owned()),
            refresh_rotated_at: self.rotated_at,
            mail: access(Resource::Mail),
            graph: access(Resource::Graph),
            username: self.identity.username.clone(),
            name: self.identity.name.clone(),
            tenant: self.identity.tenant.clone(),
        };
        let text = serde_json::to_string(&form).map_err(|_| AuthError::Nonsense {
            host: String::new(),
            detail: "tokens that cannot be written".to_owned(),
        })?;
        vault.put(key, &SecretString::from(text)).await?;
        Ok(())
    }
}
