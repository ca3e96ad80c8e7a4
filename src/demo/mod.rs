//! The embedded demo tenant: sign-in, IMAP, POP3 and SMTP servers on this machine with a throw-away CA, seeded with mail.
//!
//! Shares no protocol code with `backend`, so that one wrong reading is not wrong on both sides.

mod browser;
mod colleagues;
mod compose;
mod delivery;
mod ews;
mod graph;
mod house;
mod imap;
mod mail_store;
mod message;
mod mischief;
mod options;
mod people;
mod pop3;
mod random;
mod registrations;
mod requests;
mod rights;
mod sasl;
mod seed;
mod sign_in;
mod smtp;
mod tenant;
mod transport;

pub use mischief::{Edit, Mischief, Service};
pub use options::{Habits, Options};
pub use registrations::RegisteredApp;
pub use requests::RequestCounts;
pub use sign_in::{Endpoint, Trouble};
pub use tenant::{Control, Tenant};

use requests::Requests;

#[cfg(test)]
mod tests;
