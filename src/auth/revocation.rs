//! Ending a token at the provider (RFC 7009), where the provider can: Entra cannot.

use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::auth::answer::read;
use crate::auth::denial::Grant;
use crate::auth::endpoints::{Endpoints, Need};
use crate::auth::exchange::Asking;
use crate::auth::{AuthError, ClientProof};
use crate::model::SignInProfile;
use crate::net::Http;

/// Whether a token was ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Revocation {
    /// The provider ended it, or did not know it any more.
    Done,
    /// The provider has no way to do that: the token lives on until it expires.
    Unsupported,
}

/// Ends a refresh token, and with it what came of it.
pub(super) async fn revoke(
    profile: &SignInProfile,
    client: &ClientProof,
    token: &SecretString,
    http: &Http,
    now: Timestamp,
) -> Result<Revocation, AuthError> {
    let endpoints = Endpoints::find_for(Need::Revocation, profile, http).await?;
    let Some(endpoint) = endpoints.revocation else {
        return Ok(Revocation::Unsupported);
    };
    let asking = Asking {
        profile,
        client,
        endpoint: &endpoint,
        token_endpoint: &endpoints.token,
        http,
    };
    let fields = [
        ("token", token.expose_secret()),
        ("token_type_hint", "refresh_token"),
    ];
    let host = endpoint.host_str().unwrap_or_default();
    let request = Request::post(endpoint.as_str())
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(asking.form(&fields, now)?.into_bytes())
        .map_err(|error| AuthError::Nonsense {
            host: host.to_owned(),
            detail: error.to_string(),
        })?;
    let answer = http.send(request).await.map_err(AuthError::Unreachable)?;
    // The body of a success is not to be looked at, and mostly is no JSON (RFC 7009 §2.2).
    if answer.status().is_success() && serde_json::from_slice::<Value>(answer.body()).is_err() {
        return Ok(Revocation::Done);
    }
    match read(&answer, host, Grant::Other) {
        Err(AuthError::Denied { error, .. }) if error == "unsupported_token_type" => {
            Ok(Revocation::Unsupported)
        }
        Ok(_) => Ok(Revocation::Done),
        Err(error) => Err(error),
    }
}
