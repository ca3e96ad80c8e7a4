//! The one folder that POP3 knows.

use crate::backend::BackendError;
use crate::model::{RemoteFolder, RemoteId, Role};

const INBOX: &str = "INBOX";

/// Returns the maildrop as a folder.
pub(super) fn inbox() -> RemoteFolder {
    RemoteFolder {
        id: RemoteId::new(INBOX),
        path: INBOX.to_owned(),
        role: Role::Inbox,
        selectable: true,
    }
}

/// Refuses what is no folder of a maildrop.
pub(super) fn check(folder: &str) -> Result<(), BackendError> {
    if folder == INBOX {
        return Ok(());
    }
    Err(BackendError::Gone {
        what: "a folder besides the inbox (POP3 knows no other)".to_owned(),
    })
}
