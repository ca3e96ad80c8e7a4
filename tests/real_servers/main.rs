//! What only real servers can show: sign-in at somebody else's provider, bad certificates, connections that
//! break, passwords where they are still taken.
//!
//! What every server has to do the same way is in `conformance`.

#![cfg(test)]

#[path = "../lab/mod.rs"]
mod lab;

mod faults;
mod home;
mod keyring;
mod methods;
mod provider;
mod secret_service;
mod session;
mod sign_in;
