//! Signing in with a browser: authorization code with PKCE (RFC 6749 §4.1, RFC 7636, RFC 8252), the answer taken by a
//! listener on this machine or pasted by a person whose browser is elsewhere.

mod address;
mod answer;
mod listener;
mod page;
mod paste;
mod redirect;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep_until};
use url::Url;

use crate::auth::clock::{SharedClock, SystemClock, later};
use crate::auth::denial::Refusal;
use crate::auth::endpoints::{Endpoints, Need, is_older};
use crate::auth::exchange::{Asking, Redeemable, redeem_code, signed_in};
use crate::auth::identity::payload;
use crate::auth::scopes::first_scopes;
use crate::auth::{AuthError, ClientProof, Denial, PasteMistake, SignedIn};
use crate::model::SignInProfile;
use crate::net::Http;

use address::{Question, Ties};
use answer::{Answer, Expected, mixed};
use listener::{Browser, Caught, serve};
use page::Page;
use paste::Origin;
use redirect::Redirect;

/// An authorization request (RFC 6749 §4.1.1), ready to show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BrowserAuthorization {
    /// What the browser opens. No secret is in it.
    pub address: String,
    /// Where the browser is sent back to; must be registered exactly so.
    pub redirect_uri: String,
    /// Whether this program listens there. If not, the final address must be pasted.
    pub is_listening: bool,
    /// When waiting ends, by our clock.
    pub expires_at: Timestamp,
    /// Scopes asked for.
    pub scopes: Vec<String>,
}

/// What happens while a browser sign-in waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BrowserProgress {
    /// What to open. Sent by whoever starts flows, not by the flow.
    Address(BrowserAuthorization),
    /// What was pasted cannot be used.
    PasteRefused(PasteMistake),
    /// The answer is here; the code is being exchanged.
    Redeeming,
}

/// How long a person may take in the browser, in seconds.
const PATIENCE: u64 = 600;

/// The longest time between two looks at the wall clock: the runtime's stands still while a machine sleeps.
const LOOK: Duration = Duration::from_secs(30);

/// A started browser sign-in. Dropping it cancels and closes the listener.
#[derive(Debug)]
pub struct BrowserFlow {
    authorization: BrowserAuthorization,
    profile: SignInProfile,
    client: ClientProof,
    token_endpoint: Url,
    listeners: Vec<TcpListener>,
    expected: Arc<Expected>,
    nonce: String,
    verifier: SecretString,
    /// The end by the runtime's clock; the wall clock's is in the authorization. Whichever comes first counts.
    deadline: Instant,
    http: Http,
    clock: SharedClock,
}

impl BrowserFlow {
    /// Opens the listener and builds the address. `login_hint` is who is to sign in; empty for no hint.
    pub async fn start(
        profile: &SignInProfile,
        client: ClientProof,
        login_hint: &str,
        http: &Http,
    ) -> Result<Self, AuthError> {
        Self::start_with_clock(profile, client, login_hint, http, Arc::new(SystemClock)).await
    }

    /// Does what [`BrowserFlow::start`] does, by another clock.
    pub async fn start_with_clock(
        profile: &SignInProfile,
        client: ClientProof,
        login_hint: &str,
        http: &Http,
        clock: SharedClock,
    ) -> Result<Self, AuthError> {
        let refuse = |reason: &str| AuthError::Profile {
            profile: profile.name.clone(),
            reason: reason.to_owned(),
        };
        if profile.client_id.trim().is_empty() {
            return Err(refuse("its client_id is empty"));
        }
        let endpoints = Endpoints::find_for(Need::Authorization, profile, http).await?;
        let endpoint = endpoints
            .authorization
            .ok_or_else(|| refuse("its provider has no authorization_endpoint"))?;
        let redirect = Redirect::open(profile).await?;
        let (ties, scopes) = (Ties::new(), first_scopes(profile));
        let question = Question {
            profile,
            redirect_uri: &redirect.uri,
            scopes: &scopes,
            login_hint,
            ties: &ties,
        };
        Ok(Self {
            authorization: BrowserAuthorization {
                address: question.address(&endpoint),
                redirect_uri: redirect.uri,
                is_listening: !redirect.listeners.is_empty(),
                expires_at: later(clock.now(), PATIENCE),
                scopes,
            },
            profile: profile.clone(),
            client,
            token_endpoint: endpoints.token,
            listeners: redirect.listeners,
            expected: Arc::new(Expected {
                state: ties.state,
                issuer: endpoints.issuer,
            }),
            nonce: ties.nonce,
            verifier: ties.verifier,
            deadline: Instant::now() + Duration::from_secs(PATIENCE),
            http: http.clone(),
            clock,
        })
    }

    /// Returns what to show.
    pub fn authorization(&self) -> &BrowserAuthorization {
        &self.authorization
    }

    /// Waits for the browser or for pasted text (an address, a query or a bare code), then redeems the code.
    ///
    /// Without a listener it ends as soon as nobody can paste any more. [`Denial::TimedOut`](crate::auth::Denial)
    /// after ten minutes.
    pub async fn finish(
        mut self,
        pasted: UnboundedReceiver<SecretString>,
        progress: UnboundedSender<BrowserProgress>,
    ) -> Result<SignedIn, AuthError> {
        let (caught, callbacks) = mpsc::channel(1);
        let listeners = std::mem::take(&mut self.listeners);
        let serving = serve(listeners, &self.expected, &caught);
        let (answer, browser) = self.wait(callbacks, pasted, &progress).await?;
        let outcome = match answer {
            Answer::Refused(error) => Err(error),
            Answer::Code(code) => {
                // Nobody has to listen: a closed channel only means that nobody looks at the moment.
                drop(progress.send(BrowserProgress::Redeeming));
                self.redeem(&code).await
            }
        };
        if let Some(browser) = browser {
            let page = outcome
                .as_ref()
                .map_or_else(Page::failed, |_| Page::signed_in());
            browser.show(page).await;
        }
        drop(serving);
        outcome
    }

    /// Waits for the first answer that can be used.
    async fn wait(
        &self,
        mut callbacks: mpsc::Receiver<Caught>,
        mut pasted: UnboundedReceiver<SecretString>,
        progress: &UnboundedSender<BrowserProgress>,
    ) -> Result<(Answer, Option<Browser>), AuthError> {
        let timed_out = || Err(Refusal::own(Denial::TimedOut).into());
        let origin = Origin {
            redirect_uri: &self.authorization.redirect_uri,
            authorization: &self.authorization.address,
        };
        let expiry = self.expiry();
        tokio::pin!(expiry);
        let mut can_paste = true;
        loop {
            let text = tokio::select! {
                () = &mut expiry => return timed_out(),
                Some(caught) = callbacks.recv() => return Ok((caught.answer, Some(caught.browser))),
                text = pasted.recv(), if can_paste => text,
            };
            let Some(text) = text else {
                can_paste = false;
                if !self.authorization.is_listening {
                    return timed_out();
                }
                continue;
            };
            match paste::read(&text, &origin, &self.expected) {
                Ok(answer) => return Ok((answer, None)),
                Err(mistake) => drop(progress.send(BrowserProgress::PasteRefused(mistake))),
            }
        }
    }

    /// Waits for the end of patience.
    async fn expiry(&self) {
        while self.clock.now() < self.authorization.expires_at && Instant::now() < self.deadline {
            sleep_until(self.deadline.min(Instant::now() + LOOK)).await;
        }
    }

    /// Exchanges the code and checks that what comes belongs to this sign-in.
    async fn redeem(&self, code: &SecretString) -> Result<SignedIn, AuthError> {
        let asking = Asking {
            profile: &self.profile,
            client: &self.client,
            endpoint: &self.token_endpoint,
            http: &self.http,
        };
        let code = Redeemable {
            code,
            redirect_uri: &self.authorization.redirect_uri,
            verifier: &self.verifier,
        };
        let asked_at = self.clock.now();
        let tokens = redeem_code(&asking, &code, asked_at).await?;
        if let Some(id_token) = tokens.extra_fields().id_token() {
            self.check(id_token)?;
        }
        Ok(signed_in(&tokens, asked_at, &self.authorization.scopes))
    }

    /// Compares an `id_token` with the request (OpenID Connect Core §3.1.3.7). It came over TLS from the token endpoint
    /// itself, so its signature adds nothing.
    fn check(&self, id_token: &str) -> Result<(), AuthError> {
        let claims = payload(id_token).ok_or_else(|| mixed("id_token"))?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let nonce = text("nonce");
        // Entra's older endpoints may leave it out; one that is there must be ours everywhere.
        let may_lack = is_older(&self.profile, &self.token_endpoint);
        if nonce != Some(self.nonce.as_str()) && !(nonce.is_none() && may_lack) {
            return Err(mixed("nonce"));
        }
        let client_id = self.profile.client_id.trim();
        let is_ours = |audience: &Value| audience.as_str() == Some(client_id);
        let is_for_us = match claims.get("aud") {
            Some(Value::Array(many)) => many.iter().any(is_ours),
            Some(one) => is_ours(one),
            None => false,
        };
        if !is_for_us {
            return Err(mixed("aud"));
        }
        match text("iss") {
            Some(issuer) if !self.expected.issuer.is(issuer) => Err(mixed("iss")),
            _ => Ok(()),
        }
    }
}
