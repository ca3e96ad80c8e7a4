//! The handle of the running engine: start, stop, events, and what is synchronised on demand.

use std::fmt;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::auth::{AuthError, SharedClock, SystemClock, Unlock, Vault};
use crate::config::{Config, Paths};
use crate::engine::inner::{Inner, Parts};
use crate::engine::link::{Connector, Servers};
use crate::engine::work::desk::Desk;
use crate::engine::work::reaction::{Reaction, reaction};
use crate::engine::work::room::Room;
use crate::engine::work::supervisor::{Key, Loop};
use crate::engine::work::{outbox, refresher, replay, sync};
use crate::engine::{EngineError, Event, Problem, Status};
use crate::model::{FolderId, Mailbox, MailboxId};
use crate::store::{Opened, Store};

/// Quiet reconnections of one synchronisation on demand.
const RECONNECTS: u32 = 3;

/// How an engine is started.
#[derive(Debug)]
pub struct Options {
    /// Where everything lives.
    pub paths: Paths,
    /// The checked configuration.
    pub config: Config,
    /// How to open the vault.
    pub unlock: Unlock,
    /// Whether workers run (the interface, `watch`); without them only what a command asks for is done.
    pub background: bool,
}

/// The handle of the running engine; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(in crate::engine) inner: Arc<Inner>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("busy", &self.inner.busy.count())
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens cache and vault and starts the workers. Does not wait for any network.
    pub async fn start(options: Options) -> Result<Self, EngineError> {
        Self::start_with(options, Arc::new(Servers), Arc::new(SystemClock)).await
    }

    /// The same with a connector and a clock of the caller's.
    pub(in crate::engine) async fn start_with(
        options: Options,
        connector: Arc<dyn Connector>,
        clock: SharedClock,
    ) -> Result<Self, EngineError> {
        let paths = options.paths;
        for mended in paths.prepare()? {
            tracing::warn!(path = %mended.display(), "rights were too loose and were mended");
        }
        let vault = Vault::open(&options.config.vault, &paths.data, options.unlock).await;
        let vault = vault.map_err(AuthError::from)?;
        let (store, opened) = Store::open(&paths.data).await?;
        let inner = Arc::new(Inner::new(Parts {
            paths,
            store,
            vault,
            clock,
            connector,
            config: options.config.clone(),
            is_background: options.background,
        }));
        if let Opened::Rebuilt {
            moved_to,
            saved,
            changes,
        } = opened
        {
            let error = Arc::new(EngineError::Rebuilt {
                moved_to,
                saved,
                changes,
            });
            let mailbox = None;
            inner.say_first(Event::Problem(Problem { mailbox, error }));
        }
        let engine = Self { inner };
        engine.apply(options.config).await?;
        if options.background {
            engine.start_shared_loops();
        }
        Ok(engine)
    }

    /// Opens a vault that was to be opened later ([`Unlock::Later`]); one that is open stays as it is.
    pub async fn unlock(&self, unlock: Unlock) -> Result<(), EngineError> {
        let unlocked = self.inner.vault.unlock(unlock).await;
        Ok(unlocked.map_err(AuthError::from)?)
    }

    fn start_shared_loops(&self) {
        let inner = &self.inner;
        // Busy before they are spawned.
        inner.outbox.man();
        inner.refresher.man();
        let sending = Arc::clone(inner);
        let renewing = Arc::clone(inner);
        inner.supervisor.start(
            inner,
            Loop {
                key: Key::Outbox,
                name: "the outbox".into(),
                begin: Box::new(move |stop| Box::pin(outbox::run(Arc::clone(&sending), stop))),
            },
        );
        inner.supervisor.start(
            inner,
            Loop {
                key: Key::Refresher,
                name: "the sign-ins".into(),
                begin: Box::new(move |stop| Box::pin(refresher::run(Arc::clone(&renewing), stop))),
            },
        );
    }

    /// Stops the workers (up to 5 s), closes the cache.
    pub async fn stop(self) {
        self.inner.supervisor.stop_all().await;
        self.inner.store.clone().close().await;
    }

    /// Subscribes to events.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.subscribe()
    }

    /// Returns the configuration as it is now.
    pub fn config(&self) -> Arc<Config> {
        self.inner.config()
    }

    /// Returns where everything lives.
    pub fn paths(&self) -> Paths {
        self.inner.paths.clone()
    }

    /// Tells how many tasks are under way or due now; 0 means idle (tests wait for it).
    pub fn busy(&self) -> usize {
        self.inner.busy.count()
    }

    /// Waits until nothing is under way or due.
    pub async fn idle(&self) {
        self.inner.busy.idle().await;
    }

    /// Returns all mailboxes.
    pub async fn mailboxes(&self) -> Result<Vec<Mailbox>, EngineError> {
        Ok(self.inner.store.mailboxes().await?)
    }

    /// Returns how a mailbox is doing; one that does not exist is offline.
    pub fn status(&self, mailbox: MailboxId) -> Status {
        let desk = self.inner.desk(mailbox);
        desk.map_or_else(|_| Status::default(), |desk| desk.status())
    }

    /// Says which folder is on screen, so that it is synchronised first and its newest bodies prefetched.
    pub fn look_at(&self, folder: FolderId) {
        if let Some(home) = self.inner.home(folder) {
            self.look_in(home, folder);
            return;
        }
        let engine = self.clone();
        let guard = self.inner.busy.begin();
        tokio::spawn(async move {
            if let Ok(Some(found)) = engine.inner.store.folder(folder).await {
                engine.look_in(found.mailbox, folder);
            }
            drop(guard);
        });
    }

    fn look_in(&self, home: MailboxId, folder: FolderId) {
        for desk in self.inner.desks() {
            desk.look((desk.mailbox.id == home).then_some(folder));
        }
    }

    /// Wakes the worker of a mailbox, or all: everything is synchronised, waits end, what waits in the outbox goes.
    pub fn poke(&self, mailbox: Option<MailboxId>) {
        for desk in self.inner.desks() {
            if mailbox.is_none_or(|mailbox| mailbox == desk.mailbox.id) {
                desk.resync();
            }
        }
        self.inner.hurry_outbox();
    }

    /// Stops the long synchronisation of a mailbox, or of all: what was fetched is kept, the worker waits for new
    /// mail, and [`Self::poke`] takes it up again. Queued changes and bodies that are waited for go on.
    pub fn stop_syncing(&self, mailbox: Option<MailboxId>) {
        for desk in self.inner.desks() {
            let is_meant = mailbox.is_none_or(|mailbox| mailbox == desk.mailbox.id);
            if is_meant && desk.stop_syncing() {
                self.inner.say(Event::Status(desk.mailbox.id));
            }
        }
    }

    /// Synchronises mailboxes once (all of them if none is named), folders and messages, and replays queued changes;
    /// reports each with the number of messages now in the cache.
    pub async fn sync_once(
        &self,
        mailboxes: &[MailboxId],
    ) -> Vec<(Mailbox, Result<u32, EngineError>)> {
        let _guard = self.inner.busy.begin();
        let is_wanted =
            |desk: &Arc<Desk>| mailboxes.is_empty() || mailboxes.contains(&desk.mailbox.id);
        let desks = self.inner.desks().into_iter().filter(is_wanted);
        join_all(desks.map(|desk| async move {
            let outcome = self.sync_desk(&desk).await;
            (desk.mailbox.clone(), outcome)
        }))
        .await
    }

    /// Indexes the words of what was just synchronised, which otherwise happens when there is time; for commands.
    pub async fn index_words(&self) -> Result<(), EngineError> {
        let _guard = self.inner.busy.begin();
        Ok(self.inner.store.index_words().await?)
    }

    async fn sync_desk(&self, desk: &Arc<Desk>) -> Result<u32, EngineError> {
        let mut tries = 0;
        loop {
            match self.sync_on_one_link(desk).await {
                Err(error) if tries < RECONNECTS && is_quiet(&error, tries) => tries += 1,
                outcome => return outcome,
            }
        }
    }

    async fn sync_on_one_link(&self, desk: &Arc<Desk>) -> Result<u32, EngineError> {
        let mut room = Room::open(&self.inner, desk).await?;
        self.replay_in(&mut room).await?;
        let folders = sync::list(&mut room).await?;
        sync::whole(&mut room, &folders).await?;
        // What waited for the new id of a moved message can be made now.
        self.replay_in(&mut room).await?;
        let now = self.inner.now();
        desk.update(|status| status.synced_at = Some(now));
        let folders = self.inner.store.folders(desk.mailbox.id).await?;
        Ok(folders.iter().map(|folder| folder.cached).sum())
    }

    /// Makes queued changes; a refusal is told and does not stop the synchronisation.
    async fn replay_in(&self, room: &mut Room) -> Result<(), EngineError> {
        match replay::all(room).await {
            Err(error) if sync::is_about_folder(&error) => {
                self.inner.problem(Some(room.mailbox()), Arc::new(error));
                Ok(())
            }
            outcome => outcome,
        }
    }

    /// Makes a mailbox's queued changes on the server now; for commands, where no worker does it.
    pub async fn replay(&self, mailbox: MailboxId) -> Result<(), EngineError> {
        let _guard = self.inner.busy.begin();
        let desk = self.inner.desk(mailbox)?;
        if self.inner.store.pending_count(mailbox).await? == 0 {
            return Ok(());
        }
        let mut room = Room::open(&self.inner, &desk).await?;
        replay::all(&mut room).await
    }

    /// Runs the outbox once.
    pub(in crate::engine) async fn send_round(&self) -> Result<(), EngineError> {
        let _guard = self.inner.busy.begin();
        let mut worker = outbox::OutboxWorker::new(Arc::clone(&self.inner));
        worker.round(&CancellationToken::new()).await
    }

    /// Says in words where secrets are kept.
    pub fn vault_description(&self) -> String {
        self.inner.vault.describe()
    }
}

/// A renumbered folder and a session that ended with its token are tried again on a new connection. The first try
/// says nothing about a session, because connecting has renewed the token once already.
fn is_quiet(error: &EngineError, tries: u32) -> bool {
    match reaction(error) {
        Reaction::Reconnect => true,
        Reaction::Park => tries == 0 && matches!(error, EngineError::Backend { .. }),
        _ => false,
    }
}
