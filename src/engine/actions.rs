//! What a person does to messages: at once in the cache, queued for the server, never waiting for the network.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::engine::protocol::{has_folders, needs_folders};
use crate::engine::work::bell::locked;
use crate::engine::{Engine, EngineError, Event};
use crate::model::{ActionId, FlagChange, FolderId, Listed, MailboxId, MessageId, Role};
use crate::store::Action;

/// Actions whose reach is remembered for `undo`.
const REMEMBERED: usize = 100;

/// The id of an action that changed nothing, such as a move to where everything is already; no row has it.
const NOTHING: ActionId = ActionId::new(0);

/// What `undo` needs to know: an action of a person may be several of the cache's, in several folders.
#[derive(Debug, Default)]
pub struct Actions(VecDeque<Reach>);

#[derive(Clone, Debug)]
struct Reach {
    id: ActionId,
    parts: Vec<ActionId>,
    places: Places,
}

/// Folders and mailboxes an action touches.
#[derive(Clone, Debug, Default)]
struct Places {
    folders: BTreeSet<FolderId>,
    mailboxes: BTreeSet<MailboxId>,
}

impl Actions {
    fn add(&mut self, reach: Reach) {
        self.0.push_back(reach);
        if self.0.len() > REMEMBERED {
            self.0.pop_front();
        }
    }

    fn find(&self, id: ActionId) -> Option<Reach> {
        self.0.iter().find(|reach| reach.id == id).cloned()
    }
}

impl Engine {
    /// Changes flags.
    pub async fn mark(
        &self,
        messages: Vec<MessageId>,
        change: FlagChange,
    ) -> Result<ActionId, EngineError> {
        let rows = self.rows(&messages).await?;
        self.act(vec![(rows, Action::Flag(change))]).await
    }

    /// Moves to a folder of the same mailbox. Messages of other mailboxes and those already there stay.
    pub async fn move_to(
        &self,
        messages: Vec<MessageId>,
        folder: FolderId,
    ) -> Result<ActionId, EngineError> {
        let found = self.inner.store.folder(folder).await?;
        let target = found.ok_or_else(|| not_found("folder", folder))?;
        needs_folders(&*self.inner.desk(target.mailbox)?, "moved")?;
        let mut rows = self.rows(&messages).await?;
        rows.retain(|row| row.mailbox == target.mailbox && row.folder != folder);
        self.act(vec![(rows, Action::Move(folder))]).await
    }

    /// Moves to the mailbox's archive folder.
    pub async fn archive(&self, messages: Vec<MessageId>) -> Result<ActionId, EngineError> {
        let rows = self.rows(&messages).await?;
        let mut work = Vec::new();
        for (mailbox, mut rows) in by_mailbox(rows) {
            needs_folders(&*self.inner.desk(mailbox)?, "archived")?;
            let archive = self.role_folder(mailbox, Role::Archive).await?;
            rows.retain(|row| row.folder != archive);
            work.push((rows, Action::Move(archive)));
        }
        self.act(work).await
    }

    /// Moves to the trash; deletes for good what is in the trash already, and everything where the server has no
    /// folders (the caller has asked for that).
    pub async fn delete(&self, messages: Vec<MessageId>) -> Result<ActionId, EngineError> {
        let rows = self.rows(&messages).await?;
        let mut work = Vec::new();
        for (mailbox, rows) in by_mailbox(rows) {
            if !has_folders(&*self.inner.desk(mailbox)?) {
                work.push((rows, Action::Delete));
                continue;
            }
            let trash = self.role_folder(mailbox, Role::Trash).await?;
            let (inside, outside): (Vec<_>, Vec<_>) =
                rows.into_iter().partition(|row| row.folder == trash);
            work.push((outside, Action::Move(trash)));
            work.push((inside, Action::Delete));
        }
        self.act(work).await
    }

    /// Takes an action back.
    pub async fn undo(&self, action: ActionId) -> Result<bool, EngineError> {
        let reach = locked(&self.inner.actions).find(action);
        let Some(reach) = reach else {
            let is_undone = self.inner.store.undo(action).await?;
            // Which folders it touched is not known any more.
            self.inner.say(Event::Lagged);
            self.ring_all();
            return Ok(is_undone);
        };
        let mut is_undone = false;
        for part in reach.parts.iter().rev() {
            is_undone |= self.inner.store.undo(*part).await?;
        }
        self.acted(&reach.places).await?;
        Ok(is_undone)
    }

    /// Reads the rows an action is about; none left is an error.
    async fn rows(&self, messages: &[MessageId]) -> Result<Vec<Listed>, EngineError> {
        let rows = self.inner.store.listed(messages).await?;
        match (rows.is_empty(), messages.first()) {
            (true, Some(first)) => Err(not_found("message", first)),
            _ => Ok(rows),
        }
    }

    async fn role_folder(&self, mailbox: MailboxId, role: Role) -> Result<FolderId, EngineError> {
        let found = self.inner.store.folder_by_role(mailbox, role).await?;
        if let Some(folder) = found {
            return Ok(folder.id);
        }
        let desk = self.inner.desk(mailbox)?;
        Err(EngineError::NoRoleFolder {
            mailbox: desk.address().to_owned(),
            role: role.name(),
        })
    }

    /// Applies actions that belong together and says what they touched.
    async fn act(&self, work: Vec<(Vec<Listed>, Action)>) -> Result<ActionId, EngineError> {
        let mut places = Places::default();
        let mut parts = Vec::new();
        for (rows, action) in work.into_iter().filter(|(rows, _)| !rows.is_empty()) {
            if let Action::Move(target) = &action {
                places.folders.insert(*target);
            }
            places.folders.extend(rows.iter().map(|row| row.folder));
            places.mailboxes.extend(rows.iter().map(|row| row.mailbox));
            let ids: Vec<MessageId> = rows.iter().map(|row| row.id).collect();
            parts.push(self.inner.store.act(&ids, action).await?);
        }
        let Some(id) = parts.first().copied() else {
            return Ok(NOTHING);
        };
        self.acted(&places).await?;
        locked(&self.inner.actions).add(Reach { id, parts, places });
        Ok(id)
    }

    async fn acted(&self, places: &Places) -> Result<(), EngineError> {
        for folder in &places.folders {
            self.inner.say(Event::Messages(*folder));
        }
        for mailbox in &places.mailboxes {
            self.inner.say(Event::Folders(*mailbox));
            if let Ok(desk) = self.inner.desk(*mailbox) {
                self.inner.count_pending(&desk).await?;
                desk.bell.ring();
            }
        }
        Ok(())
    }

    fn ring_all(&self) {
        for desk in self.inner.desks() {
            desk.bell.ring();
        }
    }
}

fn by_mailbox(rows: Vec<Listed>) -> BTreeMap<MailboxId, Vec<Listed>> {
    let mut sorted: BTreeMap<MailboxId, Vec<Listed>> = BTreeMap::new();
    for row in rows {
        sorted.entry(row.mailbox).or_default().push(row);
    }
    sorted
}

fn not_found(what: &'static str, id: impl std::fmt::Display) -> EngineError {
    EngineError::NotFound {
        what,
        name: id.to_string(),
    }
}
