//! A list of messages of any length: a window of rows that slides over it, read ahead on both sides so that
//! paging never waits. The selection is an id, not a place.

mod columns;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeSet;

use crate::model::{FlagChange, Listed, MessageId, Page, SortKey, Window};
use crate::tui::effect::{Effect, Generation, Slot, Source};
use crate::tui::keymap::Action;
use crate::tui::outcome::Outcome;
use crate::tui::widgets::list::Selection;

pub use view::Shown;

/// Rows read at once.
pub const PAGE: usize = 200;
/// Rows kept at most; what is farthest from the selection goes first.
pub const KEPT: usize = 600;
/// Rows that are to be known beyond the selection before more are asked for.
const AHEAD: usize = 100;

/// The places the reads of one list run in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slots {
    /// The first rows.
    pub first: Slot,
    /// Rows further down.
    pub older: Slot,
    /// Rows further up.
    pub newer: Slot,
}

/// What is to be selected when the rows asked for arrive.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Landing {
    /// What was selected before, else what stands at its place.
    #[default]
    Same,
    /// The first row.
    Top,
    /// The last row.
    Bottom,
}

/// A read under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Reading {
    /// None.
    #[default]
    Idle,
    /// One.
    Once,
    /// One, and something changed since it began.
    Again,
}

/// The rows and what is selected of them.
#[derive(Debug)]
pub struct Rows {
    slots: Slots,
    source: Option<Source>,
    generation: Generation,
    known: Vec<Listed>,
    has_newer: bool,
    has_older: bool,
    total: Option<u32>,
    selected: Option<SortKey>,
    picked: BTreeSet<MessageId>,
    list: Selection,
    landing: Landing,
    reading: Reading,
    asked: Asked,
    is_loaded: bool,
}

/// The sides more rows were asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Asked {
    older: bool,
    newer: bool,
}

impl Rows {
    /// Makes an empty list.
    pub fn new(slots: Slots) -> Self {
        Self {
            slots,
            source: None,
            generation: 0,
            known: Vec::new(),
            has_newer: false,
            has_older: false,
            total: None,
            selected: None,
            picked: BTreeSet::new(),
            list: Selection::default(),
            landing: Landing::Same,
            reading: Reading::Idle,
            asked: Asked::default(),
            is_loaded: false,
        }
    }

    /// Shows another source, from its newest row on.
    pub fn show(&mut self, source: Source) -> Vec<Effect> {
        self.source = Some(source);
        self.known.clear();
        self.picked.clear();
        self.selected = None;
        self.total = None;
        self.is_loaded = false;
        self.list = Selection::default();
        self.landing = Landing::Top;
        self.read(Window::Newest, PAGE)
    }

    /// Replaces the source but keeps showing the old rows until the new ones are there; for searches while typing.
    pub fn narrow(&mut self, source: Source) -> Vec<Effect> {
        self.source = Some(source);
        self.picked.clear();
        self.landing = Landing::Top;
        self.read(Window::Newest, PAGE)
    }

    /// Replaces the source by one that has more; what is shown and selected stays.
    pub fn widen(&mut self, source: Source) -> Vec<Effect> {
        self.source = Some(source);
        self.reload()
    }

    /// Empties the list; what is under way is ignored.
    pub fn clear(&mut self) {
        let generation = self.generation + 1;
        *self = Self::new(self.slots);
        self.generation = generation;
    }

    /// Reads again what is shown, because something changed. While a read is under way, once more after it.
    pub fn reload(&mut self) -> Vec<Effect> {
        if self.reading != Reading::Idle {
            self.reading = Reading::Again;
            return Vec::new();
        }
        match self.anchor() {
            Some(key) if self.has_newer => self.read(Window::Around(key), 2 * PAGE),
            _ => {
                let limit = self.known.len().clamp(PAGE, KEPT);
                self.read(Window::Newest, limit)
            }
        }
    }

    fn anchor(&self) -> Option<SortKey> {
        self.current().map(Listed::sort_key).or(self.selected)
    }

    fn read(&mut self, window: Window, limit: usize) -> Vec<Effect> {
        self.generation += 1;
        self.reading = Reading::Once;
        self.asked = Asked::default();
        self.ask(self.slots.first, window, limit)
            .into_iter()
            .collect()
    }

    fn ask(&self, slot: Slot, window: Window, limit: usize) -> Option<Effect> {
        Some(Effect::LoadList {
            slot,
            generation: self.generation,
            source: self.source.clone()?,
            window,
            limit,
        })
    }

    /// Takes rows that arrived; tells with further reads, or `None` when the outcome is not for this list or stale.
    pub fn take(&mut self, outcome: &Outcome) -> Option<Vec<Effect>> {
        let Outcome::List {
            slot,
            generation,
            result,
        } = outcome
        else {
            return None;
        };
        if *generation != self.generation {
            return None;
        }
        let Ok(page) = result else {
            self.failed(*slot);
            return Some(Vec::new());
        };
        if *slot == self.slots.first {
            Some(self.replace(page))
        } else if *slot == self.slots.older {
            self.append(page);
            Some(self.read_ahead())
        } else if *slot == self.slots.newer {
            self.prepend(page);
            Some(self.read_ahead())
        } else {
            None
        }
    }

    fn failed(&mut self, slot: Slot) {
        if slot == self.slots.first {
            self.reading = Reading::Idle;
            self.is_loaded = true;
        }
        // The flags of the sides stay up: asking again at every key would repeat the failure.
    }

    fn replace(&mut self, page: &Page) -> Vec<Effect> {
        let above = self.list.row().saturating_sub(self.first_visible());
        let was_at_top = self.first_visible() == 0 && !self.has_newer;
        self.known.clone_from(&page.rows);
        self.has_newer = page.has_newer;
        self.has_older = page.has_older;
        self.total = page.total;
        self.is_loaded = true;
        self.land();
        let first = if was_at_top {
            0
        } else {
            self.list.row().saturating_sub(above)
        };
        self.list.scroll_to(first);
        if std::mem::take(&mut self.reading) == Reading::Again {
            return self.reload();
        }
        self.read_ahead()
    }

    /// Selects after the rows were replaced.
    fn land(&mut self) {
        let place = match std::mem::take(&mut self.landing) {
            Landing::Top => 0,
            Landing::Bottom => self.known.len().saturating_sub(1),
            Landing::Same => self.place_of_selected(),
        };
        self.list.select(place);
        self.list.clamp(self.known.len());
        self.note_selected();
    }

    /// Finds the selected message; where it is gone, the next one down at its place.
    fn place_of_selected(&self) -> usize {
        let Some(key) = self.selected else {
            return 0;
        };
        let exact = self.known.iter().position(|row| row.id == key.id);
        exact.unwrap_or_else(|| {
            self.known
                .iter()
                .position(|row| row.sort_key() < key)
                .unwrap_or(self.known.len())
        })
    }

    fn note_selected(&mut self) {
        self.selected = self.current().map(Listed::sort_key);
    }

    fn append(&mut self, page: &Page) {
        self.asked.older = false;
        self.known.extend(page.rows.iter().cloned());
        self.has_older = page.has_older;
        let surplus = self.known.len().saturating_sub(KEPT);
        let surplus = surplus.min(self.list.row().saturating_sub(AHEAD));
        if surplus > 0 {
            self.known.drain(..surplus);
            self.has_newer = true;
            self.list.shift(-(surplus as isize));
        }
    }

    fn prepend(&mut self, page: &Page) {
        self.asked.newer = false;
        self.has_newer = page.has_newer;
        let count = page.rows.len();
        self.known.splice(0..0, page.rows.iter().cloned());
        self.list.shift(count as isize);
        let keep = KEPT.max(self.list.row() + AHEAD);
        if self.known.len() > keep {
            self.known.truncate(keep);
            self.has_older = true;
        }
    }

    /// Asks for more rows where the selection comes near an end of what is known.
    fn read_ahead(&mut self) -> Vec<Effect> {
        let near = AHEAD.max(3 * self.list.page());
        let mut effects = Vec::new();
        let is_near_end = self.list.row() + near >= self.known.len();
        if self.has_older
            && !self.asked.older
            && is_near_end
            && let Some(last) = self.known.last()
        {
            let window = Window::OlderThan(last.sort_key());
            effects.extend(self.ask(self.slots.older, window, PAGE));
            self.asked.older = true;
        }
        if self.has_newer
            && !self.asked.newer
            && self.list.row() < near
            && let Some(first) = self.known.first()
        {
            let window = Window::NewerThan(first.sort_key());
            effects.extend(self.ask(self.slots.newer, window, PAGE));
            self.asked.newer = true;
        }
        effects
    }

    /// Lets the rows that arrive next be shown from the first one on, wherever the selection was.
    pub fn stay_at_top(&mut self) {
        self.landing = Landing::Top;
    }

    /// Moves by an action; `None` when it is none that moves.
    pub fn act(&mut self, action: Action) -> Option<Vec<Effect>> {
        if action == Action::First && self.has_newer {
            self.landing = Landing::Top;
            self.list.scroll_to(0);
            return Some(self.read(Window::Newest, PAGE));
        }
        if action == Action::Last && self.has_older {
            self.landing = Landing::Bottom;
            return Some(self.read(Window::Oldest, PAGE));
        }
        if !self.list.act(action, self.known.len()) {
            return None;
        }
        self.note_selected();
        Some(self.read_ahead())
    }

    /// Scrolls by rows, as a wheel does; the selection goes along.
    pub fn scroll(&mut self, by: isize) -> Vec<Effect> {
        let last = self.known.len().saturating_sub(1);
        let place = self.list.row().saturating_add_signed(by).min(last);
        self.select_place(place)
    }

    /// Selects the row under a place on screen; tells whether there is one.
    pub fn click(&mut self, place: (u16, u16)) -> Option<Vec<Effect>> {
        let row = self.list.row_at(place, self.known.len())?;
        Some(self.select_place(row))
    }

    fn select_place(&mut self, place: usize) -> Vec<Effect> {
        self.list.select(place);
        self.note_selected();
        self.read_ahead()
    }

    /// Returns the selected row.
    pub fn current(&self) -> Option<&Listed> {
        self.known.get(self.list.row())
    }

    /// Returns what an action is about: the picked rows, or the selected one.
    pub fn targets(&self) -> Vec<&Listed> {
        if self.picked.is_empty() {
            return self.current().into_iter().collect();
        }
        let is_picked = |row: &&Listed| self.picked.contains(&row.id);
        self.known.iter().filter(is_picked).collect()
    }

    /// Returns how many rows are picked.
    pub fn picked(&self) -> usize {
        self.picked.len()
    }

    /// Picks the selected row or lets it go, and goes on to the next.
    pub fn toggle_pick(&mut self) -> Vec<Effect> {
        if let Some(id) = self.current().map(|row| row.id)
            && !self.picked.remove(&id)
        {
            self.picked.insert(id);
        }
        self.act(Action::Down).unwrap_or_default()
    }

    /// Lets all picked rows go.
    pub fn pick_none(&mut self) {
        self.picked.clear();
    }

    /// Takes rows off at once, before the engine says so; the selection goes to the next one.
    pub fn remove(&mut self, ids: &[MessageId]) -> Vec<Effect> {
        let place = self.list.row();
        let above = self
            .known
            .iter()
            .take(place)
            .filter(|row| ids.contains(&row.id))
            .count();
        let before = self.known.len();
        self.known.retain(|row| !ids.contains(&row.id));
        let gone = (before - self.known.len()) as u32;
        self.total = self.total.map(|total| total.saturating_sub(gone));
        self.picked.clear();
        self.list.select(place - above);
        self.list.clamp(self.known.len());
        self.note_selected();
        self.read_ahead()
    }

    /// Changes flags at once, before the engine says so.
    pub fn mark(&mut self, ids: &[MessageId], change: FlagChange) {
        for row in self.known.iter_mut().filter(|row| ids.contains(&row.id)) {
            row.envelope.flags = change.apply(row.envelope.flags);
        }
        self.picked.clear();
    }

    /// Changes the flags of one row at once; what is picked stays so.
    pub fn mark_one(&mut self, id: MessageId, change: FlagChange) {
        if let Some(row) = self.known.iter_mut().find(|row| row.id == id) {
            row.envelope.flags = change.apply(row.envelope.flags);
        }
    }

    /// Returns the rows that are known at the moment.
    pub fn known(&self) -> &[Listed] {
        &self.known
    }

    /// Returns how many messages the list has, if that is known.
    pub fn total(&self) -> Option<u32> {
        self.total
    }

    /// Tells whether there are rows beyond those that are known.
    pub fn has_more(&self) -> bool {
        self.has_older || self.has_newer
    }

    /// Tells whether the first rows arrived.
    pub fn is_loaded(&self) -> bool {
        self.is_loaded
    }

    /// Tells whether the list is known to have no message.
    pub fn is_empty(&self) -> bool {
        self.is_loaded && self.known.is_empty()
    }

    fn first_visible(&self) -> usize {
        self.list.first()
    }
}
