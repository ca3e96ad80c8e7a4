//! What can be typed behind `vault`: clap types, nothing else.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::args::Format;

/// What to do with the vault.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Vault {
    /// Show where secrets are kept
    Show(Format),
    /// Move all secrets to another place; what stands in the settings follows
    Move(Move),
}

/// Where to.
#[derive(Debug, Args)]
pub(in crate::cli) struct Move {
    /// The new place
    #[arg(long, value_enum)]
    pub to: KindArg,
    /// The key file (key-file); made if it is not there
    #[arg(long, value_name = "FILE", required_if_eq("to", "key-file"))]
    pub key_file: Option<PathBuf>,
    /// The program that prints a secret (command), such as "pass show pillarbox/{key}"
    #[arg(long, value_name = "COMMAND", required_if_eq("to", "command"))]
    pub read: Option<String>,
    /// The program that keeps what it reads, such as "pass insert --multiline --force pillarbox/{key}"
    #[arg(long, value_name = "COMMAND", required_if_eq("to", "command"))]
    pub write: Option<String>,
    /// The program that forgets a secret, such as "pass rm --force pillarbox/{key}"
    #[arg(long, value_name = "COMMAND", required_if_eq("to", "command"))]
    pub remove: Option<String>,
    #[command(flatten)]
    pub format: Format,
}

/// Places for secrets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(in crate::cli) enum KindArg {
    /// The desktop's keyring
    Keyring,
    /// A file, encrypted with a passphrase
    File,
    /// Programs of your choice, such as pass or gpg
    Command,
    /// A file, encrypted with the bytes of another file
    KeyFile,
}
