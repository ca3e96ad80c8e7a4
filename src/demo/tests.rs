//! The whole tenant over its sockets, by a small client written for these tests alone.

pub mod client;
mod sign_in;
mod whole;
