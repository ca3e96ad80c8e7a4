//! What can be typed behind `account`: clap types, nothing else.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::args::{CloudArg, Format, MethodArg, OneAccount, ProviderArg, TlsArg};
use crate::model::{Assertion, ClientKind, IncomingProtocol, OutgoingProtocol};

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Account {
    /// Add an account; asks for what is missing if there is a terminal
    Add(Box<Add>),
    /// Change an account: what no flag names stays; an empty value takes a setting out
    Edit(Box<Edit>),
    /// Add an account that says the same as another one, under another name
    Duplicate(Duplicate),
    /// List the accounts
    List(Format),
    /// Show everything about an account but its secrets
    Show(OneAccount),
    /// Remove an account, its secrets and its cache
    Remove(OneAccount),
}

/// A new account.
#[derive(Debug, Args)]
pub(in crate::cli) struct Add {
    /// The mail address
    #[arg(long)]
    pub address: Option<String>,
    /// Name of the account; made from the address if not given
    #[arg(long)]
    pub name: Option<String>,
    /// Ask no network what the address's servers are
    #[arg(long)]
    pub no_discover: bool,
    #[command(flatten)]
    pub flags: Flags,
    #[command(flatten)]
    pub format: Format,
}

/// A change.
#[derive(Debug, Args)]
pub(in crate::cli) struct Edit {
    /// The account's name or address
    pub account: String,
    /// The mail address
    #[arg(long)]
    pub address: Option<String>,
    /// Change profiles for this account alone: other accounts keep theirs
    #[arg(long)]
    pub new_profile: bool,
    #[command(flatten)]
    pub flags: Flags,
    #[command(flatten)]
    pub format: Format,
}

/// A copy.
#[derive(Debug, Args)]
pub(in crate::cli) struct Duplicate {
    /// The account's name or address
    pub account: String,
    /// Name of the new account
    pub new: String,
    /// The new account's mail address
    #[arg(long)]
    pub address: Option<String>,
    #[command(flatten)]
    pub format: Format,
}

/// Everything about an account but its name and address.
#[derive(Debug, Args)]
pub(in crate::cli) struct Flags {
    #[command(flatten)]
    pub people: People,
    #[command(flatten)]
    pub sign_in: SignIn,
    #[command(flatten)]
    pub sending: Sending,
    #[command(flatten)]
    pub servers: Servers,
    #[command(flatten)]
    pub secrets: Secrets,
}

/// Whose mail it is.
#[derive(Debug, Args)]
pub(in crate::cli) struct People {
    /// Name to send as
    #[arg(long)]
    pub display_name: Option<String>,
    /// Name to sign in with, where it differs from the address
    #[arg(long)]
    pub login: Option<String>,
    /// Further mailboxes to open: "a@x.com; b@x.com"
    #[arg(long, value_name = "LIST")]
    pub additional_users: Option<String>,
    /// Those of them that are only sent on behalf of
    #[arg(long, value_name = "LIST")]
    pub on_behalf: Option<String>,
}

/// How the account signs in.
#[derive(Debug, Args)]
pub(in crate::cli) struct SignIn {
    /// Use this sign-in profile of the settings
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Whose sign-in service it is
    #[arg(long, value_enum)]
    pub provider: Option<ProviderArg>,
    /// How to sign in
    #[arg(long, value_enum)]
    pub method: Option<MethodArg>,
    /// Which of Microsoft's clouds
    #[arg(long, value_enum)]
    pub cloud: Option<CloudArg>,
    /// Tenant: id, domain, common, organizations or consumers
    #[arg(long)]
    pub tenant: Option<String>,
    /// Id of the registered application
    #[arg(long)]
    pub client_id: Option<String>,
    /// Whether the application sends a secret when a person signs in
    #[arg(long, value_enum)]
    pub client: Option<ClientArg>,
    /// Base address of the sign-in service
    #[arg(long)]
    pub authority: Option<String>,
    /// Authorization endpoint, instead of the one that is found
    #[arg(long)]
    pub authorization_endpoint: Option<String>,
    /// Device authorization endpoint, instead of the one that is found
    #[arg(long)]
    pub device_endpoint: Option<String>,
    /// Token endpoint, instead of the one that is found
    #[arg(long)]
    pub token_endpoint: Option<String>,
    /// Where the browser is sent back to
    #[arg(long, value_name = "ADDRESS")]
    pub redirect_uri: Option<String>,
    /// Scopes, with blanks between
    #[arg(long)]
    pub scopes: Option<String>,
    /// Day on which the application's secret ends, such as 2027-05-31
    #[arg(long, value_name = "DAY")]
    pub secret_expires: Option<String>,
    /// PEM file of the application's certificate
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// PEM file of its private key, where it is another one
    #[arg(long, value_name = "FILE")]
    pub certificate_key: Option<PathBuf>,
    /// How assertions are signed
    #[arg(long, value_enum)]
    pub assertion: Option<AssertionArg>,
}

/// How mail is sent, where that differs.
#[derive(Debug, Args)]
pub(in crate::cli) struct Sending {
    /// Sign in for sending with this sign-in profile of the settings
    #[arg(long, value_name = "NAME", conflicts_with = "send_method")]
    pub send_sign_in: Option<String>,
    /// How to sign in for sending
    #[arg(long, value_enum)]
    pub send_method: Option<SendMethodArg>,
}

/// Where the mail is.
#[derive(Debug, Args)]
pub(in crate::cli) struct Servers {
    /// Use this server profile of the settings
    #[arg(long = "servers", value_name = "NAME", conflicts_with = "server")]
    pub named: Option<String>,
    /// A server as older programs write it, such as EWS:outlook.office365.com/ews/Exchange.asmx
    #[arg(long, value_name = "TEXT")]
    pub server: Option<String>,
    /// What mail is read over
    #[arg(long, value_enum)]
    pub protocol: Option<ProtocolArg>,
    /// What mail is sent over
    #[arg(long, value_enum)]
    pub send_protocol: Option<SendProtocolArg>,
    /// Incoming server as HOST:PORT, whatever its protocol; of EWS, its whole address, too
    #[arg(long, value_name = "HOST:PORT", visible_alias = "incoming")]
    pub imap: Option<String>,
    /// Protection of the incoming server
    #[arg(long, value_enum, visible_alias = "incoming-tls")]
    pub imap_tls: Option<TlsArg>,
    /// Outgoing server as HOST:PORT, whatever its protocol; of EWS, its whole address, too
    #[arg(long, value_name = "HOST:PORT", visible_alias = "outgoing")]
    pub smtp: Option<String>,
    /// Protection of the outgoing server
    #[arg(long, value_enum, visible_alias = "outgoing-tls")]
    pub smtp_tls: Option<TlsArg>,
    /// PEM file of a private certification authority
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

/// Protocols for reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(in crate::cli) enum ProtocolArg {
    /// IMAP
    Imap,
    /// Microsoft Graph
    Graph,
    /// Exchange Web Services
    Ews,
    /// POP3: no folders, and flags stay on this machine
    Pop3,
}

impl From<ProtocolArg> for IncomingProtocol {
    fn from(given: ProtocolArg) -> Self {
        match given {
            ProtocolArg::Imap => Self::Imap,
            ProtocolArg::Graph => Self::Graph,
            ProtocolArg::Ews => Self::Ews,
            ProtocolArg::Pop3 => Self::Pop3,
        }
    }
}

/// Protocols for sending.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(in crate::cli) enum SendProtocolArg {
    /// SMTP
    Smtp,
    /// Microsoft Graph
    Graph,
    /// Exchange Web Services
    Ews,
}

impl From<SendProtocolArg> for OutgoingProtocol {
    fn from(given: SendProtocolArg) -> Self {
        match given {
            SendProtocolArg::Smtp => Self::Smtp,
            SendProtocolArg::Graph => Self::Graph,
            SendProtocolArg::Ews => Self::Ews,
        }
    }
}

/// Secrets, each a line of standard input, in the order in which they stand here.
#[derive(Debug, Args)]
pub(in crate::cli) struct Secrets {
    /// Read the application's secret (its value, not its id) from standard input
    #[arg(long)]
    pub secret_stdin: bool,
    /// Read the password from standard input (method password)
    #[arg(long)]
    pub password_stdin: bool,
    /// Read the password for sending from standard input
    #[arg(long)]
    pub send_password_stdin: bool,
}

/// Whether an application can keep a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(in crate::cli) enum ClientArg {
    /// "Mobile and desktop applications": it has none
    Public,
    /// "Web": it sends its secret
    Confidential,
}

impl From<ClientArg> for ClientKind {
    fn from(given: ClientArg) -> Self {
        match given {
            ClientArg::Public => Self::Public,
            ClientArg::Confidential => Self::Confidential,
        }
    }
}

/// How assertions are signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(in crate::cli) enum AssertionArg {
    /// PS256 with x5t#S256, as Entra documents it
    Ps256,
    /// RS256 with x5t, for older services
    Rs256,
}

impl From<AssertionArg> for Assertion {
    fn from(given: AssertionArg) -> Self {
        match given {
            AssertionArg::Ps256 => Self::Ps256,
            AssertionArg::Rs256 => Self::Rs256,
        }
    }
}

/// How to sign in for sending.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(in crate::cli) enum SendMethodArg {
    /// As for reading
    Same,
    /// With a password, where the server for sending still takes one
    Password,
}
