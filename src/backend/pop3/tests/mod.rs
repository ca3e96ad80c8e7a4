//! The client against transcripts: what it must say, and what it makes of the answers.

mod changing;
mod faults;
mod random;
mod reading;
mod signing_in;
mod syncing;

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex};

use super::Pop3;
use super::connect::{Dial, Session, greeted};
use super::wire::Wire;
use crate::backend::{Backend, BackendError, Credential, Login};
use crate::model::{ChangeSet, Cursor, RemoteId};

/// A server that follows transcripts, one for each session. `S:` is said, `C:` has to be heard, `W:` takes so many
/// milliseconds, and then it hangs up.
#[derive(Clone, Debug)]
struct Fake {
    sessions: Arc<Mutex<VecDeque<String>>>,
    mistakes: Arc<Mutex<Vec<String>>>,
    login: Login,
}

impl Fake {
    fn new(sessions: &[String]) -> Self {
        Self {
            sessions: Arc::new(Mutex::new(sessions.iter().cloned().collect())),
            mistakes: Arc::default(),
            login: bearer(),
        }
    }

    fn with(mut self, login: Login) -> Self {
        self.login = login;
        self
    }

    async fn open(&self) -> Result<Pop3<Self>, BackendError> {
        let session = self.dial().await?;
        Ok(Pop3::new(self.clone(), session))
    }

    /// Everything that was to be heard was heard.
    async fn check(&self) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        assert_eq!(*self.mistakes.lock().unwrap(), Vec::<String>::new());
        let left = self.sessions.lock().unwrap().len();
        assert_eq!(left, 0, "sessions were never opened");
    }
}

#[async_trait]
impl Dial for Fake {
    type Link = DuplexStream;

    async fn dial(&self) -> Result<Session<DuplexStream>, BackendError> {
        let script = self.sessions.lock().unwrap().pop_front();
        let script = script.expect("a session more than the transcripts have");
        let (near, far) = duplex(64 << 10);
        tokio::spawn(follow(script, far, Arc::clone(&self.mistakes)));
        let wire = greeted(Wire::new(near, "mail.example", 995)).await?;
        Session::open(wire, &self.login).await
    }

    fn files_sent_copy(&self) -> bool {
        true
    }
}

async fn follow(script: String, stream: DuplexStream, mistakes: Arc<Mutex<Vec<String>>>) {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut reader = BufReader::new(reader);
    for line in script.lines() {
        let (side, text) = line.split_once(": ").unwrap_or((line, ""));
        if side.trim() == "S" || side == "S:" {
            let _ = writer.write_all(format!("{text}\r\n").as_bytes()).await;
            continue;
        }
        if side == "W" {
            let time = Duration::from_millis(text.parse().unwrap());
            tokio::time::sleep(time).await;
            continue;
        }
        let mut heard = String::new();
        let _ = reader.read_line(&mut heard).await;
        if heard != format!("{text}\r\n") {
            let mistake = format!("heard {heard:?} instead of {text:?}");
            mistakes.lock().unwrap().push(mistake);
            return;
        }
    }
}

fn bearer() -> Login {
    Login {
        user: "support@contoso.test".to_owned(),
        credential: Credential::Bearer(SecretString::from("T")),
    }
}

fn password(user: &str, password: &str) -> Login {
    Login {
        user: user.to_owned(),
        credential: Credential::Password(SecretString::from(password)),
    }
}

/// base64 of `user=support@contoso.test^Aauth=Bearer T^A^A`.
const XOAUTH2: &str = "dXNlcj1zdXBwb3J0QGNvbnRvc28udGVzdAFhdXRoPUJlYXJlciBUAQE=";

/// The beginning of a session up to the sign-in, at a server with these capabilities.
fn signed_in(capabilities: &[&str]) -> String {
    let mut script =
        "S: +OK The Microsoft Exchange POP3 service is ready.\nC: CAPA\nS: +OK\n".to_owned();
    for line in capabilities {
        let _ = writeln!(script, "S: {line}");
    }
    let _ = write!(
        script,
        "S: .\nC: AUTH XOAUTH2\nS: + \nC: {XOAUTH2}\nS: +OK User successfully authenticated.\n"
    );
    script
}

/// The beginning of a session of Exchange's with these messages, as UIDL and size.
fn opened(messages: &[(&str, u32)]) -> String {
    let mut script = signed_in(&["TOP", "UIDL", "SASL PLAIN", "USER"]);
    script.push_str("C: UIDL\nS: +OK\n");
    for (number, (uidl, _)) in (1..).zip(messages) {
        let _ = writeln!(script, "S: {number} {uidl}");
    }
    script.push_str("S: .\nC: LIST\nS: +OK\n");
    for (number, (_, size)) in (1..).zip(messages) {
        let _ = writeln!(script, "S: {number} {size}");
    }
    script.push_str("S: .\n");
    script
}

/// A question for a header and its answer.
fn top(number: u32, subject: &str) -> String {
    format!(
        "C: TOP {number} 0\nS: +OK\nS: Subject: {subject}\nS: Date: Tue, 17 Nov 2026 09:30:00 +0100\nS: \nS: .\n"
    )
}

const QUIT: &str = "C: QUIT\nS: +OK signing off\n";

fn inbox() -> RemoteId {
    RemoteId::new("INBOX")
}

fn ids(changes: &ChangeSet) -> Vec<&str> {
    changes.upserts.iter().map(|m| m.id.as_str()).collect()
}

fn subjects(changes: &ChangeSet) -> Vec<&str> {
    let subjects = changes.upserts.iter();
    subjects.map(|m| m.envelope.subject.as_str()).collect()
}

async fn changes(mailbox: &mut dyn Backend, since: Option<&Cursor>) -> ChangeSet {
    mailbox.changes(&inbox(), since).await.expect("changes")
}
