//! A text field of one line, edited by graphemes; what comes in is sanitised.

use ratatui::Frame;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::model::sanitize_line;
use crate::tui::text;

/// At most this many bytes; enough for any list of recipients.
const LIMIT: usize = 64 * 1024;

/// What a key did to a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Edit {
    /// The text is another one.
    Changed,
    /// Only the cursor moved.
    Moved,
    /// Nothing: the key is not for a field.
    Ignored,
}

/// How a field's text is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Masking {
    /// As it is.
    #[default]
    Shown,
    /// As dots.
    Hidden,
}

/// The text and the cursor.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Field {
    graphemes: Vec<String>,
    cursor: usize,
    first: usize,
}

impl Field {
    /// Makes a field with a text, the cursor behind it.
    pub fn new(text: &str) -> Self {
        let mut field = Self::default();
        field.insert(text);
        field
    }

    /// Returns the text.
    pub fn text(&self) -> String {
        self.graphemes.concat()
    }

    /// Tells whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.graphemes.is_empty()
    }

    /// Replaces the text; the cursor goes behind it.
    pub fn set(&mut self, text: &str) {
        *self = Self::new(text);
    }

    /// Returns the text before the cursor.
    pub fn before_cursor(&self) -> String {
        self.graphemes
            .iter()
            .take(self.cursor)
            .map(String::as_str)
            .collect()
    }

    /// Inserts text at the cursor; line ends become blanks.
    pub fn insert(&mut self, text: &str) -> Edit {
        let clean = sanitize_line(text.trim_end_matches(['\n', '\r']));
        let size: usize = self.graphemes.iter().map(String::len).sum();
        if clean.is_empty() || size + clean.len() > LIMIT {
            return Edit::Moved;
        }
        let before = self.before_cursor() + &clean;
        let after: String = self
            .graphemes
            .iter()
            .skip(self.cursor)
            .map(String::as_str)
            .collect();
        // A combining mark joins the grapheme before the cursor, so everything is cut anew.
        self.graphemes = (before.clone() + &after)
            .graphemes(true)
            .map(str::to_owned)
            .collect();
        let mut bytes = 0;
        self.cursor = self
            .graphemes
            .iter()
            .take_while(|grapheme| {
                bytes += grapheme.len();
                bytes <= before.len()
            })
            .count();
        Edit::Changed
    }

    /// Replaces `piece`, which stands right before the cursor, by `text`; the cursor goes behind it.
    pub fn replace_before(&mut self, piece: &str, text: &str) {
        let before = self.before_cursor();
        let kept = before.strip_suffix(piece).unwrap_or(&before).to_owned();
        let after: String = self
            .graphemes
            .iter()
            .skip(self.cursor)
            .map(String::as_str)
            .collect();
        let mut field = Self::new(&after);
        field.cursor = 0;
        field.insert(&(kept + text));
        *self = field;
    }

    /// Gives a key to the field.
    pub fn key(&mut self, key: &KeyEvent) -> Edit {
        let has_ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let has_alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char('a') if has_ctrl => self.go(0),
            KeyCode::Char('e') if has_ctrl => self.go(usize::MAX),
            KeyCode::Char('u') if has_ctrl => self.remove(0..self.cursor),
            KeyCode::Char('k') if has_ctrl => self.remove(self.cursor..self.graphemes.len()),
            KeyCode::Char('w') if has_ctrl => self.remove(self.word_before()..self.cursor),
            KeyCode::Backspace if has_ctrl || has_alt => {
                self.remove(self.word_before()..self.cursor)
            }
            KeyCode::Char(c) if !has_ctrl && !has_alt => self.insert(&c.to_string()),
            KeyCode::Backspace => self.remove(self.cursor.saturating_sub(1)..self.cursor),
            KeyCode::Delete => self.remove(self.cursor..self.cursor.saturating_add(1)),
            KeyCode::Left if has_ctrl => self.go(self.word_before()),
            KeyCode::Right if has_ctrl => self.go(self.word_after()),
            KeyCode::Left => self.go(self.cursor.saturating_sub(1)),
            KeyCode::Right => self.go(self.cursor.saturating_add(1)),
            KeyCode::Home => self.go(0),
            KeyCode::End => self.go(usize::MAX),
            _ => Edit::Ignored,
        }
    }

    fn go(&mut self, place: usize) -> Edit {
        self.cursor = place.min(self.graphemes.len());
        Edit::Moved
    }

    fn remove(&mut self, range: std::ops::Range<usize>) -> Edit {
        let end = range.end.min(self.graphemes.len());
        if range.start >= end {
            return Edit::Moved;
        }
        self.graphemes.drain(range.start..end);
        self.cursor = range.start;
        Edit::Changed
    }

    fn is_blank(&self, place: usize) -> bool {
        self.graphemes
            .get(place)
            .is_some_and(|grapheme| grapheme.trim().is_empty())
    }

    fn word_before(&self) -> usize {
        let mut place = self.cursor;
        while place > 0 && self.is_blank(place - 1) {
            place -= 1;
        }
        while place > 0 && !self.is_blank(place - 1) {
            place -= 1;
        }
        place
    }

    fn word_after(&self) -> usize {
        let mut place = self.cursor;
        while place < self.graphemes.len() && !self.is_blank(place) {
            place += 1;
        }
        while self.is_blank(place) {
            place += 1;
        }
        place
    }

    /// Draws the text in one row, scrolled so that the cursor shows. `<` and `>` say that there is more.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, style: Style, masking: Masking) {
        let widths: Vec<usize> = self
            .shown(masking)
            .iter()
            .map(|grapheme| text::width(grapheme))
            .collect();
        let room = usize::from(area.width).max(1);
        let span = |first: usize| -> usize {
            widths.iter().take(self.cursor).skip(first).sum::<usize>() + 1
        };
        let mut first = self.first.min(self.cursor);
        while first < self.cursor && span(first) > room {
            first += 1;
        }
        self.first = first;
        self.draw(frame, area, style, (first, masking));
    }

    /// Draws the text from its start, as a field without the focus shows it.
    pub fn view_at_rest(&self, frame: &mut Frame<'_>, area: Rect, style: Style, masking: Masking) {
        self.draw(frame, area, style, (0, masking));
    }

    fn shown(&self, masking: Masking) -> Vec<&str> {
        match masking {
            Masking::Shown => self.graphemes.iter().map(String::as_str).collect(),
            Masking::Hidden => vec!["*"; self.graphemes.len()],
        }
    }

    fn draw(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        style: Style,
        (first, masking): (usize, Masking),
    ) {
        let visible: String = self.shown(masking).into_iter().skip(first).collect();
        let buffer = frame.buffer_mut();
        buffer.set_style(area, style);
        text::draw(buffer, (area.x, area.y), area.width, &visible, style);
        if area.width < 4 {
            return;
        }
        if first > 0 && self.cursor > first {
            text::draw(buffer, (area.x, area.y), 1, "<", style);
        }
        let is_cut = text::width(&visible) > usize::from(area.width);
        if is_cut {
            text::draw(buffer, (area.right() - 1, area.y), 1, ">", style);
        }
    }

    /// Puts the terminal's cursor where the field's is; to be called after [`Field::view`] for the focused field.
    pub fn place_cursor(&self, frame: &mut Frame<'_>, area: Rect) {
        if area.is_empty() {
            return;
        }
        let before: usize = self
            .graphemes
            .iter()
            .take(self.cursor)
            .skip(self.first)
            .map(|grapheme| text::width(grapheme))
            .sum();
        let x = area.x + (before as u16).min(area.width - 1);
        frame.set_cursor_position((x, area.y));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(field: &mut Field, code: KeyCode, modifiers: KeyModifiers) -> Edit {
        field.key(&KeyEvent::new(code, modifiers))
    }

    fn typed(text: &str) -> Field {
        let mut field = Field::default();
        for c in text.chars() {
            press(&mut field, KeyCode::Char(c), KeyModifiers::NONE);
        }
        field
    }

    #[test]
    fn one_backspace_takes_one_visible_letter() {
        let mut field = typed("ae\u{301}👩‍👩‍👧");
        press(&mut field, KeyCode::Backspace, KeyModifiers::NONE);
        assert_eq!(field.text(), "ae\u{301}");
        press(&mut field, KeyCode::Backspace, KeyModifiers::NONE);
        assert_eq!(field.text(), "a");
    }

    #[test]
    fn typing_goes_on_where_the_cursor_is() {
        let mut field = typed("one three");
        press(&mut field, KeyCode::Left, KeyModifiers::CONTROL);
        field.insert("two ");
        assert_eq!(field.text(), "one two three");
        assert_eq!(field.before_cursor(), "one two ");
    }

    #[test]
    fn words_and_halves_are_deleted() {
        let mut field = typed("one two three");
        press(&mut field, KeyCode::Char('w'), KeyModifiers::CONTROL);
        assert_eq!(field.text(), "one two ");
        press(&mut field, KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert!(field.is_empty());
    }

    #[test]
    fn pasted_text_is_one_safe_line() {
        let mut field = Field::default();
        field.insert("a@x.com\nb@x.com\u{1b}[31m\n");
        assert_eq!(field.text(), "a@x.com b@x.com[31m");
    }

    #[test]
    fn a_huge_paste_is_refused() {
        let mut field = Field::default();
        assert_eq!(field.insert(&"x".repeat(LIMIT + 1)), Edit::Moved);
        assert!(field.is_empty());
    }
}
