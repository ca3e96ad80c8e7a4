//! The requests that go to a token endpoint, on the types of the `oauth2` crate.

use std::fmt;
use std::pin::Pin;

use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use jiff::Timestamp;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AsyncHttpClient, Client, ClientId, DeviceAuthorizationUrl, ExtraTokenFields, HttpRequest,
    HttpResponse, RequestTokenError, StandardDeviceAuthorizationResponse, StandardRevocableToken,
    StandardTokenResponse, TokenResponse,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::{Url, form_urlencoded};

use crate::auth::answer::ask;
use crate::auth::clock::later;
use crate::auth::denial::Grant;
use crate::auth::endpoints::is_older;
use crate::auth::identity::identity;
use crate::auth::scopes::{named, resource_scopes};
use crate::auth::{AuthError, ClientProof, Resource, SignedIn};
use crate::model::{SignInProfile, sanitize_line};
use crate::net::Http;

/// What a token is given when the provider does not say how long it lives, in seconds; a refused token is renewed
/// anyway.
const ASSUMED_LIFE: u64 = 3600;

/// `oauth2`'s client with the `id_token` among the fields of an answer.
type OAuth = Client<
    BasicErrorResponse,
    Tokens,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

/// An answer of the token endpoint.
pub(super) type Tokens = StandardTokenResponse<OpenIdFields, BasicTokenType>;

/// What OpenID Connect adds to an answer.
#[derive(Serialize, Deserialize)]
pub(super) struct OpenIdFields {
    id_token: Option<String>,
}

impl OpenIdFields {
    /// Returns who signed in, as the provider wrote it.
    pub(super) fn id_token(&self) -> Option<&str> {
        self.id_token.as_deref()
    }
}

impl ExtraTokenFields for OpenIdFields {}

impl fmt::Debug for OpenIdFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenIdFields").finish_non_exhaustive()
    }
}

/// Our HTTP client as the crate wants it.
struct Asker<'a> {
    http: &'a Http,
    grant: Grant,
}

impl<'c> AsyncHttpClient<'c> for Asker<'_> {
    type Error = AuthError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, AuthError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(ask(self.http, request, self.grant))
    }
}

/// Who asks for a token, and which token endpoint.
pub(super) struct Asking<'a> {
    pub(super) profile: &'a SignInProfile,
    pub(super) client: &'a ClientProof,
    pub(super) endpoint: &'a Url,
    pub(super) http: &'a Http,
}

impl Asking<'_> {
    /// Sends a form with `client_id` and the application's proof added, and reads tokens out of the answer.
    pub(super) async fn post(
        &self,
        fields: &[(&str, &str)],
        grant: Grant,
        now: Timestamp,
    ) -> Result<Tokens, AuthError> {
        let form = self.form(fields, now)?;
        let request = Request::post(self.endpoint.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.into_bytes())
            .map_err(|error| nonsense(self.endpoint, &error.to_string()))?;
        parse(&ask(self.http, request, grant).await?, self.endpoint)
    }

    fn form(&self, fields: &[(&str, &str)], now: Timestamp) -> Result<String, AuthError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        form.append_pair("client_id", self.profile.client_id.trim());
        for (name, value) in self.client.fields(self.profile, self.endpoint, now)? {
            form.append_pair(name, value.expose_secret());
        }
        Ok(form.finish())
    }
}

/// Asks `endpoint` for a device code (RFC 8628 §3.1).
pub(super) async fn device_code(
    asking: &Asking<'_>,
    endpoint: &Url,
    scopes: &[String],
    now: Timestamp,
) -> Result<StandardDeviceAuthorizationResponse, AuthError> {
    let profile = asking.profile;
    let address = DeviceAuthorizationUrl::from_url(endpoint.clone());
    let client = client(profile)?.set_device_authorization_url(address);
    let mut request = client.exchange_device_code();
    for (name, value) in named(profile, endpoint, scopes) {
        request = request.add_extra_param(name, value);
    }
    // An assertion names the token endpoint wherever it is sent (RFC 7523 §3).
    for (name, value) in asking.client.fields(profile, asking.endpoint, now)? {
        request = request.add_extra_param(name, value.expose_secret().to_owned());
    }
    let asker = Asker {
        http: asking.http,
        grant: Grant::DeviceStart,
    };
    let answer = request.request_async(&asker).await;
    answer.map_err(|error| settle(error, endpoint))
}

/// Asks once whether a device code was approved (RFC 8628 §3.4). The crate's own loop is not used: it hides every
/// trouble until the code expires.
pub(super) async fn redeem_device_code(
    asking: &Asking<'_>,
    device_code: &SecretString,
    now: Timestamp,
) -> Result<Tokens, AuthError> {
    let mut fields = vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", device_code.expose_secret()),
    ];
    // Entra's older endpoints know the code by its older name only, and want the resource again (protocol facts §1.3).
    if asking.profile.provider.is_microsoft() {
        fields.push(("code", device_code.expose_secret()));
    }
    let named = if is_older(asking.profile, asking.endpoint) {
        named(asking.profile, asking.endpoint, &[])
    } else {
        Vec::new()
    };
    fields.extend(named.iter().map(|(name, value)| (*name, value.as_str())));
    asking.post(&fields, Grant::Device, now).await
}

/// Exchanges an authorization code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5). `redirect_uri` is the one of the
/// request to the byte.
pub(super) async fn redeem_code(
    asking: &Asking<'_>,
    code: &Redeemable<'_>,
    now: Timestamp,
) -> Result<Tokens, AuthError> {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code.code.expose_secret()),
        ("redirect_uri", code.redirect_uri),
        ("code_verifier", code.verifier.expose_secret()),
    ];
    let scopes = resource_scopes(asking.profile, Resource::Mail);
    let named = named(asking.profile, asking.endpoint, &scopes);
    fields.extend(named.iter().map(|(name, value)| (*name, value.as_str())));
    asking.post(&fields, Grant::Code, now).await
}

/// An authorization code with what has to go with it.
pub(super) struct Redeemable<'a> {
    pub(super) code: &'a SecretString,
    pub(super) redirect_uri: &'a str,
    pub(super) verifier: &'a SecretString,
}

/// Turns an answer into what a sign-in brings. Life is counted from when we asked and by our clock alone, so a
/// provider whose clock is wrong does no harm.
pub(super) fn signed_in(tokens: &Tokens, asked_at: Timestamp, asked: &[String]) -> SignedIn {
    let access_token = tokens.access_token().secret();
    let life = tokens
        .expires_in()
        .map_or(ASSUMED_LIFE, |life| life.as_secs());
    let id_token = tokens.extra_fields().id_token();
    let scopes = match tokens.scopes() {
        Some(granted) => granted.iter().map(|scope| sanitize_line(scope)).collect(),
        None => asked.to_vec(),
    };
    SignedIn {
        identity: identity(id_token, access_token),
        refresh_token: tokens
            .refresh_token()
            .map(|token| SecretString::from(token.secret().as_str())),
        access_token: SecretString::from(access_token.as_str()),
        expires_at: later(asked_at, life),
        scopes,
    }
}

fn client(profile: &SignInProfile) -> Result<OAuth, AuthError> {
    let id = profile.client_id.trim();
    if id.is_empty() {
        return Err(AuthError::Profile {
            profile: profile.name.clone(),
            reason: "its client_id is empty".to_owned(),
        });
    }
    Ok(Client::new(ClientId::new(id.to_owned())))
}

fn parse(answer: &HttpResponse, endpoint: &Url) -> Result<Tokens, AuthError> {
    serde_json::from_slice(answer.body()).map_err(|error| wrong_shape(endpoint, &error))
}

/// Takes our own error back out of the crate's.
fn settle(error: RequestTokenError<AuthError, BasicErrorResponse>, endpoint: &Url) -> AuthError {
    match error {
        RequestTokenError::Request(error) => error,
        RequestTokenError::Parse(error, _) => wrong_shape(endpoint, error.inner()),
        RequestTokenError::ServerResponse(_) => nonsense(endpoint, "an error nobody knows"),
        RequestTokenError::Other(detail) => nonsense(endpoint, &detail),
    }
}

/// Says where an answer is not as the standard wants it. serde's own words may quote a value, which may be a secret:
/// only what is missing is repeated.
fn wrong_shape(endpoint: &Url, error: &serde_json::Error) -> AuthError {
    let text = error.to_string();
    let detail = match text
        .split_once('`')
        .and_then(|(_, rest)| rest.split_once('`'))
    {
        Some((field, _)) if text.starts_with("missing field") => format!("{field} is missing"),
        _ => "a member is not what the standard says".to_owned(),
    };
    nonsense(endpoint, &detail)
}

fn nonsense(endpoint: &Url, detail: &str) -> AuthError {
    AuthError::Nonsense {
        host: endpoint.host_str().unwrap_or_default().to_owned(),
        detail: sanitize_line(detail).chars().take(200).collect(),
    }
}
