//! Keeps rows straight on terminals that measure some letters otherwise than we do.
//!
//! Letters made of several code points (Indic syllables, joined emoji, combining marks) are one, two or three
//! columns wide, depending on the terminal. What comes after one is therefore placed anew, and where one comes, goes or
//! moves, all that it may have covered is written again.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::ops::Range;

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

/// The columns that the unsteady letters of a row may cover on any terminal, and what these letters are.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Unsteady {
    columns: Range<usize>,
    letters: u64,
}

/// Remembers what unsteady rows looked like in the last frame.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rows {
    last: Vec<Option<Unsteady>>,
}

impl Rows {
    /// Marks what must be written again in a finished frame although it did not change.
    pub fn settle(&mut self, buffer: &mut Buffer) {
        let width = usize::from(buffer.area.width.max(1));
        let mut seen = Vec::with_capacity(usize::from(buffer.area.height));
        for (row, cells) in buffer.content.chunks_mut(width).enumerate() {
            let before = self.last.get(row).cloned().flatten();
            let now = unsteady(cells);
            if before != now {
                let columns = [&before, &now].into_iter().flatten();
                for columns in columns.map(|unsteady| unsteady.columns.clone()) {
                    for cell in cells.iter_mut().take(columns.end).skip(columns.start) {
                        cell.set_diff_option(CellDiffOption::AlwaysUpdate);
                    }
                }
            }
            seen.push(now);
        }
        self.last = seen;
    }
}

fn unsteady(cells: &[Cell]) -> Option<Unsteady> {
    let mut hasher = DefaultHasher::new();
    let mut columns: Option<Range<usize>> = None;
    for (column, cell) in cells.iter().enumerate() {
        if is_unsteady(cell) {
            (column, cell.symbol()).hash(&mut hasher);
            // A terminal that joins nothing shows every code point, two columns wide at most.
            let end = column + 2 * cell.symbol().chars().count() + 1;
            let start = columns.as_ref().map_or(column, |columns| columns.start);
            columns = Some(start..end);
        }
    }
    let letters = hasher.finish();
    columns.map(|columns| Unsteady { columns, letters })
}

/// A backend that places the cursor anew behind every unsteady letter.
#[derive(Debug)]
pub struct Steady<B> {
    inner: B,
    /// Where the cursor was put last.
    cursor: Position,
}

impl<B: Backend> Steady<B> {
    /// Wraps a backend.
    pub fn new(inner: B) -> Self {
        Self {
            inner,
            cursor: Position::ORIGIN,
        }
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
        // Asking the terminal would take its answer from the keys, and wait for it while they are being read.
        Ok(self.cursor)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Self::Error> {
        self.cursor = position.into();
        self.inner.set_cursor_position(self.cursor)
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

    /// Returns the first and the last column that are written again, if any are.
    fn written(buffer: &Buffer) -> Option<(usize, usize)> {
        let is_marked = |cell: &Cell| cell.diff_option == CellDiffOption::AlwaysUpdate;
        let first = buffer.content.iter().position(is_marked)?;
        Some((first, buffer.content.iter().rposition(is_marked)?))
    }

    #[test]
    fn what_an_unsteady_letter_may_cover_is_written_when_it_comes_changes_or_goes() {
        let mut rows = Rows::default();
        let mut settle = |text: &str| {
            let mut buffer = buffer(text);
            rows.settle(&mut buffer);
            written(&buffer)
        };
        assert_eq!(settle("plain"), None);
        assert_eq!(settle("ab👩\u{200d}👧 x"), Some((2, 8)));
        assert_eq!(settle("ab👩\u{200d}👧 x"), None);
        assert_eq!(settle("ab👩\u{200d}👧 y"), None);
        assert_eq!(settle("abc👩\u{200d}👧"), Some((2, 9)));
        assert_eq!(settle("plain"), Some((3, 9)));
        assert_eq!(settle("会议 plain"), None);
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
