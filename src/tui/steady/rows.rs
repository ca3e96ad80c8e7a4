//! Remembers which letters of a row terminals may measure otherwise than we do, and what they may have covered.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;

use ratatui::buffer::{Buffer, Cell, CellDiffOption};

use super::pen::Pen;
use super::shown::width;

/// Tells whether terminals may disagree about a cell's width. One code point, and one between isolates, is safe.
pub fn is_unsteady(cell: &Cell) -> bool {
    let mut letters = cell
        .symbol()
        .chars()
        .filter(|c| !matches!(c, '\u{2066}'..='\u{2069}'));
    letters.next().is_some() && letters.next().is_some()
}

/// Tells whether a cell begins with a mark that a terminal keeps with the cell before it, where it stays after the letter
/// has gone.
pub fn is_marked(cell: &Cell) -> bool {
    cell.symbol()
        .starts_with(|c| matches!(c, '\u{2066}'..='\u{2069}'))
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
    /// Of each row the columns beneath wide letters whose style shows on a blank too.
    covered: Vec<Vec<usize>>,
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
        self.uncover(buffer, width);
    }

    /// Marks what was beneath a wide letter and no longer is: it shows the letter's style, of which ratatui knows nothing.
    fn uncover(&mut self, buffer: &mut Buffer, width: usize) {
        let mut covered = Vec::with_capacity(self.last.len());
        for (row, cells) in buffer.content.chunks_mut(width).enumerate() {
            let now = covered_columns(cells);
            let before = self.covered.get(row).map(Vec::as_slice).unwrap_or_default();
            for column in before.iter().filter(|column| !now.contains(column)) {
                if let Some(cell) = cells.get_mut(*column) {
                    cell.set_diff_option(CellDiffOption::AlwaysUpdate);
                }
            }
            covered.push(now);
        }
        self.covered = covered;
    }
}

fn covered_columns(cells: &[Cell]) -> Vec<usize> {
    let mut covered = Vec::new();
    let mut column = 0;
    while let Some(cell) = cells.get(column) {
        let end = column + width(cell);
        if !Pen::of(cell).is_plain_on_blank() {
            covered.extend(column + 1..end);
        }
        column = end;
    }
    covered
}

fn unsteady(cells: &[Cell]) -> Option<Unsteady> {
    let mut hasher = DefaultHasher::new();
    let mut columns: Option<Range<usize>> = None;
    for (column, cell) in cells.iter().enumerate() {
        if !is_unsteady(cell) && !is_marked(cell) {
            continue;
        }
        (column, cell.symbol()).hash(&mut hasher);
        // A terminal that joins nothing shows every code point, two columns wide at most.
        let end = column + 2 * cell.symbol().chars().count() + 1;
        let first = column.saturating_sub(usize::from(is_marked(cell)));
        let start = columns.as_ref().map_or(first, |columns| columns.start);
        columns = Some(start..end);
    }
    let letters = hasher.finish();
    columns.map(|columns| Unsteady { columns, letters })
}
