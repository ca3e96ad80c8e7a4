//! Accounts, sign-in profiles and server profiles, checked and complete (design A3).
//!
//! The identity that signs in and the mailbox that is opened are two things everywhere.

mod web_address;

use serde::{Deserialize, Serialize};

pub use web_address::{EWS_PATH, WebAddress, WebAddressError, service_path};

use crate::model::AccountId;
use crate::model::Address;
use crate::model::MailboxId;
use crate::model::SignInProfile;

/// How a connection is protected.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// TLS from the first byte.
    Implicit,
    /// Plain greeting, then STARTTLS; never without it.
    #[serde(rename = "starttls")]
    StartTls,
    /// No TLS: only for a server on this machine, and never with a token.
    None,
}

/// Protocols for reading.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IncomingProtocol {
    /// RFC 9051 and RFC 3501.
    Imap,
    /// RFC 1939, RFC 2449.
    Pop3,
    /// Exchange Web Services.
    Ews,
    /// Microsoft Graph.
    Graph,
}

impl IncomingProtocol {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::Imap, Self::Graph, Self::Ews, Self::Pop3];

    /// Returns the stable name of settings and `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Ews => "ews",
            Self::Graph => "graph",
        }
    }

    /// Reads a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// Returns the name that people know.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Ews => "EWS",
            Self::Graph => "Microsoft Graph",
        }
    }

    /// Returns the shortest name that is understood, for lines with little room.
    pub const fn short_title(self) -> &'static str {
        match self {
            Self::Graph => "Graph",
            other => other.title(),
        }
    }

    /// Tells whether every request is an HTTPS request of its own; then port 443 is usual and there is no STARTTLS.
    pub const fn is_web(self) -> bool {
        matches!(self, Self::Ews | Self::Graph)
    }

    /// Tells whether the server has folders besides the inbox; where not, mail can be neither moved nor filed there.
    pub const fn has_folders(self) -> bool {
        !matches!(self, Self::Pop3)
    }

    /// Tells whether the server can search.
    pub const fn can_search(self) -> bool {
        !matches!(self, Self::Pop3)
    }

    /// Tells whether the server keeps flags; where not, they are this program's alone.
    pub const fn keeps_flags(self) -> bool {
        !matches!(self, Self::Pop3)
    }

    /// Returns the usual port.
    pub const fn port(self, tls: TlsMode) -> u16 {
        match (self, tls) {
            (Self::Imap, TlsMode::Implicit) => 993,
            (Self::Imap, _) => 143,
            (Self::Pop3, TlsMode::Implicit) => 995,
            (Self::Pop3, _) => 110,
            (Self::Ews | Self::Graph, _) => 443,
        }
    }
}

/// Protocols for sending.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutgoingProtocol {
    /// RFC 6409.
    Smtp,
    /// Exchange Web Services.
    Ews,
    /// Microsoft Graph.
    Graph,
}

impl OutgoingProtocol {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Smtp, Self::Graph, Self::Ews];

    /// Returns the stable name of settings and `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Ews => "ews",
            Self::Graph => "graph",
        }
    }

    /// Reads a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// Returns the name that people know.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Smtp => "SMTP",
            Self::Ews => "EWS",
            Self::Graph => "Microsoft Graph",
        }
    }

    /// Tells whether every request is an HTTPS request of its own; then port 443 is usual and there is no STARTTLS.
    pub const fn is_web(self) -> bool {
        matches!(self, Self::Ews | Self::Graph)
    }

    /// Returns the usual port.
    pub const fn port(self, tls: TlsMode) -> u16 {
        match (self, tls) {
            (Self::Smtp, TlsMode::Implicit) => 465,
            (Self::Smtp, _) => 587,
            (Self::Ews | Self::Graph, _) => 443,
        }
    }
}

/// A server to read from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct IncomingServer {
    /// Protocol.
    pub protocol: IncomingProtocol,
    /// Host name; also the name its certificate must carry.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Protection.
    pub tls: TlsMode,
    /// Path of Exchange Web Services, with its leading `/`; `None` is the usual one, and what everything else has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// A server to send through.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OutgoingServer {
    /// Protocol.
    pub protocol: OutgoingProtocol,
    /// Host name; also the name its certificate must carry.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Protection.
    pub tls: TlsMode,
    /// Path of Exchange Web Services, with its leading `/`; `None` is the usual one, and what everything else has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// Where Exchange Web Services are, whichever way they are used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EwsServer<'a> {
    /// Host name.
    pub host: &'a str,
    /// TCP port.
    pub port: u16,
    /// Path, with its leading `/`; `None` is the usual one.
    pub path: Option<&'a str>,
}

/// A server profile: defined once, used by any number of accounts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerProfile {
    /// Its name in the configuration.
    pub name: String,
    /// For reading.
    pub incoming: IncomingServer,
    /// For sending; `None` for a read-only account.
    pub outgoing: Option<OutgoingServer>,
    /// A PEM bundle trusted besides the system's roots.
    pub ca_file: Option<std::path::PathBuf>,
    /// Whether the server files sent mail itself; `None` means "known by host name, else not".
    pub files_sent_copy: Option<bool>,
    /// Sends instead where SMTP sign-in is switched off; `None` means "known by provider, else nothing does".
    pub fallback: Option<OutgoingServer>,
}

/// An account with its profiles resolved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Its name in the configuration.
    pub name: String,
    /// Main address, with the display name to send as.
    pub address: Address,
    /// Signs in for receiving.
    pub sign_in: SignInProfile,
    /// Signs in for sending; the same profile unless set otherwise.
    pub send_sign_in: SignInProfile,
    /// The user name for the sign-in where it differs from the address (a UPN, a DOMAIN\user).
    pub login: Option<String>,
    /// Servers.
    pub servers: ServerProfile,
    /// Further mailboxes opened with this account's sign-in.
    pub additional_users: Vec<Address>,
    /// Those of them that the identity may only send on behalf of: their mail names it as `Sender` (RFC 5322 §3.6.2).
    pub on_behalf: Vec<Address>,
}

impl Account {
    /// Returns the addresses of all mailboxes, the main one first.
    pub fn mailbox_addresses(&self) -> impl Iterator<Item = &Address> {
        std::iter::once(&self.address).chain(&self.additional_users)
    }

    /// Returns who is named as `Sender` of mail from `from`: the identity, where it sends on behalf only.
    pub fn sender_for(&self, from: &Address) -> Option<&str> {
        let is_on_behalf = self.on_behalf.iter().any(|user| user.is_same_mailbox(from));
        is_on_behalf.then(|| self.identity())
    }

    /// Returns the server that knows the organisation's people: the one that speaks EWS.
    pub fn directory_server(&self) -> Option<EwsServer<'_>> {
        let ServerProfile {
            incoming, outgoing, ..
        } = &self.servers;
        let sends = outgoing.as_ref();
        let sends = sends.filter(|server| server.protocol == OutgoingProtocol::Ews);
        if incoming.protocol == IncomingProtocol::Ews {
            return Some(EwsServer {
                host: &incoming.host,
                port: incoming.port,
                path: incoming.path.as_deref(),
            });
        }
        sends.map(|server| EwsServer {
            host: &server.host,
            port: server.port,
            path: server.path.as_deref(),
        })
    }

    /// Returns the name that signs in, which is not always the main address.
    pub fn identity(&self) -> &str {
        self.login.as_deref().unwrap_or(&self.address.email)
    }
}

/// Whether a mailbox is the account's own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MailboxKind {
    /// The account's main mailbox.
    Main,
    /// An additional user: shared or delegated.
    Additional,
}

/// A mailbox as the cache knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mailbox {
    /// Local id.
    pub id: MailboxId,
    /// The account whose sign-in opens it.
    pub account: AccountId,
    /// That account's name in the configuration.
    pub account_name: String,
    /// Its address.
    pub address: Address,
    /// Own or additional.
    pub kind: MailboxKind,
}
