//! Signing in by device code (RFC 8628) with the habits of Entra (protocol facts §2.1).
//!
//! Trouble on the way to the provider never ends a sign-in: it is reported and asking goes on until the code expires.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep};
use url::Url;

use crate::auth::clock::{SharedClock, SystemClock, later};
use crate::auth::denial::Refusal;
use crate::auth::endpoints::{Endpoints, Need};
use crate::auth::exchange::{Asking, device_code, redeem_device_code, signed_in};
use crate::auth::scopes::first_scopes;
use crate::auth::{AuthError, ClientProof, Denial, SignedIn};
use crate::model::{Provider, SignInProfile, sanitize_line};
use crate::net::Http;

/// What `slow_down` adds to the interval for good (RFC 8628 §3.5).
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// The longest interval, whatever a provider asks for.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);

/// The longest life of a code that is believed, in seconds.
const LONGEST_LIFE: u64 = 24 * 3600;

/// After so many answers without sense in a row it is no passing trouble any more.
const NONSENSE_LIMIT: u32 = 10;

/// A device authorization (RFC 8628 §3.2), ready to show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeviceAuthorization {
    /// What the user types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it, where the provider gives one (Microsoft does not).
    pub verification_uri_complete: Option<String>,
    /// When the code ends, by our clock.
    pub expires_at: Timestamp,
    /// Seconds between polls.
    pub interval: Duration,
    /// Scopes asked for.
    pub scopes: Vec<String>,
}

/// What happens while a device sign-in waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DeviceProgress {
    /// A code to show; comes again when the old one expired. Sent by whoever starts flows anew, not by the flow.
    Code(DeviceAuthorization),
    /// Asked, not approved yet.
    Asked {
        /// Wait until the next poll.
        next_in: Duration,
    },
    /// The provider cannot be reached at the moment; polling goes on.
    Unreachable {
        /// Why, for the status line.
        reason: String,
    },
}

/// A started device sign-in. Dropping it cancels.
#[derive(Debug)]
pub struct DeviceFlow {
    profile: SignInProfile,
    client: ClientProof,
    token_endpoint: Url,
    device_code: SecretString,
    authorization: DeviceAuthorization,
    /// The end by the runtime's clock; the wall clock's end is in the authorization. Whichever comes first counts:
    /// the one stands still while a machine sleeps, the other can be set back.
    deadline: Instant,
    http: Http,
    clock: SharedClock,
}

/// How one poll went.
enum Poll {
    Approved(SignedIn),
    Pending,
    SlowDown,
    Trouble(AuthError),
}

impl DeviceFlow {
    /// Asks for a code, as `client` where the application is a confidential one. The first progress to show is
    /// [`DeviceFlow::authorization`].
    pub async fn start(
        profile: &SignInProfile,
        client: ClientProof,
        http: &Http,
    ) -> Result<Self, AuthError> {
        let clock: SharedClock = std::sync::Arc::new(SystemClock);
        Self::start_with_clock(profile, client, http, clock).await
    }

    /// Does what [`DeviceFlow::start`] does, by another clock.
    pub async fn start_with_clock(
        profile: &SignInProfile,
        client: ClientProof,
        http: &Http,
        clock: SharedClock,
    ) -> Result<Self, AuthError> {
        let endpoints = Endpoints::find_for(Need::Device, profile, http).await?;
        let endpoint = endpoints.device.ok_or_else(|| no_device(profile))?;
        let scopes = first_scopes(profile);
        let (asked_at, started) = (clock.now(), Instant::now());
        let asking = Asking {
            profile,
            client: &client,
            endpoint: &endpoints.token,
            http,
        };
        let answer = device_code(&asking, &endpoint, &scopes, asked_at).await?;
        let life = answer.expires_in().as_secs().clamp(1, LONGEST_LIFE);
        let shown = |text: &str| sanitize_line(text).chars().take(2000).collect::<String>();
        let complete = answer.verification_uri_complete();
        Ok(Self {
            profile: profile.clone(),
            token_endpoint: endpoints.token,
            device_code: SecretString::from(answer.device_code().secret().as_str()),
            authorization: DeviceAuthorization {
                user_code: shown(answer.user_code().secret()),
                verification_uri: web_address(answer.verification_uri(), &endpoint)?,
                verification_uri_complete: complete
                    .and_then(|uri| web_address(uri.secret(), &endpoint).ok()),
                expires_at: later(asked_at, life),
                interval: answer
                    .interval()
                    .clamp(Duration::from_secs(1), LONGEST_INTERVAL),
                scopes,
            },
            deadline: started + Duration::from_secs(life),
            http: http.clone(),
            client,
            clock,
        })
    }

    /// Returns what to show.
    pub fn authorization(&self) -> &DeviceAuthorization {
        &self.authorization
    }

    /// Polls until approved, refused or expired, reporting progress. On expiry the error is
    /// [`Denial::Expired`] and the caller may start anew.
    ///
    /// A provider that gives no refresh token is no error here: the sign-in serves for one token's life.
    pub async fn finish(
        self,
        progress: UnboundedSender<DeviceProgress>,
    ) -> Result<SignedIn, AuthError> {
        let mut interval = self.authorization.interval;
        let mut wait = interval;
        let mut nonsense = 0;
        // Nobody has to listen: a closed channel only means that nobody looks at the moment.
        let tell = |happened| drop(progress.send(happened));
        tell(DeviceProgress::Asked { next_in: wait });
        loop {
            sleep(wait).await;
            if self.is_expired() {
                return Err(Refusal::own(Denial::Expired).into());
            }
            wait = interval;
            match self.poll().await? {
                Poll::Approved(signed_in) => return Ok(signed_in),
                Poll::Pending => nonsense = 0,
                Poll::SlowDown => {
                    interval = (interval + SLOW_DOWN).min(LONGEST_INTERVAL);
                    wait = interval;
                }
                Poll::Trouble(error) => {
                    nonsense += u32::from(matches!(error, AuthError::Nonsense { .. }));
                    if nonsense >= NONSENSE_LIMIT {
                        return Err(error);
                    }
                    wait = wait_after(&error, interval);
                    tell(DeviceProgress::Unreachable {
                        reason: reason(&error),
                    });
                    continue;
                }
            }
            tell(DeviceProgress::Asked { next_in: wait });
        }
    }

    fn is_expired(&self) -> bool {
        Instant::now() >= self.deadline || self.clock.now() >= self.authorization.expires_at
    }

    /// Asks once; the error is a no that stays.
    async fn poll(&self) -> Result<Poll, AuthError> {
        let asked_at = self.clock.now();
        let asking = Asking {
            profile: &self.profile,
            client: &self.client,
            endpoint: &self.token_endpoint,
            http: &self.http,
        };
        match redeem_device_code(&asking, &self.device_code, asked_at).await {
            Ok(tokens) => {
                let scopes = &self.authorization.scopes;
                Ok(Poll::Approved(signed_in(&tokens, asked_at, scopes)))
            }
            Err(AuthError::Denied { error, .. }) if error == "authorization_pending" => {
                Ok(Poll::Pending)
            }
            Err(AuthError::Denied { error, .. }) if error == "slow_down" => Ok(Poll::SlowDown),
            Err(
                trouble @ (AuthError::Unreachable(_)
                | AuthError::Busy { .. }
                | AuthError::Nonsense { .. }),
            ) => Ok(Poll::Trouble(trouble)),
            Err(refused) => Err(refused),
        }
    }
}

/// Makes the error for a provider without device codes. Google has them, but not for mail (protocol facts §9.1).
fn no_device(profile: &SignInProfile) -> AuthError {
    if profile.provider == Provider::Gmail {
        return Refusal::own(Denial::MethodForbidden).into();
    }
    AuthError::Profile {
        profile: profile.name.clone(),
        reason: "its provider has no device_authorization_endpoint".to_owned(),
    }
}

/// Waits longer after trouble (RFC 8628 §3.5), as long as a busy provider asks for, but never so long that a code
/// could expire unnoticed.
fn wait_after(error: &AuthError, interval: Duration) -> Duration {
    let asked = match error {
        AuthError::Busy {
            after: Some(after), ..
        } => *after,
        _ => interval * 2,
    };
    asked.clamp(interval, LONGEST_INTERVAL)
}

/// Writes a trouble as one line.
fn reason(error: &AuthError) -> String {
    match error {
        AuthError::Unreachable(cause) => sanitize_line(&cause.to_string()),
        other => sanitize_line(&other.to_string()),
    }
}

/// Takes only web addresses for the place where the code is typed: it is shown, opened and put into a QR code.
fn web_address(text: &str, endpoint: &Url) -> Result<String, AuthError> {
    let host = endpoint.host_str().unwrap_or_default().to_owned();
    let nonsense = |detail: &str| AuthError::Nonsense {
        host: host.clone(),
        detail: detail.to_owned(),
    };
    let url = Url::parse(text).map_err(|_| nonsense("verification_uri is no address"))?;
    if !matches!(url.scheme(), "https" | "http") || text.len() > 2000 {
        return Err(nonsense("verification_uri is no web address"));
    }
    Ok(sanitize_line(text))
}
