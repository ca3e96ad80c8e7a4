//! HTML mail as text. Hostile HTML is cleaned into a small well-formed subset first, then laid out by html2text
//! in a thread of its own with a time limit; what still takes too long is shown with its tags taken off.
//!
//! Nothing is ever fetched.

mod clean;
mod layout;
mod link;
mod strip;
mod token;

use std::sync::mpsc;
use std::time::Duration;

use crate::mime::cut::head;

pub(in crate::mime) use strip::strip;

/// HTML beyond this is not looked at.
const MAX_HTML: usize = 1024 * 1024;
/// How long a layout may take; unoptimised builds are an order of magnitude slower.
const LIMIT: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 1 });
/// The renderer recurses into nested elements.
const STACK: usize = 8 * 1024 * 1024;

/// HTML as text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::mime) struct Rendered {
    /// The text; lines end in LF.
    pub text: String,
    /// Targets of the links numbered in it.
    pub links: Vec<String>,
    /// Sentences about bounds that were hit.
    pub cuts: Vec<String>,
}

/// Whether links get numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::mime) enum Links {
    /// `[1]` behind each; for reading. Numbering goes on from so many links.
    NumberedFrom(usize),
    /// No marks; for quoting.
    Unmarked,
}

/// Lays HTML out for `width` columns.
pub(in crate::mime) fn to_text(html: &str, width: u16, links: Links) -> Rendered {
    let mut cuts = Vec::new();
    let read = head(html, MAX_HTML);
    if read.len() < html.len() {
        cuts.push("The HTML is larger than 1 MiB; the rest is not shown".to_owned());
    }
    let cleaned = clean::clean(read);
    if cleaned.is_cut {
        cuts.push("The HTML has too many elements; the rest is shown without layout".to_owned());
    }
    let width = usize::from(width.clamp(20, 200));
    let mut rendered =
        in_time(move || layout::layout(&cleaned.html, width, links)).unwrap_or_else(|| {
            cuts.push(
                "The HTML is too complicated to lay out; it is shown without layout".to_owned(),
            );
            Rendered {
                text: strip(read),
                ..Rendered::default()
            }
        });
    rendered.text = tidy(&rendered.text);
    rendered.cuts.append(&mut cuts);
    rendered
}

/// Runs a layout in a thread of its own. One that is too slow ends by itself later: its input is bounded.
fn in_time(layout: impl FnOnce() -> Option<Rendered> + Send + 'static) -> Option<Rendered> {
    let (sender, receiver) = mpsc::channel();
    std::thread::Builder::new()
        .name("html-layout".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            // Nobody listens any more after the limit; that is fine.
            let _ = sender.send(crate::mime::guard::run(layout).flatten());
        })
        .ok()?;
    receiver.recv_timeout(LIMIT).ok().flatten()
}

/// Takes blanks off line ends and runs of empty lines down to one.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            empty += 1;
            continue;
        }
        if empty > 0 && !out.is_empty() {
            out.push('\n');
        }
        empty = 0;
        out.push_str(line);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests;
