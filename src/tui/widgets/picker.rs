//! A list to pick from by typing: fuzzy, best match first.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::Frame;
use ratatui::crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::context::Cx;
use crate::tui::keymap::Action;
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::field::{Edit, Field, Masking};
use crate::tui::widgets::list::Selection;

/// Something to pick.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What it is called; what is typed is matched against this.
    pub label: String,
    /// A quiet word at the right, such as a key.
    pub note: String,
    /// Whether it can be picked now.
    pub is_live: bool,
}

impl Entry {
    /// Makes an entry that can be picked.
    pub fn new(label: impl Into<String>, note: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            note: note.into(),
            is_live: true,
        }
    }
}

/// The field, the entries and those that match.
#[derive(Debug, Default)]
pub struct Picker {
    field: Field,
    entries: Vec<Entry>,
    found: Vec<usize>,
    list: Selection,
}

impl Picker {
    /// Makes a picker.
    pub fn new(entries: Vec<Entry>) -> Self {
        let mut picker = Self {
            entries,
            ..Self::default()
        };
        picker.find();
        picker
    }

    /// Replaces the entries and keeps what is typed.
    pub fn set(&mut self, entries: Vec<Entry>) {
        self.entries = entries;
        self.find();
    }

    /// Gives a key to the field.
    pub fn key(&mut self, key: &KeyEvent) {
        if self.field.key(key) == Edit::Changed {
            self.find();
        }
    }

    /// Pastes into the field.
    pub fn paste(&mut self, text: &str) {
        if self.field.insert(text) == Edit::Changed {
            self.find();
        }
    }

    /// Moves the selection; tells whether the action was one that moves.
    pub fn act(&mut self, action: Action) -> bool {
        self.list.act(action, self.found.len())
    }

    /// Selects the row under a place; tells whether there is one.
    pub fn click(&mut self, place: (u16, u16)) -> bool {
        match self.list.row_at(place, self.found.len()) {
            Some(row) => {
                self.list.select(row);
                true
            }
            None => false,
        }
    }

    /// Returns the place of the selected entry among all entries.
    pub fn picked(&self) -> Option<usize> {
        self.found.get(self.list.row()).copied()
    }

    /// Returns the selected entry.
    pub fn entry(&self) -> Option<&Entry> {
        self.entries.get(self.picked()?)
    }

    /// Returns how many rows all entries and the field take.
    pub fn rows(&self) -> u16 {
        (self.entries.len() as u16).saturating_add(2)
    }

    fn find(&mut self) {
        let typed = self.field.text();
        let pattern = Pattern::parse(&typed, CaseMatching::Ignore, Normalization::Smart);
        // Made when needed: it owns 100 KiB that a closed picker should not keep.
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut letters = Vec::new();
        let mut found: Vec<(u32, usize)> = Vec::new();
        for (place, entry) in self.entries.iter().enumerate() {
            let text = Utf32Str::new(&entry.label, &mut letters);
            if let Some(score) = pattern.score(text, &mut matcher) {
                found.push((score, place));
            }
        }
        found.sort_by_key(|(score, place)| (std::cmp::Reverse(*score), *place));
        self.found = found.into_iter().map(|(_, place)| place).collect();
        self.list.select(0);
    }

    /// Draws the field and below it the entries that match.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        if area.is_empty() {
            return;
        }
        let top = Rect { height: 1, ..area };
        self.draw_field(frame, top, cx);
        let rows = Rect {
            y: area.y + 1,
            height: area.height - 1,
            ..area
        };
        if self.found.is_empty() && rows.height > 0 {
            let place = (rows.x + INDENT.min(rows.width), rows.y);
            let style = cx.style(Tone::Dim);
            text::draw(
                frame.buffer_mut(),
                place,
                rows.width,
                "Nothing matches",
                style,
            );
        }
        self.draw_entries(frame, rows, cx);
    }

    fn draw_field(&mut self, frame: &mut Frame<'_>, row: Rect, cx: &Cx) {
        let style = cx.style(Tone::Accent);
        text::draw(
            frame.buffer_mut(),
            (row.x, row.y),
            1,
            cx.symbols.step,
            style,
        );
        let indent = INDENT.min(row.width);
        let field = Rect {
            x: row.x + indent,
            width: row.width - indent,
            ..row
        };
        self.field.view(frame, field, Style::new(), Masking::Shown);
        self.field.place_cursor(frame, field);
    }

    fn draw_entries(&mut self, frame: &mut Frame<'_>, rows: Rect, cx: &Cx) {
        let range = self.list.visible(rows, self.found.len());
        for (y, row) in (rows.y..).zip(range) {
            let entry = self
                .found
                .get(row)
                .and_then(|place| self.entries.get(*place));
            if let Some(entry) = entry {
                let line = Rect {
                    y,
                    height: 1,
                    ..rows
                };
                draw_entry(frame, line, entry, (cx, row == self.list.row()));
            }
        }
    }
}

/// The columns before the field's text and the entries.
const INDENT: u16 = 2;

fn draw_entry(frame: &mut Frame<'_>, line: Rect, entry: &Entry, (cx, is_selected): (&Cx, bool)) {
    let ground = if is_selected {
        cx.style(Tone::Selection)
    } else {
        Style::new()
    };
    let buffer = frame.buffer_mut();
    buffer.set_style(line, ground);
    let bar = if is_selected { cx.symbols.bar } else { " " };
    text::draw(
        buffer,
        (line.x, line.y),
        1,
        bar,
        cx.style(Tone::Bar).patch(ground),
    );
    let note = text::truncate(&entry.note, usize::from(line.width / 2), &cx.symbols);
    let note_width = text::width(&note) as u16;
    let room = line.width.saturating_sub(3 + note_width);
    let label = text::truncate(&entry.label, usize::from(room), &cx.symbols);
    let tone = if entry.is_live { Tone::Text } else { Tone::Dim };
    let style = cx.style(tone).patch(ground);
    text::draw(buffer, (line.x + 2, line.y), room, &label, style);
    let x = line.right().saturating_sub(note_width);
    let style = cx.style(Tone::Dim).patch(ground);
    text::draw(buffer, (x, line.y), note_width, &note, style);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::testing::key;
    use ratatui::crossterm::event::KeyCode;

    fn typed(text: &str) -> Option<String> {
        let labels = ["Archive", "Inbox", "Inbox/Escalations", "Zürich", "会议"];
        let entries = labels.map(|label| Entry::new(label, "")).to_vec();
        let mut picker = Picker::new(entries);
        for c in text.chars() {
            picker.key(&key(KeyCode::Char(c)));
        }
        picker.entry().map(|entry| entry.label.clone())
    }

    #[test]
    fn what_is_typed_finds_the_best_match_first() {
        let check = |text, expected: Option<&str>| {
            assert_eq!(typed(text).as_deref(), expected, "{text}");
        };
        check("", Some("Archive"));
        check("inb", Some("Inbox"));
        check("esc", Some("Inbox/Escalations"));
        check("zur", Some("Zürich"));
        check("会", Some("会议"));
        check("xyz", None);
    }
}
