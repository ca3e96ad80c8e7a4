//! FETCH: the items of a message.

use std::num::NonZeroU32;

use imap_codec::imap_types::fetch::{
    Macro, MacroOrMessageDataItemNames, MessageDataItemName, Section,
};

use super::sections;
use super::structure::{Extensions, body_structure, envelope};
use super::view::Naming;
use super::write::{Out, date_time};
use crate::demo::mail_store::Message;
use crate::demo::message::{parse, split};

/// The items a command asks for, in order.
pub type Items = Vec<MessageDataItemName<'static>>;

/// Returns the items of a command; `None` for one this server does not know.
pub fn items(asked: MacroOrMessageDataItemNames<'static>, naming: Naming) -> Option<Items> {
    let mut items = match asked {
        MacroOrMessageDataItemNames::Macro(asked) => expand(&asked)?,
        MacroOrMessageDataItemNames::MessageDataItemNames(items) => items,
    };
    if items.is_empty() || items.iter().any(is_foreign) {
        return None;
    }
    if naming == Naming::Uid && !items.contains(&MessageDataItemName::Uid) {
        items.push(MessageDataItemName::Uid);
    }
    Some(items)
}

fn expand(asked: &Macro) -> Option<Items> {
    use MessageDataItemName::{Body, Envelope, Flags, InternalDate, Rfc822Size};
    let mut items = vec![Flags, InternalDate, Rfc822Size];
    match asked {
        Macro::Fast => {}
        Macro::All => items.push(Envelope),
        Macro::Full => items.extend([Envelope, Body]),
        _ => return None,
    }
    Some(items)
}

fn is_foreign(item: &MessageDataItemName<'_>) -> bool {
    matches!(
        item,
        MessageDataItemName::Binary { .. }
            | MessageDataItemName::BinarySize { .. }
            | MessageDataItemName::ModSeq
    )
}

/// Tells whether reading these items marks a message as seen.
pub fn marks_seen(items: &Items) -> bool {
    items.iter().any(|item| {
        matches!(
            item,
            MessageDataItemName::BodyExt { peek: false, .. }
                | MessageDataItemName::Rfc822
                | MessageDataItemName::Rfc822Text
        )
    })
}

/// Writes one FETCH answer.
pub fn write(sequence: u32, message: &Message, items: &Items, out: &mut Out) {
    out.raw(&format!("* {sequence} FETCH ("));
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.raw(" ");
        }
        write_item(message, item, out);
    }
    out.line(")");
}

fn write_item(message: &Message, item: &MessageDataItemName<'_>, out: &mut Out) {
    let bytes = &message.bytes;
    match item {
        MessageDataItemName::Uid => out.raw(&format!("UID {}", message.uid)),
        MessageDataItemName::Flags => out.raw(&format!("FLAGS ({})", message.flags.names())),
        MessageDataItemName::InternalDate => {
            out.raw(&format!("INTERNALDATE \"{}\"", date_time(message.received)));
        }
        MessageDataItemName::Rfc822Size => out.raw(&format!("RFC822.SIZE {}", bytes.len())),
        MessageDataItemName::Envelope => {
            out.raw("ENVELOPE ");
            envelope(bytes, out);
        }
        MessageDataItemName::Body => {
            out.raw("BODY ");
            body_structure(bytes, &parse(bytes), Extensions::Without, out);
        }
        MessageDataItemName::BodyStructure => {
            out.raw("BODYSTRUCTURE ");
            body_structure(bytes, &parse(bytes), Extensions::With, out);
        }
        MessageDataItemName::Rfc822 => {
            out.raw("RFC822 ");
            out.literal(bytes);
        }
        MessageDataItemName::Rfc822Header => {
            out.raw("RFC822.HEADER ");
            out.literal(split(bytes).0);
        }
        MessageDataItemName::Rfc822Text => {
            out.raw("RFC822.TEXT ");
            out.literal(split(bytes).1);
        }
        MessageDataItemName::BodyExt {
            section, partial, ..
        } => write_section(bytes, section.as_ref(), *partial, out),
        // Refused by `items`.
        _ => {}
    }
}

fn write_section(
    message: &[u8],
    section: Option<&Section<'_>>,
    partial: Option<(u32, NonZeroU32)>,
    out: &mut Out,
) {
    out.raw(&format!("BODY[{}]", sections::label(section)));
    if let Some((origin, _)) = partial {
        out.raw(&format!("<{origin}>"));
    }
    out.raw(" ");
    match sections::read(message, section) {
        None => out.raw("NIL"),
        Some(bytes) => out.literal(cut(&bytes, partial)),
    }
}

fn cut(bytes: &[u8], partial: Option<(u32, NonZeroU32)>) -> &[u8] {
    let Some((origin, length)) = partial else {
        return bytes;
    };
    let from = usize::try_from(origin).unwrap_or(usize::MAX);
    let rest = bytes.get(from..).unwrap_or_default();
    let length = usize::try_from(length.get()).unwrap_or(usize::MAX);
    rest.get(..length).unwrap_or(rest)
}
