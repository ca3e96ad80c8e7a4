//! What an administrator must grant, as text that can be copied: filled in for one account, with the least permissions
//! for what it does. Pure functions; nothing here asks, signs in or writes.

mod answer;
mod az;
mod consent;
mod document;
mod functions;
mod guide;
mod kit;
mod labels;
mod manifest;
mod powershell;
mod quote;
mod request;
mod sending;

#[cfg(test)]
mod tests;

pub use answer::{Answer, AnswerField, AnswerMistake, Change, is_secret_id};
pub use az::az;
pub use consent::consent_url;
pub use document::{Block, Document, Language, Step, Weight};
pub use functions::{Function, Functions};
pub use guide::guide;
pub use kit::Kit;
pub use manifest::manifest;
pub use powershell::powershell;
pub use request::request;
