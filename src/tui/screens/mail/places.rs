//! Where the list can be: all inboxes or a folder; going there by key, from the sidebar, by name.

use crate::model::{Draft, FolderId, MailboxId, Role, Scope};
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Source};
use crate::tui::keymap::Action;
use crate::tui::screens::{Live, ScreenName};

use super::sidebar::Key;
use super::{Mail, Pane};

/// What the list shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The inboxes of all mailboxes.
    AllInboxes,
    /// A folder.
    Folder(FolderId),
}

impl Place {
    /// Tells whether rows of this folder stand in the list.
    pub fn shows(self, folder: FolderId, cx: &Cx) -> bool {
        match self {
            Self::Folder(shown) => shown == folder,
            // A folder that is not known yet may be an inbox.
            Self::AllInboxes => cx
                .folder(folder)
                .is_none_or(|folder| folder.role == Role::Inbox),
        }
    }

    /// Returns the mailbox, unless it is all of them.
    pub fn mailbox(self, cx: &Cx) -> Option<MailboxId> {
        match self {
            Self::AllInboxes => None,
            Self::Folder(id) => cx.folder(id).map(|folder| folder.mailbox),
        }
    }

    /// Returns the role of the folder.
    pub fn role(self, cx: &Cx) -> Role {
        match self {
            Self::AllInboxes => Role::Inbox,
            Self::Folder(id) => cx.folder(id).map_or(Role::None, |folder| folder.role),
        }
    }

    /// Returns the name of the place for headings.
    pub fn name(self, cx: &Cx) -> String {
        match self {
            Self::AllInboxes => "All inboxes".to_owned(),
            Self::Folder(id) => cx
                .folder(id)
                .map(|folder| folder.path.replace('/', " / "))
                .unwrap_or_default(),
        }
    }

    /// Returns where a search that starts here looks, with its name.
    pub fn search_scope(self, cx: &Cx) -> (Scope, String) {
        match self.mailbox(cx).and_then(|id| cx.mailbox(id)) {
            Some(mailbox) => (Scope::Mailbox(mailbox.id), mailbox.address.email.clone()),
            None => (Scope::Everything, "all mailboxes".to_owned()),
        }
    }

    fn scope(self) -> Scope {
        match self {
            Self::AllInboxes => Scope::AllInboxes,
            Self::Folder(id) => Scope::Folder(id),
        }
    }
}

impl Mail {
    /// Goes to a place and into its list.
    pub(super) fn go(&mut self, place: Place, cx: &Cx) -> Vec<Effect> {
        self.sidebar.selected = match place {
            Place::AllInboxes => Key::AllInboxes,
            Place::Folder(id) => Key::Folder(id),
        };
        self.pane = Pane::List;
        let mut effects = self.show(place, cx);
        effects.extend(look_at(place));
        effects
    }

    /// Shows a place; nothing happens where it is shown already.
    fn show(&mut self, place: Place, cx: &Cx) -> Vec<Effect> {
        if self.place == place && self.rows.is_loaded() {
            return self.follow(cx);
        }
        self.place = place;
        self.reader.clear();
        self.rows.show(Source::Scope(place.scope()))
    }

    /// Shows what is selected in the sidebar while the focus stays there.
    pub(super) fn peek(&mut self, cx: &Cx) -> Vec<Effect> {
        match self.selected_place(cx) {
            Some(place) => self.show(place, cx),
            None => Vec::new(),
        }
    }

    /// Goes to what is selected in the sidebar; a folder that only holds others folds.
    pub(super) fn open_selected_place(&mut self, cx: &Cx) -> Vec<Effect> {
        let Some(place) = self.selected_place(cx) else {
            self.sidebar.toggle(self.sidebar.selected);
            return Vec::new();
        };
        self.pane = Pane::List;
        let mut effects = self.show(place, cx);
        effects.extend(look_at(place));
        effects
    }

    fn selected_place(&self, cx: &Cx) -> Option<Place> {
        match self.sidebar.selected {
            Key::AllInboxes => Some(Place::AllInboxes),
            Key::Mailbox(id) => inbox(id, cx),
            Key::Folder(id) => cx
                .folder(id)
                .filter(|folder| folder.selectable)
                .map(|folder| Place::Folder(folder.id)),
        }
    }

    /// Returns the mailbox the user is in: of the place, else of the selected message, else the first.
    pub(super) fn mailbox(&self, cx: &Cx) -> Option<MailboxId> {
        let of_message = self.rows.current().map(|row| row.mailbox);
        let first = cx.mailboxes.first().map(|mailbox| mailbox.id);
        self.place.mailbox(cx).or(of_message).or(first)
    }

    /// Runs an action that goes somewhere; `None` for others.
    pub(super) fn go_by(&mut self, action: Action, cx: &Cx) -> Option<Vec<Effect>> {
        if let Some(number) = action.mailbox_number() {
            let mailbox = cx.mailboxes.get(number - 1)?;
            let place = inbox(mailbox.id, cx)?;
            return Some(self.go(place, cx));
        }
        if let Some(role) = role_of(action) {
            let folder = cx.folder_with(self.mailbox(cx)?, role)?;
            return Some(self.go(Place::Folder(folder.id), cx));
        }
        match action {
            Action::GoAllInboxes => Some(self.go(Place::AllInboxes, cx)),
            Action::GoFolder => {
                let mailbox = self.mailbox(cx)?;
                self.is_going = true;
                let title = "Go to folder".to_owned();
                Some(vec![Effect::Push(ScreenName::PickFolder {
                    mailbox,
                    title,
                })])
            }
            Action::GoCheck => {
                let account = cx.mailbox(self.mailbox(cx)?)?.account_name.clone();
                Some(vec![Effect::Push(ScreenName::Check { account })])
            }
            Action::GoToken => {
                let account = cx.mailbox(self.mailbox(cx)?)?.account_name.clone();
                Some(vec![Effect::Push(ScreenName::Token { account })])
            }
            Action::GoAdmin => {
                let account = cx.mailbox(self.mailbox(cx)?)?.account_name.clone();
                Some(vec![Effect::Push(ScreenName::Admin { account })])
            }
            _ => None,
        }
    }

    /// Starts a message from the mailbox the user is in.
    pub(super) fn write(&self, cx: &Cx) -> Vec<Effect> {
        let mailbox = self.mailbox(cx).and_then(|id| cx.mailbox(id));
        let Some(mailbox) = mailbox else {
            return Vec::new();
        };
        let signature = &cx.interface.signature;
        let text = if signature.trim().is_empty() {
            String::new()
        } else {
            format!("\n\n-- \n{}\n", signature.trim_end())
        };
        let draft = Draft {
            from: mailbox.address.clone(),
            text,
            ..Draft::default()
        };
        vec![Effect::Push(ScreenName::Compose {
            draft: Box::new(draft),
            saved: None,
        })]
    }

    /// Tells whether what is shown is synchronised with a figure, so that there is something to stop.
    fn is_syncing(&self, cx: &Cx) -> bool {
        let here = self.place.mailbox(cx);
        cx.statuses
            .iter()
            .any(|(id, status)| here.is_none_or(|here| here == *id) && status.is_long_task())
    }

    /// Tells whether an action that is not about messages works now.
    pub(super) fn live_place(&self, action: Action, cx: &Cx) -> Live {
        let has_mailbox = !cx.mailboxes.is_empty();
        if let Some(number) = action.mailbox_number() {
            let has_it = cx.mailboxes.len() >= number;
            return live(has_it, "There is no mailbox with this number");
        }
        if let Some(role) = role_of(action) {
            let has_it = self
                .mailbox(cx)
                .is_some_and(|mailbox| cx.folder_with(mailbox, role).is_some());
            return live(has_it, "This mailbox has no such folder");
        }
        match action {
            Action::Write
            | Action::GoFolder
            | Action::GoCheck
            | Action::GoToken
            | Action::GoAdmin => live(has_mailbox, "There is no account yet"),
            Action::StopSync => live(
                self.is_syncing(cx),
                "No long synchronisation is under way here",
            ),
            Action::Open if self.pane == Pane::List => {
                live(self.rows.current().is_some(), "There is no message here")
            }
            _ => Live::Yes,
        }
    }
}

fn live(is_live: bool, reason: &'static str) -> Live {
    if is_live { Live::Yes } else { Live::No(reason) }
}

fn inbox(mailbox: MailboxId, cx: &Cx) -> Option<Place> {
    cx.folder_with(mailbox, Role::Inbox)
        .map(|folder| Place::Folder(folder.id))
}

/// Tells the engine what is looked at, so that it is kept in step first.
fn look_at(place: Place) -> Option<Effect> {
    match place {
        Place::AllInboxes => None,
        Place::Folder(id) => Some(Effect::LookAt(id)),
    }
}

fn role_of(action: Action) -> Option<Role> {
    match action {
        Action::GoInbox => Some(Role::Inbox),
        Action::GoSent => Some(Role::Sent),
        Action::GoArchive => Some(Role::Archive),
        Action::GoTrash => Some(Role::Trash),
        Action::GoJunk => Some(Role::Junk),
        _ => None,
    }
}
