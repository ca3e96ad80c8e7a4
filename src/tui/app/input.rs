//! Keys, pastes and mouse: what a focused field takes, what a key means, why a key does nothing.

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Size;

use crate::tui::effect::Effect;
use crate::tui::keymap::{Action, Meaning, Press, Scope};
use crate::tui::msg::Msg;
use crate::tui::screens::{Dead, Face, Focus, Layer, Live, ScreenName};

use super::{App, Undoable};

impl App {
    pub(super) fn input(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Event::Paste(text) => self.give_top(&Msg::Paste(text)),
            Event::Mouse(event) => self.give_top(&Msg::Mouse(event)),
            Event::Resize(width, height) => {
                self.resize(Size::new(width, height));
                self.give_all(&Msg::Shown)
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn face(&self) -> Option<Face> {
        self.stack.last().map(|screen| screen.face(&self.cx))
    }

    fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        self.notices.status = None;
        let Some(face) = self.face() else {
            return Vec::new();
        };
        let press = Press::new(&key);
        if self.pressed.is_empty() && is_typing(face.focus, &press) {
            return self.give_top(&Msg::Key(key));
        }
        self.pressed.push(press);
        match self.cx.keymap.meaning(face.scope, &self.pressed) {
            Meaning::Prefix => Vec::new(),
            Meaning::Action(action) => {
                self.pressed.clear();
                self.act(action)
            }
            Meaning::Nothing if self.pressed.len() == 1 && face.focus != Focus::None => {
                self.pressed.clear();
                self.give_top(&Msg::Key(key))
            }
            Meaning::Nothing => {
                self.explain_dead_keys();
                Vec::new()
            }
        }
    }

    fn explain_dead_keys(&mut self) {
        let keys: String = self.pressed.drain(..).map(|key| key.to_string()).collect();
        let help = self.cx.key(Action::Help);
        self.notices.status = Some(format!("{keys} does nothing here; {help} shows the keys"));
    }

    /// Runs an action: the root's own, else the top screen's if it is live there.
    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        if let Some(effects) = self.act_here(action) {
            return effects;
        }
        let Some(screen) = self.stack.last_mut() else {
            return Vec::new();
        };
        match screen.live(action, &self.cx) {
            Live::Yes => screen.update(&Msg::Action(action), &self.cx),
            Live::No(reason) => {
                self.notices.status = Some(reason.to_owned());
                Vec::new()
            }
            Live::Unknown => {
                self.notices.status = Some(format!("There is nothing to {} here", action.label()));
                Vec::new()
            }
        }
    }

    /// Actions that mean the same everywhere.
    fn act_here(&mut self, action: Action) -> Option<Vec<Effect>> {
        let is_above = self.face().is_some_and(|face| face.layer == Layer::Above);
        let effects = match action {
            Action::Quit => vec![Effect::Quit],
            Action::Redraw => vec![Effect::Redraw],
            Action::Suspend => vec![Effect::Suspend],
            Action::Help | Action::Palette if is_above => return None,
            Action::Help => {
                let (scope, dead) = self.scope_and_dead()?;
                vec![Effect::Push(ScreenName::Help { scope, dead })]
            }
            Action::Palette => {
                let (scope, dead) = self.scope_and_dead()?;
                vec![Effect::Push(ScreenName::Palette { scope, dead })]
            }
            Action::Back if self.stack.len() == 1 && self.notices.dismiss() => Vec::new(),
            Action::Undo => self.take_back(),
            // A check mends what is selected in it.
            Action::Remedy if self.face().is_some_and(|face| face.scope == Scope::Check) => {
                return None;
            }
            Action::Remedy => self.remedy(),
            Action::Explain => self.explain_latest(),
            Action::NextTheme => self.next_theme(),
            Action::GoOutbox => vec![Effect::Push(ScreenName::Outbox)],
            Action::GoAccounts => vec![Effect::Push(ScreenName::Accounts)],
            Action::GoSettings => vec![Effect::Push(ScreenName::Settings)],
            Action::GoDrafts => vec![Effect::Push(ScreenName::Drafts)],
            _ => return None,
        };
        Some(effects)
    }

    /// Returns the keys in force and the actions that do not work now.
    fn scope_and_dead(&self) -> Option<(Scope, Vec<Dead>)> {
        let screen = self.stack.last()?;
        let scope = screen.face(&self.cx).scope;
        let reason = |action: Action| match screen.live(action, &self.cx) {
            Live::No(reason) => Some(Dead { action, reason }),
            Live::Yes | Live::Unknown => None,
        };
        Some((scope, Action::all().filter_map(reason).collect()))
    }

    fn take_back(&mut self) -> Vec<Effect> {
        match self.undo.pop() {
            Some(Undoable::Action(action)) => vec![Effect::Undo(action)],
            Some(Undoable::Sending(id)) => {
                self.notices.toasts.retain(|toast| !toast.is_countdown);
                vec![Effect::OutboxCancel(id)]
            }
            None => {
                self.notices.status = Some("There is nothing to undo".to_owned());
                Vec::new()
            }
        }
    }

    fn explain_latest(&mut self) -> Vec<Effect> {
        let Some(banner) = &self.notices.latest else {
            self.notices.status = Some("There was no notice yet".to_owned());
            return Vec::new();
        };
        let notice = Box::new(banner.notice.clone());
        vec![Effect::Push(ScreenName::Notice(notice))]
    }

    fn next_theme(&mut self) -> Vec<Effect> {
        let names = self.cx.themes.names();
        let current = names.iter().position(|name| *name == self.cx.theme.name);
        let next = current.map_or(0, |place| place + 1);
        let Some(name) = names.get(next).or(names.first()) else {
            return Vec::new();
        };
        vec![
            Effect::ShowTheme(name.clone()),
            Effect::Say(format!("Theme: {name}")),
        ]
    }
}

/// Tells whether a focused field takes a key before any binding does.
pub(super) fn is_typing(focus: Focus, press: &Press) -> bool {
    let is_plain = !press
        .modifiers()
        .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    let is_line_key = matches!(
        press.code(),
        KeyCode::Backspace
            | KeyCode::Delete
            | KeyCode::Left
            | KeyCode::Right
            | KeyCode::Home
            | KeyCode::End
    );
    let is_block_key = matches!(
        press.code(),
        KeyCode::Enter | KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown
    );
    match focus {
        Focus::None => false,
        Focus::Line => press.is_text() || (is_plain && is_line_key),
        Focus::Block => press.is_text() || (is_plain && (is_line_key || is_block_key)),
    }
}
