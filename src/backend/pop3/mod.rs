//! POP3 (RFC 1939, RFC 2449): one maildrop, seen through sessions that end.
//!
//! A session shows the maildrop as it was when it began, so every look at news opens a new one; this value keeps what
//! is needed for that. Messages are named by UIDL, never by number. Nothing is deleted but by `RemoteOp::Delete`.
//! There is one folder, `INBOX`, and no flags: see `flags` in [`Caps`] for what the engine must make of that.

mod apply;
mod auth;
mod capa;
mod changes;
mod connect;
mod cursor;
mod fetch;
mod folders;
mod maildrop;
mod quirks;
mod reply;
#[cfg(test)]
mod tests;
mod wait;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

pub use connect::{connect, protect};

use self::connect::{Dial, Session};
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

/// One mailbox, with or without an open session.
///
/// Every operation takes the session out and puts it back when all is well: what is dropped half done drops the
/// connection with it, and a connection that ends without `QUIT` deletes nothing (RFC 1939 §6).
#[derive(Debug)]
struct Pop3<D: Dial> {
    door: D,
    session: Option<Session<D::Link>>,
    /// How often in a row the server named all its messages anew.
    renamings: u32,
}

impl<D: Dial> Pop3<D> {
    fn new(door: D, session: Session<D::Link>) -> Self {
        Self {
            door,
            session: Some(session),
            renamings: 0,
        }
    }

    /// Returns the open session, or a new one.
    async fn enter(&mut self) -> Result<Session<D::Link>, BackendError> {
        match self.session.take() {
            Some(session) => Ok(session),
            None => self.door.dial().await,
        }
    }
}

#[async_trait]
impl<D: Dial> Backend for Pop3<D> {
    fn caps(&self) -> Caps {
        Caps {
            push: false,
            folders: false,
            flags: false,
            server_search: false,
            files_sent_copy: self.door.files_sent_copy(),
        }
    }

    async fn folders(&mut self) -> Result<Vec<RemoteFolder>, BackendError> {
        Ok(vec![folders::inbox()])
    }

    async fn changes(
        &mut self,
        folder: &RemoteId,
        since: Option<&Cursor>,
    ) -> Result<ChangeSet, BackendError> {
        folders::check(folder.as_str())?;
        self.read_changes(since).await
    }

    async fn fetch(
        &mut self,
        folder: &RemoteId,
        messages: &[RemoteId],
        progress: &Progress,
    ) -> Result<Vec<(RemoteId, Vec<u8>)>, BackendError> {
        folders::check(folder.as_str())?;
        self.read_messages(messages, progress).await
    }

    async fn apply(&mut self, op: &RemoteOp) -> Result<Applied, BackendError> {
        self.apply_one(op).await
    }

    async fn search(
        &mut self,
        _folder: &RemoteId,
        _query: &Query,
    ) -> Result<Vec<RemoteId>, BackendError> {
        Err(BackendError::Unsupported {
            what: "searching on the server (POP3 has no search)",
        })
    }

    async fn wait(
        &mut self,
        folder: &RemoteId,
        poke: &Notify,
        limit: Duration,
    ) -> Result<Wake, BackendError> {
        folders::check(folder.as_str())?;
        Ok(self.wait_for_timer(poke, limit).await)
    }

    async fn may_change(&mut self, folder: &RemoteId) -> Result<bool, BackendError> {
        folders::check(folder.as_str())?;
        Ok(true)
    }
}
