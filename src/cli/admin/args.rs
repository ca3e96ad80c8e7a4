//! What can be typed behind `admin`: clap types, nothing else.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::args::{CloudArg, Format, MethodArg, ProviderArg};

/// What to write or read.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Admin {
    /// The registration of the application, step by step
    Guide(Write),
    /// The parts of the application's manifest: permissions by their ids
    Manifest(Write),
    /// The lines for Exchange Online PowerShell, one per mailbox
    Powershell(Write),
    /// The addresses at which an administrator consents for the organisation
    ConsentUrl(Write),
    /// The registration as commands for the Azure command line
    Az(Write),
    /// One sheet with all of it and blanks to fill in, to be sent to the administrator
    Request(Write),
    /// Read the filled-in sheet and put its values into the account's sign-in profile
    Import(Import),
}

/// A document about an account.
#[derive(Debug, Args)]
pub(in crate::cli) struct Write {
    #[command(flatten)]
    pub about: About,
    /// Write to this file instead: .md Markdown, .ps1 .sh .json only what is to be run or pasted, else plain text
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Print Markdown
    #[arg(long, conflicts_with_all = ["json", "blocks"])]
    pub markdown: bool,
    /// Print only what is to be run or pasted
    #[arg(long, conflicts_with = "json")]
    pub blocks: bool,
    #[command(flatten)]
    pub format: Format,
}

/// Which account; flags stand for one, or change what it says.
#[derive(Debug, Args)]
pub(in crate::cli) struct About {
    /// The account's name or address; without it, the flags say everything
    pub account: Option<String>,
    /// What the account does; found from its servers if not given
    #[arg(long = "function", value_enum, value_delimiter = ',')]
    pub functions: Vec<FunctionArg>,
    /// Whose sign-in service it is
    #[arg(long, value_enum)]
    pub provider: Option<ProviderArg>,
    /// How to sign in
    #[arg(long, value_enum)]
    pub method: Option<MethodArg>,
    /// The application has a secret, though a person signs in
    #[arg(long)]
    pub confidential: bool,
    /// Tenant: id, domain, common, organizations or consumers
    #[arg(long)]
    pub tenant: Option<String>,
    /// Id of the registered application
    #[arg(long)]
    pub client_id: Option<String>,
    /// Object id of the enterprise application
    #[arg(long)]
    pub object_id: Option<String>,
    /// The same of another application that only sends
    #[arg(long, value_name = "OBJECT_ID")]
    pub send_object_id: Option<String>,
    /// Which of Microsoft's clouds
    #[arg(long, value_enum)]
    pub cloud: Option<CloudArg>,
    /// Where the browser is sent back to
    #[arg(long, value_name = "ADDRESS")]
    pub redirect_uri: Option<String>,
    /// Mailboxes: the main one first, unless an account is given; then its additional users
    #[arg(long = "mailbox", value_name = "LIST")]
    pub mailboxes: Vec<String>,
}

/// The filled-in sheet.
#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    /// The file, or - for standard input
    pub file: PathBuf,
    /// The account's name or address; without it the values are only shown
    pub account: Option<String>,
    /// Save without asking
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub format: Format,
}

/// What an account does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(in crate::cli) enum FunctionArg {
    /// Read over IMAP
    Imap,
    /// Fetch over POP3
    Pop,
    /// Send over SMTP
    Smtp,
    /// Open mailboxes of others with a person's sign-in
    Shared,
    /// Read over Microsoft Graph
    Graph,
    /// Send over Microsoft Graph
    GraphSend,
    /// Read and send over Exchange Web Services
    Ews,
}
