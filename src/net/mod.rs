//! Sockets: names, mail records, TCP, TLS, HTTP, bounded lines, and the redacted wire trace.
//!
//! Nothing here knows a mail protocol. Certificates are always verified; there is no switch to turn that off.

mod certificate;
mod connect;
mod dns;
mod error;
mod fault;
mod http;
mod line;
mod stream;
mod trace;
mod trust;

pub use certificate::ServerCertificate;
pub use connect::{connect_plain, connect_tls, resolve, start_tls};
pub use dns::{Dns, MxRecord, SrvRecord};
pub use error::{NetError, TlsFault};
pub use http::{Http, HttpAnswer, Written};
pub use line::read_line;
pub use stream::Stream;
pub use trace::{Direction, redact_line, trace_line};
pub use trust::Trust;

use std::time::Duration;

/// How long a TCP or TLS handshake may take.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests;
