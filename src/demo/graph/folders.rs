//! The mailFolder resource.

use serde_json::{Value, json};

use super::ids::{Id, write};
use super::tree::{self, Node, ROOT, SEARCH, is_standard, nodes};
use super::wire::{Fault, Reply, text};
use super::{Desk, Outcome, collection, with_context};
use crate::demo::mail_store::MailboxFault;
use crate::demo::mischief::Mischief;

/// By how much totals are wrong when a test wants that.
const WRONG_BY: usize = 10;

/// What becomes of a deleted folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Farewell {
    /// It goes to Deleted Items, or for good if it is there already.
    ToTrash,
    /// It is gone at once.
    ForGood,
}

/// Shows a folder.
pub fn show(desk: &Desk<'_>, node: &Node) -> Value {
    let id = |id: u32| write(&desk.place.mailbox, Id::Folder(id));
    let mut folder = json!({
        "id": id(node.id),
        "displayName": node.name,
        "parentFolderId": id(if node.parent == 0 { ROOT } else { node.parent }),
        "childFolderCount": node.children,
        "unreadItemCount": node.unread,
        "totalItemCount": node.total,
        "sizeInBytes": node.size,
        "isHidden": node.is_hidden,
    });
    if let (Some(object), Some(names)) = (folder.as_object_mut(), desk.call.query.select()) {
        object.retain(|name, _| name == "id" || names.contains(name));
    }
    let extended = desk.call.query.extended();
    let is_class = |id: &String| id.to_ascii_lowercase().ends_with("0x3613");
    let Some(object) = folder.as_object_mut() else {
        return folder;
    };
    if extended.iter().any(is_class) {
        let class = json!([{"id": "String 0x3613", "value": node.class}]);
        object.insert("singleValueExtendedProperties".to_owned(), class);
    }
    if node.id == SEARCH {
        let inbox = desk.folder("inbox").map(id).unwrap_or_default();
        object.insert(
            "@odata.type".to_owned(),
            json!("#microsoft.graph.mailSearchFolder"),
        );
        object.insert("isSupported".to_owned(), json!(true));
        object.insert("includeNestedFolders".to_owned(), json!(true));
        object.insert("sourceFolderIds".to_owned(), json!([inbox]));
        object.insert("filterQuery".to_owned(), json!("isRead eq false"));
    }
    folder
}

/// Returns the folders as the mailbox has them, or with wrong totals.
pub fn all(desk: &Desk<'_>) -> Result<Vec<Node>, Fault> {
    let mut all = desk.read(nodes)?;
    if desk.takes(&Mischief::WrongTotals) {
        for node in &mut all {
            node.total += WRONG_BY;
            node.unread += WRONG_BY;
        }
    }
    Ok(all)
}

fn below(desk: &Desk<'_>, parent: u32) -> Result<(Vec<Node>, Vec<Node>), Fault> {
    let all = all(desk)?;
    let shows_hidden = desk.call.query.is_on("includeHiddenFolders");
    let is_listed = |node: &&Node| node.parent == parent && (shows_hidden || !node.is_hidden);
    let listed = all.iter().filter(is_listed).cloned().collect();
    Ok((all, listed))
}

/// Lists what is directly in a folder.
pub fn list(desk: &Desk<'_>, parent: u32) -> Outcome {
    let query = &desk.call.query;
    let (all, listed) = below(desk, parent)?;
    let (top, skip) = (query.top(None)?, query.skip()?);
    let is_expanded = query
        .get("$expand")
        .is_some_and(|e| e.contains("childFolders"));
    let shown = listed.iter().skip(skip).take(top).map(|node| {
        let mut folder = show(desk, node);
        if let (true, Some(object)) = (is_expanded, folder.as_object_mut()) {
            let children = all
                .iter()
                .filter(|child| child.parent == node.id && !child.is_hidden);
            let children: Vec<Value> = children.map(|child| show(desk, child)).collect();
            object.insert("childFolders".to_owned(), json!(children));
        }
        folder
    });
    let next = (skip + top < listed.len()).then(|| desk.next_link(skip + top));
    let context = desk.place.context("mailFolders");
    let mut answer = collection(context, shown.collect(), next);
    if let (true, Some(object)) = (query.is_on("$count"), answer.as_object_mut()) {
        object.insert("@odata.count".to_owned(), json!(listed.len()));
    }
    Ok(Reply::json(200, answer))
}

/// Counts what is directly in a folder.
pub fn count(desk: &Desk<'_>, parent: u32) -> Outcome {
    let (_, listed) = below(desk, parent)?;
    Ok(Reply::bytes("text/plain", listed.len().to_string()))
}

fn node(desk: &Desk<'_>, id: u32) -> Result<Node, Fault> {
    let mut all = all(desk)?.into_iter();
    all.find(|node| node.id == id).ok_or_else(Fault::not_found)
}

fn answer(desk: &Desk<'_>, status: u16, id: u32) -> Outcome {
    let context = desk.place.context("mailFolders/$entity");
    let folder = show(desk, &node(desk, id)?);
    Ok(Reply::json(status, with_context(context, folder)))
}

/// Shows one folder.
pub fn get(desk: &Desk<'_>, id: u32) -> Outcome {
    answer(desk, 200, id)
}

fn fault(fault: MailboxFault) -> Fault {
    match fault {
        MailboxFault::Missing => Fault::not_found(),
        MailboxFault::Exists => Fault::new(
            409,
            "ErrorFolderExists",
            "A folder with the specified name already exists.",
        ),
        MailboxFault::Standard => distinguished(),
        MailboxFault::BadName => Fault::bad("ErrorInvalidRequest", "The folder name is invalid."),
    }
}

fn distinguished() -> Fault {
    Fault::new(
        403,
        "ErrorAccessDenied",
        "Distinguished folders cannot be changed.",
    )
}

fn name(json: &Value) -> Result<&str, Fault> {
    let name = text(json, "displayName");
    // The store keeps paths, so a slash has no place in a name.
    if name.trim().is_empty() || name.contains('/') || name.len() > 255 {
        return Err(fault(MailboxFault::BadName));
    }
    Ok(name)
}

/// Returns the path of a new child.
fn path_in(desk: &Desk<'_>, parent: u32, name: &str) -> Result<String, Fault> {
    if parent == ROOT {
        return Ok(name.to_owned());
    }
    Ok(format!("{}/{name}", desk.path_of(parent)?))
}

fn id_at(desk: &Desk<'_>, path: &str) -> Result<u32, Fault> {
    let id = desk.read(|mailbox| mailbox.folder(path).map(|folder| folder.uid_validity))?;
    id.ok_or_else(Fault::not_found)
}

/// Makes a folder.
pub fn create(desk: &Desk<'_>, parent: u32) -> Outcome {
    let json = desk.call.json()?;
    let path = path_in(desk, parent, name(&json)?)?;
    desk.change(|mailbox| mailbox.create(&path))?
        .map_err(fault)?;
    answer(desk, 201, id_at(desk, &path)?)
}

fn own(desk: &Desk<'_>, id: u32) -> Result<(Node, String), Fault> {
    let node = node(desk, id)?;
    match &node.path {
        Some(path) if !is_standard(&node) => {
            let path = path.clone();
            Ok((node, path))
        }
        _ => Err(distinguished()),
    }
}

/// Gives a folder another name.
pub fn rename(desk: &Desk<'_>, id: u32) -> Outcome {
    let json = desk.call.json()?;
    let new = name(&json)?;
    let (_, path) = own(desk, id)?;
    let to = match path.rsplit_once('/') {
        Some((above, _)) => format!("{above}/{new}"),
        None => new.to_owned(),
    };
    if to != path {
        desk.change(|mailbox| mailbox.rename(&path, &to))?
            .map_err(fault)?;
    }
    answer(desk, 200, id)
}

/// Moves a folder into another.
pub fn relocate(desk: &Desk<'_>, id: u32) -> Outcome {
    let json = desk.call.json()?;
    let to = desk.folder(text(&json, "destinationId"))?;
    let (node, path) = own(desk, id)?;
    let to = path_in(desk, to, &node.name)?;
    desk.change(|mailbox| mailbox.rename(&path, &to))?
        .map_err(fault)?;
    answer(desk, 201, id)
}

/// Deletes a folder.
pub fn delete(desk: &Desk<'_>, id: u32, farewell: Farewell) -> Outcome {
    let (node, path) = own(desk, id)?;
    let trash = "Deleted Items";
    let done = desk.change(|mailbox| {
        if farewell == Farewell::ForGood || path.starts_with("Deleted Items/") {
            return mailbox.delete(&path);
        }
        let names = std::iter::once(format!("{trash}/{}", node.name))
            .chain((1..100).map(|number| format!("{trash}/{}{number}", node.name)));
        let free = names
            .into_iter()
            .find(|name| mailbox.folder(name).is_none());
        mailbox.rename(&path, &free.ok_or(MailboxFault::Exists)?)
    })?;
    done.map_err(fault)?;
    Ok(Reply::empty(204))
}

/// Returns the folders whose messages a list of the whole mailbox shows.
pub fn with_mail(desk: &Desk<'_>) -> Result<Vec<u32>, Fault> {
    let all = desk.read(tree::nodes)?;
    let stored = all.iter().filter(|node| node.path.is_some());
    Ok(stored.map(|node| node.id).collect())
}
