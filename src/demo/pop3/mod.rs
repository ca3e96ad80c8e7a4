//! The POP3 server (RFC 1939, RFC 2449, RFC 5034): the inbox of a mailbox as a maildrop, with the manners of Exchange
//! Online.

mod connection;
mod maildrop;
mod session;
mod spoil;

pub use connection::{serve, serve_clear};
pub use maildrop::Maildrops;

#[cfg(test)]
mod tests;
