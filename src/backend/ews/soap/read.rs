//! Reads answers piece by piece and hands out each response message as soon as it is complete.
//!
//! Depth, elements and bytes are bounded. There is no DTD, and no entity beyond the five of XML and numbers; characters
//! that XML 1.0 has no place for are dropped, since real mailboxes hold them (protocol facts §7.3).

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use quick_xml::errors::SyntaxError;
use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Error, Reader as Tokens};

use super::cut::safe_cut;
use super::open::Open;
use super::{Node, Tape};

/// The deepest nesting.
const DEEPEST: usize = 64;
/// Elements of one response message.
const MOST_ELEMENTS: usize = 250_000;
/// Attributes of one element that are kept.
const MOST_ATTRIBUTES: usize = 32;
/// The longest markup without an end.
const LONGEST_MARKUP: usize = 1 << 20;
/// The elements whose text is a message or a file in base64.
const BINARY: [&str; 2] = ["MimeContent", "Content"];

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Marks a message that is no base64; no attribute of a server is called so.
const BROKEN: &str = "!broken";

/// Whether more of a text is to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rest {
    Comes,
    Nothing,
}

/// How items of a list are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::backend::ews) enum Items {
    /// As trees, like everything else.
    Trees,
    /// As tapes: [`Node::tape`].
    Tapes,
}

/// What an answer may bring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::backend::ews) struct Limits {
    /// Bytes of the whole; of each envelope where there is no end of them.
    pub(in crate::backend::ews) bytes: usize,
    /// Whether envelopes follow one another without end.
    pub(in crate::backend::ews) is_endless: bool,
}

/// What is wrong with an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::backend::ews) enum Flaw {
    /// It has a document type.
    Doctype,
    /// It is more than a bound allows.
    TooLong,
    /// It nests deeper than a bound allows.
    TooDeep,
    /// It is no XML, or not SOAP.
    Malformed(String),
    /// It ends too soon.
    Truncated,
}

impl Flaw {
    /// Says what is wrong, for logs and details.
    pub(in crate::backend::ews) fn words(&self) -> String {
        match self {
            Self::Doctype => "an answer with a document type".to_owned(),
            Self::TooLong => "an answer longer than is read".to_owned(),
            Self::TooDeep => "an answer nested deeper than is read".to_owned(),
            Self::Malformed(detail) => format!("not an answer of EWS: {detail}"),
            Self::Truncated => "an answer that ends too soon".to_owned(),
        }
    }
}

/// A complete piece of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::backend::ews) enum Part {
    /// `ServerVersionInfo` of the header.
    Version(Node),
    /// A response message.
    Message(Node),
    /// A SOAP fault.
    Fault(Node),
}

/// Reads one answer, or one endless answer of many envelopes.
#[derive(Debug)]
pub(in crate::backend::ews) struct Reader {
    limits: Limits,
    taken: usize,
    held: Vec<u8>,
    open: Open,
    /// The elements of the piece under way.
    pieces: Vec<Node>,
    items: Items,
    /// The item under way, where items are kept as tapes.
    tape: Option<Box<Tape>>,
    elements: usize,
    base64: String,
    has_envelope: bool,
}

impl Reader {
    /// Makes one.
    pub(in crate::backend::ews) fn new(limits: Limits) -> Self {
        Self {
            limits,
            taken: 0,
            held: Vec::new(),
            open: Open::default(),
            pieces: Vec::new(),
            items: Items::Trees,
            tape: None,
            elements: 0,
            base64: String::new(),
            has_envelope: false,
        }
    }

    /// Says how items are kept.
    pub(in crate::backend::ews) fn keeping(mut self, items: Items) -> Self {
        self.items = items;
        self
    }

    /// Takes the next bytes and returns the pieces that they complete.
    pub(in crate::backend::ews) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Part>, Flaw> {
        self.taken = self.taken.saturating_add(bytes.len());
        if self.taken > self.limits.bytes {
            return Err(Flaw::TooLong);
        }
        let mut held = std::mem::take(&mut self.held);
        let whole = if held.is_empty() {
            bytes
        } else {
            held.extend_from_slice(bytes);
            &held
        };
        let (ready, rest) = whole.split_at(safe_cut(whole));
        let ready = String::from_utf8_lossy(ready);
        let mut parts = Vec::new();
        let read = self.read(&ready, &mut parts)?;
        let markup = ready.get(read..).unwrap_or_default();
        if markup.len() + rest.len() > LONGEST_MARKUP {
            return Err(Flaw::TooLong);
        }
        self.held = [markup.as_bytes(), rest].concat();
        if self.limits.is_endless && self.open.is_empty() {
            self.taken = self.held.len();
        }
        Ok(parts)
    }

    /// Makes sure that the answer is complete.
    pub(in crate::backend::ews) fn finish(&self) -> Result<(), Flaw> {
        let is_rest_blank = self.held.iter().all(u8::is_ascii_whitespace);
        if self.has_envelope && self.open.is_empty() && is_rest_blank {
            return Ok(());
        }
        Err(Flaw::Truncated)
    }

    /// Reads all markup that is complete; returns how many bytes of the text that is.
    fn read(&mut self, text: &str, parts: &mut Vec<Part>) -> Result<usize, Flaw> {
        // The tokeniser drops a mark of byte order without counting it; inside of a text it is one of its characters.
        let marked = text.trim_start_matches('\u{FEFF}');
        let start = text.len() - marked.len();
        if start > 0 && !self.open.is_empty() {
            self.add(text.get(..start).unwrap_or_default())?;
        }
        let mut tokens = Tokens::from_str(marked);
        let config = tokens.config_mut();
        // Pieces begin and end anywhere; names of ends are checked here.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        loop {
            let event = match tokens.read_event() {
                Ok(event) => event,
                Err(Error::Syntax(flaw)) => {
                    let at = usize::try_from(tokens.error_position()).unwrap_or(usize::MAX);
                    let at = at.saturating_add(start);
                    let markup = text.get(at..).unwrap_or_default();
                    return unclosed(markup, flaw).map(|()| at);
                }
                Err(error) => return Err(Flaw::Malformed(error.to_string())),
            };
            match event {
                Event::Start(tag) => self.begin(&tag)?,
                Event::Empty(tag) => {
                    self.begin(&tag)?;
                    parts.extend(self.end());
                }
                Event::End(tag) => {
                    let name = text_of(tag.name().into_inner());
                    if self.open.last() != Some(local(name)) {
                        return Err(Flaw::Malformed(format!("an end of {name}")));
                    }
                    parts.extend(self.end());
                }
                Event::Text(text) => self.add(text_of(&text))?,
                Event::CData(text) => self.add(text_of(&text))?,
                Event::GeneralRef(reference) => self.add(&resolved(&reference))?,
                Event::DocType(_) => return Err(Flaw::Doctype),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => return Ok(text.len()),
            }
        }
    }

    fn begin(&mut self, tag: &BytesStart<'_>) -> Result<(), Flaw> {
        let name = local(text_of(tag.name().into_inner()));
        if self.open.len() >= DEEPEST {
            return Err(Flaw::TooDeep);
        }
        if self.open.is_empty() {
            if name != "Envelope" {
                return Err(Flaw::Malformed(format!("it begins with {name}")));
            }
            self.has_envelope = true;
        }
        if !self.pieces.is_empty() || self.is_piece(name) {
            self.elements += 1;
            if self.elements > MOST_ELEMENTS {
                return Err(Flaw::TooLong);
            }
            self.keep(name, tag);
        }
        self.open.push(name);
        Ok(())
    }

    /// Keeps an element that begins.
    fn keep(&mut self, name: &str, tag: &BytesStart<'_>) {
        if self.tape.is_none() && self.is_item() {
            self.tape = Some(Box::new(Tape::new()));
        }
        let Some(tape) = &mut self.tape else {
            return self.pieces.push(Node {
                name: name.into(),
                attributes: attributes(tag),
                ..Node::default()
            });
        };
        tape.begin(name);
        for attribute in raw_attributes(tag) {
            let key = text_of(attribute.key.into_inner());
            tape.attribute(local(key), &value(&attribute));
        }
    }

    /// Tells whether an element about to open is an item that is kept as a tape.
    fn is_item(&self) -> bool {
        let is_inside = self.open.len() == 6 && self.open.last() == Some("Items");
        self.items == Items::Tapes && is_inside
    }

    /// Tells whether an element about to open is handed out by itself.
    fn is_piece(&self, name: &str) -> bool {
        let is_open = |depth: usize, name: &str| self.open.get(depth) == Some(name);
        match self.open.len() {
            2 => {
                is_open(1, "Header") && name == "ServerVersionInfo"
                    || is_open(1, "Body") && name == "Fault"
            }
            4 => is_open(1, "Body") && is_open(3, "ResponseMessages"),
            _ => false,
        }
    }

    fn end(&mut self) -> Option<Part> {
        self.open.pop();
        if let Some(tape) = &mut self.tape {
            let is_whole = tape.end();
            let tape = self.tape.take_if(|_| is_whole)?;
            let node = Node {
                name: tape.root()?.name().into(),
                tape: Some(tape),
                ..Node::default()
            };
            self.pieces.last_mut()?.children.push(node);
            return None;
        }
        let mut node = self.pieces.pop()?;
        if BINARY.contains(&&*node.name) {
            self.decode(&mut node, Rest::Nothing);
            self.base64.clear();
        }
        if let Some(parent) = self.pieces.last_mut() {
            parent.children.push(node);
            return None;
        }
        self.elements = 0;
        Some(match &*node.name {
            "ServerVersionInfo" => Part::Version(node),
            "Fault" => Part::Fault(node),
            _ => Part::Message(node),
        })
    }

    fn add(&mut self, text: &str) -> Result<(), Flaw> {
        if let Some(tape) = &mut self.tape {
            tape.add(&legal(text));
            return Ok(());
        }
        let Some(mut node) = self.pieces.pop() else {
            if self.open.is_empty() && !text.trim().trim_start_matches('\u{FEFF}').is_empty() {
                return Err(Flaw::Malformed("text outside of the envelope".to_owned()));
            }
            return Ok(());
        };
        if BINARY.contains(&&*node.name) {
            self.base64
                .extend(text.chars().filter(|c| !c.is_whitespace()));
            self.decode(&mut node, Rest::Comes);
        } else {
            node.text.push_str(&legal(text));
        }
        self.pieces.push(node);
        Ok(())
    }

    /// Decodes what has come of a message; the last characters wait for the next ones. One that is no base64 is empty.
    fn decode(&mut self, node: &mut Node, rest: Rest) {
        let whole = self.base64.len() - self.base64.len() % 4;
        let ready = match rest {
            Rest::Comes => whole,
            Rest::Nothing => self.base64.len(),
        };
        let is_broken = node.attribute(BROKEN).is_some();
        let text = self.base64.get(..ready).filter(|_| !is_broken);
        let decoded = text.map(|text| BASE64.decode_vec(text, &mut node.bytes));
        if !matches!(decoded, Some(Ok(()))) {
            node.bytes.clear();
            node.attributes.push((BROKEN.into(), "".into()));
            self.base64.clear();
            return;
        }
        // Characters of several bytes are no base64 and end above.
        self.base64.drain(..ready);
    }
}

/// Tells what to do where markup has no end: wait for it, or give up.
fn unclosed(markup: &str, flaw: SyntaxError) -> Result<(), Flaw> {
    const BEGINNINGS: [&str; 2] = ["<!--", "<![CDATA["];
    let may_become = |begin: &&str| begin.starts_with(markup) || markup.starts_with(*begin);
    if markup.starts_with("<!") && !BEGINNINGS.iter().any(may_become) {
        return Err(Flaw::Doctype);
    }
    if markup.is_empty() {
        return Err(Flaw::Malformed(flaw.to_string()));
    }
    Ok(())
}

/// What is read here is UTF-8 already.
fn text_of(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

fn local(name: &str) -> &str {
    let colon = name.bytes().rposition(|byte| byte == b':');
    let start = colon.map_or(0, |at| at + 1);
    name.get(start..).unwrap_or_default()
}

fn raw_attributes<'a>(tag: &'a BytesStart<'_>) -> impl Iterator<Item = Attribute<'a>> {
    let mut all = tag.attributes();
    all.with_checks(false);
    all.flatten().take(MOST_ATTRIBUTES)
}

fn attributes(tag: &BytesStart<'_>) -> Vec<(Box<str>, Box<str>)> {
    raw_attributes(tag)
        .map(|attribute| {
            let key = text_of(attribute.key.into_inner());
            (local(key).into(), value(&attribute).into())
        })
        .collect()
}

fn value(attribute: &Attribute<'_>) -> String {
    let raw = text_of(&attribute.value);
    let value = unescape(raw).unwrap_or(Cow::Borrowed(raw));
    legal(&value).into_owned()
}

/// Leaves out what XML has no place for.
fn legal(text: &str) -> Cow<'_, str> {
    // Most text is plain; only these bytes begin or are such characters.
    let is_plain = |byte: u8| byte >= b' ' && byte != 0xEF || matches!(byte, b'\t' | b'\n' | b'\r');
    if text.bytes().all(is_plain) || text.chars().all(is_legal) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| is_legal(*c)).collect())
}

/// Returns what a reference stands for; one that nobody has declared stands for itself.
fn resolved(reference: &BytesRef<'_>) -> String {
    let name = String::from_utf8_lossy(reference);
    if reference.is_char_ref() {
        let found = reference.resolve_char_ref().ok().flatten();
        return found.into_iter().collect();
    }
    resolve_xml_entity(&name).map_or_else(|| format!("&{name};"), str::to_owned)
}

/// Tells whether a character may stand in XML 1.0 (§2.2).
pub(super) fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}
