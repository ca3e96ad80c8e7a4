//! A no that stays until a person, or an administrator elsewhere, changes something.

use jiff::{SignedDuration, Timestamp};

use super::held::Renewal;
use crate::auth::client::ProofMark;
use crate::auth::{AuthError, Denial};

/// How often the vault and the certificate's files are looked at for another proof.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// How often a provider that refused the application is asked again: what it wants is often done by an administrator,
/// of whose deed nobody tells us.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// A no.
pub(super) struct Refused {
    pub(super) error: AuthError,
    /// What the provider was asked with; `None` when it was not asked.
    mark: Option<ProofMark>,
    asked_at: Timestamp,
    looked_at: Timestamp,
}

impl Refused {
    pub(super) fn new(error: AuthError, mark: Option<ProofMark>, at: Timestamp) -> Self {
        Self {
            error,
            mark,
            asked_at: at,
            looked_at: at,
        }
    }

    /// Returns the sorted reason if an error is such a no.
    pub(super) fn reason(error: &AuthError) -> Option<Denial> {
        match error {
            AuthError::Denied { denial, .. } => Some(denial.clone()),
            AuthError::Client { .. } => Some(Denial::ClientRefused),
            _ => None,
        }
    }

    /// Whether another error says the same.
    pub(super) fn is_same(&self, error: &AuthError) -> bool {
        match (&self.error, error) {
            (AuthError::Client { fault: one, .. }, AuthError::Client { fault: other, .. }) => {
                one == other
            }
            (one, other) => one.refusal().is_some() && one.refusal() == other.refusal(),
        }
    }

    /// Whether it holds for the identity, not for one resource.
    pub(super) fn is_general(&self) -> bool {
        matches!(
            Self::reason(&self.error),
            Some(
                Denial::GrantEnded
                    | Denial::NeverSignedIn
                    | Denial::NoRefreshToken
                    | Denial::ClientRefused
            )
        )
    }

    /// Whether asking again with this proof would bring the same.
    pub(super) fn stands(&self, renewal: Renewal, mark: ProofMark, now: Timestamp) -> bool {
        let age = now.duration_since(self.asked_at);
        let is_old =
            renewal == Renewal::Application && (age >= ASK_AGAIN || age < SignedDuration::ZERO);
        self.mark == Some(mark) && !is_old
    }

    /// Notes that everything is still as it was.
    pub(super) fn look(&mut self, now: Timestamp) {
        self.looked_at = now;
    }

    /// Returns when to look whether something changed; `None` when a person says so by signing in.
    pub(super) fn look_again(&self, renewal: Renewal) -> Option<Timestamp> {
        let is_about_proof = Self::reason(&self.error) == Some(Denial::ClientRefused);
        let may_change = match renewal {
            Renewal::Application => true,
            Renewal::ProvenPerson => is_about_proof,
            Renewal::Person => false,
        };
        may_change.then(|| self.looked_at.saturating_add(LOOK_AGAIN).ok())?
    }
}
