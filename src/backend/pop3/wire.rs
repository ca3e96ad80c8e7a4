//! Bytes of a connection: commands out; status lines and dotted blocks in, each bounded in size and silence.

use std::fmt::Debug;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::quirks;
use super::reply::{Refused, Reply, clean};
use crate::backend::BackendError;
use crate::net::{Direction, NetError, trace_line};

/// A status line longer than this is none; challenges of SASL fit.
const LONGEST_LINE: usize = 16 << 10;
/// Bytes read at once.
const CHUNK: usize = 32 << 10;

/// What carries a session.
pub(super) trait Link: AsyncRead + AsyncWrite + Unpin + Send + Debug + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + Debug + 'static> Link for S {}

/// How long the server may be silent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Patience {
    /// Small commands.
    Short,
    /// Commands that make the server work: log-ins are proxied, maildrops are counted.
    Long,
}

impl Patience {
    /// Returns the limit; it starts anew with every byte received.
    const fn limit(self) -> Duration {
        match self {
            Self::Short => Duration::from_secs(30),
            Self::Long => Duration::from_secs(90),
        }
    }
}

/// A connection and what of it was read ahead.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    host: String,
    port: u16,
    input: Vec<u8>,
    /// How much of the input is used up.
    at: usize,
}

impl<S: Link> Wire<S> {
    pub(super) fn new(stream: S, host: &str, port: u16) -> Self {
        Self {
            stream,
            host: host.to_owned(),
            port,
            input: Vec::new(),
            at: 0,
        }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Gives the stream back for a TLS handshake. Whoever said more than was asked wants its words read after the
    /// handshake as if they were protected (CVE-2011-0411).
    pub(super) fn into_stream(self, doing: &'static str) -> Result<S, BackendError> {
        if self.at < self.input.len() {
            return Err(broken(doing, "data before the handshake"));
        }
        Ok(self.stream)
    }

    /// Sends one command.
    pub(super) async fn send(
        &mut self,
        doing: &'static str,
        line: &str,
    ) -> Result<(), BackendError> {
        self.send_all(doing, &[line]).await
    }

    /// Sends several commands at once (RFC 2449 §6.6).
    pub(super) async fn send_all(
        &mut self,
        doing: &'static str,
        lines: &[impl AsRef<str>],
    ) -> Result<(), BackendError> {
        let mut bytes = Vec::new();
        for line in lines {
            trace_line(&self.host, Direction::Sent, line.as_ref().as_bytes());
            bytes.extend_from_slice(line.as_ref().as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        let limit = Patience::Short.limit();
        let write = async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        };
        match timeout(limit, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(source)) => Err(self.offline(doing, source)),
            Err(_) => Err(self.silent(doing, limit)),
        }
    }

    /// Reads a status line.
    pub(super) async fn reply(
        &mut self,
        doing: &'static str,
        patience: Patience,
    ) -> Result<Reply, BackendError> {
        let line = self.line(doing, patience).await?;
        trace_line(&self.host, Direction::Received, &line);
        Reply::read(&line).ok_or_else(|| {
            let text = clean(&String::from_utf8_lossy(&line));
            let refused = Refused {
                code: String::new(),
                text,
            };
            // Exchange's front ends say some things outside of the protocol (protocol facts §4.4).
            quirks::known(doing, &self.host, &refused)
                .unwrap_or_else(|| broken(doing, &format!("not a POP3 answer: {}", refused.text)))
        })
    }

    /// Reads a status line that has to be `+OK`, and returns its words.
    pub(super) async fn demand(
        &mut self,
        doing: &'static str,
        patience: Patience,
    ) -> Result<String, BackendError> {
        match self.reply(doing, patience).await? {
            Reply::Ok(words) => Ok(words),
            Reply::More(_) => Err(broken(doing, "a challenge out of the blue")),
            Reply::Refused(refused) => Err(quirks::refusal(doing, &self.host, &refused)),
        }
    }

    /// Reads a block up to its lone dot and gives it out piece by piece, dots unstuffed; at most `limit` bytes.
    pub(super) async fn block(
        &mut self,
        doing: &'static str,
        limit: u64,
        keep: &mut (dyn FnMut(&[u8]) + Send),
    ) -> Result<(), BackendError> {
        let mut unstuff = Unstuff::default();
        let mut seen = 0;
        loop {
            let ready = self.input.get(self.at..).unwrap_or_default();
            let (eaten, is_end) = unstuff.feed(ready, keep);
            self.at += eaten;
            seen += eaten as u64;
            if seen > limit {
                return Err(broken(doing, &format!("more than {limit} bytes")));
            }
            if is_end {
                return Ok(());
            }
            self.fill(doing, Patience::Long).await?;
        }
    }

    /// Reads a block as a whole.
    pub(super) async fn lines(
        &mut self,
        doing: &'static str,
        limit: u64,
    ) -> Result<Vec<u8>, BackendError> {
        let mut lines = Vec::new();
        let mut keep = |bytes: &[u8]| lines.extend_from_slice(bytes);
        self.block(doing, limit, &mut keep).await?;
        Ok(lines)
    }

    async fn line(
        &mut self,
        doing: &'static str,
        patience: Patience,
    ) -> Result<Vec<u8>, BackendError> {
        let mut searched = 0;
        loop {
            let ready = self.input.get(self.at..).unwrap_or_default();
            let unseen = ready.get(searched..).unwrap_or_default();
            if let Some(end) = unseen.iter().position(|byte| *byte == b'\n') {
                let end = searched + end;
                let line = ready.get(..end).unwrap_or_default();
                let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
                self.at += end + 1;
                return Ok(line);
            }
            searched = ready.len();
            if searched > LONGEST_LINE {
                return Err(broken(doing, "an endless line"));
            }
            self.fill(doing, patience).await?;
        }
    }

    /// Reads some more.
    async fn fill(&mut self, doing: &'static str, patience: Patience) -> Result<(), BackendError> {
        self.input.drain(..self.at);
        self.at = 0;
        self.input.reserve(CHUNK);
        let limit = patience.limit();
        match timeout(limit, self.stream.read_buf(&mut self.input)).await {
            Ok(Ok(0)) => {
                let closed = io::Error::new(io::ErrorKind::UnexpectedEof, "closed by the server");
                Err(self.offline(doing, closed))
            }
            Ok(Ok(_)) => Ok(()),
            Ok(Err(source)) => Err(self.offline(doing, source)),
            Err(_) => Err(self.silent(doing, limit)),
        }
    }

    fn offline(&self, doing: &'static str, source: io::Error) -> BackendError {
        let host = self.host.clone();
        let source = NetError::Broken { host, source };
        BackendError::Offline { doing, source }
    }

    fn silent(&self, doing: &'static str, limit: Duration) -> BackendError {
        let source = NetError::TimedOut {
            host: self.host.clone(),
            port: self.port,
            seconds: limit.as_secs(),
        };
        BackendError::Offline { doing, source }
    }
}

/// Makes the error of a server that breaks the protocol.
pub(super) fn broken(doing: &'static str, detail: &str) -> BackendError {
    BackendError::Protocol {
        doing,
        detail: clean(detail),
    }
}

/// Where in a line the next byte is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Place {
    #[default]
    Start,
    Dot,
    DotCr,
    Text,
    Cr,
}

/// Takes the dots out that were put before lines, and finds the end (RFC 1939 §3). Only CRLF ends a line: a message
/// with bare line feeds must not be able to end itself.
#[derive(Debug, Default)]
pub(super) struct Unstuff {
    place: Place,
}

impl Unstuff {
    /// Takes bytes in; tells how many belonged to the block, and whether it is over.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        keep: &mut (dyn FnMut(&[u8]) + Send),
    ) -> (usize, bool) {
        let mut at = 0;
        while let Some((byte, _)) = bytes.get(at..).and_then(<[u8]>::split_first) {
            if self.place == Place::Text {
                at += self.text(bytes.get(at..).unwrap_or_default(), keep);
                continue;
            }
            at += 1;
            if self.step(*byte, keep) {
                return (at, true);
            }
        }
        (at, false)
    }

    /// The middle of a line, all of it at once.
    fn text(&mut self, bytes: &[u8], keep: &mut (dyn FnMut(&[u8]) + Send)) -> usize {
        let taken = match bytes.iter().position(|byte| *byte == b'\r') {
            Some(at) => {
                self.place = Place::Cr;
                at + 1
            }
            None => bytes.len(),
        };
        keep(bytes.get(..taken).unwrap_or_default());
        taken
    }

    fn step(&mut self, byte: u8, keep: &mut (dyn FnMut(&[u8]) + Send)) -> bool {
        let within = if byte == b'\r' {
            Place::Cr
        } else {
            Place::Text
        };
        self.place = match (self.place, byte) {
            (Place::Start, b'.') => Place::Dot,
            (Place::Dot, b'\r') => Place::DotCr,
            (Place::DotCr, b'\n') => return true,
            (Place::Cr, b'\n') => {
                keep(b"\n");
                Place::Start
            }
            (Place::DotCr, _) => {
                keep(b"\r");
                keep(&[byte]);
                within
            }
            _ => {
                keep(&[byte]);
                within
            }
        };
        false
    }
}
