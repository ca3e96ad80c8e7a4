//! Lets the servers search, over connections of their own: no synchronisation waits, and whoever stops listening drops
//! them. Reads nothing into the cache: what is found and not listed yet is counted.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::backend::BackendError;
use crate::engine::inner::Inner;
use crate::engine::work::bell::locked;
use crate::engine::work::desk::Desk;
use crate::engine::work::room::Room;
use crate::engine::work::sync::is_about_folder;
use crate::engine::{EngineError, ServerHits};
use crate::model::{Folder, Progress, Query, Role, Scope};

/// Mailboxes searched at once.
const AT_ONCE: usize = 4;
/// Messages found that are taken.
const MOST: usize = 10_000;

/// One search under way.
pub struct Search {
    inner: Arc<Inner>,
    query: Query,
    progress: Progress,
    hits: std::sync::Mutex<ServerHits>,
}

impl Search {
    /// Makes a search; `progress` counts folders.
    pub fn new(inner: Arc<Inner>, query: Query, progress: Progress) -> Self {
        Self {
            inner,
            query,
            progress,
            hits: std::sync::Mutex::default(),
        }
    }

    /// Searches the folders of a scope.
    pub async fn run(self, scope: &Scope) -> Result<ServerHits, EngineError> {
        let mut places = Vec::new();
        for desk in self.inner.desks() {
            let folders = self.inner.store.folders(desk.mailbox.id).await?;
            let folders: Vec<Folder> = folders
                .into_iter()
                .filter(|folder| folder.selectable && contains(scope, folder))
                .collect();
            let server = &desk.signer.account.servers.incoming;
            if folders.is_empty() {
                continue;
            }
            if server.protocol.can_search() {
                places.push((desk, folders));
            } else {
                let address = desk.address().to_owned();
                locked(&self.hits).unable.push(address);
            }
        }
        let count = places.iter().map(|(_, folders)| folders.len() as u64).sum();
        self.progress.set(0, count);
        stream::iter(places)
            .for_each_concurrent(AT_ONCE, |(desk, folders)| {
                let search = &self;
                async move { search.mailbox(&desk, &folders).await }
            })
            .await;
        let mut hits = self.hits.into_inner().unwrap_or_default();
        hits.messages.truncate(MOST);
        Ok(hits)
    }

    /// Searches one mailbox; what fails is noted, and the others go on.
    async fn mailbox(&self, desk: &Arc<Desk>, folders: &[Folder]) {
        let opened = Room::open(&self.inner, desk).await;
        let mut failed = None;
        match opened {
            Ok(mut room) => {
                for folder in folders {
                    let searched = self.folder(&mut room, folder).await;
                    self.count();
                    let Err(error) = searched else {
                        continue;
                    };
                    let is_over = !is_about_folder(&error) || is_about_words(&error);
                    failed = Some(error);
                    if is_over {
                        break;
                    }
                }
            }
            Err(error) => failed = Some(error),
        }
        if let Some(error) = failed {
            tracing::warn!(mailbox = desk.mailbox.id.row(), "a server did not search");
            tracing::debug!(?error, "search");
            let address = desk.address().to_owned();
            locked(&self.hits).failed.push((address, Arc::new(error)));
        }
    }

    async fn folder(&self, room: &mut Room, folder: &Folder) -> Result<(), EngineError> {
        let found = room.backend().search(&folder.remote, &self.query).await;
        let found = found.map_err(|source| room.blame(source))?;
        let known = self.inner.store.known(folder.id, &found).await?;
        let unlisted = found.len().saturating_sub(known.len());
        let mut hits = locked(&self.hits);
        hits.unlisted += u32::try_from(unlisted).unwrap_or(u32::MAX);
        hits.messages.extend(known);
        Ok(())
    }

    fn count(&self) {
        let (done, all) = self.progress.get();
        self.progress.set(done + 1, all);
    }
}

/// Whether the server cannot search for these words at all.
fn is_about_words(error: &EngineError) -> bool {
    let EngineError::Backend { source, .. } = error else {
        return false;
    };
    matches!(source, BackendError::Unsupported { .. })
}

fn contains(scope: &Scope, folder: &Folder) -> bool {
    match scope {
        Scope::Folder(id) => folder.id == *id,
        Scope::AllInboxes => folder.role == Role::Inbox,
        Scope::Mailbox(mailbox) => folder.mailbox == *mailbox,
        Scope::Everything => true,
    }
}
