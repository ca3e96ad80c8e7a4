//! Which parts are read as text and which are listed as attachments.

use crate::mime::cut::head;
use crate::mime::filename::safe_name;
use crate::mime::media_types;
use crate::mime::read::header;
use crate::mime::read::part_type::Disposition;
use crate::mime::read::transfer;
use crate::mime::read::tree::{Part, Tree};
use crate::model::Attachment;

/// The parts to read, in order, and what else to know.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::mime) struct Selection {
    /// Text parts shown.
    pub shown: Vec<usize>,
    /// Invitations.
    pub calendars: Vec<usize>,
}

impl Selection {
    fn append(&mut self, mut other: Self) {
        self.shown.append(&mut other.shown);
        self.calendars.append(&mut other.calendars);
    }
}

/// Chooses the parts to read.
pub(in crate::mime) fn select(tree: &Tree<'_>) -> Selection {
    choose(tree, 0)
}

/// Recursion is bounded by the tree's depth.
fn choose(tree: &Tree<'_>, number: usize) -> Selection {
    let Some(part) = tree.parts.get(number) else {
        return Selection::default();
    };
    let mut children = tree.children(number).peekable();
    if children.peek().is_none() {
        return leaf(part, number);
    }
    match part.kind.media_type.as_str() {
        "multipart/alternative" => {
            let choices: Vec<Selection> = children.map(|child| choose(tree, child)).collect();
            best(tree, &choices)
        }
        "multipart/related" => children
            .next()
            .map(|root| choose(tree, root))
            .unwrap_or_default(),
        _ => children.fold(Selection::default(), |mut all, child| {
            all.append(choose(tree, child));
            all
        }),
    }
}

fn leaf(part: &Part, number: usize) -> Selection {
    let mut selection = Selection::default();
    let kind = &part.kind;
    // A multipart in name only (no delimiter found) is shown as it stands.
    let is_text = matches!(kind.media_type.as_str(), "text/plain" | "text/html")
        || (kind.starts_with("multipart/") && part.parent.is_none());
    let is_for_reading = kind.disposition != Disposition::Attachment
        && (kind.name.is_none() || kind.disposition == Disposition::Inline);
    if kind.media_type == "text/calendar" {
        selection.calendars.push(number);
    } else if is_text && is_for_reading {
        selection.shown.push(number);
    }
    selection
}

/// Of alternatives, takes plain text that says something, else the last that shows anything.
fn best(tree: &Tree<'_>, choices: &[Selection]) -> Selection {
    let calendars: Vec<usize> = choices
        .iter()
        .flat_map(|choice| choice.calendars.iter().copied())
        .collect();
    let is_plain = |choice: &&Selection| {
        !choice.shown.is_empty()
            && choice.shown.iter().all(|number| {
                tree.parts.get(*number).is_some_and(|part| {
                    part.kind.media_type == "text/plain" && !tree.body(part).trim_ascii().is_empty()
                })
            })
    };
    let shown = choices
        .iter()
        .find(is_plain)
        .or_else(|| choices.iter().rfind(|choice| !choice.shown.is_empty()))
        .map(|choice| choice.shown.clone())
        .unwrap_or_default();
    Selection { shown, calendars }
}

/// Lists what can be saved.
pub(in crate::mime) fn attachments(tree: &Tree<'_>) -> Vec<Attachment> {
    tree.parts
        .iter()
        .enumerate()
        .filter(|(_, part)| is_listed(part))
        .map(|(number, part)| Attachment {
            part: number,
            name: name(tree, number, part),
            media_type: part.kind.media_type.clone(),
            size: transfer::decoded_len(part.kind.encoding, tree.body(part)) as u64,
            is_inline: is_inline(tree, part),
        })
        .collect()
}

/// Tells whether there is anything to save besides pictures in the text and signatures.
pub(in crate::mime) fn has_attachments(tree: &Tree<'_>) -> bool {
    tree.parts.iter().any(|part| {
        let is_signature = part.kind.media_type.ends_with("-signature");
        is_listed(part) && !is_signature && !is_inline(tree, part)
    })
}

/// Every leaf that is no version of the text itself.
fn is_listed(part: &Part) -> bool {
    let kind = &part.kind;
    if part.is_open || (kind.starts_with("multipart/") && part.parent.is_none()) {
        return false;
    }
    let is_body = matches!(kind.media_type.as_str(), "text/plain" | "text/html");
    !is_body || kind.disposition == Disposition::Attachment || kind.name.is_some()
}

fn is_inline(tree: &Tree<'_>, part: &Part) -> bool {
    let is_related = part
        .parent
        .and_then(|parent| tree.parts.get(parent))
        .is_some_and(|parent| parent.kind.media_type == "multipart/related");
    let is_inline = match part.kind.disposition {
        Disposition::Attachment => false,
        Disposition::Inline => true,
        Disposition::Unsaid => is_related,
    };
    part.kind.has_content_id && is_inline
}

fn name(tree: &Tree<'_>, number: usize, part: &Part) -> String {
    let kind = &part.kind;
    let is_message = kind.media_type == "message/rfc822" || kind.media_type == "message/global";
    if let Some(name) = kind.name.as_deref().and_then(decoded_name) {
        return name;
    }
    if is_message && let Some(subject) = safe_name(&inner_subject(tree.body(part))) {
        return shortened_eml(&subject);
    }
    match kind.media_type.as_str() {
        "message/rfc822" | "message/global" => format!("message-{number}.eml"),
        "message/delivery-status" => "delivery-status.txt".to_owned(),
        "text/rfc822-headers" => "headers.txt".to_owned(),
        "text/calendar" => "invitation.ics".to_owned(),
        other => format!("part-{number}.{}", media_types::extension(other)),
    }
}

/// Names are often written as encoded words although RFC 2231 forbids it.
fn decoded_name(name: &str) -> Option<String> {
    if name.contains("=?") {
        safe_name(&header::text(name.as_bytes(), 500))
    } else {
        safe_name(name)
    }
}

fn shortened_eml(subject: &str) -> String {
    format!("{}.eml", head(subject, 180).trim_end())
}

fn inner_subject(message: &[u8]) -> String {
    let block = header::prepare(message.get(..64 * 1024).unwrap_or(message));
    header::fields(&block)
        .take(500)
        .find(|field| field.is("subject"))
        .map(|field| header::text(field.value, 150).replace(['/', '\\'], "-"))
        .unwrap_or_default()
}
