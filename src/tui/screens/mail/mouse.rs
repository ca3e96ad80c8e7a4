//! Clicks and the wheel in the mail screen.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use crate::tui::context::Cx;
use crate::tui::effect::Effect;

use super::{Mail, Pane};

/// Lines per notch of the wheel.
const NOTCH: isize = 3;

impl Mail {
    pub(super) fn mouse(&mut self, event: MouseEvent, cx: &Cx) -> Vec<Effect> {
        let place = (event.column, event.row);
        if !matches!(event.kind, MouseEventKind::Moved | MouseEventKind::Up(_)) {
            self.preview.moved(cx.elapsed);
        }
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => self.click(place, cx),
            MouseEventKind::ScrollUp => self.wheel(place, -NOTCH, cx),
            MouseEventKind::ScrollDown => self.wheel(place, NOTCH, cx),
            _ => Vec::new(),
        }
    }

    fn pane_at(&self, place: (u16, u16)) -> Option<Pane> {
        let place = place.into();
        if self.areas.sidebar.contains(place) {
            Some(Pane::Sidebar)
        } else if self.areas.list.contains(place) {
            Some(Pane::List)
        } else if self.areas.reader.contains(place) {
            Some(Pane::Reader)
        } else {
            None
        }
    }

    /// A click selects; a click on what is selected already opens it.
    fn click(&mut self, place: (u16, u16), cx: &Cx) -> Vec<Effect> {
        match self.pane_at(place) {
            Some(Pane::Sidebar) => {
                let was_there = self.pane == Pane::Sidebar;
                let before = self.sidebar.selected;
                self.pane = Pane::Sidebar;
                if !self.sidebar.click(place, cx) {
                    return Vec::new();
                }
                if was_there && before == self.sidebar.selected {
                    return self.open_selected_place(cx);
                }
                self.peek(cx)
            }
            Some(Pane::List) => {
                let before = self.rows.current().map(|row| row.id);
                let was_there = self.pane == Pane::List;
                self.pane = Pane::List;
                let Some(mut effects) = self.rows.click(place) else {
                    return Vec::new();
                };
                let is_again = was_there && before == self.rows.current().map(|row| row.id);
                if is_again {
                    return self.open_message(cx);
                }
                effects.extend(self.follow(cx));
                effects
            }
            Some(Pane::Reader) => self.open_message(cx),
            None => Vec::new(),
        }
    }

    fn wheel(&mut self, place: (u16, u16), lines: isize, cx: &Cx) -> Vec<Effect> {
        match self.pane_at(place) {
            Some(Pane::List) => {
                let mut effects = self.rows.scroll(lines);
                effects.extend(self.follow(cx));
                effects
            }
            Some(Pane::Reader) => {
                self.reader.scroll_by(lines);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}
