//! The folders of a mailbox as Graph has them: the store's mail folders, and those that only Graph shows.

use crate::demo::mail_store::{Flags, Folder, Mailbox};

/// The root that everything is below; `msgfolderroot`.
pub const ROOT: u32 = 1;
/// The search folder.
pub const SEARCH: u32 = 2;

/// Folders that the other servers do not show: number, parent, name, class, whether it is hidden.
const OWN: [(u32, u32, &str, &str, bool); 8] = [
    (SEARCH, ROOT, "Unread mail", "IPF.Note", false),
    (3, ROOT, "Conversation History", "IPF.Note", false),
    (4, ROOT, "Clutter", "IPF.Note", true),
    (5, ROOT, "Quick Step Settings", "IPF.Configuration", true),
    (6, ROOT, "Sync Issues", "IPF.Note", true),
    (7, 6, "Conflicts", "IPF.Note", true),
    (8, 6, "Local Failures", "IPF.Note", true),
    (9, 6, "Server Failures", "IPF.Note", true),
];
/// Folders of the store that are no mail folders.
const NOT_MAIL: [&str; 2] = ["Calendar", "Contacts"];
/// Well-known names and the store's folders.
const KNOWN: [(&str, &str); 7] = [
    ("inbox", "INBOX"),
    ("archive", "Archive"),
    ("deleteditems", "Deleted Items"),
    ("drafts", "Drafts"),
    ("junkemail", "Junk Email"),
    ("outbox", "Outbox"),
    ("sentitems", "Sent Items"),
];
/// Well-known names and Graph's own folders.
const KNOWN_OWN: [(&str, u32); 7] = [
    ("msgfolderroot", ROOT),
    ("conversationhistory", 3),
    ("clutter", 4),
    ("syncissues", 6),
    ("conflicts", 7),
    ("localfailures", 8),
    ("serverfailures", 9),
];

/// A folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Its number, unlike any other of the mailbox.
    pub id: u32,
    /// The folder it is in.
    pub parent: u32,
    /// Display name.
    pub name: String,
    /// `PR_CONTAINER_CLASS`.
    pub class: &'static str,
    /// Listed only with `includeHiddenFolders`.
    pub is_hidden: bool,
    /// Its path in the store; `None` for Graph's own.
    pub path: Option<String>,
    /// Visible folders directly in it.
    pub children: usize,
    /// Messages.
    pub total: usize,
    /// Unread messages.
    pub unread: usize,
    /// Bytes.
    pub size: usize,
}

impl Node {
    fn own((id, parent, name, class, is_hidden): (u32, u32, &str, &'static str, bool)) -> Self {
        Self {
            id,
            parent,
            name: name.to_owned(),
            class,
            is_hidden,
            path: None,
            children: 0,
            total: 0,
            unread: 0,
            size: 0,
        }
    }

    fn stored(mailbox: &Mailbox, folder: &Folder) -> Self {
        let (above, name) = folder.path.rsplit_once('/').unwrap_or(("", &folder.path));
        let parent = mailbox.folder(above).map_or(ROOT, |f| f.uid_validity);
        let name = if folder.path == "INBOX" {
            "Inbox"
        } else {
            name
        };
        Self {
            path: Some(folder.path.clone()),
            total: folder.messages().len(),
            unread: folder.count(|message| !message.flags.has(Flags::SEEN)),
            size: folder.messages().iter().map(|m| m.bytes.len()).sum(),
            ..Self::own((folder.uid_validity, parent, name, "IPF.Note", false))
        }
    }
}

/// Returns every folder, the root first, then by name.
pub fn nodes(mailbox: &Mailbox) -> Vec<Node> {
    let mail = mailbox.folders().iter();
    let mail = mail.filter(|folder| !NOT_MAIL.contains(&folder.path.as_str()));
    let mut nodes: Vec<Node> = mail.map(|folder| Node::stored(mailbox, folder)).collect();
    nodes.extend(OWN.map(Node::own));
    nodes.sort_by_key(|node| node.name.to_lowercase());
    nodes.insert(
        0,
        Node::own((ROOT, 0, "Top of Information Store", "IPF.Note", false)),
    );
    let parents: Vec<u32> = nodes
        .iter()
        .filter(|node| !node.is_hidden)
        .map(|node| node.parent)
        .collect();
    let unread = nodes
        .iter()
        .find(|node| node.path.as_deref() == Some("INBOX"));
    let unread = unread.map_or(0, |inbox| inbox.unread);
    for node in &mut nodes {
        node.children = parents.iter().filter(|parent| **parent == node.id).count();
        if node.id == SEARCH {
            (node.total, node.unread) = (unread, unread);
        }
    }
    nodes
}

/// Returns the number of the folder with a well-known name, if the mailbox has it.
pub fn known(mailbox: &Mailbox, name: &str) -> Option<u32> {
    let name = name.to_ascii_lowercase();
    if let Some((_, id)) = KNOWN_OWN.iter().find(|(known, _)| *known == name) {
        return Some(*id);
    }
    let (_, path) = KNOWN.iter().find(|(known, _)| *known == name)?;
    mailbox.folder(path).map(|folder| folder.uid_validity)
}

/// Tells whether a folder is one that only Graph shows.
pub fn is_own(id: u32) -> bool {
    id == ROOT || OWN.iter().any(|own| own.0 == id)
}

/// Tells whether a folder is one that every mailbox has.
pub fn is_standard(node: &Node) -> bool {
    let path = node.path.as_deref();
    path.is_none() || KNOWN.iter().any(|(_, known)| Some(*known) == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendars_are_no_mail_folders_and_paths_become_parents() {
        let mut mailbox = Mailbox::new();
        mailbox.create("Projects/Tide/2026").unwrap();
        let nodes = nodes(&mailbox);
        let node = |name: &str| nodes.iter().find(|node| node.name == name);
        assert!(node("Calendar").is_none() && node("Contacts").is_none());
        let (projects, tide) = (node("Projects").unwrap(), node("Tide").unwrap());
        assert_eq!((projects.parent, tide.parent), (ROOT, projects.id));
        assert_eq!((projects.children, tide.children), (1, 1));
        assert_eq!(node("2026").unwrap().parent, tide.id);
        assert_eq!(known(&mailbox, "Inbox"), node("Inbox").map(|node| node.id));
        assert!(known(&mailbox, "inboxes").is_none());
        assert!(is_standard(node("Inbox").unwrap()) && !is_standard(tide));
    }
}
