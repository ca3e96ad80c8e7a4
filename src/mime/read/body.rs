//! A whole message for the reader, and the content of one attachment.

use crate::mime::cut::truncate;
use crate::mime::error::MimeError;
use crate::mime::guard;
use crate::mime::html::{self, Links};
use crate::mime::read::flowed::{Format, unflow};
use crate::mime::read::header;
use crate::mime::read::part_type::PartType;
use crate::mime::read::tree::Tree;
use crate::mime::read::{calendar, select, transfer};
use crate::model::{Body, sanitize_block, sanitize_line};

/// Text beyond this is not shown.
const MAX_TEXT: usize = 2 * 1024 * 1024;
/// Header fields listed.
const MAX_FIELDS: usize = 1000;
/// Characters of one header field.
const MAX_VALUE: usize = 8000;

/// Reads a whole message for the reader, HTML laid out for `width` columns.
pub fn parse_body(message: &[u8], width: u16) -> Body {
    read(message, width, Links::NumberedFrom(0))
}

/// Reads a whole message for quoting: no link numbers.
pub(in crate::mime) fn parse_for_quoting(message: &[u8]) -> Body {
    read(message, 72, Links::Unmarked)
}

fn read(message: &[u8], width: u16, links: Links) -> Body {
    guard::run(|| body(message, width, links)).unwrap_or_else(|| Body {
        cuts: vec![
            "The message is damaged and cannot be shown; save it to look at its source".to_owned(),
        ],
        ..Body::default()
    })
}

fn body(message: &[u8], width: u16, links: Links) -> Body {
    let tree = Tree::parse(message);
    let selection = select::select(&tree);
    let mut body = Body {
        headers: headers(&tree),
        attachments: select::attachments(&tree),
        cuts: tree.cuts.clone(),
        ..Body::default()
    };
    for number in &selection.shown {
        add_part(&mut body, &tree, *number, width, links);
    }
    if body.text.trim().is_empty() {
        for number in &selection.calendars {
            add_calendar(&mut body, &tree, *number);
        }
    }
    body.cuts.extend(protection(&tree, &body.text));
    body.cuts.dedup();
    body
}

fn add_part(body: &mut Body, tree: &Tree<'_>, number: usize, width: u16, links: Links) {
    let Some(part) = tree.parts.get(number) else {
        return;
    };
    if body.text.len() >= MAX_TEXT {
        return;
    }
    let raw = tree.body(part);
    // An encoded character takes at most 12 bytes of source; the rest would be cut anyway.
    let raw = raw.get(..MAX_TEXT * 12).unwrap_or(raw);
    let text = transfer::text(&part.kind, raw);
    if part.kind.media_type == "text/html" {
        let from = match links {
            Links::NumberedFrom(base) => Links::NumberedFrom(base + body.links.len()),
            Links::Unmarked => Links::Unmarked,
        };
        let mut rendered = html::to_text(&text, width, from);
        body.is_from_html = true;
        body.links.append(&mut rendered.links);
        body.cuts.append(&mut rendered.cuts);
        append(body, &rendered.text);
    } else {
        append(body, &plain(&part.kind, &text));
    }
}

/// Undoes `format=flowed`.
fn plain(kind: &PartType, text: &str) -> String {
    match kind.format {
        Format::Fixed => text.to_owned(),
        Format::Flowed(delsp) => unflow(text, delsp),
    }
}

fn add_calendar(body: &mut Body, tree: &Tree<'_>, number: usize) {
    if let Some(part) = tree.parts.get(number)
        && let Some(summary) = calendar::summary(&transfer::text(&part.kind, tree.body(part)))
    {
        append(body, &summary);
    }
}

/// Appends safe text behind an empty line, up to the bound.
fn append(body: &mut Body, text: &str) {
    let safe = sanitize_block(text);
    let safe = safe.trim_end();
    let safe = safe.trim_start_matches('\n');
    if safe.is_empty() {
        return;
    }
    if !body.text.is_empty() {
        body.text.push('\n');
    }
    body.text.push_str(safe);
    if body.text.len() > MAX_TEXT {
        truncate(&mut body.text, MAX_TEXT);
        body.cuts
            .push("The text is longer than 2 MiB; the rest is not shown".to_owned());
    }
    body.text.push('\n');
}

fn headers(tree: &Tree<'_>) -> Vec<(String, String)> {
    let block = header::prepare(tree.header());
    header::fields(&block)
        .take(MAX_FIELDS)
        .map(|field| {
            let name = sanitize_line(&String::from_utf8_lossy(field.name));
            (name, header::text(field.value, MAX_VALUE))
        })
        .collect()
}

/// Says what cannot be opened or checked.
fn protection(tree: &Tree<'_>, text: &str) -> Option<String> {
    let is_inline_pgp = text.contains("-----BEGIN PGP MESSAGE-----");
    let found = tree.parts.iter().find_map(|part| {
        let kind = &part.kind;
        let is_pgp = kind.protection.contains("pgp");
        Some(match kind.media_type.as_str() {
            "multipart/encrypted" if is_pgp => "Encrypted with PGP; Pillarbox cannot decrypt it",
            "multipart/encrypted" => "Encrypted; Pillarbox cannot decrypt it",
            "application/pkcs7-mime" | "application/x-pkcs7-mime"
                if kind.protection.contains("signed-data") =>
            {
                "Signed with S/MIME in a closed form; Pillarbox cannot open it"
            }
            "application/pkcs7-mime" | "application/x-pkcs7-mime" => {
                "Encrypted with S/MIME; Pillarbox cannot decrypt it"
            }
            "multipart/signed" if is_pgp => "Signed with PGP; Pillarbox does not check signatures",
            "multipart/signed" => "Signed with S/MIME; Pillarbox does not check signatures",
            "application/ms-tnef" => {
                "Outlook packed attachments into winmail.dat; Pillarbox cannot unpack it"
            }
            _ => return None,
        })
    });
    found
        .or(is_inline_pgp.then_some("Encrypted with PGP; Pillarbox cannot decrypt it"))
        .map(str::to_owned)
}

/// Returns the decoded content of one attachment, by [`crate::model::Attachment::part`].
pub fn attachment(message: &[u8], part: usize) -> Result<Vec<u8>, MimeError> {
    content(&Tree::parse(message), part)
}

/// Returns the decoded contents of several parts in one go; a part that is none is empty.
pub(in crate::mime) fn contents(message: &[u8], parts: &[usize]) -> Vec<Vec<u8>> {
    let tree = Tree::parse(message);
    parts
        .iter()
        .map(|part| content(&tree, *part).unwrap_or_default())
        .collect()
}

fn content(tree: &Tree<'_>, part: usize) -> Result<Vec<u8>, MimeError> {
    let found = tree
        .parts
        .get(part)
        .filter(|found| !found.is_open)
        .ok_or(MimeError::NoSuchPart { part })?;
    Ok(transfer::decode(found.kind.encoding, tree.body(found)).into_owned())
}
