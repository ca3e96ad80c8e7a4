//! The worker of one mailbox: connect, do the most urgent step again and again, listen, and start over when it fails.

mod failing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::engine::filing;
use crate::engine::inner::Inner;
use crate::engine::work::backoff::delay;
use crate::engine::work::bell::{OnDuty, locked};
use crate::engine::work::bodies::{self, Batch, Served};
use crate::engine::work::desk::Desk;
use crate::engine::work::plan::{Job, Phase, Plan, Pressing};
use crate::engine::work::replay::{self, Replayed};
use crate::engine::work::room::Room;
use crate::engine::work::sync;
use crate::engine::{EngineError, Event, Health, Status};
use crate::model::{Folder, FolderId, MessageId, Progress, Wake, sanitize_line};

/// Messages still to be listed from which on a mailbox that was in step says that it is busy.
const LONG_TASK: u32 = 100;
/// How long a mailbox that gave its seat to another stays away, about.
const TURN: Duration = Duration::from_secs(120);

/// Runs a mailbox until told to stop.
pub async fn run(inner: Arc<Inner>, desk: Arc<Desk>, stop: CancellationToken) {
    desk.bell.man();
    let _duty = OnDuty(Arc::clone(&desk.bell));
    let mut worker = Worker::new(inner, desk);
    tokio::select! {
        () = stop.cancelled() => {}
        () = worker.live() => {}
    }
}

/// What is to be done with queued changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Queue {
    /// Nothing; there are none.
    Empty,
    /// Look whether there are any, and make them.
    Look,
    /// Take the oldest back: making it failed too often.
    GiveUp,
}

/// The worker's memory, which outlives its connections.
struct Worker {
    inner: Arc<Inner>,
    desk: Arc<Desk>,
    plan: Plan,
    /// Rings seen when the orders were last taken.
    rings: u64,
    /// What is to be done with queued changes.
    queue: Queue,
    /// Whether the bodies waited for need a folder looked at first.
    are_bodies_blocked: bool,
    batch: Batch,
    attempted: Vec<MessageId>,
    /// The job under way.
    job: Option<Job>,
    /// The token of the connection.
    token: Option<SecretString>,
    is_open: bool,
    trouble: failing::Trouble,
    strikes: BTreeMap<Job, u32>,
    /// Tells about sign-ins since the last try to connect.
    renewed: watch::Receiver<u64>,
}

impl Worker {
    fn new(inner: Arc<Inner>, desk: Arc<Desk>) -> Self {
        Self {
            renewed: desk.signer.renewed(),
            inner,
            desk,
            plan: Plan::default(),
            rings: 0,
            queue: Queue::Look,
            are_bodies_blocked: false,
            batch: Batch::default(),
            attempted: Vec::new(),
            job: None,
            token: None,
            is_open: false,
            trouble: failing::Trouble::default(),
            strikes: BTreeMap::new(),
        }
    }

    async fn live(&mut self) {
        loop {
            match self.session().await {
                Ok(()) => self.stay_away().await,
                Err(error) => {
                    if !self.react(error).await {
                        return;
                    }
                }
            }
        }
    }

    /// Works on one connection. Ends well only to let another mailbox have the seat.
    async fn session(&mut self) -> Result<(), EngineError> {
        self.is_open = false;
        self.renewed.mark_unchanged();
        self.update(|status| {
            // A link that is renewed in silence leaves the mark as it is.
            if status.health != Health::Fine {
                status.health = Health::Syncing;
                status.task = "connecting".into();
            }
        });
        let mut room = Room::open(&self.inner, &self.desk).await?;
        self.is_open = true;
        self.token.clone_from(&room.link.token);
        self.plan.connected();
        let bell = Arc::clone(&self.desk.bell);
        loop {
            let seen = bell.rings();
            self.work(&mut room).await?;
            self.in_step();
            if self.desk.looked().is_none() && room.seat.should_leave() {
                return Ok(());
            }
            let limit = self.due_in(&mut room);
            if limit.is_zero() || !bell.rest(seen) {
                continue;
            }
            let woken = self.listen(&mut room, limit).await;
            bell.wake();
            woken?;
        }
    }

    /// Does what is to be done, the most urgent first.
    async fn work(&mut self, room: &mut Room) -> Result<(), EngineError> {
        self.are_bodies_blocked = false;
        loop {
            self.take_orders();
            let pressing = Pressing {
                has_body: !self.are_bodies_blocked && !locked(&self.desk.bodies).is_empty(),
                has_pending: self.queue != Queue::Empty,
            };
            let Some(job) = self.plan.next(pressing, Instant::now()) else {
                return Ok(());
            };
            self.job = Some(job);
            match self.run(room, job).await {
                Ok(()) => {
                    self.strikes.remove(&job);
                }
                Err(error) if job != Job::List && sync::is_about_folder(&error) => {
                    self.set_aside(job, &error);
                }
                Err(error) => return Err(error),
            }
            self.job = None;
        }
    }

    fn take_orders(&mut self) {
        let rings = self.desk.bell.rings();
        if rings != self.rings {
            self.look_at_queue();
        }
        self.rings = rings;
        let orders = self.desk.take_orders();
        if orders.is_stop {
            self.plan.hold();
        }
        if orders.is_resync {
            self.plan.release();
            self.plan.look_at_all();
        }
        for folder in orders.dirty {
            self.plan.mark_dirty(folder);
        }
        self.plan.look(orders.looked);
    }

    fn look_at_queue(&mut self) {
        if self.queue == Queue::Empty {
            self.queue = Queue::Look;
        }
    }

    async fn run(&mut self, room: &mut Room, job: Job) -> Result<(), EngineError> {
        match job {
            Job::Body => {
                if let Served::After(folder) = bodies::serve(room).await? {
                    self.are_bodies_blocked = true;
                    self.look_at_queue();
                    self.plan.mark_dirty(folder);
                }
            }
            Job::Replay => self.replay(room).await?,
            Job::List => {
                let folders = sync::list(room).await?;
                filing::file_waiting(&self.inner, &self.desk, &folders).await;
                self.plan.set_folders(folders, Instant::now());
                let looked = self.desk.looked();
                self.plan.look(None);
                self.plan.look(looked);
            }
            Job::Sync(folder) => self.step(room, folder).await?,
            Job::Prefetch(id) => {
                let Some(folder) = self.plan.folder(id).map(|(folder, _)| folder.clone()) else {
                    return Ok(());
                };
                let has_more =
                    bodies::prefetch(room, &folder, &mut self.batch, &mut self.attempted).await?;
                if !has_more {
                    self.plan.has_bodies(id);
                }
            }
        }
        Ok(())
    }

    async fn replay(&mut self, room: &mut Room) -> Result<(), EngineError> {
        if self.queue == Queue::GiveUp {
            replay::give_up(room).await?;
            self.queue = Queue::Look;
            return Ok(());
        }
        match replay::one(room).await? {
            Replayed::Nothing => self.queue = Queue::Empty,
            Replayed::Done(remotes) => {
                for remote in remotes {
                    if let Some(folder) = self.plan.by_remote(&remote) {
                        self.plan.mark_dirty(folder);
                    }
                }
            }
            Replayed::Refused(error) => {
                // Should it have been the archive folder, nothing waits for it any more.
                locked(&self.desk.to_archive).clear();
                let mailbox = Some(self.desk.mailbox.id);
                self.inner.problem(mailbox, Arc::new(error));
                self.plan.look_at_all();
            }
            Replayed::Folders => self.plan.list_again(),
        }
        Ok(())
    }

    async fn step(&mut self, room: &mut Room, id: FolderId) -> Result<(), EngineError> {
        let Some((folder, phase)) = self.plan.folder(id) else {
            return Ok(());
        };
        let folder = folder.clone();
        self.show_progress(&folder, phase).await?;
        let step = sync::step(room, &folder, phase).await?;
        self.plan
            .stepped(id, step.has_more, step.has_news, Instant::now());
        self.are_bodies_blocked = false;
        if self.desk.status().pending > 0 {
            // A change may have waited for the new id of a moved message, which this step may have brought.
            self.look_at_queue();
        }
        Ok(())
    }

    /// Says what the long task is and how far it is; only its beginning is an event, the figure is shared.
    async fn show_progress(&mut self, folder: &Folder, phase: Phase) -> Result<(), EngineError> {
        // Of a mailbox that was in step once, or was stopped, news are a short task.
        let is_usual = self.desk.status().synced_at.is_some() || self.plan.is_held();
        if phase != Phase::Backfill && is_usual {
            return Ok(());
        }
        let task = sanitize_line(&format!("listing {}", folder.name()));
        let counted = self.inner.store.folder(folder.id).await?;
        let (done, all) = counted.map_or((0, 0), |now| (now.cached, now.total));
        if all < done + LONG_TASK && is_usual {
            return Ok(());
        }
        self.update(|status| {
            status.health = Health::Syncing;
            if status.task != task || status.progress.is_none() {
                status.progress = Some(Progress::default());
                status.task = task;
            }
            if let Some(progress) = &status.progress {
                progress.set(u64::from(done), u64::from(all));
            }
        });
        Ok(())
    }

    /// Says that everything is done.
    fn in_step(&mut self) {
        let was_offline = self.desk.status().error.is_some();
        self.trouble = failing::Trouble::default();
        let now = self.inner.now();
        let is_stopped = self.plan.is_held();
        self.update(|status| {
            *status = Status {
                health: Health::Fine,
                // What was stopped is not in step.
                synced_at: if is_stopped {
                    status.synced_at
                } else {
                    Some(now)
                },
                pending: status.pending,
                is_stopped,
                ..Status::default()
            };
        });
        if was_offline {
            self.inner.hurry_outbox();
        }
    }

    /// Returns how long until something is due.
    fn due_in(&mut self, room: &mut Room) -> Duration {
        let watched = self.plan.watched().map(|watched| watched.folder);
        let pushed = watched.filter(|_| room.backend().caps().push);
        self.plan.poll(pushed, Instant::now())
    }

    /// Waits for news, for orders, or until something is due.
    async fn listen(&mut self, room: &mut Room, limit: Duration) -> Result<(), EngineError> {
        let bell = Arc::clone(&self.desk.bell);
        let Some(watched) = self.plan.watched() else {
            // That nothing came in time is as good as a ring.
            let _ = tokio::time::timeout(limit, bell.rung()).await;
            return Ok(());
        };
        let woken = room
            .backend()
            .wait(&watched.remote, bell.poke(), limit)
            .await;
        let woken = woken.map_err(|source| room.blame(source))?;
        tracing::debug!(mailbox = self.desk.mailbox.id.row(), ?woken, "woken");
        if woken == Wake::Remote {
            self.plan.mark_dirty(watched.folder);
        }
        self.due_in(room);
        Ok(())
    }

    /// Lets the other mailboxes of the identity have their turn.
    async fn stay_away(&mut self) {
        let bell = Arc::clone(&self.desk.bell);
        if bell.rest(bell.rings()) {
            // A factor between one half and one keeps forty mailboxes from queueing up in step.
            let turn = TURN.mul_f64(delay(1).as_secs_f64());
            tokio::select! {
                () = sleep(turn) => self.plan.connected(),
                () = bell.rung() => {}
            }
        }
        bell.wake();
    }

    fn update(&self, change: impl FnOnce(&mut Status)) {
        if self.desk.update(change) {
            self.inner.say(Event::Status(self.desk.mailbox.id));
        }
    }
}
