//! One renewal: vault's lock, re-read, ask the provider, write, and only then hand out.

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::OwnedMutexGuard;

use crate::auth::AuthError;
use crate::auth::exchange::{self, Tokens, signed_in};
use crate::auth::scopes::renewal_scopes;
use crate::net::NetError;

use super::Inner;
use super::held::Held;
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

impl Inner {
    /// Waits for the turn, then renews unless somebody did while we waited. `is_enough` says what ends the wait.
    pub(super) async fn renew_once(
        self: &Arc<Self>,
        attempt: u64,
        is_enough: impl Fn(&Held, Timestamp) -> Option<SecretString>,
    ) -> Result<SecretString, AuthError> {
        for _ in 0..RESTARTS {
            let turn = self.next_turn().await;
            if let Some(known) = self.known_outcome(attempt, &is_enough) {
                return known;
            }
            // On a task of its own: a caller who gives up must not lose a token that the provider has rotated.
            let renewal = tokio::spawn(Arc::clone(self).renew(turn)).await;
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
        attempt: u64,
        is_enough: impl Fn(&Held, Timestamp) -> Option<SecretString>,
    ) -> Option<Result<SecretString, AuthError>> {
        let now = self.clock.now();
        let held = self.held();
        if let Some(token) = is_enough(&held, now) {
            return Some(Ok(token));
        }
        if held.attempts != attempt
            && let Some(error) = held.last_error()
        {
            return Some(Err(error));
        }
        // After a no the vault is looked at once more: another program may have signed in.
        if held.is_refused() {
            return None;
        }
        held.standing_error(now).map(Err)
    }

    /// Renews, tells, and gives the turn back.
    async fn renew(self: Arc<Self>, turn: OwnedMutexGuard<()>) -> Result<Outcome, AuthError> {
        let generation = *self.generation.borrow();
        let outcome = self.renew_from_vault(generation).await;
        let outcome = {
            let mut held = self.held();
            held.set_renewing(false);
            outcome.map_err(|error| held.fail(error, self.clock.now()))
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
    async fn renew_from_vault(&self, generation: u64) -> Result<Outcome, AuthError> {
        let _guard = self.vault.lock(&self.key).await?;
        let stored = Stored::read(&self.vault, &self.key).await?;
        let is_overtaken = || *self.generation.borrow() != generation;
        if is_overtaken() {
            return Ok(Outcome::Overtaken);
        }
        if let Some(fresh) = self.unsaved_successor(stored.as_ref()) {
            return self.save(stored.as_ref(), fresh).await;
        }
        if let Some(tokens) = self.take_over(stored.as_ref())? {
            return Ok(Outcome::Token(tokens.signed_in.access_token.clone()));
        }
        let Some(stored) = stored else {
            return Err(super::never_signed_in().into());
        };
        self.held().set_renewing(true);
        self.tell();
        let mut changes = self.generation.subscribe();
        let overtaken = async { changes.wait_for(|&now| now != generation).await.is_ok() };
        let fresh = tokio::select! {
            biased;
            _ = overtaken => return Ok(Outcome::Overtaken),
            fresh = self.ask(&stored) => fresh?,
        };
        // The provider has answered: the new token is kept whatever comes next, a sign-in that waits goes over it.
        self.save(Some(&stored), fresh).await
    }

    /// Writes renewed tokens, then uses them; not the other way round, since the old ones may be dead already.
    async fn save(&self, base: Option<&Stored>, fresh: Stored) -> Result<Outcome, AuthError> {
        if let Err(error) = fresh.write(&self.vault, &self.key).await {
            self.held().unsaved = base.map(|base| Box::new((base.clone(), fresh)));
            return Err(error);
        }
        let token = fresh.signed_in.access_token.clone();
        self.held().replace(Some(fresh));
        tracing::debug!("access token renewed");
        Ok(Outcome::Token(token))
    }

    /// Returns tokens that could not be written the last time, if the vault still has those they came from.
    fn unsaved_successor(&self, stored: Option<&Stored>) -> Option<Stored> {
        let (base, fresh) = *self.held().unsaved.take()?;
        stored
            .is_some_and(|stored| stored.is_same(&base))
            .then_some(fresh)
    }

    /// Uses what another program left in the vault, if that is good enough. The error says that nothing there can be
    /// renewed, or that the provider refused exactly this before.
    fn take_over<'s>(&self, stored: Option<&'s Stored>) -> Result<Option<&'s Stored>, AuthError> {
        let now = self.clock.now();
        let mut held = self.held();
        let is_ours = match (&held.tokens, stored) {
            (Some(ours), Some(theirs)) => ours.is_same(theirs),
            (ours, theirs) => ours.is_none() && theirs.is_none(),
        };
        if is_ours && held.is_refused() {
            return held.last_error().map_or(Ok(None), Err);
        }
        if !is_ours {
            held.follow(stored.cloned());
            if !held.is_due(now) && held.usable(now).is_some() {
                return Ok(stored);
            }
        }
        match Held::cannot_renew(stored) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(None),
        }
    }

    /// Sends a refresh token; once more at once if the connection is cut. A provider that replaces tokens may have done
    /// so without our hearing the new one, and many take the old one for some seconds more.
    async fn exchange(&self, refresh_token: &SecretString) -> Result<Tokens, AuthError> {
        let endpoint = &self.endpoints().await?.token;
        let scopes = renewal_scopes(&self.profile);
        let ask = || exchange::renew(&self.profile, endpoint, refresh_token, &scopes, &self.http);
        let first = ask().await;
        let first = self.held().heard(refresh_token, first);
        match first {
            Err(error) if error.is_cut() => {
                tracing::info!(%error, "the answer to a renewal was lost, asking again");
                let second = ask().await;
                self.held().heard(refresh_token, second)
            }
            first => first,
        }
    }

    /// Asks the provider with the newest refresh token.
    async fn ask(&self, stored: &Stored) -> Result<Stored, AuthError> {
        let old = &stored.signed_in;
        let Some(refresh_token) = &old.refresh_token else {
            return Err(super::never_signed_in().into());
        };
        let asked_at = self.clock.now();
        let answer = self.exchange(refresh_token).await?;
        let mut fresh = signed_in(&answer, asked_at, &old.scopes);
        // A provider that does not rotate sends none: the old one goes on (RFC 6749 §6).
        if fresh.refresh_token.is_none() {
            fresh.refresh_token = Some(refresh_token.clone());
        }
        // A renewal's answer may come without an id_token.
        if fresh.identity.username.is_empty() {
            fresh.identity = old.identity.clone();
        }
        Ok(Stored::new(fresh, asked_at))
    }
}

/// Makes the error of a renewal that could not run to its end.
fn broken(reason: String) -> AuthError {
    AuthError::Unreachable(NetError::Broken {
        host: String::new(),
        source: std::io::Error::other(reason),
    })
}

impl Stored {
    /// Whether two are the same tokens.
    fn is_same(&self, other: &Self) -> bool {
        let refresh = match (
            &self.signed_in.refresh_token,
            &other.signed_in.refresh_token,
        ) {
            (Some(one), Some(two)) => super::is_same(one, two),
            (one, two) => one.is_none() && two.is_none(),
        };
        refresh && super::is_same(&self.signed_in.access_token, &other.signed_in.access_token)
    }
}
