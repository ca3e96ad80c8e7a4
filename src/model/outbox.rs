//! Messages on their way out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::AccountId;
use crate::model::Address;
use crate::model::IncomingProtocol;
use crate::model::MailboxId;
use crate::model::OutboxId;
use crate::model::OutgoingProtocol;

/// Where an outgoing message stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutboxState {
    /// Waits for its time.
    Ready,
    /// Handed to the server; the answer is not known yet.
    Sending,
    /// Refused; kept for editing.
    Failed,
    /// The link broke after the last byte, or the program stopped while sending.
    Unsure,
    /// Held by the user until retried.
    Held,
}

impl OutboxState {
    /// Returns the stable name used by `--json` and the cache.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Sending => "sending",
            Self::Failed => "failed",
            Self::Unsure => "unsure",
            Self::Held => "held",
        }
    }

    /// Reads a stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Ready,
            Self::Sending,
            Self::Failed,
            Self::Unsure,
            Self::Held,
        ]
        .into_iter()
        .find(|state| state.name() == name)
    }
}

/// Why the last attempt failed, in a form that survives a restart.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of failure, which decides the remedy.
    pub kind: FailureKind,
    /// The server's code, such as `550 5.7.60`; empty when it gave none.
    pub code: String,
    /// The server's words, sanitised; or what we know where no server spoke.
    pub text: String,
}

/// Kinds of failure when sending.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// No connection; tried again by itself.
    Offline,
    /// Too fast; tried again by itself.
    Throttled,
    /// A sign-in is needed first.
    SignIn,
    /// The server refuses this sender.
    Sender,
    /// The server refuses some or all recipients.
    Recipients,
    /// Too big for the server.
    TooBig,
    /// Refused for another reason.
    Refused,
    /// Not known whether it was taken.
    Unsure,
}

/// A message in the outbox, as lists show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OutboxItem {
    /// Local id.
    pub id: OutboxId,
    /// The account it is sent by.
    pub account: AccountId,
    /// The mailbox it is sent from.
    pub mailbox: MailboxId,
    /// `From`.
    pub from: Address,
    /// All recipients.
    pub recipients: Vec<String>,
    /// Subject.
    pub subject: String,
    /// `Message-ID` without angle brackets.
    pub message_id: String,
    /// Where it stands.
    pub state: OutboxState,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is due (undo window or back-off).
    pub not_before: Timestamp,
    /// Why the last attempt failed.
    pub failure: Option<Failure>,
}

/// Who signed in to send a message, and which way it went.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SentBy {
    /// Who signed in: a person's name, or the mailbox an application opened.
    pub signed_in: String,
    /// The protocol.
    pub protocol: OutgoingProtocol,
    /// The server.
    pub host: String,
    /// Why it did not go the way the account says: the words of the server that would not have it.
    pub detour: Option<String>,
}

/// A message that was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SentMail {
    /// The id it had in the outbox.
    pub id: OutboxId,
    /// The account it was sent by.
    pub account: AccountId,
    /// The mailbox it was sent from.
    pub mailbox: MailboxId,
    /// `From`.
    pub from: Address,
    /// All recipients.
    pub recipients: Vec<String>,
    /// Subject.
    pub subject: String,
    /// `Message-ID` without angle brackets.
    pub message_id: String,
    /// The one the server gave it instead.
    pub new_message_id: Option<String>,
    /// When.
    pub at: Timestamp,
    /// By whom, which way; `None` where that cannot be read.
    pub by: Option<SentBy>,
    /// Mailboxes in whose Sent folder a copy is known to be, each once for every copy.
    pub filed_in: Vec<String>,
}

impl SentMail {
    /// Says in words where copies are, in a mailbox that is read over `protocol` (`None` where that is not known).
    pub fn filed_words(&self, protocol: Option<IncomingProtocol>) -> String {
        let has_folders = protocol.is_none_or(IncomingProtocol::has_folders);
        match self.filed_in.as_slice() {
            [] if !has_folders => "not to be seen: POP3 has no Sent folder".to_owned(),
            [] => "not seen in a Sent folder yet".to_owned(),
            [one] => format!("in Sent of {one}"),
            several => format!(
                "{} copies: in Sent of {}",
                several.len(),
                several.join(", ")
            ),
        }
    }
}

/// A finished message as handed to an outgoing server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outbound {
    /// Envelope sender (`MAIL FROM`): the mailbox address.
    pub sender: String,
    /// Envelope recipients, `Bcc` included.
    pub recipients: Vec<String>,
    /// The message, CRLF line ends, without `Bcc`.
    pub bytes: Vec<u8>,
}

/// What became of a submitted message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Receipt {
    /// The server has it.
    Accepted {
        /// Recipients it refused, if it took the others.
        refused: Vec<RefusedRecipient>,
        /// The `Message-ID` the server gave it instead of ours, without angle brackets.
        new_message_id: Option<String>,
    },
    /// The link broke after the last byte: it may or may not have it.
    Unsure {
        /// What happened, for the notice.
        text: String,
    },
}

/// A recipient the server would not take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedRecipient {
    /// The address.
    pub address: String,
    /// The server's code, such as `550 5.1.1`.
    pub code: String,
    /// The server's words.
    pub text: String,
}
