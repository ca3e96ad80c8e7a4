//! Why a message cannot be built or taken apart.

use std::path::PathBuf;

/// A message that cannot be built, or a part that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MimeError {
    /// A recipient field holds something that is no address.
    #[error("{field}: {source}")]
    Recipient {
        /// `To`, `Cc` or `Bcc`.
        field: &'static str,
        /// What is wrong.
        #[source]
        source: crate::model::AddressError,
    },
    /// There is nobody to send to.
    #[error("no recipient")]
    NoRecipient,
    /// An attachment cannot be read.
    #[error("cannot read the attachment {}", path.display())]
    Attachment {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The message has no such part.
    #[error("the message has no part {part}")]
    NoSuchPart {
        /// The part asked for.
        part: usize,
    },
    /// The text is no message.
    #[error("not a message: {reason}")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
}
