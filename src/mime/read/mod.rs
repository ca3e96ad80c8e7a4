//! Reading: headers, structure, text, attachments. Never builds a message.

pub(in crate::mime) mod body;
mod calendar;
mod digest;
mod envelope;
mod flowed;
pub(in crate::mime) mod header;
mod part_type;
mod select;
mod transfer;
mod tree;
mod words;

pub use body::{attachment, parse_body};
pub use digest::{Digest, digest};
pub use envelope::parse_envelope;
pub use header::{header_in_unicode, header_text};
