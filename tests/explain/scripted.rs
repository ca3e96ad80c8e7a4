//! Mail servers of a few lines that do everything right, except that they say one sentence at one place.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Where a server says its sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Nowhere.
    Never,
    /// IMAP: with the capabilities.
    Capabilities,
    /// IMAP and SMTP: when somebody signs in.
    SignIn,
    /// IMAP: as the challenge that describes a failure (RFC 7628 §3.2.2).
    Challenge,
    /// IMAP: to LIST, right after the sign-in.
    List,
    /// IMAP: to SELECT.
    Select,
    /// IMAP: to a search or a fetch.
    Reading,
    /// IMAP: while it idles.
    Idle,
    /// SMTP: instead of a greeting.
    Greeting,
    /// SMTP: to MAIL.
    Sender,
    /// SMTP: to RCPT.
    Recipient,
    /// SMTP: to DATA.
    Data,
    /// SMTP: when it has the whole message.
    Taken,
}

/// A sentence and its place.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    pub place: Place,
    pub text: &'static str,
}

impl Said {
    fn at(&self, place: Place) -> Option<&'static str> {
        (self.place == place).then_some(self.text)
    }
}

/// What the connections of a server have in common.
type Line = BufReader<TlsStream<TcpStream>>;

/// The certificate of all servers, PEM, and what they answer with.
struct Certified {
    pem: String,
    acceptor: TlsAcceptor,
}

static CERTIFIED: LazyLock<Certified> = LazyLock::new(|| {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key.into())
        .unwrap();
    Certified {
        pem: certified.cert.pem(),
        acceptor: TlsAcceptor::from(Arc::new(tls)),
    }
});

/// Returns what takes connections with that certificate.
#[allow(dead_code, reason = "for the sign-in service of another test target")]
pub fn acceptor() -> &'static TlsAcceptor {
    &CERTIFIED.acceptor
}

/// Returns the certificate that all servers show, PEM.
pub fn certificate() -> &'static str {
    &CERTIFIED.pem
}

/// When a connection is put under TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    /// From the first byte.
    Tls,
    /// When it is asked for.
    StartTls,
    /// Never; nobody may sign in.
    Plain,
}

/// How connections to a server begin.
#[derive(Clone)]
pub struct Door {
    pub acceptor: TlsAcceptor,
    pub entry: Entry,
}

impl Door {
    /// TLS from the first byte, with the certificate of all servers.
    pub fn usual() -> Self {
        Self {
            acceptor: CERTIFIED.acceptor.clone(),
            entry: Entry::Tls,
        }
    }
}

/// A protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Speech {
    Imap,
    Smtp,
}

/// A server on a port of its own; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    pub port: u16,
    /// Sessions that came as far as listening.
    pub listened: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub async fn imap(said: Said) -> Self {
        Self::imap_behind(Door::usual(), said).await
    }

    pub async fn smtp(said: Said) -> Self {
        Self::smtp_behind(Door::usual(), said).await
    }

    pub async fn imap_behind(door: Door, said: Said) -> Self {
        let listened = Arc::default();
        let count = Arc::clone(&listened);
        let is_greeted = door.entry == Entry::StartTls;
        let serve = move |line| imap(line, (said, is_greeted), Arc::clone(&count));
        Self::start((door, Speech::Imap), serve, listened).await
    }

    pub async fn smtp_behind(door: Door, said: Said) -> Self {
        let is_greeted = door.entry == Entry::StartTls;
        let serve = move |line| smtp(line, said, is_greeted);
        Self::start((door, Speech::Smtp), serve, Arc::default()).await
    }

    async fn start<F>(
        (way_in, speech): (Door, Speech),
        serve: impl Fn(Line) -> F + Send + Sync + 'static,
        listened: Arc<AtomicU32>,
    ) -> Self
    where
        F: Future<Output = Option<()>> + Send + 'static,
    {
        let door = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = door.local_addr().unwrap().port();
        let serve = Arc::new(serve);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = door.accept().await {
                let serve = Arc::clone(&serve);
                let Door { acceptor, entry } = way_in.clone();
                tokio::spawn(async move {
                    let stream = match entry {
                        Entry::Tls => stream,
                        Entry::StartTls | Entry::Plain => before_tls(stream, speech, entry).await?,
                    };
                    let stream = acceptor.accept(stream).await.ok()?;
                    serve(BufReader::new(stream)).await
                });
            }
        });
        Self {
            port,
            listened,
            task,
        }
    }
}

/// Greets, and waits until somebody asks for TLS.
async fn before_tls(stream: TcpStream, speech: Speech, entry: Entry) -> Option<TcpStream> {
    let mut plain = BufReader::new(stream);
    let line = &mut plain;
    let offers = entry == Entry::StartTls;
    let greeting = match speech {
        Speech::Imap => "* OK ready",
        Speech::Smtp => "220 ready",
    };
    say(line, greeting).await?;
    loop {
        let command = hear(line).await?;
        let (first, rest) = command.split_once(' ').unwrap_or((&command, ""));
        let is_asked = first == "STARTTLS" || rest == "STARTTLS";
        let words = match (speech, is_asked && offers) {
            (Speech::Imap, true) => format!("{first} OK go on"),
            (Speech::Imap, false) => {
                let offer = if offers { " STARTTLS" } else { "" };
                format!("* CAPABILITY IMAP4rev1{offer} LOGINDISABLED\r\n{first} OK done")
            }
            (Speech::Smtp, true) => "220 go on".to_owned(),
            (Speech::Smtp, false) if offers => "250-ready\r\n250 STARTTLS".to_owned(),
            (Speech::Smtp, false) => "250-ready\r\n250 SIZE 1000000".to_owned(),
        };
        say(line, &words).await?;
        if is_asked && offers {
            break;
        }
    }
    // Nobody says anything more before the handshake.
    Some(plain.into_inner())
}

async fn hear<L: AsyncBufRead + Unpin>(line: &mut L) -> Option<String> {
    let mut text = String::new();
    let count = line.read_line(&mut text).await.ok()?;
    (count > 0).then(|| text.trim_end().to_owned())
}

async fn say<L: AsyncWrite + Unpin>(line: &mut L, text: &str) -> Option<()> {
    let text = format!("{text}\r\n");
    line.write_all(text.as_bytes()).await.ok()?;
    line.flush().await.ok()
}

/// Says an IMAP sentence; a `BYE` is the last one.
async fn say_imap(line: &mut Line, tag: &str, text: &str) -> Option<()> {
    if text.starts_with('*') {
        say(line, text).await?;
        return None;
    }
    say(line, &format!("{tag} {text}")).await
}

async fn imap(
    mut line: Line,
    (said, is_greeted): (Said, bool),
    listened: Arc<AtomicU32>,
) -> Option<()> {
    let line = &mut line;
    if !is_greeted {
        say(line, "* OK ready").await?;
    }
    while let Some(command) = hear(line).await {
        let (tag, rest) = command.split_once(' ')?;
        let rest = rest.to_ascii_uppercase();
        let word = rest.strip_prefix("UID ").unwrap_or(&rest);
        let word = word.split(' ').next()?;
        let place = match word {
            "AUTHENTICATE" | "LOGIN" => Place::SignIn,
            "LIST" => Place::List,
            "SELECT" => Place::Select,
            "SEARCH" | "FETCH" => Place::Reading,
            _ => Place::Never,
        };
        let text = said.at(place).filter(|_| place != Place::Never);
        match (text, word) {
            (Some(text), _) => say_imap(line, tag, text).await?,
            (None, "IDLE") => {
                listened.fetch_add(1, Ordering::Relaxed);
                idle(line, tag, said).await?;
            }
            (None, "AUTHENTICATE") if said.place == Place::Challenge => {
                say(line, &format!("+ {}", STANDARD.encode(said.text))).await?;
                hear(line).await?;
                say(line, &format!("{tag} NO SASL authentication failed")).await?;
            }
            (None, word) => {
                for untagged in answers(word, &rest, said) {
                    say(line, &untagged).await?;
                }
                say(line, &format!("{tag} OK done")).await?;
            }
        }
    }
    None
}

async fn idle(line: &mut Line, tag: &str, said: Said) -> Option<()> {
    say(line, "+ idling").await?;
    if let Some(text) = said.at(Place::Idle) {
        say(line, text).await?;
        return None;
    }
    hear(line).await?;
    say(line, &format!("{tag} OK done")).await
}

fn answers(word: &str, command: &str, said: Said) -> Vec<String> {
    match word {
        "CAPABILITY" => match said.at(Place::Capabilities) {
            Some(text) => vec![text.to_owned()],
            None => {
                vec!["* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR IDLE UIDPLUS".to_owned()]
            }
        },
        "LIST" => vec![r#"* LIST (\HasNoChildren) "/" INBOX"#.to_owned()],
        "STATUS" => vec!["* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 1 UNSEEN 0)".to_owned()],
        "SELECT" => [
            "* 1 EXISTS",
            "* OK [UIDVALIDITY 1] mine",
            "* OK [UIDNEXT 2] next",
            r"* FLAGS (\Seen \Deleted)",
        ]
        .map(str::to_owned)
        .to_vec(),
        "FETCH" if command.contains("BODY.PEEK[]<0") => {
            let text = "From: Sam <sam@x.test>\r\nSubject: One\r\n\r\nGood morning\r\n";
            let size = text.len();
            vec![format!("* 1 FETCH (UID 1 RFC822.SIZE {size} BODY[]<0> {{{size}}}\r\n{text})")]
        }
        "FETCH" if command.contains("BODY.PEEK[HEADER") => {
            let (_, section) = command.split_once("BODY.PEEK[").unwrap();
            let (section, _) = section.split_once(']').unwrap();
            let text = "From: Sam <sam@x.test>\r\nSubject: One\r\n\r\n";
            let size = text.len();
            vec![format!(
                "* 1 FETCH (UID 1 FLAGS (\\Seen) RFC822.SIZE 58 INTERNALDATE \"22-Nov-2026 10:00:00 +0000\" BODY[{section}] {{{size}}}\r\n{text})"
            )]
        }
        "SEARCH" => vec!["* SEARCH 1".to_owned()],
        "FETCH" if command.contains("ENVELOPE") || command.contains("FLAGS") => vec![
            r#"* 1 FETCH (UID 1 FLAGS (\Seen) RFC822.SIZE 20 INTERNALDATE "22-Nov-2026 10:00:00 +0000" ENVELOPE (NIL "One" NIL NIL NIL NIL NIL NIL NIL "<1@x.test>"))"#.to_owned(),
        ],
        _ => Vec::new(),
    }
}

async fn smtp(mut line: Line, said: Said, is_greeted: bool) -> Option<()> {
    let line = &mut line;
    if !is_greeted {
        say(line, said.at(Place::Greeting).unwrap_or("220 ready")).await?;
    }
    while let Some(command) = hear(line).await {
        let word = command.split(' ').next()?.to_ascii_uppercase();
        let (place, usual) = match word.as_str() {
            "EHLO" => (
                Place::Never,
                "250-ready\r\n250-AUTH XOAUTH2 PLAIN\r\n250 SIZE 1000000",
            ),
            "AUTH" => (Place::SignIn, "235 2.7.0 welcome"),
            "MAIL" => (Place::Sender, "250 2.1.0 fine"),
            "RCPT" => (Place::Recipient, "250 2.1.5 fine"),
            "DATA" => (Place::Data, "354 go on"),
            "QUIT" => return None,
            _ => (Place::Never, "250 2.0.0 fine"),
        };
        let answer = said.at(place).filter(|_| place != Place::Never);
        say(line, answer.unwrap_or(usual)).await?;
        if word == "DATA" && answer.is_none() {
            while hear(line).await? != "." {}
            say(line, said.at(Place::Taken).unwrap_or("250 2.0.0 taken")).await?;
        }
    }
    None
}
