//! What the engine says: events, problems, statuses, and the progress of sign-ins and checks. Plain data only.

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::mpsc;

use crate::auth::{BrowserProgress, DeviceProgress, Identity};
use crate::discover::Origin;
use crate::engine::EngineError;
use crate::model::{
    Account, AccountId, Body, FolderId, MailboxId, MessageId, Progress, ServerProfile,
    SignInProfile,
};

/// Something changed; read again what you show of it.
#[derive(Clone, Debug)]
pub enum Event {
    /// Rows of this folder.
    Messages(FolderId),
    /// New, unread mail came into an inbox.
    NewMail {
        /// The mailbox.
        mailbox: MailboxId,
        /// The messages, newest first.
        messages: Vec<MessageId>,
    },
    /// A body that was asked for is cached now.
    Body(MessageId),
    /// The folder list or its counts.
    Folders(MailboxId),
    /// The outbox.
    Outbox,
    /// A mailbox's [`Status`].
    Status(MailboxId),
    /// An account's sign-in (signed in, or needed).
    SignIn(AccountId),
    /// Accounts were added, changed or removed.
    Accounts,
    /// Something went wrong that a person should know.
    Problem(Problem),
    /// Events were lost.
    Lagged,
}

/// A problem and what it is about.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The mailbox, where it is about one.
    pub mailbox: Option<MailboxId>,
    /// The cause; `explain` makes it readable.
    pub error: Arc<EngineError>,
}

/// How a mailbox is doing.
#[derive(Clone, Debug)]
pub struct Status {
    /// What it is doing.
    pub health: Health,
    /// When it was last in step with the server.
    pub synced_at: Option<Timestamp>,
    /// How far the current long task is (messages listed, of all).
    pub progress: Option<Progress>,
    /// What that task is, such as "listing Inbox".
    pub task: String,
    /// Queued changes.
    pub pending: u32,
    /// Whether a person stopped a long synchronisation; what was fetched is kept, new mail comes in.
    pub is_stopped: bool,
    /// Why it is not fine.
    pub error: Option<Arc<EngineError>>,
}

impl Status {
    /// Tells whether a long task is under way, one with a figure that can be stopped.
    pub fn is_long_task(&self) -> bool {
        self.health == Health::Syncing && self.progress.is_some()
    }
}

impl Default for Status {
    fn default() -> Self {
        Self {
            health: Health::Offline,
            synced_at: None,
            progress: None,
            task: String::new(),
            pending: 0,
            is_stopped: false,
            error: None,
        }
    }
}

/// The health mark of a mailbox.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Health {
    /// In step, listening.
    Fine,
    /// Connecting or synchronising.
    Syncing,
    /// A person has to do something.
    NeedsYou,
    /// No connection; tried again at a later time.
    Offline,
}

/// What became of a message of which nobody knew whether it was sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Fate {
    /// It was sent: it is in Sent.
    Sent,
    /// It is in the outbox, and not in Sent.
    Kept,
    /// It is in the outbox, and nobody could look into Sent.
    Unknown,
}

/// Whether a body can be shown now.
#[derive(Clone, Debug)]
pub enum BodyState {
    /// Here it is.
    Ready(Arc<Body>),
    /// It was put at the front of the mailbox's work; [`Event::Body`] follows.
    Fetching(Progress),
    /// The message is gone.
    Gone,
}

/// What the servers found when they searched.
#[derive(Clone, Debug, Default)]
pub struct ServerHits {
    /// Messages that are in the cache, in no order; [`Query::found`](crate::model::Query) takes them.
    pub messages: Vec<MessageId>,
    /// How many more were found that the cache does not list yet.
    pub unlisted: u32,
    /// Mailboxes whose servers cannot search at all (POP3).
    pub unable: Vec<String>,
    /// Mailboxes of which not everything was searched, and why.
    pub failed: Vec<(String, Arc<EngineError>)>,
}

/// What setup found out about an address. All of it may be edited before it is saved.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The account as it would be saved.
    pub account: Account,
    /// Where the sign-in settings come from.
    pub sign_in_origin: Origin,
    /// Where the servers come from.
    pub servers_origin: Origin,
    /// What is missing before it can work, as field names (`client_id`, `authority`, `host` …).
    pub missing: Vec<&'static str>,
    /// The foreign domain that the servers belong to and that nobody vouches for: the user has to agree before
    /// anything that proves who they are is sent there.
    pub needs_consent: Option<String>,
    /// The EWS server that these servers stand in for, since EWS is not spoken here. Unless it is Microsoft's, that it
    /// offers IMAP too is a guess.
    pub stands_for_ews: Option<String>,
    /// What else was found, in the order of preference.
    pub alternatives: Vec<Alternative>,
}

/// Another suggestion of setup, to be taken with [`Candidate::choose`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alternative {
    /// How to sign in.
    pub sign_in: SignInProfile,
    /// Where that comes from.
    pub sign_in_origin: Origin,
    /// Servers.
    pub servers: ServerProfile,
    /// Where they come from.
    pub servers_origin: Origin,
    /// The name to sign in with where it is not the address.
    pub login: Option<String>,
    /// As in [`Candidate::needs_consent`].
    pub needs_consent: Option<String>,
    /// As in [`Candidate::stands_for_ews`].
    pub stands_for_ews: Option<String>,
}

/// What happens during a sign-in.
#[derive(Debug)]
pub enum SignInEvent {
    /// Progress of the device flow.
    Device(DeviceProgress),
    /// Progress of the browser flow.
    Browser(BrowserProgress),
    /// Signed in; tokens are in the vault and the workers run again.
    Done(Identity),
    /// It failed.
    Failed(Arc<EngineError>),
}

/// A running sign-in; dropping it cancels.
#[derive(Debug)]
pub struct SignIn {
    /// What happens; closes after `Done` or `Failed`.
    pub events: mpsc::UnboundedReceiver<SignInEvent>,
    /// Takes the final address, as a person pasted it.
    pub paste: mpsc::UnboundedSender<SecretString>,
    /// Ends the task when this is dropped.
    pub guard: tokio_util::sync::DropGuard,
}
