//! From the table's entries to servers and sign-ins of the model.

use crate::discover::known::{self, Known, Server};
use crate::discover::{Basis, Endpoints, Finding, HostTrust, Origin, SignInFinding};
use crate::model::{
    Cloud, IncomingProtocol, IncomingServer, OutgoingProtocol, OutgoingServer, Provider, TlsMode,
};

/// Returns a provider's servers, if the provider alone tells them (protocol facts §1.3, §9.1). Microsoft's for
/// sending use STARTTLS, since port 465 is closed there.
pub fn provider_servers(
    provider: Provider,
    cloud: Cloud,
) -> Option<(IncomingServer, OutgoingServer)> {
    let known = match provider {
        Provider::Microsoft365 => Some(known::microsoft(cloud)),
        Provider::OutlookCom => known::by_domain("outlook.com"),
        Provider::Gmail => known::by_domain("gmail.com"),
        Provider::ExchangeServer | Provider::Custom => None,
    }?;
    Some((imap(known.incoming), smtp(known.outgoing)))
}

/// Returns a provider's server for reading over a protocol, if the provider alone tells it.
pub fn provider_incoming(
    provider: Provider,
    cloud: Cloud,
    protocol: IncomingProtocol,
) -> Option<IncomingServer> {
    let (usual, _) = provider_servers(provider, cloud)?;
    let host = match (provider, protocol) {
        (_, IncomingProtocol::Imap) => return Some(usual),
        (Provider::Gmail, IncomingProtocol::Pop3) => "pop.gmail.com",
        (_, IncomingProtocol::Pop3) | (Provider::Microsoft365, IncomingProtocol::Ews) => {
            &usual.host
        }
        (Provider::Microsoft365 | Provider::OutlookCom, IncomingProtocol::Graph) => {
            cloud.graph_host()
        }
        (_, IncomingProtocol::Ews | IncomingProtocol::Graph) => return None,
    };
    Some(IncomingServer {
        protocol,
        host: host.to_owned(),
        port: protocol.port(TlsMode::Implicit),
        tls: TlsMode::Implicit,
        path: None,
    })
}

/// Returns a provider's server for sending over a protocol, if the provider alone tells it.
pub fn provider_outgoing(
    provider: Provider,
    cloud: Cloud,
    protocol: OutgoingProtocol,
) -> Option<OutgoingServer> {
    let incoming = match protocol {
        OutgoingProtocol::Smtp => return Some(provider_servers(provider, cloud)?.1),
        OutgoingProtocol::Ews => IncomingProtocol::Ews,
        OutgoingProtocol::Graph => IncomingProtocol::Graph,
    };
    let server = provider_incoming(provider, cloud, incoming)?;
    Some(OutgoingServer {
        protocol,
        host: server.host,
        port: server.port,
        tls: server.tls,
        path: None,
    })
}

/// Makes a finding of a table's entry.
pub(super) fn known_finding(known: &Known, origin: Origin) -> Finding {
    Finding {
        incoming: imap(known.incoming),
        outgoing: Some(smtp(known.outgoing)),
        login: None,
        sign_in: Some(known_sign_in(known, origin)),
        origin,
        trust: HostTrust::Vouched,
        basis: Basis::Stated,
    }
}

/// Returns how one signs in at a known provider.
pub(super) fn known_sign_in(known: &Known, origin: Origin) -> SignInFinding {
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    SignInFinding {
        provider: known.provider,
        method: known.method,
        cloud: known.cloud,
        tenant: match known.provider {
            Provider::Microsoft365 => "organizations",
            Provider::OutlookCom => "consumers",
            Provider::ExchangeServer | Provider::Gmail | Provider::Custom => "",
        }
        .to_owned(),
        endpoints: known.endpoints.as_ref().map(|endpoints| Endpoints {
            authorization: endpoints.authorization.to_owned(),
            token: endpoints.token.to_owned(),
            scopes: words(endpoints.scopes),
        }),
        origin,
    }
}

fn imap((host, port, tls): Server) -> IncomingServer {
    IncomingServer {
        protocol: IncomingProtocol::Imap,
        host: host.to_owned(),
        port,
        tls,
        path: None,
    }
}

fn smtp((host, port, tls): Server) -> OutgoingServer {
    OutgoingServer {
        protocol: OutgoingProtocol::Smtp,
        host: host.to_owned(),
        port,
        tls,
        path: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::domain;
    use crate::discover::known::{TABLE, by_domain, by_exchanger, by_host};
    use crate::model::Method;
    use url::Url;

    #[test]
    fn clouds_have_their_own_servers() {
        for (cloud, imap, smtp) in [
            (Cloud::Public, "outlook.office365.com", "smtp.office365.com"),
            (Cloud::UsGov, "outlook.office365.us", "outlook.office365.us"),
            (
                Cloud::UsDod,
                "outlook-dod.office365.us",
                "outlook-dod.office365.us",
            ),
            (
                Cloud::China,
                "partner.outlook.cn",
                "smtp.partner.outlook.cn",
            ),
        ] {
            let servers = provider_servers(Provider::Microsoft365, cloud);
            let (incoming, outgoing) = servers.unwrap();
            assert_eq!((incoming.host.as_str(), incoming.port), (imap, 993));
            assert_eq!((outgoing.host.as_str(), outgoing.port), (smtp, 587));
            assert_eq!(outgoing.tls, TlsMode::StartTls);
        }
        let smtp = |provider| provider_servers(provider, Cloud::Public).map(|pair| pair.1.host);
        assert_eq!(
            smtp(Provider::OutlookCom).as_deref(),
            Some("smtp-mail.outlook.com")
        );
        assert_eq!(smtp(Provider::Gmail).as_deref(), Some("smtp.gmail.com"));
        assert_eq!(smtp(Provider::Custom), None);
    }

    #[track_caller]
    fn check(found: Option<&Known>, expected: Option<(Provider, Cloud)>) {
        assert_eq!(found.map(|known| (known.provider, known.cloud)), expected);
    }

    #[test]
    fn exchangers_tell_whose_customer_a_domain_is() {
        let work = |cloud| Some((Provider::Microsoft365, cloud));
        check(
            by_exchanger("contoso-com.mail.protection.outlook.com"),
            work(Cloud::Public),
        );
        check(
            by_exchanger("contoso-com.o-v1.mx.microsoft"),
            work(Cloud::Public),
        );
        check(
            by_exchanger("contoso-com.mail.protection.office365.us"),
            work(Cloud::UsGov),
        );
        check(
            by_exchanger("contoso-cn.mail.protection.partner.outlook.cn"),
            work(Cloud::China),
        );
        let personal = Some((Provider::OutlookCom, Cloud::Public));
        check(by_exchanger("x.olc.protection.outlook.com"), personal);
        let google = Some((Provider::Gmail, Cloud::Public));
        check(by_exchanger("aspmx.l.google.com"), google);
        check(
            by_exchanger("mail.protection.outlook.com.evil.example"),
            None,
        );
        check(by_exchanger("mx.contoso.com"), None);
    }

    #[test]
    fn hosts_tell_the_cloud_and_personal_accounts() {
        let work = |cloud| Some((Provider::Microsoft365, cloud));
        check(by_host("outlook.office365.com"), work(Cloud::Public));
        check(by_host("webmail.apps.mil"), work(Cloud::UsDod));
        check(by_host("outlook-dod.office365.us"), work(Cloud::UsDod));
        check(by_host("smtp.office365.us"), work(Cloud::UsGov));
        check(by_host("partner.outlook.cn"), work(Cloud::China));
        let personal = Some((Provider::OutlookCom, Cloud::Public));
        check(by_host("imap-mail.outlook.com"), personal);
        check(by_host("notoutlook.com"), None);
    }

    #[test]
    fn every_entry_is_complete_and_no_domain_stands_in_two() {
        let mut seen = std::collections::BTreeSet::new();
        for known in TABLE {
            let finding = known_finding(known, Origin::Known);
            let outgoing = finding.outgoing.unwrap();
            assert_ne!(finding.incoming.tls, TlsMode::None);
            for host in [&finding.incoming.host, &outgoing.host] {
                assert_eq!(domain::plain(host).as_ref(), Some(host));
                let owner = by_host(host).map(|known| known.cloud);
                assert_eq!(owner, Some(known.cloud), "{host}");
            }
            for domain in known.domains {
                assert_eq!(domain::plain(domain).as_deref(), Some(*domain));
                assert!(seen.insert(domain), "{domain} twice");
                check(by_domain(domain), Some((known.provider, known.cloud)));
            }
            if let Some(endpoints) = &known.endpoints {
                for url in [endpoints.authorization, endpoints.token] {
                    assert_eq!(Url::parse(url).unwrap().scheme(), "https");
                }
            }
            let is_oauth = known.provider != Provider::Custom || known.endpoints.is_some();
            assert!(is_oauth || known.method == Method::Password);
        }
    }

    #[test]
    fn every_protocol_of_a_provider_has_its_server() {
        let check = |provider, protocol, expected: Option<(&str, u16)>| {
            let found = provider_incoming(provider, Cloud::Public, protocol);
            let found = found.as_ref().map(|one| (one.host.as_str(), one.port));
            assert_eq!(found, expected, "{provider:?} {protocol:?}");
        };
        let online = "outlook.office365.com";
        let graph = Some(("graph.microsoft.com", 443));
        check(
            Provider::Microsoft365,
            IncomingProtocol::Pop3,
            Some((online, 995)),
        );
        check(
            Provider::Microsoft365,
            IncomingProtocol::Ews,
            Some((online, 443)),
        );
        check(Provider::Microsoft365, IncomingProtocol::Graph, graph);
        check(Provider::OutlookCom, IncomingProtocol::Graph, graph);
        check(Provider::OutlookCom, IncomingProtocol::Ews, None);
        check(
            Provider::Gmail,
            IncomingProtocol::Pop3,
            Some(("pop.gmail.com", 995)),
        );
        check(Provider::Gmail, IncomingProtocol::Graph, None);
        check(Provider::ExchangeServer, IncomingProtocol::Ews, None);
    }
}
