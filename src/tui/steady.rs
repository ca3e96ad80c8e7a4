//! Keeps rows straight on terminals that measure some letters otherwise than we do.
//!
//! Letters made of several code points (Indic syllables, joined emoji, combining marks) are one, two or three
//! columns wide, depending on the terminal. What comes after one is therefore placed anew, and a row in which one
//! comes, goes or moves is written whole.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Buffer, Cell, CellDiffOption};
use ratatui::layout::{Position, Size};

/// Tells whether terminals may disagree about a cell's width. One code point, and one between isolates, is safe.
fn is_unsteady(cell: &Cell) -> bool {
    let mut letters = cell
        .symbol()
        .chars()
        .filter(|c| !matches!(c, '\u{2066}'..='\u{2069}'));
    letters.next().is_some() && letters.next().is_some()
}

/// Remembers what unsteady rows looked like in the last frame.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rows {
    /// Per row: its unsteady letters and their places, if it had any.
    last: Vec<Option<u64>>,
}

impl Rows {
    /// Marks the rows of a finished frame that must be written whole.
    pub fn settle(&mut self, buffer: &mut Buffer) {
        let width = usize::from(buffer.area.width.max(1));
        let mut seen = Vec::with_capacity(usize::from(buffer.area.height));
        for (row, cells) in buffer.content.chunks_mut(width).enumerate() {
            let before = self.last.get(row).copied().flatten();
            let now = cells.iter().any(is_unsteady).then(|| letters(cells));
            if before != now {
                for cell in cells.iter_mut() {
                    cell.set_diff_option(CellDiffOption::AlwaysUpdate);
                }
            }
            seen.push(now);
        }
        self.last = seen;
    }
}

fn letters(cells: &[Cell]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (column, cell) in cells.iter().enumerate() {
        if is_unsteady(cell) {
            (column, cell.symbol()).hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// A backend that places the cursor anew behind every unsteady letter.
#[derive(Debug)]
pub struct Steady<B> {
    inner: B,
}

impl<B: Backend> Steady<B> {
    /// Wraps a backend.
    pub fn new(inner: B) -> Self {
        Self { inner }
    }
}

impl<B: Backend> Backend for Steady<B> {
    type Error = B::Error;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Self::Error>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        while content.peek().is_some() {
            // Each call to the inner backend places the cursor before its first cell.
            let mut is_broken = false;
            let run = std::iter::from_fn(|| {
                if is_broken {
                    return None;
                }
                let item = content.next()?;
                is_broken = is_unsteady(item.2);
                Some(item)
            });
            self.inner.draw(run)?;
        }
        Ok(())
    }

    fn append_lines(&mut self, count: u16) -> Result<(), Self::Error> {
        self.inner.append_lines(count)
    }

    fn hide_cursor(&mut self) -> Result<(), Self::Error> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), Self::Error> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, Self::Error> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Self::Error> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), Self::Error> {
        self.inner.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> Result<(), Self::Error> {
        self.inner.clear_region(region)
    }

    fn size(&self) -> Result<Size, Self::Error> {
        self.inner.size()
    }

    fn window_size(&mut self) -> Result<WindowSize, Self::Error> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.inner.flush()
    }
}

impl<B: io::Write> io::Write for Steady<B> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use ratatui::backend::CrosstermBackend;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn buffer(text: &str) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, text, Style::new());
        buffer
    }

    fn written_whole(buffer: &Buffer) -> bool {
        buffer
            .content
            .iter()
            .all(|cell| cell.diff_option == CellDiffOption::AlwaysUpdate)
    }

    #[test]
    fn a_row_is_written_whole_when_an_unsteady_letter_comes_changes_or_goes() {
        let mut rows = Rows::default();
        let mut settle = |text: &str| {
            let mut buffer = buffer(text);
            rows.settle(&mut buffer);
            written_whole(&buffer)
        };
        assert!(!settle("plain"));
        assert!(settle("शर्मा x"));
        assert!(!settle("शर्मा x"));
        assert!(!settle("शर्मा y"));
        assert!(settle("xशर्मा"));
        assert!(settle("plain"));
        assert!(!settle("会议 plain"));
    }

    #[test]
    fn what_follows_an_unsteady_letter_is_placed_anew() {
        let mut out = Vec::new();
        let buffer = buffer("e\u{301}x");
        let cells = [(0, 0, &buffer[(0, 0)]), (1, 0, &buffer[(1, 0)])];
        Steady::new(CrosstermBackend::new(&mut out))
            .draw(cells.into_iter())
            .unwrap();
        let written = String::from_utf8(out).unwrap();
        assert!(written.contains("\u{1b}[1;2H"), "{written:?}");
    }
}
