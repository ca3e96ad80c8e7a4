//! Lays clean HTML out as lines of text with html2text.

use std::collections::BTreeMap;

use html2text::config::{self, Config};
use html2text::render::{TaggedLine, TextDecorator};

use crate::mime::html::link::{Register, lie};
use crate::mime::html::{Links, Rendered};

/// Text beyond this is cut by the caller; the layout stops collecting here.
const MAX_TEXT: usize = 4 * 1024 * 1024;

/// Lays out; `None` when the renderer gives up. Links whose text names another host make a second pass,
/// which writes the true host behind them.
pub(super) fn layout(html: &str, width: usize, links: Links) -> Option<Rendered> {
    let (first, register) = render(html, width, links, BTreeMap::new())?;
    let targets = register.targets();
    let liars = liars(&first, &targets);
    let laid_out = if liars.is_empty() {
        first
    } else {
        render(html, width, links, liars)?.0
    };
    let links = match links {
        Links::NumberedFrom(_) => targets,
        Links::Unmarked => Vec::new(),
    };
    Some(Rendered {
        text: text(&laid_out),
        links,
        cuts: Vec::new(),
    })
}

type Lines = Vec<TaggedLine<Vec<Tag>>>;

fn render(
    html: &str,
    width: usize,
    links: Links,
    liars: BTreeMap<usize, String>,
) -> Option<(Lines, Register)> {
    let register = Register::new(links, liars);
    let plain = Plain {
        register: register.clone(),
    };
    let laid_out = settings(plain)
        .lines_from_read(html.as_bytes(), width)
        .ok()?;
    Some((laid_out, register))
}

fn settings(plain: Plain) -> Config<Plain> {
    config::with_decorator(plain)
        .use_doc_css()
        .allow_width_overflow()
        .min_wrap_width(8)
        .no_table_borders()
        .no_link_wrapping()
        .link_footnotes(false)
        .unicode_strikeout(false)
}

fn text(lines: &Lines) -> String {
    let mut out = String::new();
    for line in lines {
        out.extend(line.chars());
        out.push('\n');
        if out.len() > MAX_TEXT {
            break;
        }
    }
    out
}

/// Collects what each link shows and compares it with where it leads.
fn liars(lines: &Lines, targets: &[String]) -> BTreeMap<usize, String> {
    let mut shown: BTreeMap<usize, String> = BTreeMap::new();
    for string in lines.iter().flat_map(TaggedLine::tagged_strings) {
        for Tag(index) in &string.tag {
            if let Some(index) = index {
                let text = shown.entry(*index).or_default();
                if text.len() < 4096 {
                    text.push_str(&string.s);
                }
            }
        }
    }
    shown
        .into_iter()
        .filter_map(|(index, text)| {
            // The number was written as part of the link.
            let text = text.split('\u{A0}').next().unwrap_or_default();
            lie(text, targets.get(index)?).map(|host| (index, host))
        })
        .collect()
}

/// Which link a piece of text belongs to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Tag(Option<usize>);

/// Writes no decoration but link numbers and quote marks.
#[derive(Clone, Debug)]
struct Plain {
    register: Register,
}

impl TextDecorator for Plain {
    type Annotation = Tag;

    fn decorate_link_start(&mut self, url: &str) -> (String, Tag) {
        (String::new(), Tag(self.register.open(url)))
    }

    fn decorate_link_end(&mut self) -> String {
        self.register.close()
    }

    fn decorate_em_start(&self) -> (String, Tag) {
        Default::default()
    }

    fn decorate_em_end(&self) -> String {
        String::new()
    }

    fn decorate_strong_start(&self) -> (String, Tag) {
        Default::default()
    }

    fn decorate_strong_end(&self) -> String {
        String::new()
    }

    fn decorate_strikeout_start(&self) -> (String, Tag) {
        ("~".to_owned(), Tag::default())
    }

    fn decorate_strikeout_end(&self) -> String {
        "~".to_owned()
    }

    fn decorate_code_start(&self) -> (String, Tag) {
        Default::default()
    }

    fn decorate_code_end(&self) -> String {
        String::new()
    }

    fn decorate_preformat_first(&self) -> Tag {
        Tag::default()
    }

    fn decorate_preformat_cont(&self) -> Tag {
        Tag::default()
    }

    fn decorate_image(&mut self, _src: &str, title: &str) -> (String, Tag) {
        let text = if title.trim().is_empty() {
            String::new()
        } else {
            format!("[{}]", title.trim())
        };
        (text, Tag::default())
    }

    fn header_prefix(&self, _level: usize) -> String {
        String::new()
    }

    fn quote_prefix(&self) -> String {
        "> ".to_owned()
    }

    fn unordered_item_prefix(&self) -> String {
        "- ".to_owned()
    }

    fn ordered_item_prefix(&self, i: i64) -> String {
        format!("{i}. ")
    }

    fn make_subblock_decorator(&self) -> Self {
        self.clone()
    }

    fn decorate_superscript_start(&self) -> (String, Tag) {
        ("^".to_owned(), Tag::default())
    }

    fn decorate_superscript_end(&self) -> String {
        String::new()
    }
}
