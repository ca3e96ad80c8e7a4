//! Exchange Web Services on quick-xml: one mailbox of Exchange 2010 SP2 to 2019, Subscription Edition, or Online.
//!
//! The `ews` crate is not used: its operations are sealed, it has no impersonation, no `FindFolder`, `SendItem`,
//! `Subscribe` or `ResolveNames`, and it reads answers whole. Start at `soap` for how bytes become response messages, at
//! `link` for how a request goes out, then one file per operation. Folders and messages are named by `Id` alone, never by `ChangeKey`.

mod append;
mod apply;
mod connect;
mod fetch;
mod find;
mod folders;
mod hierarchy;
mod item;
mod judge;
mod link;
mod manage;
mod resolve;
mod search;
mod soap;
mod submit;
mod sync;
#[cfg(test)]
mod tests;
mod wait;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

pub use connect::{connect, connect_outgoing, directory};

use self::connect::Places;
use self::folders::{Kept, Listed};
use self::hierarchy::Hierarchy;
use self::link::{Call, Link, Write, protocol};
use self::soap::{Class, Reply, Version};
use self::sync::Sync;
use self::wait::Watch;
use crate::backend::Backend;
use crate::backend::BackendError;
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

/// One mailbox, opened.
#[derive(Debug)]
pub struct Ews {
    link: Arc<Link>,
    /// The folders that every mailbox has.
    places: Places,
    /// The folders as they were listed while the mailbox opened.
    kept: Option<Kept>,
    /// The chain of their changes, once it was begun.
    hierarchy: Option<Hierarchy>,
    /// Which folders may be changed, as far as they were listed.
    rights: HashMap<String, bool>,
    /// What the synchronisation knows beyond its cursor.
    sync: Sync,
    /// What is waited on.
    watch: Option<Watch>,
    /// Whether streaming notifications are worth trying.
    can_stream: bool,
}

impl Ews {
    /// Wraps a mailbox that has opened.
    fn new(link: Link, places: Places, listed: Option<Vec<Listed>>) -> Self {
        Self {
            can_stream: link.version() >= Version::E2010Sp1,
            link: Arc::new(link),
            places,
            kept: listed.map(Kept::new),
            hierarchy: None,
            rights: HashMap::new(),
            sync: Sync::default(),
            watch: None,
        }
    }
}

impl Link {
    /// Sends a request that has one answer, which must be no error.
    async fn one(&self, doing: &'static str, write: Write<'_>) -> Result<Reply, BackendError> {
        self.one_of(doing, &Call::new(doing, write)).await
    }

    /// Sends a call that has one answer, which must be no error.
    async fn one_of(&self, doing: &'static str, call: &Call<'_>) -> Result<Reply, BackendError> {
        let first = self.call(call).await?.into_iter().next();
        let reply = first.ok_or_else(|| protocol(doing, "an answer without a message"))?;
        if reply.class == Class::Error {
            return Err(judge::error(doing, judge::Stage::Working, &reply));
        }
        Ok(reply)
    }
}

#[async_trait]
impl Backend for Ews {
    fn caps(&self) -> Caps {
        Caps {
            push: self.can_stream,
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

    // What is asked for ahead arrives by itself, and what fails is told by the call for it: nothing is left to do here.
    async fn read_ahead(&mut self) {}

    async fn fetch(
        &mut self,
        _folder: &RemoteId,
        messages: &[RemoteId],
        progress: &Progress,
    ) -> Result<Vec<(RemoteId, Vec<u8>)>, BackendError> {
        self.read_messages(messages, progress).await
    }

    async fn apply(&mut self, op: &RemoteOp) -> Result<Applied, BackendError> {
        self.kept = None;
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

    async fn may_change(&mut self, folder: &RemoteId) -> Result<bool, BackendError> {
        self.may_change_folder(folder.as_str()).await
    }
}
