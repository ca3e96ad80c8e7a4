//! Setting an account up from an address alone: what the configuration knows, what the provider says, what is missing.

use std::time::Duration;

use crate::config::Config;
use crate::discover::{Origin, Tenant, find_tenant, microsoft_servers};
use crate::engine::{Candidate, Engine, EngineError};
use crate::model::{
    Account, Address, Cloud, IncomingProtocol, IncomingServer, Method, OutgoingProtocol,
    OutgoingServer, Provider, ServerProfile, SignInProfile, TlsMode,
};
use crate::net::{Http, Trust};

/// How long finding out may take.
const LIMIT: Duration = Duration::from_secs(6);
/// Tenant names that are for every work account of a cloud.
const ANY_TENANT: [&str; 2] = ["common", "organizations"];

impl Engine {
    /// Finds out what can be found out about an address, within 6 s.
    pub async fn discover(&self, address: Address) -> Result<Candidate, EngineError> {
        let config = self.inner.config();
        if let Some((sign_in, servers)) = config.profiles_for(&address) {
            return Ok(from_config(&config, address.clone(), sign_in, servers));
        }
        let tenant = tokio::time::timeout(LIMIT, look_up(address.domain())).await;
        // A login service that does not answer says nothing about the address; everything can be typed in.
        let tenant = tenant.ok().and_then(Result::ok).flatten();
        Ok(match tenant {
            Some(tenant) => microsoft(&config, address, &tenant),
            None => custom(&config, address),
        })
    }
}

async fn look_up(domain: &str) -> Result<Option<Tenant>, EngineError> {
    let trust = tokio::task::spawn_blocking(|| Trust::load(None)).await;
    let Ok(trust) = trust else {
        return Ok(None);
    };
    let http = Http::new(&trust?)?;
    Ok(find_tenant(&http, domain).await?)
}

fn from_config(
    config: &Config,
    address: Address,
    sign_in: &SignInProfile,
    servers: Option<&ServerProfile>,
) -> Candidate {
    let (servers, servers_origin) = match (servers, sign_in.provider) {
        (Some(servers), _) => (servers.clone(), Origin::Config),
        (None, Provider::Microsoft365 | Provider::OutlookCom) => {
            let name = profile_name(config, &address);
            (microsoft_profile(name, sign_in.cloud), Origin::Known)
        }
        (None, _) => (empty_servers(profile_name(config, &address)), Origin::Known),
    };
    candidate(
        config,
        address,
        (sign_in.clone(), Origin::Config),
        (servers, servers_origin),
    )
}

fn microsoft(config: &Config, address: Address, tenant: &Tenant) -> Candidate {
    let name = profile_name(config, &address);
    let is_for_tenant = |profile: &&SignInProfile| {
        profile.provider == Provider::Microsoft365
            && profile.cloud == tenant.cloud
            && (profile.tenant.eq_ignore_ascii_case(&tenant.id)
                || ANY_TENANT.contains(&profile.tenant.as_str()))
    };
    let known = config.sign_in.values().find(is_for_tenant);
    let sign_in = known.map_or_else(
        || {
            let new = SignInProfile {
                tenant: tenant.id.clone(),
                cloud: tenant.cloud,
                ..new_sign_in(name.clone(), Provider::Microsoft365, &address)
            };
            (new, Origin::Provider)
        },
        |known| (known.clone(), Origin::Config),
    );
    let servers = (microsoft_profile(name, tenant.cloud), Origin::Known);
    candidate(config, address, sign_in, servers)
}

fn custom(config: &Config, address: Address) -> Candidate {
    let name = profile_name(config, &address);
    let sign_in = new_sign_in(name.clone(), Provider::Custom, &address);
    let servers = empty_servers(name);
    candidate(
        config,
        address,
        (sign_in, Origin::Known),
        (servers, Origin::Known),
    )
}

fn candidate(
    config: &Config,
    address: Address,
    (sign_in, sign_in_origin): (SignInProfile, Origin),
    (servers, servers_origin): (ServerProfile, Origin),
) -> Candidate {
    let missing = missing(&sign_in, &servers);
    let taken: Vec<&str> = config
        .accounts
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    let local = address.email.split('@').next().unwrap_or_default();
    let account = Account {
        name: free_name(&plain_name(local, "account"), &taken),
        address,
        send_sign_in: sign_in.clone(),
        sign_in,
        login: None,
        servers,
        additional_users: Vec::new(),
        on_behalf: Vec::new(),
    };
    Candidate {
        account,
        sign_in_origin,
        servers_origin,
        missing,
    }
}

/// Names the fields without which the account cannot work.
fn missing(sign_in: &SignInProfile, servers: &ServerProfile) -> Vec<&'static str> {
    let mut missing = Vec::new();
    let has_endpoints =
        sign_in.token_endpoint.is_some() && sign_in.device_authorization_endpoint.is_some();
    let is_password = sign_in.method == Method::Password;
    if sign_in.provider == Provider::Custom
        && sign_in.authority.is_none()
        && !has_endpoints
        && !is_password
    {
        missing.push("authority");
    }
    if sign_in.client_id.is_empty() && !is_password {
        missing.push("client_id");
    }
    if servers.incoming.host.is_empty() {
        missing.push("host");
    }
    missing
}

fn new_sign_in(name: String, provider: Provider, address: &Address) -> SignInProfile {
    SignInProfile {
        domains: vec![address.domain().to_lowercase()],
        ..SignInProfile::new(name, provider, Method::DeviceCode)
    }
}

fn microsoft_profile(name: String, cloud: Cloud) -> ServerProfile {
    let (incoming, outgoing) = microsoft_servers(cloud);
    ServerProfile {
        name,
        incoming,
        outgoing: Some(outgoing),
        ca_file: None,
        files_sent_copy: None,
    }
}

fn empty_servers(name: String) -> ServerProfile {
    ServerProfile {
        name,
        incoming: IncomingServer {
            protocol: IncomingProtocol::Imap,
            host: String::new(),
            port: 993,
            tls: TlsMode::Implicit,
        },
        outgoing: Some(OutgoingServer {
            protocol: OutgoingProtocol::Smtp,
            host: String::new(),
            port: 587,
            tls: TlsMode::StartTls,
        }),
        ca_file: None,
        files_sent_copy: None,
    }
}

/// Returns a name for new profiles: the first label of the domain, such as `contoso`.
fn profile_name(config: &Config, address: &Address) -> String {
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
fn plain_name(text: &str, otherwise: &str) -> String {
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

fn free_name(name: &str, taken: &[&str]) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|candidate| !taken.contains(&candidate.as_str()))
        .unwrap_or_else(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Interface, VaultConfig};
    use std::collections::BTreeMap;

    fn config(profiles: &[SignInProfile]) -> Config {
        Config {
            sign_in: profiles
                .iter()
                .map(|profile| (profile.name.clone(), profile.clone()))
                .collect(),
            servers: BTreeMap::new(),
            accounts: Vec::new(),
            vault: VaultConfig::default(),
            interface: Interface {
                theme: String::new(),
                ascii: false,
                undo_seconds: 10,
                signature: String::new(),
                keys: BTreeMap::new(),
            },
        }
    }

    fn alice() -> Address {
        Address::bare("Alice.B@contoso.com")
    }

    #[test]
    fn an_unknown_domain_lacks_everything_but_names() {
        let found = custom(&config(&[]), alice());
        assert_eq!(found.missing, ["authority", "client_id", "host"]);
        assert_eq!(found.account.name, "alice-b");
        assert_eq!(found.account.sign_in.name, "contoso");
        assert_eq!(found.account.sign_in.domains, ["contoso.com"]);
    }

    #[test]
    fn names_that_are_taken_are_numbered() {
        assert_eq!(free_name("a", &["a", "a-2"]), "a-3");
        assert_eq!(plain_name("--", "account"), "account");
        let taken = new_sign_in("contoso".into(), Provider::Custom, &alice());
        assert_eq!(profile_name(&config(&[taken]), &alice()), "contoso-2");
    }

    #[test]
    fn a_password_needs_neither_client_nor_authority() {
        let mut sign_in = new_sign_in("x".into(), Provider::Custom, &alice());
        sign_in.method = Method::Password;
        assert_eq!(missing(&sign_in, &empty_servers("x".into())), ["host"]);
    }
}
