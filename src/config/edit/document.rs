//! Changes to a TOML document that leave everything else as it stands: comments, order, notation.

use toml_edit::{DocumentMut, Item, RawString, Table, TableLike, Value};

use crate::config::edit::array::set_items;
use crate::config::edit::fields::Field;

/// Returns `[key.name]`, made at the end of its kind with `comment` above if there is none.
pub fn sub_table<'a>(
    document: &'a mut DocumentMut,
    key: &str,
    name: &str,
    comment: &str,
) -> Option<&'a mut dyn TableLike> {
    let mut parent = Table::new();
    parent.set_implicit(true);
    let mut table = Table::new();
    let gap = if comment.is_empty() {
        "\n".to_owned()
    } else {
        format!("\n{comment}\n")
    };
    table.decor_mut().set_prefix(gap);
    if document.as_table().is_empty() {
        // What stands alone in a file counts as its end; it was the head and stays there.
        let head = text_of(document.trailing());
        let gap = text_of_option(table.decor().prefix());
        let prefix = if head.is_empty() {
            gap.trim_start().to_owned()
        } else {
            head + &gap
        };
        table.decor_mut().set_prefix(prefix);
        document.set_trailing("");
    }
    let parent = child(document.as_table_mut(), key, parent)?;
    child(parent, name, table)
}

/// Returns the table of a key, made from `new` if there is none.
pub fn child<'a>(
    parent: &'a mut dyn TableLike,
    key: &str,
    new: Table,
) -> Option<&'a mut dyn TableLike> {
    let item = parent.entry(key).or_insert(Item::Table(new));
    item.as_table_like_mut()
}

/// Writes the fields that changed.
pub fn apply(table: Option<&mut (dyn TableLike + '_)>, before: &[Field], after: Vec<Field>) {
    let Some(table) = table else {
        return;
    };
    for field in after {
        if !is_new(before, &field) {
            continue;
        }
        match field.value {
            Some(value) => set(table, &field.key, value),
            None => {
                table.remove(&field.key);
            }
        }
    }
}

/// Tells whether a field must be written.
pub fn is_new(before: &[Field], field: &Field) -> bool {
    let old = before.iter().find(|old| old.key == field.key);
    old.map_or(field.value.is_some(), |old| old.content != field.content)
}

/// Adds an empty field for every key that was there and is not any more.
pub fn with_removals(before: &[Field], mut after: Vec<Field>) -> Vec<Field> {
    for old in before {
        if !after.iter().any(|field| field.key == old.key) {
            after.push(Field {
                key: old.key.clone(),
                content: String::new(),
                value: None,
            });
        }
    }
    after
}

/// Sets a value; the comment behind the old one stays, and so does its notation where there is a choice.
pub fn set(table: &mut dyn TableLike, key: &str, value: Value) {
    let old = match table.get_mut(key) {
        Some(Item::Value(old)) => old,
        Some(Item::Table(old)) => {
            set_all(old, value);
            return;
        }
        _ => {
            table.insert(key, Item::Value(value));
            return;
        }
    };
    match (&mut *old, value) {
        (Value::Array(array), Value::Array(new)) => {
            set_items(array, new.iter().filter_map(Value::as_str));
        }
        (Value::Array(array), Value::String(new)) => set_items(array, new.value().split("; ")),
        (Value::InlineTable(inner), new @ Value::InlineTable(_)) => set_all(inner, new),
        (_, mut new) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
    }
}

fn set_all(table: &mut dyn TableLike, value: Value) {
    let Value::InlineTable(new) = value else {
        return;
    };
    for (key, value) in new {
        let is_same = table
            .get(&key)
            .and_then(Item::as_value)
            .is_some_and(|old| old.to_string().trim() == value.to_string().trim());
        if !is_same {
            set(table, &key, value);
        }
    }
}

/// Removes `[key.name]`; comments that stand apart above it belong to the file and stay.
pub fn take_out(document: &mut DocumentMut, key: &str, name: &str) -> bool {
    let parent = document.get_mut(key).and_then(Item::as_table_like_mut);
    let Some(item) = parent.and_then(|parent| parent.remove(name)) else {
        return false;
    };
    let Item::Table(table) = item else {
        return true;
    };
    let prefix = text_of_option(table.decor().prefix());
    let Some((apart, _)) = prefix.rsplit_once("\n\n") else {
        return true;
    };
    if apart.trim().is_empty() {
        return true;
    }
    let position = table.position().unwrap_or(isize::MAX);
    let next = next_position(document.as_table(), position);
    let following = next.and_then(|next| table_at(document.as_table_mut(), next));
    if let Some(following) = following {
        let own = text_of_option(following.decor().prefix());
        following.decor_mut().set_prefix(format!("{apart}\n{own}"));
    } else {
        let own = text_of(document.trailing());
        document.set_trailing(format!("{apart}\n{own}"));
    }
    true
}

fn next_position(table: &Table, after: isize) -> Option<isize> {
    let tables = table.iter().filter_map(|(_, item)| item.as_table());
    let positions = tables.flat_map(|table| {
        let own = table
            .position()
            .filter(|at| *at > after && !table.is_implicit());
        [own, next_position(table, after)]
    });
    positions.flatten().min()
}

fn table_at(table: &mut Table, position: isize) -> Option<&mut Table> {
    for (_, item) in table.iter_mut() {
        let Item::Table(inner) = item else {
            continue;
        };
        if inner.position() == Some(position) && !inner.is_implicit() {
            return Some(inner);
        }
        if let Some(found) = table_at(inner, position) {
            return Some(found);
        }
    }
    None
}

/// Returns what stands around an item.
pub fn text_of_option(raw: Option<&RawString>) -> String {
    raw.map(text_of).unwrap_or_default()
}

fn text_of(raw: &RawString) -> String {
    raw.as_str().unwrap_or_default().to_owned()
}
