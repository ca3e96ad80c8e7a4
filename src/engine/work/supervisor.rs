//! Keeps the background loops alive, and ends them.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::engine::EngineError;
use crate::engine::inner::Inner;
use crate::engine::work::backoff::doubled;
use crate::engine::work::bell::locked;
use crate::model::MailboxId;

/// How long loops may take to end by themselves.
const GRACE: Duration = Duration::from_secs(5);
/// The first and the longest wait before a loop that died is started again.
const RESTART: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Which loop.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Key {
    /// A mailbox.
    Mailbox(MailboxId),
    /// The look-out for an account's sign-in, by account name.
    SignIn(String),
    /// Sending.
    Outbox,
    /// Token renewal.
    Refresher,
}

/// A loop to keep alive.
pub struct Loop {
    /// Which.
    pub key: Key,
    /// What a notice calls it: a mailbox's address.
    pub name: String,
    /// Begins it.
    pub begin: Box<dyn Fn(CancellationToken) -> BoxFuture<'static, ()> + Send + Sync>,
}

/// The loops that run.
#[derive(Debug, Default)]
pub struct Supervisor {
    tasks: Mutex<BTreeMap<Key, Task>>,
}

#[derive(Debug)]
struct Task {
    stop: CancellationToken,
    handle: JoinHandle<()>,
}

impl Supervisor {
    /// Starts a loop; one with the same key must have been stopped.
    pub fn start(&self, inner: &Arc<Inner>, work: Loop) {
        let stop = CancellationToken::new();
        let key = work.key.clone();
        let kept = keep(Arc::clone(inner), work, stop.clone());
        let handle = tokio::spawn(kept);
        let old = locked(&self.tasks).insert(key, Task { stop, handle });
        if let Some(old) = old {
            old.stop.cancel();
        }
    }

    /// Stops loops and waits until they ended, at most 5 s.
    pub async fn stop(&self, keys: &[Key]) {
        let tasks = {
            let mut running = locked(&self.tasks);
            keys.iter().filter_map(|key| running.remove(key)).collect()
        };
        end(tasks).await;
    }

    /// Stops all loops and waits until they ended, at most 5 s.
    pub async fn stop_all(&self) {
        let tasks = std::mem::take(&mut *locked(&self.tasks));
        end(tasks.into_values().collect()).await;
    }
}

async fn end(tasks: Vec<Task>) {
    for task in &tasks {
        task.stop.cancel();
    }
    let deadline = Instant::now() + GRACE;
    for mut task in tasks {
        if timeout_at(deadline, &mut task.handle).await.is_err() {
            tracing::warn!("a loop did not end in time");
            task.handle.abort();
            // An aborted task ends at its next await; nothing of it must run after this.
            let _ = task.handle.await;
        }
    }
}

/// Runs a loop; one that dies of a bug is reported and started again.
async fn keep(inner: Arc<Inner>, work: Loop, stop: CancellationToken) {
    let mut deaths = 0;
    loop {
        let ran = AssertUnwindSafe((work.begin)(stop.clone())).catch_unwind();
        if ran.await.is_ok() || stop.is_cancelled() {
            return;
        }
        tracing::error!(key = ?work.key, "loop died of a bug");
        let mailbox = match &work.key {
            Key::Mailbox(mailbox) => Some(*mailbox),
            _ => None,
        };
        let error = EngineError::WorkerPanicked {
            mailbox: work.name.clone(),
        };
        inner.problem(mailbox, Arc::new(error));
        let wait = doubled(RESTART.0, deaths, RESTART.1);
        deaths += 1;
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(wait) => {}
        }
    }
}
