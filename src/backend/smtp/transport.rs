//! Our stream as lettre wants it, with a meter that tells what lettre does not: how far a write got, whether
//! the peer closed, and the very words of the greeting.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::Stream;

/// The start of a conversation is kept up to here.
const MAX_HEARD: usize = 64 * 1024;

/// What happens on a transport.
#[derive(Debug, Default)]
pub(super) struct Meter {
    written: AtomicU64,
    is_closed: AtomicBool,
    heard: Mutex<Option<Vec<u8>>>,
}

impl Meter {
    /// Returns how many bytes were handed to the socket so far.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Tells whether the peer closed.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Returns what was read since the beginning and stops listening.
    pub(super) fn take_heard(&self) -> Vec<u8> {
        let mut heard = self
            .heard
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        heard.take().unwrap_or_default()
    }

    fn hear(&self, bytes: &[u8]) {
        let mut heard = self
            .heard
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(heard) = heard.as_mut() {
            let room = MAX_HEARD.saturating_sub(heard.len());
            heard.extend(bytes.iter().take(room));
        }
    }
}

/// A stream for lettre.
#[derive(Debug)]
pub(super) struct Transport {
    stream: Stream,
    /// Read before the stream: stands in for the greeting that came before TLS.
    prefix: &'static [u8],
    meter: Arc<Meter>,
}

impl Transport {
    /// Wraps a stream; `prefix` is read first.
    pub(super) fn new(stream: Stream, prefix: &'static [u8]) -> (Self, Arc<Meter>) {
        let meter = Arc::new(Meter {
            heard: Mutex::new(Some(Vec::new())),
            ..Meter::default()
        });
        let transport = Self {
            stream,
            prefix,
            meter: Arc::clone(&meter),
        };
        (transport, meter)
    }
}

impl AsyncTokioStream for Transport {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.stream.peer_addr())
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.prefix.is_empty() {
            let length = this.prefix.len().min(buffer.remaining());
            let (now, later) = this
                .prefix
                .split_at_checked(length)
                .unwrap_or((this.prefix, &[]));
            buffer.put_slice(now);
            this.prefix = later;
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if matches!(outcome, Poll::Ready(Ok(()))) {
            let read = buffer.filled_mut().get_mut(before..).unwrap_or_default();
            // lettre gives a connection up over a reply that is no UTF-8; replies are ASCII or unreadable anyway.
            for byte in read.iter_mut().filter(|byte| !byte.is_ascii()) {
                *byte = b'?';
            }
            this.meter.hear(read);
            if read.is_empty() {
                this.meter.is_closed.store(true, Ordering::Release);
            }
        }
        outcome
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = &outcome {
            this.meter
                .written
                .fetch_add(*count as u64, Ordering::AcqRel);
        }
        outcome
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
