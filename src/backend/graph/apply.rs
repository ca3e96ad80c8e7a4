//! Changes messages: flags, moving, deleting; in batches. Everything may be repeated without harm.

use serde_json::{Map, Value, json};

use super::Graph;
use super::item::{id_of, text};
use super::wire::{About, Call, Reply, with_query};
use crate::backend::BackendError;
use crate::model::{Applied, FlagChange, Flags, RemoteId, RemoteOp};

/// Messages changed before anything is given back; a multiple of a batch.
const TOGETHER: usize = 100;

impl Graph {
    /// Makes one change.
    pub(super) async fn apply_one(&mut self, op: &RemoteOp) -> Result<Applied, BackendError> {
        self.sync.note_activity();
        match op {
            RemoteOp::Flag {
                messages, change, ..
            } => self.change_flags(messages, *change).await?,
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
            RemoteOp::CreateFolder { path } => {
                self.create_folder(path).await?;
            }
            RemoteOp::RenameFolder { folder, path } => self.rename_folder(folder, path).await?,
            RemoteOp::DeleteFolder { folder } => self.delete_folder(folder).await?,
        }
        Ok(Applied::default())
    }

    fn message(&self, id: &str) -> String {
        self.wire.base().path(&["messages", id])
    }

    async fn change_flags(
        &mut self,
        messages: &[String],
        change: FlagChange,
    ) -> Result<(), BackendError> {
        const DOING: &str = "change flags";
        let properties = flag_properties(change);
        if properties.as_object().is_none_or(Map::is_empty) {
            return Ok(());
        }
        let mut changed = messages.is_empty();
        for chunk in messages.chunks(TOGETHER) {
            let patch = |id: &String| Call::patch(self.message(id), properties.clone());
            let calls: Vec<Call> = chunk.iter().map(patch).collect();
            let mut conflicts = Vec::new();
            for (id, reply) in chunk.iter().zip(self.wire.batch(DOING, &calls).await?) {
                if reply.is_conflict() {
                    conflicts.push(id.clone());
                } else {
                    changed |= is_done(reply, DOING, id)?;
                }
            }
            changed |= self.change_again(&conflicts, &properties).await?;
        }
        if changed {
            return Ok(());
        }
        Err(gone(messages))
    }

    /// Makes a change anew where somebody else was quicker: the message is read first, and it is tried once.
    async fn change_again(
        &self,
        messages: &[String],
        properties: &Value,
    ) -> Result<bool, BackendError> {
        const DOING: &str = "change flags";
        let read = |id: &String| Call::get(with_query(&self.message(id), &[("$select", "id")]));
        let reads: Vec<Call> = messages.iter().map(read).collect();
        self.wire.batch(DOING, &reads).await?;
        let patch = |id: &String| Call::patch(self.message(id), properties.clone());
        let patches: Vec<Call> = messages.iter().map(patch).collect();
        let mut changed = false;
        for (id, reply) in messages.iter().zip(self.wire.batch(DOING, &patches).await?) {
            changed |= is_done(reply, DOING, id)?;
        }
        Ok(changed)
    }

    async fn move_messages(
        &mut self,
        folder: &str,
        messages: &[String],
        to: &str,
    ) -> Result<Applied, BackendError> {
        const DOING: &str = "move messages";
        let mut applied = Applied::default();
        if folder == to || messages.is_empty() {
            return Ok(applied);
        }
        let mut moved = false;
        for chunk in messages.chunks(TOGETHER) {
            let to_there = json!({ "destinationId": to });
            let post =
                |id: &String| Call::post(format!("{}/move", self.message(id)), to_there.clone());
            let calls: Vec<Call> = chunk.iter().map(post).collect();
            for (id, reply) in chunk.iter().zip(self.wire.batch(DOING, &calls).await?) {
                let new = id_of(&reply.body).filter(|_| reply.is_ok());
                if !is_done(reply, DOING, id)? {
                    continue;
                }
                moved = true;
                if let Some(new) = new {
                    // With immutable ids mostly the same one; the engine needs to be told all the same.
                    applied.renamed.push((RemoteId::new(id.as_str()), new));
                }
            }
        }
        if moved {
            return Ok(applied);
        }
        self.demand_folder(DOING, to).await?;
        Err(gone(messages))
    }

    /// Deletes for good, but only what is still where it was when that was decided: an immutable id would find a
    /// message that somebody has rescued meanwhile, too.
    async fn delete(&mut self, folder: &str, messages: &[String]) -> Result<(), BackendError> {
        const DOING: &str = "delete messages";
        for chunk in messages.chunks(TOGETHER) {
            let place = [("$select", "id,parentFolderId")];
            let read = |id: &String| Call::get(with_query(&self.message(id), &place));
            let reads: Vec<Call> = chunk.iter().map(read).collect();
            let mut here = Vec::new();
            for (id, reply) in chunk.iter().zip(self.wire.batch(DOING, &reads).await?) {
                let parent = text(&reply.body, "parentFolderId").to_owned();
                let is_here = parent.is_empty() || parent == folder;
                if is_done(reply, DOING, id)? && is_here {
                    here.push(id.clone());
                }
            }
            self.delete_for_good(&here).await?;
        }
        Ok(())
    }

    async fn delete_for_good(&self, messages: &[String]) -> Result<(), BackendError> {
        const DOING: &str = "delete messages";
        let purge = |id: &String| Call::bare_post(format!("{}/permanentDelete", self.message(id)));
        let purges: Vec<Call> = messages.iter().map(purge).collect();
        let mut left = Vec::new();
        for (id, reply) in messages.iter().zip(self.wire.batch(DOING, &purges).await?) {
            if is_unknown(&reply) {
                left.push(id);
            } else {
                is_done(reply, DOING, id)?;
            }
        }
        // National clouds have no `permanentDelete` (protocol facts §8.5).
        let deletes = left.iter().map(|id| Call::delete(self.message(id)));
        let deletes: Vec<Call> = deletes.collect();
        for (id, reply) in left.iter().zip(self.wire.batch(DOING, &deletes).await?) {
            is_done(reply, DOING, id)?;
        }
        Ok(())
    }

    /// Fails with [`BackendError::Gone`] when there is no such folder.
    pub(super) async fn demand_folder(
        &self,
        doing: &'static str,
        folder: &str,
    ) -> Result<(), BackendError> {
        let path = self.wire.base().path(&["mailFolders", folder]);
        let call = Call::get(with_query(&path, &[("$select", "id")]));
        let reply = self.wire.call(doing, &call).await?;
        reply.demand(doing, About::Item(folder)).map(drop)
    }
}

/// Tells whether something was done; `false` where there was nothing any more.
fn is_done(reply: Reply, doing: &'static str, id: &str) -> Result<bool, BackendError> {
    if reply.is_gone() {
        return Ok(false);
    }
    reply.demand(doing, About::Item(id)).map(|_| true)
}

/// Tells whether the service does not know the operation, as opposed to the message.
fn is_unknown(reply: &Reply) -> bool {
    let code = reply.code().to_ascii_lowercase();
    let is_about_item = code.starts_with("erroritem") || code == "errorinvalididmalformed";
    matches!(reply.status, 400 | 404 | 405 | 501) && !is_about_item
}

fn gone(messages: &[String]) -> BackendError {
    let what = messages.first().cloned().unwrap_or_default();
    BackendError::Gone { what }
}

/// Returns the properties that a change of flags touches (protocol facts §8.5).
pub(super) fn flag_properties(change: FlagChange) -> Value {
    let mut properties = Map::new();
    let wanted = |flag: Flags| match (change.set.contains(flag), change.clear.contains(flag)) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    };
    if let Some(is_read) = wanted(Flags::SEEN) {
        properties.insert("isRead".to_owned(), is_read.into());
    }
    if let Some(is_flagged) = wanted(Flags::FLAGGED) {
        let status = if is_flagged { "flagged" } else { "notFlagged" };
        properties.insert("flag".to_owned(), json!({ "flagStatus": status }));
    }
    // Last verb and icon (MS-OXOMSG §2.2.2.26).
    let verb = match (wanted(Flags::ANSWERED), wanted(Flags::FORWARDED)) {
        (Some(true), _) => Some(("102", "261")),
        (_, Some(true)) => Some(("104", "262")),
        (None, None) => None,
        _ => Some(("0", "256")),
    };
    if let Some((verb, icon)) = verb {
        let values = json!([
            { "id": "Integer 0x1081", "value": verb },
            { "id": "Integer 0x1080", "value": icon },
        ]);
        properties.insert("singleValueExtendedProperties".to_owned(), values);
    }
    properties.into()
}
