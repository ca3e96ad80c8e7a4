//! `[servers.X]`: server profiles (design A3). Connects to nothing.

use crate::config::section::{Section, shown};
use crate::config::sign_in::{file, is_this_machine};
use crate::model::{
    IncomingProtocol, IncomingServer, OutgoingProtocol, OutgoingServer, ServerProfile, TlsMode,
    WebAddress, WebAddressError, service_path,
};

const KEYS: &[&str] = &[
    "incoming",
    "outgoing",
    "fallback",
    "ca_file",
    "files_sent_copy",
];
const SERVER_KEYS: &[&str] = &["protocol", "host", "port", "tls", "path"];

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
    if matches!(&fallback, Some(server) if server.protocol == OutgoingProtocol::Smtp) {
        let message =
            "it takes over where SMTP sign-in is switched off; expected protocol graph or ews";
        section.mistake("fallback", message);
        return None;
    }
    let incoming = incoming?;
    Some(ServerProfile {
        name: name.to_owned(),
        incoming: IncomingServer {
            protocol: incoming.protocol,
            host: incoming.host,
            port: incoming.port,
            tls: incoming.tls,
            path: incoming.path,
        },
        outgoing: outgoing.map(outgoing_server),
        fallback: fallback.map(outgoing_server),
        ca_file: file(&section, "ca_file"),
        files_sent_copy: section.boolean("files_sent_copy"),
    })
}

fn outgoing_server(server: Server<OutgoingProtocol>) -> OutgoingServer {
    OutgoingServer {
        protocol: server.protocol,
        host: server.host,
        port: server.port,
        tls: server.tls,
        path: server.path,
    }
}

/// A server of either direction.
struct Server<P> {
    protocol: P,
    host: String,
    port: u16,
    tls: TlsMode,
    path: Option<String>,
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

fn server<P: Copy + PartialEq>(
    parent: &Section<'_>,
    key: &str,
    direction: &Direction<P>,
) -> Option<Server<P>> {
    let node = parent.get(key)?;
    if let crate::config::tree::Value::Text(text) = &node.value
        && is_ews_address(text)
    {
        return Some(of_address(direction, known_ews(parent, key, text)?));
    }
    let section = parent.section(key)?.only(SERVER_KEYS);
    let protocol = protocol(&section, direction);
    let is_ews = protocol == Some(direction.ews);
    let place = if is_ews {
        ews_place(&section)
    } else {
        plain_place(&section)
    };
    let custom = protocol.map_or(&[][..], direction.ports);
    let (port, tls) = port_and_tls(&section, custom)?;
    let (protocol, place) = (protocol?, place?);
    let host = place.host;
    let stated = place.port.filter(|_| section.get("port").is_none());
    let port = stated.unwrap_or(port);
    let path = path_of(&section, place.path);
    if !is_ews && section.get("path").is_some() {
        section.mistake("path", "only a server of protocol ews has one");
        return None;
    }
    if custom == WEB && tls != TlsMode::Implicit {
        section.mistake("tls", "every request carries the token; expected implicit");
        return None;
    }
    if tls == TlsMode::None && !is_this_machine(&host) {
        let message =
            "\"none\" is only for a server on this machine; expected implicit or starttls";
        section.mistake("tls", message);
    }
    Some(Server {
        protocol,
        host,
        port,
        tls,
        path,
    })
}

fn of_address<P: Copy>(direction: &Direction<P>, ews: WebAddress) -> Server<P> {
    Server {
        protocol: direction.ews,
        host: ews.host,
        port: ews.port.unwrap_or(443),
        tls: TlsMode::Implicit,
        path: ews.path,
    }
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

/// Returns the path that is told, by itself or in the address of the host; nothing is the usual one.
fn path_of(section: &Section<'_>, from_host: Option<String>) -> Option<String> {
    let stated = section.get("path").and_then(|_| section.text("path"));
    let Some(text) = stated else {
        return from_host;
    };
    service_path(text).unwrap_or_else(|error| {
        section.mistake("path", format!("expected {error}"));
        None
    })
}

/// Reads the host; of EWS, its whole address may stand there.
fn ews_place(section: &Section<'_>) -> Option<WebAddress> {
    let text = section.required("host", "a host name")?;
    if text.contains('/') || is_ews_address(text) {
        return known_ews(section, "host", text);
    }
    plain_place(section)
}

fn plain_place(section: &Section<'_>) -> Option<WebAddress> {
    let (port, path) = (None, None);
    host(section).map(|host| WebAddress { host, port, path })
}

fn host(section: &Section<'_>) -> Option<String> {
    let text = section.required("host", "a host name")?;
    if is_ews_address(text) {
        return known_ews(section, "host", text).map(|ews| ews.host);
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

/// Takes an address of EWS apart, or reports what is wrong with it.
fn known_ews(section: &Section<'_>, key: &str, text: &str) -> Option<WebAddress> {
    let read = ews_address(text);
    if let Err(error) = &read {
        let message = match error {
            WebAddressError::NoHost => {
                "this address of Exchange Web Services names no host; expected \
                                        { protocol = \"ews\", host = \"…\" }"
                    .to_owned()
            }
            error => format!("not the address of Exchange Web Services; expected: {error}"),
        };
        section.mistake(key, message);
    }
    read.ok()
}

/// The old form `EWS:host/ews/Exchange.asmx` and a plain EWS URL both mean protocol EWS (design A3).
pub fn is_ews_address(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    text.starts_with("ews:") || text.ends_with("/ews/exchange.asmx")
}

/// Takes an address of either form apart. Older programs wrote `http`, too; it is HTTPS all the same.
fn ews_address(text: &str) -> Result<WebAddress, WebAddressError> {
    let text = text.trim();
    let rest = match text.split_at_checked(4) {
        Some((mark, rest)) if mark.eq_ignore_ascii_case("ews:") => {
            let bare = rest.split_once("://").map_or(rest, |(_, bare)| bare);
            bare.trim_start_matches('/')
        }
        _ => text,
    };
    let read = WebAddress::read(rest)?;
    match url::Host::parse(&read.host) {
        Ok(host @ url::Host::Domain(_)) if host.to_string().contains('.') => Ok(WebAddress {
            host: host.to_string(),
            ..read
        }),
        _ => Err(WebAddressError::NoHost),
    }
}

/// Returns the host of an address of either form.
pub fn ews_host(text: &str) -> Option<String> {
    ews_address(text).ok().map(|ews| ews.host)
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
