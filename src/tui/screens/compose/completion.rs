//! Completing the address that is being typed: from the cache at once, from the organisation's directory a moment later.

use crate::model::{Address, parse_address_list};
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Generation};
use crate::tui::keymap::Action;

use super::{Compose, Part};

/// Addresses of the cache offered at most.
const FROM_CACHE: usize = 6;
/// Addresses offered at most.
const OFFERED: usize = 12;
/// Letters that the directory is asked about.
const LETTERS: usize = 3;
/// Letters that do where they are not ASCII: many a name is no longer.
const FOREIGN_LETTERS: usize = 2;

/// Who knows an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// Mail in the cache.
    Cache,
    /// The organisation's directory.
    Directory,
}

/// What is offered.
#[derive(Debug, Default)]
pub struct Completion {
    generation: Generation,
    cached: Vec<Address>,
    listed: Vec<Address>,
    /// Best first, the directory's last; empty when nothing is offered.
    pub offered: Vec<(Address, Source)>,
    /// The selected one.
    pub selected: usize,
}

impl Completion {
    /// Offers nothing; what is under way is ignored.
    pub fn close(&mut self) {
        *self = Self {
            generation: self.generation + 1,
            ..Self::default()
        };
    }

    /// Takes addresses that arrived, less those that stand in a field already. What is selected stays so.
    pub fn take(
        &mut self,
        generation: Generation,
        (addresses, source): (&[Address], Source),
        typed: &str,
    ) {
        if generation != self.generation {
            return;
        }
        match source {
            Source::Cache => self.cached = addresses.iter().take(FROM_CACHE).cloned().collect(),
            Source::Directory => self.listed = addresses.to_vec(),
        }
        let before = self.offered.get(self.selected).cloned();
        let there = parse_address_list(typed).addresses;
        let cached = self.cached.iter().map(|address| (address, Source::Cache));
        let listed = self.listed.iter();
        let listed = listed.map(|address| (address, Source::Directory));
        let mut offered: Vec<(Address, Source)> = Vec::new();
        for (address, source) in cached.chain(listed) {
            let mut known = there.iter().chain(offered.iter().map(|(known, _)| known));
            if offered.len() < OFFERED && !known.any(|known| known.is_same_mailbox(address)) {
                offered.push((address.clone(), source));
            }
        }
        let is_selected = |(address, _): &(Address, Source)| {
            let before = before.as_ref();
            before.is_some_and(|(before, _)| before.is_same_mailbox(address))
        };
        self.selected = offered.iter().position(is_selected).unwrap_or(0);
        self.offered = offered;
    }
}

impl Compose {
    /// Asks for addresses that complete what stands before the cursor.
    pub(super) fn complete(&mut self, cx: &Cx) -> Vec<Effect> {
        self.completion.close();
        if !matches!(self.part, Part::To | Part::Cc | Part::Bcc) {
            return Vec::new();
        }
        let prefix = self.typed_piece();
        if prefix.is_empty() {
            return Vec::new();
        }
        let generation = self.completion.generation;
        let mut effects = vec![Effect::CompleteAddress {
            generation,
            prefix: prefix.clone(),
        }];
        let sender = self.senders.get(self.sender);
        if let Some(from) = sender.filter(|from| has_directory(from, cx))
            && is_worth_asking(&prefix)
        {
            effects.push(Effect::AskDirectory {
                generation,
                from: from.clone(),
                prefix,
            });
        }
        effects
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
        let Some((address, _)) = self.completion.offered.get(self.completion.selected) else {
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

/// Tells whether the organisation's directory can be asked in mail from an address.
fn has_directory(from: &Address, cx: &Cx) -> bool {
    let mut mailboxes = cx.mailboxes.iter();
    let mailbox = mailboxes.find(|mailbox| mailbox.address.is_same_mailbox(from));
    let mut accounts = cx.accounts().iter();
    mailbox
        .and_then(|mailbox| accounts.find(|account| account.name == mailbox.account_name))
        .is_some_and(|account| account.directory_server().is_some())
}

/// Too few letters find anybody, and a whole address needs no completion: an offer that opens late must not get between
/// it and the key that goes on.
fn is_worth_asking(prefix: &str) -> bool {
    let letters = if prefix.is_ascii() {
        LETTERS
    } else {
        FOREIGN_LETTERS
    };
    let domain = prefix.rsplit_once('@').map_or("", |(_, domain)| domain);
    prefix.chars().count() >= letters && !domain.contains('.')
}
