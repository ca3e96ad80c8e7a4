//! Making queued changes on the server, oldest first, one at a time.

use crate::backend::BackendError;
use crate::engine::EngineError;
use crate::engine::work::room::Room;
use crate::model::{Applied, FolderId, RemoteOp};
use crate::store::Pending;

/// What became of the oldest queued change.
#[derive(Debug)]
pub enum Replayed {
    /// Nothing was queued.
    Nothing,
    /// It was made; these folders (remote ids) should be looked at.
    Done(Vec<String>),
    /// The server refused for good: the local change was taken back.
    Refused(EngineError),
    /// The folder list has to be read again.
    Folders,
}

/// Makes the oldest queued change.
pub async fn one(room: &mut Room) -> Result<Replayed, EngineError> {
    let mailbox = room.mailbox();
    let Some(pending) = room.inner.store.next_pending(mailbox).await? else {
        return Ok(Replayed::Nothing);
    };
    let outcome = room.backend().apply(&pending.op).await;
    let replayed = match outcome {
        Ok(applied) => done(room, &pending, &applied).await,
        Err(BackendError::Gone { .. }) => gone(room, &pending).await,
        Err(source @ (BackendError::Refused { .. } | BackendError::Unsupported { .. })) => {
            let error = room.blame(source);
            refuse(room, &pending).await?;
            Ok(Replayed::Refused(error))
        }
        Err(source) => Err(room.blame(source)),
    };
    room.inner.count_pending(&room.desk).await?;
    replayed
}

/// Makes all queued changes; those refused are taken back, and the last refusal is the answer.
pub async fn all(room: &mut Room) -> Result<(), EngineError> {
    let mut refusal = None;
    loop {
        match one(room).await? {
            Replayed::Nothing => return refusal.map_or(Ok(()), Err),
            Replayed::Refused(error) => refusal = Some(error),
            Replayed::Done(_) | Replayed::Folders => {}
        }
    }
}

/// Takes back the oldest change, because making it failed again and again.
pub async fn give_up(room: &mut Room) -> Result<(), EngineError> {
    if let Some(pending) = room.inner.store.next_pending(room.mailbox()).await? {
        refuse(room, &pending).await?;
        room.inner.count_pending(&room.desk).await?;
    }
    Ok(())
}

async fn done(
    room: &mut Room,
    pending: &Pending,
    applied: &Applied,
) -> Result<Replayed, EngineError> {
    room.inner.store.pending_done(pending.id, applied).await?;
    Ok(match &pending.op {
        // Flags are as we set them; only what moved needs another look, for its new ids.
        RemoteOp::Flag { .. } | RemoteOp::Delete { .. } => Replayed::Done(Vec::new()),
        RemoteOp::Move { to, .. } => Replayed::Done(vec![to.clone()]),
        RemoteOp::Append { folder, .. } => Replayed::Done(vec![folder.clone()]),
        RemoteOp::CreateFolder { .. }
        | RemoteOp::RenameFolder { .. }
        | RemoteOp::DeleteFolder { .. } => Replayed::Folders,
    })
}

/// Drops a change about something that does not exist any more.
async fn gone(room: &mut Room, pending: &Pending) -> Result<Replayed, EngineError> {
    tracing::info!(pending = pending.id.row(), "queued change dropped: gone");
    match &pending.op {
        // Where the messages went is not known: back to where they were, and look at both folders.
        RemoteOp::Move { folder, to, .. } => {
            refuse(room, pending).await?;
            Ok(Replayed::Done(vec![folder.clone(), to.clone()]))
        }
        RemoteOp::Flag { folder, .. } | RemoteOp::Delete { folder, .. } => {
            let folder = folder.clone();
            room.inner
                .store
                .pending_done(pending.id, &Applied::default())
                .await?;
            Ok(Replayed::Done(vec![folder]))
        }
        _ => {
            room.inner
                .store
                .pending_done(pending.id, &Applied::default())
                .await?;
            Ok(Replayed::Folders)
        }
    }
}

/// Takes the local change back and says so.
async fn refuse(room: &mut Room, pending: &Pending) -> Result<(), EngineError> {
    let messages = room.inner.store.pending_refused(pending.id).await?;
    let rows = room.inner.store.listed(&messages).await?;
    let mut folders: Vec<FolderId> = rows.iter().map(|row| row.folder).collect();
    let (RemoteOp::Move { folder, to, .. }, mailbox) = (&pending.op, room.mailbox()) else {
        folders.sort_unstable();
        folders.dedup();
        room.say_messages(folders);
        return Ok(());
    };
    // Both ends of a move look different now.
    let all = room.inner.store.folders(mailbox).await?;
    let is_end = |remote: &str| remote == folder || remote == to;
    let ends = all.iter().filter(|one| is_end(one.remote.as_str()));
    folders.extend(ends.map(|one| one.id));
    folders.sort_unstable();
    folders.dedup();
    room.say_messages(folders);
    Ok(())
}
