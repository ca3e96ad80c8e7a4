//! Accounts, sign-in profiles and server profiles, checked and complete (design A3).
//!
//! The identity that signs in and the mailbox that is opened are two things everywhere.

use serde::{Deserialize, Serialize};

use crate::model::AccountId;
use crate::model::Address;
use crate::model::MailboxId;

/// Whose sign-in service it is; decides defaults and quirks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// Entra ID, work or school.
    #[serde(rename = "microsoft365")]
    Microsoft365,
    /// Any provider with standard endpoints.
    Custom,
}

/// How the sign-in is done.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Device authorization grant (RFC 8628).
    DeviceCode,
    /// A password, for servers that still take one.
    Password,
}

/// Which of Microsoft's separate clouds (protocol facts §1.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// Worldwide.
    #[default]
    Public,
    /// US Government (GCC High).
    UsGov,
    /// US Department of Defense.
    UsDod,
    /// China, run by 21Vianet.
    China,
}

/// A sign-in profile: defined once, used by any number of accounts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignInProfile {
    /// Its name in the configuration.
    pub name: String,
    /// Whose service.
    pub provider: Provider,
    /// How.
    pub method: Method,
    /// Tenant GUID, domain, or `common`, `organizations`; empty for providers without tenants.
    pub tenant: String,
    /// The registered application's id.
    pub client_id: String,
    /// Which cloud.
    pub cloud: Cloud,
    /// Base of the discovery document; `None` when endpoints are typed in.
    pub authority: Option<String>,
    /// Overrides the discovered or built one.
    pub authorization_endpoint: Option<String>,
    /// Overrides the discovered or built one.
    pub token_endpoint: Option<String>,
    /// Overrides the discovered or built one.
    pub device_authorization_endpoint: Option<String>,
    /// Scopes to ask for; empty means "built by Pillarbox".
    pub scopes: Vec<String>,
    /// A PEM bundle trusted besides the system's roots.
    pub ca_file: Option<std::path::PathBuf>,
    /// Mail domains this profile is for, so that an address alone finds it.
    pub domains: Vec<String>,
}

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
}

/// Protocols for sending.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutgoingProtocol {
    /// RFC 6409.
    Smtp,
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
