//! A session: one command at a time with its time limit, every reply a value, every break an error.

use std::fmt::Display;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use crate::backend::error::BackendError;
use crate::backend::smtp::classify::{self, Stage};
use crate::backend::smtp::offers::Offers;
use crate::backend::smtp::reply::Reply;
use crate::backend::smtp::secure::Secured;
use crate::backend::smtp::transport::{Meter, Transport};
use crate::model::{OutgoingServer, sanitize_line};
use crate::net::{Direction, NetError, trace_line};

/// A step of the dialogue and how long it may take (RFC 5321 §4.5.3.2; shorter where a person waits).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Step {
    /// What we are doing, for errors.
    pub doing: &'static str,
    /// The limit.
    pub limit: Duration,
}

impl Step {
    pub(super) const fn new(doing: &'static str, seconds: u64) -> Self {
        Self {
            doing,
            limit: Duration::from_secs(seconds),
        }
    }
}

const GREETING: Step = Step::new("greet the server", 60);

/// A logged-in connection.
pub(super) struct Session {
    /// lettre's connection.
    pub connection: AsyncSmtpConnection,
    /// What happens below it.
    pub meter: Arc<Meter>,
    /// What the server offers.
    pub offers: Offers,
    /// Where it leads.
    pub server: OutgoingServer,
    /// Whether a message was begun and not brought to its end: then nothing must be written any more.
    pub is_spent: bool,
}

impl Session {
    /// Greets the server and learns what it offers.
    pub(super) async fn begin(
        server: &OutgoingServer,
        secured: Secured,
    ) -> Result<Self, BackendError> {
        let (transport, meter) = Transport::new(secured.stream, secured.prefix);
        let hello = ClientId::Ipv4(Ipv4Addr::LOCALHOST);
        let greeted = timeout(
            GREETING.limit,
            AsyncSmtpConnection::connect_with_transport(Box::new(transport), &hello),
        );
        let connection = match greeted.await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => {
                return Err(match Heard::of(error) {
                    Heard::Reply(reply) => classify::error(Stage::Greeting, &reply),
                    Heard::Break(error) => broken(server, &meter, GREETING, &error),
                });
            }
            Err(_) => return Err(timed_out(server, GREETING)),
        };
        let heard = meter.take_heard();
        Ok(Self {
            connection,
            offers: Offers::read(&heard),
            meter,
            server: server.clone(),
            is_spent: false,
        })
    }

    /// Sends a command with its line end and returns the reply, whatever it says.
    pub(super) async fn command(
        &mut self,
        step: Step,
        command: impl Display,
    ) -> Result<Reply, BackendError> {
        let line = command.to_string();
        trace_line(&self.server.host, Direction::Sent, line.as_bytes());
        match timeout(step.limit, self.connection.command(line)).await {
            Ok(outcome) => self.heard(step, outcome),
            Err(_) => Err(self.fail(timed_out(&self.server, step))),
        }
    }

    /// Sorts what lettre read.
    pub(super) fn heard(
        &mut self,
        step: Step,
        outcome: Result<lettre::transport::smtp::response::Response, Error>,
    ) -> Result<Reply, BackendError> {
        let reply = match outcome {
            Ok(response) => {
                let words: Vec<&str> = response.message().collect();
                Reply::new(response.code().into(), &words.join(" "))
            }
            Err(error) => match Heard::of(error) {
                Heard::Reply(reply) => reply,
                Heard::Break(error) => {
                    let error = broken(&self.server, &self.meter, step, &error);
                    return Err(self.fail(error));
                }
            },
        };
        trace_line(
            &self.server.host,
            Direction::Received,
            format!("{} {}", reply.codes(), reply.text).as_bytes(),
        );
        Ok(reply)
    }

    /// Marks the connection as not to be used any more.
    pub(super) fn fail(&mut self, error: BackendError) -> BackendError {
        self.is_spent = true;
        error
    }
}

/// lettre mixes replies and breaks in one error type.
enum Heard {
    Reply(Reply),
    Break(Error),
}

impl Heard {
    fn of(error: Error) -> Self {
        let words = std::error::Error::source(&error).map_or_else(String::new, ToString::to_string);
        match error.status() {
            Some(code) => Self::Reply(Reply::new(code.into(), &words)),
            None => Self::Break(error),
        }
    }
}

/// The error of a step that took too long.
pub(super) fn timed_out(server: &OutgoingServer, step: Step) -> BackendError {
    BackendError::Offline {
        doing: step.doing,
        source: NetError::TimedOut {
            host: server.host.clone(),
            port: server.port,
            seconds: step.limit.as_secs(),
        },
    }
}

/// A closed or broken connection is "offline"; words that are no SMTP are a protocol error.
fn broken(server: &OutgoingServer, meter: &Meter, step: Step, error: &Error) -> BackendError {
    let offline = |source: io::Error| BackendError::Offline {
        doing: step.doing,
        source: NetError::Broken {
            host: server.host.clone(),
            source,
        },
    };
    if meter.is_closed() {
        return offline(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the server closed the connection",
        ));
    }
    let cause =
        std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause {
        Some(cause) => offline(io::Error::new(cause.kind(), cause.to_string())),
        None => BackendError::Protocol {
            doing: step.doing,
            detail: sanitize_line(&error.to_string())
                .chars()
                .take(200)
                .collect(),
        },
    }
}
