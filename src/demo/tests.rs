//! The whole tenant over its sockets, by a small client written for these tests alone.

mod app_only;
mod authorize;
pub mod client;
mod policies;
mod sign_in;
mod troubles;
mod whole;
