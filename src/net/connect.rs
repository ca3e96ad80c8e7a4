//! Names to addresses, addresses to sockets, sockets to TLS; each step with its time limit.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rustls::pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

use crate::net::fault::handshake_error;
use crate::net::stream::Endpoint;
use crate::net::{CONNECT_LIMIT, NetError, Stream, Trust};

/// How long one address may be silent before the next is tried beside it (RFC 8305 §5).
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);

/// The most addresses of one name that are tried.
const ADDRESS_LIMIT: usize = 8;

/// Resolves a name; never empty. An address as a name (`127.0.0.1`, `::1`, `[::1]`) is taken as it is.
pub async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, NetError> {
    let unresolved = |source: io::Error| NetError::Resolve {
        host: host.to_owned(),
        source,
    };
    let name = bare_host(host);
    let found = timeout(CONNECT_LIMIT, tokio::net::lookup_host((name, port)))
        .await
        .map_err(|_| timed_out(host, port))?
        .map_err(unresolved)?;
    let addresses: Vec<SocketAddr> = found.collect();
    if addresses.is_empty() {
        return Err(unresolved(io::ErrorKind::NotFound.into()));
    }
    Ok(addresses)
}

/// Connects without TLS (for STARTTLS, and for servers on this machine). `TCP_NODELAY` and keep-alive are on.
///
/// All addresses of the name are tried, a silent one not longer alone than 250 ms; all within [`CONNECT_LIMIT`].
pub async fn connect_plain(host: &str, port: u16) -> Result<Stream, NetError> {
    let addresses = resolve(host, port).await?;
    let (socket, peer) = timeout(CONNECT_LIMIT, first_to_connect(&addresses))
        .await
        .map_err(|_| timed_out(host, port))?
        .map_err(|source| NetError::Connect {
            host: host.to_owned(),
            port,
            source,
        })?;
    tracing::debug!(target: "pillarbox::wire", host, port, "connected");
    Ok(Stream::plain(socket, peer, host, port))
}

/// Connects with TLS from the first byte; the certificate must be valid for `host`.
pub async fn connect_tls(host: &str, port: u16, trust: &Trust) -> Result<Stream, NetError> {
    let stream = connect_plain(host, port).await?;
    start_tls(stream, host, trust).await
}

/// Turns a plain stream into a TLS one. The caller has made sure that nothing is left in its read buffer
/// (bytes sent before the handshake must never be read after it: RFC 3207 §6).
pub async fn start_tls(stream: Stream, host: &str, trust: &Trust) -> Result<Stream, NetError> {
    let Some((socket, endpoint)) = stream.take_plain() else {
        return Err(NetError::Broken {
            host: host.to_owned(),
            source: io::Error::new(io::ErrorKind::InvalidInput, "TLS is on already"),
        });
    };
    let Endpoint { peer, port, .. } = endpoint;
    let name = server_name(host, port)?;
    let connector = TlsConnector::from(Arc::clone(trust.config()));
    let session = timeout(CONNECT_LIMIT, connector.connect(name, socket))
        .await
        .map_err(|_| timed_out(host, port))?
        .map_err(|error| handshake_error(host, port, error))?;
    let secured = Stream::secured(
        session,
        Endpoint {
            peer,
            host: host.to_owned(),
            port,
        },
    );
    tracing::debug!(target: "pillarbox::wire", host, port, tls = secured.tls_version(), "secured");
    Ok(secured)
}

/// Makes the name a certificate must carry.
fn server_name(host: &str, port: u16) -> Result<ServerName<'static>, NetError> {
    ServerName::try_from(bare_host(host).to_owned()).map_err(|error| NetError::Connect {
        host: host.to_owned(),
        port,
        source: io::Error::new(io::ErrorKind::InvalidInput, error),
    })
}

/// Strips the brackets of an IPv6 address written as in a URL.
fn bare_host(host: &str) -> &str {
    host.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(host)
}

/// Makes the error of a step that took longer than [`CONNECT_LIMIT`].
fn timed_out(host: &str, port: u16) -> NetError {
    NetError::TimedOut {
        host: host.to_owned(),
        port,
        seconds: CONNECT_LIMIT.as_secs(),
    }
}

/// Tries the addresses one after the other, each with a head start, and keeps the first that answers.
async fn first_to_connect(addresses: &[SocketAddr]) -> io::Result<(TcpStream, SocketAddr)> {
    let mut waiting = addresses.iter().copied().take(ADDRESS_LIMIT);
    let mut attempts = FuturesUnordered::new();
    let mut last_error = io::Error::from(io::ErrorKind::AddrNotAvailable);
    attempts.extend(waiting.next().map(attempt));
    loop {
        tokio::select! {
            biased;
            Some((address, outcome)) = attempts.next() => match outcome {
                Ok(socket) => return Ok((socket, address)),
                Err(error) => {
                    last_error = error;
                    attempts.extend(waiting.next().map(attempt));
                }
            },
            () = sleep(NEXT_ADDRESS_AFTER), if waiting.len() > 0 => {
                attempts.extend(waiting.next().map(attempt));
            }
            else => return Err(last_error),
        }
    }
}

/// Connects to one address.
async fn attempt(address: SocketAddr) -> (SocketAddr, io::Result<TcpStream>) {
    (address, connect_address(address).await)
}

async fn connect_address(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // Keep-alive only notices dead peers sooner; a system without it still has the protocols' own time-outs.
    let _ = socket.set_keepalive(true);
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dead_address_gives_way_to_the_next() {
        let alive = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (alive_address, dead_address) =
            (alive.local_addr().unwrap(), closed.local_addr().unwrap());
        drop(closed);
        let (_, peer) = first_to_connect(&[dead_address, alive_address])
            .await
            .unwrap();
        assert_eq!(peer, alive_address);
        let error = first_to_connect(&[dead_address, dead_address])
            .await
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert!(first_to_connect(&[]).await.is_err());
    }

    #[test]
    fn brackets_belong_to_urls_only() {
        assert_eq!(bare_host("[::1]"), "::1");
        assert_eq!(bare_host("mail.example"), "mail.example");
        assert_eq!(bare_host("[odd"), "[odd");
    }
}
