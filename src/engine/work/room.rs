//! One open connection to a mailbox with everything a step of work needs around it.

use std::sync::Arc;

use crate::backend::{Backend, BackendError};
use crate::engine::inner::Inner;
use crate::engine::link::Link;
use crate::engine::work::budget::Seat;
use crate::engine::work::desk::Desk;
use crate::engine::{EngineError, Event};
use crate::model::{FolderId, MailboxId};

/// An open connection to a mailbox. Dropping it closes the connection and frees the seat.
pub struct Room {
    /// The engine.
    pub inner: Arc<Inner>,
    /// The mailbox.
    pub desk: Arc<Desk>,
    /// The connection.
    pub link: Link,
    /// The right to have it.
    pub seat: Seat,
}

impl Room {
    /// Waits for a seat and connects.
    pub async fn open(inner: &Arc<Inner>, desk: &Arc<Desk>) -> Result<Self, EngineError> {
        let seat = desk.signer.budget.sit(&desk.bell).await;
        let link = inner.connector.backend(&desk.signer, &desk.mailbox).await?;
        Ok(Self {
            inner: Arc::clone(inner),
            desk: Arc::clone(desk),
            link,
            seat,
        })
    }

    /// Returns the mailbox's id.
    pub fn mailbox(&self) -> MailboxId {
        self.desk.mailbox.id
    }

    /// Returns the connection.
    pub fn backend(&mut self) -> &mut dyn Backend {
        self.link.backend.as_mut()
    }

    /// Says whom and what a failure was about.
    pub fn blame(&self, source: BackendError) -> EngineError {
        self.desk.signer.blame_incoming(self.desk.address(), source)
    }

    /// Says that rows of folders changed, and with them the counts of the mailbox.
    pub fn say_messages(&self, folders: impl IntoIterator<Item = FolderId>) {
        for folder in folders {
            self.inner.say(Event::Messages(folder));
        }
        self.inner.say(Event::Folders(self.mailbox()));
    }
}
