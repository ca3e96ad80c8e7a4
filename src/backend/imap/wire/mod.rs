//! The wire: one connection on async-imap, which tags nothing, retries nothing and believes only tagged answers.
//!
//! async-imap serves as connection and response stream. Its own commands report `NO` as success and lose response
//! codes, so commands are run by [`Session`] alone.

mod answer;
mod command;
mod filter;
mod frame;
mod judge;
mod noted;
mod plain;
mod session;
#[cfg(test)]
mod tests;

pub(super) use answer::{Answer, Code, Reply, clean};
pub(super) use command::{Command, Patience};
pub(super) use frame::{LIMITS, Limits};
pub(super) use judge::Dropped;
pub(super) use noted::Selected;
pub(super) use session::{Link, Session, Tag, protocol};
