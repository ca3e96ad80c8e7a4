//! Reads RFC 5322 and MIME as far as the demo servers need it: header fields, parts, plain text.
//!
//! Own code on purpose: what the program under demonstration gets wrong must not be wrong here in the same way.

mod addresses;
mod headers;
mod parts;
mod text;
mod words;

pub use addresses::addresses;
pub use headers::{fields, split, value};
pub use parts::{Kind, Part, parse, read_parameters};
pub use text::{decode_charset, decode_transfer, part_bytes, part_text, plain_text, strip_tags};
pub use words::{decode_words, encode_word};
