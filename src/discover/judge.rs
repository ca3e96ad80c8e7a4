//! From what a source said to findings: whose host it is, how one signs in there. Asks nobody.

use url::Url;

use crate::discover::clientconfig::{ClientConfig, Entry};
use crate::discover::domain::{Voucher, registrable, trust};
use crate::discover::known;
use crate::discover::old::stand_in;
use crate::discover::servers::{known_finding, known_sign_in};
use crate::discover::srv::{Place, Places};
use crate::discover::{
    Basis, DiscoverError, Endpoints, Finding, HostTrust, Origin, SignInFinding, domain,
};
use crate::model::{
    Cloud, IncomingProtocol, IncomingServer, Method, OutgoingProtocol, OutgoingServer, Provider,
    WebAddress,
};

/// The most findings that are made of one source's answer.
const FINDING_LIMIT: usize = 4;

/// Whose word a file is.
#[derive(Clone, Copy, Debug)]
pub struct Publisher<'a> {
    /// The host that it came from.
    pub host: &'a str,
    /// What it is called.
    pub origin: Origin,
    /// Whether it vouches for the hosts in it.
    pub voucher: Voucher,
}

/// Makes findings of a file in Mozilla's format: one for each IMAP server with TLS, all with the best SMTP server.
pub fn from_file(
    config: &ClientConfig,
    publisher: Publisher<'_>,
    mail_domain: &str,
) -> Result<Vec<Finding>, DiscoverError> {
    let is_imap = |entry: &&Entry| entry.kind == "imap";
    let is_smtp = |entry: &&Entry| entry.kind == "smtp";
    let has_imap = config.incoming.iter().any(|entry| is_imap(&entry));
    let outgoing = config
        .outgoing
        .iter()
        .filter(is_smtp)
        .find_map(|entry| Some(smtp(&place(entry)?)));
    let endpoints = config.endpoints.as_ref().filter(|endpoints| {
        publisher.voucher == Voucher::Source || are_own(endpoints, mail_domain)
    });
    let found: Vec<Finding> = config
        .incoming
        .iter()
        .filter(is_imap)
        .filter_map(|entry| Some((entry, place(entry)?)))
        .take(FINDING_LIMIT)
        .map(|(entry, place)| Finding {
            incoming: imap(&place),
            outgoing: outgoing.clone(),
            login: entry.login.clone(),
            sign_in: sign_in(entry, endpoints, publisher.origin),
            origin: publisher.origin,
            trust: HostTrust::Own,
            basis: Basis::Stated,
        })
        .map(|finding| judged(finding, mail_domain, publisher.voucher))
        .collect();
    if found.is_empty() && has_imap {
        let host = publisher.host.to_owned();
        return Err(DiscoverError::Unprotected { host });
    }
    Ok(found)
}

/// Makes findings of SRV records.
pub fn from_records(places: &Places, mail_domain: &str) -> Vec<Finding> {
    let outgoing = places.outgoing.first().map(smtp);
    places
        .incoming
        .iter()
        .take(FINDING_LIMIT)
        .map(|place| Finding {
            incoming: imap(place),
            outgoing: outgoing.clone(),
            login: None,
            sign_in: None,
            origin: Origin::Srv,
            trust: HostTrust::Own,
            basis: Basis::Stated,
        })
        .map(|finding| judged(finding, mail_domain, Voucher::Nobody))
        .collect()
}

/// Makes the finding of the EWS server that Autodiscover named.
pub fn from_ews(ews: WebAddress, mail_domain: &str) -> Finding {
    if let Some(known) = known::by_host(&ews.host) {
        // In the cloud, whoever has EWS has IMAP.
        return known_finding(known, Origin::Autodiscover);
    }
    let trust = trust(&ews.host, mail_domain, Voucher::Nobody);
    stand_in(ews, Origin::Autodiscover, trust)
}

/// Sees whose hosts they are. Of hosts known by heart the sign-in is known too, whatever a file says; and Microsoft's
/// servers are taken from the table, because files name ports that are closed there.
fn judged(finding: Finding, mail_domain: &str, voucher: Voucher) -> Finding {
    let incoming = trust(&finding.incoming.host, mail_domain, voucher);
    let outgoing = finding
        .outgoing
        .as_ref()
        .map(|server| trust(&server.host, mail_domain, voucher));
    let worst = match (incoming, outgoing) {
        (foreign @ HostTrust::Foreign { .. }, _)
        | (_, Some(foreign @ HostTrust::Foreign { .. })) => foreign,
        (HostTrust::Vouched, _) | (_, Some(HostTrust::Vouched)) => HostTrust::Vouched,
        (HostTrust::Own, _) => HostTrust::Own,
    };
    let Some(known) = known::by_host(&finding.incoming.host) else {
        return Finding {
            trust: worst,
            ..finding
        };
    };
    let origin = finding.origin;
    if known.provider.is_microsoft() {
        return known_finding(known, origin);
    }
    Finding {
        sign_in: Some(known_sign_in(known, origin)),
        trust: worst,
        ..finding
    }
}

/// Tells how one signs in at a server of a file.
fn sign_in(entry: &Entry, endpoints: Option<&Endpoints>, origin: Origin) -> Option<SignInFinding> {
    let endpoints = endpoints.filter(|_| entry.has_oauth);
    if endpoints.is_none() && !entry.has_password {
        return None;
    }
    Some(SignInFinding {
        provider: Provider::Custom,
        method: match endpoints {
            Some(_) => Method::Browser,
            None => Method::Password,
        },
        cloud: Cloud::Public,
        tenant: String::new(),
        endpoints: endpoints.cloned(),
        origin,
    })
}

/// Tells whether a sign-in service belongs to the mail domain's owner.
fn are_own(endpoints: &Endpoints, mail_domain: &str) -> bool {
    [&endpoints.authorization, &endpoints.token]
        .into_iter()
        .all(|text| {
            let host = Url::parse(text).ok();
            let host = host
                .as_ref()
                .and_then(Url::host_str)
                .and_then(domain::plain);
            host.is_some_and(|host| registrable(&host) == registrable(mail_domain))
        })
}

fn place(entry: &Entry) -> Option<Place> {
    Some(Place {
        host: entry.host.clone(),
        port: entry.port,
        tls: entry.tls?,
    })
}

fn imap(place: &Place) -> IncomingServer {
    IncomingServer {
        protocol: IncomingProtocol::Imap,
        host: place.host.clone(),
        port: place.port,
        tls: place.tls,
        path: None,
    }
}

fn smtp(place: &Place) -> OutgoingServer {
    OutgoingServer {
        protocol: OutgoingProtocol::Smtp,
        host: place.host.clone(),
        port: place.port,
        tls: place.tls,
        path: None,
    }
}
