//! Reads the chain of changes ahead of the engine: while the rows of one portion come, the next portion is asked for.
//!
//! Bounded: a few portions, a few requests. After a failure nothing more is sent, and the failure is told in its place;
//! nothing is tried again here. Dropping the value ends all of it.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use super::DOING;
use super::ask::{self, Changes};
use crate::backend::BackendError;
use crate::backend::ews::item;
use crate::backend::ews::link::{Link, protocol};
use crate::model::{RemoteId, RemoteMessage};

/// Portions that are under way or have come without being taken. With the one that is being stored they are three.
const PORTIONS: usize = 2;
/// Requests for rows under way at a time. With the one for the next ids they are three of the four that a mailbox allows.
const REQUESTS: usize = 2;

/// One answer of the chain with its rows.
#[derive(Debug)]
pub(super) struct Portion {
    pub(super) upserts: Vec<RemoteMessage>,
    pub(super) removals: Vec<RemoteId>,
    /// Where the chain goes on.
    pub(super) state: String,
    pub(super) is_last: bool,
    /// Messages in the folder, where it was asked for.
    pub(super) total: Option<u32>,
}

/// A chain that is read ahead. Where waiting for a portion is given up, the value is of no more use.
#[derive(Debug)]
pub(super) struct Ahead {
    folder: String,
    /// The state behind which the next portion begins.
    state: String,
    portions: UnboundedReceiver<Result<Coming, BackendError>>,
    way: Arc<Way>,
    _tasks: [AbortOnDropHandle<()>; 2],
}

impl Ahead {
    /// Begins to read behind a state; an empty one is the beginning of the chain.
    pub(super) fn begin(link: &Arc<Link>, folder: &str, state: &str) -> Self {
        let (sender, portions) = unbounded_channel();
        let (jobs, queue) = unbounded_channel();
        let way = Arc::new(Way {
            link: Arc::clone(link),
            folder: folder.to_owned(),
            room: Semaphore::new(PORTIONS),
            jobs,
            is_stopped: AtomicBool::new(false),
            fault: Mutex::new(None),
        });
        let asking = ask_on(Arc::clone(&way), state.to_owned(), sender);
        let reading = work(Arc::clone(&way), queue);
        Self {
            folder: folder.to_owned(),
            state: state.to_owned(),
            portions,
            way,
            _tasks: [
                AbortOnDropHandle::new(tokio::spawn(asking)),
                AbortOnDropHandle::new(tokio::spawn(reading)),
            ],
        }
    }

    /// Tells whether the next portion is the one behind this state.
    pub(super) fn is_at(&self, folder: &str, state: &str) -> bool {
        self.folder == folder && self.state == state
    }

    /// Waits for the next portion, and makes room for another one.
    pub(super) async fn next(&mut self) -> Result<Portion, BackendError> {
        let Some(coming) = self.portions.recv().await else {
            return Err(self.way.fault());
        };
        let portion = coming?.land(&self.way).await?;
        self.state.clone_from(&portion.state);
        self.way.room.add_permits(1);
        Ok(portion)
    }
}

/// A request for rows that waits for its turn.
type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What those who read a chain share.
#[derive(Debug)]
struct Way {
    link: Arc<Link>,
    folder: String,
    /// Portions that may still be asked for.
    room: Semaphore,
    jobs: UnboundedSender<Job>,
    is_stopped: AtomicBool,
    /// The first failure.
    fault: Mutex<Option<BackendError>>,
}

impl Way {
    /// Lets nothing more be sent.
    fn stop(&self, fault: BackendError) {
        let mut first = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(fault);
        self.is_stopped.store(true, Ordering::Release);
    }

    fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Acquire)
    }

    /// Returns why nothing more is sent.
    fn fault(&self) -> BackendError {
        let mut first = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = || protocol(DOING, "a portion was lost");
        first.take().unwrap_or_else(lost)
    }

    /// Lets something be asked behind all that waits already. No answer comes after a failure.
    fn queue<T: Send + 'static>(
        self: &Arc<Self>,
        asked: impl Future<Output = Result<T, BackendError>> + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (tell, told) = oneshot::channel();
        let way = Arc::clone(self);
        let job = async move {
            match asked.await {
                Ok(answer) => drop(tell.send(answer)),
                Err(fault) => way.stop(fault),
            }
        };
        drop(self.jobs.send(Box::pin(job)));
        told
    }
}

/// Asks for one portion after the other as long as there is room.
async fn ask_on(
    way: Arc<Way>,
    mut state: String,
    sender: UnboundedSender<Result<Coming, BackendError>>,
) {
    while let Ok(room) = way.room.acquire().await {
        room.forget();
        if way.is_stopped() {
            return;
        }
        let changes = match ask::changes(&way.link, &way.folder, &state).await {
            Ok(changes) => changes,
            // A busy server wants no request at all: what still waits for its turn is not sent either.
            Err(fault @ BackendError::Throttled { .. }) => return way.stop(fault),
            Err(fault) => return drop(sender.send(Err(fault))),
        };
        state.clone_from(&changes.state);
        let is_last = changes.is_last;
        let sent = sender.send(Ok(Coming::begin(&way, changes)));
        if is_last || sent.is_err() {
            return;
        }
    }
}

/// Sends what is queued, in that order, a few at a time. Each is a task of its own, so that answers are read side by side.
async fn work(way: Arc<Way>, mut queue: UnboundedReceiver<Job>) {
    let mut sent = JoinSet::new();
    while let Some(job) = queue.recv().await {
        while sent.len() >= REQUESTS {
            sent.join_next().await;
        }
        if way.is_stopped() {
            break;
        }
        sent.spawn(job);
    }
    drop(queue);
    while sent.join_next().await.is_some() {}
}

/// A portion whose rows are under way.
#[derive(Debug)]
struct Coming {
    rows: Vec<oneshot::Receiver<Vec<RemoteMessage>>>,
    total: Option<oneshot::Receiver<u32>>,
    gone: Vec<String>,
    state: String,
    is_last: bool,
}

impl Coming {
    /// Asks for the rows of a portion.
    fn begin(way: &Arc<Way>, changes: Changes) -> Self {
        let batches = changes
            .wanted
            .chunks(item::TOGETHER)
            .map(<[String]>::to_vec);
        let rows = batches.map(|batch| {
            let link = Arc::clone(&way.link);
            way.queue(async move { item::batch_rows(&link, &batch).await })
        });
        let rows = rows.collect();
        let total = changes.counts.then(|| {
            let (link, folder) = (Arc::clone(&way.link), way.folder.clone());
            way.queue(async move { ask::total(&link, &folder).await })
        });
        Self {
            rows,
            total,
            gone: changes.gone,
            state: changes.state,
            is_last: changes.is_last,
        }
    }

    /// Waits for the rows.
    async fn land(self, way: &Way) -> Result<Portion, BackendError> {
        let mut upserts = Vec::new();
        for batch in self.rows {
            upserts.extend(batch.await.map_err(|_| way.fault())?);
        }
        let total = match self.total {
            None => None,
            Some(count) => Some(count.await.map_err(|_| way.fault())?),
        };
        Ok(Portion {
            upserts,
            removals: self.gone.iter().map(RemoteId::new).collect(),
            state: self.state,
            is_last: self.is_last,
            total,
        })
    }
}
