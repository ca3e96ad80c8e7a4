//! The IMAP server: RFC 3501 with the manners of Exchange Online (its extensions, its texts, its gaps).

mod change;
mod commands;
mod connection;
mod fetch;
mod folders;
mod names;
mod search;
mod sections;
mod session;
mod structure;
mod view;
mod wire;
mod write;

pub use connection::serve;

#[cfg(test)]
mod tests;
