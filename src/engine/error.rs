//! Everything that can go wrong below the interface, with sources kept.

use crate::auth::{AuthError, Denial, VaultError};
use crate::backend::BackendError;
use crate::config::ConfigError;
use crate::mime::MimeError;
use crate::model::{Failure, FailureKind, OutgoingProtocol};
use crate::net::NetError;
use crate::store::StoreError;

/// A failure of the engine; `explain` turns it into words.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The cache.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Sign-in or vault.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// A server, with the mailbox and the account it was about.
    #[error("{mailbox}: {source}")]
    Backend {
        /// The mailbox's address.
        mailbox: String,
        /// Who signed in.
        identity: String,
        /// The server's host name.
        host: String,
        /// What is spoken there, as people know it, such as "Microsoft Graph".
        protocol: &'static str,
        /// The cause.
        #[source]
        source: BackendError,
    },
    /// The network, outside of a mailbox.
    #[error(transparent)]
    Net(#[from] NetError),
    /// Settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A message.
    #[error(transparent)]
    Mime(#[from] MimeError),
    /// A file of the user's, such as an attachment to save.
    #[error("cannot write {}", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// No account, mailbox, folder or message like that.
    #[error("no {what} {name:?}")]
    NotFound {
        /// The kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// The mailbox has no folder with this role.
    #[error("{mailbox} has no {role} folder")]
    NoRoleFolder {
        /// The mailbox's address.
        mailbox: String,
        /// The role.
        role: &'static str,
    },
    /// The mailbox is read over a protocol without folders (POP3).
    #[error("{mailbox} has no folders, so nothing can be {what} there")]
    NoFolders {
        /// The mailbox's address.
        mailbox: String,
        /// What was to be done, such as `moved`.
        what: &'static str,
    },
    /// An outgoing message stands still, or not everybody gets it.
    #[error("a message from {mailbox} was not sent to everybody: {}", failure.text)]
    Outbox {
        /// The mailbox it is from.
        mailbox: String,
        /// Why, as the outbox keeps it.
        failure: Failure,
    },
    /// A message went another way than the account says, for SMTP sign-in is switched off.
    #[error("mail from {mailbox} is sent over {} instead of SMTP", protocol.title())]
    Detour {
        /// The mailbox it is from.
        mailbox: String,
        /// Who signs in.
        identity: String,
        /// The protocol it goes by.
        protocol: OutgoingProtocol,
        /// The server it goes to.
        host: String,
        /// What the SMTP server said.
        #[source]
        refused: Box<EngineError>,
    },
    /// The cache was damaged and has been rebuilt.
    #[error("the cache was damaged; {saved} unsent messages were saved")]
    Rebuilt {
        /// Where the damaged file is.
        moved_to: std::path::PathBuf,
        /// Drafts and outgoing messages that were saved.
        saved: usize,
        /// Changes that no server knew yet and that were saved.
        changes: usize,
    },
    /// What an application proves itself with ends soon, or has ended.
    #[error("the {} of the sign-in profile {profile} ends on {on}", what.name())]
    Lapses {
        /// An account that uses it.
        account: String,
        /// The sign-in profile.
        profile: String,
        /// What ends.
        what: Lapsing,
        /// Its last day.
        on: jiff::civil::Date,
        /// Days until then, negative afterwards.
        days_left: i64,
        /// Whether it has ended.
        is_over: bool,
    },
    /// A worker died of a bug and was started again.
    #[error("the worker of {mailbox} stopped unexpectedly and was restarted")]
    WorkerPanicked {
        /// The mailbox's address.
        mailbox: String,
    },
}

/// What an application proves itself with, and what ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lapsing {
    /// Its secret.
    Secret,
    /// Its certificate.
    Certificate,
}

impl Lapsing {
    /// Returns the word for people, which is also a stable name of `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Certificate => "certificate",
        }
    }
}

/// What keeps the vault closed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Locked {
    /// There is none yet: a passphrase is to be chosen.
    New,
    /// Its passphrase is needed.
    NeedsPassphrase,
    /// The passphrase or key file given was wrong.
    WrongPassphrase,
}

impl EngineError {
    /// Tells whether only a sign-in helps.
    pub fn needs_sign_in(&self) -> bool {
        match self {
            Self::Auth(AuthError::Denied { denial, .. }) => {
                matches!(
                    denial,
                    Denial::GrantEnded | Denial::AnswerLost | Denial::NeverSignedIn
                )
            }
            Self::Backend { source, .. } => matches!(source, BackendError::SignIn { .. }),
            Self::Outbox { failure, .. } => failure.kind == FailureKind::SignIn,
            _ => false,
        }
    }

    /// Tells what keeps the vault closed, if that is what is wrong.
    pub fn locked_vault(&self) -> Option<Locked> {
        match self {
            Self::Auth(AuthError::Vault(VaultError::NeedsPassphrase { is_new, .. })) => {
                Some(if *is_new {
                    Locked::New
                } else {
                    Locked::NeedsPassphrase
                })
            }
            Self::Auth(AuthError::Vault(VaultError::DoesNotOpen { .. })) => {
                Some(Locked::WrongPassphrase)
            }
            _ => None,
        }
    }
}
