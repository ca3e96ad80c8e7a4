//! Creating, renaming, moving and deleting folders.

use super::{VIRTUAL, written};
use crate::demo::ews::context::{Context, Reply};
use crate::demo::ews::shape::{Path, Shape};
use crate::demo::ews::wire::{FolderRef, Node, Refusal};
use crate::demo::mail_store::{Mailbox, MailboxFault};

const TRASH: &str = "Deleted Items";

fn refusal(fault: MailboxFault) -> Refusal {
    Refusal::of(match fault {
        MailboxFault::Missing => "ErrorFolderNotFound",
        MailboxFault::Exists => "ErrorFolderExists",
        MailboxFault::Standard => "ErrorDeleteDistinguishedFolder",
        MailboxFault::BadName => "ErrorFolderSave",
    })
}

/// Returns the path of a folder; empty for the two on top.
fn path(mailbox: &Mailbox, at: &FolderRef) -> Result<String, Refusal> {
    if at.folder <= VIRTUAL {
        return Ok(String::new());
    }
    let folder = mailbox.folder_by_id(at.folder);
    let folder = folder.ok_or_else(|| Refusal::of("ErrorFolderNotFound"))?;
    Ok(folder.path.clone())
}

/// Joins a path; a name with the store's separator cannot be.
fn join(above: &str, name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    if name.is_empty() || name.contains('/') {
        return Err(Refusal::with(
            "ErrorFolderSave",
            "The folder could not be saved.",
        ));
    }
    Ok(match above {
        "" => name.to_owned(),
        above => format!("{above}/{name}"),
    })
}

fn ids_only() -> Shape {
    Shape::read(None)
}

/// Answers `CreateFolder`.
pub fn create(context: &Context<'_>, request: &Node) -> Vec<Reply> {
    let parent = context.target(request, "ParentFolderId");
    let folders = request.children_of("Folders").iter();
    folders
        .map(|folder| {
            let parent = parent
                .clone()?
                .ok_or_else(|| Refusal::of("ErrorFolderNotFound"))?;
            let name = folder.text_of("DisplayName").unwrap_or_default();
            let made = context.change(&parent, |mailbox| {
                let path = join(&path(mailbox, &parent)?, name)?;
                mailbox.create(&path).map_err(refusal)?;
                let made = mailbox.folder(&path).map(|folder| folder.uid_validity);
                made.ok_or_else(|| Refusal::of("ErrorFolderSave"))
            })?;
            written(context, &FolderRef::new(&parent.mailbox, made), &ids_only())
        })
        .collect()
}

/// Answers `UpdateFolder`: names only.
pub fn update(context: &Context<'_>, request: &Node) -> Vec<Reply> {
    let changes = request.children_of("FolderChanges").iter();
    changes.map(|change| changed(context, change)).collect()
}

fn changed(context: &Context<'_>, change: &Node) -> Reply {
    let id = change.children.first();
    let at = context.folder(id.ok_or_else(|| Refusal::of("ErrorInvalidRequest"))?)?;
    for update in change.children_of("Updates") {
        let is_set = update.name == "SetFolderField";
        let Path::Field(field) = Path::in_element(update) else {
            return Err(refused(is_set));
        };
        // Classes stay what they are; permissions that nobody was given can be taken away.
        let is_idle = match field.as_str() {
            "folder:FolderClass" => is_set,
            "folder:PermissionSet" => !is_set,
            _ => false,
        };
        if is_idle {
            continue;
        }
        let folder = update.children.get(1);
        let name = folder.and_then(|folder| folder.text_of("DisplayName"));
        let name = name.filter(|_| is_set && field == "folder:DisplayName");
        let name = name.ok_or_else(|| refused(is_set))?;
        context.change(&at, |mailbox| {
            let from = path(mailbox, &at)?;
            let above = from.rsplit_once('/').map_or("", |(above, _)| above);
            let to = join(above, name)?;
            if from == to {
                return Ok(());
            }
            mailbox.rename(&from, &to).map_err(refusal)
        })?;
    }
    written(context, &at, &ids_only())
}

fn refused(is_set: bool) -> Refusal {
    Refusal::of(if is_set {
        "ErrorInvalidPropertySet"
    } else {
        "ErrorInvalidPropertyDelete"
    })
}

/// Answers `MoveFolder`.
pub fn transfer(context: &Context<'_>, request: &Node) -> Vec<Reply> {
    let target = context.target(request, "ToFolderId");
    let ids = request.children_of("FolderIds").iter();
    ids.map(|id| {
        let at = context.folder(id)?;
        let to = target
            .clone()?
            .ok_or_else(|| Refusal::of("ErrorFolderNotFound"))?;
        if at.mailbox != to.mailbox {
            return Err(Refusal::of("ErrorMoveCopyFailed"));
        }
        context.change(&at, |mailbox| {
            let from = path(mailbox, &at)?;
            let name = from.rsplit('/').next().unwrap_or_default();
            let to = join(&path(mailbox, &to)?, name)?;
            mailbox.rename(&from, &to).map_err(refusal)
        })?;
        written(context, &at, &ids_only())
    })
    .collect()
}

/// Answers `DeleteFolder`.
pub fn delete(context: &Context<'_>, request: &Node) -> Vec<Reply> {
    let kind = request.attribute("DeleteType").unwrap_or_default();
    let ids = request.children_of("FolderIds").iter();
    ids.map(|id| {
        let at = context.folder(id)?;
        context.change(&at, |mailbox| {
            let from = path(mailbox, &at)?;
            if from.is_empty() {
                return Err(Refusal::of("ErrorDeleteDistinguishedFolder"));
            }
            if kind != "MoveToDeletedItems" || from.starts_with("Deleted Items/") {
                return mailbox.delete(&from).map_err(refusal);
            }
            let name = from.rsplit('/').next().unwrap_or_default();
            mailbox.rename(&from, &free(mailbox, name)).map_err(refusal)
        })?;
        Ok(String::new())
    })
    .collect()
}

/// Returns a path below Deleted Items that is not taken.
fn free(mailbox: &Mailbox, name: &str) -> String {
    let mut path = format!("{TRASH}/{name}");
    let mut number = 1_u32;
    while mailbox.folder(&path).is_some() {
        path = format!("{TRASH}/{name}{number}");
        number += 1;
    }
    path
}
