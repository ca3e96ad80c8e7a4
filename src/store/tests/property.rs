//! Random histories against a random server: counters stay true, and when all is replayed both sides agree.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::model::{FlagChange, RemoteOp};
use crate::store::Action;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// The server gets a message.
    Arrive(bool),
    /// Someone else deletes one there.
    Vanish(u8),
    /// Someone else stars one there.
    Star(u8),
    /// A folder is listed.
    List(bool),
    /// A folder's cursor is lost.
    Restart(bool),
    Flag(u8, bool),
    Move(u8, bool),
    Delete(u8),
    Undo,
    /// A queued change is made; whether the server tells new ids, whether we die before noting it.
    Replay(bool, bool),
    Refuse,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => any::<bool>().prop_map(Step::Arrive),
        1 => any::<u8>().prop_map(Step::Vanish),
        1 => any::<u8>().prop_map(Step::Star),
        4 => any::<bool>().prop_map(Step::List),
        1 => any::<bool>().prop_map(Step::Restart),
        2 => (any::<u8>(), any::<bool>()).prop_map(|(which, on)| Step::Flag(which, on)),
        3 => (any::<u8>(), any::<bool>()).prop_map(|(which, to)| Step::Move(which, to)),
        1 => any::<u8>().prop_map(Step::Delete),
        1 => Just(Step::Undo),
        4 => (any::<bool>(), any::<bool>()).prop_map(|(told, dies)| Step::Replay(told, dies)),
        1 => Just(Step::Refuse),
    ];
    proptest::collection::vec(step, 1..60)
}

/// What the server has: folder name → id → (message, flags).
#[derive(Default)]
struct Server {
    folders: [BTreeMap<u32, (u32, Flags)>; 2],
    /// The last id given in each folder, and the last message.
    last: [u32; 2],
    messages: u32,
}

impl Server {
    fn put(&mut self, folder: usize, message: u32, flags: Flags) -> u32 {
        self.last[folder] += 1;
        self.folders[folder].insert(self.last[folder], (message, flags));
        self.last[folder]
    }

    fn pick(&self, which: u8) -> Option<(usize, u32)> {
        let folder = usize::from(which & 1);
        let ids: Vec<u32> = self.folders[folder].keys().copied().collect();
        let id = ids.get(usize::from(which / 2) % ids.len().max(1))?;
        Some((folder, *id))
    }

    /// A listing of everything, with removals of all ids that are gone.
    fn listing(&self, folder: usize) -> ChangeSet {
        let here = &self.folders[folder];
        let upserts = here.iter().rev().map(|(id, (uid, flags))| {
            let mut message = renamed(*uid, &id.to_string());
            message.envelope.flags = *flags;
            message
        });
        let gone = (1..=self.last[folder]).filter(|id| !here.contains_key(id));
        ChangeSet {
            removals: gone.map(|id| RemoteId::new(id.to_string())).collect(),
            ..changes(upserts.collect(), here.len())
        }
    }

    fn apply(&mut self, op: &RemoteOp) -> Applied {
        let number = |name: &str| usize::from(name != "INBOX");
        let mut applied = Applied::default();
        match op {
            RemoteOp::Flag {
                folder,
                messages,
                change,
            } => {
                for id in messages {
                    if let Some(found) = self.folders[number(folder)].get_mut(&id.parse().unwrap())
                    {
                        found.1 = change.apply(found.1);
                    }
                }
            }
            RemoteOp::Move {
                folder,
                messages,
                to,
            } => {
                for id in messages {
                    if let Some((message, flags)) =
                        self.folders[number(folder)].remove(&id.parse().unwrap())
                    {
                        let new = self.put(number(to), message, flags);
                        applied
                            .renamed
                            .push((RemoteId::new(id.clone()), RemoteId::new(new.to_string())));
                    }
                }
            }
            RemoteOp::Delete { folder, messages } => {
                for id in messages {
                    self.folders[number(folder)].remove(&id.parse().unwrap());
                }
            }
            other => panic!("{other:?}"),
        }
        applied
    }
}

struct World {
    home: Home,
    server: Server,
    last_action: Option<crate::model::ActionId>,
}

impl World {
    fn folder(&self, is_archive: bool) -> FolderId {
        if is_archive {
            self.home.archive
        } else {
            self.home.inbox
        }
    }

    async fn list(&self, is_archive: bool) {
        let listing = self.server.listing(usize::from(is_archive));
        self.home.commit(self.folder(is_archive), listing).await;
    }

    async fn pick(&self, which: u8) -> Vec<MessageId> {
        let mut ids = self.home.ids(self.home.inbox).await;
        ids.extend(self.home.ids(self.home.archive).await);
        let start = usize::from(which) % ids.len().max(1);
        ids.into_iter()
            .skip(start)
            .take(1 + usize::from(which % 3))
            .collect()
    }

    async fn act(&mut self, which: u8, action: Action) {
        let ids = self.pick(which).await;
        self.last_action = Some(self.home.store.act(&ids, action).await.unwrap());
    }

    async fn replay(&mut self, is_told: bool, dies: bool) {
        let Some(pending) = self.home.pending().await else {
            return;
        };
        let mut applied = self.server.apply(&pending.op);
        if !is_told {
            applied.renamed.clear();
        }
        if !dies {
            self.home
                .store
                .pending_done(pending.id, &applied)
                .await
                .unwrap();
        }
    }

    async fn step(&mut self, step: &Step) {
        match *step {
            Step::Arrive(is_archive) => {
                self.server.messages += 1;
                self.server
                    .put(usize::from(is_archive), self.server.messages, Flags::NONE);
            }
            Step::Vanish(which) => {
                if let Some((folder, id)) = self.server.pick(which) {
                    self.server.folders[folder].remove(&id);
                }
            }
            Step::Star(which) => {
                if let Some((folder, id)) = self.server.pick(which)
                    && let Some(found) = self.server.folders[folder].get_mut(&id)
                {
                    found.1 = found.1.with(Flags::FLAGGED);
                }
            }
            Step::List(is_archive) => self.list(is_archive).await,
            Step::Restart(is_archive) => {
                self.home
                    .store
                    .restart_folder(self.folder(is_archive))
                    .await
                    .unwrap();
            }
            Step::Flag(which, is_on) => {
                let change = if is_on {
                    FlagChange::set(Flags::SEEN)
                } else {
                    FlagChange::clear(Flags::SEEN)
                };
                self.act(which, Action::Flag(change)).await;
            }
            Step::Move(which, is_archive) => {
                self.act(which, Action::Move(self.folder(is_archive))).await;
            }
            Step::Delete(which) => self.act(which, Action::Delete).await,
            Step::Undo => {
                if let Some(action) = self.last_action.take() {
                    self.home.store.undo(action).await.unwrap();
                }
            }
            Step::Replay(is_told, dies) => self.replay(is_told, dies).await,
            Step::Refuse => {
                if let Some(pending) = self.home.pending().await {
                    self.home.store.pending_refused(pending.id).await.unwrap();
                }
            }
        }
    }

    /// Lists and replays until nothing is left to do.
    async fn settle(&mut self) {
        for _ in 0..200 {
            self.list(false).await;
            self.list(true).await;
            if self
                .home
                .store
                .pending_count(self.home.mailbox())
                .await
                .unwrap()
                == 0
            {
                break;
            }
            self.replay(true, false).await;
        }
        for _ in 0..4 {
            self.list(false).await;
            self.list(true).await;
        }
    }

    async fn check_agreement(&self) {
        for (number, folder) in [self.home.inbox, self.home.archive].into_iter().enumerate() {
            let rows = self.home.rows(folder).await;
            let ours: BTreeSet<(String, Flags)> = rows
                .iter()
                .map(|row| (row.envelope.subject.clone(), row.envelope.flags))
                .collect();
            let theirs: BTreeSet<(String, Flags)> = self.server.folders[number]
                .values()
                .map(|(uid, flags)| (format!("Subject {uid}"), *flags))
                .collect();
            assert_eq!(ours, theirs);
            assert_eq!(
                rows.len(),
                self.server.folders[number].len(),
                "nothing doubled"
            );
            assert_eq!(self.home.folder(folder).await.total as usize, rows.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_counters_are_true_and_both_sides_agree_in_the_end(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let home = Home::new().await;
            let mut world = World { home, server: Server::default(), last_action: None };
            for step in &steps {
                world.step(step).await;
                world.home.check_counters().await;
            }
            world.settle().await;
            world.home.check_counters().await;
            world.check_agreement().await;
        });
    }
}
