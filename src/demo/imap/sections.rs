//! The pieces of a message that BODY[…] names (RFC 3501 §6.4.5).

use imap_codec::imap_types::core::AString;
use imap_codec::imap_types::fetch::{Part as Number, Section};

use crate::demo::message::{Kind, Part, fields, parse};

/// Whether the named header fields are wanted or all others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    Wanted,
    Unwanted,
}

/// Returns the bytes of a section; `None` when the message has no such part.
pub fn read(message: &[u8], section: Option<&Section<'_>>) -> Option<Vec<u8>> {
    let Some(section) = section else {
        return Some(message.to_vec());
    };
    let root = parse(message);
    let bytes = |range: &std::ops::Range<usize>| message.get(range.clone());
    match section {
        Section::Part(number) => bytes(&part(&root, Some(number))?.body).map(<[u8]>::to_vec),
        Section::Mime(number) => bytes(&part(&root, Some(number))?.header).map(<[u8]>::to_vec),
        Section::Text(number) => {
            bytes(&message_part(&root, number.as_ref())?.body).map(<[u8]>::to_vec)
        }
        Section::Header(number) => {
            bytes(&message_part(&root, number.as_ref())?.header).map(<[u8]>::to_vec)
        }
        Section::HeaderFields(number, names) => {
            let header = bytes(&message_part(&root, number.as_ref())?.header)?;
            Some(pick(header, names.as_ref(), Named::Wanted))
        }
        Section::HeaderFieldsNot(number, names) => {
            let header = bytes(&message_part(&root, number.as_ref())?.header)?;
            Some(pick(header, names.as_ref(), Named::Unwanted))
        }
    }
}

/// Writes a section as answers repeat it.
pub fn label(section: Option<&Section<'_>>) -> String {
    let with_number = |number: &Option<Number>, name: &str| match number {
        Some(number) => format!("{}.{name}", dotted(number)),
        None => name.to_owned(),
    };
    match section {
        None => String::new(),
        Some(Section::Part(number)) => dotted(number),
        Some(Section::Mime(number)) => format!("{}.MIME", dotted(number)),
        Some(Section::Header(number)) => with_number(number, "HEADER"),
        Some(Section::Text(number)) => with_number(number, "TEXT"),
        Some(Section::HeaderFields(number, names)) => {
            let names = list(names.as_ref());
            with_number(number, &format!("HEADER.FIELDS ({names})"))
        }
        Some(Section::HeaderFieldsNot(number, names)) => {
            let names = list(names.as_ref());
            with_number(number, &format!("HEADER.FIELDS.NOT ({names})"))
        }
    }
}

fn dotted(number: &Number) -> String {
    let digits: Vec<String> = number.0.as_ref().iter().map(ToString::to_string).collect();
    digits.join(".")
}

fn list(names: &[AString<'_>]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| String::from_utf8_lossy(name.as_ref()).to_ascii_uppercase())
        // What is no field name can't be repeated as an atom and matches no field anyway.
        .filter(|name| {
            name.bytes()
                .all(|b| b.is_ascii_graphic() && !b"()\"\\{%*]".contains(&b))
        })
        .filter(|name| !name.is_empty())
        .collect();
    if names.is_empty() {
        "\"\"".to_owned()
    } else {
        names.join(" ")
    }
}

fn part<'a>(root: &'a Part, number: Option<&Number>) -> Option<&'a Part> {
    let digits: Vec<u32> = number
        .map(|number| number.0.as_ref().iter().map(|digit| digit.get()).collect())
        .unwrap_or_default();
    root.by_number(&digits)
}

/// Returns the message a number stands for: the whole one, or one that is attached.
fn message_part<'a>(root: &'a Part, number: Option<&Number>) -> Option<&'a Part> {
    let Some(number) = number else {
        return Some(root);
    };
    match &part(root, Some(number))?.kind {
        Kind::Message(message) => Some(message),
        _ => None,
    }
}

fn pick(header: &[u8], names: &[AString<'_>], which: Named) -> Vec<u8> {
    let mut picked = Vec::new();
    for field in fields(header) {
        let is_named = names
            .iter()
            .any(|name| name.as_ref().eq_ignore_ascii_case(field.name));
        if is_named == (which == Named::Wanted) {
            picked.extend_from_slice(field.raw);
        }
    }
    picked.extend_from_slice(b"\r\n");
    picked
}
