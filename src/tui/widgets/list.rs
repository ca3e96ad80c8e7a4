//! Which row of a list is selected and which are on screen; drawing rows is the screen's.

use std::ops::Range;

use ratatui::layout::Rect;

use crate::tui::keymap::Action;

/// The selected row and the first one on screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    selected: usize,
    first: usize,
    area: Rect,
}

impl Selection {
    /// Returns the selected row.
    pub fn row(&self) -> usize {
        self.selected
    }

    /// Selects a row.
    pub fn select(&mut self, row: usize) {
        self.selected = row;
    }

    /// Returns the first row on screen, as last drawn.
    pub fn first(&self) -> usize {
        self.first
    }

    /// Scrolls so that a row is the first on screen; the next drawing corrects what does not fit.
    pub fn scroll_to(&mut self, first: usize) {
        self.first = first;
    }

    /// Returns how many rows fit on screen, as last drawn.
    pub fn page(&self) -> usize {
        usize::from(self.area.height).max(1)
    }

    /// Returns where the rows were last drawn.
    pub fn area(&self) -> Rect {
        self.area
    }

    /// Moves by an action in a list of `count` rows; tells whether it was one that moves.
    pub fn act(&mut self, action: Action, count: usize) -> bool {
        let last = count.saturating_sub(1);
        let page = self.page().saturating_sub(1).max(1);
        self.selected = match action {
            Action::Up => self.selected.saturating_sub(1),
            Action::Down => self.selected.saturating_add(1).min(last),
            Action::PageUp => self.selected.saturating_sub(page),
            Action::PageDown => self.selected.saturating_add(page).min(last),
            Action::First => 0,
            Action::Last => last,
            _ => return false,
        };
        true
    }

    /// Keeps the selection within `count` rows.
    pub fn clamp(&mut self, count: usize) {
        self.selected = self.selected.min(count.saturating_sub(1));
    }

    /// Shifts selection and scroll by rows that came in above.
    pub fn shift(&mut self, rows: isize) {
        self.selected = self.selected.saturating_add_signed(rows);
        self.first = self.first.saturating_add_signed(rows);
    }

    /// Remembers where the rows are drawn, scrolls the selected one into view and returns those on screen.
    pub fn visible(&mut self, area: Rect, count: usize) -> Range<usize> {
        self.area = area;
        self.clamp(count);
        let height = usize::from(area.height);
        if self.selected < self.first {
            self.first = self.selected;
        }
        if height > 0 && self.selected >= self.first + height {
            self.first = self.selected + 1 - height;
        }
        self.first = self.first.min(count.saturating_sub(height));
        self.first..(self.first + height).min(count)
    }

    /// Returns the row under a place on the screen.
    pub fn row_at(&self, (column, line): (u16, u16), count: usize) -> Option<usize> {
        let is_inside = self.area.contains((column, line).into());
        let row = self.first + usize::from(line.saturating_sub(self.area.y));
        (is_inside && row < count).then_some(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(height: u16) -> Rect {
        Rect::new(0, 2, 10, height)
    }

    #[test]
    fn the_selected_row_stays_on_screen() {
        let mut list = Selection::default();
        assert_eq!(list.visible(area(5), 20), 0..5);
        list.act(Action::PageDown, 20);
        assert_eq!((list.row(), list.visible(area(5), 20)), (4, 0..5));
        list.act(Action::Down, 20);
        assert_eq!(list.visible(area(5), 20), 1..6);
        list.act(Action::Last, 20);
        assert_eq!(list.visible(area(5), 20), 15..20);
        assert_eq!(list.visible(area(8), 20), 12..20);
        assert_eq!(list.visible(area(5), 3), 0..3);
        assert_eq!(list.visible(area(0), 0), 0..0);
    }

    #[test]
    fn clicks_find_their_row() {
        let mut list = Selection::default();
        list.visible(area(5), 3);
        assert_eq!(list.row_at((1, 4), 3), Some(2));
        assert_eq!(list.row_at((1, 5), 3), None);
        assert_eq!(list.row_at((1, 1), 3), None);
    }
}
