//! One suite over every server and protocol: what the engine relies on is true of the demo tenant, of Dovecot and
//! Postfix, and of both in the shape of Exchange Online.
//!
//! The stories are in `stories`; `imap`, `pop3`, `dovecot` … only say who tells which. A story that a protocol cannot tell is
//! not listed for it.

#![cfg(test)]

#[path = "../lab/mod.rs"]
mod lab;

mod demo;
mod dovecot;
mod dovecot_pop3;
mod ews;
mod exchange_like;
mod graph;
mod imap;
mod pop3;
mod relay;
mod stories;
mod target;
mod tokens;
