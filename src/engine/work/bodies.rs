//! Fetching bodies: those somebody waits for, and the newest ahead of time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::work::bell::locked;
use crate::engine::work::room::Room;
use crate::engine::{EngineError, Event};
use crate::mime::digest;
use crate::model::{Folder, FolderId, MessageId, Progress, RemoteId, Scope, Window};
use crate::store::{Located, NewBody, StoreError};

/// How many of the newest messages of a near folder are kept readable without the network.
const AHEAD: usize = 500;
/// Larger bodies, in bytes, are fetched only when somebody opens them.
const AHEAD_SIZE: u64 = 256 * 1024;
/// How long one batch should take, so that a body somebody waits for does not wait longer.
const BATCH_TIME: Duration = Duration::from_millis(300);
/// The largest batch, in messages.
const BATCH_LARGEST: usize = 64;
/// How often a body is tried before it counts as unreadable.
pub const TRIES: u32 = 3;

/// How a body was served.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Served {
    /// Nobody waits any more, or the body is there.
    Done,
    /// Its place on the server is not known yet: changes have to be replayed and this folder looked at first.
    After(FolderId),
}

/// Serves the body that is waited for most.
pub async fn serve(room: &mut Room) -> Result<Served, EngineError> {
    let first = locked(&room.desk.bodies).try_first();
    let Some((message, progress, tries)) = first else {
        return Ok(Served::Done);
    };
    if tries > TRIES {
        tracing::warn!(message = message.row(), "body given up");
        locked(&room.desk.bodies).finish_unreadable(message);
        room.inner.say(Event::Body(message));
        return Ok(Served::Done);
    }
    let located = room.inner.store.locate(message).await?;
    let Some(located) = located else {
        return Ok(finish_gone(room, message));
    };
    if located.has_body {
        locked(&room.desk.bodies).finish(message);
        room.inner.say(Event::Body(message));
        return Ok(Served::Done);
    }
    let Some(remote) = located.remote.clone() else {
        locked(&room.desk.bodies).put_off(message);
        return Ok(Served::After(located.folder));
    };
    let pair = (message, remote);
    if fetch(room, &located, &[pair], &progress).await? == 0 {
        room.desk.mark_dirty([located.folder]);
        return Ok(finish_gone(room, message));
    }
    locked(&room.desk.bodies).finish(message);
    room.inner.say(Event::Body(message));
    room.inner.say(Event::Messages(located.folder));
    Ok(Served::Done)
}

fn finish_gone(room: &Room, message: MessageId) -> Served {
    locked(&room.desk.bodies).finish_gone(message);
    room.inner.say(Event::Body(message));
    Served::Done
}

/// Fetches one body at once; for commands. Tells whether the server still had it.
pub async fn now(room: &mut Room, message: MessageId) -> Result<bool, EngineError> {
    let located = room.inner.store.locate(message).await?;
    let located = located.ok_or(StoreError::NoSuch { what: "message" })?;
    if located.has_body {
        return Ok(true);
    }
    let Some(remote) = located.remote.clone() else {
        return Ok(false);
    };
    let progress = Progress::default();
    let fetched = fetch(room, &located, &[(message, remote)], &progress).await?;
    Ok(fetched > 0)
}

/// How large the next batch is; grows and shrinks with the time the last one took.
#[derive(Clone, Copy, Debug)]
pub struct Batch(usize);

impl Default for Batch {
    fn default() -> Self {
        Self(4)
    }
}

impl Batch {
    /// Returns the size for single steps, after a batch that could not be read.
    pub fn smallest() -> Self {
        Self(1)
    }

    /// Tells whether it is down to one message.
    pub fn is_smallest(self) -> bool {
        self.0 == 1
    }

    fn after(self, took: Duration) -> Self {
        let size = if took > BATCH_TIME {
            self.0 / 2
        } else {
            self.0 * 2
        };
        Self(size.clamp(1, BATCH_LARGEST))
    }
}

/// Fetches some of a folder's newest bodies ahead. Tells whether more are worth fetching.
/// `attempted` names what is being fetched, for the case that it fails.
pub async fn prefetch(
    room: &mut Room,
    folder: &Folder,
    batch: &mut Batch,
    attempted: &mut Vec<MessageId>,
) -> Result<bool, EngineError> {
    let store = room.inner.store.clone();
    let newest = store
        .list(Scope::Folder(folder.id), Window::Newest, AHEAD)
        .await?;
    let missing = store.without_body(folder.id, AHEAD, AHEAD_SIZE).await?;
    let wanted: Vec<(MessageId, RemoteId)> = {
        let bodies = locked(&room.desk.bodies);
        missing
            .into_iter()
            .filter(|(id, _)| newest.rows.iter().any(|row| row.id == *id))
            .filter(|(id, _)| !bodies.is_unreadable(*id) && !bodies.is_gone(*id))
            .take(batch.0 + 1)
            .collect()
    };
    let has_more = wanted.len() > batch.0;
    let wanted: Vec<_> = wanted.into_iter().take(batch.0).collect();
    if wanted.is_empty() {
        return Ok(false);
    }
    *attempted = wanted.iter().map(|(id, _)| *id).collect();
    let located = Located {
        mailbox: room.mailbox(),
        folder: folder.id,
        remote_folder: folder.remote.clone(),
        remote: None,
        has_body: false,
    };
    let started = Instant::now();
    fetch(room, &located, &wanted, &Progress::default()).await?;
    *batch = batch.after(started.elapsed());
    room.inner.say(Event::Messages(folder.id));
    Ok(has_more)
}

/// Fetches, digests and stores bodies of one folder. Returns how many came; those that did not are noted as gone.
async fn fetch(
    room: &mut Room,
    located: &Located,
    wanted: &[(MessageId, RemoteId)],
    progress: &Progress,
) -> Result<usize, EngineError> {
    let remotes: Vec<RemoteId> = wanted.iter().map(|(_, remote)| remote.clone()).collect();
    let folder = &located.remote_folder;
    let fetched = room.backend().fetch(folder, &remotes, progress).await;
    let fetched = fetched.map_err(|source| room.blame(source))?;
    let mut bodies = Vec::new();
    for (remote, bytes) in fetched {
        let found = wanted.iter().find(|(_, asked)| *asked == remote);
        bodies.extend(found.map(|(message, _)| (*message, bytes)));
    }
    for (message, _) in wanted {
        if !bodies.iter().any(|(id, _)| id == message) {
            locked(&room.desk.bodies).finish_gone(*message);
        }
    }
    let count = bodies.len();
    if count > 0 {
        store_bodies(room, bodies).await?;
    }
    Ok(count)
}

/// Parsing is work for a thread that may be busy; a message that trips the parser is stored all the same.
async fn store_bodies(
    room: &mut Room,
    bodies: Vec<(MessageId, Vec<u8>)>,
) -> Result<(), EngineError> {
    let digested = tokio::task::spawn_blocking(move || {
        bodies
            .into_iter()
            .map(|(message, bytes)| {
                let digest = catch_unwind(AssertUnwindSafe(|| digest(&bytes))).unwrap_or_default();
                NewBody {
                    message,
                    bytes,
                    text: digest.text,
                    preview: digest.preview,
                    has_attachments: digest.has_attachments,
                }
            })
            .collect::<Vec<_>>()
    })
    .await;
    let digested = digested.map_err(|_| StoreError::Closed)?;
    Ok(room.inner.store.put_bodies(digested).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(start: usize, took_ms: u64, expected: usize) {
        let next = Batch(start).after(Duration::from_millis(took_ms));
        assert_eq!(next.0, expected);
    }

    #[test]
    fn batches_follow_the_speed_of_the_link() {
        check(4, 10, 8);
        check(64, 10, 64);
        check(8, 2000, 4);
        check(1, 2000, 1);
    }
}
