//! One message: begin, commit, and only then submit; then write down what became of it.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::backend::{BackendError, Refusal};
use crate::engine::inner::Inner;
use crate::engine::signer::Signer;
use crate::engine::work::desk::Desk;
use crate::engine::work::outbox::failure::{Verdict, judge};
use crate::engine::work::outbox::{OpenLink, OutboxWorker, is_due};
use crate::engine::work::room::Room;
use crate::engine::work::{replay, sync};
use crate::engine::{EngineError, Event};
use crate::model::{
    AccountId, Failure, FailureKind, FolderId, Outbound, OutboxItem, OutboxState, Receipt,
    RefusedRecipient, Role, SentBy,
};
use crate::store::Sent;

impl OutboxWorker {
    /// Sends the oldest message that is due. Tells whether there was one.
    pub(super) async fn send_next(
        &mut self,
        stop: &CancellationToken,
    ) -> Result<bool, EngineError> {
        let inner = Arc::clone(&self.inner);
        let now = inner.now();
        let items = inner.store.outbox().await?;
        let Some(next) = items.into_iter().find(|item| is_due(item, now)) else {
            return Ok(false);
        };
        // Connected before the row is touched: a program that ends while connecting leaves nothing unsure.
        let connected = tokio::select! {
            connected = self.connect(&next) => connected,
            () = stop.cancelled() => return Ok(false),
        };
        let Some((item, mail)) = inner.store.outbox_begin(now).await? else {
            return Ok(false);
        };
        self.say_outbox();
        let connected = match connected {
            Ok(()) if (item.account, &item.from) != (next.account, &next.from) => {
                self.connect(&item).await
            }
            connected => connected,
        };
        match connected {
            Ok(()) => self.submit(&item, &mail).await?,
            Err(error) => self.not_sent(&item, error).await?,
        }
        self.say_outbox();
        Ok(true)
    }

    /// Makes sure that the account's connection is open and that the folder for the copy is known.
    pub(super) async fn connect(&mut self, item: &OutboxItem) -> Result<(), EngineError> {
        let signer = signer_of(&self.inner, item.account)?;
        let place = |link: &OpenLink| signer.sending_place(link.by.protocol, &item.from.email);
        let is_other = |link: &OpenLink| link.account != item.account || link.place != place(link);
        if self.link.as_ref().is_none_or(is_other) {
            self.link = None;
            self.link = Some(self.open(&signer, item).await?);
        }
        if !self.server_files_copies(&signer) {
            self.find_sent_folder(item).await;
        }
        Ok(())
    }

    fn server_files_copies(&self, signer: &Signer) -> bool {
        let by_server = || {
            self.link
                .as_ref()
                .is_some_and(|link| link.outgoing.files_sent_copy())
        };
        signer
            .account
            .servers
            .files_sent_copy
            .unwrap_or_else(by_server)
    }

    /// Reads the folder list of a mailbox that was never opened, so that the copy has a place to go.
    async fn find_sent_folder(&mut self, item: &OutboxItem) {
        let store = &self.inner.store;
        if matches!(
            store.folder_by_role(item.mailbox, Role::Sent).await,
            Ok(Some(_))
        ) {
            return;
        }
        let Ok(desk) = self.inner.desk(item.mailbox) else {
            return;
        };
        let listed = match Room::open(&self.inner, &desk).await {
            Ok(mut room) => sync::list(&mut room).await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = listed {
            tracing::debug!(?error, "no folder for the sent copy");
        }
    }

    async fn submit(&mut self, item: &OutboxItem, mail: &Outbound) -> Result<(), EngineError> {
        let signer = signer_of(&self.inner, item.account)?;
        let is_filed = self.server_files_copies(&signer);
        let Some(link) = self.link.as_mut() else {
            return Ok(());
        };
        match link.outgoing.submit(mail).await {
            Ok(Receipt::Accepted {
                refused,
                new_message_id,
            }) => {
                tracing::info!(
                    outbox = item.id.row(),
                    renamed = new_message_id.is_some(),
                    "sent"
                );
                let by = link.by.clone();
                self.accepted(item, is_filed, (by, new_message_id)).await?;
                if !refused.is_empty() {
                    self.tell_refused(item, &refused);
                }
                Ok(())
            }
            Ok(Receipt::Unsure { text }) => {
                self.link = None;
                self.unsure(item, text).await
            }
            Err(source) if is_off(&source) && link.by.detour.is_none() => {
                self.link = None;
                let error = signer.blame_outgoing(&item.from.email, source);
                // Refused before anything was taken, so it may go another way.
                match self.detour(&signer, item, error).await {
                    Ok(link) => {
                        self.link = Some(link);
                        Box::pin(self.submit(item, mail)).await
                    }
                    Err(error) => self.not_sent(item, error).await,
                }
            }
            Err(source) => {
                let is_usable = matches!(
                    source,
                    BackendError::Refused { .. } | BackendError::Unsupported { .. }
                );
                if !is_usable {
                    self.link = None;
                }
                let error = signer.blame_outgoing(&item.from.email, source);
                self.not_sent(item, error).await
            }
        }
    }

    /// Takes the message out of the outbox and queues the copy, in one transaction.
    pub(super) async fn accepted(
        &mut self,
        item: &OutboxItem,
        is_filed: bool,
        (by, new_message_id): (SentBy, Option<String>),
    ) -> Result<(), EngineError> {
        let store = &self.inner.store;
        let sent = store.folder_by_role(item.mailbox, Role::Sent).await?;
        let copy = sent.filter(|_| !is_filed).map(|folder| folder.id);
        let at = self.inner.now();
        let how = Sent {
            at,
            by,
            new_message_id,
        };
        store.outbox_accepted(item.id, copy, how).await?;
        if copy.is_none() && !is_filed {
            let error = EngineError::NoRoleFolder {
                mailbox: item.from.email.clone(),
                role: Role::Sent.name(),
            };
            self.inner.problem(Some(item.mailbox), Arc::new(error));
        }
        self.after_accepted(item).await
    }

    /// Has the copy filed and the original's mark shown.
    async fn after_accepted(&mut self, item: &OutboxItem) -> Result<(), EngineError> {
        let Ok(desk) = self.inner.desk(item.mailbox) else {
            return Ok(());
        };
        self.inner.count_pending(&desk).await?;
        for folder in self.likely_homes(&desk).await? {
            self.inner.say(Event::Messages(folder));
        }
        if !self.inner.is_background {
            if let Err(error) = file_now(&self.inner, &desk).await {
                tracing::debug!(?error, "the copy stays queued");
            }
            return Ok(());
        }
        desk.bell.ring();
        for desk in self.copy_desks(item)? {
            self.look_into_sent(&desk).await?;
        }
        Ok(())
    }

    /// Has a copy shown that the server files by itself.
    async fn look_into_sent(&mut self, desk: &Desk) -> Result<(), EngineError> {
        let store = &self.inner.store;
        let sent = store.folder_by_role(desk.mailbox.id, Role::Sent).await?;
        if let Some(sent) = sent {
            desk.mark_dirty([sent.id]);
            desk.bell.ring();
        }
        Ok(())
    }

    /// The original that was answered is most likely on screen or in the inbox.
    async fn likely_homes(&mut self, desk: &Desk) -> Result<Vec<FolderId>, EngineError> {
        let inbox = self
            .inner
            .store
            .folder_by_role(desk.mailbox.id, Role::Inbox)
            .await?;
        let mut homes: Vec<_> = inbox.map(|folder| folder.id).into_iter().collect();
        homes.extend(desk.looked().filter(|looked| !homes.contains(looked)));
        Ok(homes)
    }

    async fn not_sent(&mut self, item: &OutboxItem, error: EngineError) -> Result<(), EngineError> {
        let store = &self.inner.store;
        // `begin` counted this attempt already.
        match judge(&error, item.attempts) {
            Verdict::Later(wait, failure) => {
                let at = self.inner.now() + signed(wait);
                store.outbox_later(item.id, at, &failure).await?;
                if failure.kind == FailureKind::SignIn {
                    self.inner.say(Event::SignIn(item.account));
                }
            }
            Verdict::Failed(failure) => {
                let failed = OutboxState::Failed;
                store.outbox_stopped(item.id, failed, &failure).await?;
                self.inner.problem(Some(item.mailbox), Arc::new(error));
            }
        }
        Ok(())
    }

    fn tell_refused(&self, item: &OutboxItem, refused: &[RefusedRecipient]) {
        let one = |who: &RefusedRecipient| format!("{}: {} {}", who.address, who.code, who.text);
        let failure = Failure {
            kind: FailureKind::Recipients,
            code: refused
                .first()
                .map(|who| who.code.clone())
                .unwrap_or_default(),
            text: refused.iter().map(one).collect::<Vec<_>>().join("; "),
        };
        let mailbox = item.from.email.clone();
        let error = EngineError::Outbox { mailbox, failure };
        self.inner.problem(Some(item.mailbox), Arc::new(error));
    }
}

/// Whether a server says that nobody signs in over SMTP.
pub(super) fn is_off(error: &BackendError) -> bool {
    matches!(
        error,
        BackendError::Refused {
            kind: Refusal::SmtpAuthDisabled,
            ..
        }
    )
}

/// Finds who signs in for an account.
pub fn signer_of(inner: &Inner, account: AccountId) -> Result<Arc<Signer>, EngineError> {
    let found = inner.roster(|roster| {
        let mut signers = roster.signers.values();
        signers.find(|signer| signer.id == account).cloned()
    });
    found.ok_or_else(|| EngineError::NotFound {
        what: "account",
        name: account.to_string(),
    })
}

async fn file_now(inner: &Arc<Inner>, desk: &Arc<Desk>) -> Result<(), EngineError> {
    if desk.status().pending == 0 {
        return Ok(());
    }
    let mut room = Room::open(inner, desk).await?;
    replay::all(&mut room).await
}

/// Turns a wait into what timestamps are added with; no wait of ours comes near the limit.
pub fn signed(wait: Duration) -> SignedDuration {
    SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO)
}
