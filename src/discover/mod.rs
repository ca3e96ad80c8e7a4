//! Mail address → servers and sign-in, each with its origin.
//!
//! Asks several sources at once, all of which may fail, hang or lie; what is suggested first is decided by a fixed
//! order and never by who answered first. A host that neither belongs to the mail domain nor is vouched for is
//! [`HostTrust::Foreign`]: nothing here connects to a mail server, and nobody else may before the user agreed.

mod autodiscover;
mod clientconfig;
mod domain;
mod error;
mod find;
mod findings;
mod judge;
mod known;
mod old;
mod servers;
mod sources;
mod srv;
mod tenant;

#[cfg(test)]
mod tests;

pub use error::DiscoverError;
pub use find::find;
pub use findings::{
    Basis, Endpoints, Finding, Findings, HostTrust, Origin, Outcome, SignInFinding, Tenant,
};
pub use old::{OldServer, old_server};
pub use servers::{provider_incoming, provider_outgoing, provider_servers};
pub use sources::{Online, Reply, Sources};
