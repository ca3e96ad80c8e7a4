//! Sending: never twice in silence, never lost (design B4, "One send").
//!
//! One program at a time sends: all running copies share a lock for it. A row found in `sending` while holding that
//! lock is therefore an orphan of a program that died.

mod detour;
mod failure;
mod looks;
mod round;

pub use looks::Looks;

use std::io::ErrorKind::TimedOut;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::auth::{AuthError, VaultError};
use crate::backend::Outgoing;
use crate::engine::inner::Inner;
use crate::engine::work::bell::{OnDuty, locked};
use crate::engine::{EngineError, Event};
use crate::model::{AccountId, FailureKind, OutboxItem, OutboxState, SentBy};

/// The vault lock that senders share.
const LOCK: &str = "outbox";
/// The longest sleep: wall clocks jump.
const LONGEST: Duration = Duration::from_secs(60);
/// The wait after the cache failed.
const CACHE_FAILED: Duration = Duration::from_secs(30);

/// The one sender. Also used for a single round by commands.
pub struct OutboxWorker {
    inner: Arc<Inner>,
    link: Option<OpenLink>,
}

/// A connection kept for the next message of the same account.
struct OpenLink {
    account: AccountId,
    /// Whose it is ([`Signer::sending_place`](crate::engine::signer::Signer::sending_place)).
    place: String,
    outgoing: Box<dyn Outgoing>,
    /// Which way it goes.
    by: SentBy,
}

/// Sends until told to stop.
pub async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    let bell = Arc::clone(&inner.outbox);
    bell.man();
    let _duty = OnDuty(Arc::clone(&bell));
    let mut worker = OutboxWorker::new(Arc::clone(&inner));
    if let Err(error) = worker.look_at_unsure().await {
        tracing::debug!(?error, "unsure messages not read");
    }
    let mut is_told = false;
    loop {
        let seen = bell.rings();
        let nap = match worker.round(&stop).await {
            Ok(()) => {
                is_told = false;
                worker.nap().await
            }
            Err(error) => {
                if !std::mem::replace(&mut is_told, true) {
                    inner.problem(None, Arc::new(error));
                }
                CACHE_FAILED
            }
        };
        if stop.is_cancelled() {
            return;
        }
        if !bell.rest(seen) {
            continue;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(nap) => {}
            () = bell.rung() => {}
        }
        bell.wake();
    }
}

impl OutboxWorker {
    /// Makes a sender.
    pub fn new(inner: Arc<Inner>) -> Self {
        Self { inner, link: None }
    }

    /// Sends everything that is due, looks for what is unsure, and closes connections.
    pub async fn round(&mut self, stop: &CancellationToken) -> Result<(), EngineError> {
        let now = self.inner.now();
        let is_hurried = self.inner.is_hurried.load(Ordering::Relaxed);
        let items = self.inner.store.outbox().await?;
        let needs_lock = |item: &OutboxItem| {
            item.state == OutboxState::Sending
                || is_due(item, now)
                || (is_hurried && can_hurry(item, now))
        };
        if items.iter().any(needs_lock) {
            let lock = tokio::select! {
                lock = self.inner.vault.lock(LOCK) => lock,
                () = stop.cancelled() => return Ok(()),
            };
            let lock = match lock {
                // Another running copy sends; that it takes long is no fault.
                Err(VaultError::File { source, .. }) if source.kind() == TimedOut => return Ok(()),
                lock => lock.map_err(AuthError::from)?,
            };
            let sent = self.send_due(stop).await;
            self.link = None;
            drop(lock);
            sent?;
        }
        self.look(stop).await
    }

    async fn send_due(&mut self, stop: &CancellationToken) -> Result<(), EngineError> {
        self.recover().await?;
        self.hurry().await?;
        while !stop.is_cancelled() && self.send_next(stop).await? {}
        Ok(())
    }

    /// Makes messages that wait for a connection or a sign-in due now, if somebody asked for it. Only with the lock
    /// held: otherwise it could put back to `ready` what another copy has just begun to send.
    async fn hurry(&mut self) -> Result<(), EngineError> {
        if !self.inner.is_hurried.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        let now = self.inner.now();
        let items = self.inner.store.outbox().await?;
        for item in items.iter().filter(|item| can_hurry(item, now)) {
            if let Some(failure) = &item.failure {
                self.inner.store.outbox_later(item.id, now, failure).await?;
            }
        }
        Ok(())
    }

    /// Returns how long until something is due.
    async fn nap(&mut self) -> Duration {
        let now = self.inner.now();
        let due = self.inner.store.outbox_next_due().await.ok().flatten();
        let look = locked(&self.inner.looks).next_due();
        let next = due.into_iter().chain(look).min();
        next.map_or(LONGEST, |at| until(now, at)).min(LONGEST)
    }

    fn say_outbox(&self) {
        self.inner.say(Event::Outbox);
    }
}

/// Tells whether a message may go now.
fn is_due(item: &OutboxItem, now: Timestamp) -> bool {
    item.state == OutboxState::Ready && item.not_before <= now
}

/// Tells whether a message waits for something that may be over now: a connection, a sign-in. A server that throttles
/// is not hurried, and neither is the undo window.
fn can_hurry(item: &OutboxItem, now: Timestamp) -> bool {
    let failure = item.failure.as_ref();
    let waits = failure.is_some_and(|failure| failure.kind != FailureKind::Throttled);
    item.state == OutboxState::Ready && item.not_before > now && waits
}

fn until(now: Timestamp, at: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO)
}
