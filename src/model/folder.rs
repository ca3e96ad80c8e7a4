//! Folders and the roles they play.

use serde::{Deserialize, Serialize};

use crate::model::FolderId;
use crate::model::MailboxId;
use crate::model::RemoteId;

/// What a folder is for (RFC 6154), whatever its name in the mailbox's language.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Where new mail arrives.
    Inbox,
    /// Unfinished mail.
    Drafts,
    /// Copies of sent mail.
    Sent,
    /// Kept, but out of the way.
    Archive,
    /// Unwanted mail.
    Junk,
    /// Deleted mail.
    Trash,
    /// Any other folder.
    #[default]
    None,
}

impl Role {
    /// Returns the stable name used by `--json` and the cache; "" for none.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Drafts => "drafts",
            Self::Sent => "sent",
            Self::Archive => "archive",
            Self::Junk => "junk",
            Self::Trash => "trash",
            Self::None => "",
        }
    }

    /// Reads a stable name; anything unknown is [`Role::None`].
    pub fn from_name(name: &str) -> Self {
        [
            Self::Inbox,
            Self::Drafts,
            Self::Sent,
            Self::Archive,
            Self::Junk,
            Self::Trash,
        ]
        .into_iter()
        .find(|role| role.name() == name)
        .unwrap_or_default()
    }
}

/// A cached folder of a mailbox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folder {
    /// Local id.
    pub id: FolderId,
    /// The mailbox it belongs to.
    pub mailbox: MailboxId,
    /// The server's id.
    pub remote: RemoteId,
    /// Decoded names from the root down, joined by `/`.
    pub path: String,
    /// What it is for.
    pub role: Role,
    /// Whether it can hold messages.
    pub selectable: bool,
    /// Messages the server last reported.
    pub total: u32,
    /// Unread messages.
    pub unread: u32,
    /// Messages in the cache; less than `total` while a first synchronisation runs.
    pub cached: u32,
}

impl Folder {
    /// Returns the last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Returns how many folders are above this one.
    pub fn depth(&self) -> usize {
        self.path.matches('/').count()
    }
}
