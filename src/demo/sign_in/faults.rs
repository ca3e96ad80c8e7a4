//! What can go wrong at the sign-in service, with Entra's error names, numbers and texts.

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
    /// The client is not registered as a public client here.
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
}

impl Fault {
    /// Returns the `error` of RFC 6749 §5.2 and RFC 8628 §3.5.
    pub const fn error(self) -> &'static str {
        match self {
            Self::Pending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::Declined => "authorization_declined",
            Self::ExpiredCode => "expired_token",
            Self::BadCode => "bad_verification_code",
            Self::UnknownClient => "invalid_client",
            Self::UsedCode | Self::BadRefreshToken | Self::ReusedRefreshToken => "invalid_grant",
            Self::SeveralResources => "invalid_scope",
            Self::UnsupportedGrant => "unsupported_grant_type",
            Self::MissingParameter(_) | Self::UnknownTenant | Self::WrongVerb => "invalid_request",
            Self::Broken => "server_error",
        }
    }

    /// Returns the number after `AADSTS`.
    pub const fn number(self) -> u32 {
        match self {
            Self::Pending => 70_016,
            Self::SlowDown => 50_196,
            Self::Declined => 70_017,
            Self::ExpiredCode => 70_020,
            Self::BadCode => 70_019,
            Self::UsedCode => 54_005,
            Self::UnknownClient => 7_000_218,
            Self::BadRefreshToken => 700_082,
            Self::ReusedRefreshToken => 50_173,
            Self::SeveralResources => 28_000,
            Self::UnsupportedGrant => 70_003,
            Self::MissingParameter(_) => 900_144,
            Self::UnknownTenant => 90_002,
            Self::WrongVerb => 900_561,
            Self::Broken => 90_033,
        }
    }

    /// Returns the sentence after the number.
    pub fn text(self) -> String {
        let text = match self {
            Self::Pending => {
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
            }
            Self::SlowDown => "The client polled faster than the interval allows. Slow down.",
            Self::Declined => "The end user denied the authorization request.",
            Self::ExpiredCode => {
                "The provided value for the input parameter 'device_code' is not valid. This device code has expired."
            }
            Self::BadCode => "Verification code is not known here.",
            Self::UsedCode => {
                "OAuth2 Authorization code was already redeemed, please retry with a new valid code."
            }
            Self::UnknownClient => {
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            }
            Self::BadRefreshToken => {
                "The refresh token has expired due to inactivity or was revoked."
            }
            Self::ReusedRefreshToken => {
                "The provided grant was replaced by a newer one and used again; all tokens of this sign-in are revoked."
            }
            Self::SeveralResources => {
                "Provided value for the input parameter scope is not valid because it contains more than one resource."
            }
            Self::UnsupportedGrant => "The app requested an unsupported grant type.",
            Self::MissingParameter(name) => {
                return format!("The request body must contain the following parameter: '{name}'.");
            }
            Self::UnknownTenant => {
                "Tenant not found. Check to make sure you have the correct tenant ID."
            }
            Self::WrongVerb => "The endpoint only accepts POST requests. Received a GET request.",
            Self::Broken => "A transient error has occurred. Please try again.",
        };
        text.to_owned()
    }
}
