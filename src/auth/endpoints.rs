//! Where a profile's provider is asked: Microsoft's addresses by cloud and tenant, others by their discovery
//! document. Addresses typed into the profile win over both. Only https, except for servers on this machine.

use std::net::IpAddr;

use http::Request;
use oauth2::HttpRequest;
use serde_json::{Map, Value};
use url::{Host, Url};

use crate::auth::AuthError;
use crate::auth::answer::read;
use crate::auth::denial::Grant;
use crate::model::{Cloud, Provider, SignInProfile, sanitize_line};
use crate::net::Http;

/// The addresses this program needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Endpoints {
    pub(super) token: Url,
    /// `None` when the provider has no device flow.
    pub(super) device: Option<Url>,
}

impl Endpoints {
    /// Finds the addresses; asks the network only when the profile leaves one open.
    pub(super) async fn find(profile: &SignInProfile, http: &Http) -> Result<Self, AuthError> {
        let token = typed(profile, profile.token_endpoint.as_ref())?;
        let device = typed(profile, profile.device_authorization_endpoint.as_ref())?;
        if let (Some(token), Some(_)) = (&token, &device) {
            return Ok(Self {
                token: token.clone(),
                device,
            });
        }
        let found = match profile.provider {
            Provider::Microsoft365 | Provider::OutlookCom => microsoft(profile)?,
            Provider::Custom | Provider::ExchangeServer | Provider::Gmail => {
                discovered(profile, http).await?
            }
        };
        Ok(Self {
            token: token.unwrap_or(found.token),
            device: device.or(found.device),
        })
    }
}

/// Builds Entra's v2 addresses (protocol facts §1.1).
fn microsoft(profile: &SignInProfile) -> Result<Endpoints, AuthError> {
    let tenant = match profile.tenant.trim() {
        "" => "organizations",
        tenant => tenant,
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    if !tenant.chars().all(is_plain) {
        return Err(refuse(profile, "the tenant is no GUID, domain or alias"));
    }
    let mut base = match &profile.authority {
        Some(authority) => secure(profile, authority)?,
        None => secure(profile, login_host(profile.cloud))?,
    };
    // An authority without a path is the host alone, one with a path names its tenant itself.
    let path = base.path().trim_matches('/').to_owned();
    let path = if path.is_empty() {
        tenant.to_owned()
    } else {
        path
    };
    let path = path.trim_end_matches("/v2.0").to_owned();
    let mut at = |end: &str| {
        base.set_path(&format!("{path}/oauth2/v2.0/{end}"));
        base.clone()
    };
    Ok(Endpoints {
        token: at("token"),
        device: Some(at("devicecode")),
    })
}

/// Returns the login service of a cloud (protocol facts §1.3).
fn login_host(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "https://login.microsoftonline.com",
        Cloud::UsGov | Cloud::UsDod => "https://login.microsoftonline.us",
        Cloud::China => "https://login.partner.microsoftonline.cn",
    }
}

/// Looks for the discovery document in its usual places below the authority (protocol facts §9.3).
async fn discovered(profile: &SignInProfile, http: &Http) -> Result<Endpoints, AuthError> {
    let Some(authority) = &profile.authority else {
        return Err(refuse(
            profile,
            "it needs an authority, or both token_endpoint and device_authorization_endpoint",
        ));
    };
    let authority = secure(profile, authority)?;
    let mut last = None;
    for place in places(&authority) {
        match document(http, &place).await {
            Ok(document) => return from_document(profile, &authority, &document),
            Err(error @ (AuthError::Nonsense { .. } | AuthError::Denied { .. })) => {
                last = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| nonsense(&authority, "no discovery document")))
}

/// Lists where the document may be: OIDC appends its path, RFC 8414 §3.1 puts its own before the issuer's.
fn places(authority: &Url) -> Vec<Url> {
    let path = authority.path().trim_end_matches('/');
    let paths = [
        format!("{path}/v2.0/.well-known/openid-configuration"),
        format!("{path}/.well-known/openid-configuration"),
        format!("{path}/.well-known/oauth-authorization-server"),
        format!("/.well-known/oauth-authorization-server{path}"),
    ];
    let count = if path.is_empty() { 3 } else { 4 };
    let at = |path: &String| {
        let mut place = authority.clone();
        place.set_path(path);
        place
    };
    paths.iter().take(count).map(at).collect()
}

async fn document(http: &Http, place: &Url) -> Result<Map<String, Value>, AuthError> {
    let request: HttpRequest = Request::get(place.as_str())
        .header(http::header::ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|error| nonsense(place, &error.to_string()))?;
    let answer = http.send(request).await.map_err(AuthError::Unreachable)?;
    let document = read(&answer, place.host_str().unwrap_or_default(), Grant::Other)?;
    if document
        .get("token_endpoint")
        .is_none_or(|value| !value.is_string())
    {
        return Err(nonsense(
            place,
            "a discovery document without token_endpoint",
        ));
    }
    Ok(document)
}

/// Takes the addresses out of a document after its issuer was checked.
fn from_document(
    profile: &SignInProfile,
    authority: &Url,
    document: &Map<String, Value>,
) -> Result<Endpoints, AuthError> {
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    let issuer = text("issuer").unwrap_or_default();
    if !is_issuer(authority, issuer) {
        let issuer: String = sanitize_line(issuer).chars().take(200).collect();
        return Err(nonsense(
            authority,
            &format!("its discovery document is issued by \"{issuer}\""),
        ));
    }
    let found = |name: &str| match text(name) {
        Some(address) => is_secure(address)
            .map(Some)
            .map_err(|reason| nonsense(authority, &format!("{name}: {reason}"))),
        None => Ok(None),
    };
    match found("token_endpoint")? {
        Some(token) => Ok(Endpoints {
            token,
            device: found("device_authorization_endpoint")?,
        }),
        None => Err(refuse(profile, "its provider has no token endpoint")),
    }
}

/// Checks the issuer: it must be the authority itself, with or without Entra's `/v2.0`. Microsoft's documents name a
/// template or a GUID where the authority has a domain (protocol facts §1.1), so there the host decides.
fn is_issuer(authority: &Url, issuer: &str) -> bool {
    let bare = |text: &str| {
        text.trim_end_matches('/')
            .trim_end_matches("/v2.0")
            .to_owned()
    };
    if bare(issuer) == bare(authority.as_str()) {
        return true;
    }
    let host = issuer
        .strip_prefix("https://")
        .and_then(|rest| rest.split('/').next());
    let known = |host: Option<&str>| host.is_some_and(is_microsoft_login);
    known(authority.host_str()) && known(host)
}

/// Whether a host is one of Microsoft's login services (protocol facts §1.3).
fn is_microsoft_login(host: &str) -> bool {
    const HOSTS: [&str; 8] = [
        "login.microsoftonline.com",
        "login.windows.net",
        "login.microsoft.com",
        "sts.windows.net",
        "login.microsoftonline.us",
        "login.usgovcloudapi.net",
        "login.partner.microsoftonline.cn",
        "login.chinacloudapi.cn",
    ];
    HOSTS.contains(&host)
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
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" if url.host().is_some() => Ok(url),
        "http" if is_here => Ok(url),
        _ => Err(format!("\"{shown}\" must begin with https://")),
    }
}

fn refuse(profile: &SignInProfile, reason: &str) -> AuthError {
    AuthError::Profile {
        profile: profile.name.clone(),
        reason: reason.to_owned(),
    }
}

fn nonsense(place: &Url, detail: &str) -> AuthError {
    AuthError::Nonsense {
        host: place.host_str().unwrap_or_default().to_owned(),
        detail: detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::tests::profile;

    #[track_caller]
    fn check_microsoft(profile: &SignInProfile, token: &str, device: &str) {
        let found = microsoft(profile).unwrap();
        assert_eq!(found.token.as_str(), token);
        assert_eq!(found.device.unwrap().as_str(), device);
    }

    #[test]
    fn microsoft_is_built_from_cloud_and_tenant() {
        let mut profile = profile(Provider::Microsoft365);
        check_microsoft(
            &profile,
            "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token",
            "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/devicecode",
        );
        profile.cloud = Cloud::UsDod;
        profile.tenant = String::new();
        check_microsoft(
            &profile,
            "https://login.microsoftonline.us/organizations/oauth2/v2.0/token",
            "https://login.microsoftonline.us/organizations/oauth2/v2.0/devicecode",
        );
        profile.authority = Some("http://127.0.0.1:81".into());
        profile.tenant = "t".into();
        check_microsoft(
            &profile,
            "http://127.0.0.1:81/t/oauth2/v2.0/token",
            "http://127.0.0.1:81/t/oauth2/v2.0/devicecode",
        );
        profile.authority = Some("https://login.example/own/v2.0/".into());
        check_microsoft(
            &profile,
            "https://login.example/own/oauth2/v2.0/token",
            "https://login.example/own/oauth2/v2.0/devicecode",
        );
        profile.tenant = "a/../b".into();
        assert!(matches!(
            microsoft(&profile),
            Err(AuthError::Profile { .. })
        ));
    }

    #[test]
    fn only_https_or_this_machine_is_secure() {
        for good in [
            "https://a/",
            "http://localhost:1/",
            "http://127.0.0.9/",
            "http://[::1]/x",
        ] {
            assert!(is_secure(good).is_ok(), "{good}");
        }
        for bad in [
            "http://a/",
            "ftp://localhost",
            "a",
            "",
            "http://localhost.evil/",
            "file:///x",
        ] {
            assert!(is_secure(bad).is_err(), "{bad}");
        }
    }

    #[track_caller]
    fn check_issuer(authority: &str, issuer: &str, expected: bool) {
        let authority = Url::parse(authority).unwrap();
        assert_eq!(is_issuer(&authority, issuer), expected, "{issuer}");
    }

    #[test]
    fn the_issuer_must_be_the_authority() {
        check_issuer("https://id.example/realm", "https://id.example/realm", true);
        check_issuer("https://id.example/", "https://id.example", true);
        check_issuer("https://id.example/t", "https://id.example/t/v2.0", true);
        check_issuer("https://id.example/a", "https://id.example/b", false);
        check_issuer("https://id.example", "https://evil.example", false);
        check_issuer("https://id.example", "", false);
    }

    #[test]
    fn microsoft_may_name_a_template_or_a_guid_as_issuer() {
        let common = "https://login.microsoftonline.com/common";
        check_issuer(
            common,
            "https://login.microsoftonline.com/{tenantid}/v2.0",
            true,
        );
        check_issuer(common, "https://sts.windows.net/0000/", true);
        check_issuer(common, "https://evil.example/{tenantid}/v2.0", false);
        check_issuer(
            "https://id.example",
            "https://login.microsoftonline.com/x/v2.0",
            false,
        );
    }

    #[test]
    fn documents_are_looked_for_in_the_usual_places() {
        let authority = Url::parse("https://h/realm/").unwrap();
        let places: Vec<String> = places(&authority).iter().map(Url::to_string).collect();
        assert_eq!(
            places,
            [
                "https://h/realm/v2.0/.well-known/openid-configuration",
                "https://h/realm/.well-known/openid-configuration",
                "https://h/realm/.well-known/oauth-authorization-server",
                "https://h/.well-known/oauth-authorization-server/realm",
            ]
        );
    }
}
