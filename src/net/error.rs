//! What can go wrong on the way to a server.

use std::path::PathBuf;

/// Why a certificate or a handshake was refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TlsFault {
    /// The certificate's time is over.
    Expired,
    /// The certificate's time has not begun: mostly a wrong clock.
    NotYetValid,
    /// The certificate is for another name.
    WrongName,
    /// Nobody we trust signed it.
    UnknownIssuer,
    /// The server does not speak TLS here (mostly: STARTTLS port used with implicit TLS).
    NotTls,
    /// The server does not offer STARTTLS, or somebody on the way took the offer out.
    NotOffered,
    /// Anything else, such as no common version.
    Other,
}

/// A failure between us and a server, naming the server.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The name has no address.
    #[error("no address for {host}")]
    Resolve {
        /// The name.
        host: String,
        /// The resolver's error.
        #[source]
        source: std::io::Error,
    },
    /// No connection.
    #[error("cannot connect to {host}:{port}")]
    Connect {
        /// The name.
        host: String,
        /// TCP port.
        port: u16,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// Nobody answered in time.
    #[error("{host}:{port} did not answer within {seconds} s")]
    TimedOut {
        /// The name.
        host: String,
        /// TCP port.
        port: u16,
        /// How long we waited.
        seconds: u64,
    },
    /// The handshake failed.
    #[error("no secure connection to {host}")]
    Tls {
        /// The name.
        host: String,
        /// TCP port.
        port: u16,
        /// Sorted cause.
        fault: TlsFault,
        /// The library's error.
        #[source]
        source: std::io::Error,
    },
    /// A CA file cannot be used.
    #[error("cannot use the CA file {}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// An established connection broke.
    #[error("the connection to {host} broke")]
    Broken {
        /// The name.
        host: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The server sent more than a bound allows.
    #[error("{host} sent more than {limit} bytes")]
    TooLong {
        /// The name.
        host: String,
        /// The bound.
        limit: usize,
    },
    /// HTTP failed below the status line.
    #[error("HTTP to {host} failed: {reason}")]
    Http {
        /// The name.
        host: String,
        /// What the library says, without the query string.
        reason: String,
    },
}

impl NetError {
    /// Makes the error of a server that cannot be asked for TLS; `words` say what was seen.
    pub fn tls_not_offered(host: &str, port: u16, words: &str) -> Self {
        Self::Tls {
            host: host.to_owned(),
            port,
            fault: TlsFault::NotOffered,
            source: std::io::Error::other(words.to_owned()),
        }
    }

    /// Copies the error, so that several callers who waited for one answer can all have it. What the system's
    /// error wrapped is kept as its text.
    pub fn duplicate(&self) -> Self {
        match self {
            Self::Resolve { host, source } => Self::Resolve {
                host: host.clone(),
                source: duplicate_io(source),
            },
            Self::Connect { host, port, source } => Self::Connect {
                host: host.clone(),
                port: *port,
                source: duplicate_io(source),
            },
            Self::TimedOut {
                host,
                port,
                seconds,
            } => Self::TimedOut {
                host: host.clone(),
                port: *port,
                seconds: *seconds,
            },
            Self::Tls {
                host,
                port,
                fault,
                source,
            } => Self::Tls {
                host: host.clone(),
                port: *port,
                fault: *fault,
                source: duplicate_io(source),
            },
            Self::CaFile { path, reason } => Self::CaFile {
                path: path.clone(),
                reason: reason.clone(),
            },
            Self::Broken { host, source } => Self::Broken {
                host: host.clone(),
                source: duplicate_io(source),
            },
            Self::TooLong { host, limit } => Self::TooLong {
                host: host.clone(),
                limit: *limit,
            },
            Self::Http { host, reason } => Self::Http {
                host: host.clone(),
                reason: reason.clone(),
            },
        }
    }
}

/// Copies an error of the system, which cannot be cloned.
pub(super) fn duplicate_io(error: &std::io::Error) -> std::io::Error {
    match error.raw_os_error() {
        Some(code) => std::io::Error::from_raw_os_error(code),
        None => std::io::Error::new(error.kind(), error.to_string()),
    }
}
