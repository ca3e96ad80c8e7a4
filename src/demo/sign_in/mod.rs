//! The sign-in service: what Entra ID does for a public client with the device code grant.
//!
//! [`SignIn`] is the state and the rules; `http` and `page` put them on the wire.

mod codes;
mod faults;
mod grants;
mod http;
mod jwt;
mod page;

pub use codes::normalize;
pub use faults::Fault;
pub use grants::Grant;
pub use http::serve;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::people::{ADA, DOMAIN};
use super::{Habits, Requests};
use codes::Codes;
use grants::Grants;
use jwt::Signer;

/// The organisation's tenant id.
pub const TENANT_ID: &str = "7a1d5e0c-4b1e-4c55-9d0a-4a0c1911b0a7";
/// The public client that is registered there.
pub const CLIENT_ID: &str = "5f0d1d0e-3c47-4d27-9f0a-76a1e57ed3b0";

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
    habits: Habits,
    token_life: Duration,
    signer: Signer,
    state: Mutex<State>,
    expired: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    codes: Codes,
    grants: Grants,
}

impl SignIn {
    /// Returns a service with no codes and no tokens yet.
    pub fn new(port: u16, token_life: Duration, habits: Habits) -> std::io::Result<Self> {
        Ok(Self {
            base: format!("https://localhost:{port}"),
            requests: Requests::default(),
            habits,
            token_life,
            signer: Signer::new()?,
            state: Mutex::default(),
            expired: watch::Sender::new(0),
        })
    }

    /// Returns the address below which the discovery document is; also the issuer of tokens.
    pub fn authority(&self) -> String {
        format!("{}/{TENANT_ID}/v2.0", self.base)
    }

    /// Approves a pending code as `email`; `false` if there is no such code.
    pub fn approve(&self, user_code: &str, email: &str) -> bool {
        self.lock().codes.answer(user_code, Some(email))
    }

    /// Declines a pending code; `false` if there is no such code.
    pub fn decline(&self, user_code: &str) -> bool {
        self.lock().codes.answer(user_code, None)
    }

    /// Tells whether a code waits for an answer.
    pub fn is_pending(&self, user_code: &str) -> bool {
        self.lock().codes.is_pending(user_code)
    }

    /// Returns what an access token allows; `None` when it is unknown or over.
    pub fn grant(&self, access_token: &str) -> Option<Grant> {
        self.lock().grants.check(access_token)
    }

    /// Returns an access token for all mail without a sign-in.
    #[cfg(test)]
    pub fn test_token(&self, email: &str) -> String {
        let scopes = vec!["openid".to_owned()];
        let mut state = self.lock();
        self.issue(&mut state, 0, email, scopes)
            .unwrap()
            .access_token
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
    fn start_device(&self, client: &str, scope: &str) -> Result<codes::Started, Fault> {
        check_client(client)?;
        let scopes: Vec<String> = scope.split_whitespace().map(str::to_owned).collect();
        if scopes.is_empty() {
            return Err(Fault::MissingParameter("scope"));
        }
        grants::audience(&scopes)?;
        let verification_uri = format!("{}/device", self.base);
        self.lock()
            .codes
            .start(scopes, verification_uri, &self.habits)
    }

    /// Answers a poll (RFC 8628 §3.4).
    fn poll_device(&self, client: &str, device_code: &str) -> Result<TokenSet, Fault> {
        check_client(client)?;
        let mut state = self.lock();
        let (user, scopes) = state.codes.poll(device_code)?;
        let family = state.grants.new_family(&user, scopes.clone());
        self.issue(&mut state, family, &user, scopes)
    }

    /// Exchanges a refresh token; the old one lives on for the grace only.
    fn refresh(&self, client: &str, token: &str, scope: &str) -> Result<TokenSet, Fault> {
        check_client(client)?;
        let mut state = self.lock();
        let found = state.grants.use_refresh(token, self.habits.refresh_grace);
        let (family, user, granted) = found.inspect_err(|fault| {
            if *fault == Fault::ReusedRefreshToken {
                self.requests.count_reuse();
            }
        })?;
        let asked: Vec<String> = scope.split_whitespace().map(str::to_owned).collect();
        let scopes = if asked.is_empty() { granted } else { asked };
        self.issue(&mut state, family, &user, scopes)
    }

    fn issue(
        &self,
        state: &mut State,
        family: u64,
        user: &str,
        scopes: Vec<String>,
    ) -> Result<TokenSet, Fault> {
        let audience = grants::audience(&scopes)?;
        let subject = jwt::Subject {
            issuer: &self.authority(),
            user,
            life: self.token_life,
        };
        let access_token = self.signer.access_token(&subject, audience, &scopes)?;
        let has = |wanted: &str| scopes.iter().any(|scope| scope == wanted);
        let id_token = if has("openid") {
            Some(self.signer.id_token(&subject)?)
        } else {
            None
        };
        let refresh_token = if has("offline_access") {
            Some(state.grants.add_refresh(family)?)
        } else {
            None
        };
        let grant = Grant::new(user, audience, &scopes, self.token_life);
        state.grants.add_access(&access_token, grant);
        Ok(TokenSet {
            access_token,
            refresh_token,
            id_token,
            scopes,
            life: self.token_life,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whether a path segment names this tenant, as Entra's `{tenant}` does.
fn is_tenant(segment: &str) -> bool {
    [TENANT_ID, DOMAIN, "common", "organizations"]
        .iter()
        .any(|name| name.eq_ignore_ascii_case(segment))
}

fn check_client(client: &str) -> Result<(), Fault> {
    if client.is_empty() {
        return Err(Fault::MissingParameter("client_id"));
    }
    if client.eq_ignore_ascii_case(CLIENT_ID) {
        return Ok(());
    }
    Err(Fault::UnknownClient)
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

/// Returns who is signed in when a key of the demo approves a code.
pub fn main_user() -> &'static str {
    ADA.email
}
