//! The keeper of one identity's tokens: hands out access tokens, renews them once for all who wait, and never uses
//! a token that is not in the vault.

mod facts;
mod held;
mod margin;
mod renewal;
mod stored;

pub use facts::TokenFacts;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex as Turn, OnceCell, watch};

use crate::auth::clock::{SharedClock, SystemClock};
use crate::auth::denial::Refusal;
use crate::auth::endpoints::Endpoints;
use crate::auth::{AuthError, Denial, Resource, SignedIn, Vault};
use crate::model::SignInProfile;
use crate::net::Http;

use held::Held;
use stored::Stored;

/// Where an identity's tokens stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TokenState {
    /// Never signed in, or signed out.
    Missing,
    /// Good until then.
    Fresh {
        /// When the access token ends.
        expires_at: Timestamp,
    },
    /// Being renewed, or ended and to be renewed as soon as the provider answers.
    Refreshing,
    /// Only a new sign-in helps.
    NeedsSignIn {
        /// Why.
        reason: Denial,
    },
}

/// Owner of one identity's tokens: one refresh token, an access token per resource. Single-flight. Cheap to clone.
#[derive(Clone)]
pub struct TokenKeeper {
    inner: Arc<Inner>,
}

/// What all clones share.
struct Inner {
    profile: SignInProfile,
    /// The key in the vault.
    key: String,
    vault: Vault,
    http: Http,
    clock: SharedClock,
    endpoints: OnceCell<Endpoints>,
    held: Mutex<Held>,
    /// Whose turn it is to renew; all others wait for the outcome.
    turn: Arc<Turn<()>>,
    /// Raised by every sign-in and sign-out: what was asked before is thrown away.
    generation: watch::Sender<u64>,
    state: watch::Sender<TokenState>,
}

impl fmt::Debug for TokenKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeeper")
            .field("key", &self.inner.key)
            .field("state", &*self.inner.state.borrow())
            .finish_non_exhaustive()
    }
}

impl TokenKeeper {
    /// Makes the keeper of `key` (the account's name) and loads what the vault has under `token/<key>`.
    pub async fn load(
        profile: SignInProfile,
        key: &str,
        vault: Vault,
        http: Http,
    ) -> Result<Self, AuthError> {
        Self::load_with_clock(profile, key, vault, http, Arc::new(SystemClock)).await
    }

    /// Does what [`TokenKeeper::load`] does, by another clock.
    pub async fn load_with_clock(
        profile: SignInProfile,
        key: &str,
        vault: Vault,
        http: Http,
        clock: SharedClock,
    ) -> Result<Self, AuthError> {
        let key = format!("token/{key}");
        let held = Held::new(Stored::read(&vault, &key).await?);
        let (state, _) = watch::channel(held.state(clock.now()));
        let inner = Inner {
            profile,
            key,
            vault,
            http,
            clock,
            endpoints: OnceCell::new(),
            held: Mutex::new(held),
            turn: Arc::default(),
            generation: watch::Sender::new(0),
            state,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Returns a token that is good for at least a minute (or half its life), renewing it first if need be.
    ///
    /// While the provider cannot be reached the old token is returned as long as it lives.
    pub async fn bearer(&self, resource: Resource) -> Result<SecretString, AuthError> {
        let _ = resource;
        let attempt = {
            let held = self.inner.held();
            if let Some(token) = held.usable(self.inner.clock.now()) {
                return Ok(token);
            }
            held.attempts
        };
        let outcome = self.inner.renew_once(attempt, Held::usable).await;
        let now = self.inner.clock.now();
        match outcome {
            Ok(token) => Ok(token),
            Err(error) => self.inner.held().living(now).ok_or(error),
        }
    }

    /// Renews now if the margin has been reached; what the background refresher calls.
    ///
    /// Does nothing while a back-off lasts. When only a new sign-in helps, it looks whether another program did that.
    pub async fn refresh_if_due(&self) -> Result<(), AuthError> {
        let now = self.inner.clock.now();
        let attempt = {
            let held = self.inner.held();
            if !held.is_due(now) {
                return Ok(());
            }
            held.attempts
        };
        let is_done = |held: &Held, now| {
            if held.is_due(now) {
                None
            } else {
                held.living(now)
            }
        };
        self.inner.renew_once(attempt, is_done).await.map(drop)
    }

    /// Returns when the refresher should look again; `None` while nothing can be renewed.
    pub fn next_refresh(&self) -> Option<Timestamp> {
        self.inner.held().next_refresh(self.inner.clock.now())
    }

    /// Says that a server refused `token`: the next [`Self::bearer`] renews, unless that happened already.
    #[expect(
        clippy::unused_async,
        reason = "callers need not know that nothing is waited for here"
    )]
    pub async fn reject(&self, resource: Resource, token: &SecretString) {
        let _ = resource;
        self.inner.held().reject(token);
    }

    /// Takes over the tokens of a new sign-in, vault first.
    pub async fn adopt(&self, signed_in: SignedIn) -> Result<(), AuthError> {
        let stored = Stored::new(signed_in, self.inner.clock.now());
        self.inner.replace(Some(stored)).await
    }

    /// Forgets a refusal: the next [`Self::bearer`] asks the provider again.
    pub fn try_again(&self) {}

    /// Forgets all tokens, in the vault too.
    pub async fn sign_out(&self) -> Result<(), AuthError> {
        self.inner.replace(None).await
    }

    /// Tells where the tokens stand, and goes on telling.
    pub fn state(&self) -> watch::Receiver<TokenState> {
        self.inner.state.subscribe()
    }

    /// Returns what may be shown of the token.
    #[expect(
        clippy::unused_async,
        reason = "callers need not know that nothing is waited for here"
    )]
    pub async fn facts(&self) -> Option<TokenFacts> {
        self.inner.held().tokens.as_ref().map(TokenFacts::of)
    }
}

impl Inner {
    /// Opens the state; nothing in it can be left half changed.
    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts other tokens, or none, in the place of what is there. A renewal under way is thrown away.
    async fn replace(&self, stored: Option<Stored>) -> Result<(), AuthError> {
        let _pending = Pending::new(self);
        self.generation.send_modify(|generation| *generation += 1);
        let _turn = self.turn.lock().await;
        let _guard = self.vault.lock(&self.key).await?;
        match &stored {
            Some(stored) => stored.write(&self.vault, &self.key).await?,
            None => self.vault.remove(&self.key).await?,
        }
        self.held().replace(stored);
        self.tell();
        Ok(())
    }

    /// Tells where the tokens stand, if that changed.
    fn tell(&self) {
        let now = self.held().state(self.clock.now());
        self.state.send_if_modified(|state| {
            let is_new = *state != now;
            *state = now;
            is_new
        });
    }

    /// Finds the provider's addresses, once.
    async fn endpoints(&self) -> Result<&Endpoints, AuthError> {
        let find = || Endpoints::find(&self.profile, &self.http);
        self.endpoints.get_or_try_init(find).await
    }
}

/// Counts a sign-in or sign-out that waits, until it is done or given up.
struct Pending<'a>(&'a Inner);

impl<'a> Pending<'a> {
    fn new(inner: &'a Inner) -> Self {
        inner.held().replacing += 1;
        Self(inner)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let mut held = self.0.held();
        held.replacing = held.replacing.saturating_sub(1);
    }
}

/// Whether two tokens are the same one.
fn is_same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

/// Makes the refusal of an identity nobody signed in for.
fn never_signed_in() -> Refusal {
    Refusal::own(Denial::NeverSignedIn)
}

#[cfg(test)]
mod tests;
