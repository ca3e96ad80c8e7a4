//! Former settings, replaced where they stand.

use toml_edit::{DocumentMut, Item, TableLike, Value};

use crate::config::edit::document::{set, sub_table};
use crate::config::edit::fields::server;
use crate::config::edit::file::Editing;
use crate::config::{ConfigError, OldSetting, Paths, Replacement, tree};
use crate::model::TlsMode;

/// Replaces former settings; comments and order survive. What stands in the system's file is overridden in the user's.
/// Settings that only a person can replace are left alone. Nothing is written if mistakes remain: they are the error.
pub fn migrate(paths: &Paths, settings: &[OldSetting]) -> Result<(), ConfigError> {
    let (mut editing, _) = Editing::begin_unchecked(paths)?;
    let system = tree::read(&paths.system_config)?.unwrap_or_default();
    let system: DocumentMut = String::from_utf8_lossy(&system).parse().unwrap_or_default();
    for setting in settings {
        replace(&mut editing.document, &system, setting);
    }
    editing.finish()
}

fn replace(document: &mut DocumentMut, system: &DocumentMut, setting: &OldSetting) {
    let [table, name, key] = setting.key.as_slice() else {
        return;
    };
    let from_system = system
        .get(table)
        .and_then(|tables| tables.get(name)?.get(key))
        .and_then(Item::as_value);
    let Some(own) = sub_table(document, table, name, "") else {
        return;
    };
    match &setting.replacement {
        Replacement::Text(new) => {
            if own.get(key).is_none()
                && let Some(value) = from_system
            {
                own.insert(key, Item::Value(value.clone().decorated(" ", "")));
            }
            replace_text(own, key, &setting.found, new);
        }
        Replacement::Imap(host) => {
            set_server(own, key, server("imap", host, 993, TlsMode::Implicit));
        }
        Replacement::Smtp(host) => {
            set_server(own, key, server("smtp", host, 587, TlsMode::StartTls));
        }
        Replacement::NeedsClientId | Replacement::Unknown => {}
    }
}

/// A server of one line is replaced whole, since hardly anything of it stays; a table keeps its lines.
fn set_server(table: &mut dyn TableLike, key: &str, mut new: Value) {
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        _ => set(table, key, new),
    }
}

/// Replaces a text, or one word of it, or one item of an array, whose comments stay with it.
fn replace_text(table: &mut dyn TableLike, key: &str, found: &str, new: &str) {
    match table.get_mut(key) {
        Some(Item::Value(Value::Array(items))) => {
            for item in items.iter_mut() {
                replace_words(item, found, new);
            }
        }
        Some(Item::Value(value)) => replace_words(value, found, new),
        _ => {}
    }
}

fn replace_words(value: &mut Value, found: &str, new: &str) {
    let Some(old) = value.as_str() else {
        return;
    };
    let is_end = |c: char| c.is_whitespace() || c == ',';
    let pieces = old.split_inclusive(is_end).map(|piece| {
        let word = piece.trim_end_matches(is_end);
        let end = piece.strip_prefix(word).unwrap_or_default();
        if word == found {
            format!("{new}{end}")
        } else {
            piece.to_owned()
        }
    });
    let replaced: String = pieces.collect();
    if replaced != old {
        let decor = value.decor().clone();
        *value = Value::from(replaced);
        *value.decor_mut() = decor;
    }
}
