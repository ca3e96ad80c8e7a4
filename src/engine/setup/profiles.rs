//! Profiles and their names: from findings to what would be saved.

use crate::config::Config;
use crate::discover::{Finding, Origin, SignInFinding, provider_servers};
use crate::model::{
    Address, IncomingProtocol, IncomingServer, Method, OutgoingProtocol, OutgoingServer, Provider,
    ServerProfile, SignInProfile, TlsMode,
};

/// Tenant names that are for every work account of a cloud.
const ANY_TENANT: [&str; 2] = ["common", "organizations"];

/// Returns the sign-in profile for a finding: one of the configuration where it fits, since its application id is
/// known already, else a new one.
pub(super) fn sign_in_of(
    config: &Config,
    name: &str,
    address: &Address,
    finding: &Finding,
) -> (SignInProfile, Origin) {
    let Some(found) = &finding.sign_in else {
        let new = new_sign_in(
            name.to_owned(),
            Provider::Custom,
            Method::DeviceCode,
            address,
        );
        return (new, finding.origin);
    };
    if let Some(known) = config.sign_in.values().find(|profile| fits(profile, found)) {
        return (known.clone(), Origin::Config);
    }
    let mut new = new_sign_in(name.to_owned(), found.provider, found.method, address);
    new.tenant.clone_from(&found.tenant);
    new.cloud = found.cloud;
    if let Some(endpoints) = &found.endpoints {
        new.authorization_endpoint = Some(endpoints.authorization.clone());
        new.token_endpoint = Some(endpoints.token.clone());
        new.scopes.clone_from(&endpoints.scopes);
    }
    (new, found.origin)
}

/// Tells whether a profile signs in where the finding wants to.
fn fits(profile: &SignInProfile, found: &SignInFinding) -> bool {
    if profile.provider != found.provider {
        return false;
    }
    match found.provider {
        Provider::Microsoft365 => {
            profile.cloud == found.cloud
                && (profile.tenant.eq_ignore_ascii_case(&found.tenant)
                    || ANY_TENANT.contains(&profile.tenant.as_str()))
        }
        Provider::OutlookCom | Provider::Gmail => true,
        Provider::Custom => found.endpoints.as_ref().is_some_and(|endpoints| {
            profile.method != Method::Password
                && profile.token_endpoint.as_ref() == Some(&endpoints.token)
        }),
        Provider::ExchangeServer => false,
    }
}

pub(super) fn new_sign_in(
    name: String,
    provider: Provider,
    method: Method,
    address: &Address,
) -> SignInProfile {
    SignInProfile {
        domains: vec![address.domain().to_lowercase()],
        ..SignInProfile::new(name, provider, method)
    }
}

pub(super) fn servers_of(name: String, finding: &Finding) -> ServerProfile {
    ServerProfile {
        name,
        incoming: finding.incoming.clone(),
        outgoing: finding.outgoing.clone(),
        ca_file: None,
        files_sent_copy: None,
        fallback: None,
    }
}

/// Returns the servers that belong to a sign-in profile for sure.
pub(super) fn known_servers(name: String, sign_in: &SignInProfile) -> ServerProfile {
    let Some((incoming, outgoing)) = provider_servers(sign_in.provider, sign_in.cloud) else {
        return empty_servers(name);
    };
    ServerProfile {
        name,
        incoming,
        outgoing: Some(outgoing),
        ca_file: None,
        files_sent_copy: None,
        fallback: None,
    }
}

pub(super) fn empty_servers(name: String) -> ServerProfile {
    ServerProfile {
        name,
        incoming: IncomingServer {
            protocol: IncomingProtocol::Imap,
            host: String::new(),
            port: 993,
            tls: TlsMode::Implicit,
            path: None,
        },
        outgoing: Some(OutgoingServer {
            protocol: OutgoingProtocol::Smtp,
            host: String::new(),
            port: 587,
            tls: TlsMode::StartTls,
            path: None,
        }),
        ca_file: None,
        files_sent_copy: None,
        fallback: None,
    }
}

/// Returns a name for the account: what stands before the `@`.
pub(super) fn account_name(config: &Config, address: &Address) -> String {
    let taken: Vec<&str> = config
        .accounts
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    let local = address.email.split('@').next().unwrap_or_default();
    free_name(&plain_name(local, "account"), &taken)
}

/// Returns a name for new profiles: the first label of the domain, such as `contoso`.
pub(super) fn profile_name(config: &Config, address: &Address) -> String {
    let label = address.domain().split('.').next().unwrap_or_default();
    let taken: Vec<&str> = config
        .sign_in
        .keys()
        .chain(config.servers.keys())
        .map(String::as_str)
        .collect();
    free_name(&plain_name(label, "provider"), &taken)
}

/// Keeps what may stand in a TOML key without quotes.
pub(super) fn plain_name(text: &str, otherwise: &str) -> String {
    let lower = text.to_lowercase();
    let plain: String = lower
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() {
        otherwise.to_owned()
    } else {
        plain.to_owned()
    }
}

pub(super) fn free_name(name: &str, taken: &[&str]) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|candidate| !taken.contains(&candidate.as_str()))
        .unwrap_or_else(|| name.to_owned())
}
