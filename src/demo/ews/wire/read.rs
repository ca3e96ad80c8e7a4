//! Reads XML into a tree with resolved namespaces. Bounded, without document types and entities of its own.

use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

/// Deeper nesting is no request of any client.
const MAX_DEPTH: usize = 64;

/// A namespace that requests use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Space {
    /// SOAP 1.1.
    Soap,
    /// Operations and what stands directly in them.
    Messages,
    /// Everything else of EWS.
    Types,
    /// Any other, or none.
    Other,
}

impl Space {
    /// Returns the namespace's name, as schema errors cite it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Soap => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::Messages => "http://schemas.microsoft.com/exchange/services/2006/messages",
            Self::Types => "http://schemas.microsoft.com/exchange/services/2006/types",
            Self::Other => "",
        }
    }

    fn of(resolved: &ResolveResult<'_>) -> Self {
        let ResolveResult::Bound(space) = resolved else {
            return Self::Other;
        };
        [Self::Soap, Self::Messages, Self::Types]
            .into_iter()
            .find(|known| known.name().as_bytes() == space.as_ref())
            .unwrap_or(Self::Other)
    }
}

/// An element.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Its namespace.
    pub space: Space,
    /// Its name without prefix.
    pub name: String,
    /// Attributes without prefix, in order.
    pub attributes: Vec<(String, String)>,
    /// Elements in it.
    pub children: Vec<Node>,
    /// All text directly in it.
    pub text: String,
    /// Where it stands in the document, in bytes.
    pub at: usize,
}

impl Node {
    /// Returns the first child of that name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Returns what is in the first child of that name.
    pub fn children_of(&self, name: &str) -> &[Self] {
        self.child(name).map_or(&[], |child| &child.children)
    }

    /// Returns the text of the first child of that name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// Returns an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        attributes
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Tells whether the text of a child is a true boolean.
    pub fn is_true(&self, name: &str) -> bool {
        self.text_of(name).is_some_and(is_true)
    }
}

/// Reads XML Schema's boolean.
pub fn is_true(text: &str) -> bool {
    matches!(text.trim(), "true" | "1")
}

/// Reads a document; `None` if it is none, or one that this server does not take.
pub fn read(document: &[u8]) -> Option<Node> {
    let text = std::str::from_utf8(document).ok()?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Node> = Vec::new();
    let mut root = None;
    loop {
        let at = usize::try_from(reader.buffer_position()).ok()?;
        let (resolved, event) = reader.read_resolved_event().ok()?;
        let space = Space::of(&resolved);
        match event {
            Event::Start(tag) => {
                if open.len() >= MAX_DEPTH {
                    return None;
                }
                open.push(node(space, &tag, at)?);
            }
            Event::Empty(tag) => put(&mut open, &mut root, node(space, &tag, at)?)?,
            Event::End(_) => {
                let done = open.pop()?;
                put(&mut open, &mut root, done)?;
            }
            Event::Text(text) => add(&mut open, &String::from_utf8_lossy(&text))?,
            Event::CData(text) => add(&mut open, &String::from_utf8_lossy(&text))?,
            Event::GeneralRef(entity) => {
                let name: &[u8] = &entity;
                let character = match name {
                    b"amp" => '&',
                    b"lt" => '<',
                    b"gt" => '>',
                    b"quot" => '"',
                    b"apos" => '\'',
                    _ => entity.resolve_char_ref().ok()??,
                };
                add(&mut open, character.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return None,
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    root.filter(|_| open.is_empty())
}

fn node(space: Space, tag: &BytesStart<'_>, at: usize) -> Option<Node> {
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        // Namespaces, and what belongs to other standards, such as xsi:type.
        if attribute.key.as_namespace_binding().is_some() || attribute.key.prefix().is_some() {
            continue;
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
        let name = String::from_utf8_lossy(attribute.key.as_ref()).into_owned();
        attributes.push((name, value.into_owned()));
    }
    Some(Node {
        space,
        name: String::from_utf8_lossy(tag.local_name().as_ref()).into_owned(),
        attributes,
        children: Vec::new(),
        text: String::new(),
        at,
    })
}

fn put(open: &mut [Node], root: &mut Option<Node>, done: Node) -> Option<()> {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None if root.is_none() => *root = Some(done),
        None => return None,
    }
    Some(())
}

fn add(open: &mut [Node], text: &str) -> Option<()> {
    match open.last_mut() {
        Some(node) => node.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}
