//! Cleans HTML into a small well-formed subset that no renderer can choke on: known elements, few attributes,
//! bounded nesting, every element closed.
//!
//! Formatting elements (`b`, `font` …) become `span`: HTML parsers re-open them in every paragraph, which makes
//! trees grow quadratically, and plain text does not show them anyway.

use std::fmt::Write as _;

use crate::mime::html::token::{Token, Tokens, attributes};

/// Open elements at one time; further ones lose their tags, not their text.
const MAX_OPEN: usize = 200;
/// Elements in all; further ones lose their tags. Trees grow by hundreds of bytes for each.
const MAX_ELEMENTS: usize = 20_000;
/// Attributes looked at in one tag.
const MAX_ATTRIBUTES: usize = 256;
/// Bytes kept of one attribute.
const MAX_VALUE: usize = 8 * 1024;
/// `style` elements longer than this are dropped.
const MAX_STYLE: usize = 64 * 1024;
/// Rules times elements; every rule is tried on every element.
const MAX_MATCHES: usize = 300_000;

/// What becomes of an element.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Kept, may hold others.
    Element,
    /// Kept, holds nothing.
    Void,
    /// Kept under another name.
    As(&'static str),
    /// Its tags go, its text stays.
    Text,
}

fn keep(name: &str) -> Keep {
    match name {
        "a" | "p" | "div" | "span" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol"
        | "li" | "dl" | "dt" | "dd" | "table" | "thead" | "tbody" | "tfoot" | "tr" | "td"
        | "th" | "blockquote" | "pre" | "sup" | "sub" | "del" => Keep::Element,
        "br" | "hr" | "img" | "wbr" => Keep::Void,
        "b" | "i" | "u" | "em" | "strong" | "font" | "small" | "big" | "tt" | "code" | "nobr"
        | "label" | "q" | "cite" | "abbr" | "ins" | "mark" | "kbd" | "samp" | "var" => {
            Keep::As("span")
        }
        "s" | "strike" => Keep::As("del"),
        "center" | "section" | "article" | "header" | "footer" | "main" | "aside" | "nav"
        | "address" | "figure" | "figcaption" | "form" | "fieldset" | "legend" | "details"
        | "summary" | "caption" | "dir" | "menu" => Keep::As("div"),
        "xmp" | "listing" | "textarea" => Keep::As("pre"),
        _ => Keep::Text,
    }
}

/// Elements that end when one of the same family begins, and where that stops.
fn family(name: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match name {
        "p" => (
            &["p"],
            &["td", "th", "li", "dd", "blockquote", "div", "table"],
        ),
        "li" => (&["li"], &["ul", "ol"]),
        "dt" | "dd" => (&["dt", "dd"], &["dl"]),
        "td" | "th" => (&["td", "th"], &["tr", "table"]),
        "tr" => (&["tr"], &["table", "thead", "tbody", "tfoot"]),
        "thead" | "tbody" | "tfoot" => (&["thead", "tbody", "tfoot"], &["table"]),
        "a" => (&["a"], &["td", "th"]),
        _ => (&[], &[]),
    }
}

/// The clean subset.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Cleaned {
    /// Well-formed HTML.
    pub html: String,
    /// Whether there were too many elements.
    pub is_cut: bool,
}

/// Returns the clean subset.
pub(super) fn clean(html: &str) -> Cleaned {
    let mut cleaner = Cleaner {
        out: String::with_capacity(html.len() / 2),
        styles: String::new(),
        open: Vec::new(),
        elements: 0,
        is_cut: false,
    };
    for token in Tokens::new(html) {
        match token {
            Token::Text(text) => cleaner.text(text),
            Token::Style(css) => cleaner.style(css),
            Token::Open(name, raw) => cleaner.open(&name, raw),
            Token::Close(name) => cleaner.close(&name),
        }
    }
    cleaner.finish()
}

struct Cleaner {
    out: String,
    styles: String,
    open: Vec<&'static str>,
    elements: usize,
    is_cut: bool,
}

impl Cleaner {
    fn text(&mut self, text: &str) {
        // A lone "<" must not open a tag in the second reading.
        for c in text.chars() {
            match c {
                '<' => self.out.push_str("&lt;"),
                '\0' => {}
                c => self.out.push(c),
            }
        }
    }

    fn style(&mut self, css: &str) {
        if self.styles.len() + css.len() <= MAX_STYLE && !css.contains('<') {
            self.styles.push_str(css);
            self.styles.push('\n');
        }
    }

    fn open(&mut self, name: &str, raw: &str) {
        let (name, is_void) = match keep(name) {
            Keep::Text => return,
            Keep::As(other) => (other, false),
            Keep::Element => (known(name), false),
            Keep::Void => (known(name), true),
        };
        if self.elements >= MAX_ELEMENTS {
            self.is_cut = true;
            self.out.push(' ');
            return;
        }
        self.end_family(name);
        if !is_void {
            if self.open.len() >= MAX_OPEN {
                return;
            }
            self.open.push(name);
        }
        self.elements += 1;
        self.out.push('<');
        self.out.push_str(name);
        self.attributes(name, raw);
        self.picture_source(name);
        self.out.push('>');
    }

    /// Closes an open relative that ends here by itself.
    fn end_family(&mut self, name: &str) {
        let (relatives, stops) = family(name);
        let found = self
            .open
            .iter()
            .rposition(|open| relatives.contains(open) || stops.contains(open));
        if let Some(at) = found
            && self
                .open
                .get(at)
                .is_some_and(|open| relatives.contains(open))
        {
            self.close_to(at);
        }
    }

    fn close(&mut self, name: &str) {
        let name = match keep(name) {
            Keep::Element => name,
            Keep::As(other) => other,
            Keep::Void | Keep::Text => return,
        };
        if let Some(at) = self.open.iter().rposition(|open| *open == name) {
            // A stray inline end must not tear down the table around it.
            let is_inline = matches!(name, "span" | "a" | "del" | "sup" | "sub" | "p");
            let tears = self.open.get(at + 1..).is_some_and(|inner| {
                inner
                    .iter()
                    .any(|open| matches!(*open, "td" | "th" | "table"))
            });
            if !(is_inline && tears) {
                self.close_to(at);
            }
        }
    }

    fn close_to(&mut self, at: usize) {
        while self.open.len() > at {
            if let Some(name) = self.open.pop() {
                let _ = write!(self.out, "</{name}>");
            }
        }
    }

    fn attributes(&mut self, element: &str, raw: &str) {
        for (name, value) in attributes(raw, MAX_ATTRIBUTES) {
            let is_kept = match name.as_str() {
                "href" => element == "a",
                "alt" => element == "img",
                "class" | "id" | "style" => true,
                "colspan" => value.parse::<u8>().is_ok_and(|n| n <= 20),
                "start" => value.parse::<u16>().is_ok_and(|n| n < 10_000),
                _ => false,
            };
            if is_kept && value.len() <= MAX_VALUE {
                let value = value.replace('"', "&quot;").replace('<', "&lt;");
                let _ = write!(self.out, " {name}=\"{value}\"");
            }
        }
    }

    /// The renderer shows the words for a picture only when it seems to have a source.
    fn picture_source(&mut self, element: &str) {
        if element == "img" {
            self.out.push_str(" src=\"-\"");
        }
    }

    fn finish(mut self) -> Cleaned {
        self.close_to(0);
        let rules = self.styles.matches('{').count();
        if self.styles.is_empty() || rules * self.elements > MAX_MATCHES {
            self.styles.clear();
        }
        let html = if self.styles.is_empty() {
            self.out
        } else {
            format!("<style>{}</style>{}", self.styles, self.out)
        };
        Cleaned {
            html,
            is_cut: self.is_cut,
        }
    }
}

/// Returns the static spelling of a kept element.
fn known(name: &str) -> &'static str {
    const NAMES: [&str; 31] = [
        "a",
        "p",
        "div",
        "span",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "td",
        "th",
        "blockquote",
        "pre",
        "sup",
        "sub",
        "del",
        "br",
        "hr",
        "img",
    ];
    NAMES
        .into_iter()
        .find(|known| *known == name)
        .unwrap_or("wbr")
}
