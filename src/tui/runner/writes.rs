//! Writes, one after the other: nothing the user did later happens earlier.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::engine::{Engine, EngineError};
use crate::model::{ActionId, Draft, DraftId, OutboxId};
use crate::tui::effect::{DraftKey, Effect, Voice};
use crate::tui::notices::later;
use crate::tui::outcome::{Deed, Outcome, Shared};

/// Does the writes of one interface.
pub struct Writer {
    engine: Engine,
    done: UnboundedSender<Outcome>,
    clock: fn() -> Timestamp,
    /// Which row a composer's draft is, once it was saved; here because only here the order is certain.
    drafts: HashMap<DraftKey, DraftId>,
}

impl Writer {
    /// Makes a writer.
    pub fn new(engine: Engine, done: UnboundedSender<Outcome>, clock: fn() -> Timestamp) -> Self {
        Self {
            engine,
            done,
            clock,
            drafts: HashMap::new(),
        }
    }

    /// Works until the queue is closed and empty.
    pub async fn run(mut self, mut queue: UnboundedReceiver<Effect>) {
        while let Some(effect) = queue.recv().await {
            if let Some(outcome) = self.write(effect).await {
                let _ = self.done.send(outcome);
            }
        }
    }

    async fn write(&mut self, effect: Effect) -> Option<Outcome> {
        let engine = &self.engine;
        let outcome = match effect {
            Effect::Mark {
                messages,
                change,
                voice,
            } => {
                let count = messages.len();
                let result = engine.mark(messages, change).await;
                acted(Deed::Marked, count, voice, result)
            }
            Effect::MoveTo { messages, folder } => {
                let count = messages.len();
                let result = engine.move_to(messages, folder).await;
                acted(Deed::Moved, count, Voice::Said, result)
            }
            Effect::MakeArchive(messages) => {
                let (deed, count) = (Deed::Archived, messages.len());
                match engine.archive_in_new_folder(messages).await {
                    Ok(()) => {
                        Outcome::Said("Making the archive folder; then it goes there".to_owned())
                    }
                    Err(error) => acted(deed, count, Voice::Silent, Err(error)),
                }
            }
            Effect::Archive(messages) => {
                let count = messages.len();
                let result = engine.archive(messages).await;
                acted(Deed::Archived, count, Voice::Said, result)
            }
            Effect::Delete(messages) => {
                let count = messages.len();
                let result = engine.delete(messages).await;
                acted(Deed::Deleted, count, Voice::Said, result)
            }
            Effect::Undo(action) => Outcome::Undone(engine.undo(action).await.map_err(Arc::new)),
            other => return self.write_mail(other).await,
        };
        Some(outcome)
    }

    async fn write_mail(&mut self, effect: Effect) -> Option<Outcome> {
        let outcome = match effect {
            Effect::SaveDraft { key, draft } => self.save_draft(key, *draft).await,
            Effect::AdoptDraft { key, id } => {
                self.drafts.insert(key, id);
                return None;
            }
            Effect::DiscardDraft(key) => {
                let id = self.drafts.remove(&key)?;
                Outcome::DraftDeleted(self.engine.delete_draft(id).await.map_err(Arc::new))
            }
            Effect::DeleteDraft(id) => {
                Outcome::DraftDeleted(self.engine.delete_draft(id).await.map_err(Arc::new))
            }
            Effect::Send { key, draft, delay } => self.send(key, draft, delay).await,
            Effect::OutboxRetry(id) => {
                Outcome::Retried(self.engine.outbox_retry(id).await.map_err(Arc::new))
            }
            Effect::OutboxCancel(id) => {
                Outcome::TakenBack(self.take_back(id).await.map_err(Arc::new))
            }
            other => return self.write_account(other).await,
        };
        Some(outcome)
    }

    async fn save_draft(&mut self, key: DraftKey, draft: Draft) -> Outcome {
        let known = self.drafts.get(&key).copied();
        let result = self.engine.save_draft(known, draft).await;
        if let Ok(id) = &result {
            self.drafts.insert(key, *id);
        }
        Outcome::DraftSaved(key, result.map_err(Arc::new))
    }

    /// Queues a draft. If that fails the draft is kept, so that nothing is lost whatever the screen does next.
    async fn send(&mut self, key: DraftKey, draft: Box<Draft>, delay: Duration) -> Outcome {
        let known = self.drafts.get(&key).copied();
        let due = later((self.clock)(), delay);
        let result = self.engine.send((*draft).clone(), known, delay).await;
        if result.is_ok() {
            self.drafts.remove(&key);
        } else if let Ok(id) = self.engine.save_draft(known, (*draft).clone()).await {
            self.drafts.insert(key, id);
        }
        Outcome::Queued {
            key,
            draft,
            result: result.map_err(Arc::new),
            due,
        }
    }

    async fn take_back(&self, id: OutboxId) -> Result<Option<(DraftId, Box<Draft>)>, EngineError> {
        let Some(id) = self.engine.outbox_cancel(id).await? else {
            return Ok(None);
        };
        let drafts = self.engine.drafts().await?;
        let draft = drafts.into_iter().find(|(known, _, _)| *known == id);
        Ok(draft.map(|(id, draft, _)| (id, Box::new(draft))))
    }

    async fn write_account(&mut self, effect: Effect) -> Option<Outcome> {
        let engine = &self.engine;
        let outcome = match effect {
            Effect::SaveAccount(account) => {
                let name = account.name.clone();
                Outcome::AccountSaved(name, shared(engine.save_account(*account).await))
            }
            Effect::ChangeConfig(change) => {
                let result = engine.change_config((*change).clone()).await;
                Outcome::ConfigChanged(change, shared(result))
            }
            Effect::RemoveAccount(name) => {
                let result = engine.remove_account(&name).await;
                Outcome::AccountRemoved(name, shared(result))
            }
            Effect::SetPassword { account, password } => {
                let result = engine.set_password(&account, password.0).await;
                Outcome::PasswordSet(account, shared(result))
            }
            Effect::SetClientSecret { profile, secret } => {
                let result = engine.set_client_secret(&profile, secret.0).await;
                Outcome::SecretSet(profile, shared(result))
            }
            Effect::SignOut(account) => {
                let result = engine.sign_out(&account).await.map(drop);
                Outcome::SignedOut(account, shared(result))
            }
            Effect::SaveInterface(interface) => {
                let result = super::save_interface(engine, *interface).await;
                Outcome::InterfaceSaved(shared(result))
            }
            // What is left belongs to the root and never comes here.
            _ => return None,
        };
        Some(outcome)
    }
}

fn shared<T>(result: Result<T, EngineError>) -> Shared<T> {
    result.map_err(Arc::new)
}

fn acted(deed: Deed, count: usize, voice: Voice, result: Result<ActionId, EngineError>) -> Outcome {
    let said = |action| (voice == Voice::Said).then_some(action);
    Outcome::Acted {
        deed,
        count,
        result: result.map(said).map_err(Arc::new),
    }
}
