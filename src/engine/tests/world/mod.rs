//! Servers made up: mailboxes in memory, faults on demand, and a log of what was asked in which order.

mod servers;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::auth::Function;
use crate::backend::{BackendError, Refusal};
use crate::engine::check::Found;
use crate::engine::link::{Connector, DirectoryLink, Link, OutgoingLink};
use crate::engine::signer::Signer;
use crate::engine::work::bell::locked;
use crate::engine::{CheckStep, EngineError};
use crate::model::{Address, Envelope, Flags, Mailbox, Outbound, Receipt, Role};
use crate::net::NetError;

pub use servers::SILENT;
use servers::{FakeBackend, FakeDirectory, FakeOutgoing};

/// The day of the first message.
const FIRST_DAY: i64 = 1_700_000_000;

/// What goes wrong.
#[derive(Debug)]
pub enum Fault {
    /// The backend says this.
    Backend(BackendError),
    /// The program has a bug.
    Panic,
}

/// A folder of a made-up server.
#[derive(Debug)]
pub struct FakeFolder {
    pub path: String,
    pub role: Role,
    pub validity: u32,
    pub messages: Vec<FakeMessage>,
    next: u32,
}

/// A message of a made-up server.
#[derive(Clone, Debug)]
pub struct FakeMessage {
    pub uid: u32,
    pub flags: Flags,
    pub subject: String,
    pub message_id: String,
    pub date: Timestamp,
}

impl FakeMessage {
    fn bytes(&self) -> Vec<u8> {
        let Self {
            subject,
            message_id,
            ..
        } = self;
        format!(
            "From: Bob <bob@y.test>\r\nSubject: {subject}\r\nMessage-ID: <{message_id}>\r\n\
             Content-Type: text/plain\r\n\r\nText of {subject}.\r\n"
        )
        .into_bytes()
    }

    fn envelope(&self) -> Envelope {
        Envelope {
            date: self.date,
            from: vec![Address::named("Bob", "bob@y.test")],
            subject: self.subject.clone(),
            message_id: self.message_id.clone(),
            flags: self.flags,
            size: 200,
            ..Envelope::default()
        }
    }
}

#[derive(Debug, Default)]
struct State {
    mailboxes: BTreeMap<String, Vec<FakeFolder>>,
    news: BTreeMap<String, Arc<Notify>>,
    log: Vec<(Instant, String)>,
    faults: VecDeque<(String, Fault)>,
    sent: Vec<Outbound>,
    receipts: VecDeque<Receipt>,
    files_copies: bool,
    needs_tokens: bool,
    hides_new_ids: bool,
    open: usize,
    most_open: usize,
}

/// All servers of a test. Clones are the same servers.
#[derive(Clone, Debug, Default)]
pub struct World(Arc<Mutex<State>>);

impl World {
    /// Makes a mailbox with the usual folders.
    pub fn with_mailbox(self, address: &str) -> Self {
        let folders = [
            ("INBOX", Role::Inbox),
            ("Sent", Role::Sent),
            ("Trash", Role::Trash),
            ("Projects", Role::None),
        ];
        let folders = folders.map(|(path, role)| FakeFolder {
            path: path.into(),
            role,
            validity: 1,
            messages: Vec::new(),
            next: 1,
        });
        locked(&self.0)
            .mailboxes
            .insert(address.into(), folders.into());
        self
    }

    /// Puts messages into a folder, each a day newer than the one before.
    pub fn with_messages(self, address: &str, path: &str, count: usize) -> Self {
        for number in 1..=count {
            self.deliver(address, path, &format!("{path} {number}"));
        }
        self
    }

    /// Puts one message into a folder and tells whoever listens.
    pub fn deliver(&self, address: &str, path: &str, subject: &str) {
        self.change(address, path, |folder| {
            let uid = folder.next;
            folder.next += 1;
            folder.messages.push(FakeMessage {
                uid,
                flags: Flags::NONE,
                subject: subject.into(),
                message_id: format!("{}@y.test", subject.replace(' ', ".")),
                date: day(uid),
            });
        });
    }

    /// Changes a folder as another program would, and tells whoever listens.
    pub fn change(&self, address: &str, path: &str, change: impl FnOnce(&mut FakeFolder)) {
        let mut state = locked(&self.0);
        let folders = state.mailboxes.get_mut(address).unwrap();
        change(folders.iter_mut().find(|one| one.path == path).unwrap());
        state.news(address).notify_one();
    }

    /// Takes a folder away.
    pub fn drop_folder(&self, address: &str, path: &str) {
        let mut state = locked(&self.0);
        let folders = state.mailboxes.get_mut(address).unwrap();
        folders.retain(|one| one.path != path);
    }

    /// Looks into a folder: subjects and flags, oldest first.
    pub fn folder(&self, address: &str, path: &str) -> Vec<(String, Flags)> {
        let state = locked(&self.0);
        let folder = state.mailboxes[address].iter().find(|one| one.path == path);
        let messages = &folder.unwrap().messages;
        messages
            .iter()
            .map(|one| (one.subject.clone(), one.flags))
            .collect()
    }

    /// Lets the next operation whose log line begins with `operation` fail. A waiting connection is woken for it.
    pub fn fail(&self, operation: &str, fault: Fault) {
        let mut state = locked(&self.0);
        state.faults.push_back((operation.into(), fault));
        for news in state.news.values() {
            news.notify_one();
        }
    }

    /// The same with a backend's error.
    pub fn fail_with(&self, operation: &str, error: BackendError) {
        self.fail(operation, Fault::Backend(error));
    }

    /// Forgets faults that did not happen.
    pub fn mend(&self) {
        locked(&self.0).faults.clear();
    }

    /// Answers the next message like this.
    pub fn answer_with(&self, receipt: Receipt) {
        locked(&self.0).receipts.push_back(receipt);
    }

    /// Makes the outgoing server file copies itself.
    pub fn files_copies(&self) {
        locked(&self.0).files_copies = true;
    }

    /// Makes the servers ask for the account's real credential.
    pub fn needs_tokens(self) -> Self {
        locked(&self.0).needs_tokens = true;
        self
    }

    /// Makes the servers keep the new ids of moved messages to themselves, as those without UIDPLUS do.
    pub fn hides_new_ids(self) -> Self {
        locked(&self.0).hides_new_ids = true;
        self
    }

    /// Returns what was sent.
    pub fn sent(&self) -> Vec<Outbound> {
        locked(&self.0).sent.clone()
    }

    /// Returns and forgets what was asked.
    pub fn take_log(&self) -> Vec<String> {
        let log = std::mem::take(&mut locked(&self.0).log);
        log.into_iter().map(|(_, line)| line).collect()
    }

    /// Returns when an operation was asked for.
    pub fn times_of(&self, operation: &str) -> Vec<Instant> {
        let state = locked(&self.0);
        let lines = state
            .log
            .iter()
            .filter(|(_, line)| line.starts_with(operation));
        lines.map(|(at, _)| *at).collect()
    }

    /// Returns how many connections to mailboxes were open at once.
    pub fn most_open(&self) -> usize {
        locked(&self.0).most_open
    }

    /// Returns how many connections to mailboxes are open.
    pub fn open_now(&self) -> usize {
        locked(&self.0).open
    }

    /// Logs an operation and fails if that is wanted.
    fn ask(&self, operation: &str) -> Result<(), BackendError> {
        let mut state = locked(&self.0);
        let fault = state.fault(operation);
        state.log.push((Instant::now(), operation.to_owned()));
        drop(state);
        match fault {
            None => Ok(()),
            Some(Fault::Backend(error)) => Err(error),
            Some(Fault::Panic) => panic!("a bug in {operation}, as the test wants"),
        }
    }
}

impl State {
    fn news(&mut self, address: &str) -> Arc<Notify> {
        Arc::clone(self.news.entry(address.into()).or_default())
    }

    fn fault(&mut self, operation: &str) -> Option<Fault> {
        let is_it = |(wanted, _): &(String, Fault)| operation.starts_with(wanted.as_str());
        let place = self.faults.iter().position(is_it)?;
        self.faults.remove(place).map(|(_, fault)| fault)
    }
}

/// A connection that broke.
pub fn offline() -> BackendError {
    BackendError::Offline {
        doing: "connect",
        source: NetError::Broken {
            host: "x.test".into(),
            source: std::io::ErrorKind::ConnectionReset.into(),
        },
    }
}

/// A server that refuses for good.
pub fn refused(kind: Refusal) -> BackendError {
    BackendError::Refused {
        kind,
        code: "550 5.0.0".into(),
        text: "no".into(),
    }
}

/// A server that refuses who we are.
pub fn sign_in_refused() -> BackendError {
    BackendError::SignIn {
        code: String::new(),
        text: "AccessTokenExpired".into(),
    }
}

/// A server that talks nonsense.
pub fn nonsense() -> BackendError {
    BackendError::Protocol {
        doing: "read",
        detail: "nonsense".into(),
    }
}

#[async_trait]
impl Connector for World {
    async fn backend(&self, signer: &Signer, mailbox: &Mailbox) -> Result<Link, EngineError> {
        let address = mailbox.address.email.clone();
        let asked = self.ask(&format!("{address} connect"));
        asked.map_err(|source| signer.blame_incoming(&address, source))?;
        if locked(&self.0).needs_tokens {
            signer.receive.credential(Function::ReadImap).await?;
        }
        let mut state = locked(&self.0);
        state.open += 1;
        state.most_open = state.most_open.max(state.open);
        let news = state.news(&address);
        Ok(Link {
            backend: Box::new(FakeBackend {
                world: self.clone(),
                address,
                news,
            }),
            token: None,
        })
    }

    async fn outgoing(&self, signer: &Signer, _: &str) -> Result<OutgoingLink, EngineError> {
        let address = &signer.account.address.email;
        let asked = self.ask(&format!("{address} outgoing"));
        asked.map_err(|source| signer.blame_outgoing(address, source))?;
        if locked(&self.0).needs_tokens {
            signer.send.credential(Function::SendSmtp).await?;
        }
        Ok(Box::new(FakeOutgoing(self.clone())))
    }

    async fn fallback(&self, signer: &Signer, sender: &str) -> Result<OutgoingLink, EngineError> {
        let asked = self.ask(&format!("{sender} fallback"));
        asked.map_err(|source| signer.blame_outgoing(sender, source))?;
        Ok(Box::new(FakeOutgoing(self.clone())))
    }

    async fn directory(&self, signer: &Signer) -> Result<Option<DirectoryLink>, EngineError> {
        if signer.account.directory_server().is_none() {
            return Ok(None);
        }
        let address = &signer.account.address.email;
        let asked = self.ask(&format!("{address} directory"));
        asked.map_err(|source| signer.blame_incoming(address, source))?;
        Ok(Some(Box::new(FakeDirectory(self.clone()))))
    }

    async fn probe(&self, signer: &Signer, step: CheckStep) -> Result<Found, EngineError> {
        let address = &signer.account.address.email;
        let asked = self.ask(&format!("{address} probe {}", step.name()));
        asked.map_err(|source| signer.blame_incoming(address, source))?;
        Ok(step.name().into())
    }
}

fn day(number: u32) -> Timestamp {
    let days = SignedDuration::from_hours(24 * i64::from(number));
    Timestamp::from_second(FIRST_DAY).unwrap() + days
}
