//! What can go wrong at the sign-in service: real refusals with Entra's error names, numbers and texts, and troubles
//! that a test asks for.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::aadsts;

/// A refused request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Not answered in the browser yet.
    Pending,
    /// Polled faster than allowed.
    SlowDown,
    /// The person said no.
    Declined,
    /// The code is too old.
    ExpiredCode,
    /// No such device code.
    BadCode,
    /// The code was redeemed before.
    UsedCode,
    /// The client is not registered here.
    UnknownClient,
    /// No such refresh token, or it was revoked.
    BadRefreshToken,
    /// A refresh token was used again after its successor.
    ReusedRefreshToken,
    /// Scopes of two resources in one request.
    SeveralResources,
    /// A parameter is missing.
    MissingParameter(&'static str),
    /// A grant this service does not offer.
    UnsupportedGrant,
    /// No such tenant.
    UnknownTenant,
    /// GET where POST is needed.
    WrongVerb,
    /// The machine has no random numbers.
    Broken,
    /// Any other of Entra's refusals, by its number (`aadsts`).
    Aadsts(u32),
}

impl Fault {
    /// Returns the number after `AADSTS`.
    pub const fn number(self) -> u32 {
        match self {
            Self::Pending => 70_016,
            Self::SlowDown => 50_196,
            Self::Declined => 70_017,
            Self::ExpiredCode => 70_020,
            Self::BadCode => 70_019,
            Self::UsedCode => 54_005,
            Self::UnknownClient => 700_016,
            Self::BadRefreshToken => 700_082,
            Self::ReusedRefreshToken => 50_173,
            Self::SeveralResources => 28_000,
            Self::UnsupportedGrant => 70_003,
            Self::MissingParameter(_) => 900_144,
            Self::UnknownTenant => 90_002,
            Self::WrongVerb => 900_561,
            Self::Broken => 90_033,
            Self::Aadsts(number) => number,
        }
    }

    /// Returns the `error` of RFC 6749 §5.2 and RFC 8628 §3.5.
    pub fn error(self) -> &'static str {
        match self {
            Self::SlowDown => "slow_down",
            _ => aadsts::row(self.number()).map_or("invalid_request", |row| row.error),
        }
    }

    /// Returns the `error` on the way back to an app (OpenID Connect Core §3.1.2.6), where Entra has other names.
    pub fn redirect_error(self) -> &'static str {
        match self.number() {
            50_058 => "login_required",
            65_001 | 90_094 | 90_095 => "consent_required",
            _ => self.error(),
        }
    }

    /// Returns the sentence after the number, with words in braces that the request fills in.
    pub fn text(self) -> String {
        if self == Self::SlowDown {
            return "The client polled faster than the interval allows. Slow down.".to_owned();
        }
        let text = aadsts::row(self.number()).map_or("Unknown.", |row| row.text);
        match self {
            Self::MissingParameter(name) => text.replace("{parameter}", name),
            _ => text.to_owned(),
        }
    }

    /// Returns `suberror`, which says what kind of `invalid_grant` it is (protocol facts §2.6).
    pub const fn suberror(self) -> Option<&'static str> {
        Some(match self.number() {
            65_001 => "consent_required",
            50_055 | 50_144 => "user_password_expired",
            53_003 | 530_035 => "message_only",
            50_076 | 50_079 | 50_072 | 50_074 => "basic_action",
            50_158 => "additional_action",
            50_173 | 700_082 => "bad_token",
            70_043 => "token_expired",
            _ => return None,
        })
    }
}

/// A place that answers clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Endpoint {
    /// The discovery documents.
    Discovery,
    /// Where device codes are asked for.
    DeviceCode,
    /// Where browsers go.
    Authorize,
    /// Where tokens are asked for.
    Token,
    /// Where tokens are revoked.
    Revocation,
}

/// A trouble that a test asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// A refusal by its number, with Entra's text.
    Aadsts(u32),
    /// A refusal with an `error` only, as small providers give it (RFC 6749 §5.2).
    Plain(&'static str),
    /// A page of HTML with status 200.
    Html,
    /// Status 503, with `Retry-After` in seconds.
    Unavailable(u64),
    /// Ten megabytes of JSON.
    Huge,
    /// Status 302 to an address without TLS.
    RedirectToHttp,
    /// The way back to the app carries another `state`.
    WrongState,
    /// Somebody else's issuer: in the document, on the way back, or in the `id_token`.
    WrongIssuer,
    /// The code or the token is for this person, whoever signed in.
    SomebodyElse(String),
}

impl Trouble {
    /// Tells whether it spoils what is in a good answer, rather than replacing the answer.
    pub const fn is_inside(&self) -> bool {
        matches!(
            self,
            Self::WrongState | Self::WrongIssuer | Self::SomebodyElse(_)
        )
    }
}

/// Troubles that are still to come, first in, first out at each endpoint.
#[derive(Debug, Default)]
pub struct Troubles(Mutex<VecDeque<(Endpoint, Trouble)>>);

impl Troubles {
    /// Adds one to the next answer that has none yet.
    pub fn add(&self, endpoint: Endpoint, trouble: Trouble) {
        self.lock().push_back((endpoint, trouble));
    }

    /// Takes the endpoint's next trouble, if it is of the wanted kind.
    pub fn take(
        &self,
        endpoint: Endpoint,
        is_wanted: impl Fn(&Trouble) -> bool,
    ) -> Option<Trouble> {
        let mut troubles = self.lock();
        let at = troubles.iter().position(|(at, _)| *at == endpoint)?;
        let is_next = troubles.get(at).is_some_and(|(_, next)| is_wanted(next));
        let taken = is_next.then(|| troubles.remove(at)).flatten();
        taken.map(|(_, trouble)| trouble)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(Endpoint, Trouble)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
