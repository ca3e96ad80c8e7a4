//! The sign-in service: what Entra ID does for people in browsers, for devices, and for apps of their own.
//!
//! [`SignIn`] is the state and the rules, with `tokens`; `http`, `page` and `documents` put them on the wire.

pub mod aadsts;
mod apps;
mod authorize;
mod codes;
mod documents;
mod faults;
mod grants;
mod http;
mod jwt;
mod page;
mod refusal;
mod scopes;
mod tokens;

pub use apps::{
    APPS, App, CLIENT_ID, DAEMON_CERTIFICATE_ID, DAEMON_SECRET_ID, DAEMON_WEB_ID, PASSWORD_USER,
    Proof,
};
pub use authorize::Refused;
pub use codes::normalize;
pub use faults::{Endpoint, Fault, Trouble};
pub use grants::{Grant, Speaker};
pub use http::answer;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::people::{ADA, DOMAIN, person_by_email};
use super::{Habits, Requests};
use apps::Credentials;
use authorize::{Ask, Authorizations};
use codes::Codes;
use faults::Troubles;
use grants::Grants;
use http::Form;
use jwt::Signer;

/// The organisation's tenant id.
pub const TENANT_ID: &str = "7a1d5e0c-4b1e-4c55-9d0a-4a0c1911b0a7";

/// What a client gets for a device code or a refresh token.
#[derive(Debug)]
pub struct TokenSet {
    /// Opaque to the client.
    pub access_token: String,
    /// Only with `offline_access`.
    pub refresh_token: Option<String>,
    /// Only with `openid`.
    pub id_token: Option<String>,
    /// Scopes granted.
    pub scopes: Vec<String>,
    /// Life of the access token.
    pub life: Duration,
}

/// The sign-in service.
pub struct SignIn {
    /// `https://localhost:PORT`.
    pub base: String,
    /// How often clients asked for what.
    pub requests: Requests,
    /// What tests want to go wrong.
    pub troubles: Troubles,
    /// What apps prove themselves with.
    pub credentials: Credentials,
    habits: Habits,
    token_life: Duration,
    signer: Signer,
    state: Mutex<State>,
    expired: watch::Sender<u64>,
    /// Whether nobody has consented to Microsoft Graph.
    withholds_graph: AtomicBool,
}

#[derive(Default)]
struct State {
    codes: Codes,
    authorizations: Authorizations,
    grants: Grants,
}

impl SignIn {
    /// Returns a service with no codes and no tokens yet.
    pub fn new(port: u16, token_life: Duration, habits: Habits) -> std::io::Result<Self> {
        Ok(Self {
            base: format!("https://localhost:{port}"),
            requests: Requests::default(),
            troubles: Troubles::default(),
            credentials: Credentials::new()?,
            habits,
            token_life,
            signer: Signer::new()?,
            state: Mutex::default(),
            expired: watch::Sender::new(0),
            withholds_graph: AtomicBool::new(false),
        })
    }

    /// Returns the address below which the discovery document is; also the issuer of tokens.
    pub fn authority(&self) -> String {
        format!("{}/{TENANT_ID}/v2.0", self.base)
    }

    /// Says whether the consent to Microsoft Graph is missing.
    pub fn withhold_graph(&self, is_withheld: bool) {
        self.withholds_graph.store(is_withheld, Ordering::Relaxed);
    }

    /// Approves a pending code as `email`; `false` if there is no such code.
    pub fn approve(&self, user_code: &str, email: &str) -> bool {
        self.lock().codes.answer(user_code, Some(email))
    }

    /// Declines a pending code; `false` if there is no such code.
    pub fn decline(&self, user_code: &str) -> bool {
        self.lock().codes.answer(user_code, None)
    }

    /// Returns the app that waits with a code for an answer.
    pub fn waiting(&self, user_code: &str) -> Option<&'static App> {
        self.lock().codes.waiting(user_code)
    }

    /// Reads the address that an app sends a browser to, and says how its page is answered; `None` for addresses of
    /// somebody else.
    pub fn visit(&self, address: &str) -> Option<Result<String, Refused>> {
        let (path, query) = address.strip_prefix(&self.base)?.split_once('?')?;
        let tenant = path
            .strip_prefix('/')?
            .strip_suffix("/oauth2/v2.0/authorize")?;
        let query: Form = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        is_tenant(tenant).then(|| self.authorize(tenant, &query).map(|(id, _)| id))
    }

    /// Checks an authorization request and returns the id of its page (RFC 6749 §4.1.1).
    fn authorize(&self, tenant: &str, query: &Form) -> Result<(String, Ask), Refused> {
        self.requests.count_authorization();
        let ask = authorize::read(tenant, query, &self.authority())?;
        let id = self.lock().authorizations.wait(ask.clone());
        Ok((id.map_err(Refused::Here)?, ask))
    }

    /// Answers a page, as `email` or with no, and returns where the browser goes; `None` if the page is over.
    pub fn decide(&self, id: &str, email: Option<&str>) -> Option<String> {
        let trouble = self.troubles.take(Endpoint::Authorize, |_| true);
        let issuer = self.issuer(trouble.as_ref());
        let mut state = self.lock();
        let mut ask = state.authorizations.take(id)?;
        if trouble == Some(Trouble::WrongState) {
            ask = ask.with_state("somebody-elses-state");
        }
        let fault = match (&trouble, email) {
            (Some(Trouble::Aadsts(number)), _) => Some(Fault::Aadsts(*number)),
            (_, None) => Some(Fault::Aadsts(65_004)),
            (_, Some(_)) => ask.app.consent().err(),
        };
        if let Some(fault) = fault {
            return Some(ask.refused(fault, &issuer));
        }
        let user = match (&trouble, email) {
            (Some(Trouble::SomebodyElse(other)), _) => other.as_str(),
            (_, email) => email.unwrap_or_default(),
        };
        Some(match state.authorizations.issue(&ask, user) {
            Ok(code) => ask.answered(&code, &issuer),
            Err(fault) => ask.refused(fault, &issuer),
        })
    }

    /// Returns this service's name for itself, or another's if a test wants that.
    fn issuer(&self, trouble: Option<&Trouble>) -> String {
        match trouble {
            Some(Trouble::WrongIssuer) => "https://login.elsewhere.example/v2.0".to_owned(),
            _ => self.authority(),
        }
    }

    /// Returns what an access token allows; `None` when it is unknown or over.
    pub fn grant(&self, access_token: &str) -> Option<Grant> {
        self.lock().grants.check(access_token)
    }

    /// Ends all access tokens at once; sessions hear of it through [`SignIn::expirations`].
    pub fn expire_access_tokens(&self) {
        self.lock().grants.expire_access();
        self.expired.send_modify(|count| *count += 1);
    }

    /// Ends all refresh tokens, as an administrator's "revoke sessions" does.
    pub fn revoke_refresh_tokens(&self) {
        self.lock().grants.revoke_refresh();
    }

    /// Returns a receiver that is told when all access tokens end early.
    pub fn expirations(&self) -> watch::Receiver<u64> {
        self.expired.subscribe()
    }

    /// Starts a device sign-in (RFC 8628 §3.2).
    fn start_device(&self, tenant: &str, form: &Form) -> Result<codes::Started, Fault> {
        let app = apps::app(http::field(form, "client_id"))?;
        app.check_endpoint(tenant)?;
        let scopes = scopes::split(http::field(form, "scope"));
        if scopes.is_empty() {
            return Err(Fault::MissingParameter("scope"));
        }
        scopes::first_audience(&scopes)?;
        let verification_uri = format!("{}/device", self.base);
        self.lock()
            .codes
            .start(app, scopes, verification_uri, &self.habits)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whether a path segment names this tenant, as Entra's `{tenant}` does.
fn is_tenant(segment: &str) -> bool {
    [TENANT_ID, DOMAIN, "common", "organizations", "consumers"]
        .iter()
        .any(|name| name.eq_ignore_ascii_case(segment))
}

/// Returns random letters and digits from the system's generator.
fn random_text(alphabet: &[u8], length: usize) -> Result<String, Fault> {
    use ring::rand::SecureRandom as _;
    let mut bytes = vec![0_u8; length];
    ring::rand::SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Fault::Broken)?;
    let letter = |byte: u8| alphabet.get(usize::from(byte) % alphabet.len().max(1));
    Ok(bytes
        .into_iter()
        .filter_map(letter)
        .map(|letter| char::from(*letter))
        .collect())
}

/// Returns who is signed in when a key of the demo approves: the one hinted at, or else the main user.
pub fn person_hinted(hint: &str) -> &'static str {
    person_by_email(hint).map_or(ADA.email, |person| person.email)
}
