//! The proof: a message from a mailbox to itself, found again where it must arrive, then removed everywhere.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::backend::BackendError;
use crate::engine::EngineError;
use crate::engine::check::mailbox::inbox;
use crate::engine::check::{Check, Post};
use crate::engine::work::desk::Desk;
use crate::engine::work::room::Room;
use crate::mime::{Built, build};
use crate::model::{Draft, Outbound, Query, Receipt, RemoteFolder, RemoteId, RemoteOp, Role};

/// How long a message may be on its way.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

impl Check {
    /// Sends a message from a mailbox to itself, waits for it, removes it and the sent copies.
    pub(super) async fn deliver(
        &self,
        desk: &Arc<Desk>,
        post: &Post,
    ) -> Result<String, EngineError> {
        let mark = format!("{:x}", self.inner.clock.now().as_nanosecond());
        let mut room = Room::open(&self.inner, desk).await?;
        let started = Instant::now();
        self.submit(desk, post, &mark).await?;
        let folders = list(&mut room).await?;
        let found = arrive(&mut room, &folders, &mark).await?;
        let took = started.elapsed();
        remove(&mut room, &folders, &mark).await;
        // The sent copy is the identity's where the server files it (protocol facts §5.2).
        if !Arc::ptr_eq(desk, &post.main)
            && let Ok(mut room) = Room::open(&self.inner, &post.main).await
            && let Ok(folders) = list(&mut room).await
        {
            remove(&mut room, &folders, &mark).await;
        }
        if found {
            let (address, seconds) = (desk.address(), took.as_secs_f64());
            return Ok(format!(
                "a message from {address} to itself arrived after {seconds:.1} s and was removed"
            ));
        }
        Err(desk.signer.blame_outgoing(
            desk.address(),
            BackendError::Protocol {
                doing: "find a test message again",
                detail: format!(
                    "the server took it, but it was not in the inbox within {} s; its subject holds {mark}",
                    PATIENCE.as_secs()
                ),
            },
        ))
    }

    async fn submit(&self, desk: &Desk, post: &Post, mark: &str) -> Result<(), EngineError> {
        let mailbox = &desk.mailbox.address;
        let draft = Draft {
            from: mailbox.clone(),
            to: mailbox.email.clone(),
            subject: subject(mark),
            text: "This message tests whether mail can be sent and arrives. It removes itself.\n"
                .to_owned(),
            ..Draft::default()
        };
        let sender = desk.signer.account.sender_for(mailbox);
        let Built {
            recipients, bytes, ..
        } = build(&draft, sender, self.inner.clock.now())?;
        let mail = Outbound {
            sender: mailbox.email.clone(),
            recipients,
            bytes,
        };
        let signer = &desk.signer;
        let mut place = post.link.lock().await;
        let (user, mut link) = post.take(self, desk, &mut place).await?;
        let receipt = link.submit(&mail).await;
        if matches!(
            receipt,
            Ok(Receipt::Accepted { .. }) | Err(BackendError::Refused { .. })
        ) {
            *place = Some((user, link));
        }
        // One of which nobody knows may have arrived: looking for it tells.
        let receipt = receipt.map_err(|source| signer.blame_outgoing(desk.address(), source))?;
        tracing::debug!(?receipt, "a test message was sent");
        Ok(())
    }
}

/// Only ASCII and one plain word: Exchange searches nothing else reliably (protocol facts §6.3).
fn subject(mark: &str) -> String {
    format!("Pillarbox check {mark}")
}

async fn list(room: &mut Room) -> Result<Vec<RemoteFolder>, EngineError> {
    let listed = room.backend().folders().await;
    listed.map_err(|source| room.blame(source))
}

/// Looks into the inbox until the message is there.
async fn arrive(
    room: &mut Room,
    folders: &[RemoteFolder],
    mark: &str,
) -> Result<bool, EngineError> {
    let Some(inbox) = inbox(folders) else {
        return Ok(false);
    };
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        let found = look(room, &inbox, mark).await;
        if !found.map_err(|source| room.blame(source))?.is_empty() {
            return Ok(true);
        }
        sleep(PAUSE).await;
    }
    Ok(false)
}

async fn look(
    room: &mut Room,
    folder: &RemoteId,
    mark: &str,
) -> Result<Vec<RemoteId>, BackendError> {
    let query = Query::parse(&format!("subject:{mark}"));
    room.backend().search(folder, &query).await
}

/// Removes the message and its sent copy; what cannot be removed is harmless and stays.
async fn remove(room: &mut Room, folders: &[RemoteFolder], mark: &str) {
    let places = folders.iter();
    for folder in places.filter(|one| matches!(one.role, Role::Inbox | Role::Sent)) {
        let Ok(found) = look(room, &folder.id, mark).await else {
            return;
        };
        if found.is_empty() {
            continue;
        }
        let op = RemoteOp::Delete {
            folder: folder.id.as_str().to_owned(),
            messages: found.iter().map(|id| id.as_str().to_owned()).collect(),
        };
        if let Err(error) = room.backend().apply(&op).await {
            tracing::debug!(%error, "a test message was not removed");
            return;
        }
    }
}
