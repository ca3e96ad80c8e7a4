//! Forwarded messages: a header block people can read, the text, the attachments.

use crate::mime::read::body::contents;
use crate::mime::write::answer::{Original, joined};
use crate::model::{Address, Attachment, Body, DraftAttachment};

/// Attachments taken along.
const MAX_ATTACHMENTS: usize = 200;
/// Recipients listed in the block.
const MAX_LISTED: usize = 50;

/// The text of a forwarded message.
pub(super) fn text(original: &Original, text: &str) -> String {
    let envelope = &original.envelope;
    let mut out = String::from("\n\n---------- Forwarded message ----------\n");
    let rows = [
        ("From", listed(&envelope.from)),
        ("Date", original.when.clone()),
        ("Subject", envelope.subject.clone()),
        ("To", listed(&envelope.to)),
        ("Cc", listed(&envelope.cc)),
    ];
    for (label, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        out.push_str(label);
        out.push_str(": ");
        out.push_str(&value);
        out.push('\n');
    }
    out.push('\n');
    out.push_str(text);
    out
}

fn listed(addresses: &[Address]) -> String {
    let shown = joined(addresses.get(..MAX_LISTED).unwrap_or(addresses));
    match addresses.len().checked_sub(MAX_LISTED) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

/// The attachments, decoded. Signatures do not fit a message with another text.
pub(super) fn attachments(message: &[u8], body: &Body) -> Vec<DraftAttachment> {
    let wanted: Vec<&Attachment> = body
        .attachments
        .iter()
        .filter(|listed| !listed.media_type.ends_with("-signature"))
        .take(MAX_ATTACHMENTS)
        .collect();
    let parts: Vec<usize> = wanted.iter().map(|listed| listed.part).collect();
    wanted
        .into_iter()
        .zip(contents(message, &parts))
        .map(|(listed, data)| DraftAttachment::Bytes {
            name: listed.name.clone(),
            media_type: listed.media_type.clone(),
            data,
        })
        .collect()
}
