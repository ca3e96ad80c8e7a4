//! The submission server: RFC 6409 with STARTTLS and XOAUTH2, and the manners of Exchange Online.

mod connection;
mod session;

pub use connection::serve;

#[cfg(test)]
mod tests;
