//! `MoveItem`, `CopyItem` and `DeleteItem`.

use super::{only_id, put};
use crate::demo::ews::context::{Context, Reply};
use crate::demo::ews::wire::{FolderRef, ItemRef, Node, Refusal, is_true};
use crate::demo::mail_store::{Message, NewMessage};

const TRASH: &str = "Deleted Items";

/// Answers `MoveItem` and `CopyItem`.
pub fn transfer(context: &Context<'_>, request: &Node) -> Vec<Reply> {
    let is_move = request.name == "MoveItem";
    let target = context.target(request, "ToFolderId");
    let ids = request.children_of("ItemIds").iter();
    let is_told = request.text_of("ReturnNewItemIds").is_none_or(is_true);
    ids.map(|node| {
        let item = context.item(node)?;
        let target = target
            .clone()?
            .ok_or_else(|| Refusal::of("ErrorFolderNotFound"))?;
        let (id, revision) = if is_move {
            moved(context, &item, &target)?
        } else {
            let copy = context.message(&item, |_, message| Ok(NewMessage::moving(message)))?;
            put(context, &target, NewMessage { key: None, ..copy })?
        };
        // Nothing is told of items that went into another mailbox.
        if !is_told || item.at.mailbox != target.mailbox {
            return Ok("<m:Items/>".to_owned());
        }
        Ok(only_id(&id, revision))
    })
    .collect()
}

/// Moves an item and returns its new name.
pub fn moved(
    context: &Context<'_>,
    item: &ItemRef,
    target: &FolderRef,
) -> Result<(ItemRef, u64), Refusal> {
    if item.at.mailbox == target.mailbox {
        return context.change(target, |mailbox| {
            if mailbox.folder_by_id(target.folder).is_none() {
                return Err(Refusal::of("ErrorFolderNotFound"));
            }
            let source = mailbox.folder_by_id_mut(item.at.folder);
            let taken = source.and_then(|source| source.remove(item.uid));
            let taken = taken.ok_or_else(|| Refusal::of("ErrorItemNotFound"))?;
            let folder = mailbox.folder_by_id_mut(target.folder);
            let folder = folder.ok_or_else(|| Refusal::of("ErrorFolderNotFound"))?;
            let uid = folder.append(NewMessage::moving(&taken));
            Ok((target.item(uid), folder.revision()))
        });
    }
    let taken = removed(context, item)?;
    let mail = NewMessage {
        key: None,
        ..NewMessage::moving(&taken)
    };
    put(context, target, mail)
}

/// Takes an item out of its folder.
pub fn removed(context: &Context<'_>, item: &ItemRef) -> Result<Message, Refusal> {
    context.change(&item.at, |mailbox| {
        let folder = mailbox.folder_by_id_mut(item.at.folder);
        let taken = folder.and_then(|folder| folder.remove(item.uid));
        taken.ok_or_else(|| Refusal::of("ErrorItemNotFound"))
    })
}

/// Answers `DeleteItem`. What is deleted softly is as gone as the rest: this tenant has no dumpster.
pub fn delete(context: &Context<'_>, request: &Node) -> Vec<Reply> {
    let kind = request.attribute("DeleteType").unwrap_or_default();
    let ids = request.children_of("ItemIds").iter();
    ids.map(|node| {
        let item = context.item(node)?;
        if kind == "MoveToDeletedItems" {
            let trash = context.mailbox(&item.at, |mailbox| {
                let trash = mailbox.folder(TRASH).map(|folder| folder.uid_validity);
                trash.ok_or_else(|| Refusal::of("ErrorFolderNotFound"))
            })?;
            moved(context, &item, &FolderRef::new(&item.at.mailbox, trash))?;
        } else {
            removed(context, &item)?;
        }
        Ok(String::new())
    })
    .collect()
}
