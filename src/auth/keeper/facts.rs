//! What may be shown of an identity's tokens.

use jiff::Timestamp;
use secrecy::ExposeSecret;

use crate::auth::Identity;
use crate::auth::identity::claims;

use super::stored::Stored;

/// What `token` shows; never the token itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenFacts {
    /// Who signed in.
    pub identity: Identity,
    /// `aud` of the access token, empty when it is opaque.
    pub audience: String,
    /// Delegated scopes.
    pub scopes: Vec<String>,
    /// Application roles.
    pub roles: Vec<String>,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// When it was last renewed.
    pub renewed_at: Timestamp,
    /// Whether it can be renewed without a person.
    pub has_refresh_token: bool,
}

impl TokenFacts {
    /// Reads the facts; what the token itself says about its scopes counts more than what was granted.
    pub(super) fn of(stored: &Stored) -> Self {
        let signed_in = &stored.signed_in;
        let claims = claims(signed_in.access_token.expose_secret());
        let scopes = if claims.scopes.is_empty() {
            signed_in.scopes.clone()
        } else {
            claims.scopes
        };
        Self {
            identity: signed_in.identity.clone(),
            audience: claims.audience,
            scopes,
            roles: claims.roles,
            expires_at: signed_in.expires_at,
            renewed_at: stored.renewed_at,
            has_refresh_token: signed_in.refresh_token.is_some(),
        }
    }
}
