//! A message being written.

use serde::{Deserialize, Serialize};

use crate::model::Address;

/// What the composer edits. Recipients stay text while typed; they are parsed when sent.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Draft {
    /// The mailbox address it is sent from.
    pub from: Address,
    /// `To` as typed.
    pub to: String,
    /// `Cc` as typed.
    pub cc: String,
    /// `Bcc` as typed.
    pub bcc: String,
    /// Subject.
    pub subject: String,
    /// Plain text, lines ending in `\n`.
    pub text: String,
    /// Files to send along.
    pub attachments: Vec<DraftAttachment>,
    /// What it answers or forwards.
    pub origin: Option<DraftOrigin>,
}

/// A file to send along.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DraftAttachment {
    /// A file that is read when the message is sent.
    File {
        /// Where it is.
        path: std::path::PathBuf,
    },
    /// Bytes kept with the draft, such as a forwarded attachment.
    Bytes {
        /// File name to show.
        name: String,
        /// Media type.
        media_type: String,
        /// The content.
        data: Vec<u8>,
    },
}

/// The message a draft answers or forwards.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DraftOrigin {
    /// Row id of the cached message, for setting `\Answered` or `$Forwarded` afterwards.
    pub message_row: i64,
    /// `Message-ID` of the original.
    pub message_id: String,
    /// `References` of the answer: those of the original and its id.
    pub references: Vec<String>,
    /// Whether it is forwarded rather than answered.
    pub is_forward: bool,
}
