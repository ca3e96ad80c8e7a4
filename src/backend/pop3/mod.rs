//! Stub.
use super::{Backend, BackendError, Login};
use crate::model::IncomingServer;
use crate::net::Trust;
/// Stub.
pub async fn connect(
    _: &IncomingServer,
    _: &Trust,
    _: &Login,
) -> Result<Box<dyn Backend>, BackendError> {
    Err(BackendError::Unsupported { what: "x" })
}
/// Stub.
pub async fn protect(_: &IncomingServer, _: &Trust) -> Result<crate::net::Stream, BackendError> { Err(BackendError::Unsupported { what: "x" }) }
