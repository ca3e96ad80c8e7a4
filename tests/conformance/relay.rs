//! A wire to a server that breaks once so many bytes came from there.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The wire.
pub struct Relay {
    /// Where it begins.
    pub port: u16,
    left: Arc<AtomicU64>,
    _task: JoinSet<()>,
}

impl Relay {
    /// Begins to carry, without a limit.
    pub async fn to(host: &str, port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let near = listener.local_addr().expect("an address").port();
        let left = Arc::new(AtomicU64::new(u64::MAX));
        let (target, shared) = ((host.to_owned(), port), Arc::clone(&left));
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut wires = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                wires.spawn(carry(stream, target.clone(), Arc::clone(&shared)));
            }
        });
        Self {
            port: near,
            left,
            _task: task,
        }
    }

    /// Breaks when this many more bytes have come from the server, over all connections; then no new one holds.
    pub fn break_after(&self, bytes: u64) {
        self.left.store(bytes, Ordering::Relaxed);
    }
}

async fn carry(near: TcpStream, target: (String, u16), left: Arc<AtomicU64>) {
    let Ok(far) = TcpStream::connect(target).await else {
        return;
    };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = far.into_split();
    let out = tokio::spawn(async move {
        let _ = copy(&mut from_near, &mut to_far).await;
        let _ = to_far.shutdown().await;
    });
    let mut buffer = [0; 1024];
    while let Ok(count) = from_far.read(&mut buffer).await {
        let before = left.load(Ordering::Relaxed);
        let allowed = before.min(count as u64);
        left.store(before.saturating_sub(allowed), Ordering::Relaxed);
        let piece = &buffer[..allowed as usize];
        if to_near.write_all(piece).await.is_err() || (allowed as usize) < count || count == 0 {
            break;
        }
    }
    out.abort();
}
