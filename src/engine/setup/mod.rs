//! Setting an account up from an address alone: what the configuration knows, what discovery finds, what is missing.
//!
//! Makes suggestions only: nothing is saved here, and no mail server is spoken to.

mod profiles;

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::config::Config;
use crate::discover::{
    Basis, Finding, Findings, HostTrust, Online, Origin, Sources, find, old_server,
    provider_servers,
};
use crate::engine::{Alternative, Candidate, Engine, EngineError};
use crate::model::{
    Account, Address, Cloud, IncomingProtocol, IncomingServer, Method, OutgoingServer, Provider,
    ServerProfile, SignInProfile,
};
use crate::net::{Http, NetError, Trust};

use profiles::{
    account_name, empty_servers, known_servers, new_sign_in, profile_name, servers_of, sign_in_of,
};

/// How long finding out may take.
const LIMIT: Duration = Duration::from_secs(6);

/// Tells whether a text is a server address in the form of older programs.
pub fn is_old_server(text: &str) -> bool {
    old_server(text).is_some()
}

/// Returns a provider's own servers, where they are the same for everybody.
pub fn usual_servers(provider: Provider, cloud: Cloud) -> Option<(IncomingServer, OutgoingServer)> {
    provider_servers(provider, cloud)
}

impl Engine {
    /// Finds out what can be found out about an address, within 6 s.
    ///
    /// Where the configuration has a profile for the domain, nobody is asked. That nobody answers is no error:
    /// everything can be typed in.
    pub async fn discover(&self, address: Address) -> Result<Candidate, EngineError> {
        if let Some(found) = self.configured(&address) {
            return Ok(found);
        }
        Ok(self.discover_with(&online().await?, address).await)
    }

    /// The same, asking `sources`.
    pub(in crate::engine) async fn discover_with(
        &self,
        sources: &dyn Sources,
        address: Address,
    ) -> Candidate {
        if let Some(found) = self.configured(&address) {
            return found;
        }
        let found = find(sources, &address, LIMIT).await;
        from_findings(&self.inner.config(), address, &found)
    }

    /// Reads a server address in the form of older programs, such as `EWS:outlook.office365.com/ews/Exchange.asmx`,
    /// for an account that is being set up; asks nobody. `None` when it is something else.
    pub fn candidate_of_old_server(&self, address: Address, text: &str) -> Option<Candidate> {
        let old = old_server(text)?;
        let found = Findings {
            sign_in: old.finding.sign_in.clone(),
            servers: vec![old.finding],
            ..Findings::default()
        };
        let mut candidate = from_findings(&self.inner.config(), address, &found);
        // An Exchange Server of one's own keeps EWS: nothing stands in its place.
        let protocol = candidate.account.servers.incoming.protocol;
        candidate.stands_for_ews = (protocol != IncomingProtocol::Ews).then_some(old.host);
        Some(candidate)
    }

    /// Makes the candidate of what is known without asking anybody: the configuration, and the servers of `provider`.
    pub fn candidate_without_asking(
        &self,
        address: Address,
        provider: Option<Provider>,
        cloud: Cloud,
    ) -> Candidate {
        let config = self.inner.config();
        let configured = self.configured(&address);
        let is_wanted = |found: &Candidate| {
            provider.is_none_or(|provider| found.account.sign_in.provider == provider)
        };
        if let Some(found) = configured.filter(is_wanted) {
            return found;
        }
        let Some(provider) = provider else {
            return from_findings(&config, address, &Findings::default());
        };
        let method = match provider {
            Provider::Gmail => Method::Browser,
            _ => Method::DeviceCode,
        };
        let name = profile_name(&config, &address);
        let mut sign_in = new_sign_in(name.clone(), provider, method, &address);
        sign_in.cloud = cloud;
        let servers = known_servers(name, &sign_in);
        let known = Origin::Known;
        candidate(&config, address, (sign_in, known), (servers, known))
    }

    fn configured(&self, address: &Address) -> Option<Candidate> {
        let config = self.inner.config();
        let (sign_in, servers) = config.profiles_for(address)?;
        Some(from_config(&config, address.clone(), sign_in, servers))
    }
}

/// Opens the network; reads certificates and name servers, which may take a while.
async fn online() -> Result<Online, NetError> {
    let trust = tokio::task::spawn_blocking(|| Trust::load(None)).await;
    let trust = trust.unwrap_or_else(|_| Trust::load(None))?;
    Ok(Online::new(Http::new(&trust)?))
}

fn from_config(
    config: &Config,
    address: Address,
    sign_in: &SignInProfile,
    servers: Option<&ServerProfile>,
) -> Candidate {
    let (servers, servers_origin) = if let Some(servers) = servers {
        (servers.clone(), Origin::Config)
    } else {
        let name = profile_name(config, &address);
        (known_servers(name, sign_in), Origin::Known)
    };
    candidate(
        config,
        address,
        (sign_in.clone(), Origin::Config),
        (servers, servers_origin),
    )
}

/// Makes the candidate of what was found: the first suggestion, with all others behind it.
fn from_findings(config: &Config, address: Address, found: &Findings) -> Candidate {
    let name = profile_name(config, &address);
    let mut suggestions = found
        .servers
        .iter()
        .map(|finding| suggestion(config, &name, &address, finding));
    let Some(first) = suggestions.next() else {
        let sign_in = new_sign_in(name.clone(), Provider::Custom, Method::DeviceCode, &address);
        let servers = empty_servers(name);
        let known = Origin::Known;
        return candidate(config, address, (sign_in, known), (servers, known));
    };
    let alternatives = suggestions.collect();
    let mut candidate = candidate(
        config,
        address,
        (first.sign_in, first.sign_in_origin),
        (first.servers, first.servers_origin),
    );
    candidate.account.login = first.login;
    candidate.needs_consent = first.needs_consent;
    candidate.stands_for_ews = first.stands_for_ews;
    candidate.alternatives = alternatives;
    candidate
}

fn suggestion(config: &Config, name: &str, address: &Address, finding: &Finding) -> Alternative {
    let (sign_in, sign_in_origin) = sign_in_of(config, name, address, finding);
    Alternative {
        sign_in,
        sign_in_origin,
        servers: servers_of(name.to_owned(), finding),
        servers_origin: finding.origin,
        login: finding.login.clone(),
        needs_consent: match &finding.trust {
            HostTrust::Foreign { domain } => Some(domain.clone()),
            HostTrust::Own | HostTrust::Vouched => None,
        },
        stands_for_ews: match finding.basis {
            Basis::FromEws => Some(finding.incoming.host.clone()),
            Basis::Stated => None,
        },
    }
}

fn candidate(
    config: &Config,
    address: Address,
    (sign_in, sign_in_origin): (SignInProfile, Origin),
    (servers, servers_origin): (ServerProfile, Origin),
) -> Candidate {
    let missing = missing(&sign_in, &servers);
    let account = Account {
        name: account_name(config, &address),
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
        needs_consent: None,
        stands_for_ews: None,
        alternatives: Vec::new(),
    }
}

impl Candidate {
    /// Takes one of the alternatives in place of the suggestion, which becomes an alternative itself. What was typed
    /// for the account (its names, its additional users) stays. Does nothing when there is no such alternative.
    pub fn choose(&mut self, index: usize) {
        let Some(place) = self.alternatives.get_mut(index) else {
            return;
        };
        let account = &mut self.account;
        std::mem::swap(&mut account.sign_in, &mut place.sign_in);
        std::mem::swap(&mut account.servers, &mut place.servers);
        std::mem::swap(&mut account.login, &mut place.login);
        std::mem::swap(&mut self.sign_in_origin, &mut place.sign_in_origin);
        std::mem::swap(&mut self.servers_origin, &mut place.servers_origin);
        std::mem::swap(&mut self.needs_consent, &mut place.needs_consent);
        std::mem::swap(&mut self.stands_for_ews, &mut place.stands_for_ews);
        account.send_sign_in = account.sign_in.clone();
        self.look_again();
    }

    /// Finds out anew what is missing, after changes to the account.
    pub fn look_again(&mut self) {
        self.missing = missing(&self.account.sign_in, &self.account.servers);
    }
}

/// Names the fields without which the account cannot work.
fn missing(sign_in: &SignInProfile, servers: &ServerProfile) -> Vec<&'static str> {
    let mut missing = Vec::new();
    let needs_token = sign_in.method != Method::Password;
    let first_endpoint = match sign_in.method {
        Method::DeviceCode => sign_in.device_authorization_endpoint.is_some(),
        Method::Browser => sign_in.authorization_endpoint.is_some(),
        Method::ClientSecret | Method::ClientCertificate | Method::Password => true,
    };
    let has_endpoints = sign_in.token_endpoint.is_some() && first_endpoint;
    let is_built_in = match sign_in.provider {
        Provider::Microsoft365 | Provider::OutlookCom | Provider::Gmail => true,
        Provider::ExchangeServer | Provider::Custom => false,
    };
    if needs_token && !is_built_in && sign_in.authority.is_none() && !has_endpoints {
        missing.push("authority");
    }
    if needs_token && sign_in.client_id.is_empty() {
        missing.push("client_id");
    }
    if servers.incoming.host.is_empty() {
        missing.push("host");
    }
    missing
}
