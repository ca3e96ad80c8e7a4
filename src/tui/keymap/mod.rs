//! Keys → actions, per scope; rebinding and its conflicts; what footer, help and palette say about a key.

mod action;
mod press;
mod scope;
#[cfg(test)]
mod tests;

pub use action::Action;
pub use press::{Press, Sequence};
pub use scope::{Group, Scope};

use std::collections::BTreeMap;

use action::{Entry, entries};

/// A mistake in `[interface.keys]`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeymapError {
    /// There is no such action.
    #[error("interface.keys: there is no action named \"{0}\"")]
    UnknownAction(String),
    /// The text is no key.
    #[error("interface.keys.{action}: \"{key}\" is not a key")]
    BadKey {
        /// The action.
        action: &'static str,
        /// What was written.
        key: String,
    },
    /// Two actions want one key in one place.
    #[error("interface.keys: \"{key}\" is bound to both {first} and {second}")]
    Conflict {
        /// The key.
        key: String,
        /// One action.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
}

/// What a key means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// This action.
    Action(Action),
    /// The start of longer bindings.
    Prefix,
    /// Nothing here.
    Nothing,
}

/// The bindings in force.
#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: BTreeMap<Action, Vec<Sequence>>,
}

impl Keymap {
    /// Builds the defaults with the user's rebindings. Mistakes leave the action's default in place.
    pub fn new(rebound: &BTreeMap<String, Vec<String>>) -> (Self, Vec<KeymapError>) {
        let mut map = Self::defaults();
        let mut errors = Vec::new();
        for (name, keys) in rebound {
            match Action::from_name(name) {
                Some(action) => map.rebind(action, keys, &mut errors),
                None => errors.push(KeymapError::UnknownAction(name.clone())),
            }
        }
        errors.extend(map.conflicts());
        (map, errors)
    }

    /// Builds the defaults.
    pub fn defaults() -> Self {
        let bindings = entries()
            .map(|entry| (entry.action, default_keys(entry)))
            .collect();
        Self { bindings }
    }

    fn rebind(&mut self, action: Action, keys: &[String], errors: &mut Vec<KeymapError>) {
        let mut sequences = Vec::new();
        for key in keys {
            match Sequence::parse(key) {
                Some(sequence) => sequences.push(sequence),
                None => errors.push(KeymapError::BadKey {
                    action: action.name(),
                    key: key.clone(),
                }),
            }
        }
        if sequences.len() == keys.len() {
            self.bindings.insert(action, sequences);
        }
    }

    /// Lists keys that two actions of a common scope claim, or that are also the start of a longer binding.
    fn conflicts(&self) -> Vec<KeymapError> {
        let all: Vec<(Action, &Sequence)> = self
            .bindings
            .iter()
            .flat_map(|(action, keys)| keys.iter().map(|key| (*action, key)))
            .collect();
        let mut found = Vec::new();
        for (place, (first, key)) in all.iter().enumerate() {
            let rivals = all.iter().skip(place + 1).filter(|(second, other)| {
                second != first && key.collides_with(other) && first.shares_scope_with(*second)
            });
            found.extend(rivals.map(|(second, _)| KeymapError::Conflict {
                key: key.to_string(),
                first: first.name(),
                second: second.name(),
            }));
        }
        found
    }

    /// Says what `pressed`, all keys since the last complete action, means in `scope`.
    pub fn meaning(&self, scope: Scope, pressed: &[Press]) -> Meaning {
        let mut is_prefix = false;
        for (action, keys) in &self.bindings {
            if !action.is_in(scope) {
                continue;
            }
            for key in keys {
                if key.presses() == pressed {
                    return Meaning::Action(*action);
                }
                is_prefix |= key.starts_with(pressed);
            }
        }
        if is_prefix {
            Meaning::Prefix
        } else {
            Meaning::Nothing
        }
    }

    /// Returns the first key of an action as footer and help spell it; empty when it has none.
    pub fn key(&self, action: Action) -> String {
        self.bindings
            .get(&action)
            .and_then(|keys| keys.first())
            .map(Sequence::to_string)
            .unwrap_or_default()
    }

    /// Returns the first key of an action that begins with a press `works` accepts; empty when there is none.
    pub fn key_where(&self, action: Action, works: impl Fn(&Press) -> bool) -> String {
        let keys = self.bindings.get(&action).into_iter().flatten();
        let mut working = keys.filter(|key| key.presses().first().is_some_and(&works));
        working.next().map(Sequence::to_string).unwrap_or_default()
    }

    /// Returns all keys of an action, spelled.
    pub fn keys(&self, action: Action) -> Vec<String> {
        self.bindings
            .get(&action)
            .map(|keys| keys.iter().map(Sequence::to_string).collect())
            .unwrap_or_default()
    }

    /// Returns the actions that can follow `pressed` in `scope`, each with the rest of its key.
    pub fn continuations(&self, scope: Scope, pressed: &[Press]) -> Vec<(String, Action)> {
        let matching = |action: Action, keys: &[Sequence]| -> Vec<(String, Action)> {
            keys.iter()
                .filter(|key| key.starts_with(pressed) && key.presses().len() > pressed.len())
                .map(|key| (key.rest(pressed.len()), action))
                .collect()
        };
        self.bindings
            .iter()
            .filter(|(action, _)| action.is_in(scope))
            .flat_map(|(action, keys)| matching(*action, keys))
            .collect()
    }
}

fn default_keys(entry: &Entry) -> Vec<Sequence> {
    entry
        .keys
        .iter()
        .filter_map(|key| Sequence::parse(key))
        .collect()
}
