//! The made-up servers themselves: a backend with pages and cursors, and an outgoing server that remembers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::backend::{Backend, BackendError, Directory, Outgoing};
use crate::engine::tests::world::{FakeFolder, FakeMessage, Fault, World, day};
use crate::engine::work::bell::locked;
use crate::model::{
    Address, Applied, Caps, ChangeSet, Cursor, FlagUpdate, Flags, Outbound, Progress, Query,
    Receipt, RemoteFolder, RemoteId, RemoteMessage, RemoteOp, Role, Term, Wake,
};

/// Messages per page of a change set.
const PAGE: usize = 3;

/// What the made-up address book never answers.
pub const SILENT: &str = "silent";

/// One connection to a made-up mailbox.
pub(super) struct FakeBackend {
    pub(super) world: World,
    pub(super) address: String,
    pub(super) news: Arc<Notify>,
}

impl Drop for FakeBackend {
    fn drop(&mut self) {
        locked(&self.world.0).open -= 1;
    }
}

impl FakeBackend {
    fn with<T>(
        &self,
        path: &str,
        work: impl FnOnce(&mut FakeFolder) -> T,
    ) -> Result<T, BackendError> {
        let mut state = locked(&self.world.0);
        let folders = state.mailboxes.get_mut(&self.address).unwrap();
        let folder = folders.iter_mut().find(|one| one.path == path);
        folder.map(work).ok_or(BackendError::Gone {
            what: path.to_owned(),
        })
    }

    /// Files a copy, unless it is there already.
    fn append(&self, path: &str, flags: Flags, message_id: &str) -> Result<(), BackendError> {
        self.with(path, |folder| {
            let mut there = folder.messages.iter();
            if there.any(|one| one.message_id == message_id) {
                return;
            }
            let uid = folder.next;
            folder.next += 1;
            folder.messages.push(FakeMessage {
                uid,
                flags,
                subject: "a copy".into(),
                message_id: message_id.to_owned(),
                date: day(uid),
            });
        })
    }

    fn take(&self, path: &str, messages: &[String]) -> Result<Vec<FakeMessage>, BackendError> {
        self.with(path, |folder| {
            let (taken, kept) = folder
                .messages
                .drain(..)
                .partition(|one| messages.contains(&one.uid.to_string()));
            folder.messages = kept;
            taken
        })
    }
}

#[async_trait]
impl Backend for FakeBackend {
    fn caps(&self) -> Caps {
        Caps {
            push: true,
            folders: true,
            ..Caps::default()
        }
    }

    async fn folders(&mut self) -> Result<Vec<RemoteFolder>, BackendError> {
        self.world.ask(&format!("{} folders", self.address))?;
        let state = locked(&self.world.0);
        let folders = state.mailboxes[&self.address].iter();
        let listed = folders.map(|folder| RemoteFolder {
            id: RemoteId::new(&folder.path),
            path: folder.path.clone(),
            role: folder.role,
            selectable: true,
        });
        Ok(listed.collect())
    }

    async fn changes(
        &mut self,
        folder: &RemoteId,
        since: Option<&Cursor>,
    ) -> Result<ChangeSet, BackendError> {
        let path = folder.as_str();
        self.world
            .ask(&format!("{} changes {path}", self.address))?;
        let known = since.map(read_cursor);
        self.with(path, |folder| changes(folder, known))?
    }

    async fn fetch(
        &mut self,
        folder: &RemoteId,
        messages: &[RemoteId],
        _progress: &Progress,
    ) -> Result<Vec<(RemoteId, Vec<u8>)>, BackendError> {
        let path = folder.as_str();
        let ids: Vec<&str> = messages.iter().map(RemoteId::as_str).collect();
        let line = format!("{} fetch {path} {}", self.address, ids.join(","));
        self.world.ask(&line)?;
        self.with(path, |folder| {
            let wanted = folder
                .messages
                .iter()
                .map(|one| (RemoteId::new(one.uid.to_string()), one));
            let found = wanted.filter(|(id, _)| messages.contains(id));
            found.map(|(id, one)| (id, one.bytes())).collect()
        })
    }

    async fn apply(&mut self, op: &RemoteOp) -> Result<Applied, BackendError> {
        let name = format!("{op:?}");
        let name = name.split([' ', '{']).next().unwrap_or_default().to_owned();
        self.world.ask(&format!("{} apply {name}", self.address))?;
        let mut applied = Applied::default();
        match op {
            RemoteOp::Flag {
                folder,
                messages,
                change,
            } => self.with(folder, |folder| {
                for one in &mut folder.messages {
                    if messages.contains(&one.uid.to_string()) {
                        one.flags = change.apply(one.flags);
                    }
                }
            })?,
            RemoteOp::Move {
                folder,
                messages,
                to,
            } => {
                let taken = self.take(folder, messages)?;
                if taken.is_empty() {
                    return Err(BackendError::Gone {
                        what: "messages".into(),
                    });
                }
                self.with(to, |target| {
                    for mut one in taken {
                        let old = RemoteId::new(one.uid.to_string());
                        one.uid = target.next;
                        target.next += 1;
                        applied
                            .renamed
                            .push((old, RemoteId::new(one.uid.to_string())));
                        target.messages.push(one);
                    }
                })?;
            }
            RemoteOp::Delete { folder, messages } => drop(self.take(folder, messages)?),
            RemoteOp::Append {
                folder,
                flags,
                message_id,
                ..
            } => self.append(folder, *flags, message_id)?,
            RemoteOp::CreateFolder { path } => {
                let mut state = locked(&self.world.0);
                let folders = state.mailboxes.get_mut(&self.address).unwrap();
                folders.push(FakeFolder {
                    path: path.clone(),
                    role: Role::None,
                    validity: 1,
                    messages: Vec::new(),
                    next: 1,
                });
            }
            _ => {}
        }
        if locked(&self.world.0).hides_new_ids {
            applied.renamed.clear();
        }
        Ok(applied)
    }

    async fn search(
        &mut self,
        folder: &RemoteId,
        query: &Query,
    ) -> Result<Vec<RemoteId>, BackendError> {
        let path = folder.as_str();
        self.world.ask(&format!("{} search {path}", self.address))?;
        let Some(Term::Any(word)) = query.terms.first() else {
            return Ok(Vec::new());
        };
        self.with(path, |folder| {
            let messages = folder.messages.iter().rev();
            let hits = messages.filter(|one| String::from_utf8_lossy(&one.bytes()).contains(word));
            hits.map(|one| RemoteId::new(one.uid.to_string())).collect()
        })
    }

    async fn wait(
        &mut self,
        folder: &RemoteId,
        poke: &Notify,
        limit: Duration,
    ) -> Result<Wake, BackendError> {
        let line = format!("{} wait {}", self.address, folder.as_str());
        self.world.ask(&line)?;
        tokio::select! {
            () = poke.notified() => Ok(Wake::Poke),
            () = tokio::time::sleep(limit) => Ok(Wake::Timer),
            () = self.news.notified() => {
                let fault = locked(&self.world.0).fault(&line);
                match fault {
                    Some(Fault::Backend(error)) => Err(error),
                    Some(Fault::Panic) => panic!("a bug in {line}, as the test wants"),
                    None => Ok(Wake::Remote),
                }
            }
        }
    }

    async fn may_change(&mut self, folder: &RemoteId) -> Result<bool, BackendError> {
        let line = format!("{} may change {}", self.address, folder.as_str());
        self.world.ask(&line)?;
        Ok(true)
    }
}

/// One connection to the made-up outgoing server.
pub(super) struct FakeOutgoing(pub(super) World);

#[async_trait]
impl Outgoing for FakeOutgoing {
    async fn submit(&mut self, mail: &Outbound) -> Result<Receipt, BackendError> {
        self.0.ask(&format!("submit {}", mail.sender))?;
        let mut state = locked(&self.0.0);
        state.sent.push(mail.clone());
        let accepted = Receipt::Accepted {
            refused: Vec::new(),
            new_message_id: None,
        };
        Ok(state.receipts.pop_front().unwrap_or(accepted))
    }

    async fn may_send_as(&mut self, sender: &str) -> Result<(), BackendError> {
        self.0.ask(&format!("may send as {sender}"))
    }

    async fn take_back(&mut self, message_id: &str) -> Result<(), BackendError> {
        self.0.ask(&format!("take back {message_id}"))
    }

    fn files_sent_copy(&self) -> bool {
        locked(&self.0.0).files_copies
    }
}

/// The made-up address book: it knows one person by each beginning.
#[derive(Debug)]
pub(super) struct FakeDirectory(pub(super) World);

#[async_trait]
impl Directory for FakeDirectory {
    async fn resolve(&mut self, text: &str) -> Result<Vec<Address>, BackendError> {
        self.0.ask(&format!("resolve {text}"))?;
        if text == SILENT {
            std::future::pending::<()>().await;
        }
        Ok(vec![Address::bare(format!("{text}@x.test"))])
    }
}

/// What a cursor of ours remembers: validity, and the flags of every message listed.
type Known = (u32, BTreeMap<u32, u8>);

fn read_cursor(cursor: &Cursor) -> Known {
    serde_json::from_slice(&cursor.0).unwrap()
}

fn changes(folder: &FakeFolder, known: Option<Known>) -> Result<ChangeSet, BackendError> {
    let (validity, mut listed) = known.unwrap_or((folder.validity, BTreeMap::new()));
    if validity != folder.validity {
        return Err(BackendError::CursorLost);
    }
    let is_there = |uid: &u32| folder.messages.iter().any(|one| one.uid == *uid);
    let gone: Vec<u32> = listed
        .keys()
        .filter(|uid| !is_there(uid))
        .copied()
        .collect();
    listed.retain(|uid, _| is_there(uid));
    let mut flags = Vec::new();
    for one in &folder.messages {
        let before = listed.get_mut(&one.uid);
        if let Some(before) = before.filter(|before| **before != one.flags.bits()) {
            *before = one.flags.bits();
            flags.push(FlagUpdate {
                id: RemoteId::new(one.uid.to_string()),
                flags: one.flags,
            });
        }
    }
    let mut unseen: Vec<&FakeMessage> = folder
        .messages
        .iter()
        .filter(|one| !listed.contains_key(&one.uid))
        .collect();
    unseen.sort_by_key(|one| std::cmp::Reverse(one.uid));
    let upserts = unseen.iter().take(PAGE).map(|one| RemoteMessage {
        id: RemoteId::new(one.uid.to_string()),
        envelope: one.envelope(),
    });
    let upserts: Vec<RemoteMessage> = upserts.collect();
    listed.extend(
        unseen
            .iter()
            .take(PAGE)
            .map(|one| (one.uid, one.flags.bits())),
    );
    Ok(ChangeSet {
        upserts,
        removals: gone
            .iter()
            .map(|uid| RemoteId::new(uid.to_string()))
            .collect(),
        flags,
        total: folder.messages.len() as u32,
        next: Cursor(serde_json::to_vec(&(folder.validity, listed)).unwrap()),
        more: unseen.len() > PAGE,
    })
}
