//! What the terminal shows by now, cell by cell, and which cells must be written. Writes nothing itself.

use ratatui::buffer::{Cell, CellDiffOption, CellWidth as _};

use super::pen::Pen;
use super::rows::is_marked;

/// One column of a row.
#[derive(Clone, Debug)]
pub struct Slot {
    /// What it shows or shall show; `None` beneath a wide letter, and where nobody knows.
    pub cell: Option<Cell>,
    /// Whether it must be written.
    pub is_due: bool,
    /// Whether the column after it must be blank before this wide letter is written: not all terminals clear it.
    pub clears_next: bool,
}

impl Slot {
    const BLANK: Self = Self::known(Some(Cell::EMPTY));
    const HIDDEN: Self = Self::known(None);

    const fn known(cell: Option<Cell>) -> Self {
        Self {
            cell,
            is_due: false,
            clears_next: false,
        }
    }

    /// Tells whether it looks like an erased one.
    pub fn is_erased(&self) -> bool {
        let is_blank = |cell: &Cell| cell.symbol() == " " && Pen::of(cell).is_plain_on_blank();
        self.cell.as_ref().is_some_and(is_blank)
    }

    fn width(&self) -> usize {
        self.cell.as_ref().map_or(1, width)
    }
}

/// Returns the columns of a cell, at least one.
pub fn width(cell: &Cell) -> usize {
    usize::from(cell.cell_width().max(1))
}

/// The columns of a row as far as any was written since the screen was cleared; behind them all is blank.
pub type Row = Vec<Slot>;

/// The whole screen.
#[derive(Debug, Default)]
pub struct Shown {
    rows: Vec<Row>,
    /// The columns that were written at the most; a terminal may have more, never less.
    columns: usize,
}

impl Shown {
    /// Takes over that the screen was cleared.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Forgets what the screen shows.
    pub fn forget(&mut self) {
        for slot in self.rows.iter_mut().flatten() {
            *slot = Slot::HIDDEN;
        }
    }

    /// Takes a changed cell.
    pub fn take(&mut self, (column, row): (u16, u16), cell: &Cell) {
        let (column, row) = (usize::from(column), usize::from(row));
        let end = column + width(cell);
        self.columns = self.columns.max(end);
        if self.rows.len() <= row {
            self.rows.resize_with(row + 1, Vec::new);
        }
        let Some(slots) = self.rows.get_mut(row) else {
            return;
        };
        if slots.len() < end {
            slots.resize(end, Slot::BLANK);
        }
        if is_cleared_for_wide(slots, column) {
            return;
        }
        let is_due = must_write(slots.get(column), cell);
        for place in column..end {
            uncover(slots, place, cell);
        }
        for slot in slots.iter_mut().take(end).skip(column) {
            *slot = Slot::HIDDEN;
        }
        if let Some(slot) = slots.get_mut(column) {
            slot.cell = Some(cell.clone());
            slot.is_due = is_due;
        }
    }

    /// Hands over the rows that have something to write (number, row, columns of the screen), and takes it as written.
    pub fn write_due(&mut self, mut write: impl FnMut(usize, &Row, usize)) {
        for (number, row) in self.rows.iter_mut().enumerate() {
            if !row.iter().any(|slot| slot.is_due) {
                continue;
            }
            follow_marks(row);
            write(number, row, self.columns);
            for slot in row {
                slot.is_due = false;
                slot.clears_next = false;
            }
        }
    }
}

/// Tells whether a cell that comes right behind a wide letter is the column that this letter covers, to be cleared for it.
fn is_cleared_for_wide(slots: &mut Row, column: usize) -> bool {
    let before = column.checked_sub(1).and_then(|place| slots.get_mut(place));
    let wide = before.filter(|slot| slot.is_due && slot.width() > 1);
    if let Some(slot) = wide {
        slot.clears_next = true;
        return true;
    }
    false
}

fn must_write(slot: Option<&Slot>, cell: &Cell) -> bool {
    if cell.diff_option == CellDiffOption::AlwaysUpdate {
        return true;
    }
    let Some(old) = slot
        .filter(|slot| !slot.is_due)
        .and_then(|slot| slot.cell.as_ref())
    else {
        return true;
    };
    let is_same = Pen::of(old) == Pen::of(cell)
        || (cell.symbol() == " " && Pen::of(old).is_same_on_blank(Pen::of(cell)));
    old.symbol() != cell.symbol() || !is_same
}

/// A terminal clears the rest of a wide letter of which a column is overwritten, in the style of the old or the new one.
///
/// Where the old one's style shows on blanks, [`Rows`](super::Rows) has it written; where only the new one's does, we must.
fn uncover(slots: &mut Row, place: usize, by: &Cell) {
    let Some(old) = slots.get(place) else {
        return;
    };
    let rest = place + 1..place + old.width();
    let is_plain = |cell: &Cell| Pen::of(cell).is_plain_on_blank();
    let left = if old.cell.as_ref().is_some_and(is_plain) {
        Slot {
            is_due: !is_plain(by),
            ..Slot::BLANK
        }
    } else {
        Slot::HIDDEN
    };
    for slot in slots.iter_mut().take(rest.end).skip(rest.start) {
        *slot = left.clone();
    }
}

/// Where a cell is written, the mark that a terminal keeps with it for the cell behind it must come again.
fn follow_marks(row: &mut Row) {
    let mut is_after_due = false;
    for slot in row {
        let Some(cell) = &slot.cell else {
            continue;
        };
        slot.is_due |= is_after_due && is_marked(cell);
        is_after_due = slot.is_due;
    }
}
