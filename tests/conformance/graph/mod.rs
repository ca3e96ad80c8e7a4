//! The demo tenant by Microsoft Graph: a person and her mailbox, one she has rights on, an app without a person.

mod additional_user;
mod app;
mod person;
