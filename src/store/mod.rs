//! The local cache in SQLite: one writer, several readers. Every write of the program is one transaction in here.
//!
//! Cursors move in the same transaction as the rows they cover; a user action and its queue row are one transaction.

mod accounts;
mod database;
mod error;
mod folders;
mod mail;
mod migrations;
mod open;
mod queue;
mod recover;
mod rehome;
mod rescue;
mod sync;
mod types;

#[cfg(test)]
mod tests;

pub use database::Store;
pub use error::StoreError;
pub use types::{Action, Committed, Located, NewBody, NewOutbox, Opened, Pending, Sent};
