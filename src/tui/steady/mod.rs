//! Keeps rows straight on terminals that measure some letters otherwise than we do, and frames short.
//!
//! Letters made of several code points (Indic syllables, joined emoji, combining marks) are one, two or three
//! columns wide, depending on the terminal. What comes after one is therefore placed anew, and where one comes, goes or
//! moves, all that it may have covered is written again.

mod paint;
mod pen;
mod rows;
mod shown;
#[cfg(test)]
mod tests;

pub use rows::Rows;

use std::io;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use paint::Paint;
use shown::Shown;

/// A backend that draws with the fewest bytes and places the cursor anew behind every unsteady letter.
#[derive(Debug)]
pub struct Steady<B> {
    inner: B,
    shown: Shown,
    /// Where the cursor was put last.
    cursor: Position,
    /// Whether the cursor is seen; `None` while nobody knows.
    is_cursor_shown: Option<bool>,
}

impl<B: Backend<Error = io::Error> + io::Write> Steady<B> {
    /// Wraps a backend whose screen is blank.
    pub fn new(inner: B) -> Self {
        Self {
            inner,
            shown: Shown::default(),
            cursor: Position::ORIGIN,
            is_cursor_shown: None,
        }
    }

    /// Writes without flushing, so that a frame stays in one piece.
    fn show(&mut self, is_shown: bool) -> io::Result<()> {
        if self.is_cursor_shown == Some(is_shown) {
            return Ok(());
        }
        self.is_cursor_shown = Some(is_shown);
        let end = if is_shown { 'h' } else { 'l' };
        write!(self.inner, "\u{1b}[?25{end}")
    }
}

impl<B: Backend<Error = io::Error> + io::Write> Backend for Steady<B> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        for (column, row, cell) in content {
            self.shown.take((column, row), cell);
        }
        let mut paint = Paint::new();
        self.shown
            .write_due(|number, row, columns| paint.write_row(number, row, columns));
        self.inner.write_all(paint.finish().as_bytes())
    }

    fn append_lines(&mut self, count: u16) -> io::Result<()> {
        self.shown.forget();
        self.inner.append_lines(count)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.show(false)
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.show(true)
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // Asking the terminal would take its answer from the keys, and wait for it while they are being read.
        Ok(self.cursor)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.cursor = position.into();
        let Position { x, y } = self.cursor;
        write!(self.inner, "\u{1b}[{};{}H", y + 1, x + 1)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        match region {
            ClearType::All => self.shown.clear(),
            _ => self.shown.forget(),
        }
        // Another program may have had the terminal.
        self.is_cursor_shown = None;
        self.inner.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}
