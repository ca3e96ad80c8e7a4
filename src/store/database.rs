//! The handle on the database: one thread writes, a few read, closures go to them through channels.
//!
//! Every commit waits for the disk (`synchronous = FULL`): a batch of thousands of rows costs one wait, and what a
//! user did, wrote or sent must survive the next moment. Knows no table.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use crate::store::mail;
use crate::store::open::{self, Guard};
use crate::store::queue::Owner;
use crate::store::{Opened, StoreError};

/// Screens ask for a list, a body and a search at once; more readers would only share two cores.
const READERS: usize = 3;
/// How long nothing must be written before the writer turns to what can wait. Longer than the pauses between the
/// portions of a synchronisation that the server keeps up with.
const QUIET: Duration = Duration::from_millis(250);

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

enum Order {
    Run(Job),
    /// End the thread; the sender is dropped when the connection is closed.
    Stop(oneshot::Sender<()>),
}

/// Why a closure on a connection ended early.
#[derive(Debug)]
pub enum Fault {
    /// SQLite's error.
    Sql(rusqlite::Error),
    /// A row that must be there is not.
    NoSuch(&'static str),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// A handle on the cache; cheap to clone. The database closes with the last handle.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: Sender<Order>,
    readers: Sender<Order>,
    owner: Mutex<Option<Arc<Owner>>>,
    _guard: Guard,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.inner.path)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens or makes `folder/mail.db`, migrates it, mends it.
    pub async fn open(folder: &Path) -> Result<(Self, Opened), StoreError> {
        let folder = folder.to_owned();
        let (answer, wait) = oneshot::channel();
        let (writer, orders) = channel();
        std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || match open::open(&folder) {
                Ok((connection, guard, opened)) => {
                    let path = guard.path.clone();
                    if answer.send(Ok((guard, opened))).is_ok() {
                        serve(connection, &path, |connection| {
                            next_write(&orders, connection)
                        });
                    }
                }
                Err(error) => {
                    let _ = answer.send(Err(error));
                }
            })
            .map_err(|source| StoreError::File {
                path: PathBuf::from("store-writer"),
                source,
            })?;
        let (guard, opened) = wait.await.map_err(|_| StoreError::Closed)??;
        let readers = start_readers(&guard.path)?;
        let inner = Inner {
            path: guard.path.clone(),
            writer,
            readers,
            owner: Mutex::new(None),
            _guard: guard,
        };
        let store = Self {
            inner: Arc::new(inner),
        };
        Ok((store, opened))
    }

    /// Waits for queued writes and closes.
    pub async fn close(self) {
        for (orders, count) in [(&self.inner.readers, READERS), (&self.inner.writer, 1)] {
            let mut ends = Vec::new();
            for _ in 0..count {
                let (end, ended) = oneshot::channel();
                if orders.send(Order::Stop(end)).is_ok() {
                    ends.push(ended);
                }
            }
            for ended in ends {
                // The sender is dropped rather than used: an error is the answer.
                let _ = ended.await;
            }
        }
    }

    /// Runs a closure in a write transaction; an error undoes all of it.
    pub(in crate::store) async fn write<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let run = move |connection: &mut Connection| transact(connection, work);
        self.ask(&self.inner.writer, doing, run).await
    }

    /// Runs a closure on one consistent view of the database.
    pub(in crate::store) async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let run = move |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            work(&transaction)
        };
        self.ask(&self.inner.readers, doing, run).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        orders: &Sender<Order>,
        doing: &'static str,
        run: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, wait) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let _ = answer.send(run(connection));
        });
        orders
            .send(Order::Run(job))
            .map_err(|_| StoreError::Closed)?;
        let result = wait.await.map_err(|_| StoreError::Closed)?;
        result.map_err(|fault| store_error(&self.inner.path, doing, fault))
    }

    /// Returns the folder the database is in.
    pub(in crate::store) fn folder_path(&self) -> PathBuf {
        self.inner
            .path
            .parent()
            .unwrap_or(Path::new("."))
            .to_owned()
    }

    /// Returns the sign by which other running copies see that messages we are sending are still being sent.
    pub(in crate::store) fn owner(&self) -> Result<Arc<Owner>, StoreError> {
        let mut owner = self
            .inner
            .owner
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(owner) = owner.as_ref() {
            return Ok(Arc::clone(owner));
        }
        let folder = self.folder_path();
        let new = Owner::new(&folder).map_err(|source| StoreError::File {
            path: folder.clone(),
            source,
        })?;
        let new = Arc::new(new);
        *owner = Some(Arc::clone(&new));
        Ok(new)
    }
}

/// Turns a fault into the error of this folder; damage is noted for the next opening.
pub fn store_error(path: &Path, doing: &'static str, fault: Fault) -> StoreError {
    let source = match fault {
        Fault::NoSuch(what) => return StoreError::NoSuch { what },
        Fault::Sql(source) => source,
    };
    match source.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::DiskFull {
            path: path.to_owned(),
        },
        Some(ErrorCode::SystemIoFailure) => StoreError::Disk {
            doing,
            path: path.to_owned(),
            source,
        },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            open::note_damage(path);
            StoreError::Database { doing, source }
        }
        _ => StoreError::Database { doing, source },
    }
}

fn start_readers(path: &Path) -> Result<Sender<Order>, StoreError> {
    let (readers, orders) = channel();
    let orders = Arc::new(Mutex::new(orders));
    // The first reader opens here, so that what keeps it from opening is an error of opening the store.
    let mut first =
        Some(open::reader(path).map_err(|error| store_error(path, "open a reader", error.into()))?);
    for _ in 0..READERS {
        let (ready, path, orders) = (first.take(), path.to_owned(), Arc::clone(&orders));
        std::thread::Builder::new()
            .name("store-reader".to_owned())
            .spawn(
                move || match ready.map_or_else(|| open::reader(&path), Ok) {
                    Ok(connection) => serve(connection, &path, |_| next_order(&orders)),
                    Err(error) => tracing::warn!(?error, "a reader cannot open the cache"),
                },
            )
            .map_err(|source| StoreError::File {
                path: PathBuf::from("store-reader"),
                source,
            })?;
    }
    Ok(readers)
}

/// Whoever holds the lock waits for the next order; the others wait for the lock.
fn next_order(orders: &Mutex<Receiver<Order>>) -> Option<Order> {
    let orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
    orders.recv().ok()
}

/// Waits for the next write. When none comes for a while, does what was put off, in portions short enough for
/// whoever comes meanwhile.
fn next_write(orders: &Receiver<Order>, connection: &mut Connection) -> Option<Order> {
    match orders.recv_timeout(QUIET) {
        Ok(order) => return Some(order),
        Err(RecvTimeoutError::Disconnected) => return None,
        Err(RecvTimeoutError::Timeout) => {}
    }
    while spare(connection) {
        match orders.try_recv() {
            Ok(order) => return Some(order),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => {}
        }
    }
    orders.recv().ok()
}

/// Does a portion of what was put off; tells whether there is more.
fn spare(connection: &mut Connection) -> bool {
    let done = transact(connection, mail::index_some);
    done.unwrap_or_else(|error| {
        // Nothing depends on it: it is tried again behind the next write.
        tracing::debug!(?error, "words not indexed");
        false
    })
}

fn transact<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = work(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

fn serve(
    mut connection: Connection,
    path: &Path,
    mut next: impl FnMut(&mut Connection) -> Option<Order>,
) {
    while let Some(order) = next(&mut connection) {
        match order {
            Order::Run(job) => job(&mut connection),
            Order::Stop(end) => {
                if let Err((_, error)) = connection.close() {
                    tracing::warn!(?error, path = %path.display(), "the cache did not close");
                }
                drop(end);
                return;
            }
        }
    }
}
