//! The way to a protected stream: TLS from the first byte, or STARTTLS by ourselves, never stripped.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::backend::error::{BackendError, Refusal};
use crate::backend::smtp::classify::{self, Stage};
use crate::backend::smtp::offers::Offers;
use crate::backend::smtp::reply::Reply;
use crate::backend::{Credential, Login};
use crate::model::{OutgoingServer, TlsMode};
use crate::net::{self, Direction, NetError, Stream, Trust};

/// How long the dialogue before TLS may take, all of it.
const DIALOGUE_LIMIT: Duration = Duration::from_secs(60);
/// Bytes of one line (RFC 5321 §4.5.3.1.5 says 512; some say more).
const MAX_LINE: usize = 2000;
/// Lines of one reply.
const MAX_LINES: usize = 200;
/// What we call ourselves: an address literal of no meaning, never this machine's name or address.
pub(super) const HELLO: &str = "EHLO [127.0.0.1]\r\n";
/// Stands in for the greeting that was read before TLS.
const GREETED: &[u8] = b"220 greeted\r\n";

/// A protected stream, and what lettre is to read first.
#[derive(Debug)]
pub(super) struct Secured {
    /// The stream.
    pub stream: Stream,
    /// A stand-in for a greeting that was taken already; empty when it is still to come.
    pub prefix: &'static [u8],
}

/// Opens a stream as the server profile says. Without TLS never for a token.
pub(super) async fn open(
    server: &OutgoingServer,
    trust: &Trust,
    login: &Login,
) -> Result<Secured, BackendError> {
    if server.tls == TlsMode::None && matches!(login.credential, Credential::Bearer(_)) {
        return Err(refused("a token is never sent without TLS"));
    }
    let stream = protect(server, trust).await?;
    let prefix: &[u8] = match server.tls {
        TlsMode::StartTls => GREETED,
        TlsMode::Implicit | TlsMode::None => b"",
    };
    Ok(Secured { stream, prefix })
}

/// Connects and protects the connection as the server profile says; nobody is signed in.
pub async fn protect(server: &OutgoingServer, trust: &Trust) -> Result<Stream, BackendError> {
    match server.tls {
        TlsMode::Implicit => net::connect_tls(&server.host, server.port, trust)
            .await
            .map_err(offline),
        TlsMode::StartTls => start_tls(server, trust).await,
        TlsMode::None => plain(server).await,
    }
}

fn offline(source: NetError) -> BackendError {
    BackendError::Offline {
        doing: "connect",
        source,
    }
}

fn refused(text: &str) -> BackendError {
    BackendError::Refused {
        kind: Refusal::Other,
        code: String::new(),
        text: text.to_owned(),
    }
}

/// Without TLS: only to this machine.
async fn plain(server: &OutgoingServer) -> Result<Stream, BackendError> {
    let stream = net::connect_plain(&server.host, server.port)
        .await
        .map_err(offline)?;
    if !stream.peer_addr().ip().is_loopback() {
        return Err(refused("without TLS only a server on this machine is used"));
    }
    Ok(stream)
}

/// STARTTLS (RFC 3207). What an attacker sends behind the go-ahead is read by the handshake and breaks it.
async fn start_tls(server: &OutgoingServer, trust: &Trust) -> Result<Stream, BackendError> {
    let mut stream = net::connect_plain(&server.host, server.port)
        .await
        .map_err(offline)?;
    timeout(DIALOGUE_LIMIT, ask_for_tls(&mut stream))
        .await
        .map_err(|_| {
            offline(NetError::TimedOut {
                host: server.host.clone(),
                port: server.port,
                seconds: DIALOGUE_LIMIT.as_secs(),
            })
        })??;
    net::start_tls(stream, &server.host, trust)
        .await
        .map_err(offline)
}

async fn ask_for_tls(stream: &mut Stream) -> Result<(), BackendError> {
    let (greeting, _) = read_reply(stream).await?;
    expect(&greeting, Stage::Greeting)?;
    write(stream, HELLO).await?;
    let (hello, heard) = read_reply(stream).await?;
    expect(&hello, Stage::Greeting)?;
    if !Offers::read(&heard).has("STARTTLS") {
        let words = "STARTTLS is not in the server's answer to EHLO";
        let source = NetError::tls_not_offered(stream.host(), stream.port(), words);
        return Err(offline(source));
    }
    write(stream, "STARTTLS\r\n").await?;
    let (go_ahead, _) = read_reply(stream).await?;
    expect(&go_ahead, Stage::Greeting)
}

fn expect(reply: &Reply, stage: Stage) -> Result<(), BackendError> {
    if reply.is_positive() {
        Ok(())
    } else {
        Err(classify::error(stage, reply))
    }
}

async fn write(stream: &mut Stream, line: &str) -> Result<(), BackendError> {
    net::trace_line(stream.host(), Direction::Sent, line.as_bytes());
    let outcome = async {
        stream.write_all(line.as_bytes()).await?;
        stream.flush().await
    };
    let outcome = outcome.await;
    outcome.map_err(|source| {
        offline(NetError::Broken {
            host: stream.host().to_owned(),
            source,
        })
    })
}

/// Reads a reply of one or more lines; returns it and its raw lines.
async fn read_reply(stream: &mut Stream) -> Result<(Reply, Vec<u8>), BackendError> {
    let mut heard = Vec::new();
    for _ in 0..MAX_LINES {
        let line = net::read_line(stream, MAX_LINE).await.map_err(offline)?;
        heard.extend_from_slice(&line);
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        let code = text.get(..3).and_then(|code| code.parse::<u16>().ok());
        match (code, text.as_bytes().get(3)) {
            (Some(_), Some(b'-')) => {}
            (Some(code), _) => {
                let words = text.get(4..).unwrap_or_default();
                return Ok((Reply::new(code, words), heard));
            }
            (None, _) => return Err(not_smtp(text)),
        }
    }
    Err(not_smtp("a reply without an end"))
}

fn not_smtp(line: &str) -> BackendError {
    BackendError::Protocol {
        doing: "greet the server",
        detail: crate::model::sanitize_line(line)
            .chars()
            .take(200)
            .collect(),
    }
}
