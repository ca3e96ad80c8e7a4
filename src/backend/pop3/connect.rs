//! Opens a session: TCP, TLS, greeting, sign-in, and the list of what is in the maildrop: the proof that it opens.
//!
//! STLS cannot be stripped (RFC 2595 §4): without it there is no sign-in. A plain connection goes to this machine only.

use std::fmt::Debug;

use async_trait::async_trait;
use tokio::time::{Duration, timeout};

use super::capa::Capa;
use super::changes::Told;
use super::maildrop::Maildrop;
use super::reply::Reply;
use super::wire::{Link, Patience, Wire, broken};
use super::{Pop3, auth, quirks};
use crate::backend::smtp;
use crate::backend::{Backend, BackendError, Credential, Login};
use crate::model::{IncomingServer, TlsMode};
use crate::net::{NetError, Stream, Trust, connect_plain, connect_tls, start_tls};

/// How long a server may take to say good-bye when nothing depends on it.
const FAREWELL: Duration = Duration::from_secs(5);

/// Connects, protects the connection, logs in and makes sure that the mailbox opens. `login.user` is the mailbox.
pub async fn connect(
    server: &IncomingServer,
    trust: &Trust,
    login: &Login,
) -> Result<Box<dyn Backend>, BackendError> {
    let door = Door {
        server: server.clone(),
        trust: trust.clone(),
        login: login.clone(),
    };
    let session = door.dial().await?;
    Ok(Box::new(Pop3::new(door, session)))
}

/// Connects and protects the connection as the server profile says; nobody is signed in.
pub async fn protect(server: &IncomingServer, trust: &Trust) -> Result<Stream, BackendError> {
    let (host, port) = (server.host.as_str(), server.port);
    match server.tls {
        TlsMode::Implicit => connect_tls(host, port, trust).await.map_err(no_connection),
        TlsMode::StartTls => {
            let stream = connect_plain(host, port).await.map_err(no_connection)?;
            let stream = ask_for_tls(Wire::new(stream, host, port)).await?;
            start_tls(stream, host, trust).await.map_err(no_connection)
        }
        TlsMode::None => connect_plain(host, port).await.map_err(no_connection),
    }
}

/// Opens sessions: one is not enough, for each shows the maildrop of its beginning.
#[async_trait]
pub(super) trait Dial: Send + Sync + Debug + 'static {
    /// What carries the sessions.
    type Link: Link;

    /// Opens a session.
    async fn dial(&self) -> Result<Session<Self::Link>, BackendError>;

    /// Tells whether mail submitted at this provider files its own copy.
    fn files_sent_copy(&self) -> bool;
}

/// Where the sessions are, and who opens them.
#[derive(Debug)]
struct Door {
    server: IncomingServer,
    trust: Trust,
    login: Login,
}

#[async_trait]
impl Dial for Door {
    type Link = Stream;

    async fn dial(&self) -> Result<Session<Stream>, BackendError> {
        let server = &self.server;
        let stream = protect(server, &self.trust).await?;
        if server.tls == TlsMode::None {
            check_local(&stream, &self.login)?;
        }
        let wire = Wire::new(stream, &server.host, server.port);
        let wire = match server.tls {
            // Nothing said before the handshake counts; the server does not greet again.
            TlsMode::StartTls => wire,
            TlsMode::Implicit | TlsMode::None => greeted(wire).await?,
        };
        Session::open(wire, &self.login).await
    }

    fn files_sent_copy(&self) -> bool {
        smtp::files_sent_copy(&self.server.host)
    }
}

fn no_connection(source: NetError) -> BackendError {
    BackendError::Offline {
        doing: "connect",
        source,
    }
}

/// Passwords may cross no wire unprotected, and tokens nothing at all.
fn check_local(stream: &Stream, login: &Login) -> Result<(), BackendError> {
    let what = match login.credential {
        Credential::Bearer(_) => "showing a token without TLS",
        Credential::Password(_) if stream.peer_addr().ip().is_loopback() => return Ok(()),
        Credential::Password(_) => "a connection without TLS to another machine",
    };
    Err(BackendError::Unsupported { what })
}

/// Reads the greeting.
pub(super) async fn greeted<S: Link>(mut wire: Wire<S>) -> Result<Wire<S>, BackendError> {
    wire.demand("read the greeting", Patience::Short).await?;
    Ok(wire)
}

/// Asks a plain connection for TLS and gives the stream back for the handshake. `CAPA` is not asked: what it says in
/// the clear is worth nothing, and a refusal says as much.
pub(super) async fn ask_for_tls<S: Link>(wire: Wire<S>) -> Result<S, BackendError> {
    const DOING: &str = "start TLS";
    let mut wire = greeted(wire).await?;
    wire.send(DOING, "STLS").await?;
    match wire.reply(DOING, Patience::Short).await? {
        Reply::Ok(_) => wire.into_stream(DOING),
        Reply::More(_) => Err(broken(DOING, "a challenge out of the blue")),
        Reply::Refused(refused) => Err(quirks::known(DOING, wire.host(), &refused).unwrap_or_else(
            || {
                broken(
                    DOING,
                    &format!("the server does not start TLS: {}", refused.text),
                )
            },
        )),
    }
}

/// A signed-in session and the maildrop as it was when it began.
#[derive(Debug)]
pub(super) struct Session<S> {
    pub(super) wire: Wire<S>,
    pub(super) capa: Capa,
    pub(super) maildrop: Maildrop,
    /// How much of the maildrop was told.
    pub(super) told: Told,
    /// Whether `TOP` is worth trying.
    pub(super) can_top: bool,
}

impl<S: Link> Session<S> {
    /// Signs in over a connection that has greeted, and counts what is there.
    pub(super) async fn open(mut wire: Wire<S>, login: &Login) -> Result<Self, BackendError> {
        let capa = Capa::ask(&mut wire).await?;
        auth::sign_in(&mut wire, &capa, login).await?;
        let maildrop = Maildrop::read(&mut wire, &capa).await?;
        Ok(Self {
            can_top: capa.may_have_top(),
            wire,
            capa,
            maildrop,
            told: Told::Nothing,
        })
    }

    /// Returns how many commands may be under way at once.
    pub(super) fn window(&self, most: usize) -> usize {
        if self.capa.is_pipelining() { most } else { 1 }
    }

    /// Says good-bye; nothing depends on the answer.
    pub(super) async fn leave(mut self) {
        const DOING: &str = "say good-bye";
        let farewell = async {
            self.wire.send(DOING, "QUIT").await?;
            self.wire.reply(DOING, Patience::Short).await
        };
        let _ = timeout(FAREWELL, farewell).await;
    }
}
