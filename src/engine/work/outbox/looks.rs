//! Finding out whether a message was sent whose answer never came: look for its `Message-ID` in Sent.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::engine::EngineError;
use crate::engine::work::bell::locked;
use crate::engine::work::desk::Desk;
use crate::engine::work::outbox::detour::usual_way;
use crate::engine::work::outbox::round::{signed, signer_of};
use crate::engine::work::outbox::{LOCK, OutboxWorker};
use crate::engine::work::plan::Phase;
use crate::engine::work::room::Room;
use crate::engine::work::sync;
use crate::model::{Failure, FailureKind, MailboxKind, OutboxId, OutboxItem, OutboxState, Role};
use crate::store::Sent;

/// Waits before each look: a server may take a moment to file its copy.
const WAITS: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_secs(5),
    Duration::from_secs(30),
];
/// The wait after a look that could not be made.
const OFFLINE: Duration = Duration::from_secs(60);
/// Looks that could not be made until a person decides instead.
const OFFLINE_LOOKS: u32 = 30;
/// A message that was due longer ago than this is in Sent by now, if it was taken.
const SETTLED: SignedDuration = SignedDuration::from_secs(60);
/// Steps of synchronisation per look; copies are among the newest messages.
const STEPS: usize = 4;

/// Messages being looked for.
#[derive(Debug, Default)]
pub struct Looks(Vec<Look>);

#[derive(Clone, Debug)]
struct Look {
    id: OutboxId,
    due: Timestamp,
    /// Looks that were made.
    made: usize,
    /// Looks that could not be made.
    missed: u32,
    /// Whether a person was told.
    is_told: bool,
}

impl Looks {
    fn add(&mut self, id: OutboxId, now: Timestamp, is_told: bool) {
        self.0.retain(|look| look.id != id);
        self.0.push(Look {
            id,
            due: now,
            made: 0,
            missed: 0,
            is_told,
        });
    }

    /// Returns when the next look is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.0.iter().map(|look| look.due).min()
    }

    /// Tells whether a message is still being looked for.
    pub fn contains(&self, id: OutboxId) -> bool {
        self.0.iter().any(|look| look.id == id)
    }

    /// Tells whether a look for a message could not be made.
    pub fn is_blind(&self, id: OutboxId) -> bool {
        self.0.iter().any(|look| look.id == id && look.missed > 0)
    }

    fn due(&self, now: Timestamp) -> Vec<Look> {
        let is_due = |look: &&Look| look.due <= now;
        self.0.iter().filter(is_due).cloned().collect()
    }

    fn end(&mut self, id: OutboxId) {
        self.0.retain(|look| look.id != id);
    }

    fn put(&mut self, look: Look) {
        self.end(look.id);
        self.0.push(look);
    }
}

impl OutboxWorker {
    /// Takes up messages that a program which died left in `sending`. Called with the senders' lock held.
    pub(super) async fn recover(&mut self) -> Result<(), EngineError> {
        let orphans = self.inner.store.outbox_recover().await?;
        let now = self.inner.now();
        for id in &orphans {
            tracing::warn!(outbox = id.row(), "found half sent");
            locked(&self.inner.looks).add(*id, now, false);
        }
        if !orphans.is_empty() {
            self.say_outbox();
        }
        Ok(())
    }

    /// Looks once more for what an earlier run was unsure about, without telling it again.
    pub(super) async fn look_at_unsure(&mut self) -> Result<(), EngineError> {
        let now = self.inner.now();
        for item in self.inner.store.outbox().await? {
            if item.state == OutboxState::Unsure {
                locked(&self.inner.looks).add(item.id, now, true);
            }
        }
        Ok(())
    }

    /// Begins to look for a message again that an earlier run was unsure about: once, if any copy must be filed by now.
    pub async fn look_again(&mut self, id: OutboxId) -> Result<(), EngineError> {
        let now = self.inner.now();
        let items = self.inner.store.outbox().await?;
        let is_it = |item: &OutboxItem| item.id == id && item.state == OutboxState::Unsure;
        if let Some(item) = items.into_iter().find(is_it) {
            let is_settled = now.duration_since(item.not_before) > SETTLED;
            locked(&self.inner.looks).put(Look {
                id,
                due: now,
                made: if is_settled { WAITS.len() - 1 } else { 0 },
                missed: 0,
                is_told: true,
            });
        }
        Ok(())
    }

    /// Writes down that nobody knows whether a message was taken, and begins to look for it.
    pub(super) async fn unsure(
        &mut self,
        item: &OutboxItem,
        text: String,
    ) -> Result<(), EngineError> {
        let (kind, code) = (FailureKind::Unsure, String::new());
        let failure = Failure { kind, code, text };
        let unsure = OutboxState::Unsure;
        // Entered first, so that whoever sees the state knows that it is not the last word.
        locked(&self.inner.looks).add(item.id, self.inner.now(), false);
        let stopped = self
            .inner
            .store
            .outbox_stopped(item.id, unsure, &failure)
            .await;
        Ok(stopped?)
    }

    /// Makes the looks that are due.
    pub(super) async fn look(&mut self, stop: &CancellationToken) -> Result<(), EngineError> {
        let due = locked(&self.inner.looks).due(self.inner.now());
        if due.is_empty() {
            return Ok(());
        }
        let items = self.inner.store.outbox().await?;
        for look in due {
            let is_ours =
                |item: &&OutboxItem| item.id == look.id && item.state == OutboxState::Unsure;
            let Some(item) = items.iter().find(is_ours) else {
                locked(&self.inner.looks).end(look.id);
                continue;
            };
            let found = tokio::select! {
                found = self.is_in_sent(item) => found,
                () = stop.cancelled() => return Ok(()),
            };
            self.judge_look(item, look, found).await?;
        }
        Ok(())
    }

    async fn judge_look(
        &mut self,
        item: &OutboxItem,
        mut look: Look,
        found: Result<bool, EngineError>,
    ) -> Result<(), EngineError> {
        let now = self.inner.now();
        let wait = match found {
            Ok(true) => {
                // The copy that was found is the copy: none is filed.
                let signer = signer_of(&self.inner, item.account)?;
                let sent = Sent {
                    at: now,
                    by: usual_way(&signer, &item.from.email),
                    new_message_id: None,
                };
                let store = &self.inner.store;
                store.outbox_accepted(item.id, None, sent).await?;
                locked(&self.inner.looks).end(item.id);
                self.say_outbox();
                return Ok(());
            }
            Ok(false) => {
                look.made += 1;
                let wait = WAITS.get(look.made).copied();
                if wait.is_none() {
                    self.take_back(item).await;
                }
                wait
            }
            Err(error) => {
                tracing::debug!(?error, "Sent could not be looked at");
                look.missed += 1;
                (look.missed < OFFLINE_LOOKS).then_some(OFFLINE)
            }
        };
        let is_last = wait.is_none();
        if (is_last || look.missed > 0) && !std::mem::replace(&mut look.is_told, true) {
            self.tell_unsure(item);
        }
        match wait {
            Some(wait) => {
                look.due = now + signed(wait);
                locked(&self.inner.looks).put(look);
            }
            None => locked(&self.inner.looks).end(item.id),
        }
        self.say_outbox();
        Ok(())
    }

    /// Has the server give up what it may have kept of a message that is not in Sent: from here on, a person decides
    /// whether it is sent, and no draft of it stays.
    async fn take_back(&mut self, item: &OutboxItem) {
        let signer = signer_of(&self.inner, item.account).ok();
        let outgoing = signer.and_then(|signer| signer.account.servers.outgoing.clone());
        if !outgoing.is_some_and(|server| server.protocol.is_web()) {
            return;
        }
        // No other running copy may be sending it meanwhile.
        let Ok(_lock) = self.inner.vault.lock(LOCK).await else {
            return;
        };
        let items = self.inner.store.outbox().await.unwrap_or_default();
        let is_it = |one: &OutboxItem| one.id == item.id && one.state == OutboxState::Unsure;
        if !items.iter().any(is_it) || self.connect(item).await.is_err() {
            return;
        }
        if let Some(link) = &mut self.link
            && let Err(error) = link.outgoing.take_back(&item.message_id).await
        {
            tracing::debug!(?error, "a draft may stay until the next attempt");
        }
        self.link = None;
    }

    fn tell_unsure(&self, item: &OutboxItem) {
        let failure = item.failure.clone().unwrap_or(Failure {
            kind: FailureKind::Unsure,
            code: String::new(),
            text: String::new(),
        });
        let mailbox = item.from.email.clone();
        let error = EngineError::Outbox { mailbox, failure };
        self.inner.problem(Some(item.mailbox), Arc::new(error));
    }

    async fn is_in_sent(&mut self, item: &OutboxItem) -> Result<bool, EngineError> {
        for desk in self.copy_desks(item)? {
            if self.is_cached(&desk, item).await? || self.is_on_server(&desk, item).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns where a copy may be: in the mailbox it is from, and in the identity's own, where Exchange files it.
    pub(super) fn copy_desks(&self, item: &OutboxItem) -> Result<Vec<Arc<Desk>>, EngineError> {
        let mut desks = vec![self.inner.desk(item.mailbox)?];
        let is_main = |desk: &Arc<Desk>| {
            desk.mailbox.account == item.account
                && desk.mailbox.kind == MailboxKind::Main
                && desk.mailbox.id != item.mailbox
        };
        desks.extend(self.inner.desks().into_iter().filter(is_main));
        Ok(desks)
    }

    async fn is_cached(&mut self, desk: &Desk, item: &OutboxItem) -> Result<bool, EngineError> {
        let (mailbox, id) = (desk.mailbox.id, &item.message_id);
        let sent = Some(Role::Sent);
        let found = self.inner.store.find_message_id(mailbox, id, sent).await?;
        Ok(!found.is_empty())
    }

    async fn is_on_server(
        &mut self,
        desk: &Arc<Desk>,
        item: &OutboxItem,
    ) -> Result<bool, EngineError> {
        let mut room = Room::open(&self.inner, desk).await?;
        let mailbox = desk.mailbox.id;
        if self
            .inner
            .store
            .folder_by_role(mailbox, Role::Sent)
            .await?
            .is_none()
        {
            sync::list(&mut room).await?;
        }
        let Some(sent) = self.inner.store.folder_by_role(mailbox, Role::Sent).await? else {
            return Ok(false);
        };
        for _ in 0..STEPS {
            let step = sync::step(&mut room, &sent, Phase::News).await?;
            if self.is_cached(desk, item).await? {
                return Ok(true);
            }
            if !step.has_more {
                break;
            }
        }
        Ok(false)
    }
}
