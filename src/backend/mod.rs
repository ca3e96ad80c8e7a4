//! Protocols behind three traits: [`Backend`] reads and changes a mailbox, [`Outgoing`] submits mail, [`Directory`]
//! knows the organisation's people.
//!
//! A backend does not retry, back off or ask: it reports, and the engine decides. A connection error drops
//! the connection: after any error but [`BackendError::Refused`], [`BackendError::Gone`] and
//! [`BackendError::Unsupported`] the value must not be used again.

mod error;
pub mod ews;
pub mod graph;
mod http;
pub mod imap;
pub mod pop3;
mod roles;
pub(in crate::backend) mod sasl;
mod sentences;
pub mod smtp;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::Notify;

pub use error::{BackendError, Refusal};

use crate::model::Address;
use crate::model::Applied;
use crate::model::Caps;
use crate::model::ChangeSet;
use crate::model::Cursor;
use crate::model::Outbound;
use crate::model::Progress;
use crate::model::Query;
use crate::model::Receipt;
use crate::model::RemoteFolder;
use crate::model::RemoteId;
use crate::model::RemoteOp;
use crate::model::Wake;

/// What proves to a server who we are.
#[derive(Clone, Debug)]
pub enum Credential {
    /// An OAuth 2.0 access token, sent by XOAUTH2 or OAUTHBEARER.
    Bearer(SecretString),
    /// A password, sent by PLAIN or LOGIN, only under TLS (or to this machine).
    Password(SecretString),
}

/// Whom to log in as. `user` is the mailbox for IMAP, the identity for SMTP (protocol facts §5).
#[derive(Clone, Debug)]
pub struct Login {
    /// The user name.
    pub user: String,
    /// The proof.
    pub credential: Credential,
}

/// Where a protocol that proves itself with every request gets its proof from: tokens end while a mailbox is open.
#[async_trait]
pub trait ProofSource: Send + Sync + Debug {
    /// Returns what to show to the server now. Fails with [`BackendError::Token`].
    async fn credential(&self) -> Result<Credential, BackendError>;

    /// Says that the server refused `credential`; tells whether another may be had.
    async fn reject(&self, credential: &Credential) -> bool;
}

/// How the one who signs in stands to the mailbox that is opened (protocol facts §5.3, §5.4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Opener {
    /// It is the own mailbox.
    Owner,
    /// A person opens somebody else's mailbox.
    Delegate,
    /// An application opens it without a person: EWS impersonates, Graph names the mailbox.
    Application,
}

/// A mailbox behind HTTPS, who opens it, and by what right.
#[derive(Clone, Debug)]
pub struct Access {
    /// The mailbox's address.
    pub mailbox: String,
    /// The user name that goes with a password (on-premises, `DOMAIN\\user` or a UPN).
    pub user: String,
    /// Who opens it.
    pub opener: Opener,
    /// The proof.
    pub proof: Arc<dyn ProofSource>,
}

/// One connection to one mailbox.
#[async_trait]
pub trait Backend: Send {
    /// Tells what this server can do.
    fn caps(&self) -> Caps;

    /// Lists all mail folders; folders that hold no mail (calendar, contacts …) are left out.
    async fn folders(&mut self) -> Result<Vec<RemoteFolder>, BackendError>;

    /// Tells what changed in `folder` since a cursor; without one, begins with the newest page.
    ///
    /// New messages come first, then flags and removals, then older messages not listed so far, newest first.
    /// `more` asks to be called again at once. A cursor that means nothing any more is [`BackendError::CursorLost`].
    async fn changes(
        &mut self,
        folder: &RemoteId,
        since: Option<&Cursor>,
    ) -> Result<ChangeSet, BackendError>;

    /// Takes in what was asked for ahead of the next [`Backend::changes`], if anything; the engine calls this while it
    /// stores the last ones. May be dropped at any time. What fails is told by the next call of that.
    async fn read_ahead(&mut self) {}

    /// Reads whole messages (RFC 5322 bytes) without marking them read. Messages that are gone are left out.
    /// `progress` counts bytes.
    async fn fetch(
        &mut self,
        folder: &RemoteId,
        messages: &[RemoteId],
        progress: &Progress,
    ) -> Result<Vec<(RemoteId, Vec<u8>)>, BackendError>;

    /// Makes one change. What is gone already is no error, except where nothing was left to change ([`BackendError::Gone`]).
    async fn apply(&mut self, op: &RemoteOp) -> Result<Applied, BackendError>;

    /// Lets the server search a folder, newest first.
    async fn search(
        &mut self,
        folder: &RemoteId,
        query: &Query,
    ) -> Result<Vec<RemoteId>, BackendError>;

    /// Waits for news of `folder` since its changes were last read, for a poke, or for `limit`, whichever is first.
    /// Where another folder was looked at meanwhile, there may be news: [`Wake::Remote`] at once.
    async fn wait(
        &mut self,
        folder: &RemoteId,
        poke: &Notify,
        limit: Duration,
    ) -> Result<Wake, BackendError>;

    /// Tells whether messages of `folder` may be changed, or only read.
    async fn may_change(&mut self, folder: &RemoteId) -> Result<bool, BackendError>;
}

/// One connection for submitting mail.
#[async_trait]
pub trait Outgoing: Send {
    /// Submits one message. [`Receipt::Unsure`] when the link broke after the last byte was written.
    async fn submit(&mut self, mail: &Outbound) -> Result<Receipt, BackendError>;

    /// Asks whether mail from `sender` would be taken, without sending any: [`BackendError::Refused`] with
    /// [`Refusal::Sender`] is a no. A yes is no promise: Exchange Online decides when the message is there (protocol
    /// facts §5.2).
    async fn may_send_as(&mut self, sender: &str) -> Result<(), BackendError>;

    /// Takes back what earlier attempts to send a message left behind unsent: drafts with its `Message-ID` (without
    /// angle brackets). Only for when it is sure that no attempt is under way; nothing that was sent is touched.
    async fn take_back(&mut self, message_id: &str) -> Result<(), BackendError> {
        let _ = message_id;
        Ok(())
    }

    /// Tells whether the server files a copy of what it takes in the sender's Sent folder by itself.
    fn files_sent_copy(&self) -> bool;
}

/// The organisation's address book. Not part of [`Backend`]: an account may send over EWS and read over something else,
/// and to ask for a name no mailbox has to be opened.
#[async_trait]
pub trait Directory: Send + Debug {
    /// Returns whom the address book knows by a beginning of a name or an address, at most 20, each address once; nobody
    /// is no error. May be dropped at any time.
    async fn resolve(&mut self, text: &str) -> Result<Vec<Address>, BackendError>;
}
