//! Changes: deleting, which is all that POP3 can do. Everything may be repeated without harm.

use std::collections::BTreeSet;

use super::Pop3;
use super::connect::{Dial, Session};
use super::folders;
use super::quirks;
use super::reply::{Refused, Reply};
use super::wire::{Link, Patience, broken};
use crate::backend::BackendError;
use crate::model::{Applied, RemoteOp};

const DOING: &str = "delete messages";
/// Deletions asked for at once.
const WINDOW: usize = 100;

impl<D: Dial> Pop3<D> {
    /// Makes one change.
    pub(super) async fn apply_one(&mut self, op: &RemoteOp) -> Result<Applied, BackendError> {
        let what = match op {
            RemoteOp::Delete { folder, messages } => {
                folders::check(folder)?;
                self.delete(messages).await?;
                return Ok(Applied::default());
            }
            // Flags are ours alone here; the engine has changed them already.
            RemoteOp::Flag { folder, .. } => {
                folders::check(folder)?;
                return Ok(Applied::default());
            }
            RemoteOp::Move { .. } => "moving messages (POP3 has only the inbox)",
            RemoteOp::Append { .. } => "filing messages (POP3 has only the inbox)",
            RemoteOp::CreateFolder { .. }
            | RemoteOp::RenameFolder { .. }
            | RemoteOp::DeleteFolder { .. } => "folders besides the inbox (POP3 has no others)",
        };
        Err(BackendError::Unsupported { what })
    }

    /// Deletes messages. They are gone when the session has ended well, and not before (RFC 1939 §6).
    async fn delete(&mut self, messages: &[String]) -> Result<(), BackendError> {
        let session = self.enter().await?;
        let wanted: BTreeSet<&str> = messages.iter().map(String::as_str).collect();
        let found = wanted.iter().filter_map(|id| session.maildrop.find(id));
        let numbers: Vec<u32> = found.map(|entry| entry.number).collect();
        if numbers.is_empty() {
            self.session = Some(session);
            return Ok(());
        }
        let Some(refused) = session.delete(&numbers).await? else {
            return Ok(());
        };
        // Refused because it is gone, or because it may not go: only a new session can tell.
        let session = self.door.dial().await?;
        let is_left = wanted.iter().any(|id| session.maildrop.find(id).is_some());
        let error = quirks::refusal(DOING, session.wire.host(), &refused);
        self.session = Some(session);
        if is_left { Err(error) } else { Ok(()) }
    }
}

impl<S: Link> Session<S> {
    /// Marks messages as deleted and ends the session; returns the first refusal, if there was one.
    async fn delete(mut self, numbers: &[u32]) -> Result<Option<Refused>, BackendError> {
        let mut first = None;
        for window in numbers.chunks(self.window(WINDOW)) {
            let commands: Vec<String> = window.iter().map(|n| format!("DELE {n}")).collect();
            self.wire.send_all(DOING, &commands).await?;
            for _ in window {
                first = first.or(self.refusal().await?);
            }
        }
        self.wire.send(DOING, "QUIT").await?;
        let last = self.refusal().await?;
        Ok(first.or(last))
    }

    async fn refusal(&mut self) -> Result<Option<Refused>, BackendError> {
        match self.wire.reply(DOING, Patience::Long).await? {
            Reply::Ok(_) => Ok(None),
            Reply::More(_) => Err(broken(DOING, "a challenge out of the blue")),
            Reply::Refused(refused) => match quirks::known(DOING, self.wire.host(), &refused) {
                Some(error) => Err(error),
                None => Ok(Some(refused)),
            },
        }
    }
}
