//! A provider's own document about its addresses (RFC 8414, OpenID Connect Discovery; protocol facts §9.3).

use http::Request;
use oauth2::HttpRequest;
use serde_json::{Map, Value};
use url::Url;

use super::{Endpoints, Issuer, is_secure, microsoft, refuse, secure};
use crate::auth::AuthError;
use crate::auth::answer::read;
use crate::auth::denial::Grant;
use crate::model::{SignInProfile, sanitize_line};
use crate::net::Http;

/// Looks for the discovery document in its usual places below the authority (protocol facts §9.3).
pub(super) async fn discovered(
    profile: &SignInProfile,
    http: &Http,
) -> Result<Endpoints, AuthError> {
    let Some(authority) = &profile.authority else {
        return Err(refuse(
            profile,
            "it needs an authority, or token_endpoint and the endpoint of its way to sign in",
        ));
    };
    let authority = secure(profile, authority)?;
    let mut last = None;
    for place in places(&authority) {
        match document(http, &place).await {
            Ok(document) => return from_document(profile, &authority, &document),
            Err(error @ (AuthError::Nonsense { .. } | AuthError::Denied { .. })) => {
                last = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| nonsense(&authority, "no discovery document")))
}

/// Lists where the document may be: OIDC appends its path, RFC 8414 §3.1 puts its own before the issuer's.
pub(super) fn places(authority: &Url) -> Vec<Url> {
    let path = authority.path().trim_end_matches('/');
    let paths = [
        format!("{path}/v2.0/.well-known/openid-configuration"),
        format!("{path}/.well-known/openid-configuration"),
        format!("{path}/.well-known/oauth-authorization-server"),
        format!("/.well-known/oauth-authorization-server{path}"),
    ];
    let count = if path.is_empty() { 3 } else { 4 };
    let at = |path: &String| {
        let mut place = authority.clone();
        place.set_path(path);
        place
    };
    paths.iter().take(count).map(at).collect()
}

async fn document(http: &Http, place: &Url) -> Result<Map<String, Value>, AuthError> {
    let request: HttpRequest = Request::get(place.as_str())
        .header(http::header::ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|error| nonsense(place, &error.to_string()))?;
    let answer = http.send(request).await.map_err(AuthError::Unreachable)?;
    let document = read(&answer, place.host_str().unwrap_or_default(), Grant::Other)?;
    if document
        .get("token_endpoint")
        .is_none_or(|value| !value.is_string())
    {
        return Err(nonsense(
            place,
            "a discovery document without token_endpoint",
        ));
    }
    Ok(document)
}

/// Takes the addresses out of a document after its issuer was checked.
fn from_document(
    profile: &SignInProfile,
    authority: &Url,
    document: &Map<String, Value>,
) -> Result<Endpoints, AuthError> {
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let issuer = text("issuer").unwrap_or_default();
    if !is_issuer(authority, issuer) {
        let issuer: String = sanitize_line(issuer).chars().take(200).collect();
        return Err(nonsense(
            authority,
            &format!("its discovery document is issued by \"{issuer}\""),
        ));
    }
    let found = |name: &str| match text(name) {
        Some(address) => is_secure(address)
            .map(Some)
            .map_err(|reason| nonsense(authority, &format!("{name}: {reason}"))),
        None => Ok(None),
    };
    let Some(token) = found("token_endpoint")? else {
        return Err(refuse(profile, "its provider has no token endpoint"));
    };
    let is_promised = document
        .get("authorization_response_iss_parameter_supported")
        .and_then(Value::as_bool);
    Ok(Endpoints {
        device: found("device_authorization_endpoint")?,
        authorization: found("authorization_endpoint")?,
        revocation: found("revocation_endpoint")?,
        issuer: named(issuer, &token, is_promised.unwrap_or_default()),
        token,
    })
}

/// Keeps who issues, for later answers.
fn named(issuer: &str, token: &Url, is_on_redirect: bool) -> Issuer {
    if is_at(issuer, microsoft::is_login_host) {
        return Issuer::Microsoft {
            host: token.host_str().unwrap_or_default().to_owned(),
        };
    }
    Issuer::Named {
        name: issuer.to_owned(),
        is_on_redirect,
    }
}

/// Checks the issuer: it must be the authority itself, with or without Entra's `/v2.0`. Microsoft's documents name a
/// template or a GUID where the authority has a domain (protocol facts §1.1), so there the host decides.
pub(super) fn is_issuer(authority: &Url, issuer: &str) -> bool {
    let is_known = authority.host_str().is_some_and(microsoft::is_login_host);
    is_same(authority.as_str(), issuer) || is_known && is_at(issuer, microsoft::is_login_host)
}

/// Compares two names of issuers. Slashes at the end and Entra's version do not count, nor a scheme left out, as
/// Google does in its tokens.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let bare = |text: &str| {
        let text = text.trim_end_matches('/').trim_end_matches("/v2.0");
        text.strip_prefix("https://").unwrap_or(text).to_owned()
    };
    bare(one) == bare(other)
}

/// Whether an issuer's address has a certain host.
pub(super) fn is_at(issuer: &str, is_right: impl Fn(&str) -> bool) -> bool {
    // A template such as {tenantid} in it is no address to a strict reader.
    let (scheme, rest) = issuer.split_once("://").unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    matches!(scheme, "https" | "http") && is_right(host)
}

fn nonsense(place: &Url, detail: &str) -> AuthError {
    AuthError::Nonsense {
        host: place.host_str().unwrap_or_default().to_owned(),
        detail: detail.to_owned(),
    }
}
