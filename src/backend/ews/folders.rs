//! Lists folders: mail folders only, paths from the root down. A tree that is no tree is listed all the same.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

use super::hierarchy::Hierarchy;
use super::link::Link;
use super::soap::{Node, Version, Xml};
use super::{Ews, item};
use crate::backend::{BackendError, Refusal, roles};
use crate::model::{RemoteFolder, RemoteId, Role, sanitize_line};

/// Folders of one answer.
const PAGE: usize = 1_000;
/// More folders than this are not looked at.
pub(super) const MOST_FOLDERS: usize = 5_000;
/// The deepest path.
const DEEPEST: usize = 64;
/// `PidTagAttributeHidden`.
const HIDDEN: item::Tag = item::Tag {
    number: "0x10F4",
    kind: "Boolean",
};

/// What is asked of each folder.
pub(super) const FIELDS: &[&str] = &[
    "folder:ParentFolderId",
    "folder:DisplayName",
    "folder:FolderClass",
    "folder:EffectiveRights",
];
/// The same, and the name that a folder has everywhere (since Exchange 2013).
const NAMED_FIELDS: &[&str] = &[
    "folder:ParentFolderId",
    "folder:DisplayName",
    "folder:FolderClass",
    "folder:EffectiveRights",
    "folder:DistinguishedFolderId",
];
/// A list that was read while the mailbox opened is as good as a new one for so long.
const FRESH: Duration = Duration::from_secs(10);

/// What folders are listed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// To open the mailbox: which folders every mailbox has is wanted, too.
    Opening,
    /// To look what has become of them.
    Looking,
}

/// A list that nobody has asked for yet.
#[derive(Debug)]
pub(super) struct Kept {
    at: Instant,
    listed: Vec<Listed>,
}

impl Kept {
    /// Keeps a list that has just been read.
    pub(super) fn new(listed: Vec<Listed>) -> Self {
        Self {
            at: Instant::now(),
            listed,
        }
    }
}

/// A folder as it is listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Listed {
    pub(super) id: String,
    parent: String,
    pub(super) name: String,
    /// The name that it has everywhere, such as `inbox`; empty where it has none, or the list does not say.
    pub(super) known_as: String,
    holds_mail: bool,
    may_change: bool,
}

impl Listed {
    /// Reads a folder of an answer; one without an id is none.
    pub(super) fn read(node: &Node) -> Option<Self> {
        let id = node.child("FolderId")?.attribute("Id")?.to_owned();
        let parent = node.child("ParentFolderId");
        let parent = parent.and_then(|parent| parent.attribute("Id"));
        let class = node.text_of("FolderClass");
        let is_mail_class = class.is_empty()
            || class.eq_ignore_ascii_case("IPF.Note")
            || class
                .get(..9)
                .is_some_and(|start| start.eq_ignore_ascii_case("IPF.Note."));
        let is_hidden = item::extended(node, HIDDEN.number).is_some_and(|value| value == "true");
        Some(Self {
            id,
            parent: parent.unwrap_or_default().to_owned(),
            name: sanitize_line(node.text_of("DisplayName")).replace('/', "∕"),
            known_as: node.text_of("DistinguishedFolderId").to_owned(),
            holds_mail: node.name() == "Folder" && is_mail_class && !is_hidden,
            may_change: may_change(node),
        })
    }
}

/// Reads the rights that a folder grants; where it does not say, the server will when it refuses.
fn may_change(folder: &Node) -> bool {
    let Some(rights) = folder.child("EffectiveRights") else {
        return true;
    };
    let has = |name: &str| rights.truth_of(name).unwrap_or(false);
    has("CreateContents") || has("Modify")
}

impl Ews {
    /// Lists mail folders; where only single folders may be opened, those.
    pub(super) async fn list_folders(&mut self) -> Result<Vec<RemoteFolder>, BackendError> {
        let kept = self.kept.take().filter(|kept| kept.at.elapsed() < FRESH);
        let listed = match kept {
            Some(kept) => Ok(kept.listed),
            None => self.follow_folders().await,
        };
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) if is_no_right(&error) && !self.places.all.is_empty() => self.opened(),
            Err(error) => return Err(error),
        };
        self.rights = listed
            .iter()
            .map(|folder| (folder.id.clone(), folder.may_change))
            .collect();
        Ok(self.in_paths(&listed))
    }

    /// Reads what has become of the folders. A chain that the server has forgotten begins anew; one that it does not keep
    /// at all gives way to a plain list.
    async fn follow_folders(&mut self) -> Result<Vec<Listed>, BackendError> {
        let known = self.hierarchy.take();
        let has_begun = known.is_some();
        let mut hierarchy = known.unwrap_or_default();
        let outcome = match hierarchy.follow(&self.link).await {
            Err(BackendError::CursorLost) if has_begun => {
                hierarchy = Hierarchy::default();
                hierarchy.follow(&self.link).await
            }
            outcome => outcome,
        };
        match outcome {
            Ok(()) => {
                let listed = hierarchy.listed().to_vec();
                self.hierarchy = Some(hierarchy);
                Ok(listed)
            }
            Err(error) if is_unknown(&error) => find_all(&self.link, Purpose::Looking).await,
            Err(error) => Err(error),
        }
    }

    /// Tells whether messages of a folder may be changed.
    pub(super) async fn may_change_folder(&mut self, folder: &str) -> Result<bool, BackendError> {
        if let Some(known) = self.rights.get(folder) {
            return Ok(*known);
        }
        let node = get_folder(&self.link, folder, &["folder:EffectiveRights"]).await?;
        let may = may_change(&node);
        self.rights.insert(folder.to_owned(), may);
        Ok(may)
    }

    fn opened(&self) -> Vec<Listed> {
        let places = self.places.all.iter();
        places
            .map(|place| Listed {
                id: place.id.clone(),
                parent: String::new(),
                name: place.name.clone(),
                known_as: String::new(),
                holds_mail: true,
                may_change: true,
            })
            .collect()
    }

    fn in_paths(&self, listed: &[Listed]) -> Vec<RemoteFolder> {
        let by_id: HashMap<&str, &Listed> = listed
            .iter()
            .map(|folder| (folder.id.as_str(), folder))
            .collect();
        let mut paths = HashSet::new();
        let mut folders = Vec::new();
        for folder in listed.iter().filter(|folder| folder.holds_mail) {
            let role = self.places.role(&folder.id);
            let mut path = path(folder, &by_id);
            if role == Role::Inbox && !path.contains('/') {
                "Inbox".clone_into(&mut path);
            }
            // Names that differ only in what was taken out of them would be one folder to the eye.
            let bare = path.clone();
            let mut number = 2;
            while !paths.insert(path.clone()) {
                path = format!("{bare} ({number})");
                number += 1;
            }
            folders.push(RemoteFolder {
                id: RemoteId::new(&folder.id),
                path,
                role,
                selectable: true,
            });
        }
        find_archive(&mut folders);
        folders
    }
}

/// Finds the archive by its name where no server names it: not all of them know it as a place of its own.
fn find_archive(folders: &mut [RemoteFolder]) {
    if folders.iter().any(|folder| folder.role == Role::Archive) {
        return;
    }
    let is_it = |folder: &&mut RemoteFolder| {
        folder.role == Role::None && roles::by_name(&folder.path) == Role::Archive
    };
    if let Some(archive) = folders.iter_mut().find(is_it) {
        archive.role = Role::Archive;
    }
}

/// Returns the names from the root down; a parent that is not listed, or stands below its own child, is the root.
fn path(folder: &Listed, by_id: &HashMap<&str, &Listed>) -> String {
    let mut names = vec![folder.name.as_str()];
    let mut seen = HashSet::from([folder.id.as_str()]);
    let mut parent = folder.parent.as_str();
    while let Some(above) = by_id.get(parent) {
        if !seen.insert(above.id.as_str()) || names.len() >= DEEPEST {
            break;
        }
        names.push(&above.name);
        parent = &above.parent;
    }
    names.reverse();
    names.join("/")
}

/// Tells whether a server does not do what it was asked for, or not for this folder.
fn is_unknown(error: &BackendError) -> bool {
    let is_refused = matches!(
        error,
        BackendError::Refused { .. } | BackendError::CursorLost
    );
    is_refused && !is_no_right(error)
}

fn is_no_right(error: &BackendError) -> bool {
    let BackendError::Refused { kind, code, .. } = error else {
        return matches!(error, BackendError::Gone { .. });
    };
    *kind == Refusal::NoMailboxAccess || code == "ErrorAccessDenied"
}

/// Asks for all folders below the root.
pub(super) async fn find_all(link: &Link, purpose: Purpose) -> Result<Vec<Listed>, BackendError> {
    let doing = match purpose {
        Purpose::Opening => "open the mailbox",
        Purpose::Looking => "list folders",
    };
    let mut listed = Vec::new();
    loop {
        let offset = listed.len().to_string();
        let write = |xml: &mut Xml, version: Version| {
            let is_named = purpose == Purpose::Opening && version >= Version::E2013;
            let fields = if is_named { NAMED_FIELDS } else { FIELDS };
            find_folder(link, xml, (fields, &offset));
        };
        let reply = link.one(doing, &write).await?;
        let root = reply.node.child("RootFolder");
        let folders = root.and_then(|root| root.child("Folders"));
        let before = listed.len();
        let nodes = folders.map_or(&[][..], Node::children);
        listed.extend(nodes.iter().filter_map(Listed::read));
        let is_last = root
            .and_then(|root| root.attribute("IncludesLastItemInRange"))
            .is_none_or(|last| last != "false");
        if is_last || listed.len() == before {
            return Ok(listed);
        }
        if listed.len() >= MOST_FOLDERS {
            tracing::warn!(target: "pillarbox::ews", limit = MOST_FOLDERS, "more folders than are looked at");
            return Ok(listed);
        }
    }
}

/// Writes what is asked of each folder.
pub(super) fn shape(xml: &mut Xml, fields: &[&str]) {
    xml.inside("m:FolderShape", &[], |xml| {
        xml.text("t:BaseShape", "IdOnly");
        item::properties(xml, fields, &[HIDDEN]);
    });
}

fn find_folder(link: &Link, xml: &mut Xml, (fields, offset): (&[&str], &str)) {
    let page = PAGE.to_string();
    xml.inside("m:FindFolder", &[("Traversal", "Deep")], |xml| {
        shape(xml, fields);
        xml.empty(
            "m:IndexedPageFolderView",
            &[
                ("MaxEntriesReturned", &page),
                ("Offset", offset),
                ("BasePoint", "Beginning"),
            ],
        );
        xml.inside("m:ParentFolderIds", &[], |xml| {
            link.place(xml, "msgfolderroot");
        });
    });
}

/// Asks for one folder.
pub(super) async fn get_folder(
    link: &Link,
    folder: &str,
    fields: &'static [&'static str],
) -> Result<Node, BackendError> {
    let write = |xml: &mut Xml, _: Version| {
        xml.inside("m:GetFolder", &[], |xml| {
            xml.inside("m:FolderShape", &[], |xml| {
                xml.text("t:BaseShape", "IdOnly");
                item::properties(xml, fields, &[]);
            });
            xml.inside("m:FolderIds", &[], |xml| {
                xml.empty("t:FolderId", &[("Id", folder)]);
            });
        });
    };
    let reply = link.one("look at a folder", &write).await?;
    let folders = reply.node.child("Folders");
    let first = folders.and_then(|folders| folders.children().first());
    Ok(first.cloned().unwrap_or_default())
}
