//! Row ids of the local cache and the server's own opaque ids.

use std::fmt;
use std::marker::PhantomData;

/// A local row id of one kind; ids of different kinds do not mix.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id<K> {
    row: i64,
    kind: PhantomData<K>,
}

impl<K> Id<K> {
    /// Wraps a row id read from the cache.
    pub const fn new(row: i64) -> Self {
        Self {
            row,
            kind: PhantomData,
        }
    }

    /// Returns the row id as the cache stores it.
    pub const fn row(&self) -> i64 {
        self.row
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.row)
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.row)
    }
}

/// The kinds of local ids; never built, only named.
pub mod kind {
    /// Marks [`super::AccountId`].
    #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
    pub enum Account {}
    /// Marks [`super::MailboxId`].
    #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
    pub enum Mailbox {}
    /// Marks [`super::FolderId`].
    #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
    pub enum Folder {}
    /// Marks [`super::MessageId`].
    #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
    pub enum Message {}
    /// Marks [`super::DraftId`].
    #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
    pub enum Draft {}
    /// Marks [`super::OutboxId`].
    #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
    pub enum Outbox {}
    /// Marks [`super::PendingId`].
    #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
    pub enum Pending {}
    /// Marks [`super::ActionId`].
    #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
    pub enum Action {}
}

/// A configured account.
pub type AccountId = Id<kind::Account>;
/// One address's mail: an account's main mailbox or one of its additional users.
pub type MailboxId = Id<kind::Mailbox>;
/// A folder of a mailbox.
pub type FolderId = Id<kind::Folder>;
/// A cached message in one folder (not the `Message-ID` header).
pub type MessageId = Id<kind::Message>;
/// A draft kept locally.
pub type DraftId = Id<kind::Draft>;
/// A message on its way out.
pub type OutboxId = Id<kind::Outbox>;
/// One queued server change.
pub type PendingId = Id<kind::Pending>;
/// One user action, which may have queued several server changes; what `undo` takes back.
pub type ActionId = Id<kind::Action>;

/// The server's own id of a folder or message; opaque to all but the backend that made it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RemoteId(String);

impl RemoteId {
    /// Wraps an id as the backend spells it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// Returns the id as the backend spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
