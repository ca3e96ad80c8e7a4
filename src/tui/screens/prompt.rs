//! One line to type, such as a path, which is completed.

use ratatui::Frame;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Generation};
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::{Msg, Reply};
use crate::tui::outcome::Outcome;
use crate::tui::screens::{Face, Focus, Layer, Live};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::field::{Edit, Field, Masking};
use crate::tui::widgets::frame::overlay;
use crate::tui::widgets::list::Selection;

/// Completions shown at once.
const SHOWN: u16 = 6;

/// The line.
#[derive(Debug)]
pub struct Prompt {
    tag: &'static str,
    title: String,
    field: Field,
    is_path: bool,
    generation: Generation,
    paths: Vec<String>,
    list: Selection,
}

impl Prompt {
    /// Asks for a line.
    pub fn open(
        tag: &'static str,
        title: String,
        text: &str,
        is_path: bool,
    ) -> (Self, Vec<Effect>) {
        let mut prompt = Self {
            tag,
            title,
            field: Field::new(text),
            is_path,
            generation: 0,
            paths: Vec::new(),
            list: Selection::default(),
        };
        let effects = prompt.complete();
        (prompt, effects)
    }

    fn complete(&mut self) -> Vec<Effect> {
        if !self.is_path {
            return Vec::new();
        }
        self.generation += 1;
        vec![Effect::CompletePath {
            generation: self.generation,
            prefix: self.field.text(),
        }]
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg) -> Vec<Effect> {
        match message {
            Msg::Key(key) => self.key(key),
            Msg::Paste(text) => {
                self.field.insert(text);
                self.complete()
            }
            Msg::Action(Action::NextPane) => self.accept(),
            Msg::Action(Action::Open) => self.answer(),
            Msg::Action(Action::Back) => vec![Effect::Pop],
            Msg::Action(action) => {
                self.list.act(*action, self.paths.len());
                Vec::new()
            }
            Msg::Done(Outcome::Paths { generation, paths }) if *generation == self.generation => {
                self.paths.clone_from(paths);
                self.list.select(0);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn key(&mut self, key: &KeyEvent) -> Vec<Effect> {
        match self.field.key(key) {
            Edit::Changed => self.complete(),
            Edit::Moved | Edit::Ignored => Vec::new(),
        }
    }

    /// Takes the selected completion over.
    fn accept(&mut self) -> Vec<Effect> {
        let Some(path) = self.paths.get(self.list.row()) else {
            return Vec::new();
        };
        self.field.set(path);
        self.complete()
    }

    fn answer(&self) -> Vec<Effect> {
        let text = self.field.text().trim().to_owned();
        if text.is_empty() {
            return Vec::new();
        }
        let tag = self.tag;
        vec![Effect::Close(Reply::Typed { tag, text })]
    }

    /// Draws the box.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let rows = if self.is_path { SHOWN + 3 } else { 3 };
        let inside = overlay(frame, area, cx, (&self.title, 70, rows));
        if inside.is_empty() {
            return;
        }
        let line = Rect {
            height: 1,
            ..inside
        };
        self.field
            .view(frame, line, cx.style(Tone::Field), Masking::Shown);
        self.field.place_cursor(frame, line);
        let below = Rect {
            y: inside.y + 1,
            height: inside.height - 1,
            ..inside
        };
        let range = self.list.visible(below, self.paths.len());
        for (y, place) in (below.y..).zip(range) {
            let is_selected = place == self.list.row();
            let bar = if is_selected { cx.symbols.bar } else { " " };
            let tone = if is_selected { Tone::Text } else { Tone::Dim };
            let path = self.paths.get(place).map_or("", String::as_str);
            let room = usize::from(below.width.saturating_sub(2));
            let row = format!("{bar} {}", text::truncate(path, room, &cx.symbols));
            text::draw(
                frame.buffer_mut(),
                (below.x, y),
                below.width,
                &row,
                cx.style(tone),
            );
        }
    }

    /// Answers the root's questions.
    pub fn face(&self) -> Face {
        let hints: &[Action] = if self.is_path {
            &[Action::Open, Action::NextPane, Action::Back]
        } else {
            &[Action::Open, Action::Back]
        };
        Face {
            focus: Focus::Line,
            layer: Layer::Above,
            ..Face::new(Scope::Picker, hints)
        }
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action) -> Live {
        match action {
            Action::NextPane if self.paths.is_empty() => Live::No("Nothing completes this"),
            _ => Live::Yes,
        }
    }
}
