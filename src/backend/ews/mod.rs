//! Stub.
use super::{Access, Backend, BackendError, Outgoing};
use crate::model::{IncomingServer, OutgoingServer};
use crate::net::Trust;
/// Stub.
pub async fn connect(
    _: &IncomingServer,
    _: &Trust,
    _: &Access,
) -> Result<Box<dyn Backend>, BackendError> {
    Err(BackendError::Unsupported { what: "x" })
}
/// Stub.
pub async fn connect_outgoing(
    _: &OutgoingServer,
    _: &Trust,
    _: &Access,
) -> Result<Box<dyn Outgoing>, BackendError> {
    Err(BackendError::Unsupported { what: "x" })
}
