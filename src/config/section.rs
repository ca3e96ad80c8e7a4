//! Typed reading of one table: every wrong type, unknown word and unknown key becomes a mistake with its place.
//! Knows no particular key.

use std::cell::RefCell;

use crate::config::Mistake;
use crate::config::spelling::suggestion;
use crate::config::tree::{Node, Place, Table, Value};
use crate::model::sanitize_line;

/// Collects mistakes while the tree is read.
#[derive(Default)]
pub struct Report(RefCell<Vec<Mistake>>);

impl Report {
    /// Adds a mistake.
    pub fn add(&self, place: &Place, key: &str, message: String) {
        self.0.borrow_mut().push(Mistake {
            file: place.file.to_path_buf(),
            line: place.line,
            key: sanitize_line(key),
            message,
        });
    }

    /// Returns all mistakes, each file's from top to bottom.
    pub fn into_mistakes(self) -> Vec<Mistake> {
        let mut mistakes = self.0.into_inner();
        mistakes.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        mistakes.dedup();
        mistakes
    }
}

/// A table being read.
pub struct Section<'a> {
    /// Dotted key of the table; empty for the whole file.
    pub path: String,
    /// Where it stands.
    pub place: Place,
    table: &'a Table,
    report: &'a Report,
}

impl<'a> Section<'a> {
    /// Starts reading a table.
    pub fn new(path: String, place: Place, table: &'a Table, report: &'a Report) -> Self {
        Self {
            path,
            place,
            table,
            report,
        }
    }

    /// Reports every key that is not one of `known`.
    pub fn only(self, known: &[&str]) -> Self {
        for (key, node) in &self.table.0 {
            if known.contains(&key.as_str()) {
                continue;
            }
            let message = if is_secret_key(key) {
                "secrets do not belong in this file: Pillarbox asks for them and keeps them in the vault"
                    .to_owned()
            } else {
                format!(
                    "unknown key{}; expected {}",
                    did_you_mean(key, known),
                    one_of(known)
                )
            };
            self.report.add(&node.place, &self.key(key), message);
        }
        self
    }

    /// Returns the dotted key of a key in here.
    pub fn key(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Adds a mistake about a key, at its line or, if it is missing, at the table's.
    pub fn mistake(&self, key: &str, message: impl Into<String>) {
        let place = self.table.get(key).map_or(&self.place, |node| &node.place);
        self.report.add(place, &self.key(key), message.into());
    }

    /// Adds a mistake about one item of a key's list.
    pub fn mistake_at(&self, place: &Place, key: &str, message: impl Into<String>) {
        self.report.add(place, &self.key(key), message.into());
    }

    /// Returns a key's value as it is.
    pub fn get(&self, key: &str) -> Option<&'a Node> {
        self.table.get(key)
    }

    /// Returns the names of all keys, in order.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.table.0.iter().map(|(key, _)| key.as_str())
    }

    /// Returns a text of any lines.
    pub fn block(&self, key: &str) -> Option<&'a str> {
        match &self.get(key)?.value {
            Value::Text(text) => Some(text),
            other => {
                self.expected(key, "text in quotes", other);
                None
            }
        }
    }

    /// Returns a text of one line without control characters and outer blanks; an empty one is a mistake.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        let text = self.block(key)?.trim();
        if text.is_empty() {
            self.mistake(key, "expected some text, found none");
            return None;
        }
        if text.chars().any(char::is_control) {
            self.mistake(key, "expected one line of text without control characters");
            return None;
        }
        Some(text)
    }

    /// Like [`Self::text`], but a missing key is a mistake too.
    pub fn required(&self, key: &str, expected: &str) -> Option<&'a str> {
        if self.get(key).is_none() {
            self.mistake(key, format!("missing; expected {expected}"));
        }
        self.text(key)
    }

    /// Returns `true` or `false`.
    pub fn boolean(&self, key: &str) -> Option<bool> {
        match &self.get(key)?.value {
            Value::Boolean(is_true) => Some(*is_true),
            other => {
                self.expected(key, "true or false", other);
                None
            }
        }
    }

    /// Returns a number within bounds.
    pub fn number(&self, key: &str, least: u32, most: u32) -> Option<u32> {
        let value = &self.get(key)?.value;
        if let Value::Integer(number) = value {
            let number = u32::try_from(*number).ok();
            let number = number.filter(|number| (least..=most).contains(number));
            if number.is_some() {
                return number;
            }
            self.mistake(key, format!("expected a number from {least} to {most}"));
            return None;
        }
        self.expected(key, &format!("a number from {least} to {most}"), value);
        None
    }

    /// Returns what a word stands for.
    pub fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let word = self.text(key)?;
        let found = words
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word));
        if let Some((_, value)) = found {
            return Some(*value);
        }
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let message = format!(
            "unknown value {}{}; expected {}",
            shown(word),
            did_you_mean(word, &names),
            one_of(&names)
        );
        self.mistake(key, message);
        None
    }

    /// Returns the items of an array of texts, or one text, each with its place.
    pub fn texts(&self, key: &str) -> Vec<(&'a str, &'a Place)> {
        let Some(node) = self.get(key) else {
            return Vec::new();
        };
        match &node.value {
            Value::Text(text) => vec![(text.as_str(), &node.place)],
            Value::Array(items) => items
                .iter()
                .filter_map(|item| self.array_text(key, item))
                .collect(),
            other => {
                self.expected(key, "text or an array of texts", other);
                Vec::new()
            }
        }
    }

    fn array_text(&self, key: &str, item: &'a Node) -> Option<(&'a str, &'a Place)> {
        if let Value::Text(text) = &item.value {
            return Some((text, &item.place));
        }
        let message = format!("expected text in quotes, found {}", item.value.kind());
        self.mistake_at(&item.place, key, message);
        None
    }

    /// Returns words separated by blanks or commas, or an array of them.
    pub fn words(&self, key: &str) -> Vec<(&'a str, &'a Place)> {
        let texts = self.texts(key).into_iter();
        texts
            .flat_map(|(text, place)| {
                text.split(|c: char| c.is_whitespace() || c == ',')
                    .filter(|word| !word.is_empty())
                    .map(move |word| (word, place))
            })
            .collect()
    }

    /// Returns the table of a key.
    pub fn section(&self, key: &str) -> Option<Section<'a>> {
        let node = self.get(key)?;
        match &node.value {
            Value::Table(table) => Some(Section::new(
                self.key(key),
                node.place.clone(),
                table,
                self.report,
            )),
            other => {
                self.expected(key, "a table", other);
                None
            }
        }
    }

    /// Reports a wrong kind of value.
    pub fn expected(&self, key: &str, expected: &str, found: &Value) {
        self.mistake(key, format!("expected {expected}, found {}", found.kind()));
    }
}

/// Shows a piece of the file inside a message: safe and not endless.
pub fn shown(text: &str) -> String {
    let safe = sanitize_line(text);
    let short: String = safe.chars().take(60).collect();
    if short.len() < safe.len() {
        format!("\"{short}…\"")
    } else {
        format!("\"{short}\"")
    }
}

/// ` (did you mean "x"?)` or nothing.
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    suggestion(word, known).map_or_else(String::new, |name| format!(" (did you mean \"{name}\"?)"))
}

/// Lists words for a message.
pub fn one_of(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [init @ .., last] => format!("{} or {last}", init.join(", ")),
    }
}

fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["password", "secret", "token"]
        .iter()
        .any(|word| key == *word || key.ends_with(&format!("_{word}")))
}
