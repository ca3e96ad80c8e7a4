//! One mailbox, read: log in, list its folders, see whether anything may be changed.

use tokio::time::Instant;

use crate::backend::{BackendError, Refusal};
use crate::engine::EngineError;
use crate::engine::check::{Check, CheckStep, Found, Reading};
use crate::engine::work::desk::Desk;
use crate::engine::work::room::Room;
use crate::model::{RemoteFolder, RemoteId, Role};

impl Check {
    /// Opens a mailbox and tells how far.
    pub(super) async fn reading(&self, desk: &std::sync::Arc<Desk>) -> Reading {
        let (mut room, reading) = self.log_in(desk).await;
        let Some(room) = &mut room else {
            return reading;
        };
        let started = Instant::now();
        let listed = room.backend().folders().await;
        let listed = listed.map_err(|source| room.blame(source));
        let inbox = listed.as_ref().ok().and_then(|folders| inbox(folders));
        let said = listed.map(|found| match found.len() {
            1 => "the inbox, and no other folder".to_owned(),
            count => format!("{count} folders"),
        });
        let step = (desk.address(), CheckStep::Folders);
        let Some(inbox) = self.done(step, said, started).and(inbox) else {
            return Reading::Unknown;
        };
        match room.backend().may_change(&inbox).await {
            Ok(true) => Reading::Full,
            Ok(false) => Reading::Read,
            Err(_) => Reading::Unknown,
        }
    }

    async fn log_in(&self, desk: &std::sync::Arc<Desk>) -> (Option<Room>, Reading) {
        let started = Instant::now();
        let opened = Room::open(&self.inner, desk).await;
        let step = (desk.address(), CheckStep::Login);
        match opened {
            Ok(room) => {
                self.done(step, Ok(format!("opened {}", desk.address())), started);
                (Some(room), Reading::Full)
            }
            Err(error) => {
                let reading = if is_no(&error) {
                    Reading::None
                } else {
                    Reading::Unknown
                };
                self.done(step, Err::<Found, _>(error), started);
                (None, reading)
            }
        }
    }
}

/// Returns where new mail comes in.
pub(super) fn inbox(folders: &[RemoteFolder]) -> Option<RemoteId> {
    let inbox = folders.iter().find(|folder| folder.role == Role::Inbox)?;
    Some(inbox.id.clone())
}

/// Whether the server said no to this mailbox, which is an answer about rights.
fn is_no(error: &EngineError) -> bool {
    matches!(
        error,
        EngineError::Backend {
            source: BackendError::Refused {
                kind: Refusal::NoMailboxAccess,
                ..
            } | BackendError::SignIn { .. },
            ..
        }
    )
}
