//! What the keeper knows at a moment: tokens, the last failure, the back-off. Rules only, no I/O.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::margin::{back_off, least_rest, margin};
use super::refused::Refused;
use super::stored::{Access, Stored};
use crate::auth::client::ProofMark;
use crate::auth::denial::Refusal;
use crate::auth::keeper::{is_same, never_signed_in};
use crate::auth::{AuthError, Denial, Resource, TokenState};

/// For how long after a failure everybody who asks gets the same failure instead of a new attempt.
const SHARED_FAILURE: SignedDuration = SignedDuration::from_secs(2);

/// The clock may be set back by as much as this before the tokens' times are not believed any more.
const SET_BACK: SignedDuration = SignedDuration::from_mins(1);

/// The longest a provider can make us wait.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(10);

/// Who the tokens are asked for as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Renewal {
    /// A person: by refresh token. The application sends no proof.
    Person,
    /// A person, in an application that proves itself.
    ProvenPerson,
    /// The application itself: there is no refresh token, and none is needed.
    Application,
}

/// What is known at a moment.
pub(super) struct Held {
    renewal: Renewal,
    pub(super) tokens: Option<Stored>,
    /// How often renewing was tried, so that those who waited know that somebody did it for them.
    pub(super) attempts: u64,
    /// What was asked for since the start: only that is renewed ahead of time.
    asked_for: BTreeSet<Resource>,
    /// The provider's last word, or ours, on a resource; there while only a person can help.
    refused: BTreeMap<Resource, Refused>,
    /// With what the provider is being asked.
    asking_with: Option<ProofMark>,
    /// The access tokens servers refused.
    rejected: BTreeMap<Resource, SecretString>,
    /// The last passing failure: the provider is the same for all resources.
    failure: Option<Failure>,
    failures: u32,
    is_renewing: bool,
    /// How many sign-ins and sign-outs wait for their turn; renewals let them pass.
    pub(super) replacing: u32,
    /// Renewed tokens the vault would not take, beside those they came from. The provider may have ended the old
    /// ones, so these are kept until they can be written.
    pub(super) unsaved: Option<Box<(Option<Stored>, Stored)>>,
    /// The refresh token of a renewal whose answer did not arrive: the provider may have replaced it.
    unheard: Option<SecretString>,
}

/// A failure that may pass.
struct Failure {
    error: AuthError,
    at: Timestamp,
    /// Until when the background leaves the provider alone.
    until: Timestamp,
}

impl Held {
    pub(super) fn new(renewal: Renewal, tokens: Option<Stored>) -> Self {
        Self {
            renewal,
            tokens,
            attempts: 0,
            asked_for: BTreeSet::new(),
            refused: BTreeMap::new(),
            asking_with: None,
            rejected: BTreeMap::new(),
            failure: None,
            failures: 0,
            is_renewing: false,
            replacing: 0,
            unsaved: None,
            unheard: None,
        }
    }

    /// Takes over tokens that are in the vault already, or none.
    pub(super) fn replace(&mut self, tokens: Option<Stored>) {
        let attempts = self.attempts + 1;
        *self = Self {
            attempts,
            asked_for: std::mem::take(&mut self.asked_for),
            asking_with: self.asking_with,
            is_renewing: self.is_renewing,
            replacing: self.replacing,
            ..Self::new(self.renewal, tokens)
        };
    }

    /// Takes over a renewal of one token. A provider may send the same one again, and then it is no worse than before.
    pub(super) fn renewed(&mut self, resource: Resource, tokens: Stored) {
        self.rejected.remove(&resource);
        self.follow(Some(tokens));
    }

    /// Takes over what another program left in the vault. Tokens that a server refused stay refused.
    pub(super) fn follow(&mut self, tokens: Option<Stored>) {
        let rejected = std::mem::take(&mut self.rejected);
        self.replace(tokens);
        for (resource, token) in rejected {
            self.reject(resource, &token);
        }
    }

    /// Notes that somebody wants tokens for a resource; tells whether that is new.
    pub(super) fn ask_for(&mut self, resource: Resource) -> bool {
        self.asked_for.insert(resource)
    }

    /// Marks the beginning of a renewal, and with what the provider is asked.
    pub(super) fn begin(&mut self, mark: ProofMark) {
        self.is_renewing = true;
        self.asking_with = Some(mark);
    }

    /// Marks the end of an attempt.
    pub(super) fn end(&mut self) {
        self.is_renewing = false;
        self.asking_with = None;
        self.attempts += 1;
    }

    /// Returns the access token if it may still be handed out without renewing it.
    pub(super) fn usable(&self, resource: Resource, now: Timestamp) -> Option<SecretString> {
        let access = self.access(resource)?;
        let is_short = rest(access, now) < least_rest(access.life());
        if is_set_back(access, now) || is_short {
            return None;
        }
        self.living(resource, now)
    }

    /// Returns the access token if it lives at all and no server refused it.
    pub(super) fn living(&self, resource: Resource, now: Timestamp) -> Option<SecretString> {
        let access = self.access(resource)?;
        let rejected = self.rejected.get(&resource);
        let is_rejected = rejected.is_some_and(|bad| is_same(bad, &access.token));
        (rest(access, now) > SignedDuration::ZERO && !is_rejected).then(|| access.token.clone())
    }

    /// Returns the resources whose tokens the background has to renew now, or to look after.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Resource> {
        let mut watched = self.in_use();
        if watched.is_empty() && self.renewal != Renewal::Application {
            watched.push(Resource::Mail);
        }
        watched.retain(|resource| self.is_due(*resource, now));
        watched
    }

    /// Whether the background has something to do for a resource now.
    pub(super) fn is_due(&self, resource: Resource, now: Timestamp) -> bool {
        let has_none = self.tokens.is_none() && self.renewal != Renewal::Application;
        if has_none || self.refusal(resource).is_some() {
            return true;
        }
        self.next_renewal(resource, now).is_some_and(|at| at <= now)
    }

    /// Returns when the background has something to do; `None` while only a person can do it.
    pub(super) fn next_refresh(&self, now: Timestamp) -> Option<Timestamp> {
        let all = self.in_use();
        all.into_iter()
            .filter_map(|resource| self.next_renewal(resource, now))
            .min()
    }

    /// Returns when a resource's token is renewed; `None` while only a person can do that.
    pub(super) fn next_renewal(&self, resource: Resource, now: Timestamp) -> Option<Timestamp> {
        if let Some(refused) = self.refusal(resource) {
            return refused.look_again(self.renewal);
        }
        if self.cannot_renew().is_some() {
            return None;
        }
        let access = self.access(resource);
        let due = match access {
            Some(access) if !is_set_back(access, now) && self.living(resource, now).is_some() => {
                let end = access.expires_at;
                end.saturating_sub(margin(access.life())).unwrap_or(now)
            }
            _ => now,
        };
        // A back-off that would let the token end is cut: one attempt more is better than an interruption.
        let until = self.failure.as_ref().map_or(due, |failure| failure.until);
        let until = match access {
            Some(access) if self.living(resource, now).is_some() => until.min(access.expires_at),
            _ => until,
        };
        Some(due.max(until))
    }

    /// Notes that a server refused a token, if it is the one in use.
    pub(super) fn reject(&mut self, resource: Resource, token: &SecretString) {
        let current = self.access(resource);
        if current.is_some_and(|current| is_same(&current.token, token)) {
            self.rejected.insert(resource, token.clone());
        }
    }

    /// Takes [`Self::reject`] back: nobody refused the token, a person only wanted another.
    pub(super) fn accept(&mut self, resource: Resource, token: &SecretString) {
        let rejected = self.rejected.get(&resource);
        if rejected.is_some_and(|rejected| is_same(rejected, token)) {
            self.rejected.remove(&resource);
        }
    }

    /// Returns what everybody who asks now is to hear instead of a new attempt: a failure that is seconds old, or one
    /// that came with a time to wait.
    pub(super) fn standing_error(&self, now: Timestamp) -> Option<AuthError> {
        let failure = self.failure.as_ref()?;
        let age = now.duration_since(failure.at);
        let is_recent = age < SHARED_FAILURE && age >= SignedDuration::ZERO;
        // A provider that named a time is left alone until then.
        let is_asked_for = matches!(failure.error, AuthError::Busy { after: Some(_), .. });
        let is_standing = is_recent || (is_asked_for && now < failure.until);
        is_standing.then(|| failure.error.duplicate())
    }

    /// Returns the last failure, for those who waited while it happened.
    pub(super) fn last_error(&self, resource: Resource) -> Option<AuthError> {
        let refused = self.refusal(resource).map(|refused| &refused.error);
        let failure = self.failure.as_ref().map(|failure| &failure.error);
        refused.or(failure).map(AuthError::duplicate)
    }

    /// Notes how a renewal failed; returns the error for the caller.
    pub(super) fn fail(
        &mut self,
        resource: Resource,
        error: AuthError,
        now: Timestamp,
    ) -> AuthError {
        let asked_with = self.asking_with;
        if Refused::reason(&error).is_some() {
            self.failure = None;
            // Nobody was asked: what was said before is said again.
            let is_known = |known: &&mut Refused| asked_with.is_none() && known.is_same(&error);
            if let Some(known) = self.refused.values_mut().find(is_known) {
                known.look(now);
            } else {
                let refused = Refused::new(error.duplicate(), asked_with, now);
                self.refused.insert(resource, refused);
            }
            return error;
        }
        self.failures += 1;
        let own = back_off(self.failures);
        let wait = match error {
            AuthError::Busy {
                after: Some(after), ..
            } => SignedDuration::try_from(after)
                .unwrap_or(LONGEST_WAIT)
                .clamp(own, LONGEST_WAIT),
            _ => own,
        };
        self.failure = Some(Failure {
            error: error.duplicate(),
            at: now,
            until: now.saturating_add(wait).unwrap_or(now),
        });
        error
    }

    /// Notes how asking with a refresh token came out; tells a grant that others ended from one that ended because an
    /// answer got lost.
    pub(super) fn heard<T>(
        &mut self,
        refresh_token: &SecretString,
        outcome: Result<T, AuthError>,
    ) -> Result<T, AuthError> {
        let is_unheard = |held: &Self| {
            let unheard = held.unheard.as_ref();
            unheard.is_some_and(|unheard| is_same(unheard, refresh_token))
        };
        match outcome {
            Err(error) if error.may_have_worked() => {
                self.unheard = Some(refresh_token.clone());
                Err(error)
            }
            Err(AuthError::Denied {
                denial: Denial::GrantEnded,
                error,
                code,
                description,
                suberror,
                correlation_id,
                time,
            }) if is_unheard(self) => Err(AuthError::Denied {
                denial: Denial::AnswerLost,
                error,
                code,
                description,
                suberror,
                correlation_id,
                time,
            }),
            outcome => outcome,
        }
    }

    /// Whether the last word on a resource was a no that stays.
    pub(super) fn is_refused(&self, resource: Resource) -> bool {
        self.refusal(resource).is_some()
    }

    /// Returns the no that asking again with the same proof would bring again.
    pub(super) fn standing_refusal(
        &self,
        resource: Resource,
        mark: ProofMark,
        now: Timestamp,
    ) -> Option<AuthError> {
        let refused = self.refusal(resource)?;
        let stands = refused.stands(self.renewal, mark, now);
        stands.then(|| refused.error.duplicate())
    }

    /// Forgets what was refused and what failed: somebody changed something elsewhere.
    pub(super) fn forgive(&mut self) {
        self.refused.clear();
        self.failure = None;
        self.failures = 0;
    }

    /// Returns where the tokens stand. With several resources in use the one that does worst decides, but a no for
    /// one of them does not count while another works.
    pub(super) fn state(&self, now: Timestamp) -> TokenState {
        if self.is_renewing {
            return TokenState::Refreshing;
        }
        let mut watched = self.in_use();
        if watched.is_empty() {
            watched.push(Resource::Mail);
        }
        let states = watched.iter().map(|resource| self.state_of(*resource, now));
        let rank = |state: &TokenState| match state {
            TokenState::Refreshing => (0, Timestamp::MIN),
            TokenState::Fresh { expires_at } => (1, *expires_at),
            TokenState::NeedsSignIn { .. } => (2, Timestamp::MIN),
            TokenState::Missing => (3, Timestamp::MIN),
        };
        states.min_by_key(rank).unwrap_or(TokenState::Missing)
    }

    fn state_of(&self, resource: Resource, now: Timestamp) -> TokenState {
        if let Some(refused) = self.refusal(resource) {
            return match Refused::reason(&refused.error) {
                None | Some(Denial::NeverSignedIn) => TokenState::Missing,
                Some(reason) => TokenState::NeedsSignIn { reason },
            };
        }
        let access = self.access(resource);
        if let (Some(access), Some(_)) = (access, self.living(resource, now)) {
            return TokenState::Fresh {
                expires_at: access.expires_at,
            };
        }
        match self.cannot_renew() {
            Some(refusal) if refusal.denial == Denial::NeverSignedIn => TokenState::Missing,
            Some(refusal) => TokenState::NeedsSignIn {
                reason: refusal.denial,
            },
            None => TokenState::Refreshing,
        }
    }

    /// Returns why the tokens cannot be renewed without a person; `None` when they can.
    pub(super) fn cannot_renew(&self) -> Option<Refusal> {
        match &self.tokens {
            _ if self.renewal == Renewal::Application => None,
            None => Some(never_signed_in()),
            Some(tokens) if tokens.refresh_token.is_none() => {
                Some(Refusal::own(Denial::NoRefreshToken))
            }
            Some(_) => None,
        }
    }

    /// Returns the resources whose tokens are kept fresh: those asked for, or before anybody asked those there are.
    pub(super) fn in_use(&self) -> Vec<Resource> {
        if self.asked_for.is_empty() {
            let tokens = self.tokens.as_ref();
            return tokens
                .map(|tokens| tokens.tokens.keys().copied().collect())
                .unwrap_or_default();
        }
        self.asked_for.iter().copied().collect()
    }

    /// Finds the no that holds for a resource: its own, or one for the whole identity.
    fn refusal(&self, resource: Resource) -> Option<&Refused> {
        let general = || self.refused.values().find(|refused| refused.is_general());
        self.refused.get(&resource).or_else(general)
    }

    fn access(&self, resource: Resource) -> Option<&Access> {
        self.tokens.as_ref()?.tokens.get(&resource)
    }
}

fn rest(access: &Access, now: Timestamp) -> SignedDuration {
    access.expires_at.duration_since(now)
}

/// Whether the clock was set back since the last renewal, so that the token may have ended long ago.
fn is_set_back(access: &Access, now: Timestamp) -> bool {
    access.renewed_at.duration_since(now) > SET_BACK
}
