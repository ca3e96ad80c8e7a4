//! What every operation needs: the house, who asks, and the way from ids to folders and messages.

use std::sync::Arc;

use super::access::Caller;
use super::folders::{VIRTUAL, path_of, virtual_of};
use super::wire::{FolderRef, ItemRef, Node, Refusal, read_folder, read_item, revision_of};
use crate::demo::house::House;
use crate::demo::mail_store::{Folder, Mailbox, Message};
use crate::demo::mischief::Mischief;

/// A response message's content, or why there is none.
pub type Reply = Result<String, Refusal>;

/// A request on its way through an operation.
pub struct Context<'a> {
    /// The tenant.
    pub house: &'a Arc<House>,
    /// Who asks.
    pub caller: Caller,
    /// What shall go wrong.
    pub mischief: Option<Mischief>,
}

impl Context<'_> {
    /// Tells whether this is to go wrong.
    pub fn has(&self, mischief: &Mischief) -> bool {
        self.mischief.as_ref() == Some(mischief)
    }

    /// Returns the folder that `FolderId` or `DistinguishedFolderId` names; it is there and may be opened.
    pub fn folder(&self, node: &Node) -> Result<FolderRef, Refusal> {
        let found = if node.name == "DistinguishedFolderId" {
            self.distinguished(node)?
        } else {
            let id = node.attribute("Id").unwrap_or_default();
            read_folder(id).ok_or_else(|| Refusal::of("ErrorInvalidIdMalformed"))?
        };
        if !self.caller.may_open(&found.mailbox) {
            return Err(Refusal::of("ErrorFolderNotFound"));
        }
        self.mailbox(&found, |mailbox| {
            let is_there = found.folder <= VIRTUAL || mailbox.folder_by_id(found.folder).is_some();
            is_there
                .then_some(())
                .ok_or_else(|| Refusal::of("ErrorFolderNotFound"))
        })?;
        Ok(found)
    }

    /// Returns the folder in an element such as `ToFolderId`.
    pub fn target(&self, request: &Node, name: &str) -> Result<Option<FolderRef>, Refusal> {
        let node = request.children_of(name).first();
        node.map(|node| self.folder(node)).transpose()
    }

    fn distinguished(&self, node: &Node) -> Result<FolderRef, Refusal> {
        let named = node
            .child("Mailbox")
            .and_then(|mailbox| mailbox.text_of("EmailAddress"));
        let mailbox = named.map_or(self.caller.mailbox.as_str(), str::trim);
        let name = node.attribute("Id").unwrap_or_default();
        let found = self.house.store.read(mailbox, |mailbox| {
            let stored = || Some(mailbox.folder(path_of(name)?)?.uid_validity);
            virtual_of(name).or_else(stored)
        });
        match found {
            Some(Some(folder)) => Ok(FolderRef::new(mailbox, folder)),
            Some(None) => Err(Refusal::of("ErrorFolderNotFound")),
            None => Err(Refusal::of("ErrorNonExistentMailbox")),
        }
    }

    /// Looks at a mailbox.
    pub fn mailbox<R>(
        &self,
        at: &FolderRef,
        look: impl FnOnce(&Mailbox) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        let found = self.house.store.read(&at.mailbox, look);
        found.unwrap_or_else(|| Err(Refusal::of("ErrorNonExistentMailbox")))
    }

    /// Changes a mailbox.
    pub fn change<R>(
        &self,
        at: &FolderRef,
        change: impl FnOnce(&mut Mailbox) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        let found = self.house.store.change(&at.mailbox, change);
        found.unwrap_or_else(|| Err(Refusal::of("ErrorNonExistentMailbox")))
    }

    /// Returns the item that `ItemId` names; whether it is there shows later.
    pub fn item(&self, node: &Node) -> Result<ItemRef, Refusal> {
        let id = node.attribute("Id").unwrap_or_default();
        let item = read_item(id).ok_or_else(|| Refusal::of("ErrorInvalidIdMalformed"))?;
        if node
            .attribute("ChangeKey")
            .is_some_and(|key| revision_of(key).is_none())
        {
            return Err(Refusal::of("ErrorInvalidChangeKey"));
        }
        if !self.caller.may_open(&item.at.mailbox) {
            return Err(Refusal::of("ErrorItemNotFound"));
        }
        Ok(item)
    }

    /// Looks at an item and its folder.
    pub fn message<R>(
        &self,
        item: &ItemRef,
        look: impl FnOnce(&Folder, &Message) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        self.mailbox(&item.at, |mailbox| {
            let folder = mailbox.folder_by_id(item.at.folder);
            let found = folder.and_then(|folder| Some((folder, folder.message(item.uid)?)));
            let (folder, message) = found.ok_or_else(|| Refusal::of("ErrorItemNotFound"))?;
            look(folder, message)
        })
    }
}

/// Says whether a change key given with an item is the current one; `None` if none was given.
pub fn is_current(node: &Node, message: &Message) -> Option<bool> {
    let key = node.attribute("ChangeKey").filter(|key| !key.is_empty())?;
    Some(revision_of(key) == Some(message.revision))
}
