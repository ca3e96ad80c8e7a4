//! The keeper of one identity's tokens: hands out access tokens, renews them once for all who wait, and never uses
//! a token that is not in the vault.

mod audience;
mod facts;
mod held;
mod margin;
mod permissions;
mod refused;
mod renewal;
mod revocation;
mod stored;

pub use facts::TokenFacts;
pub use permissions::{Function, PermissionFinding, PermissionState, Permissions};
pub use revocation::Ended;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex as Turn, OnceCell, watch};

use crate::auth::clock::{SharedClock, SystemClock};
use crate::auth::denial::Refusal;
use crate::auth::endpoints::Endpoints;
use crate::auth::scopes::are_of_graph;
use crate::auth::{AuthError, Denial, Resource, SignedIn, Vault};
use crate::model::{ClientKind, SignInProfile};
use crate::net::Http;

use audience::{Audience, audience};
use held::{Held, Renewal};
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
    renewal: Renewal,
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
        let renewal = match profile.client {
            _ if profile.method.is_app_only() => Renewal::Application,
            ClientKind::Confidential => Renewal::ProvenPerson,
            ClientKind::Public => Renewal::Person,
        };
        let held = Held::new(renewal, Stored::read(&vault, &key).await?);
        let (state, _) = watch::channel(held.state(clock.now()));
        let inner = Inner {
            profile,
            renewal,
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
    /// An application that signs in as itself gets its first token here too. While the provider cannot be reached the
    /// old token is returned as long as it lives. A token for another service than asked is never handed out: that is
    /// [`Denial::WrongAudience`].
    pub async fn bearer(&self, resource: Resource) -> Result<SecretString, AuthError> {
        let resource = self.inner.place(resource);
        if self.inner.held().ask_for(resource) {
            // What is in use decides where the tokens stand.
            self.inner.tell();
        }
        let attempt = {
            let held = self.inner.held();
            if let Some(token) = held.usable(resource, self.inner.clock.now()) {
                return Ok(token);
            }
            held.attempts
        };
        let is_enough = |held: &Held, now| held.usable(resource, now);
        let outcome = self.inner.renew_once(resource, attempt, is_enough).await;
        let now = self.inner.clock.now();
        match outcome {
            Ok(token) => Ok(token),
            Err(error) => self.inner.held().living(resource, now).ok_or(error),
        }
    }

    /// Does what [`TokenKeeper::bearer`] does, and makes sure that the token allows what it is wanted for.
    ///
    /// The error is [`Denial::MissingPermission`] if the token shows that it does not: better than a server's refusal
    /// without a reason.
    pub async fn bearer_for(
        &self,
        resource: Resource,
        functions: &[Function],
    ) -> Result<SecretString, AuthError> {
        let token = self.bearer(resource).await?;
        if let Some(facts) = self.facts_of(resource) {
            facts.check(functions).map_err(Refusal::own)?;
        }
        Ok(token)
    }

    /// Renews now what has reached its margin; what the background refresher calls.
    ///
    /// Does nothing while a back-off lasts. When only a new sign-in helps, it looks whether another program did that,
    /// or whether the application got another secret or certificate.
    pub async fn refresh_if_due(&self) -> Result<(), AuthError> {
        let mut outcome = Ok(());
        let (due, attempt) = {
            let held = self.inner.held();
            (held.due(self.inner.clock.now()), held.attempts)
        };
        let mut attempt = attempt;
        for resource in due {
            let is_done = |held: &Held, now| {
                if held.is_due(resource, now) {
                    None
                } else {
                    held.living(resource, now)
                }
            };
            let renewed = self.inner.renew_once(resource, attempt, is_done).await;
            outcome = outcome.and(renewed.map(drop));
            // The failure of one resource must not pass for that of the next.
            attempt = self.inner.held().attempts;
        }
        outcome
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
        self.inner.held().reject(self.inner.place(resource), token);
    }

    /// Takes over the tokens of a new sign-in, vault first.
    pub async fn adopt(&self, signed_in: SignedIn) -> Result<(), AuthError> {
        let resource = match audience(&signed_in.access_token, Resource::Mail).0 {
            Audience::Fits => Some(Resource::Mail),
            Audience::Other(other) => Some(other),
            Audience::Foreign => None,
        };
        let stored = Stored::new(signed_in, resource, self.inner.clock.now());
        self.inner.replace(stored).await
    }

    /// Renews a token now, whatever is left of it; the old one stays good where that fails.
    pub async fn renew(&self, resource: Resource) -> Result<(), AuthError> {
        let resource = self.inner.place(resource);
        let old = self.inner.held().usable(resource, self.inner.clock.now());
        if let Some(old) = &old {
            // One that is in the way of a new one, as if a server had refused it.
            self.inner.held().reject(resource, old);
        }
        let renewed = self.bearer(resource).await;
        if let (Err(_), Some(old)) = (&renewed, &old) {
            self.inner.held().accept(resource, old);
        }
        renewed.map(|_| ())
    }

    /// Forgets a refusal: the next [`Self::bearer`] asks the provider again. For an application whose administrator
    /// mended something, which nobody tells us.
    pub fn try_again(&self) {
        self.inner.held().forgive();
        self.inner.tell();
    }

    /// Ends the tokens at the provider where it can do that (RFC 7009), and forgets them, in the vault too. A provider
    /// that cannot be reached keeps nothing alive here.
    ///
    /// The next [`Self::bearer`] of an application that signs in as itself gets a new one: its secret is not touched.
    pub async fn sign_out(&self) -> Result<(), AuthError> {
        self.end().await.map(drop)
    }

    /// Does what [`Self::sign_out`] does, and tells what became of the tokens at the provider.
    pub async fn end(&self) -> Result<Ended, AuthError> {
        self.inner.sign_out().await
    }

    /// Tells where the tokens stand, and goes on telling.
    pub fn state(&self) -> watch::Receiver<TokenState> {
        self.inner.state.subscribe()
    }

    /// Returns what may be shown of the account's token, mail's if there is one.
    #[expect(
        clippy::unused_async,
        reason = "callers need not know that nothing is waited for here"
    )]
    pub async fn facts(&self) -> Option<TokenFacts> {
        self.facts_of(Resource::Mail)
            .or_else(|| self.facts_of(Resource::Graph))
    }

    /// Returns what may be shown of a resource's token.
    pub fn facts_of(&self, resource: Resource) -> Option<TokenFacts> {
        let resource = self.inner.place(resource);
        let held = self.inner.held();
        let next_renewal = held.next_renewal(resource, self.inner.clock.now());
        let stored = held.tokens.as_ref()?;
        let facts = TokenFacts::of(&self.inner.profile, stored, resource)?;
        Some(TokenFacts {
            next_renewal,
            ..facts
        })
    }
}

impl Inner {
    /// Opens the state; nothing in it can be left half changed.
    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts other tokens in the place of what is there. A renewal under way is thrown away.
    async fn replace(&self, stored: Stored) -> Result<(), AuthError> {
        let _pending = Pending::new(self);
        self.generation.send_modify(|generation| *generation += 1);
        let _turn = self.turn.lock().await;
        let _guard = self.vault.lock(&self.key).await?;
        stored.write(&self.vault, &self.key).await?;
        self.held().replace(Some(stored));
        self.tell();
        Ok(())
    }

    /// Returns where a resource's token is kept: providers without resources have one token for everything.
    fn place(&self, resource: Resource) -> Resource {
        if self.profile.provider.is_microsoft() || are_of_graph(&self.profile) {
            resource
        } else {
            Resource::Mail
        }
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
