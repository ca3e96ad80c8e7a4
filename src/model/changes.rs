//! The vocabulary between a backend and the engine: what changed there, what to change there.

use serde::{Deserialize, Serialize};

use crate::model::Envelope;
use crate::model::FlagChange;
use crate::model::Flags;
use crate::model::FolderId;
use crate::model::RemoteId;
use crate::model::Role;

/// What a backend's server can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent abilities, not a state"
)]
pub struct Caps {
    /// [`Wake::Remote`] comes by itself (IDLE, streaming); else `wait` is a timer.
    pub push: bool,
    /// There are folders besides the inbox, and they can be changed.
    pub folders: bool,
    /// The server keeps flags; else they are ours alone: [`RemoteMessage`]s then come with no flag set, which says
    /// nothing. A message that is new is unread; one that is known, or known again after a lost cursor, keeps the flags
    /// it has here. [`RemoteOp::Flag`] is a success that reached nobody, so what it changed must be kept as if the
    /// server had confirmed it.
    pub flags: bool,
    /// The server can search.
    pub server_search: bool,
    /// The server files a copy of what is sent through its own submission service.
    pub files_sent_copy: bool,
}

/// "Synced up to here": opaque bytes that only the backend that made them can read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cursor(pub Vec<u8>);

/// A folder as the server lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RemoteFolder {
    /// The server's id.
    pub id: RemoteId,
    /// Decoded names from the root down, joined by `/` (a `/` inside a name becomes `∕`).
    pub path: String,
    /// What it is for.
    pub role: Role,
    /// Whether it can hold messages.
    pub selectable: bool,
}

/// A message as the server lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RemoteMessage {
    /// The server's id within its folder.
    pub id: RemoteId,
    /// Its headers.
    pub envelope: Envelope,
}

/// The flags a message now has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlagUpdate {
    /// The server's id within its folder.
    pub id: RemoteId,
    /// All its flags.
    pub flags: Flags,
}

/// What changed in a folder since a cursor. Applied in one transaction together with `next`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeSet {
    /// New or changed messages, newest first; at most a few thousand.
    pub upserts: Vec<RemoteMessage>,
    /// Messages that are gone.
    pub removals: Vec<RemoteId>,
    /// Flags that changed (a superset is fine).
    pub flags: Vec<FlagUpdate>,
    /// Messages in the folder now.
    pub total: u32,
    /// The cursor to pass next time.
    pub next: Cursor,
    /// Whether to ask again at once: older messages are still to come.
    pub more: bool,
}

/// One change to make on the server. Every operation may be repeated without harm, except `Append`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RemoteOp {
    /// Changes flags.
    Flag {
        /// The folder's remote id.
        folder: String,
        /// The messages' remote ids.
        messages: Vec<String>,
        /// What to change.
        change: FlagChange,
    },
    /// Moves messages.
    Move {
        /// The folder's remote id.
        folder: String,
        /// The messages' remote ids.
        messages: Vec<String>,
        /// The target folder's remote id.
        to: String,
    },
    /// Deletes messages for good.
    Delete {
        /// The folder's remote id.
        folder: String,
        /// The messages' remote ids.
        messages: Vec<String>,
    },
    /// Files a message, unless one with this `Message-ID` is there already.
    Append {
        /// The folder's remote id.
        folder: String,
        /// Its flags.
        flags: Flags,
        /// `Message-ID` without angle brackets, to find out whether a repeated append is needed.
        message_id: String,
        /// The message, CRLF line ends.
        bytes: Vec<u8>,
    },
    /// Makes a folder.
    CreateFolder {
        /// Decoded path, joined by `/`.
        path: String,
    },
    /// Renames a folder.
    RenameFolder {
        /// The folder's remote id.
        folder: String,
        /// New decoded path, joined by `/`.
        path: String,
    },
    /// Deletes a folder.
    DeleteFolder {
        /// The folder's remote id.
        folder: String,
    },
}

/// What a server change did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Applied {
    /// New ids of moved or appended messages, as (old, new), where the server tells (UIDPLUS).
    /// An append has its `Message-ID` as the old id.
    pub renamed: Vec<(RemoteId, RemoteId)>,
}

/// Why a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wake {
    /// The server has news of the folder waited on.
    Remote,
    /// Somebody poked the worker.
    Poke,
    /// The time was up.
    Timer,
}

/// A folder to wait on, by both its ids.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Watched {
    /// Local id.
    pub folder: FolderId,
    /// The server's id.
    pub remote: RemoteId,
}
