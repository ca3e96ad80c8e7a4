//! Reads answers piece by piece and hands out each response message as soon as it is complete.
//!
//! Depth, elements and bytes are bounded. There is no DTD, and no entity beyond the five of XML and numbers; characters
//! that XML 1.0 has no place for are dropped, since real mailboxes hold them (protocol facts §7.3).

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use quick_xml::Reader as Tokens;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::Node;
use super::cut::safe_cut;

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
    /// Names of the elements that are open.
    open: Vec<Box<str>>,
    /// The elements of the piece under way.
    pieces: Vec<Node>,
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
            open: Vec::new(),
            pieces: Vec::new(),
            elements: 0,
            base64: String::new(),
            has_envelope: false,
        }
    }

    /// Takes the next bytes and returns the pieces that they complete.
    pub(in crate::backend::ews) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Part>, Flaw> {
        self.taken = self.taken.saturating_add(bytes.len());
        if self.taken > self.limits.bytes {
            return Err(Flaw::TooLong);
        }
        self.held.extend_from_slice(bytes);
        let cut = safe_cut(&self.held)?;
        let rest = self.held.split_off(cut.min(self.held.len()));
        let ready = std::mem::replace(&mut self.held, rest);
        if self.held.len() > LONGEST_MARKUP {
            return Err(Flaw::TooLong);
        }
        let mut parts = Vec::new();
        self.read(&String::from_utf8_lossy(&ready), &mut parts)?;
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

    fn read(&mut self, text: &str, parts: &mut Vec<Part>) -> Result<(), Flaw> {
        let mut tokens = Tokens::from_str(text);
        let config = tokens.config_mut();
        // Pieces begin and end anywhere; names of ends are checked here.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        loop {
            let event = tokens.read_event();
            match event.map_err(|error| Flaw::Malformed(error.to_string()))? {
                Event::Start(tag) => self.begin(&tag)?,
                Event::Empty(tag) => {
                    self.begin(&tag)?;
                    parts.extend(self.end());
                }
                Event::End(tag) => {
                    let name = local(tag.name().into_inner());
                    if self.open.last().is_none_or(|open| **open != *name) {
                        return Err(Flaw::Malformed(format!("an end of {name}")));
                    }
                    parts.extend(self.end());
                }
                Event::Text(text) => self.add(&String::from_utf8_lossy(&text))?,
                Event::CData(text) => self.add(&String::from_utf8_lossy(&text))?,
                Event::GeneralRef(reference) => self.add(&resolved(&reference))?,
                Event::DocType(_) => return Err(Flaw::Doctype),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => return Ok(()),
            }
        }
    }

    fn begin(&mut self, tag: &BytesStart<'_>) -> Result<(), Flaw> {
        let name = local(tag.name().into_inner());
        if self.open.len() >= DEEPEST {
            return Err(Flaw::TooDeep);
        }
        if self.open.is_empty() {
            if &*name != "Envelope" {
                return Err(Flaw::Malformed(format!("it begins with {name}")));
            }
            self.has_envelope = true;
        }
        if !self.pieces.is_empty() || self.is_piece(&name) {
            self.elements += 1;
            if self.elements > MOST_ELEMENTS {
                return Err(Flaw::TooLong);
            }
            self.pieces.push(Node {
                name: name.clone(),
                attributes: attributes(tag),
                ..Node::default()
            });
        }
        self.open.push(name);
        Ok(())
    }

    /// Tells whether an element about to open is handed out by itself.
    fn is_piece(&self, name: &str) -> bool {
        let is_open = |depth: usize, name: &str| self.open.get(depth).is_some_and(|n| **n == *name);
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
        } else if text.chars().all(is_legal) {
            node.text.push_str(text);
        } else {
            node.text.extend(text.chars().filter(|c| is_legal(*c)));
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

fn local(name: &[u8]) -> Box<str> {
    let name = String::from_utf8_lossy(name);
    let local = name.rsplit_once(':').map_or(&*name, |(_, local)| local);
    local.into()
}

fn attributes(tag: &BytesStart<'_>) -> Vec<(Box<str>, Box<str>)> {
    let mut all = tag.attributes();
    let all = all.with_checks(false).flatten();
    all.take(MOST_ATTRIBUTES)
        .map(|attribute| {
            let raw = String::from_utf8_lossy(&attribute.value);
            let value: String = match quick_xml::escape::unescape(&raw) {
                Ok(value) => value.chars().filter(|c| is_legal(*c)).collect(),
                Err(_) => raw.chars().filter(|c| is_legal(*c)).collect(),
            };
            (local(attribute.key.into_inner()), value.into())
        })
        .collect()
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
