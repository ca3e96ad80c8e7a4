//! What the search index and the list want of a message. No layout: HTML just loses its tags.

use crate::mime::cut::{head, truncate};
use crate::mime::guard;
use crate::mime::html;
use crate::mime::quote::{is_attribution, is_first_of_attribution, quote_depth};
use crate::mime::read::tree::Tree;
use crate::mime::read::{calendar, select, transfer};
use crate::model::sanitize_block;

/// Bytes of text to index.
const MAX_TEXT: usize = 256 * 1024;
/// Source of one part that is looked at; enough for the text even when it is HTML.
const MAX_SOURCE: usize = 2 * 1024 * 1024;
/// Characters of a preview.
const MAX_PREVIEW: usize = 120;

/// What the search index and the list want of a whole message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Digest {
    /// Words to index: the text without quoted lines, at most 256 KiB.
    pub text: String,
    /// The first 120 or so characters for the list.
    pub preview: String,
    /// Whether something can be saved.
    pub has_attachments: bool,
}

/// Makes the digest of a whole message.
pub fn digest(message: &[u8]) -> Digest {
    guard::run(|| make(message)).unwrap_or_default()
}

fn make(message: &[u8]) -> Digest {
    let tree = Tree::parse(message);
    let selection = select::select(&tree);
    let mut text = String::new();
    for number in &selection.shown {
        add(&mut text, &tree, *number);
    }
    if text.trim().is_empty() {
        for number in &selection.calendars {
            add(&mut text, &tree, *number);
        }
    }
    truncate(&mut text, MAX_TEXT);
    Digest {
        preview: preview(&text),
        text,
        has_attachments: select::has_attachments(&tree),
    }
}

fn add(text: &mut String, tree: &Tree<'_>, number: usize) {
    let Some(part) = tree.parts.get(number) else {
        return;
    };
    if text.len() >= MAX_TEXT {
        return;
    }
    let raw = tree.body(part);
    let decoded = transfer::text(&part.kind, raw.get(..MAX_SOURCE).unwrap_or(raw));
    let read = match part.kind.media_type.as_str() {
        "text/html" => html::strip(&decoded),
        "text/calendar" => calendar::summary(&decoded).unwrap_or_default(),
        _ => decoded,
    };
    for line in sanitize_block(head(&read, MAX_TEXT * 2)).lines() {
        if quote_depth(line) == 0 {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
}

/// Folds the first words that the sender wrote into one line.
fn preview(text: &str) -> String {
    let mut out = String::new();
    let mut count = 0;
    for word in opening(text).flat_map(str::split_whitespace) {
        if count > 0 {
            out.push(' ');
            count += 1;
        }
        for c in word.chars().filter(|c| !is_invisible(*c)) {
            if count >= MAX_PREVIEW {
                out.truncate(out.trim_end().len());
                return out;
            }
            out.push(c);
            count += 1;
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The lines before the signature, less those that introduce a quote.
fn opening(text: &str) -> impl Iterator<Item = &str> {
    let next = text.lines().skip(1).chain(std::iter::once(""));
    text.lines()
        .zip(next)
        .take_while(|(line, _)| *line != "--" && *line != "-- ")
        .filter(|(line, next)| {
            !is_attribution(line) && !is_first_of_attribution(line, next) && !is_ruler(line)
        })
        .map(|(line, _)| line)
}

/// Lines of dashes and the like.
fn is_ruler(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 3 && line.chars().all(|c| "-_=*~#+.".contains(c))
}

/// Padding that newsletters put behind their preview text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}')
}
