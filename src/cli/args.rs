//! What can be typed: clap types, nothing else.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cli::account::args::Account;
use crate::cli::vault::args::Vault;
use crate::model::{Cloud, Method, Provider};

/// A terminal mailbox manager for mail behind OAuth 2.0.
#[derive(Debug, Parser)]
#[command(name = "pillarbox", version, about, max_term_width = 100)]
pub(in crate::cli) struct Cli {
    /// What to do; without a command the terminal interface opens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Open the interface on an embedded demo tenant: no network, no account, nothing kept
    Demo(Demo),
    /// Add, change, copy, list, show or remove accounts
    #[command(subcommand)]
    Account(Account),
    /// Sign in to an account, in the way its sign-in profile says
    SignIn(SignIn),
    /// End an account's tokens at the provider, where it can do that, and forget them
    SignOut(OneAccount),
    /// Tell what an account's access token is
    Token(Token),
    /// Test accounts step by step, from the server's name to the login for sending
    Check(Check),
    /// Synchronise mailboxes with the cache once
    Sync(Sync),
    /// List the folders of a mailbox
    Folders(Folders),
    /// List the messages of a folder, newest first
    List(List),
    /// Show a message
    Show(Show),
    /// Search the cache, and with --server the servers
    Search(Search),
    /// Set or clear flags of messages
    Mark(Mark),
    /// Move messages to another folder of their mailbox
    Move(Move),
    /// Move messages to the trash; those in the trash, and those read over POP3, are deleted for good
    Delete(Delete),
    /// Send a message from standard input: RFC 5322, or plain text with --to and --subject
    Send(Send),
    /// See and steer what is on its way out
    #[command(subcommand)]
    Outbox(Outbox),
    /// Write what an administrator must grant, filled in for an account; read the answer
    #[command(subcommand)]
    Admin(Box<crate::cli::admin::args::Admin>),
    /// Show where secrets are kept, or move them
    #[command(subcommand)]
    Vault(Vault),
    /// List settings of former days that lead nowhere any more, and replace them
    Migrate(Migrate),
    /// Explain an error code or a server's text
    Explain(Explain),
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// `--json`, shared by all commands that print.
#[derive(Clone, Copy, Debug, Args)]
pub(in crate::cli) struct Format {
    /// Print JSON with stable fields
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Demo {
    /// First of five ports to use (HTTPS, IMAP, SMTP, POP3, POP3 with STLS); chosen by the system if not given
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub port_base: u16,
    /// Only run the servers, for other programs, until interrupted
    #[arg(long)]
    pub stay: bool,
    /// Life of access tokens in seconds
    #[arg(long, default_value_t = 300, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(5..=86_400))]
    pub token_life: u64,
    /// Messages to begin with
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    pub messages: usize,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct OneAccount {
    /// The account's name or address
    pub account: String,
    #[command(flatten)]
    pub format: Format,
}

/// Whose sign-in service it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(in crate::cli) enum ProviderArg {
    /// Microsoft 365, work or school
    Microsoft365,
    /// Personal accounts of Microsoft
    #[value(name = "outlook.com")]
    OutlookCom,
    /// An Exchange Server of one's own
    ExchangeServer,
    /// Google
    Gmail,
    /// Any provider with standard endpoints
    Custom,
}

impl From<ProviderArg> for Provider {
    fn from(given: ProviderArg) -> Self {
        match given {
            ProviderArg::Microsoft365 => Self::Microsoft365,
            ProviderArg::OutlookCom => Self::OutlookCom,
            ProviderArg::ExchangeServer => Self::ExchangeServer,
            ProviderArg::Gmail => Self::Gmail,
            ProviderArg::Custom => Self::Custom,
        }
    }
}

/// How to sign in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(in crate::cli) enum MethodArg {
    /// A code that is entered on any device
    DeviceCode,
    /// A browser, here or elsewhere
    Browser,
    /// The application itself, with its secret
    ClientSecret,
    /// The application itself, with a certificate
    ClientCertificate,
    /// A password, for servers that still take one
    Password,
}

impl From<MethodArg> for Method {
    fn from(given: MethodArg) -> Self {
        match given {
            MethodArg::DeviceCode => Self::DeviceCode,
            MethodArg::Browser => Self::Browser,
            MethodArg::ClientSecret => Self::ClientSecret,
            MethodArg::ClientCertificate => Self::ClientCertificate,
            MethodArg::Password => Self::Password,
        }
    }
}

/// Microsoft's clouds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(in crate::cli) enum CloudArg {
    /// Worldwide
    Public,
    /// US Government (GCC High)
    UsGov,
    /// US Department of Defense
    UsDod,
    /// China, run by 21Vianet
    China,
}

impl From<CloudArg> for Cloud {
    fn from(given: CloudArg) -> Self {
        match given {
            CloudArg::Public => Self::Public,
            CloudArg::UsGov => Self::UsGov,
            CloudArg::UsDod => Self::UsDod,
            CloudArg::China => Self::China,
        }
    }
}

/// Ways in which a person signs in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(in crate::cli) enum PersonalMethodArg {
    /// A code that is entered on any device
    DeviceCode,
    /// A browser, here or elsewhere; its final address may be pasted
    Browser,
}

impl From<PersonalMethodArg> for Method {
    fn from(given: PersonalMethodArg) -> Self {
        match given {
            PersonalMethodArg::DeviceCode => Self::DeviceCode,
            PersonalMethodArg::Browser => Self::Browser,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(in crate::cli) enum TlsArg {
    /// TLS from the first byte
    Implicit,
    /// STARTTLS, never without it
    Starttls,
    /// None: only for a server on this machine
    None,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SignIn {
    /// The account's name or address
    pub account: String,
    /// Sign in this way instead of the sign-in profile's, where a person signs in
    #[arg(long, value_enum)]
    pub method: Option<PersonalMethodArg>,
    /// Show the address as a QR code too
    #[arg(long, conflicts_with = "json")]
    pub qr: bool,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Token {
    /// The account's name or address
    pub account: String,
    /// What the token is for
    #[arg(long, value_enum, default_value_t = ResourceArg::Imap)]
    pub resource: ResourceArg,
    /// Print only the access token, for other programs
    #[arg(long, conflicts_with = "json")]
    pub print: bool,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(in crate::cli) enum ResourceArg {
    /// IMAP, POP3 and SMTP
    Imap,
    /// Microsoft Graph
    Graph,
    /// Exchange Web Services; the same token as for IMAP
    Ews,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// Accounts by name or address, or single additional users by address; all if none is given
    pub accounts: Vec<String>,
    /// Also send a message from each mailbox to itself, find it again and remove it
    #[arg(long)]
    pub send_test: bool,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Sync {
    /// Addresses of mailboxes; all if none is given
    pub mailboxes: Vec<String>,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Folders {
    /// Address of the mailbox
    pub mailbox: String,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Address of the mailbox; all inboxes if not given
    pub mailbox: Option<String>,
    /// The folder, by path or role (inbox, sent, drafts, archive, junk, trash)
    #[arg(long, default_value = "inbox")]
    pub folder: String,
    /// How many messages
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// The message's id, as `list` prints it
    pub id: i64,
    /// The bytes as the server has them
    #[arg(long, conflicts_with_all = ["json", "headers"])]
    pub raw: bool,
    /// All headers
    #[arg(long)]
    pub headers: bool,
    /// Width to lay HTML out for
    #[arg(long, default_value_t = 80)]
    pub width: u16,
    /// Save attachment number N into the present folder
    #[arg(long, value_name = "N")]
    pub save: Option<usize>,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Search {
    /// Words, "phrases", from: to: subject: body: is:unread is:starred has:attachment
    #[arg(required = true)]
    pub query: Vec<String>,
    /// Only this mailbox
    #[arg(long)]
    pub mailbox: Option<String>,
    /// Let the servers search, too: they know the text of messages that were never fetched
    #[arg(long)]
    pub server: bool,
    /// How many messages
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(in crate::cli) enum MarkArg {
    /// Seen
    Read,
    /// Not seen
    Unread,
    /// Flagged
    Starred,
    /// Not flagged
    Unstarred,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Mark {
    /// What to mark as
    #[arg(value_enum)]
    pub as_what: MarkArg,
    /// Ids of messages
    #[arg(required = true)]
    pub ids: Vec<i64>,
    /// Leave the change for later instead of telling the server now
    #[arg(long)]
    pub no_wait: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Move {
    /// Ids of messages
    #[arg(required = true)]
    pub ids: Vec<i64>,
    /// The target, by path or role
    #[arg(long)]
    pub to: String,
    /// Leave the change for later instead of telling the server now
    #[arg(long)]
    pub no_wait: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Delete {
    /// Ids of messages
    #[arg(required = true)]
    pub ids: Vec<i64>,
    /// Do not ask before the server deletes for good, as POP3 does with everything
    #[arg(long)]
    pub yes: bool,
    /// Leave the change for later instead of telling the server now
    #[arg(long)]
    pub no_wait: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Send {
    /// Mailbox to send from; the first account if not given
    #[arg(long)]
    pub from: Option<String>,
    /// Recipients (plain text only)
    #[arg(long)]
    pub to: Option<String>,
    /// Further recipients (plain text only)
    #[arg(long)]
    pub cc: Option<String>,
    /// Hidden recipients (plain text only)
    #[arg(long)]
    pub bcc: Option<String>,
    /// Subject (plain text only)
    #[arg(long)]
    pub subject: Option<String>,
    /// A file to send along (plain text only)
    #[arg(long, value_name = "FILE")]
    pub attach: Vec<PathBuf>,
    /// Only queue it; the next running Pillarbox sends it
    #[arg(long)]
    pub no_wait: bool,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Outbox {
    /// List what is on its way out
    List(Format),
    /// List what was sent in the last two weeks: as whom, by whom, which way, and where the copy is
    Sent(Format),
    /// Send now what waits, failed or is unsure; what is in Sent already is not sent again
    Retry {
        /// The outbox id
        id: i64,
    },
    /// Take a message back; it is among the drafts again
    Cancel {
        /// The outbox id
        id: i64,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Explain {
    /// A code such as AADSTS7000215, or a text such as "535 5.7.139 …"
    #[arg(required = true)]
    pub text: Vec<String>,
    #[command(flatten)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Migrate {
    /// Replace them; without it they are only listed
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub format: Format,
}
