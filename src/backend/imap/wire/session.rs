//! Runs commands: sends them, several in flight if wanted, and hands every response to whoever asked.
//!
//! Only a tagged answer ends a command and only its status says how. A connection that failed once is never used
//! again; one whose user went away in the middle of an answer first reads that answer to its end.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::io;
use std::time::Duration;

use async_imap::Client;
use imap_proto::Response;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::answer::{Answer, clean};
use super::command::{Command, Patience, Piece};
use super::filter::Filter;
use super::frame::{Fault, Limits};
use super::judge::Dropped;
use super::noted::Selected;
use crate::backend::BackendError;
use crate::backend::imap::{offline, quirks};
use crate::net::NetError;

/// What a session runs on: a socket, TLS or a pipe of a test.
pub(in crate::backend::imap) trait Link:
    AsyncRead + AsyncWrite + Unpin + Send + Debug + 'static
{
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + Debug + 'static> Link for S {}

/// Names a command in flight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::backend::imap) struct Tag(pub(super) u32);

/// Whether a connection can take a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Ready,
    /// A command is being written; whoever finds this later knows that it was cut in two.
    Writing,
    /// Lost.
    Broken,
}

#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) tag: Tag,
    doing: &'static str,
    patience: Patience,
    pub(super) answer: Option<Answer>,
}

/// One connection.
#[derive(Debug)]
pub(in crate::backend::imap) struct Session<S: Link> {
    client: Client<Filter<S>>,
    pub(super) host: String,
    pub(super) port: u16,
    last_tag: u32,
    pub(super) in_flight: Vec<InFlight>,
    state: State,
    pub(super) capabilities: BTreeSet<String>,
    pub(super) enabled: BTreeSet<String>,
    pub(super) selected: Option<Selected>,
    /// Whether what arrives is an answer to a command about messages, so that `FETCH` is no news.
    pub(super) expects_fetches: bool,
    /// Whether the server idles: it then waits for a line without a tag.
    pub(super) is_idling: bool,
    /// Whether the greeting was that of Exchange.
    pub(super) is_exchange: bool,
}

impl<S: Link> Session<S> {
    /// Wraps a connected stream; nothing is read yet.
    pub(in crate::backend::imap) fn new(stream: S, host: &str, port: u16) -> Self {
        Self {
            client: Client::new(Filter::new(stream)),
            host: host.to_owned(),
            port,
            last_tag: 0,
            in_flight: Vec::new(),
            state: State::Ready,
            capabilities: BTreeSet::new(),
            enabled: BTreeSet::new(),
            selected: None,
            expects_fetches: false,
            is_idling: false,
            is_exchange: false,
        }
    }

    /// Gives the stream back for a TLS handshake; an error if the server has sent bytes that no one asked for:
    /// they would be read as if they had come protected.
    pub(in crate::backend::imap) fn into_stream(self) -> Result<S, BackendError> {
        let stream = self.client.into_inner().into_inner();
        stream.ok_or(BackendError::Protocol {
            doing: "start TLS",
            detail: "unprotected data behind the answer to STARTTLS".to_owned(),
        })
    }

    /// Makes the error of a server that cannot be asked for TLS.
    pub(in crate::backend::imap) fn tls_not_offered(&self, words: &str) -> BackendError {
        BackendError::Offline {
            doing: "start TLS",
            source: NetError::tls_not_offered(&self.host, self.port, words),
        }
    }

    /// Sets the bounds for literals announced from now on.
    pub(in crate::backend::imap) fn set_limits(&mut self, limits: Limits) {
        self.client.get_mut().set_limits(limits);
    }

    /// Returns what had to be thrown away since the last call.
    pub(in crate::backend::imap) fn take_dropped(&mut self) -> Dropped {
        self.client.get_mut().take_dropped()
    }

    /// Marks the connection as lost.
    pub(in crate::backend::imap) fn give_up(&mut self) {
        self.state = State::Broken;
    }

    /// Makes sure that the connection can take a command: not broken, and nobody else's answer is on its way.
    pub(in crate::backend::imap) async fn settle(&mut self) -> Result<(), BackendError> {
        if self.state != State::Ready {
            self.state = State::Broken;
            let source = io::Error::from(io::ErrorKind::NotConnected);
            return Err(offline("use the connection", &self.host, source));
        }
        if self.is_idling {
            self.send_line("stop waiting", "DONE").await?;
            self.is_idling = false;
        }
        while let Some(command) = self.in_flight.first() {
            let tag = command.tag;
            self.finish(tag, |_| {}).await?;
        }
        self.expects_fetches = false;
        Ok(())
    }

    /// Sends a command. Waits only where the server must first ask for a literal.
    pub(in crate::backend::imap) async fn send(
        &mut self,
        command: &Command,
    ) -> Result<Tag, BackendError> {
        self.last_tag += 1;
        let tag = Tag(self.last_tag);
        tracing::debug!(target: "pillarbox::imap", host = self.host, tag = tag.0, doing = command.doing, "command");
        self.state = State::Writing;
        self.in_flight.push(InFlight {
            tag,
            doing: command.doing,
            patience: command.patience,
            answer: None,
        });
        let mut bytes = format!("P{} ", tag.0).into_bytes();
        for piece in &command.pieces {
            match piece {
                Piece::Text(text) => bytes.extend_from_slice(text),
                Piece::Literal(literal) if self.may_push(literal.len()) => {
                    bytes.extend_from_slice(format!("{{{}+}}\r\n", literal.len()).as_bytes());
                    bytes.extend_from_slice(literal);
                }
                Piece::Literal(literal) => {
                    bytes.extend_from_slice(format!("{{{}}}\r\n", literal.len()).as_bytes());
                    self.write(command.doing, &bytes).await?;
                    if !self.is_asked_for(tag, command).await? {
                        self.state = State::Ready;
                        return Ok(tag);
                    }
                    bytes.clone_from(literal);
                }
            }
        }
        bytes.extend_from_slice(b"\r\n");
        self.write(command.doing, &bytes).await?;
        self.state = State::Ready;
        Ok(tag)
    }

    /// RFC 7888: literals that need not be asked for.
    fn may_push(&self, length: usize) -> bool {
        self.can("LITERAL+") || (self.can("LITERAL-") && length <= 4096)
    }

    /// Waits for the `+` of a literal; `false` when the command was answered instead.
    async fn is_asked_for(&mut self, tag: Tag, command: &Command) -> Result<bool, BackendError> {
        loop {
            let limit = command.patience.limit();
            let asked = self
                .step(command.doing, limit, |response| {
                    matches!(response, Response::Continue(_))
                })
                .await?;
            if asked {
                return Ok(true);
            }
            if self.is_answered(tag) {
                return Ok(false);
            }
        }
    }

    /// Tells whether the answer to a command has arrived.
    pub(in crate::backend::imap) fn is_answered(&self, tag: Tag) -> bool {
        self.in_flight
            .iter()
            .any(|command| command.tag == tag && command.answer.is_some())
    }

    /// Sends a bare line: the answer to a challenge, or `DONE`.
    pub(in crate::backend::imap) async fn send_line(
        &mut self,
        doing: &'static str,
        line: &str,
    ) -> Result<(), BackendError> {
        self.state = State::Writing;
        self.write(doing, format!("{line}\r\n").as_bytes()).await?;
        self.state = State::Ready;
        Ok(())
    }

    async fn write(&mut self, doing: &'static str, bytes: &[u8]) -> Result<(), BackendError> {
        let limit = Patience::Long.limit();
        for chunk in bytes.chunks(64 << 10) {
            let stream = self.client.get_mut();
            let result = timeout(limit, stream.write_all(chunk)).await;
            self.check_write(doing, limit, result)?;
        }
        let result = timeout(limit, self.client.get_mut().flush()).await;
        self.check_write(doing, limit, result)
    }

    fn check_write(
        &mut self,
        doing: &'static str,
        limit: Duration,
        result: Result<io::Result<()>, tokio::time::error::Elapsed>,
    ) -> Result<(), BackendError> {
        match result {
            Ok(Ok(())) => Ok(()),
            Ok(Err(source)) => {
                self.state = State::Broken;
                Err(offline(doing, &self.host, source))
            }
            Err(_) => Err(self.timed_out(doing, limit)),
        }
    }

    /// Runs a command and waits for its answer; `visit` sees every response on the way.
    pub(in crate::backend::imap) async fn run(
        &mut self,
        command: &Command,
        visit: impl FnMut(&Response<'_>) + Send,
    ) -> Result<Answer, BackendError> {
        let tag = self.send(command).await?;
        self.finish(tag, visit).await
    }

    /// Runs a command that brings no data; anything but `OK` is an error.
    pub(in crate::backend::imap) async fn run_plain(
        &mut self,
        command: &Command,
    ) -> Result<Answer, BackendError> {
        let answer = self.run(command, |_| {}).await?;
        self.demand(command.doing, answer)
    }

    /// Turns an answer that is not `OK` into an error.
    pub(in crate::backend::imap) fn demand(
        &self,
        doing: &'static str,
        answer: Answer,
    ) -> Result<Answer, BackendError> {
        if answer.is_ok() {
            return Ok(answer);
        }
        Err(quirks::refusal(doing, &self.host, &answer))
    }

    /// Waits for the answer to a command in flight.
    pub(in crate::backend::imap) async fn finish(
        &mut self,
        tag: Tag,
        mut visit: impl FnMut(&Response<'_>) + Send,
    ) -> Result<Answer, BackendError> {
        loop {
            let Some(at) = self.in_flight.iter().position(|c| c.tag == tag) else {
                self.state = State::Broken;
                return Err(protocol("read an answer", "no such command"));
            };
            let (doing, limit) = match self.in_flight.get(at) {
                Some(command) if command.answer.is_none() => {
                    (command.doing, command.patience.limit())
                }
                _ => {
                    let answer = self.in_flight.remove(at).answer;
                    return answer.ok_or_else(|| protocol("read an answer", "no answer"));
                }
            };
            self.step(doing, limit, &mut visit).await?;
        }
    }

    /// Reads one response, notes what it says about connection and folder, and shows it to `visit`.
    /// May be dropped while it waits without anything being lost.
    pub(in crate::backend::imap) async fn step<T>(
        &mut self,
        doing: &'static str,
        limit: Duration,
        visit: impl FnOnce(&Response<'_>) -> T,
    ) -> Result<T, BackendError> {
        loop {
            let before = self.client.get_ref().received();
            match timeout(limit, self.client.read_response()).await {
                Ok(Ok(Some(response))) => {
                    let response = response.parsed();
                    if let Err(error) = self.note(doing, response) {
                        self.state = State::Broken;
                        return Err(error);
                    }
                    return Ok(visit(response));
                }
                Ok(Ok(None)) => {
                    self.state = State::Broken;
                    let source = io::Error::from(io::ErrorKind::UnexpectedEof);
                    return Err(offline(doing, &self.host, source));
                }
                Ok(Err(error)) => return Err(self.broken(doing, error)),
                Err(_) if self.client.get_ref().received() > before => {}
                Err(_) => return Err(self.timed_out(doing, limit)),
            }
        }
    }

    fn broken(&mut self, doing: &'static str, error: io::Error) -> BackendError {
        self.state = State::Broken;
        let fault = error.get_ref().and_then(|e| e.downcast_ref::<Fault>());
        match fault {
            Some(fault) => protocol(doing, &format!("{} sent {fault}", self.host)),
            // async-imap's own words for a response it cannot parse; they quote the response.
            None if error.kind() == io::ErrorKind::Other => {
                protocol(doing, "a response that is not IMAP")
            }
            None => offline(doing, &self.host, error),
        }
    }

    fn timed_out(&mut self, doing: &'static str, limit: Duration) -> BackendError {
        self.state = State::Broken;
        BackendError::Offline {
            doing,
            source: NetError::TimedOut {
                host: self.host.clone(),
                port: self.port,
                seconds: limit.as_secs(),
            },
        }
    }
}

/// Makes a protocol error.
pub(in crate::backend::imap) fn protocol(doing: &'static str, detail: &str) -> BackendError {
    BackendError::Protocol {
        doing,
        detail: clean(detail),
    }
}
