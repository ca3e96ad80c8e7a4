//! Sockets on this machine only: binding, accepting, TLS. Knows no protocol.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Further connections to one server wait until others end.
const MAX_CONNECTIONS: usize = 200;
/// A TLS handshake that takes longer is dropped.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(15);

/// One port on the loopback addresses.
#[derive(Debug)]
pub struct Port {
    /// Its number.
    pub number: u16,
    v4: TcpListener,
    v6: Option<TcpListener>,
}

impl Port {
    /// Binds `number`, or a port of the system's choice when it is 0.
    pub async fn bind(number: u16) -> io::Result<Self> {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).await?;
        let number = v4.local_addr()?.port();
        // "localhost" may mean either; a machine without IPv6 does well with one.
        let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, number)).await.ok();
        Ok(Self { number, v4, v6 })
    }

    async fn accept(&self) -> io::Result<TcpStream> {
        let Some(v6) = &self.v6 else {
            return Ok(self.v4.accept().await?.0);
        };
        tokio::select! {
            accepted = self.v4.accept() => Ok(accepted?.0),
            accepted = v6.accept() => Ok(accepted?.0),
        }
    }

    /// Serves every connection in a task of its own; dropping the returned future ends them all.
    pub async fn serve<F, Served>(self, serve: F)
    where
        F: Fn(TcpStream) -> Served,
        Served: Future<Output = io::Result<()>> + Send + 'static,
    {
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            if connections.len() >= MAX_CONNECTIONS {
                connections.join_next().await;
            }
            match self.accept().await {
                Ok(stream) => {
                    let _ = stream.set_nodelay(true);
                    connections.spawn(serve(stream));
                }
                // Out of descriptors, most likely: it passes.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }
}

/// Does the server's side of a TLS handshake.
pub async fn accept_tls(
    tls: Arc<ServerConfig>,
    stream: TcpStream,
) -> io::Result<TlsStream<TcpStream>> {
    let handshake = TlsAcceptor::from(tls).accept(stream);
    tokio::time::timeout(HANDSHAKE_LIMIT, handshake)
        .await
        .map_err(|_| io::ErrorKind::TimedOut)?
}
