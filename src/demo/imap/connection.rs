//! The loop of one connection: commands, IDLE, and the end that comes with the token's.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::session::{Next, Session};
use super::view::Expunges;
use super::wire::{Input, Wire};
use crate::demo::house::House;
use crate::demo::transport::listen::accept_tls;

const GREETING: &[u8] = b"* OK The Microsoft Exchange IMAP4 service is ready. [SABhAHIAYgBvAHIAJgBWAGEAbABlACAAZABlAG0AbwA=]\r\n";
const EXPIRED: &[u8] = b"* BYE Session invalidated - AccessTokenExpired\r\n";
const TOO_LONG_SILENT: &[u8] = b"* BYE Connection is closed. 13\r\n";
const CLOSED: &[u8] = b"* BYE Connection closed. 14\r\n";
/// How long a client may be silent.
const SILENCE_LIMIT: Duration = Duration::from_secs(29 * 60);
/// How long it may be silent before it is logged in.
const STRANGER_LIMIT: Duration = Duration::from_secs(60);
/// Largest command with its literals.
const MAX_COMMAND: usize = 40 * 1024 * 1024;
/// The same before the log-in.
const MAX_STRANGER_COMMAND: usize = 64 * 1024;

/// Serves one connection.
pub async fn serve(house: Arc<House>, stream: TcpStream) -> io::Result<()> {
    let stream = accept_tls(Arc::clone(&house.tls), stream).await?;
    serve_stream(house, stream).await
}

/// Serves one connection whose TLS is up.
pub async fn serve_stream<S>(house: Arc<House>, stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = Connection {
        wire: Wire::new(stream),
        expirations: house.sign_in.expirations(),
        changes: house.store.watch(),
        session: Session::new(house),
    };
    connection.wire.send(GREETING).await?;
    connection.run().await
}

struct Connection<S> {
    wire: Wire<S>,
    session: Session,
    expirations: watch::Receiver<u64>,
    changes: watch::Receiver<u64>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    async fn run(&mut self) -> io::Result<()> {
        loop {
            let (limit, max) = match self.session.grant() {
                Some(_) => (SILENCE_LIMIT, MAX_COMMAND),
                None => (STRANGER_LIMIT, MAX_STRANGER_COMMAND),
            };
            let input = tokio::select! {
                () = token_end(&self.session, &mut self.expirations) => return self.wire.close(EXPIRED).await,
                () = tokio::time::sleep(limit) => return self.wire.close(TOO_LONG_SILENT).await,
                input = self.wire.read_command(max) => input?,
            };
            let was_stranger = self.session.grant().is_none();
            let next = match input {
                Input::Command(bytes) => self.session.handle(&bytes),
                Input::TooBig(bytes) => {
                    self.refuse_size(&bytes).await?;
                    continue;
                }
                Input::Hopeless => return self.wire.close(CLOSED).await,
                Input::Closed => return Ok(()),
            };
            if was_stranger {
                // Tokens that ended before this log-in are none of its business.
                self.expirations.mark_unchanged();
            }
            self.wire.send(&self.session.take_output()).await?;
            match next {
                Next::Command => {}
                Next::Logout => return self.wire.close(b"").await,
                Next::Challenge(tag) => self.challenge(&tag).await?,
                Next::Idle(tag) => {
                    if !self.idle(&tag).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn refuse_size(&mut self, command: &[u8]) -> io::Result<()> {
        let tag: Vec<u8> = command
            .iter()
            .copied()
            .take_while(u8::is_ascii_alphanumeric)
            .collect();
        let tag = String::from_utf8_lossy(&tag).into_owned();
        let answer = format!("{tag} NO [TOOBIG] The message exceeds the maximum size.\r\n");
        self.wire.send(answer.as_bytes()).await
    }

    async fn challenge(&mut self, tag: &str) -> io::Result<()> {
        let line = tokio::time::timeout(STRANGER_LIMIT, self.wire.read_line()).await;
        let line = line
            .map_err(|_| io::ErrorKind::TimedOut)??
            .unwrap_or_default();
        self.session.finish_login(tag, &line);
        self.expirations.mark_unchanged();
        self.wire.send(&self.session.take_output()).await
    }

    /// Tells of changes until DONE; `false` when the connection is over.
    async fn idle(&mut self, tag: &str) -> io::Result<bool> {
        loop {
            self.changes.mark_unchanged();
            self.session.update(Expunges::Tell);
            let news = self.session.take_output();
            if !news.is_empty() {
                self.wire.send(&news).await?;
            }
            let line = tokio::select! {
                () = token_end(&self.session, &mut self.expirations) => {
                    self.wire.close(EXPIRED).await?;
                    return Ok(false);
                }
                () = tokio::time::sleep(SILENCE_LIMIT) => {
                    self.wire.close(TOO_LONG_SILENT).await?;
                    return Ok(false);
                }
                changed = self.changes.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return Ok(false),
                },
                line = self.wire.read_line() => line?,
            };
            let Some(line) = line else {
                return Ok(false);
            };
            if line.trim_ascii().eq_ignore_ascii_case(b"DONE") {
                self.session.finish_idle(tag);
            } else {
                let answer = format!("{tag} BAD Command Error. 12\r\n");
                self.wire.send(answer.as_bytes()).await?;
            }
            self.wire.send(&self.session.take_output()).await?;
            return Ok(true);
        }
    }
}

/// Waits until the session's token is over; forever while nobody is logged in.
async fn token_end(session: &Session, expirations: &mut watch::Receiver<u64>) {
    let Some(grant) = session.grant() else {
        return std::future::pending().await;
    };
    let early = async {
        if expirations.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = tokio::time::sleep_until(grant.expires) => {}
        () = early => {}
    }
}
