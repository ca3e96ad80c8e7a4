//! Server addresses in the form of older programs: `EWS:host/ews/Exchange.asmx`. Understood, never asked.

use url::Host;

use crate::discover::known;
use crate::discover::servers::known_finding;
use crate::discover::{Basis, Finding, HostTrust, Origin, SignInFinding, domain};
use crate::model::{
    Cloud, IncomingProtocol, IncomingServer, Method, OutgoingProtocol, OutgoingServer, Provider,
    TlsMode,
};

/// The path of every EWS server (protocol facts §7.3), in lower case.
const PATH: &str = "/ews/exchange.asmx";

/// A server address of an older program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OldServer {
    /// Its EWS server.
    pub host: String,
    /// The servers to use: that one, or Microsoft's IMAP and SMTP where EWS ends.
    pub finding: Finding,
}

/// Reads `EWS:host/ews/Exchange.asmx` or `https://host/ews/exchange.asmx`, in any case; `None` for everything else.
pub fn old_server(text: &str) -> Option<OldServer> {
    let text = text.trim().to_lowercase();
    let (rest, is_marked) = match text.strip_prefix("ews:") {
        Some(rest) => (rest.trim_start(), true),
        None => (text.as_str(), false),
    };
    let bare = rest
        .strip_prefix("https://")
        .or_else(|| rest.strip_prefix("http://"));
    let has_scheme = bare.is_some();
    let bare = bare.unwrap_or_else(|| rest.trim_start_matches('/'));
    let (place, path) = match bare.split_once('/') {
        Some((place, path)) => (place, format!("/{path}")),
        None => (bare, String::new()),
    };
    let is_ews = path.trim_end_matches('/') == PATH;
    let is_old =
        (is_marked && (is_ews || path.is_empty() || path == "/")) || (has_scheme && is_ews);
    if !is_old {
        return None;
    }
    let host = match place.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => place,
    };
    let host = match Host::parse(host).ok()? {
        Host::Domain(_) => domain::plain(host)?,
        Host::Ipv4(_) | Host::Ipv6(_) => return None,
    };
    let finding = stand_in(&host, Origin::Typed, HostTrust::Own);
    Some(OldServer { host, finding })
}

/// Makes the finding for an EWS server. Exchange Online blocks EWS (protocol facts §7.1), so there IMAP stands in.
pub(super) fn stand_in(host: &str, origin: Origin, trust: HostTrust) -> Finding {
    if let Some(known) = known::by_host(host) {
        return Finding {
            basis: Basis::FromEws,
            ..known_finding(known, origin)
        };
    }
    Finding {
        incoming: IncomingServer {
            protocol: IncomingProtocol::Ews,
            host: host.to_owned(),
            port: 443,
            tls: TlsMode::Implicit,
        },
        outgoing: Some(OutgoingServer {
            protocol: OutgoingProtocol::Ews,
            host: host.to_owned(),
            port: 443,
            tls: TlsMode::Implicit,
        }),
        login: None,
        sign_in: Some(SignInFinding {
            provider: Provider::ExchangeServer,
            method: Method::Password,
            cloud: Cloud::Public,
            tenant: String::new(),
            endpoints: None,
            origin,
        }),
        origin,
        trust,
        basis: Basis::Stated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, &str, Provider)>) {
        let found = old_server(text);
        let seen = found.as_ref().map(|old| {
            let provider = old.finding.sign_in.as_ref().unwrap().provider;
            (
                old.host.as_str(),
                old.finding.incoming.host.as_str(),
                provider,
            )
        });
        assert_eq!(seen, expected, "{text}");
        let is_own = |provider| provider == Provider::ExchangeServer;
        let protocol = found.as_ref().map(|old| old.finding.incoming.protocol);
        let expected = seen.map(|(.., provider)| {
            if is_own(provider) {
                IncomingProtocol::Ews
            } else {
                IncomingProtocol::Imap
            }
        });
        assert_eq!(protocol, expected, "{text}");
    }

    #[test]
    fn every_old_form_of_an_ews_server_is_understood() {
        let cloud = "outlook.office365.com";
        let online = Some((cloud, cloud, Provider::Microsoft365));
        check("EWS:outlook.office365.com/ews/Exchange.asmx", online);
        check(
            " ews:https://outlook.office365.com/EWS/Exchange.asmx ",
            online,
        );
        check(
            "https://OUTLOOK.office365.com:443/ews/exchange.ASMX/",
            online,
        );
        check("EWS:outlook.office365.com", online);
        let own = "mail.contoso.com";
        let on_premises = Some((own, own, Provider::ExchangeServer));
        check("http://mail.contoso.com/EWS/Exchange.asmx", on_premises);
        check("EWS://mail.contoso.com/ews/exchange.asmx", on_premises);
    }

    #[test]
    fn other_addresses_are_not_taken_for_ews() {
        for text in [
            "",
            "EWS:",
            "outlook.office365.com",
            "imap.contoso.com:993",
            "https://mail.contoso.com/owa",
            "mail.contoso.com/ews/exchange.asmx",
            "https://127.0.0.1/ews/exchange.asmx",
            "EWS:a b.c/ews/exchange.asmx",
            "ftp://mail.contoso.com/ews/exchange.asmx",
            "EWS:mail.contoso.com/owa",
            "alice@contoso.com",
        ] {
            check(text, None);
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(text in ".*", tail in ".*") {
            let _ = (old_server(&text), old_server(&format!("ews:{tail}")));
        }
    }
}
