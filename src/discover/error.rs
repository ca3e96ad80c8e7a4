//! Why a source of discovery was of no use. Never ends the discovery: the other sources go on.

use std::sync::Arc;

use crate::net::NetError;

/// What is wrong with one source's answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DiscoverError {
    /// It could not be asked.
    #[error(transparent)]
    Net(Arc<NetError>),
    /// It answered with a status that means neither yes nor no.
    #[error("{host} answered HTTP {status}")]
    Status {
        /// Who answered.
        host: String,
        /// The status.
        status: u16,
    },
    /// It points to somebody else, who is not asked.
    #[error("{host} points to {to}")]
    Redirect {
        /// Who answered.
        host: String,
        /// The host pointed to; empty when there is no such host.
        to: String,
    },
    /// Its answer is larger than such a file may be.
    #[error("{host} answered with more than {limit} bytes")]
    TooLong {
        /// Who answered.
        host: String,
        /// The bound.
        limit: usize,
    },
    /// Its answer is not what it should be.
    #[error("the answer of {host} cannot be read: {reason}")]
    Malformed {
        /// Who answered.
        host: String,
        /// What is wrong with it, for the log.
        reason: &'static str,
    },
    /// It names servers without TLS only, which are never used.
    #[error("{host} names servers without TLS only")]
    Unprotected {
        /// Who answered.
        host: String,
    },
}

impl From<NetError> for DiscoverError {
    fn from(error: NetError) -> Self {
        Self::Net(Arc::new(error))
    }
}
