//! What is picked from a list by typing: the palette, a folder, one of several things.

use ratatui::Frame;
use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use crate::model::{Folder, FolderId, MailboxId};
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::{Action, Group, Scope};
use crate::tui::msg::{Msg, Reply};
use crate::tui::outcome::Outcome;
use crate::tui::screens::{Dead, Face, Focus, Layer, Live};
use crate::tui::widgets::frame::overlay;
use crate::tui::widgets::picker::{Entry, Picker};

/// What picking an entry answers.
#[derive(Debug)]
enum Answers {
    Actions(Vec<Action>),
    Folders(MailboxId, Vec<FolderId>),
    Places(&'static str),
}

/// A picker that lies on top of another screen.
#[derive(Debug)]
pub struct Picking {
    title: String,
    picker: Picker,
    answers: Answers,
}

impl Picking {
    /// Lists the actions of the screen below.
    pub fn palette(scope: Scope, dead: &[Dead], cx: &Cx) -> (Self, Vec<Effect>) {
        let mut actions: Vec<Action> = Action::all()
            .filter(|action| action.is_in(scope) && is_for_palette(*action))
            .collect();
        // What this screen is about stands before the program's own actions and places.
        actions.sort_by_key(|action| std::cmp::Reverse(action.group()));
        let entries = actions.iter().map(|action| {
            let reason = dead.iter().find(|dead| dead.action == *action);
            Entry {
                label: format!("{:<18} {}", action.name(), action.help()),
                note: reason.map_or_else(|| cx.key(*action), |dead| dead.reason.to_owned()),
                is_live: reason.is_none(),
            }
        });
        let picker = Picker::new(entries.collect());
        let picking = Self {
            title: "Every action".to_owned(),
            picker,
            answers: Answers::Actions(actions),
        };
        (picking, Vec::new())
    }

    /// Lists the folders of a mailbox.
    pub fn folder(mailbox: MailboxId, title: String, cx: &Cx) -> (Self, Vec<Effect>) {
        let mut picking = Self {
            title,
            picker: Picker::default(),
            answers: Answers::Folders(mailbox, Vec::new()),
        };
        picking.fill_folders(mailbox, cx);
        let effects = if cx.folders.contains_key(&mailbox) {
            Vec::new()
        } else {
            vec![Effect::LoadFolders(mailbox)]
        };
        (picking, effects)
    }

    /// Lists what it is given.
    pub fn one_of(tag: &'static str, title: String, entries: Vec<String>) -> Self {
        let entries = entries.into_iter().map(|entry| Entry::new(entry, ""));
        Self {
            title,
            picker: Picker::new(entries.collect()),
            answers: Answers::Places(tag),
        }
    }

    fn fill_folders(&mut self, mailbox: MailboxId, cx: &Cx) {
        let folders: Vec<&Folder> = cx
            .folders
            .get(&mailbox)
            .into_iter()
            .flatten()
            .filter(|folder| folder.selectable)
            .collect();
        let name =
            |folder: &&Folder| Entry::new(folder.path.replace('/', " / "), folder.role.name());
        self.picker.set(folders.iter().map(name).collect());
        let ids = folders.iter().map(|folder| folder.id).collect();
        self.answers = Answers::Folders(mailbox, ids);
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        match message {
            Msg::Key(key) => self.picker.key(key),
            Msg::Paste(text) => self.picker.paste(text),
            Msg::Action(Action::Back) => return vec![Effect::Pop],
            Msg::Action(Action::Open) => return self.pick(),
            Msg::Action(action) => {
                self.picker.act(*action);
            }
            Msg::Mouse(event) => return self.mouse(*event),
            Msg::Done(Outcome::Folders(id, Ok(_))) => {
                if let Answers::Folders(mailbox, _) = self.answers
                    && mailbox == *id
                {
                    self.fill_folders(mailbox, cx);
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn mouse(&mut self, event: MouseEvent) -> Vec<Effect> {
        let action = match event.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                let is_hit = self.picker.click((event.column, event.row));
                return if is_hit { self.pick() } else { Vec::new() };
            }
            MouseEventKind::ScrollDown => Action::Down,
            MouseEventKind::ScrollUp => Action::Up,
            _ => return Vec::new(),
        };
        self.picker.act(action);
        Vec::new()
    }

    fn pick(&self) -> Vec<Effect> {
        let Some(index) = self.picker.picked() else {
            return Vec::new();
        };
        let reply = match &self.answers {
            Answers::Actions(actions) => actions.get(index).copied().map(Reply::Run),
            Answers::Folders(_, ids) => ids.get(index).copied().map(Reply::Folder),
            Answers::Places(tag) => Some(Reply::Picked { tag, index }),
        };
        reply.map(Effect::Close).into_iter().collect()
    }

    /// Draws the box.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let rows = (self.picker.rows() + 1).clamp(5, 22);
        let inside = overlay(frame, area, cx, (&self.title, 76, rows));
        self.picker.view(frame, inside, cx);
    }

    /// Answers the root's questions.
    pub fn face() -> Face {
        Face {
            focus: Focus::Line,
            layer: Layer::Above,
            ..Face::new(
                Scope::Picker,
                &[Action::Open, Action::Up, Action::Down, Action::Back],
            )
        }
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action) -> Live {
        match action {
            Action::Open if self.picker.picked().is_none() => Live::No("Nothing matches"),
            _ => Live::Yes,
        }
    }
}

/// Moving about needs no palette, and the palette not itself.
fn is_for_palette(action: Action) -> bool {
    !matches!(action.group(), Group::Moving | Group::Answers)
        && action != Action::Palette
        && action.mailbox_number().is_none()
}
