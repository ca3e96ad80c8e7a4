//! Changes messages: flags, moving, deleting. Everything may be repeated without harm.

use imap_proto::{MailboxDatum, Response};

use super::ids::{remote_id, sequence_set, uids};
use super::wire::{Answer, Code, Command, Link};
use super::{Imap, quirks};
use crate::backend::BackendError;
use crate::model::{Applied, FlagChange, Flags, RemoteId, RemoteOp};

/// Messages changed by one command.
const TOGETHER: usize = 500;

impl<S: Link> Imap<S> {
    /// Makes one change.
    pub(super) async fn apply_one(&mut self, op: &RemoteOp) -> Result<Applied, BackendError> {
        match op {
            RemoteOp::Flag {
                folder,
                messages,
                change,
            } => self.change_flags(folder, messages, *change).await?,
            RemoteOp::Move {
                folder,
                messages,
                to,
            } => return self.move_messages(folder, messages, to).await,
            RemoteOp::Delete { folder, messages } => self.delete(folder, messages).await?,
            RemoteOp::Append {
                folder,
                flags,
                message_id,
                bytes,
            } => return self.append(folder, *flags, message_id, bytes).await,
            RemoteOp::CreateFolder { path } => self.create_folder(path).await?,
            RemoteOp::RenameFolder { folder, path } => self.rename_folder(folder, path).await?,
            RemoteOp::DeleteFolder { folder } => self.delete_folder(folder).await?,
        }
        Ok(Applied::default())
    }

    async fn change_flags(
        &mut self,
        folder: &str,
        messages: &[String],
        change: FlagChange,
    ) -> Result<(), BackendError> {
        const DOING: &str = "change flags";
        let validity = self.select(folder).await?;
        let uids = uids(messages.iter().map(String::as_str), validity)?;
        let keeps_keywords = self.session.selected().is_some_and(|s| s.keeps_keywords);
        self.session.expect_fetches(true);
        for chunk in uids.chunks(TOGETHER) {
            for (sign, flags) in [('+', change.set), ('-', change.clear)] {
                let names = flag_names(flags, keeps_keywords);
                if names.is_empty() {
                    continue;
                }
                let set = sequence_set(chunk);
                let words = format!("UID STORE {set} {sign}FLAGS.SILENT ({})", names.join(" "));
                self.session
                    .run_plain(&Command::new(DOING, &words).long())
                    .await?;
            }
        }
        Ok(())
    }

    async fn move_messages(
        &mut self,
        folder: &str,
        messages: &[String],
        to: &str,
    ) -> Result<Applied, BackendError> {
        const DOING: &str = "move messages";
        let validity = self.select(folder).await?;
        let uids = uids(messages.iter().map(String::as_str), validity)?;
        let mut applied = Applied::default();
        if folder == to {
            return Ok(applied);
        }
        let has_move = self.session.can("MOVE");
        let verb = if has_move { "UID MOVE" } else { "UID COPY" };
        for chunk in uids.chunks(TOGETHER) {
            let set = sequence_set(chunk);
            let command = Command::new(DOING, &format!("{verb} {set}"))
                .string(to)
                .long();
            let mut untagged = Vec::new();
            let answer = self
                .session
                .run(&command, |response| untagged.extend(copied(response)))
                .await?;
            if !answer.is_ok() {
                return Err(self.refused_move(DOING, to, &answer).await?);
            }
            // MOVE tells in an untagged OK (RFC 6851 §4.3), COPY in the tagged one.
            untagged.push(answer.code);
            for code in untagged {
                rename(&mut applied, validity, code);
            }
            if !has_move {
                self.expunge(folder, chunk).await?;
            }
            self.sync.note_taken(folder, chunk);
        }
        Ok(applied)
    }

    /// Finds out whether a move was refused because its target is gone.
    async fn refused_move(
        &mut self,
        doing: &'static str,
        to: &str,
        answer: &Answer,
    ) -> Result<BackendError, BackendError> {
        let error = quirks::refusal(doing, self.session.host(), answer);
        if matches!(error, BackendError::Refused { ref code, .. } if code.is_empty())
            && !self.exists(to).await?
        {
            return Ok(BackendError::Gone {
                what: to.to_owned(),
            });
        }
        Ok(error)
    }

    async fn delete(&mut self, folder: &str, messages: &[String]) -> Result<(), BackendError> {
        let validity = self.select(folder).await?;
        let uids = uids(messages.iter().map(String::as_str), validity)?;
        for chunk in uids.chunks(TOGETHER) {
            self.expunge(folder, chunk).await?;
            self.sync.note_taken(folder, chunk);
        }
        Ok(())
    }

    /// Takes messages out of the open folder for good.
    ///
    /// Without UIDPLUS there is only EXPUNGE, which takes everything marked `\Deleted`, also what others have
    /// marked and may still want back. So it is used only when nothing else is marked; otherwise our messages stay
    /// marked, and go with the next expunge of whoever marked the others.
    async fn expunge(&mut self, folder: &str, uids: &[u32]) -> Result<(), BackendError> {
        const DOING: &str = "delete messages";
        let set = sequence_set(uids);
        self.session.expect_fetches(true);
        let store = format!("UID STORE {set} +FLAGS.SILENT (\\Deleted)");
        self.session
            .run_plain(&Command::new(DOING, &store).long())
            .await?;
        if self.session.can("UIDPLUS") {
            let expunge = Command::new(DOING, &format!("UID EXPUNGE {set}")).long();
            self.session.run_plain(&expunge).await?;
            return Ok(());
        }
        let mut marked = Vec::new();
        let search = Command::new(DOING, "UID SEARCH DELETED").long();
        let answer = self
            .session
            .run(&search, |r| marked.extend(found(r)))
            .await?;
        self.session.demand(DOING, answer)?;
        if marked.iter().all(|uid| uids.binary_search(uid).is_ok()) {
            let expunge = Command::new(DOING, "EXPUNGE").long();
            self.session.run_plain(&expunge).await?;
        } else {
            tracing::info!(target: "pillarbox::imap", folder, "left messages marked as deleted: others are marked too");
        }
        Ok(())
    }
}

/// Returns the numbers of a search response.
pub(super) fn found(response: &Response<'_>) -> Vec<u32> {
    match response {
        Response::MailboxData(MailboxDatum::Search(numbers)) => numbers.clone(),
        _ => Vec::new(),
    }
}

/// Returns the code of an untagged `OK` if it says where copies went.
fn copied(response: &Response<'_>) -> Option<Code> {
    let Response::Data { status, outcome } = response else {
        return None;
    };
    let code = Answer::read(status, outcome).code;
    matches!(code, Code::CopyUid(..)).then_some(code)
}

/// Notes new ids (RFC 4315 §3): the sets correspond one by one, in this order.
fn rename(applied: &mut Applied, uid_validity: u32, code: Code) {
    let Code::CopyUid(new_validity, old, new) = code else {
        return;
    };
    if old.len() != new.len() {
        return;
    }
    let pairs = old.into_iter().zip(new);
    applied
        .renamed
        .extend(pairs.map(|(old, new)| -> (RemoteId, RemoteId) {
            (remote_id(uid_validity, old), remote_id(new_validity, new))
        }));
}

/// Returns the names of flags for a command. Keywords are left out where the folder does not keep them.
pub(super) fn flag_names(flags: Flags, keeps_keywords: bool) -> Vec<&'static str> {
    [
        (Flags::SEEN, "\\Seen", true),
        (Flags::ANSWERED, "\\Answered", true),
        (Flags::FLAGGED, "\\Flagged", true),
        (Flags::DRAFT, "\\Draft", true),
        (Flags::DELETED, "\\Deleted", true),
        (Flags::FORWARDED, "$Forwarded", keeps_keywords),
    ]
    .into_iter()
    .filter(|(flag, _, is_kept)| *is_kept && flags.contains(*flag))
    .map(|(_, name, _)| name)
    .collect()
}
