//! What a check says: lines, steps, and the rights found out. Plain data only.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::EngineError;

/// What to check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckWish {
    /// The account's name.
    pub account: String,
    /// Addresses of the mailboxes to look at; empty means all of the account.
    pub mailboxes: Vec<String>,
    /// Whether mail is sent.
    pub send_test: SendTest,
}

impl CheckWish {
    /// Wishes for all mailboxes of an account, without sending anything.
    pub fn of(account: impl Into<String>) -> Self {
        Self {
            account: account.into(),
            mailboxes: Vec::new(),
            send_test: SendTest::Skip,
        }
    }
}

/// Whether a check may send mail.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum SendTest {
    /// Nothing is sent.
    #[default]
    Skip,
    /// From every mailbox a message to itself, found again and removed.
    Send,
}

/// One line of a check.
#[derive(Clone, Debug)]
pub struct CheckLine {
    /// The mailbox's address.
    pub mailbox: String,
    /// The step.
    pub step: CheckStep,
    /// How it went.
    pub outcome: Result<String, Arc<EngineError>>,
    /// What is to be looked at although it went well; empty for most.
    pub warning: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// What may be done in the mailbox; with [`CheckStep::Rights`] only.
    pub rights: Option<Rights>,
}

/// What a step found that went well.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// What was found.
    pub detail: String,
    /// What is to be looked at nevertheless.
    pub warning: Option<String>,
}

impl From<String> for Found {
    fn from(detail: String) -> Self {
        Self {
            detail,
            warning: None,
        }
    }
}

impl From<&str> for Found {
    fn from(detail: &str) -> Self {
        Self::from(detail.to_owned())
    }
}

/// Steps of a check, in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CheckStep {
    /// The incoming server's name.
    Resolve,
    /// A TCP connection.
    Tcp,
    /// TLS of the incoming server and its certificates, STARTTLS included.
    Tls,
    /// The last day of the application's secret or certificate.
    Expiry,
    /// A token.
    Token,
    /// What the token allows.
    Permissions,
    /// Log in to the mailbox.
    Login,
    /// List its folders.
    Folders,
    /// TLS of the outgoing server and its certificates, STARTTLS included.
    SendTls,
    /// Log in for sending (nothing is sent).
    Send,
    /// Name the mailbox as sender (nothing is sent).
    Sender,
    /// Send a message and find it again.
    Delivery,
    /// What may be done in the mailbox, as far as was found out.
    Rights,
}

impl CheckStep {
    /// Returns the stable name used on screen and by `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Expiry => "expiry",
            Self::Token => "token",
            Self::Permissions => "permissions",
            Self::Login => "login",
            Self::Folders => "folders",
            Self::SendTls => "send-tls",
            Self::Send => "send",
            Self::Sender => "sender",
            Self::Delivery => "delivery",
            Self::Rights => "rights",
        }
    }
}

/// What may be done in a mailbox, as far as was found out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Rights {
    /// In the mailbox.
    pub reading: Reading,
    /// In its name.
    pub sending: Sending,
}

/// How far a mailbox opens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Reading {
    /// Nobody could find out.
    #[default]
    Unknown,
    /// It does not open.
    None,
    /// Messages can be read, not changed.
    Read,
    /// Everything.
    Full,
}

/// How mail can be sent in a mailbox's name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Sending {
    /// Nobody could find out.
    #[default]
    Unknown,
    /// Not at all.
    None,
    /// As itself: proved by a message, or not refused when its name was given as sender.
    SendAs,
    /// On its behalf, with the identity as `Sender`.
    OnBehalf,
}

impl Reading {
    /// Returns the stable name used on screen and by `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::None => "none",
            Self::Read => "read",
            Self::Full => "full",
        }
    }
}

impl Sending {
    /// Returns the stable name used on screen and by `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::None => "none",
            Self::SendAs => "send-as",
            Self::OnBehalf => "on-behalf",
        }
    }
}
