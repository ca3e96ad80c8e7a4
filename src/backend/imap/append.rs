//! Files a message, unless it is there already: an append whose answer was lost must not file it twice.

use super::apply::{flag_names, found};
use super::ids::remote_id;
use super::wire::{Answer, Code, Command, Link};
use super::{Imap, quirks};
use crate::backend::BackendError;
use crate::model::{Applied, Flags, RemoteId};

const DOING: &str = "file a message";

impl<S: Link> Imap<S> {
    /// Files a message in a folder; makes the folder if there is none.
    pub(super) async fn append(
        &mut self,
        folder: &str,
        flags: Flags,
        message_id: &str,
        bytes: &[u8],
    ) -> Result<Applied, BackendError> {
        let mut keeps_keywords = false;
        match self.select(folder).await {
            Ok(uid_validity) => {
                keeps_keywords = self.session.selected().is_some_and(|s| s.keeps_keywords);
                if let Some(uid) = self.find(message_id).await? {
                    return Ok(filed(message_id, uid_validity, uid));
                }
            }
            Err(BackendError::Gone { .. }) => self.create(folder).await?,
            Err(error) => return Err(error),
        }
        let command = Command::new(DOING, "APPEND")
            .string(folder)
            .words(&format!(
                "({})",
                flag_names(flags, keeps_keywords).join(" ")
            ))
            .literal(bytes)
            .long();
        let mut answer = self.session.run(&command, |_| {}).await?;
        if answer.code == Code::Named("TRYCREATE".to_owned()) {
            self.create(folder).await?;
            answer = self.session.run(&command, |_| {}).await?;
        }
        self.conclude_append(message_id, answer)
    }

    fn conclude_append(&self, message_id: &str, answer: Answer) -> Result<Applied, BackendError> {
        if !answer.is_ok() {
            return Err(quirks::refusal(DOING, self.session.host(), &answer));
        }
        Ok(match answer.code {
            Code::AppendUid(uid_validity, uids) => match uids.first() {
                Some(uid) => filed(message_id, uid_validity, *uid),
                None => Applied::default(),
            },
            _ => Applied::default(),
        })
    }

    /// Looks for a message by its id in the open folder.
    async fn find(&mut self, message_id: &str) -> Result<Option<u32>, BackendError> {
        if message_id.is_empty() || !message_id.is_ascii() {
            return Ok(None);
        }
        let command = Command::new(
            "look for a message",
            "UID SEARCH UNDELETED HEADER Message-ID",
        )
        .string(message_id)
        .long();
        let mut uids = Vec::new();
        let answer = self
            .session
            .run(&command, |r| uids.extend(found(r)))
            .await?;
        self.session.demand("look for a message", answer)?;
        Ok(uids.into_iter().max())
    }
}

fn filed(message_id: &str, uid_validity: u32, uid: u32) -> Applied {
    Applied {
        renamed: vec![(RemoteId::new(message_id), remote_id(uid_validity, uid))],
    }
}
