//! What a list row and the reader show of a message.

use jiff::Timestamp;

use crate::model::Address;
use crate::model::Flags;
use crate::model::FolderId;
use crate::model::MailboxId;
use crate::model::MessageId;

/// What a list row needs of a message (RFC 5322 headers, decoded and sanitised).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// When it was sent; when it was received where `Date` is missing or absurd.
    pub date: Timestamp,
    /// `From`.
    pub from: Vec<Address>,
    /// `To`, at most 50 of them.
    pub to: Vec<Address>,
    /// `Cc`, at most 50 of them.
    pub cc: Vec<Address>,
    /// `Reply-To`.
    pub reply_to: Vec<Address>,
    /// `Subject`; empty when there is none.
    pub subject: String,
    /// `Message-ID` with its angle brackets taken off; empty when there is none.
    pub message_id: String,
    /// `In-Reply-To`, first id.
    pub in_reply_to: Option<String>,
    /// `References`, oldest first, at most 100.
    pub references: Vec<String>,
    /// Flags.
    pub flags: Flags,
    /// Size in bytes as the server estimates it; never trusted for allocation.
    pub size: u64,
    /// Whether there is an attachment, as far as known.
    pub has_attachments: bool,
    /// The first words of the text; empty until the body is cached.
    pub preview: String,
}

impl Default for Envelope {
    fn default() -> Self {
        Self {
            date: Timestamp::UNIX_EPOCH,
            from: Vec::new(),
            to: Vec::new(),
            cc: Vec::new(),
            reply_to: Vec::new(),
            subject: String::new(),
            message_id: String::new(),
            in_reply_to: None,
            references: Vec::new(),
            flags: Flags::NONE,
            size: 0,
            has_attachments: false,
            preview: String::new(),
        }
    }
}

/// A cached message as a list shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Local id; stays the same when the message moves within its mailbox.
    pub id: MessageId,
    /// The mailbox it is in.
    pub mailbox: MailboxId,
    /// The folder it is in.
    pub folder: FolderId,
    /// The row's content.
    pub envelope: Envelope,
    /// Messages of the same thread in the same folder, this one included; 1 when alone.
    pub thread_size: u32,
}

impl Listed {
    /// Returns where this row stands in a list.
    pub fn sort_key(&self) -> SortKey {
        SortKey {
            date: self.envelope.date,
            id: self.id,
        }
    }
}

/// The place of a row in a list: newest first, then highest id first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct SortKey {
    /// The envelope's date.
    pub date: Timestamp,
    /// Breaks ties.
    pub id: MessageId,
}

/// Which rows of a list are wanted; lists are read by key, never by number, so that each read costs the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Window {
    /// The newest rows.
    Newest,
    /// The oldest rows.
    Oldest,
    /// Rows that stand below this one.
    OlderThan(SortKey),
    /// Rows that stand above this one, nearest first in distance but returned newest first.
    NewerThan(SortKey),
    /// Half of the rows above and half below this place, it included.
    Around(SortKey),
}

/// Rows of a list, newest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Listed>,
    /// Whether there are rows above the first.
    pub has_newer: bool,
    /// Whether there are rows below the last.
    pub has_older: bool,
    /// All rows of the list, where counting is free; `None` for searches.
    pub total: Option<u32>,
}

/// An attachment as listed under a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attachment {
    /// Number of the MIME part; what [`crate::mime`] takes to find it again.
    pub part: usize,
    /// A safe file name: no path, no control characters, never empty.
    pub name: String,
    /// Media type in lower case, such as `application/pdf`.
    pub media_type: String,
    /// Decoded size in bytes.
    pub size: u64,
    /// Whether it is shown inside the text (`Content-Disposition: inline` with a content id).
    pub is_inline: bool,
}

/// A message as the reader shows it: decoded, bounded, free of control characters.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Body {
    /// Every header, in order, decoded.
    pub headers: Vec<(String, String)>,
    /// The text to read: the plain part, or the HTML part as text. Lines end in `\n`.
    pub text: String,
    /// Targets of the numbered links `[1]` in `text`, in order.
    pub links: Vec<String>,
    /// Whether `text` was made from HTML.
    pub is_from_html: bool,
    /// What can be saved.
    pub attachments: Vec<Attachment>,
    /// What was left out because a bound was hit, as sentences for the reader.
    pub cuts: Vec<String>,
}
