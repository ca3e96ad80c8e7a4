//! The engine over a real cache and vault, with servers made up.

mod acting;
mod checking;
mod detour;
mod directory;
mod expiring;
mod failing;
mod interrupted;
mod mailbox;
mod searching;
mod sending;
mod setup;
mod signing;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::sync::broadcast;
use tokio::time::{Instant, timeout};

use crate::auth::{Clock, Unlock};
use crate::config::{Config, Interface, Paths, VaultConfig, VaultKind};
use crate::engine::{Engine, Event, Options, Problem};
use crate::model::{
    Account, Address, Folder, IncomingProtocol, IncomingServer, Listed, MailboxId, MessageId,
    Method, OutgoingProtocol, OutgoingServer, Provider, Scope, ServerProfile, SignInProfile,
    TlsMode, Window,
};

use world::World;

const ALICE: &str = "alice@x.test";
const SUPPORT: &str = "support@x.test";
/// A wait that only a broken test reaches.
const TOO_LONG: Duration = Duration::from_secs(30);
/// The same where time is paused: it jumps whenever only the cache's thread works.
const TOO_LONG_PAUSED: Duration = Duration::from_secs(365 * 86_400);

/// A clock that follows the runtime's time, paused or not.
#[derive(Debug)]
struct TestClock {
    base: Timestamp,
    start: Instant,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.base + SignedDuration::try_from(self.start.elapsed()).unwrap()
    }
}

/// A running engine and what is around it.
struct Fixture {
    home: TempDir,
    clock: Arc<TestClock>,
    world: World,
    config: Config,
    engine: Engine,
    events: broadcast::Receiver<Event>,
    patience: Duration,
}

/// Tells whether the runtime's time stands still.
fn is_time_paused() -> bool {
    let before = Instant::now();
    std::thread::sleep(Duration::from_millis(1));
    Instant::now() == before
}

impl Fixture {
    /// Starts an engine with workers over the mailboxes alice and support.
    async fn start(world: World) -> Self {
        Self::start_with(world, config(&[SUPPORT]), true).await
    }

    async fn start_with(world: World, mut config: Config, background: bool) -> Self {
        let home = tempfile::tempdir().unwrap();
        config.vault = VaultConfig {
            kind: VaultKind::File,
            key_file: Some(home.path().join("key")),
            ..VaultConfig::default()
        };
        let clock = Arc::new(TestClock {
            base: Timestamp::from_second(1_790_000_000).unwrap(),
            start: Instant::now(),
        });
        let engine = open(&home, &clock, &world, &config, background).await;
        Self {
            events: engine.events(),
            home,
            clock,
            world,
            config,
            engine,
            patience: if is_time_paused() {
                TOO_LONG_PAUSED
            } else {
                TOO_LONG
            },
        }
    }

    /// Drops the engine as a crash would, and starts another over the same files.
    async fn crash(self, background: bool) -> Self {
        self.engine.inner.supervisor.stop_all().await;
        drop(self.engine);
        let engine = open(
            &self.home,
            &self.clock,
            &self.world,
            &self.config,
            background,
        )
        .await;
        Self {
            events: engine.events(),
            engine,
            ..self
        }
    }

    async fn idle(&self) {
        timeout(self.patience, self.engine.idle())
            .await
            .expect("never idle");
    }

    async fn mailbox(&self, address: &str) -> MailboxId {
        let mailboxes = self.engine.mailboxes().await.unwrap();
        let found = mailboxes.iter().find(|one| one.address.email == address);
        found.unwrap().id
    }

    async fn folder(&self, address: &str, path: &str) -> Folder {
        let mailbox = self.mailbox(address).await;
        let folders = self.engine.folders(mailbox).await.unwrap();
        folders.into_iter().find(|one| one.path == path).unwrap()
    }

    async fn rows(&self, address: &str, path: &str) -> Vec<Listed> {
        let scope = Scope::Folder(self.folder(address, path).await.id);
        let page = self.engine.list(scope, Window::Newest, 100).await.unwrap();
        page.rows
    }

    async fn subjects(&self, address: &str, path: &str) -> Vec<String> {
        let rows = self.rows(address, path).await;
        rows.into_iter().map(|row| row.envelope.subject).collect()
    }

    async fn message(&self, address: &str, path: &str, subject: &str) -> MessageId {
        let rows = self.rows(address, path).await;
        let found = rows.iter().find(|row| row.envelope.subject == subject);
        found.unwrap_or_else(|| panic!("no {subject}")).id
    }

    /// Waits for an event.
    async fn until<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        let found = async {
            loop {
                let event = self.events.recv().await.expect("events were lost");
                if let Some(found) = wanted(&event) {
                    return found;
                }
            }
        };
        timeout(self.patience, found).await.expect("no such event")
    }

    /// Returns the problems reported so far.
    fn problems(&mut self) -> Vec<Problem> {
        let mut problems = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            if let Event::Problem(problem) = event {
                problems.push(problem);
            }
        }
        problems
    }
}

async fn open(
    home: &TempDir,
    clock: &Arc<TestClock>,
    world: &World,
    config: &Config,
    background: bool,
) -> Engine {
    let options = Options {
        paths: Paths::under(home.path()),
        config: config.clone(),
        unlock: Unlock::Unattended,
        background,
    };
    Engine::start_with(options, Arc::new(world.clone()), clock.clone())
        .await
        .unwrap()
}

/// A world with alice, who has some mail, and an empty support mailbox.
fn small_world() -> World {
    World::default()
        .with_mailbox(ALICE)
        .with_mailbox(SUPPORT)
        .with_messages(ALICE, "INBOX", 8)
        .with_messages(ALICE, "Projects", 2)
}

fn config(additional: &[&str]) -> Config {
    let account = account(additional);
    Config {
        sign_in: BTreeMap::from([("x".into(), account.sign_in.clone())]),
        servers: BTreeMap::from([("x".into(), account.servers.clone())]),
        accounts: vec![account],
        vault: VaultConfig::default(),
        interface: Interface {
            theme: "dark".into(),
            ascii: false,
            undo_seconds: 10,
            signature: String::new(),
            keys: BTreeMap::new(),
        },
    }
}

fn account(additional: &[&str]) -> Account {
    let sign_in = SignInProfile {
        client_id: "client".into(),
        authority: Some("https://login.x.test".into()),
        ..SignInProfile::new("x", Provider::Custom, Method::DeviceCode)
    };
    let host = String::from("mail.x.test");
    Account {
        name: "work".into(),
        address: Address::named("Alice", ALICE),
        send_sign_in: sign_in.clone(),
        sign_in,
        login: None,
        servers: ServerProfile {
            name: "x".into(),
            incoming: IncomingServer {
                protocol: IncomingProtocol::Imap,
                host: host.clone(),
                port: 993,
                tls: TlsMode::Implicit,
                path: None,
            },
            outgoing: Some(OutgoingServer {
                protocol: OutgoingProtocol::Smtp,
                host,
                port: 465,
                tls: TlsMode::Implicit,
                path: None,
            }),
            ca_file: None,
            files_sent_copy: None,
            fallback: None,
        },
        additional_users: additional.iter().copied().map(Address::bare).collect(),
        on_behalf: Vec::new(),
    }
}
