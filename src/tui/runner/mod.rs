//! Runs effects on the engine. Reads run at once, newest first in their slot; writes run one after the other,
//! so that what the user did first also happens first.

mod accounts;
mod files;
mod reads;
mod writes;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle};

use crate::config;
use crate::engine::{CheckWish, Engine, EngineError};
use crate::tui::effect::{Effect, Slot};
use crate::tui::outcome::Outcome;

pub use files::shorten;

use accounts::{approve, check, discover, read_old_server, sign_in};
use reads::{ask_directory, load_body, load_list, search_servers};
use writes::Writer;

/// How long quitting waits for writes that were asked for already.
const LAST_WRITES: Duration = Duration::from_secs(3);

/// Something that can run effects; the run loop's only way out.
pub trait Perform {
    /// Starts an effect; it must not wait.
    fn perform(&mut self, effect: Effect);

    /// Waits until what must not be lost is done.
    fn finish(self) -> impl Future<Output = ()> + Send;
}

/// Runs effects on the engine.
#[derive(Debug)]
pub struct Runner {
    engine: Engine,
    done: mpsc::UnboundedSender<Outcome>,
    running: HashMap<Slot, AbortHandle>,
    queue: mpsc::UnboundedSender<Effect>,
    writer: JoinHandle<()>,
    approve: Option<mpsc::UnboundedSender<String>>,
    /// Takes the pasted address of the sign-in that runs.
    paste: Option<mpsc::UnboundedSender<SecretString>>,
}

impl Runner {
    /// Starts the runner; outcomes go to `done`.
    pub fn new(
        engine: Engine,
        done: mpsc::UnboundedSender<Outcome>,
        clock: fn() -> Timestamp,
        approve: Option<mpsc::UnboundedSender<String>>,
    ) -> Self {
        let (queue, orders) = mpsc::unbounded_channel();
        let writer = Writer::new(engine.clone(), done.clone(), clock);
        let writer = tokio::spawn(writer.run(orders));
        Self {
            engine,
            done,
            running: HashMap::new(),
            queue,
            writer,
            approve,
            paste: None,
        }
    }

    fn say(&self, outcome: Outcome) {
        // A closed channel means that the interface is gone; nobody is left to tell.
        let _ = self.done.send(outcome);
    }

    /// Runs a future that ends in one outcome, in its slot if it has one.
    fn spawn(&mut self, slot: Option<Slot>, work: impl Future<Output = Outcome> + Send + 'static) {
        let done = self.done.clone();
        self.track(slot, async move {
            let _ = done.send(work.await);
        });
    }

    /// Runs a future in its slot; whatever ran there ends.
    fn track(&mut self, slot: Option<Slot>, work: impl Future<Output = ()> + Send + 'static) {
        let handle = tokio::spawn(work).abort_handle();
        if let Some(slot) = slot
            && let Some(old) = self.running.insert(slot, handle)
        {
            old.abort();
        }
    }

    fn read(&mut self, effect: Effect) {
        let engine = self.engine.clone();
        let slot = effect.slot();
        match effect {
            Effect::LoadMailboxes => self.spawn(slot, async move {
                let config = engine.config();
                let mailboxes = engine.mailboxes().await.map(|all| (all, config));
                Outcome::Mailboxes(mailboxes.map_err(Arc::new))
            }),
            Effect::LoadFolders(mailbox) => self.spawn(slot, async move {
                let folders = engine.folders(mailbox).await.map_err(Arc::new);
                Outcome::Folders(mailbox, folders)
            }),
            Effect::LoadStatus(mailbox) => {
                self.say(Outcome::Status(mailbox, Box::new(engine.status(mailbox))));
            }
            Effect::LoadList { .. } => self.spawn(slot, load_list(engine, effect)),
            Effect::LoadBody { .. } => self.spawn(slot, load_body(engine, effect)),
            Effect::LoadDrafts => self.spawn(slot, async move {
                Outcome::Drafts(engine.drafts().await.map_err(Arc::new))
            }),
            Effect::LoadOutbox => self.spawn(slot, async move {
                Outcome::Outbox(engine.outbox().await.map_err(Arc::new))
            }),
            Effect::LoadSent => self.spawn(slot, async move {
                Outcome::Sent(engine.sent().await.map_err(Arc::new))
            }),
            Effect::CompleteAddress { generation, prefix } => self.spawn(slot, async move {
                let addresses = engine.complete_address(prefix).await.unwrap_or_default();
                Outcome::Addresses {
                    generation,
                    addresses,
                }
            }),
            Effect::SearchServers { .. } => {
                let done = self.done.clone();
                self.spawn(slot, search_servers(engine, effect, done));
            }
            Effect::AskDirectory { .. } => self.spawn(slot, ask_directory(engine, effect)),
            other => self.read_slow(other),
        }
    }

    /// Reads that may take the network or the disk.
    fn read_slow(&mut self, effect: Effect) {
        let engine = self.engine.clone();
        let slot = effect.slot();
        match effect {
            Effect::Answer { how, message } => self.spawn(slot, async move {
                let draft = engine.answer(how, message).await;
                Outcome::Answered(draft.map(Box::new).map_err(Arc::new))
            }),
            Effect::SaveAttachment {
                message,
                part,
                folder,
            } => self.spawn(slot, async move {
                let folder = files::expand(&folder);
                let saved = engine.save_attachment(message, part, folder).await;
                Outcome::Saved(saved.map_err(Arc::new))
            }),
            Effect::CompletePath { generation, prefix } => self.spawn(slot, async move {
                let paths = files::complete(prefix).await;
                Outcome::Paths { generation, paths }
            }),
            Effect::Attach { key, path } => {
                self.spawn(slot, async move {
                    let facts = files::facts(path).await;
                    Outcome::File(key, facts)
                });
            }
            Effect::LoadToken(account) => self.spawn(slot, async move {
                let facts = engine.token_facts(&account).await.map_err(Arc::new);
                Outcome::Token(account, facts.map(|facts| facts.map(Box::new)))
            }),
            Effect::LoadTokenReport(account) => self.spawn(slot, async move {
                let report = engine.token_report(&account).await;
                Outcome::TokenReport(account, report.map(Box::new).map_err(Arc::new))
            }),
            Effect::RenewToken(account) => self.spawn(slot, async move {
                let renewed = engine.renew_tokens(&account).await;
                Outcome::Renewed(account, renewed.map_err(Arc::new))
            }),
            Effect::LoadExpiries => {
                self.spawn(
                    slot,
                    async move { Outcome::Expiries(engine.expiries().await) },
                );
            }
            Effect::WriteFile { path, text } => self.spawn(slot, files::write_new(path, text)),
            Effect::LoadVault => self.say(Outcome::Vault(engine.vault_description())),
            Effect::OpenUrl(url) => self.spawn(slot, files::open_url(url)),
            other => self.account(other),
        }
    }

    fn account(&mut self, effect: Effect) {
        let engine = self.engine.clone();
        let slot = effect.slot();
        match effect {
            Effect::Discover {
                generation,
                address,
            } => self.spawn(slot, discover(engine, generation, address)),
            Effect::ReadOldServer {
                generation,
                address,
                text,
            } => self.spawn(slot, read_old_server(engine, generation, address, text)),
            Effect::FindFiles { generation, paths } => self.spawn(slot, async move {
                let missing = files::missing(paths).await;
                Outcome::FilesMissing {
                    generation,
                    missing,
                }
            }),
            Effect::LoadOldSettings => self.spawn(slot, async move {
                Outcome::OldSettings(engine.old_settings().await.map_err(Arc::new))
            }),
            Effect::SignIn {
                generation,
                account,
                method,
            } => {
                let (paste, pasted) = mpsc::unbounded_channel();
                self.paste = Some(paste);
                let wish = accounts::Wish {
                    generation,
                    account,
                    method,
                };
                let done = self.done.clone();
                self.track(slot, sign_in(engine, wish, pasted, done));
            }
            Effect::PasteAddress(text) => {
                if let Some(paste) = &self.paste {
                    // A sign-in that has ended wants no address any more.
                    let _ = paste.send(text.0);
                }
            }
            Effect::LookForSecret(profile) => self.spawn(slot, async move {
                let is_kept = engine.has_client_secret(&profile).await;
                Outcome::SecretFound(profile, is_kept.map_err(Arc::new))
            }),
            Effect::LoadMissing(account) => self.spawn(slot, async move {
                let missing = engine.missing_secrets(&account).await;
                Outcome::Missing(account, missing.map_err(Arc::new))
            }),
            Effect::SignInApprove(code) => approve(self.approve.as_ref(), code),
            Effect::Check {
                generation,
                account,
                send_test,
            } => {
                let done = self.done.clone();
                let wish = CheckWish {
                    send_test,
                    ..CheckWish::of(account)
                };
                self.track(slot, check(engine, generation, wish, done));
            }
            Effect::Cancel(slot) => {
                if let Some(old) = self.running.remove(&slot) {
                    old.abort();
                }
            }
            Effect::Sync(mailbox) => engine.poke(mailbox),
            Effect::StopSync(mailbox) => engine.stop_syncing(mailbox),
            Effect::LookAt(folder) => engine.look_at(folder),
            write => {
                // The writer ends only with this runner.
                let _ = self.queue.send(write);
            }
        }
    }
}

impl Perform for Runner {
    fn perform(&mut self, effect: Effect) {
        self.read(effect);
    }

    async fn finish(self) {
        for handle in self.running.values() {
            handle.abort();
        }
        drop(self.queue);
        if tokio::time::timeout(LAST_WRITES, self.writer)
            .await
            .is_err()
        {
            tracing::warn!("the last writes of the interface took too long");
        }
    }
}

/// Saves the interface settings and has the engine read them.
async fn save_interface(engine: &Engine, interface: config::Interface) -> Result<(), EngineError> {
    config::save_interface(&engine.paths(), &interface)?;
    engine.reload().await
}
