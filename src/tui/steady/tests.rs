//! What is shown is what was drawn, whatever was shown before; and how it is sent.

use std::cell::RefCell;
use std::num::NonZeroU16;
use std::rc::Rc;

use proptest::prelude::*;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

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
fn the_cell_before_an_isolated_text_is_written_again_when_the_text_goes() {
    let mut rows = Rows::default();
    let mut isolated = buffer("ab");
    isolated[(4, 0)].set_symbol("\u{2068}ل");
    rows.settle(&mut isolated);
    let mut plain = buffer("ab");
    rows.settle(&mut plain);
    assert_eq!(written(&plain).map(|(first, _)| first), Some(3));
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

/// All that was sent and not yet looked at.
#[derive(Clone, Default)]
struct Sent(Rc<RefCell<Vec<u8>>>);

impl io::Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A screen that frames are sent to.
struct Wire {
    steady: Steady<CrosstermBackend<Sent>>,
    sent: Sent,
    last: Buffer,
}

impl Wire {
    fn new(columns: u16, rows: u16) -> Self {
        let sent = Sent::default();
        Self {
            steady: Steady::new(CrosstermBackend::new(sent.clone())),
            sent,
            last: Buffer::empty(Rect::new(0, 0, columns, rows)),
        }
    }

    /// Sends a frame and returns its bytes.
    fn send(&mut self, next: Buffer) -> String {
        let changes = self.last.diff(&next);
        self.steady.draw(changes.into_iter()).unwrap();
        self.last = next;
        self.take()
    }

    fn take(&self) -> String {
        String::from_utf8(self.sent.0.take()).unwrap()
    }

    fn send_lines(&mut self, lines: &[&str]) -> String {
        self.send(Buffer::with_lines(lines.iter().copied()))
    }
}

/// Sends two frames and compares the bytes of the second.
fn check(before: &[&str], now: &[&str], expected: &str) {
    let first = Buffer::with_lines(before.iter().copied());
    let mut wire = Wire::new(first.area.width, first.area.height);
    wire.send(first);
    assert_eq!(wire.send_lines(now), expected, "{before:?} to {now:?}");
}

#[test]
fn only_what_changes_is_sent_by_the_shortest_way() {
    check(&["same", "row "], &["same", "row "], "");
    check(&["one two"], &["one six"], "\x1b[1;5Hsix");
    // Few letters between two changes are written again, many are jumped over.
    check(&["a-b-c  "], &["x-y-z  "], "\x1b[1Hx-y-z");
    check(&["a......b  "], &["x......y  "], "\x1b[1Hx\x1b[6Cy");
    // The next row needs no number of its own.
    check(
        &["  a .", "  b ."],
        &["  x .", "  y ."],
        "\x1b[1;3Hx\n\x1b[3Gy",
    );
    check(&["a .", "b ."], &["x .", "y ."], "\x1b[1Hx\n\ry");
    // Behind the last column nobody knows where the cursor is.
    check(&["ab", "cd"], &["ax", "cy"], "\x1b[1;2Hx\x1b[2;2Hy");
}

#[test]
fn blanks_are_erased_where_that_is_shorter() {
    check(&["a long subject"], &["a             "], "\x1b[1;3H\x1b[K");
    check(&["abc           "], &["              "], "\x1b[1H   ");
    check(
        &["a subject with words|"],
        &["a                   |"],
        "\x1b[1;3H\x1b[18X",
    );
}

#[test]
fn blanks_on_a_coloured_ground_are_written() {
    let mut wire = Wire::new(20, 1);
    wire.send_lines(&["a very long subject."]);
    let mut next = Buffer::with_lines(["a                   "]);
    next.set_style(next.area, Style::new().bg(Color::Indexed(238)));
    let expected = format!("\x1b[1H\x1b[48;5;238ma{}\x1b[m", " ".repeat(19));
    assert_eq!(wire.send(next), expected);
}

#[test]
fn a_style_costs_its_differences_and_a_blank_needs_only_its_ground() {
    let mut wire = Wire::new(12, 1);
    let mut next = Buffer::empty(Rect::new(0, 0, 12, 1));
    let red = Style::new().fg(Color::Red);
    next.set_string(0, 0, "ab", red);
    next.set_string(2, 0, "cd", red.add_modifier(Modifier::BOLD));
    next.set_string(4, 0, " ", Style::new());
    next.set_string(5, 0, "ef", Style::new().add_modifier(Modifier::BOLD));
    next.set_string(7, 0, "gh", Style::new().fg(Color::LightBlue));
    assert_eq!(
        wire.send(next),
        "\x1b[1H\x1b[31mab\x1b[1mcd \x1b[39mef\x1b[0;94mgh\x1b[m"
    );
}

#[test]
fn what_follows_an_unsteady_letter_is_placed_anew() {
    check(&["..   |"], &["e\u{301}x   |"], "\x1b[1He\u{301}\x1b[2Gx");
    // It may have come to the next row on a terminal that shows each code point.
    check(
        &["...", "..."],
        &[".e\u{301}x", "..."],
        "\x1b[1;2He\u{301}\x1b[1;3Hx",
    );
}

#[test]
fn the_column_that_an_emoji_covers_is_cleared_before_it_comes() {
    check(&["ab     |"], &["☀\u{fe0f}     |"], "\x1b[1H  \r☀\u{fe0f}");
}

#[test]
fn a_mark_that_is_kept_with_the_cell_before_comes_again_with_that_cell() {
    let frame = |first: &str| {
        let mut frame = Buffer::with_lines([format!("{first}bcd ")]);
        frame[(1, 0)].set_symbol("\u{2068}ל");
        frame
    };
    let mut wire = Wire::new(5, 1);
    wire.send(frame("a"));
    assert_eq!(wire.send(frame("x")), "\x1b[1Hx\u{2068}ל");
}

#[test]
fn the_cursor_is_hidden_once_and_again_when_the_screen_was_somebody_elses() {
    let mut wire = Wire::new(5, 1);
    for _ in 0..2 {
        wire.steady.hide_cursor().unwrap();
    }
    wire.steady.clear().unwrap();
    wire.steady.hide_cursor().unwrap();
    assert_eq!(wire.take(), "\x1b[?25l\x1b[2J\x1b[?25l");
}

const COLUMNS: u16 = 30;
const ROWS: u16 = 4;

/// A text, its place and its style.
type Piece = (u16, u16, &'static str, usize);

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let texts = prop::sample::select(vec![
        "a",
        "word",
        "two words",
        "          ",
        "会议纪要",
        "naïve cafe\u{301} x",
        "Привет",
        "                              ",
    ]);
    prop::collection::vec((0..COLUMNS, 0..ROWS, texts, 0..6_usize), 0..12)
}

fn style(number: usize) -> Style {
    match number {
        0 | 1 => Style::new(),
        2 => Style::new()
            .fg(Color::Indexed(110))
            .add_modifier(Modifier::BOLD),
        3 => Style::new().bg(Color::Indexed(238)),
        4 => Style::new().fg(Color::Red).add_modifier(Modifier::REVERSED),
        _ => Style::new().add_modifier(Modifier::UNDERLINED),
    }
}

fn frame(pieces: &[Piece]) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, COLUMNS, ROWS));
    for (column, row, text, number) in pieces {
        buffer.set_string(*column, *row, text, style(*number));
    }
    buffer
}

/// Returns the letter of a cell and what shows of its style, as the buffer has it.
fn drawn(cell: &Cell) -> (String, String) {
    let is_on = |modifier| cell.modifier.contains(modifier);
    let is_lit = is_on(Modifier::REVERSED) || is_on(Modifier::UNDERLINED);
    let is_seen = cell.symbol() != " " || is_lit;
    let colour = |colour| match colour {
        Color::Reset => vt100::Color::Default,
        Color::Red => vt100::Color::Idx(1),
        Color::Indexed(index) => vt100::Color::Idx(index),
        other => panic!("{other:?}"),
    };
    let front = colour(cell.fg);
    let style = [is_on(Modifier::BOLD), is_on(Modifier::DIM)];
    let seen = is_seen.then_some((front, style));
    let always = (
        colour(cell.bg),
        is_on(Modifier::REVERSED),
        is_on(Modifier::UNDERLINED),
    );
    (cell.symbol().to_owned(), format!("{seen:?} {always:?}"))
}

/// The same, as the terminal has it.
fn seen(cell: &vt100::Cell) -> (String, String) {
    let letter = if cell.has_contents() {
        cell.contents()
    } else {
        " "
    };
    let is_seen = letter != " " || cell.inverse() || cell.underline();
    let style = [cell.bold(), cell.dim()];
    let seen = is_seen.then_some((cell.fgcolor(), style));
    let always = (cell.bgcolor(), cell.inverse(), cell.underline());
    (letter.to_owned(), format!("{seen:?} {always:?}"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_terminal_shows_what_was_drawn(frames in prop::collection::vec(pieces(), 1..6)) {
        let mut wire = Wire::new(COLUMNS, ROWS);
        let mut rows = Rows::default();
        let size = [ROWS, COLUMNS].map(|size| NonZeroU16::new(size).unwrap());
        let mut terminal = vt100::Parser::new(size[0], size[1], 0);
        for pieces in frames {
            let mut next = frame(&pieces);
            rows.settle(&mut next);
            terminal.process(wire.send(next.clone()).as_bytes());
            for row in 0..ROWS {
                let mut column = 0;
                while column < COLUMNS {
                    let expected = &next[(column, row)];
                    let cell = terminal.screen().cell(row, column).unwrap();
                    prop_assert_eq!(seen(cell), drawn(expected), "{},{}", column, row);
                    column += shown::width(expected) as u16;
                }
            }
        }
    }
}
