//! What the cache takes and gives besides the model's own types.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::model::{
    AccountId, Address, Draft, FlagChange, FolderId, MailboxId, MessageId, Outbound, PendingId,
    RemoteId, RemoteOp, SentBy,
};

/// What opening had to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Opened {
    /// Everything in order.
    Fine,
    /// There was none.
    New,
    /// It was damaged: moved aside, drafts, outbox and queued changes saved, the rest comes from the server again.
    Rebuilt {
        /// Where the damaged file is now.
        moved_to: PathBuf,
        /// Drafts and outgoing messages that were saved.
        saved: usize,
        /// Changes that no server knew yet and that were saved: messages marked, moved or deleted, copies to file.
        changes: usize,
    },
}

/// Where a cached message is on its server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Located {
    /// Its mailbox.
    pub mailbox: MailboxId,
    /// Its folder.
    pub folder: FolderId,
    /// The folder's remote id.
    pub remote_folder: RemoteId,
    /// The message's remote id; `None` while a local move is not replayed yet and the new id not known.
    pub remote: Option<RemoteId>,
    /// Whether the body is cached.
    pub has_body: bool,
}

/// A queued server change, oldest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pending {
    /// Its id.
    pub id: PendingId,
    /// The change, with the messages' remote ids as they are now.
    pub op: RemoteOp,
    /// Attempts so far.
    pub attempts: u32,
}

/// What a committed change set did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Committed {
    /// Messages that were not there before, newest first.
    pub added: Vec<MessageId>,
    /// Whether anything visible changed.
    pub changed: bool,
}

/// A body to store with its digest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewBody {
    /// The message.
    pub message: MessageId,
    /// RFC 5322 bytes.
    pub bytes: Vec<u8>,
    /// Words for the index.
    pub text: String,
    /// The first words.
    pub preview: String,
    /// Whether something can be saved.
    pub has_attachments: bool,
}

/// What a user does to messages; applied locally at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Changes flags.
    Flag(FlagChange),
    /// Moves to a folder of the same mailbox.
    Move(FolderId),
    /// Deletes for good.
    Delete,
}

/// How a message was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// By whom, which way.
    pub by: SentBy,
    /// The `Message-ID` the server gave it instead of ours, without angle brackets.
    pub new_message_id: Option<String>,
}

/// An outgoing message to queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOutbox {
    /// The account that sends it.
    pub account: AccountId,
    /// The mailbox it is from.
    pub mailbox: MailboxId,
    /// `From`, for lists.
    pub from: Address,
    /// Subject, for lists.
    pub subject: String,
    /// `Message-ID` without angle brackets.
    pub message_id: String,
    /// The finished message.
    pub mail: Outbound,
    /// The draft it was made from, kept so that cancelling brings it back.
    pub draft: Option<Draft>,
    /// When it may go.
    pub not_before: Timestamp,
}
