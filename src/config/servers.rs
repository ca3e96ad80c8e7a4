//! `[servers.X]`: server profiles (design A3). Connects to nothing.

use crate::config::section::{Section, shown};
use crate::config::sign_in::{file, is_this_machine};
use crate::model::{
    IncomingProtocol, IncomingServer, OutgoingProtocol, OutgoingServer, ServerProfile, TlsMode,
};

const KEYS: &[&str] = &[
    "incoming",
    "outgoing",
    "fallback",
    "ca_file",
    "files_sent_copy",
];
const SERVER_KEYS: &[&str] = &["protocol", "host", "port", "tls"];

/// Protections by their word.
pub const TLS_MODES: &[(&str, TlsMode)] = &[
    ("implicit", TlsMode::Implicit),
    ("starttls", TlsMode::StartTls),
    ("none", TlsMode::None),
];

/// Reads a profile; `None` when a mistake was reported.
pub fn read(name: &str, section: Section<'_>) -> Option<ServerProfile> {
    let section = section.only(KEYS);
    if section.get("incoming").is_none() {
        let message = "missing; expected { protocol = \"imap\", host = \"…\", port = 993, tls = \"implicit\" }";
        section.mistake("incoming", message);
    }
    let incoming = server(&section, "incoming", &INCOMING);
    let outgoing = server(&section, "outgoing", &OUTGOING);
    let fallback = server(&section, "fallback", &OUTGOING);
    let is_lost = |key, server: &Option<_>| section.get(key).is_some() && server.is_none();
    if is_lost("outgoing", &outgoing) || is_lost("fallback", &fallback) {
        return None;
    }
    if matches!(&fallback, Some((OutgoingProtocol::Smtp, ..))) {
        let message =
            "it takes over where SMTP sign-in is switched off; expected protocol graph or ews";
        section.mistake("fallback", message);
        return None;
    }
    let (protocol, host, port, tls) = incoming?;
    Some(ServerProfile {
        name: name.to_owned(),
        incoming: IncomingServer {
            protocol,
            host,
            port,
            tls,
        },
        outgoing: outgoing.map(outgoing_server),
        fallback: fallback.map(outgoing_server),
        ca_file: file(&section, "ca_file"),
        files_sent_copy: section.boolean("files_sent_copy"),
    })
}

fn outgoing_server(
    (protocol, host, port, tls): (OutgoingProtocol, String, u16, TlsMode),
) -> OutgoingServer {
    OutgoingServer {
        protocol,
        host,
        port,
        tls,
    }
}

/// What a server of one direction may say.
struct Direction<P: 'static> {
    protocols: &'static [(&'static str, P)],
    ews: P,
    /// Ports whose protection is fixed by custom; the first of a kind is that kind's default.
    ports: fn(P) -> &'static [(u16, TlsMode)],
}

const INCOMING: Direction<IncomingProtocol> = Direction {
    protocols: &[
        ("imap", IncomingProtocol::Imap),
        ("pop3", IncomingProtocol::Pop3),
        ("ews", IncomingProtocol::Ews),
        ("graph", IncomingProtocol::Graph),
    ],
    ews: IncomingProtocol::Ews,
    ports: |protocol| match protocol {
        IncomingProtocol::Imap => &[
            (993, TlsMode::Implicit),
            (143, TlsMode::StartTls),
            (143, TlsMode::None),
        ],
        IncomingProtocol::Pop3 => &[
            (995, TlsMode::Implicit),
            (110, TlsMode::StartTls),
            (110, TlsMode::None),
        ],
        IncomingProtocol::Ews | IncomingProtocol::Graph => WEB,
    },
};

const OUTGOING: Direction<OutgoingProtocol> = Direction {
    protocols: &[
        ("smtp", OutgoingProtocol::Smtp),
        ("ews", OutgoingProtocol::Ews),
        ("graph", OutgoingProtocol::Graph),
    ],
    ews: OutgoingProtocol::Ews,
    ports: |protocol| match protocol {
        OutgoingProtocol::Smtp => &[
            (587, TlsMode::StartTls),
            (465, TlsMode::Implicit),
            (25, TlsMode::None),
        ],
        OutgoingProtocol::Ews | OutgoingProtocol::Graph => WEB,
    },
};

/// HTTPS only: a token in every request must not be read on the way.
const WEB: &[(u16, TlsMode)] = &[(443, TlsMode::Implicit)];

fn server<P: Copy>(
    parent: &Section<'_>,
    key: &str,
    direction: &Direction<P>,
) -> Option<(P, String, u16, TlsMode)> {
    let node = parent.get(key)?;
    if let crate::config::tree::Value::Text(text) = &node.value
        && is_ews_address(text)
    {
        let host = known_ews_host(parent, key, text)?;
        return Some((direction.ews, host, 443, TlsMode::Implicit));
    }
    let section = parent.section(key)?.only(SERVER_KEYS);
    let protocol = protocol(&section, direction);
    let host = host(&section);
    let custom = protocol.map_or(&[][..], direction.ports);
    let (port, tls) = port_and_tls(&section, custom)?;
    let (protocol, host) = (protocol?, host?);
    if custom == WEB && tls != TlsMode::Implicit {
        section.mistake("tls", "every request carries the token; expected implicit");
        return None;
    }
    if tls == TlsMode::None && !is_this_machine(&host) {
        let message =
            "\"none\" is only for a server on this machine; expected implicit or starttls";
        section.mistake("tls", message);
    }
    Some((protocol, host, port, tls))
}

/// An EWS address in the place of the host says the protocol, too.
fn protocol<P: Copy>(section: &Section<'_>, direction: &Direction<P>) -> Option<P> {
    if section.get("protocol").is_none() && section.text("host").is_some_and(is_ews_address) {
        return Some(direction.ews);
    }
    section.required("protocol", &names(direction));
    section.get("protocol")?;
    section.choice("protocol", direction.protocols)
}

fn names<P>(direction: &Direction<P>) -> String {
    let names: Vec<&str> = direction.protocols.iter().map(|(name, _)| *name).collect();
    crate::config::section::one_of(&names)
}

/// Either of the two says the other where custom has fixed it.
fn port_and_tls(section: &Section<'_>, custom: &[(u16, TlsMode)]) -> Option<(u16, TlsMode)> {
    let has_port = section.get("port").is_some();
    let has_tls = section.get("tls").is_some();
    let port = section.number("port", 1, u32::from(u16::MAX));
    let port = port.and_then(|port| u16::try_from(port).ok());
    let tls = section.choice("tls", TLS_MODES);
    if has_port && port.is_none() || has_tls && tls.is_none() {
        return None;
    }
    let by_port = port.and_then(|port| custom.iter().find(|(number, _)| *number == port));
    let by_tls = tls.and_then(|tls| custom.iter().find(|(_, mode)| *mode == tls));
    let first = custom.first().copied();
    if custom == WEB && tls.is_none() {
        // Whatever the port, there is only one protection.
        return Some((port.unwrap_or(443), TlsMode::Implicit));
    }
    match (port, tls) {
        (Some(port), Some(tls)) => Some((port, tls)),
        (None, Some(tls)) => by_tls.map(|(port, _)| (*port, tls)),
        (None, None) => first,
        (Some(port), None) if by_port.is_some() => by_port.map(|(_, tls)| (port, *tls)),
        (Some(_), None) => {
            section.mistake("tls", "missing; expected implicit or starttls");
            None
        }
    }
}

fn host(section: &Section<'_>) -> Option<String> {
    let text = section.required("host", "a host name")?;
    if is_ews_address(text) {
        return known_ews_host(section, "host", text);
    }
    if text.parse::<std::net::IpAddr>().is_ok() {
        return Some(text.to_owned());
    }
    match url::Host::parse(text) {
        Ok(host) if !text.contains(['%', '[']) => Some(host.to_string()),
        _ => {
            let message = format!(
                "expected a host name such as \"outlook.office365.com\", found {}",
                shown(text)
            );
            section.mistake("host", message);
            None
        }
    }
}

/// Returns the host of an EWS address, or reports that it has none.
fn known_ews_host(section: &Section<'_>, key: &str, text: &str) -> Option<String> {
    let host = ews_host(text);
    if host.is_none() {
        let message = "this address of Exchange Web Services names no host; expected \
                       { protocol = \"ews\", host = \"…\" }";
        section.mistake(key, message);
    }
    host
}

/// The old form `EWS:host/ews/Exchange.asmx` and a plain EWS URL both mean protocol EWS (design A3).
pub fn is_ews_address(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    text.starts_with("ews:") || text.ends_with("/ews/exchange.asmx")
}

/// Returns the host of an address of either form.
pub fn ews_host(text: &str) -> Option<String> {
    let text = text.trim();
    let rest = match text.split_at_checked(4) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ews:") => rest,
        _ => text,
    };
    let rest = rest
        .split_once("://")
        .map_or(rest, |(_, rest)| rest)
        .trim_start_matches('/');
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    match url::Host::parse(host) {
        Ok(host @ url::Host::Domain(_)) if host.to_string().contains('.') => Some(host.to_string()),
        _ => None,
    }
}

/// Whether a host is Exchange Online's, in any cloud (protocol facts §1.3): EWS ends there.
pub fn is_exchange_online(host: &str) -> bool {
    [
        "outlook.office365.com",
        "outlook.office.com",
        "outlook.office365.us",
        "outlook-dod.office365.us",
        "webmail.apps.mil",
        "partner.outlook.cn",
    ]
    .iter()
    .any(|known| known.eq_ignore_ascii_case(host))
}

/// Returns where mail is submitted for a host that serves EWS (protocol facts §1.3).
pub fn submission_host(host: &str) -> String {
    match host.to_ascii_lowercase().as_str() {
        "outlook.office365.com" | "outlook.office.com" => "smtp.office365.com",
        "partner.outlook.cn" => "smtp.partner.outlook.cn",
        _ => host,
    }
    .to_owned()
}
