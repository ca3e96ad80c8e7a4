//! What all parts of the running engine share. Knows no protocol and makes no decision.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio::sync::broadcast;

use crate::auth::{SharedClock, Vault};
use crate::config::{Config, Paths};
use crate::engine::actions::Actions;
use crate::engine::link::Connector;
use crate::engine::reading::BodyCache;
use crate::engine::signer::Signer;
use crate::engine::work::bell::{Bell, Busy, locked};
use crate::engine::work::budget::Budget;
use crate::engine::work::desk::Desk;
use crate::engine::work::outbox::Looks;
use crate::engine::work::supervisor::Supervisor;
use crate::engine::{EngineError, Event, Problem};
use crate::model::{Folder, FolderId, MailboxId};
use crate::store::Store;

/// The engine behind its handle.
#[derive(Debug)]
pub struct Inner {
    /// Where everything lives.
    pub paths: Paths,
    /// The cache.
    pub store: Store,
    /// The secrets.
    pub vault: Vault,
    /// What time it is.
    pub clock: SharedClock,
    /// Opens connections.
    pub connector: Arc<dyn Connector>,
    /// Counts work.
    pub busy: Busy,
    /// Whether workers run.
    pub is_background: bool,
    /// The workers.
    pub supervisor: Supervisor,
    /// Wakes the outbox.
    pub outbox: Arc<Bell>,
    /// Whether messages that wait for a connection or a sign-in are to be tried now.
    pub is_hurried: AtomicBool,
    /// Messages of which it is being found out whether they were sent.
    pub looks: Mutex<Looks>,
    /// Wakes the refresher.
    pub refresher: Arc<Bell>,
    /// Bodies parsed lately.
    pub bodies: Mutex<BodyCache>,
    /// What `undo` needs to know of actions.
    pub actions: Mutex<Actions>,
    /// Held while the accounts change, so that two changes do not mix.
    pub changing: tokio::sync::Mutex<()>,
    config: Mutex<Arc<Config>>,
    roster: Mutex<Roster>,
    events: broadcast::Sender<Event>,
    early: Mutex<Vec<Event>>,
}

/// Who there is.
#[derive(Debug, Default)]
pub struct Roster {
    /// By account name.
    pub signers: BTreeMap<String, Arc<Signer>>,
    /// By mailbox.
    pub desks: BTreeMap<MailboxId, Arc<Desk>>,
    /// By sign-in profile and identity.
    pub budgets: BTreeMap<String, Arc<Budget>>,
    /// Which mailbox a folder belongs to, as far as seen.
    homes: HashMap<FolderId, MailboxId>,
}

/// What an engine is made of.
pub struct Parts {
    /// Where everything lives.
    pub paths: Paths,
    /// The cache.
    pub store: Store,
    /// The secrets.
    pub vault: Vault,
    /// What time it is.
    pub clock: SharedClock,
    /// Opens connections.
    pub connector: Arc<dyn Connector>,
    /// The configuration.
    pub config: Config,
    /// Whether workers run.
    pub is_background: bool,
}

impl Inner {
    /// Puts the parts together; nothing runs yet.
    pub fn new(parts: Parts) -> Self {
        let busy = Busy::new();
        Self {
            paths: parts.paths,
            store: parts.store,
            vault: parts.vault,
            clock: parts.clock,
            connector: parts.connector,
            is_background: parts.is_background,
            supervisor: Supervisor::default(),
            outbox: Arc::new(Bell::new(busy.clone())),
            is_hurried: AtomicBool::new(false),
            looks: Mutex::default(),
            refresher: Arc::new(Bell::new(busy.clone())),
            busy,
            bodies: Mutex::default(),
            actions: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            config: Mutex::new(Arc::new(parts.config)),
            roster: Mutex::default(),
            events: broadcast::Sender::new(1024),
            early: Mutex::default(),
        }
    }

    /// Returns the time now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns the configuration.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&locked(&self.config))
    }

    /// Takes over a configuration.
    pub fn set_config(&self, config: Config) {
        *locked(&self.config) = Arc::new(config);
    }

    /// Reads or changes who there is; nothing may wait inside.
    pub fn roster<T>(&self, with: impl FnOnce(&mut Roster) -> T) -> T {
        with(&mut locked(&self.roster))
    }

    /// Returns an account's signer.
    pub fn signer(&self, account: &str) -> Result<Arc<Signer>, EngineError> {
        self.roster(|roster| roster.signers.get(account).cloned())
            .ok_or_else(|| EngineError::NotFound {
                what: "account",
                name: account.to_owned(),
            })
    }

    /// Returns a mailbox's desk.
    pub fn desk(&self, mailbox: MailboxId) -> Result<Arc<Desk>, EngineError> {
        self.roster(|roster| roster.desks.get(&mailbox).cloned())
            .ok_or_else(|| EngineError::NotFound {
                what: "mailbox",
                name: mailbox.to_string(),
            })
    }

    /// Returns all desks.
    pub fn desks(&self) -> Vec<Arc<Desk>> {
        self.roster(|roster| roster.desks.values().cloned().collect())
    }

    /// Remembers which mailbox folders belong to.
    pub fn settle(&self, mailbox: MailboxId, folders: &[Folder]) {
        self.roster(|roster| {
            roster
                .homes
                .extend(folders.iter().map(|folder| (folder.id, mailbox)));
        });
    }

    /// Returns the mailbox a folder belongs to, if it was seen.
    pub fn home(&self, folder: FolderId) -> Option<MailboxId> {
        self.roster(|roster| roster.homes.get(&folder).copied())
    }

    /// Sends an event; that nobody listens is no error.
    pub fn say(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// Sends a problem.
    pub fn problem(&self, mailbox: Option<MailboxId>, error: Arc<EngineError>) {
        tracing::warn!(mailbox = mailbox.map(|id| id.row()), "problem reported");
        tracing::debug!(?error, "problem");
        self.say(Event::Problem(Problem { mailbox, error }));
    }

    /// Keeps an event for whoever subscribes first.
    pub fn say_first(&self, event: Event) {
        locked(&self.early).push(event);
    }

    /// Subscribes to events.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        let receiver = self.events.subscribe();
        for event in std::mem::take(&mut *locked(&self.early)) {
            self.say(event);
        }
        receiver
    }

    /// Counts the queued changes of a mailbox into its status.
    pub async fn count_pending(&self, desk: &Desk) -> Result<(), EngineError> {
        let pending = self.store.pending_count(desk.mailbox.id).await?;
        if desk.update(|status| status.pending = pending) {
            self.say(Event::Status(desk.mailbox.id));
        }
        Ok(())
    }

    /// Has everything that waits for a connection or a sign-in sent now.
    pub fn hurry_outbox(&self) {
        self.is_hurried
            .store(true, std::sync::atomic::Ordering::Relaxed);
        self.outbox.ring();
    }
}
