//! Completing the address that is being typed.

use crate::model::{Address, parse_address_list};
use crate::tui::effect::{Effect, Generation};
use crate::tui::keymap::Action;

use super::{Compose, Part};

/// Addresses offered at most.
const OFFERED: usize = 6;

/// What is offered.
#[derive(Debug, Default)]
pub struct Completion {
    generation: Generation,
    /// Best first; empty when nothing is offered.
    pub offered: Vec<Address>,
    /// The selected one.
    pub selected: usize,
}

impl Completion {
    /// Offers nothing; what is under way is ignored.
    pub fn close(&mut self) {
        self.generation += 1;
        self.offered.clear();
        self.selected = 0;
    }

    /// Takes addresses that arrived, less those that stand in a field already.
    pub fn take(&mut self, generation: Generation, addresses: &[Address], typed: &str) {
        if generation != self.generation {
            return;
        }
        let there = parse_address_list(typed).addresses;
        let is_new = |address: &&Address| !there.iter().any(|known| known.is_same_mailbox(address));
        self.offered = addresses
            .iter()
            .filter(is_new)
            .take(OFFERED)
            .cloned()
            .collect();
        self.selected = 0;
    }
}

impl Compose {
    /// Asks for addresses that complete what stands before the cursor.
    pub(super) fn complete(&mut self) -> Vec<Effect> {
        self.completion.close();
        if !matches!(self.part, Part::To | Part::Cc | Part::Bcc) {
            return Vec::new();
        }
        let prefix = self.typed_piece();
        if prefix.is_empty() {
            return Vec::new();
        }
        vec![Effect::CompleteAddress {
            generation: self.completion.generation,
            prefix,
        }]
    }

    /// Returns the piece of the list the cursor stands behind.
    fn typed_piece(&mut self) -> String {
        let part = self.part;
        let before = self
            .field(part)
            .map(|field| field.before_cursor())
            .unwrap_or_default();
        let piece = before.rsplit([',', ';']).next().unwrap_or_default();
        piece.trim_start().to_owned()
    }

    /// Runs an action on the offer; `None` where there is none or it is another action.
    pub(super) fn act_on_completion(&mut self, action: Action) -> Option<Vec<Effect>> {
        let count = self.completion.offered.len();
        if count == 0 {
            return None;
        }
        match action {
            Action::Down => self.completion.selected = (self.completion.selected + 1) % count,
            Action::Up => self.completion.selected = (self.completion.selected + count - 1) % count,
            Action::Open | Action::NextPane => self.accept(),
            Action::Back => self.completion.close(),
            _ => return None,
        }
        Some(Vec::new())
    }

    /// Puts the selected address in the place of what was typed of it.
    fn accept(&mut self) {
        let Some(address) = self.completion.offered.get(self.completion.selected) else {
            return;
        };
        let text = format!("{address}, ");
        let piece = self.typed_piece();
        let part = self.part;
        if let Some(field) = self.field(part) {
            field.replace_before(&piece, &text);
        }
        self.completion.close();
    }
}
