//! One renewal: vault's lock, re-read, ask the provider, write, and only then hand out.

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OwnedMutexGuard;

use crate::auth::client::ClientProof;
use crate::auth::denial::Grant;
use crate::auth::exchange::{Asking, signed_in};
use crate::auth::scopes::{named, resource_scopes};
use crate::auth::{AuthError, Resource};
use crate::net::NetError;

use super::Inner;
use super::audience::{Audience, audience, wrong_audience};
use super::held::{Held, Renewal};
use super::stored::Stored;

/// How often a renewal that was overtaken by a sign-in starts again.
const RESTARTS: u32 = 5;

/// How a renewal came out.
enum Outcome {
    /// The token to use from now on; it is in the vault.
    Token(SecretString),
    /// A sign-in or sign-out came between; what was asked does not count.
    Overtaken,
}

/// What a provider's answer brought.
struct Brought {
    tokens: Stored,
    /// What the access token is for, and which service it names itself.
    audience: (Audience, String),
}

impl Inner {
    /// Waits for the turn, then renews unless somebody did while we waited. `is_enough` says what ends the wait.
    pub(super) async fn renew_once(
        self: &Arc<Self>,
        resource: Resource,
        attempt: u64,
        is_enough: impl Fn(&Held, Timestamp) -> Option<SecretString>,
    ) -> Result<SecretString, AuthError> {
        for _ in 0..RESTARTS {
            let turn = self.next_turn().await;
            if let Some(known) = self.known_outcome(resource, attempt, &is_enough) {
                return known;
            }
            // On a task of its own: a caller who gives up must not lose a token that the provider has rotated.
            let renewal = tokio::spawn(Arc::clone(self).renew(resource, turn)).await;
            match renewal.map_err(|stopped| broken(stopped.to_string()))?? {
                Outcome::Token(token) => return Ok(token),
                Outcome::Overtaken => {}
            }
        }
        Err(broken("overtaken by other sign-ins".to_owned()))
    }

    /// Waits for the turn; sign-ins and sign-outs that wait go first.
    async fn next_turn(&self) -> OwnedMutexGuard<()> {
        loop {
            let turn = Arc::clone(&self.turn).lock_owned().await;
            if self.held().replacing == 0 {
                return turn;
            }
            drop(turn);
            tokio::task::yield_now().await;
        }
    }

    /// Returns what need not be asked: somebody else did meanwhile, or failed seconds ago.
    fn known_outcome(
        &self,
        resource: Resource,
        attempt: u64,
        is_enough: impl Fn(&Held, Timestamp) -> Option<SecretString>,
    ) -> Option<Result<SecretString, AuthError>> {
        let now = self.clock.now();
        let held = self.held();
        if let Some(token) = is_enough(&held, now) {
            return Some(Ok(token));
        }
        if held.attempts != attempt
            && let Some(error) = held.last_error(resource)
        {
            return Some(Err(error));
        }
        // After a no the vault is looked at once more: another program may have signed in.
        if held.is_refused(resource) {
            return None;
        }
        held.standing_error(now).map(Err)
    }

    /// Renews, tells, and gives the turn back.
    async fn renew(
        self: Arc<Self>,
        resource: Resource,
        turn: OwnedMutexGuard<()>,
    ) -> Result<Outcome, AuthError> {
        let generation = *self.generation.borrow();
        let outcome = self.renew_from_vault(resource, generation).await;
        let outcome = {
            let (mut held, now) = (self.held(), self.clock.now());
            let outcome = outcome.map_err(|error| held.fail(resource, error, now));
            held.end();
            outcome
        };
        self.tell();
        drop(turn);
        // Whoever signed in or out meanwhile decides; what came back belongs to the time before.
        if outcome.is_ok() && *self.generation.borrow() != generation {
            return Ok(Outcome::Overtaken);
        }
        outcome
    }

    /// Renews under the lock that all running copies share.
    async fn renew_from_vault(
        &self,
        resource: Resource,
        generation: u64,
    ) -> Result<Outcome, AuthError> {
        let _guard = self.vault.lock(&self.key).await?;
        let mut stored = Stored::read(&self.vault, &self.key).await?;
        let is_overtaken = || *self.generation.borrow() != generation;
        if is_overtaken() {
            return Ok(Outcome::Overtaken);
        }
        if let Some(fresh) = self.unsaved_successor(stored.as_ref()) {
            self.write(stored.as_ref(), &fresh).await?;
            self.held().follow(Some(fresh.clone()));
            stored = Some(fresh);
        }
        if let Some(token) = self.take_over(resource, stored.as_ref()) {
            return Ok(Outcome::Token(token));
        }
        if let Some(refusal) = self.held().cannot_renew() {
            return Err(refusal.into());
        }
        let proof = ClientProof::load_at(&self.profile, &self.vault, self.clock.now()).await?;
        self.may_ask(resource, &proof)?;
        self.tell();
        let mut changes = self.generation.subscribe();
        let overtaken = async { changes.wait_for(|&now| now != generation).await.is_ok() };
        let brought = tokio::select! {
            biased;
            _ = overtaken => return Ok(Outcome::Overtaken),
            brought = self.ask(resource, stored.as_ref(), &proof) => brought?,
        };
        // The provider has answered: the new token is kept whatever comes next, a sign-in that waits goes over it.
        self.write(stored.as_ref(), &brought.tokens).await?;
        self.held().renewed(resource, brought.tokens.clone());
        tracing::debug!("access token renewed");
        self.token_of(resource, brought)
    }

    /// Writes renewed tokens before anybody uses them: the old ones may be dead already.
    async fn write(&self, base: Option<&Stored>, fresh: &Stored) -> Result<(), AuthError> {
        let outcome = fresh.write(&self.vault, &self.key).await;
        if outcome.is_err() {
            self.held().unsaved = Some(Box::new((base.cloned(), fresh.clone())));
        }
        outcome
    }

    /// Returns the token a renewal brought, or says for which other service it is.
    fn token_of(&self, resource: Resource, brought: Brought) -> Result<Outcome, AuthError> {
        let (found, named) = brought.audience;
        match brought.tokens.tokens.get(&resource) {
            Some(access) if found == Audience::Fits => Ok(Outcome::Token(access.token.clone())),
            _ => Err(wrong_audience(&self.profile, resource, named).into()),
        }
    }

    /// Returns tokens that could not be written the last time, if the vault still has those they came from.
    fn unsaved_successor(&self, stored: Option<&Stored>) -> Option<Stored> {
        let (base, fresh) = *self.held().unsaved.take()?;
        is_same(stored, base.as_ref()).then_some(fresh)
    }

    /// Uses what another program left in the vault, or this one while we waited, if that is good enough.
    fn take_over(&self, resource: Resource, stored: Option<&Stored>) -> Option<SecretString> {
        let now = self.clock.now();
        let mut held = self.held();
        let is_ours = is_same(held.tokens.as_ref(), stored);
        if !is_ours {
            held.follow(stored.cloned());
        } else if held.is_refused(resource) {
            return None;
        }
        let due = held.next_renewal(resource, now);
        if due.is_some_and(|at| at <= now) {
            return None;
        }
        held.usable(resource, now)
    }

    /// Decides whether the provider is asked; the error is what it said to exactly this before.
    fn may_ask(&self, resource: Resource, proof: &ClientProof) -> Result<(), AuthError> {
        let (mut held, mark) = (self.held(), proof.mark());
        if let Some(error) = held.standing_refusal(resource, mark, self.clock.now()) {
            return Err(error);
        }
        held.begin(mark);
        Ok(())
    }

    /// Asks the provider: with the newest refresh token, or as the application itself.
    async fn ask(
        &self,
        resource: Resource,
        stored: Option<&Stored>,
        proof: &ClientProof,
    ) -> Result<Brought, AuthError> {
        let asking = Asking {
            profile: &self.profile,
            client: proof,
            endpoint: &self.endpoints().await?.token,
            http: &self.http,
        };
        let scopes = resource_scopes(&self.profile, resource);
        let asked_at = self.clock.now();
        let named = named(&self.profile, asking.endpoint, &scopes);
        let mut fields: Vec<(&str, &str)> = named
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let grant = match stored.and_then(|stored| stored.refresh_token.as_ref()) {
            _ if self.renewal == Renewal::Application => {
                fields.push(("grant_type", "client_credentials"));
                Grant::Other
            }
            Some(refresh_token) => {
                fields.push(("grant_type", "refresh_token"));
                fields.push(("refresh_token", refresh_token.expose_secret()));
                Grant::Refresh
            }
            None => return Err(super::never_signed_in().into()),
        };
        let ask = || asking.post(&fields, grant, asked_at);
        let answer = match stored.and_then(|stored| stored.refresh_token.as_ref()) {
            Some(refresh_token) if grant == Grant::Refresh => {
                let first = ask().await;
                let first = self.held().heard(refresh_token, first);
                match first {
                    // A provider that replaces tokens may have done so without our hearing the new one, and many take
                    // the old one for some seconds more.
                    Err(error) if error.is_cut() => {
                        tracing::info!(%error, "the answer to a renewal was lost, asking again");
                        let second = ask().await;
                        self.held().heard(refresh_token, second)?
                    }
                    first => first?,
                }
            }
            _ => ask().await?,
        };
        let known = stored.and_then(|stored| stored.tokens.get(&resource));
        let granted = known.map_or(&scopes, |access| &access.scopes);
        let fresh = signed_in(&answer, asked_at, granted);
        let audience = audience(&fresh.access_token, resource);
        let place = match audience.0 {
            Audience::Fits => Some(resource),
            Audience::Other(other) => Some(other),
            Audience::Foreign => None,
        };
        let fresh = Stored::new(fresh, place, asked_at);
        let tokens = match stored {
            Some(stored) => stored.renewed(fresh),
            None => fresh,
        };
        Ok(Brought { tokens, audience })
    }
}

/// Whether two are the same tokens, or both none.
fn is_same(one: Option<&Stored>, other: Option<&Stored>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is_same(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// Makes the error of a renewal that could not run to its end.
fn broken(reason: String) -> AuthError {
    AuthError::Unreachable(NetError::Broken {
        host: String::new(),
        source: std::io::Error::other(reason),
    })
}
