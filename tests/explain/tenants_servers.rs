//! An engine whose mailboxes are at the demo's own servers, each by a protocol of one's choice. What is told here is
//! what commands and screens tell: errors, and problems by events.

use std::cell::Cell;

use pillarbox::config::{Config, Paths};
use pillarbox::demo::{Mischief, Service, Tenant};
use pillarbox::engine::{Engine, EngineError, Event, Options, Unlock};
use pillarbox::explain::{Notice, explain};
use pillarbox::model::{FolderId, IncomingProtocol, Listed, Mailbox, Role, Scope, Window};
use tokio::sync::broadcast::Receiver;

use crate::home::tenant;

/// Requests that go wrong in a row where a server is to stay wrong: more than anything tries.
const ALWAYS: usize = 40;

/// How often a server does something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Often {
    Once,
    Always,
}

/// Support's mailbox by the protocol that is looked at, and billing's by another.
pub struct Guest {
    pub tenant: Tenant,
    pub engine: Engine,
    pub service: Service,
    events: Receiver<Event>,
    delivered: Cell<u32>,
    spoiled: Cell<usize>,
    /// The tenant's, and the program's.
    folders: [tempfile::TempDir; 2],
}

impl Guest {
    /// An engine that does what it is told, and nothing by itself.
    pub async fn new(protocol: IncomingProtocol) -> Self {
        Self::begin(protocol, false).await
    }

    /// An engine that synchronises by itself.
    pub async fn at_work(protocol: IncomingProtocol) -> Self {
        Self::begin(protocol, true).await
    }

    async fn begin(protocol: IncomingProtocol, background: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tenant = tenant(folder.path()).await;
        let (service, other) = match protocol {
            IncomingProtocol::Pop3 => (Service::Pop3, IncomingProtocol::Ews),
            IncomingProtocol::Ews => (Service::Ews, IncomingProtocol::Graph),
            _ => (Service::Graph, IncomingProtocol::Pop3),
        };
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        paths.prepare().unwrap();
        let mut text = format!(
            "[vault]\nkind = \"file\"\nkey_file = {:?}\n",
            home.path().join("key")
        );
        text.push_str(&account(&tenant, ("one", &tenant.shared[0]), protocol));
        text.push_str(&account(&tenant, ("two", &tenant.shared[1]), other));
        std::fs::write(&paths.config, text).unwrap();
        let engine = Engine::start(Options {
            config: Config::load(&paths).unwrap(),
            paths,
            unlock: Unlock::Unattended,
            background,
        });
        let engine = engine.await.unwrap();
        let app = tenant.apps.iter().find(|app| app.key == "daemon-web");
        let secret = std::fs::read_to_string(app.unwrap().secret_file.as_ref().unwrap()).unwrap();
        for profile in ["one", "two"] {
            let secret = secret.trim().to_owned().into();
            engine.set_client_secret(profile, secret).await.unwrap();
        }
        Self {
            events: engine.events(),
            tenant,
            engine,
            service,
            delivered: Cell::new(0),
            spoiled: Cell::new(0),
            folders: [folder, home],
        }
    }

    /// The mailbox that is looked at.
    pub fn address(&self) -> &str {
        &self.tenant.shared[0]
    }

    /// The mailbox at another server.
    pub fn other(&self) -> &str {
        &self.tenant.shared[1]
    }

    /// Where the program is at home.
    pub fn home(&self) -> &std::path::Path {
        self.folders[1].path()
    }

    /// Lets the server do something to the requests for `at`.
    pub fn spoil(&self, at: &'static str, mischief: &Mischief, often: Often) {
        let times = match often {
            Often::Once => 1,
            Often::Always => ALWAYS,
        };
        self.spoiled.set(times);
        for _ in 0..times {
            let control = self.tenant.control();
            control.mischief_at(self.service, at, mischief.clone());
        }
    }

    /// Lets the server be as it should be, after it was not.
    #[track_caller]
    pub fn mend(&self) {
        let left = self.tenant.control().no_mischief(self.service);
        assert!(
            left < self.spoiled.get(),
            "nobody asked for what was spoiled"
        );
    }

    /// Puts a message into the inbox that is looked at; returns its subject.
    pub fn deliver(&self) -> String {
        let number = self.delivered.get() + 1;
        self.delivered.set(number);
        let subject = format!("Letter {number}");
        let text = format!(
            "From: sam@harborvale.example\r\nSubject: {subject}\r\nMessage-ID: <{number}@letters.example>\r\n\r\nx\r\n"
        );
        let control = self.tenant.control();
        let filed = control.deliver(self.address(), "INBOX", text.as_bytes());
        assert!(filed.is_some());
        subject
    }

    pub async fn mailbox(&self, address: &str) -> Mailbox {
        let all = self.engine.mailboxes().await.unwrap();
        let found = all.into_iter().find(|one| one.address.email == address);
        found.unwrap()
    }

    /// Synchronises a mailbox, as `sync` does.
    pub async fn sync(&self, address: &str) -> Result<u32, EngineError> {
        let mailbox = self.mailbox(address).await;
        let mut outcomes = self.engine.sync_once(&[mailbox.id]).await;
        outcomes.pop().unwrap().1
    }

    pub async fn folder(&self, address: &str, role: Role) -> FolderId {
        let mailbox = self.mailbox(address).await;
        let folders = self.engine.folders(mailbox.id).await.unwrap();
        folders.iter().find(|one| one.role == role).unwrap().id
    }

    /// Lists an inbox from the cache, as `list` does.
    pub async fn inbox(&self, address: &str) -> Vec<Listed> {
        let scope = Scope::Folder(self.folder(address, Role::Inbox).await);
        let page = self.engine.list(scope, Window::Newest, 1000).await;
        page.unwrap().rows
    }

    /// Returns the row of a message that was delivered.
    pub async fn row(&self, subject: &str) -> Option<Listed> {
        let rows = self.inbox(self.address()).await.into_iter();
        rows.into_iter().find(|row| row.envelope.subject == subject)
    }

    /// Looks whether every message of the inbox is listed, each once; says what is wrong.
    pub async fn whole(&self) -> Result<(), String> {
        let listed = self.inbox(self.address()).await.len();
        let control = self.tenant.control();
        let there = control.count(self.address(), "INBOX").unwrap();
        let complaint = || format!("{listed} of {there} are listed");
        (listed == there).then_some(()).ok_or_else(complaint)
    }

    /// Returns the problems that were told since this was asked last.
    pub fn problems(&mut self) -> Vec<Notice> {
        let mut told = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            if let Event::Problem(problem) = event {
                told.push(explain(&problem.error));
            }
        }
        told
    }
}

/// Writes an account of the app that opens every mailbox, with profiles of its own.
fn account(tenant: &Tenant, (name, address): (&str, &str), protocol: IncomingProtocol) -> String {
    let app = tenant.apps.iter().find(|app| app.key == "daemon-web");
    let (_, domain) = address.split_once('@').unwrap();
    let authority = url::Url::parse(&tenant.authority).unwrap().origin();
    let port = match protocol {
        IncomingProtocol::Pop3 => tenant.pop_port,
        _ => tenant.web_port,
    };
    let place = format!(
        "{{ protocol = \"{}\", host = \"localhost\", port = {port}, tls = \"implicit\" }}",
        protocol.name()
    );
    let outgoing = if protocol.is_web() {
        format!("outgoing = {place}\n")
    } else {
        String::new()
    };
    format!(
        "[sign_in.{name}]\nprovider = \"microsoft365\"\ntenant = {domain:?}\nauthority = {:?}\n\
         ca_file = {ca:?}\nmethod = \"client-secret\"\nclient_id = {:?}\n\
         [servers.{name}]\nca_file = {ca:?}\nincoming = {place}\n{outgoing}\
         [account.{name}]\naddress = {address:?}\nsign_in = {name:?}\nservers = {name:?}\n",
        authority.ascii_serialization(),
        app.unwrap().client_id,
        ca = tenant.ca_file,
    )
}
