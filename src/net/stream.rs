//! A connected socket that may be under TLS; protocols see one type.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::ProtocolVersion;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::net::ServerCertificate;

/// A connected socket, plain or under TLS.
pub struct Stream {
    transport: Transport,
    peer: SocketAddr,
    host: String,
    port: u16,
}

/// What carries the bytes.
enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("host", &self.host)
            .field("peer", &self.peer)
            .field("tls", &self.tls_version())
            .finish_non_exhaustive()
    }
}

impl Stream {
    /// Wraps a connected socket.
    pub(super) fn plain(socket: TcpStream, peer: SocketAddr, host: &str, port: u16) -> Self {
        Self {
            transport: Transport::Plain(socket),
            peer,
            host: host.to_owned(),
            port,
        }
    }

    /// Wraps a finished TLS session.
    pub(super) fn secured(session: TlsStream<TcpStream>, endpoint: Endpoint) -> Self {
        Self {
            transport: Transport::Tls(Box::new(session)),
            peer: endpoint.peer,
            host: endpoint.host,
            port: endpoint.port,
        }
    }

    /// Splits off the plain socket; `None` when TLS is on already.
    pub(super) fn take_plain(self) -> Option<(TcpStream, Endpoint)> {
        let Transport::Plain(socket) = self.transport else {
            return None;
        };
        let endpoint = Endpoint {
            peer: self.peer,
            host: self.host,
            port: self.port,
        };
        Some((socket, endpoint))
    }

    /// Returns the peer's address.
    pub fn peer_addr(&self) -> SocketAddr {
        self.peer
    }

    /// Returns the name the connection was made to, as it was asked for.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the TCP port the connection was made to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the negotiated TLS version such as `TLS 1.3`; `None` for a plain socket.
    pub fn tls_version(&self) -> Option<&'static str> {
        let Transport::Tls(session) = &self.transport else {
            return None;
        };
        match session.get_ref().1.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => Some("TLS 1.3"),
            Some(ProtocolVersion::TLSv1_2) => Some("TLS 1.2"),
            _ => Some("TLS"),
        }
    }

    /// Returns what may be shown of the server's certificates; `None` for a plain socket.
    pub fn certificate(&self) -> Option<ServerCertificate> {
        let Transport::Tls(session) = &self.transport else {
            return None;
        };
        let chain = session.get_ref().1.peer_certificates()?;
        ServerCertificate::read(chain, &self.host)
    }
}

/// Where a socket leads, while the socket itself is being put under TLS.
pub(super) struct Endpoint {
    pub(super) peer: SocketAddr,
    pub(super) host: String,
    pub(super) port: u16,
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
            Transport::Tls(session) => Pin::new(session).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().transport {
            Transport::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Transport::Tls(session) => Pin::new(session).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Transport::Tls(session) => Pin::new(session).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().transport {
            Transport::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Transport::Tls(session) => Pin::new(session).poll_shutdown(cx),
        }
    }
}
