//! Synchronisation: the folder list, and one step of a folder. A crash anywhere repeats at most one step.

use std::sync::Arc;

use crate::backend::{BackendError, Refusal};
use crate::engine::work::bell::locked;
use crate::engine::work::plan::Phase;
use crate::engine::work::room::Room;
use crate::engine::{EngineError, Event};
use crate::model::{ChangeSet, Folder, FolderId, MessageId, Role, Scope, SortKey, Window};
use crate::store::Committed;

/// Renumberings of one folder in a row until a person is told; once happens when a mailbox is moved.
const RENUMBERED: u32 = 3;
/// New messages named in one event.
const ANNOUNCED: usize = 100;

/// How a step went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Whether older messages are still to come.
    pub has_more: bool,
    /// Whether messages came that were not there before.
    pub has_news: bool,
}

/// Reads the folder list into the cache.
pub async fn list(room: &mut Room) -> Result<Vec<Folder>, EngineError> {
    let mailbox = room.mailbox();
    let before = room.inner.store.folders(mailbox).await?;
    let listed = room.backend().folders().await;
    let listed = listed.map_err(|source| room.blame(source))?;
    if listed.is_empty() && !before.is_empty() {
        // Believing this would throw the whole cache of the mailbox away.
        return Err(room.blame(BackendError::Protocol {
            doing: "list folders",
            detail: "the server lists no folder at all".into(),
        }));
    }
    let folders = room.inner.store.set_folders(mailbox, &listed).await?;
    room.inner.settle(mailbox, &folders);
    if folders != before {
        room.inner.say(Event::Folders(mailbox));
    }
    Ok(folders)
}

/// Asks once what changed in a folder and commits the answer.
pub async fn step(room: &mut Room, folder: &Folder, phase: Phase) -> Result<Step, EngineError> {
    let store = room.inner.store.clone();
    let cursor = store.cursor(folder.id).await?;
    let changes = match room
        .backend()
        .changes(&folder.remote, cursor.as_ref())
        .await
    {
        Ok(changes) => changes,
        Err(source) => {
            if matches!(source, BackendError::CursorLost) {
                tracing::info!(folder = folder.id.row(), "folder renumbered, comparing all");
                store.restart_folder(folder.id).await?;
                note_renumbered(room, folder.id);
            }
            return Err(room.blame(source));
        }
    };
    if cursor.is_some() && phase == Phase::News {
        locked(&room.desk.renumbered).remove(&folder.id);
    }
    let has_more = changes.more;
    let is_inbox = folder.role == Role::Inbox && cursor.is_some();
    let newest = match (is_inbox, phase) {
        (true, Phase::Backfill | Phase::Both) => newest_row(room, folder.id).await?,
        _ => None,
    };
    let committed = commit(room, folder.id, changes).await?;
    if committed.changed || !committed.added.is_empty() {
        room.say_messages([folder.id]);
    }
    if is_inbox {
        announce(room, &committed, newest).await?;
    }
    Ok(Step {
        has_more,
        has_news: !committed.added.is_empty(),
    })
}

/// Tells of a folder that is never found as it was: comparing everything each time costs a lot, and nobody would know.
fn note_renumbered(room: &Room, folder: FolderId) {
    let times = {
        let mut renumbered = locked(&room.desk.renumbered);
        let times = renumbered.entry(folder).or_default();
        *times = times.saturating_add(1);
        *times
    };
    if times == RENUMBERED {
        let error = room.blame(BackendError::Protocol {
            doing: "compare messages",
            detail: "the server gives every message another name each time".into(),
        });
        room.inner.problem(Some(room.mailbox()), Arc::new(error));
    }
}

/// Stores changes; what the server sends ahead meanwhile is taken in, so that neither waits for the other.
async fn commit(
    room: &mut Room,
    folder: FolderId,
    changes: ChangeSet,
) -> Result<Committed, EngineError> {
    let store = room.inner.store.clone();
    let committing = store.commit(folder, changes);
    tokio::pin!(committing);
    let committed = tokio::select! {
        biased;
        committed = &mut committing => committed,
        () = room.backend().read_ahead() => committing.await,
    };
    Ok(committed?)
}

/// Synchronises folders to their end; for commands that want all of it now.
pub async fn whole(room: &mut Room, folders: &[Folder]) -> Result<(), EngineError> {
    for folder in folders.iter().filter(|folder| folder.selectable) {
        let mut phase = Phase::News;
        loop {
            match step(room, folder, phase).await {
                Ok(Step { has_more: true, .. }) => phase = Phase::Backfill,
                Ok(_) => break,
                Err(error) if is_about_folder(&error) => {
                    tracing::warn!(folder = folder.id.row(), %error, "folder skipped");
                    break;
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

/// Tells whether a failure concerns one folder or message only and leaves the connection usable.
pub fn is_about_folder(error: &EngineError) -> bool {
    let EngineError::Backend { source, .. } = error else {
        return false;
    };
    match source {
        BackendError::Refused { kind, .. } => *kind != Refusal::NoMailboxAccess,
        BackendError::Gone { .. } | BackendError::Unsupported { .. } => true,
        _ => false,
    }
}

async fn newest_row(room: &mut Room, folder: FolderId) -> Result<Option<SortKey>, EngineError> {
    let store = &room.inner.store;
    let page = store.list(Scope::Folder(folder), Window::Newest, 1).await?;
    Ok(page.rows.first().map(crate::model::Listed::sort_key))
}

/// Says which unread messages came in. While older messages are still being listed, only what is newer than the
/// newest row counts as new.
async fn announce(
    room: &mut Room,
    committed: &Committed,
    newest: Option<SortKey>,
) -> Result<(), EngineError> {
    let first: Vec<MessageId> = committed.added.iter().take(ANNOUNCED).copied().collect();
    if first.is_empty() {
        return Ok(());
    }
    let rows = room.inner.store.listed(&first).await?;
    let messages: Vec<MessageId> = rows
        .iter()
        .filter(|row| !row.envelope.flags.is_seen())
        .filter(|row| newest.is_none_or(|newest| row.envelope.date > newest.date))
        .map(|row| row.id)
        .collect();
    if !messages.is_empty() {
        room.inner.say(Event::NewMail {
            mailbox: room.mailbox(),
            messages,
        });
    }
    Ok(())
}
