//! Message submission (RFC 6409) through lettre's connection, driven command by command.
//!
//! lettre's transport, pool, STARTTLS and AUTH are not used: they lose recipients' answers, what failed
//! sign-ins say, and bytes smuggled in before TLS. Nothing here retries.

mod auth;
mod classify;
mod hosts;
mod offers;
mod reply;
mod secure;
mod session;
mod submit;
mod transport;

pub(in crate::backend) use hosts::files_sent_copy;
pub use secure::protect;

use crate::backend::BackendError;
use crate::backend::Login;
use crate::backend::Outgoing;
use crate::model::OutgoingServer;
use crate::net::Trust;

/// Connects, protects the connection and logs in.
///
/// Without TLS only to this machine, and then never with a token; STARTTLS cannot be stripped.
pub async fn connect(
    server: &OutgoingServer,
    trust: &Trust,
    login: &Login,
) -> Result<Box<dyn Outgoing>, BackendError> {
    let secured = secure::open(server, trust, login).await?;
    let mut session = session::Session::begin(server, secured).await?;
    auth::log_in(&mut session, login).await?;
    Ok(Box::new(session))
}

#[cfg(test)]
mod tests;
