//! A mailbox's folders as EWS shows them: a tree with two folders on top that IMAP does not have.

use std::collections::BTreeMap;

use crate::demo::ews::shape::{Base, Path, Shape};
use crate::demo::ews::wire::{FolderRef, Xml, folder_key};
use crate::demo::mail_store::{Flags, Folder, Mailbox};

/// The number of `root`.
pub const ROOT: u32 = 1;
/// The number of `msgfolderroot`.
pub const TOP: u32 = 2;

/// The number of `recoverableitemsroot`; it and the next keep nothing, for what is deleted softly is gone.
const DUMPSTER: u32 = 3;
/// The number of `recoverableitemsdeletions`.
const DELETIONS: u32 = 4;
/// Up to this number folders are not in the store.
pub const VIRTUAL: u32 = DELETIONS;

/// Returns the number of a distinguished folder that is not in the store.
pub fn virtual_of(distinguished: &str) -> Option<u32> {
    Some(match distinguished {
        "root" => ROOT,
        "msgfolderroot" => TOP,
        "recoverableitemsroot" => DUMPSTER,
        "recoverableitemsdeletions" => DELETIONS,
        _ => return None,
    })
}

/// Distinguished names and the store's paths.
const DISTINGUISHED: [(&str, &str); 9] = [
    ("inbox", "INBOX"),
    ("archive", "Archive"),
    ("calendar", "Calendar"),
    ("contacts", "Contacts"),
    ("deleteditems", "Deleted Items"),
    ("drafts", "Drafts"),
    ("junkemail", "Junk Email"),
    ("outbox", "Outbox"),
    ("sentitems", "Sent Items"),
];

/// Returns the path of a distinguished folder that holds items.
pub fn path_of(distinguished: &str) -> Option<&'static str> {
    let mut known = DISTINGUISHED.into_iter();
    known
        .find(|(name, _)| *name == distinguished)
        .map(|(_, path)| path)
}

/// A folder of the tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Its constant number.
    pub id: u32,
    /// The folder above it.
    pub parent: Option<u32>,
    /// `FolderClass`; empty where Exchange gives none.
    pub class: &'static str,
    /// Display name.
    pub name: String,
    /// Path in the store; empty for the two on top.
    pub path: String,
    /// Items in it.
    pub total: usize,
    /// Unread ones among them.
    pub unread: usize,
    /// Folders directly in it.
    pub children: usize,
    revision: u64,
}

/// Returns all folders of a mailbox.
pub fn places(mailbox: &Mailbox) -> Vec<Place> {
    let mut all = vec![
        top(ROOT, None, "", ""),
        top(TOP, Some(ROOT), "IPF.Note", "Top of Information Store"),
        top(DUMPSTER, Some(ROOT), "", "Recoverable Items"),
        top(DELETIONS, Some(DUMPSTER), "", "Deletions"),
    ];
    all.extend(mailbox.folders().iter().map(|folder| real(mailbox, folder)));
    let mut children: BTreeMap<u32, usize> = BTreeMap::new();
    for parent in all.iter().filter_map(|place| place.parent) {
        *children.entry(parent).or_default() += 1;
    }
    for place in &mut all {
        place.children = children.get(&place.id).copied().unwrap_or_default();
    }
    all
}

fn top(id: u32, parent: Option<u32>, class: &'static str, name: &str) -> Place {
    Place {
        id,
        parent,
        class,
        name: name.to_owned(),
        path: String::new(),
        total: 0,
        unread: 0,
        children: 0,
        revision: 1,
    }
}

fn real(mailbox: &Mailbox, folder: &Folder) -> Place {
    let (above, name) = folder
        .path
        .rsplit_once('/')
        .unwrap_or(("", folder.path.as_str()));
    let parent = mailbox
        .folder(above)
        .map_or(TOP, |parent| parent.uid_validity);
    Place {
        id: folder.uid_validity,
        parent: Some(parent),
        class: match folder.path.as_str() {
            "Calendar" => "IPF.Appointment",
            "Contacts" => "IPF.Contact",
            _ => "IPF.Note",
        },
        name: if name == "INBOX" { "Inbox" } else { name }.to_owned(),
        path: folder.path.clone(),
        total: folder.messages().len(),
        unread: folder.count(|message| !message.flags.has(Flags::SEEN)),
        children: 0,
        revision: folder.revision(),
    }
}

impl Place {
    fn distinguished(&self) -> Option<&'static str> {
        match self.id {
            ROOT => Some("root"),
            TOP => Some("msgfolderroot"),
            DUMPSTER => Some("recoverableitemsroot"),
            DELETIONS => Some("recoverableitemsdeletions"),
            _ => DISTINGUISHED
                .into_iter()
                .find(|(_, path)| *path == self.path)
                .map(|(name, _)| name),
        }
    }

    /// Writes `FolderId`.
    pub fn write_id(&self, xml: &mut Xml, mailbox: &str) {
        let id = FolderRef::new(mailbox, self.id).id();
        xml.empty(
            "t:FolderId",
            &[("Id", &id), ("ChangeKey", &folder_key(self.revision))],
        );
    }

    /// Writes the folder in the order of the schema; totals are `wrong_by` too high.
    pub fn write(&self, xml: &mut Xml, mailbox: &str, shape: &Shape, wrong_by: usize) {
        let is_all = shape.base == Base::All;
        let has = |field: &str| is_all || shape.names(field);
        let is_common = shape.base == Base::Default;
        xml.open(match self.class {
            "IPF.Appointment" => "t:CalendarFolder",
            "IPF.Contact" => "t:ContactsFolder",
            _ => "t:Folder",
        });
        self.write_id(xml, mailbox);
        if let Some(parent) = self.parent.filter(|_| has("folder:ParentFolderId")) {
            let id = FolderRef::new(mailbox, parent).id();
            xml.empty(
                "t:ParentFolderId",
                &[("Id", &id), ("ChangeKey", &folder_key(1))],
            );
        }
        if has("folder:FolderClass") && !self.class.is_empty() {
            xml.text("t:FolderClass", self.class);
        }
        if is_common || has("folder:DisplayName") {
            xml.text("t:DisplayName", &self.name);
        }
        if is_common || has("folder:TotalCount") {
            xml.number("t:TotalCount", self.total + wrong_by);
        }
        if is_common || has("folder:ChildFolderCount") {
            xml.number("t:ChildFolderCount", self.children);
        }
        self.write_tags(xml, shape);
        if has("folder:EffectiveRights") {
            rights(xml);
        }
        if let Some(name) = self
            .distinguished()
            .filter(|_| has("folder:DistinguishedFolderId"))
        {
            xml.text("t:DistinguishedFolderId", name);
        }
        // Calendars have no such figure in the schema; contacts neither.
        let is_counted = self.class == "IPF.Note" || self.class.is_empty();
        if is_counted && (is_common || has("folder:UnreadCount")) {
            xml.number("t:UnreadCount", self.unread + wrong_by);
        }
        xml.close();
    }

    fn write_tags(&self, xml: &mut Xml, shape: &Shape) {
        for path in &shape.paths {
            let Path::Tag { tag, kind } = path else {
                continue;
            };
            let value = match tag {
                0x3001 => self.name.clone(),
                0x3613 if !self.class.is_empty() => self.class.to_owned(),
                0x10F4 => "false".to_owned(),
                0x3602 => self.total.to_string(),
                0x3603 => self.unread.to_string(),
                _ => continue,
            };
            let tag = format!("0x{tag:x}");
            xml.open("t:ExtendedProperty")
                .empty(
                    "t:ExtendedFieldURI",
                    &[("PropertyTag", &tag), ("PropertyType", kind)],
                )
                .text("t:Value", &value)
                .close();
        }
    }
}

/// Writes `EffectiveRights` of somebody who may do everything.
pub fn rights(xml: &mut Xml) {
    xml.open("t:EffectiveRights");
    for name in [
        "t:CreateAssociated",
        "t:CreateContents",
        "t:CreateHierarchy",
        "t:Delete",
        "t:Modify",
        "t:Read",
        "t:ViewPrivateItems",
    ] {
        xml.flag(name, true);
    }
    xml.close();
}
