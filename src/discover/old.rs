//! Server addresses in the form of older programs: `EWS:host/ews/Exchange.asmx`. Understood, never asked.

use url::Host;

use crate::discover::known;
use crate::discover::servers::known_finding;
use crate::discover::{Basis, Finding, HostTrust, Origin, SignInFinding, domain};
use crate::model::{
    Cloud, IncomingProtocol, IncomingServer, Method, OutgoingProtocol, OutgoingServer, Provider,
    TlsMode, WebAddress,
};

/// What older programs write before it.
const MARK: &str = "ews:";
/// How the path of an EWS server ends, in lower case: proxies put it anywhere (protocol facts §7.3).
const ENDING: &str = "/exchange.asmx";

/// A server address of an older program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OldServer {
    /// Its EWS server.
    pub host: String,
    /// The servers to use: that one, or Microsoft's IMAP and SMTP where EWS ends.
    pub finding: Finding,
}

/// Reads `EWS:host/path` or `https://host/ews/exchange.asmx`, in any case; `None` for everything else. A path that is
/// not the usual one is kept, since it is a proxy's.
pub fn old_server(text: &str) -> Option<OldServer> {
    let text = text.trim();
    let (rest, is_marked) = match text.split_at_checked(MARK.len()) {
        Some((mark, rest)) if mark.eq_ignore_ascii_case(MARK) => (rest.trim_start(), true),
        _ => (text, false),
    };
    let bare = match rest.split_once("://") {
        // Older programs did not care; here it is HTTPS all the same.
        Some((scheme, bare)) if is_web(scheme) => bare,
        None if is_marked => rest.trim_start_matches('/'),
        Some(_) | None => return None,
    };
    let lower = bare.to_ascii_lowercase();
    let is_ews = lower.trim_end_matches('/').ends_with(ENDING);
    let mut ews = WebAddress::read(bare).ok()?;
    if !is_marked && !is_ews {
        return None;
    }
    ews.host = match Host::parse(&ews.host).ok()? {
        Host::Domain(_) => domain::plain(&ews.host.to_lowercase())?,
        Host::Ipv4(_) | Host::Ipv6(_) => return None,
    };
    let host = ews.host.clone();
    let finding = stand_in(ews, Origin::Typed, HostTrust::Own);
    Some(OldServer { host, finding })
}

fn is_web(scheme: &str) -> bool {
    let mut known = ["http", "https"].iter();
    known.any(|web| scheme.eq_ignore_ascii_case(web))
}

/// Makes the finding for an EWS server. Exchange Online blocks EWS (protocol facts §7.1), so there IMAP stands in.
pub(super) fn stand_in(ews: WebAddress, origin: Origin, trust: HostTrust) -> Finding {
    if let Some(known) = known::by_host(&ews.host) {
        return Finding {
            basis: Basis::FromEws,
            ..known_finding(known, origin)
        };
    }
    let port = ews.port.unwrap_or(443);
    Finding {
        incoming: IncomingServer {
            protocol: IncomingProtocol::Ews,
            host: ews.host.clone(),
            port,
            tls: TlsMode::Implicit,
            path: ews.path.clone(),
        },
        outgoing: Some(OutgoingServer {
            protocol: OutgoingProtocol::Ews,
            host: ews.host,
            port,
            tls: TlsMode::Implicit,
            path: ews.path,
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
    fn port_and_path_of_a_proxy_are_kept() {
        let check = |text: &str, port: u16, path: Option<&str>| {
            let finding = old_server(text).unwrap().finding;
            let outgoing = finding.outgoing.unwrap();
            let expected = (port, path.map(str::to_owned));
            assert_eq!(
                (finding.incoming.port, finding.incoming.path),
                expected,
                "{text}"
            );
            assert_eq!((outgoing.port, outgoing.path), expected, "{text}");
        };
        check("EWS:mail.contoso.com/ews/exchange.asmx", 443, None);
        check("EWS:proxy.contoso.com/Mail/ews", 443, Some("/Mail/ews"));
        check(
            "https://proxy.contoso.com:8443/X/Exchange.asmx",
            8443,
            Some("/X/Exchange.asmx"),
        );
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
            "EWS:mail.contoso.com/a b",
            "EWS:/ews/exchange.asmx",
            "://mail.contoso.com/ews/exchange.asmx",
            "EWS:mail.contoso.com/a?b",
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
