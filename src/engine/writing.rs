//! Writing: drafts, answers, and the way into the outbox.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::engine::reading::in_thread;
use crate::engine::work::bell::locked;
use crate::engine::work::desk::Desk;
use crate::engine::work::directory;
use crate::engine::work::outbox::OutboxWorker;
use crate::engine::{Engine, EngineError, Event, Fate};
use crate::mime::{Answer, Built, adopt, answer, build, parse_envelope};
use crate::model::{
    Address, Draft, DraftId, MessageId, Outbound, OutboxId, OutboxItem, OutboxState, SentMail,
};
use crate::store::NewOutbox;

/// How often a wait for a message looks again, should an event be missed.
const LOOK: Duration = Duration::from_secs(1);

impl Engine {
    /// Prepares an answer to a message, fetching it first if need be.
    pub async fn answer(&self, how: Answer, message: MessageId) -> Result<Draft, EngineError> {
        let bytes = self.raw(message).await?;
        let rows = self.inner.store.listed(&[message]).await?;
        let Some(original) = rows.into_iter().next() else {
            return Err(EngineError::NotFound {
                what: "message",
                name: message.to_string(),
            });
        };
        let own = self.own_addresses(&*self.inner.desk(original.mailbox)?);
        in_thread(move || Ok(answer(how, &original, &bytes, &own))).await
    }

    /// Returns all addresses of the user, the one of this mailbox first.
    fn own_addresses(&self, desk: &Desk) -> Vec<Address> {
        let mut own = vec![desk.mailbox.address.clone()];
        for other in self.inner.desks() {
            let address = &other.mailbox.address;
            if !own.iter().any(|known| known.is_same_mailbox(address)) {
                own.push(address.clone());
            }
        }
        own
    }

    /// Saves a draft.
    pub async fn save_draft(
        &self,
        id: Option<DraftId>,
        draft: Draft,
    ) -> Result<DraftId, EngineError> {
        let now = self.inner.now();
        Ok(self.inner.store.save_draft(id, &draft, now).await?)
    }

    /// Returns the drafts kept here, newest first.
    pub async fn drafts(&self) -> Result<Vec<(DraftId, Draft, Timestamp)>, EngineError> {
        Ok(self.inner.store.drafts().await?)
    }

    /// Deletes a draft.
    pub async fn delete_draft(&self, id: DraftId) -> Result<(), EngineError> {
        Ok(self.inner.store.delete_draft(id).await?)
    }

    /// Queues a draft for sending, not before `delay` has passed (the undo window).
    pub async fn send(
        &self,
        draft: Draft,
        id: Option<DraftId>,
        delay: Duration,
    ) -> Result<OutboxId, EngineError> {
        let desk = self.desk_for(&draft.from)?;
        let now = self.inner.now();
        let sender = desk
            .signer
            .account
            .sender_for(&draft.from)
            .map(str::to_owned);
        let (built, draft) =
            in_thread(move || Ok((build(&draft, sender.as_deref(), now)?, draft))).await?;
        let (from, subject) = (draft.from.clone(), draft.subject.clone());
        let mut new = new_outbox(&desk, built, from, subject);
        new.draft = Some(draft);
        new.not_before = now + jiff::SignedDuration::try_from(delay).unwrap_or_default();
        self.queue(new, id).await
    }

    /// Queues a finished RFC 5322 message from the mailbox `from`.
    pub async fn send_raw(
        &self,
        message: Vec<u8>,
        from: &Address,
    ) -> Result<OutboxId, EngineError> {
        let desk = self.desk_for(from)?;
        let (now, sender) = (self.inner.now(), from.clone());
        let (built, envelope) = in_thread(move || {
            let built = adopt(&message, &sender, now)?;
            let envelope = parse_envelope(&built.bytes, Some(now));
            Ok((built, envelope))
        })
        .await?;
        let from = envelope.from.into_iter().next();
        let from = from.unwrap_or_else(|| desk.mailbox.address.clone());
        let mut new = new_outbox(&desk, built, from, envelope.subject);
        new.not_before = now;
        self.queue(new, None).await
    }

    async fn queue(&self, new: NewOutbox, draft: Option<DraftId>) -> Result<OutboxId, EngineError> {
        let id = self.inner.store.outbox_add(new, draft).await?;
        self.outbox_changed();
        Ok(id)
    }

    /// Returns whom the organisation's address book knows by what was typed in mail from `from`; nobody where the account
    /// has none. What fails is logged: the cache's answer has to do then. May be dropped at any time.
    pub async fn complete_from_directory(&self, from: &Address, prefix: &str) -> Vec<Address> {
        let Ok(desk) = self.desk_for(from) else {
            return Vec::new();
        };
        let _guard = self.inner.busy.begin();
        directory::resolve(&self.inner, &desk.signer, prefix).await
    }

    /// Finds the mailbox that sends as an address.
    fn desk_for(&self, from: &Address) -> Result<Arc<Desk>, EngineError> {
        let desks = self.inner.desks();
        let found = desks
            .into_iter()
            .find(|desk| desk.mailbox.address.is_same_mailbox(from));
        found.ok_or_else(|| EngineError::NotFound {
            what: "mailbox",
            name: from.email.clone(),
        })
    }

    /// Waits until a queued message is accepted (`None`) or stands still (its item); used by `send`. A message that
    /// will be tried again later stands still.
    pub async fn wait_sent(&self, id: OutboxId) -> Result<Option<OutboxItem>, EngineError> {
        let mut events = self.inner.subscribe();
        loop {
            if !self.inner.is_background {
                self.send_round().await?;
            }
            let items = self.inner.store.outbox().await?;
            let Some(item) = items.into_iter().find(|item| item.id == id) else {
                return Ok(None);
            };
            if self.stands_still(&item) {
                return Ok(Some(item));
            }
            let due = item.not_before.duration_since(self.inner.now());
            let nap = Duration::try_from(due)
                .unwrap_or_default()
                .clamp(Duration::from_millis(10), LOOK);
            tokio::select! {
                () = tokio::time::sleep(nap) => {}
                _ = events.recv(), if self.inner.is_background => {}
            }
        }
    }

    fn stands_still(&self, item: &OutboxItem) -> bool {
        match item.state {
            OutboxState::Failed | OutboxState::Held => true,
            OutboxState::Unsure => {
                let looks = locked(&self.inner.looks);
                // A command does not wait until there is a connection again.
                let is_waiting = self.inner.is_background || !looks.is_blind(item.id);
                !(looks.contains(item.id) && is_waiting)
            }
            OutboxState::Ready => item.failure.is_some() && item.not_before > self.inner.now(),
            OutboxState::Sending => false,
        }
    }

    /// Returns all outgoing messages.
    pub async fn outbox(&self) -> Result<Vec<OutboxItem>, EngineError> {
        Ok(self.inner.store.outbox().await?)
    }

    /// Returns what was sent in the last two weeks, newest first.
    pub async fn sent(&self) -> Result<Vec<SentMail>, EngineError> {
        Ok(self.inner.store.sent().await?)
    }

    /// Finds out what became of a message that is unsure, or that a program which died was sending; for commands,
    /// where no worker does it. One that was sent is taken out of the outbox.
    pub async fn outbox_look(&self, id: OutboxId) -> Result<Fate, EngineError> {
        let mut worker = OutboxWorker::new(Arc::clone(&self.inner));
        worker.look_again(id).await?;
        if self.wait_sent(id).await?.is_none() {
            return Ok(Fate::Sent);
        }
        let is_blind = locked(&self.inner.looks).is_blind(id);
        Ok(if is_blind { Fate::Unknown } else { Fate::Kept })
    }

    /// Sends again what failed, is held or unsure.
    pub async fn outbox_retry(&self, id: OutboxId) -> Result<bool, EngineError> {
        let is_queued = self.inner.store.outbox_retry(id, self.inner.now()).await?;
        self.outbox_changed();
        Ok(is_queued)
    }

    /// Takes a message back; its draft is among the drafts again. `None` if it is too late.
    pub async fn outbox_cancel(&self, id: OutboxId) -> Result<Option<DraftId>, EngineError> {
        let draft = self.inner.store.outbox_cancel(id, self.inner.now()).await?;
        self.outbox_changed();
        Ok(draft)
    }

    fn outbox_changed(&self) {
        self.inner.outbox.ring();
        self.inner.say(Event::Outbox);
    }
}

fn new_outbox(desk: &Desk, built: Built, from: Address, subject: String) -> NewOutbox {
    NewOutbox {
        account: desk.mailbox.account,
        mailbox: desk.mailbox.id,
        from,
        subject,
        message_id: built.message_id,
        mail: Outbound {
            // The mailbox, whoever signs in: protocol facts §5.2.
            sender: desk.mailbox.address.email.clone(),
            recipients: built.recipients,
            bytes: built.bytes,
        },
        draft: None,
        not_before: Timestamp::UNIX_EPOCH,
    }
}
