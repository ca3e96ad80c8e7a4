//! Accounts come and go: saving, removing, reading the configuration again; only what changed is restarted.

use std::sync::Arc;

use crate::auth::{Ended, TokenFacts};
use crate::config::{Config, ConfigError, remove_account, save_account};
use crate::engine::inner::Inner;
use crate::engine::signer::Signer;
use crate::engine::work::budget::{Budget, SEATS};
use crate::engine::work::desk::Desk;
use crate::engine::work::supervisor::{Key, Loop};
use crate::engine::work::{refresher, worker};
use crate::engine::{Engine, EngineError, Event};
use crate::model::{Account, Mailbox, MailboxId};

impl Engine {
    /// Saves an account, new or changed, and starts its workers.
    pub async fn save_account(&self, account: Account) -> Result<(), EngineError> {
        let paths = self.inner.paths.clone();
        in_thread(move || save_account(&paths, &account)).await?;
        self.reload().await
    }

    /// Removes an account, its secrets and its cache.
    pub async fn remove_account(&self, name: &str) -> Result<(), EngineError> {
        let (paths, gone) = (self.inner.paths.clone(), name.to_owned());
        if let Ok(signer) = self.inner.signer(name) {
            // Without its secrets an account is harmless; without its entry its secrets would be lost from sight.
            for proof in signer.proofs() {
                proof.forget().await?;
            }
        }
        in_thread(move || remove_account(&paths, &gone)).await?;
        self.reload().await
    }

    /// Reads the configuration again. Where a profile names another application now, the former one's secret is forgotten.
    pub async fn reload(&self) -> Result<(), EngineError> {
        let paths = self.inner.paths.clone();
        let config = in_thread(move || Config::load(&paths)).await?;
        self.forget_former_secrets(&config).await?;
        self.apply(config).await
    }

    /// Takes over a configuration: stops what is gone or different, tells the cache, starts what is new.
    pub(in crate::engine) async fn apply(&self, config: Config) -> Result<(), EngineError> {
        let inner = &self.inner;
        let _one_at_a_time = inner.changing.lock().await;
        self.stop_changed(&config.accounts).await;
        let mailboxes = inner.store.set_accounts(&config.accounts).await?;
        let wanted: Vec<MailboxId> = mailboxes.iter().map(|mailbox| mailbox.id).collect();
        self.stop_mailboxes(|desk| !wanted.contains(&desk.mailbox.id))
            .await;
        self.add_signers(&config.accounts, &mailboxes);
        inner.set_config(config);
        for mailbox in mailboxes {
            self.add_mailbox(mailbox).await?;
        }
        inner.say(Event::Accounts);
        inner.refresher.ring();
        inner.hurry_outbox();
        Ok(())
    }

    /// Stops everything of accounts that are gone or differ in more than their additional users.
    async fn stop_changed(&self, accounts: &[Account]) {
        let changed: Vec<String> = self.inner.roster(|roster| {
            let differs = |signer: &&Arc<Signer>| {
                !accounts.iter().any(|account| {
                    account.name == signer.account.name
                        && is_same_but_users(account, &signer.account)
                })
            };
            let signers = roster.signers.values().filter(differs);
            signers.map(|signer| signer.account.name.clone()).collect()
        });
        self.stop_mailboxes(|desk| changed.contains(&desk.mailbox.account_name))
            .await;
        let keys: Vec<Key> = changed.iter().cloned().map(Key::SignIn).collect();
        self.inner.supervisor.stop(&keys).await;
        self.inner.roster(|roster| {
            roster.signers.retain(|name, _| !changed.contains(name));
        });
    }

    async fn stop_mailboxes(&self, is_over: impl Fn(&Desk) -> bool) {
        let over: Vec<MailboxId> = {
            let desks = self.inner.desks();
            let over = desks.iter().filter(|desk| is_over(desk));
            over.map(|desk| desk.mailbox.id).collect()
        };
        let keys: Vec<Key> = over.iter().copied().map(Key::Mailbox).collect();
        self.inner.supervisor.stop(&keys).await;
        self.inner
            .roster(|roster| roster.desks.retain(|id, _| !over.contains(id)));
    }

    fn add_signers(&self, accounts: &[Account], mailboxes: &[Mailbox]) {
        let inner = &self.inner;
        for account in accounts {
            let row = mailboxes
                .iter()
                .find(|one| one.account_name == account.name);
            let Some(id) = row.map(|mailbox| mailbox.account) else {
                continue;
            };
            let signer = inner.roster(|roster| {
                if roster.signers.contains_key(&account.name) {
                    return None;
                }
                let budget = Arc::clone(
                    roster
                        .budgets
                        .entry(identity_key(account))
                        .or_insert_with(|| Arc::new(Budget::new(SEATS))),
                );
                let signer = Arc::new(Signer::new(
                    account.clone(),
                    id,
                    &inner.vault,
                    &inner.clock,
                    budget,
                ));
                let kept = Arc::clone(&signer);
                roster.signers.insert(account.name.clone(), kept);
                Some(signer)
            });
            if let Some(signer) = signer.filter(|_| inner.is_background) {
                watch_sign_in(inner, signer);
            }
        }
    }

    async fn add_mailbox(&self, mailbox: Mailbox) -> Result<(), EngineError> {
        let inner = &self.inner;
        let id = mailbox.id;
        let is_known = inner.roster(|roster| {
            let desk = roster.desks.get(&id);
            desk.is_some_and(|desk| desk.mailbox == mailbox)
        });
        if is_known {
            return Ok(());
        }
        self.stop_mailboxes(|desk| desk.mailbox.id == id).await;
        let signer = inner.signer(&mailbox.account_name)?;
        let desk = Arc::new(Desk::new(mailbox, signer, inner.busy.clone()));
        inner.count_pending(&desk).await?;
        inner.roster(|roster| roster.desks.insert(id, Arc::clone(&desk)));
        if inner.is_background {
            start_worker(inner, desk);
        }
        Ok(())
    }

    /// Starts the workers of an account anew, so that open connections of an old sign-in end.
    pub(in crate::engine) async fn restart_account(&self, name: &str) {
        if !self.inner.is_background {
            return;
        }
        for desk in self.inner.desks() {
            if desk.mailbox.account_name == name {
                self.inner
                    .supervisor
                    .stop(&[Key::Mailbox(desk.mailbox.id)])
                    .await;
                start_worker(&self.inner, desk);
            }
        }
    }

    /// Ends an account's tokens at the provider where it can do that, and forgets them with its passwords. Returns what
    /// became of the tokens of each sign-in that has some.
    pub async fn sign_out(&self, account: &str) -> Result<Vec<Ended>, EngineError> {
        let signer = self.inner.signer(account)?;
        let mut all = Vec::new();
        for proof in signer.proofs() {
            match proof.keeper().await {
                Ok(keeper) => all.push(keeper.end().await?),
                // A password, or a profile that cannot be used any more.
                Err(_) => proof.forget().await?,
            }
        }
        signer.renew();
        self.restart_account(account).await;
        self.inner.say(Event::SignIn(signer.id));
        Ok(all)
    }

    /// Lets everything that waited for a sign-in go on.
    pub(in crate::engine) fn signed_in(&self, signer: &Signer) {
        signer.renew();
        self.inner.refresher.ring();
        self.inner.hurry_outbox();
        self.inner.say(Event::SignIn(signer.id));
    }

    /// Returns what may be shown of an account's token.
    pub async fn token_facts(&self, account: &str) -> Result<Option<TokenFacts>, EngineError> {
        let signer = self.inner.signer(account)?;
        Ok(signer.receive.keeper().await?.facts().await)
    }
}

fn start_worker(inner: &Arc<Inner>, desk: Arc<Desk>) {
    // Busy before it is spawned.
    desk.bell.man();
    let (engine, name) = (Arc::clone(inner), desk.address().to_owned());
    let key = Key::Mailbox(desk.mailbox.id);
    let begin = Box::new(
        move |stop| -> futures_util::future::BoxFuture<'static, ()> {
            Box::pin(worker::run(Arc::clone(&engine), Arc::clone(&desk), stop))
        },
    );
    inner.supervisor.start(inner, Loop { key, name, begin });
}

fn watch_sign_in(inner: &Arc<Inner>, signer: Arc<Signer>) {
    let (engine, name) = (Arc::clone(inner), signer.account.name.clone());
    let key = Key::SignIn(name.clone());
    let begin = Box::new(
        move |stop| -> futures_util::future::BoxFuture<'static, ()> {
            let (engine, signer) = (Arc::clone(&engine), Arc::clone(&signer));
            Box::pin(refresher::watch_sign_in(engine, signer, stop))
        },
    );
    inner.supervisor.start(inner, Loop { key, name, begin });
}

fn is_same_but_users(one: &Account, other: &Account) -> bool {
    let without = |account: &Account| Account {
        additional_users: Vec::new(),
        on_behalf: Vec::new(),
        ..account.clone()
    };
    without(one) == without(other)
}

/// Two accounts of the same person at the same provider share one budget.
fn identity_key(account: &Account) -> String {
    let identity = account.identity().to_lowercase();
    format!("{}\n{identity}", account.sign_in.name)
}

/// Files are read and written on a thread that may block.
pub(in crate::engine) async fn in_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ConfigError> + Send + 'static,
) -> Result<T, EngineError> {
    let done = tokio::task::spawn_blocking(work).await;
    // The runtime ends; nobody reads this answer any more.
    let done = done.map_err(|_| EngineError::Store(crate::store::StoreError::Closed))?;
    Ok(done?)
}
