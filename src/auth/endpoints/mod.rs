//! Where a profile's provider is asked: Microsoft's addresses by cloud and tenant, Google's fixed ones, others by their
//! discovery document. Addresses typed into the profile win over all. Only https, except for servers on this machine.

mod discovery;
mod microsoft;

pub(super) use microsoft::{is_login_host, is_older};

use std::net::IpAddr;

use url::{Host, Url};

use crate::auth::AuthError;
use crate::model::{Provider, SignInProfile, sanitize_line};
use crate::net::Http;

/// The addresses this program needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Endpoints {
    pub(super) token: Url,
    /// `None` when the provider has no device flow.
    pub(super) device: Option<Url>,
    /// `None` when the provider signs nobody in with a browser.
    pub(super) authorization: Option<Url>,
    /// Where tokens are ended (RFC 7009); `None` when the provider cannot.
    pub(super) revocation: Option<Url>,
    pub(super) issuer: Issuer,
}

/// Who issues the provider's answers (RFC 9207, OpenID Connect Core §3.1.3.7).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Issuer {
    /// Endpoints were typed in and say nothing about it.
    Unknown,
    /// One of Microsoft's login services, or the host that stands for them: there only the host decides, since a
    /// document names a template or a GUID where the authority has a domain (protocol facts §1.1).
    Microsoft {
        /// The host of the token endpoint.
        host: String,
    },
    /// Exactly this one.
    Named {
        /// As its document writes it.
        name: String,
        /// Whether the provider promises to name itself on every redirect (RFC 9207 §3).
        is_on_redirect: bool,
    },
}

/// What the addresses are wanted for: what is typed is enough when nothing else is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Need {
    Token,
    Device,
    Authorization,
    Revocation,
}

impl Endpoints {
    /// Finds the addresses for renewals; asks the network only when the profile leaves them open.
    pub(super) async fn find(profile: &SignInProfile, http: &Http) -> Result<Self, AuthError> {
        Self::find_for(Need::Token, profile, http).await
    }

    /// Finds the addresses for one purpose; what it does not need may be missing.
    pub(super) async fn find_for(
        need: Need,
        profile: &SignInProfile,
        http: &Http,
    ) -> Result<Self, AuthError> {
        let token = typed(profile, profile.token_endpoint.as_ref())?;
        let device = typed(profile, profile.device_authorization_endpoint.as_ref())?;
        let authorization = typed(profile, profile.authorization_endpoint.as_ref())?;
        let is_enough = match need {
            Need::Token => true,
            Need::Device => device.is_some(),
            Need::Authorization => authorization.is_some(),
            // Nobody can type it; without an authority there is nothing to look it up in.
            Need::Revocation => profile.authority.is_none(),
        };
        let is_looked_up = matches!(
            profile.provider,
            Provider::Custom | Provider::ExchangeServer
        );
        if let (true, true, Some(token)) = (is_looked_up, is_enough, &token) {
            return Ok(Self {
                token: token.clone(),
                device,
                authorization,
                revocation: None,
                issuer: Issuer::Unknown,
            });
        }
        let found = match profile.provider {
            Provider::Microsoft365 | Provider::OutlookCom => microsoft::built(profile)?,
            Provider::Gmail => google(profile)?,
            Provider::Custom | Provider::ExchangeServer => {
                discovery::discovered(profile, http).await?
            }
        };
        Ok(Self {
            token: token.unwrap_or(found.token),
            device: device.or(found.device),
            authorization: authorization.or(found.authorization),
            ..found
        })
    }
}

impl Issuer {
    /// Checks who a redirect or an `id_token` says it is from.
    pub(super) fn is(&self, found: &str) -> bool {
        match self {
            Self::Unknown => true,
            Self::Microsoft { host } => discovery::is_at(found, |there| {
                there.eq_ignore_ascii_case(host) || microsoft::is_login_host(there)
            }),
            // Google's id_tokens may leave the scheme out.
            Self::Named { name, .. } => discovery::is_same(name, found),
        }
    }

    /// Whether a redirect that does not name its issuer is not the provider's.
    pub(super) fn is_promised(&self) -> bool {
        matches!(
            self,
            Self::Named {
                is_on_redirect: true,
                ..
            }
        )
    }
}

/// Returns Google's addresses (protocol facts §9.1).
fn google(profile: &SignInProfile) -> Result<Endpoints, AuthError> {
    Ok(Endpoints {
        token: secure(profile, "https://oauth2.googleapis.com/token")?,
        // There is one, but it gives no codes for mail: another way to sign in has to be taken.
        device: None,
        authorization: Some(secure(
            profile,
            "https://accounts.google.com/o/oauth2/v2/auth",
        )?),
        revocation: Some(secure(profile, "https://oauth2.googleapis.com/revoke")?),
        issuer: Issuer::Named {
            name: "https://accounts.google.com".to_owned(),
            is_on_redirect: false,
        },
    })
}

/// Reads an address typed into the profile.
fn typed(profile: &SignInProfile, address: Option<&String>) -> Result<Option<Url>, AuthError> {
    address.map(|address| secure(profile, address)).transpose()
}

fn secure(profile: &SignInProfile, address: &str) -> Result<Url, AuthError> {
    is_secure(address).map_err(|reason| refuse(profile, &reason))
}

/// Accepts https, and http to this machine.
fn is_secure(address: &str) -> Result<Url, String> {
    let shown: String = sanitize_line(address).chars().take(200).collect();
    let url = Url::parse(address.trim()).map_err(|error| format!("\"{shown}\": {error}"))?;
    match url.scheme() {
        "https" if url.host().is_some() => Ok(url),
        "http" if is_this_machine(&url) => Ok(url),
        _ => Err(format!("\"{shown}\" must begin with https://")),
    }
}

/// Whether an address is one of this machine (RFC 8252 §7.3).
pub(super) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

fn refuse(profile: &SignInProfile, reason: &str) -> AuthError {
    AuthError::Profile {
        profile: profile.name.clone(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests;
