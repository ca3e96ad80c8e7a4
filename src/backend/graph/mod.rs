//! Microsoft Graph, v1.0: mail over HTTPS and JSON; reading, changing, sending.
//!
//! Start at `wire` for requests, batches and what failures mean, then one file per operation. Ids are the immutable
//! ones everywhere, which survive moves inside the mailbox.

mod append;
mod apply;
mod changes;
mod connect;
mod fetch;
mod folders;
mod item;
mod manage;
mod news;
mod parts;
mod search;
mod submit;
#[cfg(test)]
mod tests;
mod upload;
mod wait;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

pub use connect::{connect, connect_outgoing};

use self::changes::Sync;
use self::folders::Listing;
use self::wire::Wire;
use crate::backend::{Backend, BackendError};
use crate::model::Applied;
use crate::model::Caps;
use crate::model::ChangeSet;
use crate::model::Cursor;
use crate::model::Progress;
use crate::model::Query;
use crate::model::RemoteFolder;
use crate::model::RemoteId;
use crate::model::RemoteOp;
use crate::model::Wake;

/// One mailbox.
#[derive(Debug)]
struct Graph {
    wire: Arc<Wire>,
    /// The folders as listed last.
    listing: Option<Listing>,
    /// What the synchronisation knows beyond its cursors.
    sync: Sync,
}

impl Graph {
    fn new(wire: Wire) -> Self {
        Self {
            wire: Arc::new(wire),
            listing: None,
            sync: Sync::default(),
        }
    }
}

#[async_trait]
impl Backend for Graph {
    fn caps(&self) -> Caps {
        Caps {
            // Nobody tells; but `wait` asks by itself, as often as it is worth it.
            push: true,
            folders: true,
            flags: true,
            server_search: true,
            files_sent_copy: true,
        }
    }

    async fn folders(&mut self) -> Result<Vec<RemoteFolder>, BackendError> {
        self.list_folders().await
    }

    async fn changes(
        &mut self,
        folder: &RemoteId,
        since: Option<&Cursor>,
    ) -> Result<ChangeSet, BackendError> {
        self.read_changes(folder.as_str(), since).await
    }

    async fn read_ahead(&mut self) {
        self.sync.land().await;
    }

    async fn fetch(
        &mut self,
        _folder: &RemoteId,
        messages: &[RemoteId],
        progress: &Progress,
    ) -> Result<Vec<(RemoteId, Vec<u8>)>, BackendError> {
        self.read_messages(messages, progress).await
    }

    async fn apply(&mut self, op: &RemoteOp) -> Result<Applied, BackendError> {
        self.apply_one(op).await
    }

    async fn search(
        &mut self,
        folder: &RemoteId,
        query: &Query,
    ) -> Result<Vec<RemoteId>, BackendError> {
        self.search_folder(folder.as_str(), query).await
    }

    async fn wait(
        &mut self,
        folder: &RemoteId,
        poke: &Notify,
        limit: Duration,
    ) -> Result<Wake, BackendError> {
        self.wait_for_news(folder.as_str(), poke, limit).await
    }

    /// Graph does not tell what a delegate may do before it is tried.
    async fn may_change(&mut self, _folder: &RemoteId) -> Result<bool, BackendError> {
        Ok(true)
    }
}
