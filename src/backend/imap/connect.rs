//! Opens a connection: TCP, TLS, greeting, sign-in, and the proof that the mailbox really opens.
//!
//! STARTTLS cannot be stripped: without it there is no sign-in. A plain connection goes to this machine only.

use imap_proto::{Response, Status};
use tokio::time::Instant;

use super::folders::Listing;
use super::select::Selecting;
use super::wire::{Command, Link, Patience, Session, clean};
use super::{Imap, auth, protocol, quirks};
use crate::backend::{Backend, BackendError, Login};
use crate::model::{IncomingServer, TlsMode};
use crate::net::{NetError, Stream, Trust, connect_plain, connect_tls, start_tls};

/// Connects, protects the connection, logs in and makes sure that the mailbox opens.
pub async fn connect(
    server: &IncomingServer,
    trust: &Trust,
    login: &Login,
) -> Result<Box<dyn Backend>, BackendError> {
    let stream = protect(server, trust).await?;
    let session = Session::new(stream, &server.host, server.port);
    let (session, greeting) = match server.tls {
        // Nothing said before the handshake counts; the server does not greet again.
        TlsMode::StartTls => (session, Greeting::Hello),
        TlsMode::Implicit | TlsMode::None => greeted(session).await?,
    };
    Ok(Box::new(open(session, greeting, login).await?))
}

/// Connects and protects the connection as the server profile says; nobody is signed in.
pub async fn protect(server: &IncomingServer, trust: &Trust) -> Result<Stream, BackendError> {
    let (host, port) = (server.host.as_str(), server.port);
    match server.tls {
        TlsMode::Implicit => connect_tls(host, port, trust).await.map_err(no_connection),
        TlsMode::StartTls => {
            let stream = connect_plain(host, port).await.map_err(no_connection)?;
            let stream = ask_for_tls(Session::new(stream, host, port)).await?;
            start_tls(stream, host, trust).await.map_err(no_connection)
        }
        TlsMode::None => {
            let stream = connect_plain(host, port).await.map_err(no_connection)?;
            check_local(&stream)?;
            Ok(stream)
        }
    }
}

fn no_connection(source: NetError) -> BackendError {
    BackendError::Offline {
        doing: "connect",
        source,
    }
}

/// Tokens and passwords may cross no wire unprotected.
fn check_local(stream: &Stream) -> Result<(), BackendError> {
    if stream.peer_addr().ip().is_loopback() {
        return Ok(());
    }
    Err(BackendError::Unsupported {
        what: "a connection without TLS to another machine",
    })
}

/// How a server begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Greeting {
    /// It wants to know who we are.
    Hello,
    /// It knows already.
    SignedIn,
}

/// Reads the greeting (RFC 9051 §7.1.4, §7.1.5).
pub(super) async fn greeted<S: Link>(
    mut session: Session<S>,
) -> Result<(Session<S>, Greeting), BackendError> {
    let doing = "read the greeting";
    let words = session
        .step(doing, Patience::Short.limit(), |response| match response {
            Response::Data { status, outcome } => {
                let text = outcome.information.as_deref().unwrap_or_default();
                match status {
                    Status::Ok => Ok((Greeting::Hello, quirks::is_exchange_greeting(text))),
                    Status::PreAuth => Ok((Greeting::SignedIn, false)),
                    _ => Err(clean(text)),
                }
            }
            _ => Err(String::new()),
        })
        .await?;
    match words {
        Ok((greeting, is_exchange)) => {
            session.set_exchange(is_exchange);
            Ok((session, greeting))
        }
        Err(text) => Err(protocol(doing, &format!("not an IMAP greeting: {text}"))),
    }
}

/// Asks a plain connection for TLS and gives the stream back for the handshake.
pub(super) async fn ask_for_tls<S: Link>(session: Session<S>) -> Result<S, BackendError> {
    let (mut session, greeting) = greeted(session).await?;
    if greeting == Greeting::SignedIn {
        // RFC 9051 §11.1: STARTTLS is no longer possible then; somebody may want it that way.
        return Err(session.tls_not_offered("the server greeted with PREAUTH"));
    }
    let capability = Command::new("read capabilities", "CAPABILITY");
    if !session.has_capabilities() {
        session.run_plain(&capability).await?;
    }
    if !session.can("STARTTLS") {
        return Err(session.tls_not_offered("STARTTLS is not among the server's capabilities"));
    }
    session
        .run_plain(&Command::new("start TLS", "STARTTLS"))
        .await?;
    session.into_stream()
}

/// Signs in, then asks in one flight for everything the first screen needs.
pub(super) async fn open<S: Link>(
    mut session: Session<S>,
    greeting: Greeting,
    login: &Login,
) -> Result<Imap<S>, BackendError> {
    let mut knows_capabilities = session.has_capabilities();
    if greeting == Greeting::Hello {
        knows_capabilities = auth::sign_in(&mut session, login).await?;
    }
    let capability = if knows_capabilities {
        None
    } else {
        let command = Command::new("read capabilities", "CAPABILITY");
        Some(session.send(&command).await?)
    };
    let list = session.send(&Listing::command()).await?;
    // ENABLE must come before the first SELECT, so that SELECT waits where QRESYNC may yet turn up.
    let inbox = if knows_capabilities || session.is_exchange() {
        Some(send_inbox(&mut session).await?)
    } else {
        None
    };
    let mut listing = Listing::default();
    let mut selecting = Selecting::new("INBOX");
    let mut visit = |response: &Response<'_>| {
        listing.visit(response);
        selecting.visit(response);
    };
    if let Some(tag) = capability {
        let answer = session.finish(tag, &mut visit).await?;
        session.demand("read capabilities", answer)?;
    }
    let answer = session.finish(list, &mut visit).await?;
    // Exchange says OK to the sign-in and only then that there is no mailbox (protocol facts §4.3).
    session.demand("list folders", answer)?;
    let (enable, select) = match inbox {
        Some(tags) => tags,
        None => send_inbox(&mut session).await?,
    };
    if let Some(tag) = enable {
        session.finish(tag, &mut visit).await?;
    }
    let answer = session.finish(select, &mut visit).await?;
    // A mailbox without INBOX is odd, but its other folders open.
    let selected = selecting.finish(&session, &answer).ok();
    session.set_selected(selected);
    let listing = listing.finish(&mut session)?;
    let mut imap = Imap::new(session);
    imap.listed = Some((Instant::now(), listing));
    Ok(imap)
}

type Tags = (Option<super::wire::Tag>, super::wire::Tag);

async fn send_inbox<S: Link>(session: &mut Session<S>) -> Result<Tags, BackendError> {
    let mut enable = None;
    // Never IMAP4rev2: Exchange announces it and breaks with it (protocol facts §6.1).
    if session.can("QRESYNC") && session.can("ENABLE") {
        let command = Command::new("enable QRESYNC", "ENABLE QRESYNC");
        enable = Some(session.send(&command).await?);
    }
    let select = session
        .send(&Selecting::new("INBOX").command(session))
        .await?;
    Ok((enable, select))
}
