//! What the keeper knows at a moment: tokens, the last failure, the back-off. Rules only, no I/O.

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use crate::auth::denial::Refusal;
use crate::auth::{AuthError, Denial, TokenState};

use super::margin::{back_off, least_rest, margin};
use super::stored::Stored;
use crate::auth::keeper::{is_same, never_signed_in};

/// For how long after a failure everybody who asks gets the same failure instead of a new attempt.
const SHARED_FAILURE: SignedDuration = SignedDuration::from_secs(2);

/// The clock may be set back by as much as this before the tokens' times are not believed any more.
const SET_BACK: SignedDuration = SignedDuration::from_mins(1);

/// The longest a provider can make us wait.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(10);

/// What is known at a moment.
pub(super) struct Held {
    pub(super) tokens: Option<Stored>,
    /// How often renewing was tried, so that those who waited know that somebody did it for them.
    pub(super) attempts: u64,
    /// The provider's last word; set while only a new sign-in helps.
    refused: Option<Refusal>,
    /// The access token a server refused.
    rejected: Option<SecretString>,
    /// The last passing failure.
    failure: Option<Failure>,
    failures: u32,
    is_renewing: bool,
    /// How many sign-ins and sign-outs wait for their turn; renewals let them pass.
    pub(super) replacing: u32,
    /// Renewed tokens the vault would not take, beside those they came from. The provider may have ended the old
    /// ones, so these are kept until they can be written.
    pub(super) unsaved: Option<Box<(Stored, Stored)>>,
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
    pub(super) fn new(tokens: Option<Stored>) -> Self {
        Self {
            tokens,
            attempts: 0,
            refused: None,
            rejected: None,
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
            is_renewing: self.is_renewing,
            replacing: self.replacing,
            ..Self::new(tokens)
        };
    }

    /// Takes over what another program left in the vault. A token that a server refused stays refused.
    pub(super) fn follow(&mut self, tokens: Option<Stored>) {
        let rejected = self.rejected.take();
        self.replace(tokens);
        if let Some(rejected) = rejected {
            self.reject(&rejected);
        }
    }

    /// Marks the beginning and the end of a renewal.
    pub(super) fn set_renewing(&mut self, is_renewing: bool) {
        self.is_renewing = is_renewing;
        self.attempts += u64::from(!is_renewing);
    }

    /// Returns the access token if it may still be handed out without renewing it.
    pub(super) fn usable(&self, now: Timestamp) -> Option<SecretString> {
        let rest = least_rest(self.tokens.as_ref()?.life());
        if self.is_set_back(now) || self.rest(now)? < rest {
            return None;
        }
        self.living(now)
    }

    /// Returns the access token if it lives at all and no server refused it.
    pub(super) fn living(&self, now: Timestamp) -> Option<SecretString> {
        let token = &self.tokens.as_ref()?.signed_in.access_token;
        let is_rejected = self
            .rejected
            .as_ref()
            .is_some_and(|bad| is_same(bad, token));
        (self.rest(now)? > SignedDuration::ZERO && !is_rejected).then(|| token.clone())
    }

    /// Whether the background has something to do now.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        if self.refused.is_some() || self.tokens.is_none() {
            return true;
        }
        self.next_refresh(now).is_some_and(|at| at <= now)
    }

    /// Returns when the background has something to do; `None` while only a person can do it.
    pub(super) fn next_refresh(&self, now: Timestamp) -> Option<Timestamp> {
        let tokens = self.tokens.as_ref()?;
        if self.refused.is_some() || tokens.signed_in.refresh_token.is_none() {
            return None;
        }
        let end = tokens.signed_in.expires_at;
        let due = if self.is_set_back(now) || self.living(now).is_none() {
            now
        } else {
            end.saturating_sub(margin(tokens.life())).unwrap_or(now)
        };
        // A back-off that would let the token end is cut: one attempt more is better than an interruption.
        let until = self.failure.as_ref().map_or(due, |failure| failure.until);
        let until = if self.living(now).is_some() {
            until.min(end)
        } else {
            until
        };
        Some(due.max(until))
    }

    /// Notes that a server refused a token, if it is the one in use.
    pub(super) fn reject(&mut self, token: &SecretString) {
        let current = self
            .tokens
            .as_ref()
            .map(|tokens| &tokens.signed_in.access_token);
        if current.is_some_and(|current| is_same(current, token)) {
            self.rejected = Some(token.clone());
        }
    }

    /// Returns what everybody who asks now is to hear instead of a new attempt: a no that stays, or a failure that
    /// is seconds old.
    pub(super) fn standing_error(&self, now: Timestamp) -> Option<AuthError> {
        if let Some(refused) = &self.refused {
            return Some(refused.clone().into());
        }
        let failure = self.failure.as_ref()?;
        let age = now.duration_since(failure.at);
        let is_recent = age < SHARED_FAILURE && age >= SignedDuration::ZERO;
        // A provider that named a time is left alone until then.
        let is_asked_for = matches!(failure.error, AuthError::Busy { after: Some(_), .. });
        let is_standing = is_recent || (is_asked_for && now < failure.until);
        is_standing.then(|| failure.error.duplicate())
    }

    /// Returns the last failure, for those who waited while it happened.
    pub(super) fn last_error(&self) -> Option<AuthError> {
        let passing = || {
            self.failure
                .as_ref()
                .map(|failure| failure.error.duplicate())
        };
        self.refused.clone().map(AuthError::from).or_else(passing)
    }

    /// Notes how a renewal failed; returns the error for the caller.
    pub(super) fn fail(&mut self, error: AuthError, now: Timestamp) -> AuthError {
        if let AuthError::Denied { .. } = error {
            self.refused = error.refusal();
            self.failure = None;
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
            }) if is_unheard(self) => Err(AuthError::Denied {
                denial: Denial::AnswerLost,
                error,
                code,
                description,
                suberror,
                correlation_id,
            }),
            outcome => outcome,
        }
    }

    /// Whether the provider's last word was a no that stays.
    pub(super) fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Returns where the tokens stand.
    pub(super) fn state(&self, now: Timestamp) -> TokenState {
        if self.is_renewing {
            return TokenState::Refreshing;
        }
        if let Some(refused) = &self.refused {
            return match refused.denial {
                Denial::NeverSignedIn => TokenState::Missing,
                ref reason => TokenState::NeedsSignIn {
                    reason: reason.clone(),
                },
            };
        }
        let Some(tokens) = &self.tokens else {
            return TokenState::Missing;
        };
        let expires_at = tokens.signed_in.expires_at;
        if self.living(now).is_some() {
            return TokenState::Fresh { expires_at };
        }
        if tokens.signed_in.refresh_token.is_none() {
            return TokenState::NeedsSignIn {
                reason: Denial::NoRefreshToken,
            };
        }
        TokenState::Refreshing
    }

    /// Returns the refusal of tokens that cannot be renewed; `None` when they can.
    pub(super) fn cannot_renew(tokens: Option<&Stored>) -> Option<Refusal> {
        match tokens {
            None => Some(never_signed_in()),
            Some(tokens) if tokens.signed_in.refresh_token.is_none() => {
                Some(Refusal::own(Denial::NoRefreshToken))
            }
            Some(_) => None,
        }
    }

    fn rest(&self, now: Timestamp) -> Option<SignedDuration> {
        let end = self.tokens.as_ref()?.signed_in.expires_at;
        Some(end.duration_since(now))
    }

    /// Whether the clock was set back since the last renewal, so that the token may have ended long ago.
    fn is_set_back(&self, now: Timestamp) -> bool {
        let renewed_at = self.tokens.as_ref().map_or(now, |tokens| tokens.renewed_at);
        renewed_at.duration_since(now) > SET_BACK
    }
}
