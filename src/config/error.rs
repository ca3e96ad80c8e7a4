//! What can be wrong with files of settings.

use std::path::PathBuf;

/// One mistake in a file, with the place and what was expected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistake {
    /// The file.
    pub file: PathBuf,
    /// 1-based line; 0 when the mistake is that something is missing.
    pub line: usize,
    /// Dotted key, such as `account.work.servers`.
    pub key: String,
    /// What is wrong and what was expected, as one sentence without a full stop.
    pub message: String,
}

/// Settings that cannot be read, used or written.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// A file or folder cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The files hold mistakes; all of them are listed.
    #[error("{} mistake(s) in the configuration", .0.len())]
    Mistakes(Vec<Mistake>),
    /// There is no home folder.
    #[error("no home folder; set PILLARBOX_HOME")]
    NoHome,
    /// No account of that name.
    #[error("no account named {0}")]
    NoSuchAccount(String),
    /// No sign-in or server profile of that name.
    #[error("no profile named {0}")]
    NoSuchProfile(String),
    /// A profile that accounts use can be neither removed nor renamed.
    #[error("profile {name} is used by {}", accounts.join(", "))]
    ProfileInUse {
        /// The profile.
        name: String,
        /// Names of the accounts that use it.
        accounts: Vec<String>,
    },
    /// The new name belongs to another account or profile.
    #[error("the name {0} is taken")]
    NameTaken(String),
}
