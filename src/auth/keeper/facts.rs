//! What may be shown of an identity's tokens.

use jiff::Timestamp;
use secrecy::ExposeSecret;

use crate::auth::identity::claims;
use crate::auth::{Identity, Resource};
use crate::model::SignInProfile;

use super::stored::Stored;

/// What `token` shows; never the token itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that have nothing to do with each other"
)]
pub struct TokenFacts {
    /// Who signed in.
    pub identity: Identity,
    /// What it is for.
    pub resource: Resource,
    /// Whether the access token can be read; those of personal accounts cannot (protocol facts §3.3).
    pub is_readable: bool,
    /// `iss` of the access token, empty when it is opaque.
    pub issuer: String,
    /// `aud` of the access token, empty when it is opaque.
    pub audience: String,
    /// The application it was given to: as the token says, else as the profile does.
    pub app_id: String,
    /// `tid` of the access token, else the tenant of whoever signed in.
    pub tenant: String,
    /// Whether the application speaks for itself, without a person.
    pub is_app_only: bool,
    /// Whether the names of its permissions are Microsoft's, so that they can be compared with what is needed.
    pub is_microsoft: bool,
    /// Delegated scopes: what the token itself says counts more than what was granted.
    pub scopes: Vec<String>,
    /// Scopes the provider said it granted.
    pub granted: Vec<String>,
    /// Application roles.
    pub roles: Vec<String>,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// When it was last renewed.
    pub renewed_at: Timestamp,
    /// When it will be renewed in the background; `None` while only a person can do that.
    pub next_renewal: Option<Timestamp>,
    /// Whether it can be renewed without a person by a refresh token.
    pub has_refresh_token: bool,
    /// When the refresh token last changed, if that is known.
    pub refresh_rotated_at: Option<Timestamp>,
}

impl TokenFacts {
    /// Reads the facts of a resource's token, if there is one.
    pub(super) fn of(profile: &SignInProfile, stored: &Stored, resource: Resource) -> Option<Self> {
        let access = stored.tokens.get(&resource)?;
        let claims = claims(access.token.expose_secret());
        let otherwise = |claim: String, otherwise: &str| {
            if claim.is_empty() {
                otherwise.to_owned()
            } else {
                claim
            }
        };
        let is_app_only = profile.method.is_app_only() || claims.is_app;
        let scopes = match claims.scopes {
            // `.default` stands for what an application has, and is none of it.
            scopes if scopes.is_empty() && !is_app_only => access.scopes.clone(),
            scopes => scopes,
        };
        Some(Self {
            identity: stored.identity.clone(),
            resource,
            is_readable: claims.is_readable,
            issuer: claims.issuer,
            audience: claims.audience,
            app_id: otherwise(claims.app_id, profile.client_id.trim()),
            tenant: otherwise(claims.tenant, &stored.identity.tenant),
            is_app_only,
            is_microsoft: profile.provider.is_microsoft(),
            scopes,
            granted: access.scopes.clone(),
            roles: claims.roles,
            expires_at: access.expires_at,
            renewed_at: access.renewed_at,
            next_renewal: None,
            has_refresh_token: stored.refresh_token.is_some(),
            refresh_rotated_at: stored.rotated_at,
        })
    }
}
