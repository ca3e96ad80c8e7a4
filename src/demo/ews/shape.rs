//! What properties a client wants: a base shape and paths to more.

use super::wire::Node;

/// `BaseShape`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base {
    /// The id alone.
    IdOnly,
    /// What Exchange thinks is enough.
    Default,
    /// Everything, but no MIME content.
    All,
}

/// A path to a property.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Path {
    /// `FieldURI`.
    Field(String),
    /// A header field by `IndexedFieldURI`.
    Header(String),
    /// `ExtendedFieldURI` with a property tag.
    Tag {
        /// The tag without its type.
        tag: u16,
        /// Its type as the client wrote it.
        kind: String,
    },
    /// What this server keeps nothing of.
    Other,
}

/// `ItemShape` or `FolderShape`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shape {
    /// The base.
    pub base: Base,
    /// More properties.
    pub paths: Vec<Path>,
    /// `IncludeMimeContent`.
    pub is_mime: bool,
    /// `BodyType`; `Best` if it says nothing.
    pub body: String,
}

impl Shape {
    /// Reads a shape.
    pub fn read(node: Option<&Node>) -> Self {
        let text = |name: &str| node.and_then(|node| node.text_of(name)).map(str::trim);
        let paths = node.map(|node| node.children_of("AdditionalProperties"));
        Self {
            base: match text("BaseShape") {
                Some("Default") => Base::Default,
                Some("AllProperties") => Base::All,
                _ => Base::IdOnly,
            },
            paths: paths.unwrap_or_default().iter().map(Path::read).collect(),
            is_mime: node.is_some_and(|node| node.is_true("IncludeMimeContent")),
            body: text("BodyType").unwrap_or("Best").to_owned(),
        }
    }

    /// Returns the header fields that are asked for one by one.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().filter_map(|path| match path {
            Path::Header(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Tells whether a field is asked for by its path.
    pub fn names(&self, field: &str) -> bool {
        let mut paths = self.paths.iter();
        paths.any(|path| matches!(path, Path::Field(name) if name == field))
    }
}

impl Path {
    /// Reads a path element.
    pub fn read(node: &Node) -> Self {
        let attribute = |name: &str| node.attribute(name);
        match node.name.as_str() {
            "FieldURI" => Self::Field(attribute("FieldURI").unwrap_or_default().to_owned()),
            "IndexedFieldURI" if attribute("FieldURI") == Some("item:InternetMessageHeader") => {
                Self::Header(attribute("FieldIndex").unwrap_or_default().to_owned())
            }
            "ExtendedFieldURI" => {
                let tag = attribute("PropertyTag").and_then(number);
                let kind = attribute("PropertyType").unwrap_or_default().to_owned();
                tag.map_or(Self::Other, |tag| Self::Tag { tag, kind })
            }
            _ => Self::Other,
        }
    }

    /// Returns the path in the element, such as `IsEqualTo` or `SetItemField`.
    pub fn in_element(node: &Node) -> Self {
        node.children.first().map_or(Self::Other, Self::read)
    }
}

fn number(text: &str) -> Option<u16> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u16::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
