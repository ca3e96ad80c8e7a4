//! What goes over the line: XML in and out, the schema requests must keep, SOAP envelopes, opaque ids.
//!
//! Knows no mailbox: what an operation means is the business of the folders beside this one.

mod envelope;
mod ids;
mod read;
mod refusal;
mod rules;
mod schema;
mod write;

pub use envelope::{Asked, Sid, Version, answer, event, fault, read_request};
pub use ids::{FolderRef, ItemRef, attachment_id, change_key, folder_key, revision_of};
pub use ids::{read_attachment, read_folder, read_item};
pub use read::{Node, Space, is_true};
pub use refusal::Refusal;
pub use write::Xml;

#[cfg(test)]
mod tests;
