//! The addresses of Microsoft's login services, by cloud and tenant (protocol facts §1.1–1.3).

use url::Url;

use super::{Endpoints, Issuer, refuse, secure};
use crate::auth::AuthError;
use crate::model::{Cloud, Provider, SignInProfile};

/// Builds Entra's addresses. In China they are those of the first generation: the second does not work there for
/// everybody (protocol facts §1.3). Typed addresses can be of either.
pub(super) fn built(profile: &SignInProfile) -> Result<Endpoints, AuthError> {
    let tenant = match (profile.tenant.trim(), profile.provider) {
        ("", Provider::OutlookCom) => "consumers",
        ("", _) => "organizations",
        (tenant, _) => tenant,
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    if !tenant.chars().all(is_plain) {
        return Err(refuse(profile, "the tenant is no GUID, domain or alias"));
    }
    let mut base = match &profile.authority {
        Some(authority) => secure(profile, authority)?,
        None => secure(profile, &format!("https://{}", profile.cloud.login_host()))?,
    };
    // An authority without a path is the host alone, one with a path names its tenant itself.
    let path = base.path().trim_matches('/').to_owned();
    let path = if path.is_empty() {
        tenant.to_owned()
    } else {
        path
    };
    let path = path.trim_end_matches("/v2.0").to_owned();
    let version = match profile.cloud {
        Cloud::China => "",
        _ => "v2.0/",
    };
    let mut at = |end: &str| {
        base.set_path(&format!("{path}/oauth2/{version}{end}"));
        base.clone()
    };
    let token = at("token");
    let host = token.host_str().unwrap_or_default().to_owned();
    Ok(Endpoints {
        device: Some(at("devicecode")),
        authorization: Some(at("authorize")),
        revocation: None,
        issuer: Issuer::Microsoft { host },
        token,
    })
}

/// Whether an endpoint is of Entra's first generation, which wants a `resource` where the second takes scopes.
pub(in crate::auth) fn is_older(profile: &SignInProfile, endpoint: &Url) -> bool {
    let path = endpoint.path();
    profile.provider.is_microsoft() && path.contains("/oauth2/") && !path.contains("/v2.0/")
}

/// Whether a host is one of Microsoft's login services.
pub(in crate::auth) fn is_login_host(host: &str) -> bool {
    const OLDER: [&str; 5] = [
        "login.windows.net",
        "login.microsoft.com",
        "sts.windows.net",
        "login.usgovcloudapi.net",
        "login.chinacloudapi.cn",
    ];
    OLDER.contains(&host) || Cloud::ALL.iter().any(|cloud| cloud.login_host() == host)
}
