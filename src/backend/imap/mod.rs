//! IMAP (RFC 9051, RFC 3501) on async-imap: one connection to one mailbox.
//!
//! Start at `wire` for how bytes become answers, at `connect` for how a session begins, then one file per
//! operation. Messages are named by UIDVALIDITY and UID; message numbers serve only to guess where UIDs lie.

mod append;
mod apply;
mod auth;
mod connect;
mod fetch;
mod folders;
mod ids;
mod manage;
mod mutf7;
mod quirks;
mod search;
mod select;
mod sync;
#[cfg(test)]
mod tests;
mod wait;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::time::Instant;

pub use connect::{connect, protect};

use self::folders::Listed;
use self::sync::Sync;
use self::wire::{Link, Session, protocol};
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
use crate::net::NetError;

/// A signed-in connection to one mailbox.
#[derive(Debug)]
struct Imap<S: Link> {
    session: Session<S>,
    /// The folders as listed while connecting, for the first time they are asked for.
    listed: Option<(Instant, Vec<Listed>)>,
    /// Whether IDLE is worth trying.
    can_idle: bool,
    /// What the synchronisation knows beyond its cursor.
    sync: Sync,
}

impl<S: Link> Imap<S> {
    fn new(session: Session<S>) -> Self {
        Self {
            can_idle: session.can("IDLE"),
            session,
            listed: None,
            sync: Sync::default(),
        }
    }

    /// Makes the connection ready for a new operation, whatever became of the one before.
    async fn ready(&mut self) -> Result<(), BackendError> {
        self.land().await?;
        self.session.settle().await
    }

    /// Ends an operation: after most errors the connection must not be used again (invariant 6).
    fn conclude<T>(&mut self, result: Result<T, BackendError>) -> Result<T, BackendError> {
        if let Err(error) = &result {
            let is_harmless = matches!(
                error,
                BackendError::Refused { .. }
                    | BackendError::Gone { .. }
                    | BackendError::Unsupported { .. }
                    | BackendError::CursorLost
            );
            if !is_harmless {
                self.session.give_up();
            }
        }
        result
    }
}

#[async_trait]
impl<S: Link> Backend for Imap<S> {
    fn caps(&self) -> Caps {
        Caps {
            push: self.can_idle,
            folders: true,
            flags: true,
            server_search: true,
            files_sent_copy: quirks::files_sent_copy(self.session.host()),
        }
    }

    async fn folders(&mut self) -> Result<Vec<RemoteFolder>, BackendError> {
        self.ready().await?;
        let result = self.list_folders().await;
        self.conclude(result)
    }

    async fn changes(
        &mut self,
        folder: &RemoteId,
        since: Option<&Cursor>,
    ) -> Result<ChangeSet, BackendError> {
        let result = self.read_changes(folder.as_str(), since).await;
        self.conclude(result)
    }

    async fn read_ahead(&mut self) {
        if let Err(error) = self.land().await {
            self.sync.note_failed(error);
        }
    }

    async fn fetch(
        &mut self,
        folder: &RemoteId,
        messages: &[RemoteId],
        progress: &Progress,
    ) -> Result<Vec<(RemoteId, Vec<u8>)>, BackendError> {
        self.ready().await?;
        let result = self
            .read_messages(folder.as_str(), messages, progress)
            .await;
        self.session.set_limits(wire::LIMITS);
        self.conclude(result)
    }

    async fn apply(&mut self, op: &RemoteOp) -> Result<Applied, BackendError> {
        self.ready().await?;
        let result = self.apply_one(op).await;
        self.conclude(result)
    }

    async fn search(
        &mut self,
        folder: &RemoteId,
        query: &Query,
    ) -> Result<Vec<RemoteId>, BackendError> {
        self.ready().await?;
        let result = self.search_folder(folder.as_str(), query).await;
        self.conclude(result)
    }

    async fn wait(
        &mut self,
        folder: &RemoteId,
        poke: &Notify,
        limit: Duration,
    ) -> Result<Wake, BackendError> {
        self.ready().await?;
        let result = self.wait_for_news(folder.as_str(), poke, limit).await;
        self.conclude(result)
    }

    async fn may_change(&mut self, folder: &RemoteId) -> Result<bool, BackendError> {
        self.ready().await?;
        let result = self.select(folder.as_str()).await;
        self.conclude(result)?;
        let selected = self.session.selected();
        Ok(selected.is_some_and(|selected| !selected.is_read_only))
    }
}

/// Makes the error of a connection that broke.
fn offline(doing: &'static str, host: &str, source: std::io::Error) -> BackendError {
    BackendError::Offline {
        doing,
        source: NetError::Broken {
            host: host.to_owned(),
            source,
        },
    }
}
