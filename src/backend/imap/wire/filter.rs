//! The stream under async-imap: every byte of the server passes the framer first.
//!
//! Writes go straight through. Counts received bytes, so that a slow answer can be told from none.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frame::{Framer, Limits};
use super::judge::Dropped;

/// Read at once.
const CHUNK: usize = 64 << 10;

/// A socket whose responses are framed, bounded and readable by imap-proto.
#[derive(Debug)]
pub(in crate::backend::imap) struct Filter<S> {
    inner: S,
    framer: Framer,
    chunk: Vec<u8>,
    out: Vec<u8>,
    given: usize,
    received: u64,
}

impl<S> Filter<S> {
    pub(super) fn new(inner: S) -> Self {
        Self {
            inner,
            framer: Framer::new(),
            chunk: vec![0; CHUNK],
            out: Vec::new(),
            given: 0,
            received: 0,
        }
    }

    /// Returns how many bytes the server has sent.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.framer.set_limits(limits);
    }

    pub(super) fn take_dropped(&mut self) -> Dropped {
        self.framer.take_dropped()
    }

    /// Returns the socket if the server has sent nothing beyond its last response.
    pub(super) fn into_inner(self) -> Option<S> {
        (self.framer.is_empty() && self.given == self.out.len()).then_some(self.inner)
    }

    fn give(&mut self, buf: &mut ReadBuf<'_>) {
        let waiting = self.out.get(self.given..).unwrap_or_default();
        let length = waiting.len().min(buf.remaining());
        buf.put_slice(waiting.get(..length).unwrap_or_default());
        self.given += length;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Filter<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.given < this.out.len() {
                this.give(buf);
                return Poll::Ready(Ok(()));
            }
            this.out.clear();
            this.given = 0;
            if let Err(fault) = this.framer.next(&mut this.out) {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, fault)));
            }
            if !this.out.is_empty() {
                continue;
            }
            let mut chunk = ReadBuf::new(&mut this.chunk);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut chunk))?;
            let bytes = chunk.filled();
            if bytes.is_empty() {
                return Poll::Ready(if this.framer.is_empty() {
                    Ok(())
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                });
            }
            this.received += bytes.len() as u64;
            this.framer.push(bytes);
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Filter<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
