//! The demo tenant by Exchange Web Services. What the protocol cannot do is not listed: it refuses a message for one wrong
//! recipient, and a sender whose mailbox does not open before there is a message.

mod additional_user;
mod app;
mod person;
