//! A terminal in memory that can be looked at while the program draws on it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Size};
use tokio::sync::watch;

/// The terminal, shared by the program and the story.
#[derive(Clone)]
pub struct Screen {
    inner: Arc<Mutex<Inner>>,
    frames: Arc<watch::Sender<u64>>,
}

struct Inner {
    backend: TestBackend,
    /// Every frame so far that differs from the one before.
    shown: Vec<String>,
}

impl Screen {
    /// Makes a terminal.
    pub fn new((width, height): (u16, u16)) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                backend: TestBackend::new(width, height),
                shown: Vec::new(),
            })),
            frames: Arc::new(watch::Sender::new(0)),
        }
    }

    /// Subscribes to the number of frames drawn.
    pub fn frames(&self) -> watch::Receiver<u64> {
        self.frames.subscribe()
    }

    /// Returns what is on screen.
    pub fn text(&self) -> String {
        text_of(self.inner.lock().unwrap().backend.buffer())
    }

    /// Returns all different frames since the one with this number.
    pub fn shown_since(&self, first: usize) -> Vec<String> {
        self.inner.lock().unwrap().shown[first..].to_vec()
    }

    /// Returns how many different frames there were.
    pub fn shown(&self) -> usize {
        self.inner.lock().unwrap().shown.len()
    }

    /// Gives the terminal another size, as a person who drags its corner.
    pub fn resize(&self, (width, height): (u16, u16)) {
        self.inner.lock().unwrap().backend.resize(width, height);
    }

    fn with<T>(&self, act: impl FnOnce(&mut TestBackend) -> T) -> T {
        act(&mut self.inner.lock().unwrap().backend)
    }
}

impl Backend for Screen {
    type Error = Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Infallible>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.with(|backend| {
            // The size may have changed since the frame was begun; a real terminal ignores what lies outside.
            let area = backend.buffer().area;
            let is_inside = |x: u16, y: u16| area.contains(Position::new(x, y));
            let blank = Cell::new(" ");
            for (x, y, cell) in content.filter(|(x, y, _)| is_inside(*x, *y)) {
                // On a real terminal a wide letter takes the cells behind it.
                let covered = (x..).take(width(cell)).skip(1);
                let blanks = covered.map(|x| (x, y, &blank));
                let cells = std::iter::once((x, y, cell)).chain(blanks);
                backend.draw(cells.filter(|(x, y, _)| is_inside(*x, *y)))?;
            }
            Ok(())
        })
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.with(TestBackend::hide_cursor)
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.with(TestBackend::show_cursor)
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        self.with(TestBackend::get_cursor_position)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.with(|backend| backend.set_cursor_position(position))
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        self.with(TestBackend::clear)
    }

    fn clear_region(&mut self, kind: ClearType) -> Result<(), Infallible> {
        self.with(|backend| backend.clear_region(kind))
    }

    fn size(&self) -> Result<Size, Infallible> {
        self.with(|backend| backend.size())
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        self.with(TestBackend::window_size)
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        {
            let mut inner = self.inner.lock().unwrap();
            let text = text_of(inner.backend.buffer());
            if inner.shown.last() != Some(&text) {
                inner.shown.push(text);
            }
        }
        self.frames.send_modify(|frames| *frames += 1);
        Ok(())
    }
}

/// Returns the text of a buffer, lines without the blanks at their ends.
fn text_of(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width.max(1)));
    rows.map(line_of).collect::<Vec<_>>().join("\n")
}

/// A wide letter covers the cells behind it, whatever they hold.
fn line_of(row: &[Cell]) -> String {
    let mut line = String::new();
    let mut covered = 0;
    for cell in row {
        if covered == 0 {
            line.push_str(cell.symbol());
            covered = width(cell).max(1);
        }
        covered -= 1;
    }
    line.trim_end().to_owned()
}

fn width(cell: &Cell) -> usize {
    unicode_width::UnicodeWidthStr::width(cell.symbol())
}
