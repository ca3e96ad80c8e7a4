//! Between Graph's JSON and the messages that the store keeps: what a message holds, and how a draft is written.

mod draft;
mod files;
mod properties;

pub use draft::{Attachment, add_file, apply, mark, new_draft, remove_file, with_line_ends};
pub use files::{File, bodies, content, files, has_files};
pub use properties::{
    DELIVERED, IN_REPLY_TO, LAST_VERB, MESSAGE_FLAGS, REFERENCES, SUBMITTED, first_flags, moment,
    property, tag,
};
