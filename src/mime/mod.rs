//! Bytes ⇄ model: parsing, building, HTML as text, quoting, charsets. No async runtime, no I/O but attachments' files.
//!
//! Every function is safe on hostile input: bounded time and memory, no panic.

mod cut;
mod error;
mod filename;
mod guard;
mod html;
mod media_types;
mod quote;
mod read;
mod write;

pub use error::MimeError;
pub use quote::quote_depth;
pub use read::{
    Digest, attachment, digest, header_in_unicode, header_text, parse_body, parse_envelope,
};
pub use write::{Answer, Built, adopt, answer, build, crlf};
pub use write::{AttachedPiece, ContentPiece, HeaderPiece, Pieces, TextPiece, assemble};

#[cfg(test)]
mod tests;
