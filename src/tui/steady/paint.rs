//! Turns due cells into the fewest bytes: short moves, erased blanks, only the differences of styles.
//!
//! Uses only what every terminal of our time knows (ECMA-48: CUP, CUF, CHA, EL, ECH, SGR): no repeated characters, no
//! scrolling regions, and nothing erased on a coloured ground, where terminals differ.

use std::ops::Range;

use ratatui::buffer::{Cell, CellWidth as _};

use super::pen::Pen;
use super::rows::is_unsteady;
use super::shown::{Row, Slot, width};

/// The longest piece of unchanged letters that is looked at for writing it again instead of jumping over it.
const GAP: usize = 5;

/// What is known of the cursor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Unknown,
    /// Somewhere in this row.
    Row(usize),
    At(usize, usize),
}

/// A row that is being written.
#[derive(Debug)]
struct Line<'a> {
    row: usize,
    slots: &'a Row,
    /// The columns that the screen has at least.
    columns: usize,
}

impl Line<'_> {
    fn due_cell(&self, column: usize) -> Option<&Cell> {
        let slot = self.slots.get(column).filter(|slot| slot.is_due)?;
        slot.cell.as_ref()
    }

    fn next_due(&self, from: usize) -> Option<usize> {
        (from..self.slots.len()).find(|column| self.due_cell(*column).is_some())
    }

    /// Returns the columns of the erased-looking cells from a due one on, up to the last due one among them.
    fn blanks(&self, column: usize) -> Option<Range<usize>> {
        let run = self.slots.iter().enumerate().skip(column);
        let run = run.take_while(|(_, slot)| slot.is_erased());
        let (last, _) = run.filter(|(_, slot)| slot.is_due).last()?;
        Some(column..last + 1)
    }
}

/// Collects the bytes of a frame.
#[derive(Debug)]
pub struct Paint {
    out: String,
    pen: Pen,
    cursor: Place,
}

impl Paint {
    /// Starts a frame on a terminal with its own style, its cursor anywhere.
    pub fn new() -> Self {
        Self {
            out: String::new(),
            pen: Pen::default(),
            cursor: Place::Unknown,
        }
    }

    /// Ends the frame in the terminal's own style and returns its bytes.
    pub fn finish(mut self) -> String {
        let reset = self.pen.reset();
        self.out + reset
    }

    /// Writes what is due in a row of a screen with at least so many columns.
    pub fn write_row(&mut self, row: usize, slots: &Row, columns: usize) {
        let line = Line {
            row,
            slots,
            columns,
        };
        let mut column = 0;
        while let Some(next) = line.next_due(column) {
            column = self.write_at(next, &line);
        }
    }

    /// Writes a due cell, or erases it with the blanks behind it; returns the column behind.
    fn write_at(&mut self, column: usize, line: &Line<'_>) -> usize {
        let Some(cell) = line.due_cell(column) else {
            return column + 1;
        };
        let row = line.row;
        self.cross_gap(column, line);
        if let Some(end) = self.erase(column, line) {
            return end;
        }
        let end = column + width(cell);
        if line.slots.get(column).is_some_and(|slot| slot.clears_next) {
            self.go(column, row);
            self.out.push_str(&self.pen.change_to(cell));
            self.out.push_str(&" ".repeat(width(cell)));
            self.cursor = behind((end, row), line.columns);
        }
        self.go(column, row);
        self.out.push_str(&self.pen.change_to(cell));
        self.out.push_str(cell.symbol());
        self.cursor = after((column, row), cell, line.columns);
        end
    }

    /// Tells whether a cell looks right in the present style.
    fn fits(&self, cell: &Cell) -> bool {
        let pen = Pen::of(cell);
        pen == self.pen || (cell.symbol() == " " && pen.is_same_on_blank(self.pen))
    }

    /// Writes a few unchanged letters before a place again where a move would be longer.
    fn cross_gap(&mut self, column: usize, line: &Line<'_>) {
        let Place::At(from, row) = self.cursor else {
            return;
        };
        if row != line.row || from >= column || column - from > GAP {
            return;
        }
        let jump = forward(column - from).len();
        let gap = line.slots.iter().take(column).skip(from);
        let symbols = gap.map(|slot| slot.cell.as_ref().filter(|cell| self.is_cheap(cell)));
        let letters: Option<String> = symbols.map(|cell| cell.map(Cell::symbol)).collect();
        if let Some(letters) = letters.filter(|letters| letters.len() <= jump) {
            self.out.push_str(&letters);
            self.cursor = Place::At(column, row);
        }
    }

    /// Tells whether a cell is one column of one letter that needs no other style than the present one.
    fn is_cheap(&self, cell: &Cell) -> bool {
        self.fits(cell) && cell.symbol().chars().count() == 1 && cell.cell_width() == 1
    }

    /// Erases the blanks from a place on if that is shorter than writing them; returns the column behind the due ones.
    fn erase(&mut self, column: usize, line: &Line<'_>) -> Option<usize> {
        let blanks = line.blanks(column)?;
        let is_rest = line.slots.iter().skip(blanks.end).all(Slot::is_erased);
        let next = (!is_rest).then(|| line.next_due(blanks.end)).flatten();
        let sequence = if is_rest {
            "\u{1b}[K".to_owned()
        } else {
            format!("\u{1b}[{}X", blanks.len())
        };
        let jump = |from| next.map_or(0, |next| forward(next - from).len());
        if sequence.len() + jump(column) >= blanks.len() + jump(blanks.end) {
            return None;
        }
        self.go(column, line.row);
        self.out.push_str(&self.pen.change_to(&Cell::EMPTY));
        self.out.push_str(&sequence);
        Some(blanks.end)
    }

    /// Moves the cursor to a place, the shortest way from where it is.
    fn go(&mut self, column: usize, row: usize) {
        self.out
            .push_str(&shortest_move(self.cursor, (column, row)));
        self.cursor = Place::At(column, row);
    }
}

/// Where the cursor is after a cell was written.
fn after((column, row): (usize, usize), cell: &Cell, columns: usize) -> Place {
    if is_unsteady(cell) || cell.cell_width() == 0 {
        // A terminal that shows every code point of it, two columns wide, may have come to the next row.
        let end = column + 2 * cell.symbol().chars().count();
        return if end < columns {
            Place::Row(row)
        } else {
            Place::Unknown
        };
    }
    behind((column + width(cell), row), columns)
}

/// Where the cursor is before a column, which may be the one behind the last.
fn behind((column, row): (usize, usize), columns: usize) -> Place {
    if column < columns {
        Place::At(column, row)
    } else {
        // Behind the last column terminals differ: some wait with the next row, some are there already.
        Place::Unknown
    }
}

fn forward(columns: usize) -> String {
    match columns {
        0 => String::new(),
        1 => "\u{1b}[C".to_owned(),
        _ => format!("\u{1b}[{columns}C"),
    }
}

fn to_column(column: usize) -> String {
    match column {
        0 => "\r".to_owned(),
        _ => format!("\u{1b}[{}G", column + 1),
    }
}

fn shortest_move(from: Place, (column, row): (usize, usize)) -> String {
    let absolute = match column {
        0 => format!("\u{1b}[{}H", row + 1),
        _ => format!("\u{1b}[{};{}H", row + 1, column + 1),
    };
    let known = match from {
        Place::Unknown => None,
        Place::Row(at) => Some((None, at)),
        Place::At(left, at) => Some((Some(left), at)),
    };
    let Some((left, at)) = known.filter(|(_, at)| *at <= row) else {
        return absolute;
    };
    // A line feed may or may not return to the first column, as the terminal is set: the column is always set anew.
    let mut relative = "\n".repeat(row - at) + &to_column(column);
    if at == row
        && let Some(steps) = left.and_then(|left| column.checked_sub(left))
        && forward(steps).len() <= relative.len()
    {
        relative = forward(steps);
    }
    if relative.len() < absolute.len() {
        relative
    } else {
        absolute
    }
}
