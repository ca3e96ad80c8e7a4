//! The loop of one connection: lines, STLS, and the mischief that tests ask for.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::session::{Next, Session, Shield};
use super::spoil::{self, Fate};
use crate::demo::house::House;
use crate::demo::mischief::Service;
use crate::demo::transport::listen::accept_tls;

const GREETING: &[u8] =
    b"+OK The Microsoft Exchange POP3 service is ready. [SABhAHIAYgBvAHIAJgBWAGEAbABlACAAZABlAG0AbwA=]\r\n";
const TOO_LONG_SILENT: &[u8] = b"-ERR Connection is closed. 20\r\n";
/// How long a client may be silent (RFC 1939 §3).
const SILENCE_LIMIT: Duration = Duration::from_secs(600);
/// How long it may be silent before it is logged in.
const STRANGER_LIMIT: Duration = Duration::from_secs(60);
/// Longest command line; tokens are long.
const MAX_LINE: usize = 32 * 1024;

/// Serves one connection that is under TLS from the first byte.
pub async fn serve(house: Arc<House>, stream: TcpStream) -> io::Result<()> {
    let stream = accept_tls(Arc::clone(&house.tls), stream).await?;
    serve_stream(house, stream).await
}

/// Serves one connection whose TLS is up.
pub async fn serve_stream<S>(house: Arc<House>, stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut session = Session::new(Arc::clone(&house), Shield::Tls);
    let mut lines = Lines::new(house, stream);
    lines.send(GREETING).await?;
    lines.run(&mut session).await.map(drop)
}

/// Serves one connection that is in the clear until STLS.
pub async fn serve_clear(house: Arc<House>, stream: TcpStream) -> io::Result<()> {
    let tls = Arc::clone(&house.tls);
    let mut session = Session::new(Arc::clone(&house), Shield::None);
    let mut lines = Lines::new(Arc::clone(&house), stream);
    lines.send(GREETING).await?;
    if lines.run(&mut session).await? != End::StartTls {
        return Ok(());
    }
    // Whatever was sent in the clear behind STLS is dropped with `lines`.
    let stream = accept_tls(tls, lines.stream).await?;
    session.start_over(Shield::Tls);
    Lines::new(house, stream).run(&mut session).await.map(drop)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    StartTls,
    Closed,
}

struct Lines<S> {
    house: Arc<House>,
    stream: S,
    input: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lines<S> {
    fn new(house: Arc<House>, stream: S) -> Self {
        Self {
            house,
            stream,
            input: Vec::new(),
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    async fn run(&mut self, session: &mut Session) -> io::Result<End> {
        loop {
            let limit = if session.is_known() {
                SILENCE_LIMIT
            } else {
                STRANGER_LIMIT
            };
            let Ok(line) = tokio::time::timeout(limit, self.line()).await else {
                self.send(TOO_LONG_SILENT).await?;
                return self.close().await;
            };
            let Some(line) = line? else {
                return Ok(End::Closed);
            };
            match self.answer(session, &line).await? {
                Next::Command => {}
                Next::StartTls => return Ok(End::StartTls),
                Next::Quit => return self.close().await,
            }
        }
    }

    /// Does what a line asks for, or what a test wants instead.
    async fn answer(&mut self, session: &mut Session, line: &[u8]) -> io::Result<Next> {
        let verb = session.verb(line);
        let mischief = self.house.mischief.take(
            Service::Pop3,
            |at| at == verb,
            |mischief| spoil::can_happen(mischief, &verb),
        );
        let fate = mischief.map(spoil::fate);
        match &fate {
            Some(Fate::Instead(bytes)) => {
                session.interrupt();
                self.send(bytes).await?;
                return Ok(Next::Command);
            }
            // Whoever is cut off gets no `close_notify` either.
            Some(Fate::Cut) => return Err(io::ErrorKind::ConnectionReset.into()),
            Some(Fate::Renamed) => session.rename(),
            Some(Fate::Late(late)) => tokio::time::sleep(*late).await,
            _ => {}
        }
        let (mut answer, next) = session.handle(line);
        match fate {
            Some(Fate::CutAfter) => return Err(io::ErrorKind::ConnectionReset.into()),
            Some(Fate::CutInside) => {
                self.send(answer.get(..answer.len() / 2).unwrap_or_default())
                    .await?;
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            Some(Fate::Edited(edit)) => answer = edit.0(&answer),
            Some(Fate::Repeated) => answer = spoil::twice(&answer),
            Some(Fate::WrongTotals) => answer = spoil::miscounted(&answer),
            Some(Fate::Unknown) => answer = spoil::embroidered(&answer),
            _ => {}
        }
        self.send(&answer).await?;
        Ok(next)
    }

    async fn close(&mut self) -> io::Result<End> {
        self.stream.shutdown().await?;
        Ok(End::Closed)
    }

    /// Reads a line with its end; `None` when the client is gone or sends no end within the bound.
    async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut searched = 0;
        loop {
            let unseen = self.input.get(searched..).unwrap_or_default();
            if let Some(at) = unseen.iter().position(|byte| *byte == b'\n') {
                let rest = self.input.split_off(searched + at + 1);
                return Ok(Some(std::mem::replace(&mut self.input, rest)));
            }
            searched = self.input.len();
            if searched > MAX_LINE {
                return Ok(None);
            }
            self.input.reserve(4 * 1024);
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Ok(None);
            }
        }
    }
}
