//! The loop of one connection: lines, STARTTLS, the bytes after DATA.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::session::{Next, Session, Shield};
use crate::demo::house::House;
use crate::demo::transport::listen::accept_tls;

/// How long a client may be silent (RFC 5321 §4.5.3.2.7).
const SILENCE_LIMIT: Duration = Duration::from_secs(300);
/// Longest command line; tokens are long.
const MAX_LINE: usize = 32 * 1024;
/// Largest message Exchange Online takes from a client.
pub const MAX_MESSAGE: usize = 35 * 1024 * 1024;
const GREETING: &str = "220 HV.harborvale.example Microsoft ESMTP MAIL Service ready (demo)\r\n";

/// Serves one connection: in the clear until STARTTLS, then under TLS.
pub async fn serve(house: Arc<House>, stream: TcpStream) -> io::Result<()> {
    let tls = Arc::clone(&house.tls);
    let mut session = Session::new(house, Shield::None);
    let mut lines = Lines::new(stream);
    lines.send(GREETING).await?;
    if lines.run(&mut session).await? != End::StartTls {
        return Ok(());
    }
    // Whatever was sent in the clear behind STARTTLS is dropped with `lines` (CVE-2011-0411).
    let stream = accept_tls(tls, lines.stream).await?;
    session.start_over(Shield::Tls);
    Lines::new(stream).run(&mut session).await?;
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    StartTls,
    Closed,
}

struct Lines<S> {
    stream: S,
    input: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lines<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            input: Vec::new(),
        }
    }

    async fn send(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(text.as_bytes()).await?;
        self.stream.flush().await
    }

    async fn run(&mut self, session: &mut Session) -> io::Result<End> {
        loop {
            let Some(line) = self.read_until(b"\r\n", MAX_LINE).await? else {
                return Ok(End::Closed);
            };
            let (answer, next) = session.handle(&line);
            self.send(&answer).await?;
            match next {
                Next::Command => {}
                Next::StartTls => return Ok(End::StartTls),
                Next::Quit => {
                    self.stream.shutdown().await?;
                    return Ok(End::Closed);
                }
                Next::Data => {
                    let Some(message) = self.read_message().await? else {
                        return Ok(End::Closed);
                    };
                    let answer = session.take_message(message.as_deref());
                    self.send(&answer).await?;
                }
            }
        }
    }

    /// Reads up to the lone dot and takes the stuffing out; the inner `None` is a message over the bound.
    async fn read_message(&mut self) -> io::Result<Option<Option<Vec<u8>>>> {
        let mut message = Vec::new();
        let mut is_too_big = false;
        loop {
            let Some(line) = self.read_until(b"\r\n", MAX_MESSAGE).await? else {
                return Ok(None);
            };
            if line == b".\r\n" {
                return Ok(Some((!is_too_big).then_some(message)));
            }
            let line = line.strip_prefix(b".").unwrap_or(&line);
            is_too_big |= message.len() + line.len() > MAX_MESSAGE;
            if !is_too_big {
                message.extend_from_slice(line);
            }
        }
    }

    /// Reads including `end`; `None` when the client is gone or sends no end within the bound.
    async fn read_until(&mut self, end: &[u8], bound: usize) -> io::Result<Option<Vec<u8>>> {
        let mut searched: usize = 0;
        loop {
            let from = searched.saturating_sub(end.len());
            let unseen = self.input.get(from..).unwrap_or_default();
            if let Some(at) = unseen.windows(end.len()).position(|window| window == end) {
                let rest = self.input.split_off(from + at + end.len());
                return Ok(Some(std::mem::replace(&mut self.input, rest)));
            }
            searched = self.input.len();
            if searched > bound {
                return Ok(None);
            }
            self.input.reserve(16 * 1024);
            let read = self.stream.read_buf(&mut self.input);
            let count = tokio::time::timeout(SILENCE_LIMIT, read)
                .await
                .map_err(|_| io::ErrorKind::TimedOut)??;
            if count == 0 {
                return Ok(None);
            }
        }
    }
}
