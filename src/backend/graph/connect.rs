//! Opens a mailbox: by listing its folders, which the engine asks for next anyway.

use super::Graph;
use super::submit::Post;
use super::wire::{Base, Wire};
use crate::backend::{Access, Backend, BackendError, Opener, Outgoing};
use crate::model::{IncomingServer, OutgoingServer, TlsMode};
use crate::net::Trust;

/// Connects and makes sure that the mailbox opens.
pub async fn connect(
    server: &IncomingServer,
    trust: &Trust,
    access: &Access,
) -> Result<Box<dyn Backend>, BackendError> {
    check_protection(server.tls)?;
    let wire = Wire::new(trust, access, base(&server.host, server.port, access))?;
    Ok(Box::new(open(wire).await?))
}

/// Makes what sends mail from `access.mailbox`. Nothing is asked: a token for sending alone opens nothing else.
pub async fn connect_outgoing(
    server: &OutgoingServer,
    trust: &Trust,
    access: &Access,
) -> Result<Box<dyn Outgoing>, BackendError> {
    check_protection(server.tls)?;
    let wire = Wire::new(trust, access, base(&server.host, server.port, access))?;
    Ok(Box::new(Post::new(wire, trust)?))
}

/// Proves that the mailbox opens.
pub(super) async fn open(wire: Wire) -> Result<Graph, BackendError> {
    let mut graph = Graph::new(wire);
    graph.list_anew().await?;
    Ok(graph)
}

/// Says where the mailbox is (protocol facts §5.4).
pub(super) fn base(host: &str, port: u16, access: &Access) -> Base {
    let is_own = access.opener == Opener::Owner;
    Base::new(host, port, (!is_own).then_some(access.mailbox.as_str()))
}

/// A token crosses no wire unprotected.
fn check_protection(tls: TlsMode) -> Result<(), BackendError> {
    if tls == TlsMode::Implicit {
        return Ok(());
    }
    Err(BackendError::Unsupported {
        what: "Microsoft Graph without HTTPS",
    })
}
