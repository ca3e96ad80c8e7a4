//! A form: labelled fields below each other, each with a note and what is wrong with it.

use ratatui::Frame;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use crate::tui::context::Cx;
use crate::tui::keymap::Action;
use crate::tui::screens::Focus;
use crate::tui::text;
use crate::tui::widgets::field::{Edit, Field};
use crate::tui::widgets::form_view::{draw_error, draw_item, draw_scrolling};

/// What a field of a form holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Typed text.
    Text(Field),
    /// Typed text that is not shown.
    Secret(Field),
    /// One of several, changed with left and right.
    Choice {
        /// What there is.
        options: Vec<String>,
        /// Which is chosen.
        chosen: usize,
    },
    /// Text that cannot be changed.
    Fixed(String),
    /// A thing to do with Enter.
    Button,
}

/// A field of a form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Its name in code.
    pub id: &'static str,
    /// Its name on screen.
    pub label: String,
    /// What it holds.
    pub kind: Kind,
    /// A quiet word behind the value, such as where it came from.
    pub note: String,
    /// What is wrong, shown below; empty when nothing is.
    pub error: String,
}

impl Item {
    /// Makes a text field.
    pub fn text(id: &'static str, label: &str, value: &str) -> Self {
        Self::new(id, label, Kind::Text(Field::new(value)))
    }

    /// Makes a field whose text is not shown.
    pub fn secret(id: &'static str, label: &str) -> Self {
        Self::new(id, label, Kind::Secret(Field::default()))
    }

    /// Makes a choice.
    pub fn choice(id: &'static str, label: &str, options: Vec<String>, chosen: usize) -> Self {
        Self::new(id, label, Kind::Choice { options, chosen })
    }

    /// Makes a text that cannot be changed.
    pub fn fixed(id: &'static str, label: &str, value: &str) -> Self {
        Self::new(id, label, Kind::Fixed(value.to_owned()))
    }

    /// Makes a thing to do.
    pub fn button(id: &'static str, label: &str) -> Self {
        Self::new(id, label, Kind::Button)
    }

    fn new(id: &'static str, label: &str, kind: Kind) -> Self {
        Self {
            id,
            label: label.to_owned(),
            kind,
            note: String::new(),
            error: String::new(),
        }
    }

    /// Adds a note.
    pub fn with_note(mut self, note: &str) -> Self {
        note.clone_into(&mut self.note);
        self
    }

    /// Returns the value as text: what was typed, the chosen option, the fixed text.
    pub fn value(&self) -> String {
        match &self.kind {
            Kind::Text(field) | Kind::Secret(field) => field.text(),
            Kind::Choice { options, chosen } => options.get(*chosen).cloned().unwrap_or_default(),
            Kind::Fixed(text) => text.clone(),
            Kind::Button => String::new(),
        }
    }

    fn can_focus(&self) -> bool {
        !matches!(self.kind, Kind::Fixed(_))
    }
}

/// What an action or key did to a form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FormEvent {
    /// This field's value is another one.
    Changed(&'static str),
    /// The focus or cursor moved.
    Moved,
    /// Enter on this field, which is a button or the last one.
    Submitted(&'static str),
    /// Not for a form.
    Ignored,
}

/// Fields below each other.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Form {
    /// The fields.
    pub items: Vec<Item>,
    focus: usize,
    first_row: usize,
    /// Rows of the last drawing, for moving by pages.
    rows: usize,
}

impl Form {
    /// Makes a form; the first field that can be changed has the focus.
    pub fn new(items: Vec<Item>) -> Self {
        let focus = items.iter().position(Item::can_focus).unwrap_or(0);
        Self {
            items,
            focus,
            first_row: 0,
            rows: 1,
        }
    }

    /// Returns the focused field.
    pub fn focused(&self) -> Option<&Item> {
        self.items.get(self.focus)
    }

    /// Finds a field.
    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    /// Finds a field to change it.
    pub fn item_mut(&mut self, id: &str) -> Option<&mut Item> {
        self.items.iter_mut().find(|item| item.id == id)
    }

    /// Returns a field's value; empty when there is no such field.
    pub fn value(&self, id: &str) -> String {
        self.item(id).map(Item::value).unwrap_or_default()
    }

    /// Puts a text into a text field.
    pub fn set(&mut self, id: &str, value: &str) {
        if let Some(item) = self.item_mut(id) {
            match &mut item.kind {
                Kind::Text(field) | Kind::Secret(field) => field.set(value),
                Kind::Fixed(text) => value.clone_into(text),
                Kind::Choice { options, chosen } => {
                    if let Some(place) = options.iter().position(|option| option == value) {
                        *chosen = place;
                    }
                }
                Kind::Button => {}
            }
        }
    }

    /// Says what is wrong with a field and gives it the focus.
    pub fn point_at(&mut self, id: &str, error: &str) {
        if let Some(place) = self.items.iter().position(|item| item.id == id) {
            self.focus = place;
        }
        if let Some(item) = self.item_mut(id) {
            error.clone_into(&mut item.error);
        }
    }

    /// Gives a field the focus.
    pub fn focus_on(&mut self, id: &str) {
        let is_it = |item: &Item| item.id == id && item.can_focus();
        if let Some(place) = self.items.iter().position(is_it) {
            self.focus = place;
        }
    }

    /// Takes over from the form that was shown before: focus, scrolling, cursors, and what was typed secretly. Where
    /// the focused field is gone, the focus stays near its place.
    pub fn keep_from(&mut self, before: &mut Self) {
        self.first_row = before.first_row;
        self.rows = before.rows;
        let focused = before.focused().map(|item| item.id);
        let same = focused.and_then(|id| self.items.iter().position(|item| item.id == id));
        let place = same.unwrap_or(before.focus.min(self.items.len().saturating_sub(1)));
        for item in &mut self.items {
            let Some(old) = before.item_mut(item.id) else {
                continue;
            };
            match (&mut item.kind, &mut old.kind) {
                (Kind::Secret(new), Kind::Secret(old)) => std::mem::swap(new, old),
                (Kind::Text(new), Kind::Text(old)) if new.text() == old.text() => {
                    std::mem::swap(new, old);
                }
                _ => {}
            }
        }
        let near = |place: &usize| self.items.get(*place).is_some_and(Item::can_focus);
        let after = (place..self.items.len()).find(near);
        self.focus = after.or_else(|| (0..place).rev().find(near)).unwrap_or(0);
    }

    /// Takes all errors away.
    pub fn clear_errors(&mut self) {
        for item in &mut self.items {
            item.error.clear();
        }
    }

    /// Tells what takes typed text, for the screen's face.
    pub fn focus(&self) -> Focus {
        match self.focused().map(|item| &item.kind) {
            Some(Kind::Text(_) | Kind::Secret(_)) => Focus::Line,
            _ => Focus::None,
        }
    }

    /// Gives a raw key to the focused text field.
    pub fn key(&mut self, key: &KeyEvent) -> FormEvent {
        self.edit(|field| field.key(key))
    }

    /// Pastes into the focused text field.
    pub fn paste(&mut self, text: &str) -> FormEvent {
        self.edit(|field| field.insert(text))
    }

    fn edit(&mut self, change: impl FnOnce(&mut Field) -> Edit) -> FormEvent {
        let Some(item) = self.items.get_mut(self.focus) else {
            return FormEvent::Ignored;
        };
        let (Kind::Text(field) | Kind::Secret(field)) = &mut item.kind else {
            return FormEvent::Ignored;
        };
        match change(field) {
            Edit::Changed => {
                item.error.clear();
                FormEvent::Changed(item.id)
            }
            Edit::Moved => FormEvent::Moved,
            Edit::Ignored => FormEvent::Ignored,
        }
    }

    /// Moves the focus, changes a choice, submits.
    pub fn act(&mut self, action: Action) -> FormEvent {
        match action {
            Action::Up | Action::PreviousPane => self.step(-1),
            Action::Down | Action::NextPane => self.step(1),
            Action::Left => self.turn(-1),
            Action::Right => self.turn(1),
            Action::Open => self.enter(),
            Action::PageUp => self.jump(self.focus.saturating_sub(self.rows)),
            Action::PageDown => self.jump(self.focus.saturating_add(self.rows)),
            Action::First => self.jump(0),
            Action::Last => self.jump(usize::MAX),
            _ => FormEvent::Ignored,
        }
    }

    fn step(&mut self, by: isize) -> FormEvent {
        let count = self.items.len();
        let mut place = self.focus;
        for _ in 0..count {
            place = (place + count).saturating_add_signed(by) % count;
            if self.items.get(place).is_some_and(Item::can_focus) {
                break;
            }
        }
        self.focus = place;
        FormEvent::Moved
    }

    /// Goes to the field at a place, or the nearest one that can be changed.
    fn jump(&mut self, place: usize) -> FormEvent {
        let place = place.min(self.items.len().saturating_sub(1));
        let near = |place: &usize| self.items.get(*place).is_some_and(Item::can_focus);
        let before = (0..=place).rev().find(near);
        let found = before.or_else(|| (place..self.items.len()).find(near));
        self.focus = found.unwrap_or(self.focus);
        FormEvent::Moved
    }

    fn turn(&mut self, by: isize) -> FormEvent {
        let Some(item) = self.items.get_mut(self.focus) else {
            return FormEvent::Ignored;
        };
        let Kind::Choice { options, chosen } = &mut item.kind else {
            return FormEvent::Ignored;
        };
        let count = options.len().max(1);
        *chosen = (*chosen + count).saturating_add_signed(by) % count;
        FormEvent::Changed(item.id)
    }

    /// Enter goes to the next field; on a button or the last field it submits.
    fn enter(&mut self) -> FormEvent {
        let Some(item) = self.focused() else {
            return FormEvent::Ignored;
        };
        let is_last = !self.items.iter().skip(self.focus + 1).any(Item::can_focus);
        if is_last || item.kind == Kind::Button {
            FormEvent::Submitted(item.id)
        } else {
            self.step(1)
        }
    }

    /// Draws the fields, scrolled so that the focused one shows.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let label_width = self.label_width(area.width);
        let height = usize::from(area.height);
        self.scroll_to_focus(height);
        let has_above = self.first_row > 0;
        let has_below = self.rows_before(self.items.len()) > self.first_row + height;
        let area = draw_scrolling(frame, area, cx, (has_above, has_below));
        let mut row = 0;
        let first = self.first_row;
        for (place, item) in self.items.iter_mut().enumerate() {
            let has_focus = place == self.focus;
            let shown = |row: usize| (first..first + height).contains(&row);
            let line = |row: usize| Rect {
                y: area.y + (row - first) as u16,
                height: 1,
                ..area
            };
            if shown(row) {
                draw_item(frame, line(row), item, (cx, label_width, has_focus));
            }
            row += 1;
            if !item.error.is_empty() {
                if shown(row) {
                    draw_error(frame, line(row), &item.error, (cx, label_width));
                }
                row += 1;
            }
        }
    }

    /// Returns the rows of all fields before a place; a mistake takes a row of its own.
    fn rows_before(&self, place: usize) -> usize {
        let before = self.items.iter().take(place);
        before
            .map(|item| 1 + usize::from(!item.error.is_empty()))
            .sum()
    }

    fn scroll_to_focus(&mut self, height: usize) {
        self.rows = height.max(1);
        let all_rows = self.rows_before(self.items.len());
        let focus_row = self.rows_before(self.focus);
        let focus_end = self.rows_before(self.focus + 1);
        self.first_row = self
            .first_row
            .min(focus_row)
            .max(focus_end.saturating_sub(height))
            .min(all_rows.saturating_sub(height));
        // Texts above the first field that can be changed are seen when it is reached.
        if !self.items.iter().take(self.focus).any(Item::can_focus) && focus_end <= height {
            self.first_row = 0;
        }
    }

    fn label_width(&self, width: u16) -> u16 {
        let longest = self
            .items
            .iter()
            .filter(|item| item.kind != Kind::Button)
            .map(|item| text::width(&item.label))
            .max()
            .unwrap_or(0);
        (longest as u16 + 2).min(width / 2)
    }
}
