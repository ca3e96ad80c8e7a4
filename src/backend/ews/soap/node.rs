//! An element of an answer with what it holds.

use super::{Piece, Tape};

/// An element; names are without prefix, text is without what XML has no place for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::backend::ews) struct Node {
    pub(super) name: Box<str>,
    pub(super) attributes: Vec<(Box<str>, Box<str>)>,
    pub(super) text: String,
    pub(super) bytes: Vec<u8>,
    pub(super) children: Vec<Node>,
    pub(super) tape: Option<Box<Tape>>,
}

impl Node {
    /// Returns the name.
    pub(in crate::backend::ews) fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text directly inside, without blanks around.
    pub(in crate::backend::ews) fn text(&self) -> &str {
        self.text.trim()
    }

    /// Returns the text directly inside, as it is.
    pub(in crate::backend::ews) fn raw_text(&self) -> &str {
        &self.text
    }

    /// Returns an attribute.
    pub(in crate::backend::ews) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| &**key == name);
        found.map(|(_, value)| &**value)
    }

    /// Returns what is inside.
    pub(in crate::backend::ews) fn children(&self) -> &[Node] {
        &self.children
    }

    /// Returns what is inside of an item, where the reader keeps items as tapes.
    pub(in crate::backend::ews) fn tape(&self) -> Option<Piece<'_>> {
        self.tape.as_ref()?.root()
    }

    /// Returns the first child of a name.
    pub(in crate::backend::ews) fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| &*child.name == name)
    }

    /// Returns the first element at the end of a path of names.
    pub(in crate::backend::ews) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.child(name))
    }

    /// Returns the text of a child; empty where there is none.
    pub(in crate::backend::ews) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", Node::text)
    }

    /// Tells whether a child says `true`; nothing where there is no such child.
    pub(in crate::backend::ews) fn truth_of(&self, name: &str) -> Option<bool> {
        let text = self.child(name)?.text();
        Some(text.eq_ignore_ascii_case("true") || text == "1")
    }

    /// Takes the decoded content of the first element of a name, wherever it is.
    pub(in crate::backend::ews) fn take_bytes(&mut self, name: &str) -> Option<Vec<u8>> {
        if &*self.name == name {
            return Some(std::mem::take(&mut self.bytes));
        }
        self.children
            .iter_mut()
            .find_map(|child| child.take_bytes(name))
    }
}
