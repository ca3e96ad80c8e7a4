//! `[interface]`, `[keys]` and `[vault]`. Which themes, actions and keys there are is the interface's own business.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::section::Section;
use crate::config::sign_in::file;
use crate::config::tree::Value;

/// Where secrets are kept.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VaultConfig {
    /// Which kind.
    pub kind: VaultKind,
    /// For [`VaultKind::File`]: this file's bytes are the key instead of a passphrase. `~` is expanded.
    pub key_file: Option<PathBuf>,
    /// For [`VaultKind::Command`]: the programs.
    pub commands: Option<VaultCommands>,
}

/// Programs that keep secrets: each a program and its arguments, one of which holds `{key}`. No shell takes part unless
/// it is named as the program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VaultCommands {
    /// Prints a secret.
    pub read: Vec<String>,
    /// Keeps the secret that comes on its standard input.
    pub write: Vec<String>,
    /// Forgets a secret.
    pub remove: Vec<String>,
}

/// What `[vault]` is to say, as it would be typed into the file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VaultSetting {
    /// The word for the kind.
    pub kind: String,
    /// The key file.
    pub key_file: Option<PathBuf>,
    /// The command line that prints a secret.
    pub read: Option<String>,
    /// The command line that keeps one.
    pub write: Option<String>,
    /// The command line that forgets one.
    pub remove: Option<String>,
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
    /// Programs of the user's choice, such as `pass`.
    Command,
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

const VAULT_KEYS: &[&str] = &["kind", "key_file", "read", "write", "remove"];

/// Where a command line names the secret.
const KEY_PLACE: &str = "{key}";

const VAULT_KINDS: &[(&str, VaultKind)] = &[
    ("auto", VaultKind::Auto),
    ("keyring", VaultKind::Keyring),
    ("file", VaultKind::File),
    ("command", VaultKind::Command),
];
const INTERFACE_KEYS: &[&str] = &["theme", "ascii", "undo_seconds", "signature"];

/// Nobody waits longer than an hour to take a message back.
const MAX_UNDO_SECONDS: u32 = 3600;

/// Reads `[vault]`.
pub fn read_vault(section: Section<'_>) -> VaultConfig {
    let section = section.only(VAULT_KEYS);
    let kind = section.choice("kind", VAULT_KINDS).unwrap_or_default();
    let commands = ["read", "write", "remove"].map(|key| command(&section, key, kind));
    VaultConfig {
        kind,
        key_file: file(&section, "key_file"),
        commands: match commands {
            [Some(read), Some(write), Some(remove)] => Some(VaultCommands {
                read,
                write,
                remove,
            }),
            _ => None,
        },
    }
}

/// Reads a command line: text that is split as a shell would, or an array of arguments.
fn command(section: &Section<'_>, key: &str, kind: VaultKind) -> Option<Vec<String>> {
    let found = section.texts(key);
    let is_text = section
        .get(key)
        .is_some_and(|node| matches!(node.value, Value::Text(_)));
    let arguments: Vec<String> = match found.as_slice() {
        [] if kind == VaultKind::Command => {
            let verb = match key {
                "read" => "show",
                "write" => "insert --multiline --force",
                _ => "rm --force",
            };
            let message =
                format!("kind = \"command\" needs it, such as \"pass {verb} pillarbox/{{key}}\"");
            section.mistake(key, message);
            return None;
        }
        [] => return None,
        [(line, place)] if is_text => {
            let Ok(arguments) = shell_words::split(line) else {
                section.mistake_at(place, key, "a quote is not closed");
                return None;
            };
            arguments
        }
        many => many.iter().map(|(text, _)| (*text).to_owned()).collect(),
    };
    let has_place = arguments
        .iter()
        .skip(1)
        .any(|argument| argument.contains(KEY_PLACE));
    if !has_place {
        let message = "an argument must hold {key}, or all secrets would be one";
        section.mistake(key, message);
        return None;
    }
    Some(arguments)
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
