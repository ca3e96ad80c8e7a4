//! What a mailbox's worker does when something fails: the engine's policy over [`Reaction`].

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::auth::{AuthError, Denial};
use crate::backend::{BackendError, Credential};
use crate::engine::work::backoff::{delay, doubled};
use crate::engine::work::bell::locked;
use crate::engine::work::bodies::Batch;
use crate::engine::work::plan::Job;
use crate::engine::work::reaction::{Reaction, reaction};
use crate::engine::work::worker::{Queue, Worker};
use crate::engine::{EngineError, Event, Health};
use crate::model::MailboxKind;

/// How long a folder that fails again and again is left alone.
const REST: Duration = Duration::from_secs(3600);
/// The same for the inbox and the folder on screen.
const REST_NEAR: Duration = Duration::from_secs(300);
/// The first and the longest wait for a person to mend something.
const ASK: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(900));
/// The shortest time between two tries, whoever rings.
const BREATH: Duration = Duration::from_secs(1);
/// Strikes until a job is given up; a broken protocol counts two, a broken link one.
const STRIKES: u32 = 6;
/// Broken protocols in a row until a person is told.
const BROKEN: u32 = 3;
/// Quiet reconnections in a row until it counts as a failure.
const QUIET: u32 = 3;

/// What went wrong since the mailbox was last in step.
#[derive(Debug, Default)]
pub struct Trouble {
    failures: u32,
    broken: u32,
    quiet: u32,
    asks: u32,
    is_told: bool,
}

impl Worker {
    /// Reacts to a failure and waits as long as it takes. `false` ends the worker.
    pub(super) async fn react(&mut self, error: EngineError) -> bool {
        let was_open = std::mem::replace(&mut self.is_open, false);
        let reaction = self.soften(reaction(&error), was_open).await;
        tracing::info!(mailbox = self.desk.mailbox.id.row(), ?reaction, "link lost");
        tracing::debug!(?error, "cause");
        let error = Arc::new(error);
        if let (Some(job), true) = (self.job.take(), was_open) {
            self.strike(job, reaction, &error);
        }
        match reaction {
            Reaction::Stop => return false,
            Reaction::Reconnect => {}
            Reaction::BackOff => self.back_off(&error, was_open).await,
            Reaction::Broken => self.broken(&error).await,
            Reaction::Wait(time) => {
                self.show(Health::Offline, &error);
                self.desk.bell.rest(self.desk.bell.rings());
                sleep(time).await;
                self.desk.bell.wake();
            }
            Reaction::Park => self.park(error).await,
            Reaction::Ask => self.ask(error).await,
        }
        true
    }

    /// A session that ends with its token is renewed in silence, and so is one whose folder was renumbered; but not
    /// for ever.
    async fn soften(&mut self, reaction: Reaction, was_open: bool) -> Reaction {
        let is_quiet = match reaction {
            Reaction::Reconnect => true,
            Reaction::Park => was_open,
            _ => false,
        };
        if !is_quiet {
            return reaction;
        }
        self.trouble.quiet += 1;
        if reaction == Reaction::Park {
            if let Some(token) = self.token.take() {
                let credential = Credential::Bearer(token);
                self.desk.signer.receive.reject(&credential).await;
            }
            if self.trouble.quiet > QUIET {
                return Reaction::Park;
            }
        } else if self.trouble.quiet > QUIET {
            return Reaction::BackOff;
        }
        Reaction::Reconnect
    }

    async fn back_off(&mut self, error: &Arc<EngineError>, was_open: bool) {
        self.trouble.failures += 1;
        // Links break a dozen times a day; only one that does not come back is worth a mark.
        if !was_open || self.trouble.failures > 1 {
            self.show(Health::Offline, error);
        }
        self.pause(delay(self.trouble.failures)).await;
    }

    async fn broken(&mut self, error: &Arc<EngineError>) {
        self.trouble.broken += 1;
        if self.trouble.broken >= BROKEN {
            self.show(Health::Offline, error);
            self.tell_once(error);
        }
        self.pause(delay(self.trouble.broken)).await;
    }

    async fn park(&mut self, error: Arc<EngineError>) {
        self.show(Health::NeedsYou, &error);
        let is_main = self.desk.mailbox.kind == MailboxKind::Main;
        if is_main || matches!(*error, EngineError::Auth(_)) {
            if self.desk.signer.should_tell() {
                self.inner.say(Event::SignIn(self.desk.signer.id));
                if !is_first_sign_in(&error) {
                    // About this mailbox for the account: the notice goes when the mailbox is well again.
                    let mailbox = Some(self.desk.mailbox.id);
                    self.inner.problem(mailbox, Arc::clone(&error));
                }
            }
        } else {
            self.tell_once(&error);
        }
        let signer = Arc::clone(&self.desk.signer);
        let bell = Arc::clone(&self.desk.bell);
        let signed_in = signer.signed_in(&signer.receive, &mut self.renewed);
        bell.rest(bell.rings());
        tokio::select! {
            () = signed_in => {}
            () = sleep(ASK.1) => {}
            () = async { sleep(BREATH).await; bell.rung().await } => {}
        }
        bell.wake();
        self.trouble.quiet = 0;
    }

    async fn ask(&mut self, error: Arc<EngineError>) {
        self.show(Health::NeedsYou, &error);
        self.tell_once(&error);
        let mut renewed = self.renewed.clone();
        let wait = doubled(ASK.0, self.trouble.asks, ASK.1);
        self.trouble.asks += 1;
        tokio::select! {
            () = self.pause(wait) => {}
            _ = renewed.changed() => self.desk.bell.wake(),
        }
    }

    fn tell_once(&mut self, error: &Arc<EngineError>) {
        if !std::mem::replace(&mut self.trouble.is_told, true) {
            let mailbox = Some(self.desk.mailbox.id);
            self.inner.problem(mailbox, Arc::clone(error));
        }
    }

    fn show(&self, health: Health, error: &Arc<EngineError>) {
        self.update(|status| {
            status.health = health;
            status.error = Some(Arc::clone(error));
            status.progress = None;
            status.task.clear();
        });
    }

    /// Waits; a ring ends it, but two tries are never closer than a breath.
    async fn pause(&self, time: Duration) {
        let bell = &self.desk.bell;
        bell.rest(bell.rings());
        tokio::select! {
            () = sleep(time) => {}
            () = async { sleep(BREATH.min(time)).await; bell.rung().await } => {}
        }
        bell.wake();
    }

    /// Counts failures of one job; too many, and it is given up so that the rest of the mailbox goes on.
    fn strike(&mut self, job: Job, reaction: Reaction, error: &Arc<EngineError>) {
        let weight = match reaction {
            Reaction::Broken => 2,
            Reaction::BackOff => 1,
            _ => return,
        };
        if matches!(job, Job::Prefetch(_)) && reaction == Reaction::Broken {
            self.doubt_batch();
        }
        let strikes = self.strikes.entry(job).or_default();
        *strikes += weight;
        if *strikes < STRIKES {
            return;
        }
        self.strikes.remove(&job);
        let now = Instant::now();
        match job {
            // Bodies count their own tries.
            Job::List | Job::Body => return,
            Job::Prefetch(folder) => self.plan.has_bodies(folder),
            Job::Replay => self.queue = Queue::GiveUp,
            Job::Sync(folder) => {
                let is_near = self
                    .plan
                    .watched()
                    .is_some_and(|near| near.folder == folder);
                let rest = if is_near { REST_NEAR } else { REST };
                self.plan.rest(folder, now + rest);
            }
        }
        self.tell_once(error);
    }

    /// A batch that breaks the connection is tried one by one; the one that breaks it alone is not tried again.
    fn doubt_batch(&mut self) {
        if let ([message], true) = (self.attempted.as_slice(), self.batch.is_smallest()) {
            locked(&self.desk.bodies).finish_unreadable(*message);
        }
        self.batch = Batch::smallest();
    }

    /// Leaves aside what the server refuses for one folder or message; the connection is fine.
    pub(super) fn set_aside(&mut self, job: Job, error: &EngineError) {
        tracing::warn!(mailbox = self.desk.mailbox.id.row(), ?job, "set aside");
        tracing::debug!(?error, "cause");
        let is_gone = matches!(
            error,
            EngineError::Backend {
                source: BackendError::Gone { .. },
                ..
            }
        );
        if is_gone {
            self.plan.list_again();
        }
        match job {
            Job::Sync(folder) => self.plan.rest(folder, Instant::now() + REST),
            Job::Prefetch(folder) => self.plan.has_bodies(folder),
            Job::Body => {
                let mut bodies = locked(&self.desk.bodies);
                if let Some((message, ..)) = bodies.try_first() {
                    bodies.finish_unreadable(message);
                    drop(bodies);
                    self.inner.say(Event::Body(message));
                }
            }
            Job::List | Job::Replay => {}
        }
    }
}

/// An account that was never signed in is not a failure; the interface asks for the sign-in anyway.
fn is_first_sign_in(error: &EngineError) -> bool {
    matches!(
        error,
        EngineError::Auth(AuthError::Denied {
            denial: Denial::NeverSignedIn,
            ..
        })
    )
}
