//! Fills `{slots}` in texts: words of a list, numbers of a range, the same each time within one conversation.

use std::collections::BTreeMap;

use crate::demo::random::Random;

const WORDS: &str = include_str!("texts/words.txt");

/// What was chosen in one conversation.
#[derive(Debug, Default)]
pub struct Slots {
    chosen: BTreeMap<String, String>,
}

impl Slots {
    /// Returns slots with nothing chosen.
    pub fn new() -> Self {
        Self::default()
    }

    /// Chooses a slot's text beforehand.
    pub fn set(&mut self, name: &str, text: &str) {
        self.chosen.insert(name.to_owned(), text.to_owned());
    }

    /// Fills `{word}` from the list of that name, `{word#2}` with another choice, `{x:3-9}` with a number.
    pub fn expand(&mut self, text: &str, random: &mut Random) -> String {
        let mut out = String::with_capacity(text.len() + 40);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some((slot, tail)) = after.split_once('}') else {
                break;
            };
            out.push_str(&self.choose(slot, random));
            rest = tail;
        }
        out.push_str(rest);
        out
    }

    fn choose(&mut self, slot: &str, random: &mut Random) -> String {
        if let Some(chosen) = self.chosen.get(slot) {
            return chosen.clone();
        }
        let chosen = match slot.split_once(':') {
            Some((_, range)) => number(range, random),
            None => word(slot, random).to_owned(),
        };
        // A chosen word may have slots of its own.
        let chosen = if chosen.contains('{') {
            self.expand(&chosen, random)
        } else {
            chosen
        };
        self.chosen.insert(slot.to_owned(), chosen.clone());
        chosen
    }
}

fn number(range: &str, random: &mut Random) -> String {
    let (low, high) = range.split_once('-').unwrap_or((range, range));
    let read = |text: &str| text.trim().parse().unwrap_or(1);
    random.between(read(low), read(high)).to_string()
}

fn word(slot: &str, random: &mut Random) -> &'static str {
    let name = slot.split('#').next().unwrap_or(slot);
    let list = WORDS
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .unwrap_or("\u{fffd}");
    let words: Vec<&str> = list.split(" | ").collect();
    random.pick(&words).copied().unwrap_or_default()
}
