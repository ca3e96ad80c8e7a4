//! Mailboxes and folders as a tree of lines.

use std::collections::BTreeSet;

use crate::engine::Health;
use crate::explain::explain;
use crate::model::{Folder, FolderId, Mailbox, MailboxId, Role};
use crate::tui::context::Cx;
use crate::tui::keymap::Action;
use crate::tui::widgets::list::Selection;

/// With this many mailboxes or fewer all of them are unfolded.
const FEW: usize = 4;

/// What a line stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Key {
    /// The inboxes of all mailboxes.
    #[default]
    AllInboxes,
    /// A mailbox.
    Mailbox(MailboxId),
    /// A folder.
    Folder(FolderId),
}

/// A line of the tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// What it stands for.
    pub key: Key,
    /// The mailbox it belongs to.
    pub mailbox: Option<MailboxId>,
    /// What it says.
    pub label: String,
    /// How far it is indented.
    pub depth: usize,
    /// Unread messages.
    pub unread: u32,
    /// Whether it has children and whether they show.
    pub fold: Fold,
    /// The mailbox's health, on its line.
    pub health: Option<Health>,
}

/// Whether a line has children below it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fold {
    /// It has none.
    Leaf,
    /// They show.
    Open,
    /// They do not.
    Closed,
}

/// The tree and what is selected.
#[derive(Debug, Default)]
pub struct Sidebar {
    /// The selected line.
    pub selected: Key,
    /// Lines whose fold is not the usual one.
    toggled: BTreeSet<Key>,
    /// Where the lines are.
    pub list: Selection,
}

impl Sidebar {
    /// Returns the lines as they show now.
    pub fn nodes(&self, cx: &Cx) -> Vec<Node> {
        let mut nodes = vec![all_inboxes(cx)];
        for mailbox in &cx.mailboxes {
            self.push_mailbox(mailbox, cx, &mut nodes);
        }
        nodes
    }

    fn push_mailbox(&self, mailbox: &Mailbox, cx: &Cx, nodes: &mut Vec<Node>) {
        let folders = cx.folders.get(&mailbox.id).map_or(&[][..], Vec::as_slice);
        let key = Key::Mailbox(mailbox.id);
        let is_usually_open = cx.mailboxes.len() <= FEW;
        let is_open = is_usually_open != self.toggled.contains(&key);
        let inbox = folders.iter().find(|folder| folder.role == Role::Inbox);
        nodes.push(Node {
            key,
            mailbox: Some(mailbox.id),
            label: if cx.is_application(&mailbox.account_name) {
                format!("APP {}", mailbox.address.email)
            } else {
                mailbox.address.email.clone()
            },
            depth: 0,
            unread: if is_open {
                0
            } else {
                inbox.map_or(0, |folder| folder.unread)
            },
            fold: fold(!folders.is_empty(), is_open),
            health: Some(cx.health(mailbox.id)),
        });
        if is_open {
            self.push_folders(folders, nodes);
        }
    }

    fn push_folders(&self, folders: &[Folder], nodes: &mut Vec<Node>) {
        let mut closed: Option<&str> = None;
        for (place, folder) in folders.iter().enumerate() {
            let is_hidden = closed.is_some_and(|path| is_below(&folder.path, path));
            if is_hidden {
                continue;
            }
            closed = None;
            let has_children = folders
                .get(place + 1)
                .is_some_and(|next| is_below(&next.path, &folder.path));
            let key = Key::Folder(folder.id);
            let is_open = !self.toggled.contains(&key);
            if has_children && !is_open {
                closed = Some(&folder.path);
            }
            nodes.push(Node {
                key,
                mailbox: Some(folder.mailbox),
                label: folder.name().to_owned(),
                depth: 1 + folder.depth(),
                unread: folder.unread,
                fold: fold(has_children, is_open),
                health: None,
            });
        }
    }

    /// Moves or folds; tells whether the action was for the tree.
    pub fn act(&mut self, action: Action, cx: &Cx) -> bool {
        let nodes = self.nodes(cx);
        let place = self.place(&nodes);
        let node = nodes.get(place);
        match (action, node) {
            (Action::Left, Some(node)) => self.close(node, &nodes, place),
            (Action::Right, Some(node)) if node.fold == Fold::Closed => self.toggle(node.key),
            _ => {
                self.list.select(place);
                if !self.list.act(action, nodes.len()) {
                    return false;
                }
                self.select_place(&nodes);
            }
        }
        true
    }

    /// Folds the line, or goes to its parent.
    fn close(&mut self, node: &Node, nodes: &[Node], place: usize) {
        if node.fold == Fold::Open {
            self.toggle(node.key);
            return;
        }
        let above = nodes.iter().take(place).rev();
        if let Some(parent) = above.into_iter().find(|other| other.depth < node.depth) {
            self.selected = parent.key;
        }
    }

    /// Folds or unfolds a line.
    pub fn toggle(&mut self, key: Key) {
        if !self.toggled.remove(&key) {
            self.toggled.insert(key);
        }
    }

    /// Selects the line under a place on screen.
    pub fn click(&mut self, place: (u16, u16), cx: &Cx) -> bool {
        let nodes = self.nodes(cx);
        let Some(row) = self.list.row_at(place, nodes.len()) else {
            return false;
        };
        self.list.select(row);
        self.select_place(&nodes);
        true
    }

    fn select_place(&mut self, nodes: &[Node]) {
        if let Some(node) = nodes.get(self.list.row()) {
            self.selected = node.key;
        }
    }

    /// Returns where the selected line is; the first where it is gone.
    pub fn place(&self, nodes: &[Node]) -> usize {
        nodes
            .iter()
            .position(|node| node.key == self.selected)
            .unwrap_or(0)
    }
}

fn all_inboxes(cx: &Cx) -> Node {
    let inboxes = cx
        .folders
        .values()
        .flatten()
        .filter(|folder| folder.role == Role::Inbox);
    Node {
        key: Key::AllInboxes,
        mailbox: None,
        label: "All inboxes".to_owned(),
        depth: 0,
        unread: inboxes.map(|folder| folder.unread).sum(),
        fold: Fold::Leaf,
        health: None,
    }
}

fn fold(has_children: bool, is_open: bool) -> Fold {
    match (has_children, is_open) {
        (false, _) => Fold::Leaf,
        (true, true) => Fold::Open,
        (true, false) => Fold::Closed,
    }
}

fn is_below(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// Returns what a mailbox is doing or what it lacks, in a few words.
pub fn state(mailbox: MailboxId, cx: &Cx) -> String {
    let Some(status) = cx.statuses.get(&mailbox) else {
        return String::new();
    };
    match status.health {
        Health::NeedsYou => status
            .error
            .as_ref()
            .map_or_else(|| "needs you".to_owned(), |error| explain(error).title),
        Health::Offline => "offline".to_owned(),
        Health::Syncing => syncing(status),
        Health::Fine if status.is_stopped => "stopped by you".to_owned(),
        Health::Fine => status
            .synced_at
            .map(|at| format!("synced {}", crate::tui::dates::ago(at, cx.now)))
            .unwrap_or_default(),
    }
}

fn syncing(status: &crate::engine::Status) -> String {
    let task = if status.task.is_empty() {
        "synchronising"
    } else {
        &status.task
    };
    match status.progress.as_ref().map(crate::model::Progress::get) {
        Some((done, total)) if total > 0 => format!("{task} {done} of {total}"),
        _ => task.to_owned(),
    }
}
