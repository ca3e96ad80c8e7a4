//! `[interface]`, `[keys]` and `[vault]`. Which themes, actions and keys there are is the interface's own business.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::section::Section;
use crate::config::sign_in::file;

/// Where secrets are kept.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VaultConfig {
    /// Which kind.
    pub kind: VaultKind,
    /// For [`VaultKind::File`]: this file's bytes are the key instead of a passphrase. `~` is expanded.
    pub key_file: Option<PathBuf>,
}

/// Kinds of vault.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum VaultKind {
    /// The keyring where one answers, else the file.
    #[default]
    Auto,
    /// The desktop's keyring only.
    Keyring,
    /// An encrypted file.
    File,
}

/// How the interface looks and behaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface {
    /// Theme name.
    pub theme: String,
    /// Plain ASCII instead of symbols and lines.
    pub ascii: bool,
    /// Seconds in which a sent message can be taken back.
    pub undo_seconds: u32,
    /// Lines put under every message.
    pub signature: String,
    /// Rebound keys: action name → keys.
    pub keys: BTreeMap<String, Vec<String>>,
}

impl Default for Interface {
    fn default() -> Self {
        Self {
            theme: "harbor-dark".to_owned(),
            ascii: false,
            undo_seconds: 10,
            signature: String::new(),
            keys: BTreeMap::new(),
        }
    }
}

const VAULT_KEYS: &[&str] = &["kind", "key_file"];
const VAULT_KINDS: &[(&str, VaultKind)] = &[
    ("auto", VaultKind::Auto),
    ("keyring", VaultKind::Keyring),
    ("file", VaultKind::File),
];
const INTERFACE_KEYS: &[&str] = &["theme", "ascii", "undo_seconds", "signature"];

/// Nobody waits longer than an hour to take a message back.
const MAX_UNDO_SECONDS: u32 = 3600;

/// Reads `[vault]`.
pub fn read_vault(section: Section<'_>) -> VaultConfig {
    let section = section.only(VAULT_KEYS);
    VaultConfig {
        kind: section
            .choice("kind", VAULT_KINDS, &["command"])
            .unwrap_or_default(),
        key_file: file(&section, "key_file"),
    }
}

/// Reads `[interface]`; rebound keys come from [`read_keys`].
pub fn read_interface(section: Section<'_>) -> Interface {
    let section = section.only(INTERFACE_KEYS);
    let default = Interface::default();
    Interface {
        theme: section.text("theme").map_or(default.theme, str::to_owned),
        ascii: section.boolean("ascii").unwrap_or(default.ascii),
        undo_seconds: section
            .number("undo_seconds", 0, MAX_UNDO_SECONDS)
            .unwrap_or(default.undo_seconds),
        signature: section
            .block("signature")
            .map_or(default.signature, str::to_owned),
        keys: default.keys,
    }
}

/// Reads `[keys]`: an action's key, or an array of them; an empty array unbinds the action.
pub fn read_keys(section: &Section<'_>) -> BTreeMap<String, Vec<String>> {
    let mut keys = BTreeMap::new();
    for action in section.names() {
        let mut bound: Vec<String> = Vec::new();
        for (text, place) in section.texts(action) {
            let is_key = !text.trim().is_empty() && !text.chars().any(char::is_control);
            if !is_key {
                let message = "expected a key such as \"d\" or \"ctrl-r\"";
                section.mistake_at(place, action, message);
            } else if bound.iter().any(|known| known == text.trim()) {
                section.mistake_at(place, action, "this key is listed twice");
            } else {
                bound.push(text.trim().to_owned());
            }
        }
        keys.insert(action.to_owned(), bound);
    }
    keys
}
