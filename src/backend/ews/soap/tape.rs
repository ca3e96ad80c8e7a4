//! An element of a long list with all that is inside, as one text and one row of marks: cheaper than a tree, for answers of
//! many small elements.

use std::ops::Range;

/// An element with what is inside, in the order of the document.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::backend::ews) struct Tape {
    /// Names and texts, one behind the other.
    text: String,
    marks: Vec<Mark>,
    depth: u8,
    /// The mark of the element that text belongs to: nothing has begun inside of it, and it has not ended.
    leaf: Option<usize>,
}

/// An element, or an attribute of the one before.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Mark {
    depth: u8,
    kind: Kind,
    name: Range<u32>,
    text: Range<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Element,
    Attribute,
}

impl Tape {
    /// Makes an empty one with room for a usual list row.
    pub(super) fn new() -> Self {
        Self {
            text: String::with_capacity(1_000),
            marks: Vec::with_capacity(50),
            depth: 0,
            leaf: None,
        }
    }

    /// Begins an element inside of the one that is open.
    pub(super) fn begin(&mut self, name: &str) {
        self.leaf = Some(self.marks.len());
        self.mark(Kind::Element, name);
        // The reader bounds depth.
        self.depth = self.depth.saturating_add(1);
    }

    /// Adds an attribute to the element that has just begun.
    pub(super) fn attribute(&mut self, name: &str, value: &str) {
        self.mark(Kind::Attribute, name);
        let start = self.place();
        self.text.push_str(value);
        let end = self.place();
        if let Some(mark) = self.marks.last_mut() {
            mark.text = start..end;
        }
    }

    /// Adds text to the element that is open, unless something has begun inside of it.
    pub(super) fn add(&mut self, text: &str) {
        let start = self.place();
        let mark = self.leaf.and_then(|leaf| self.marks.get_mut(leaf));
        let Some(mark) = mark else {
            return;
        };
        if mark.text.is_empty() {
            mark.text.start = start;
        }
        self.text.push_str(text);
        mark.text.end = start.saturating_add(text.len() as u32);
    }

    /// Ends the element that is open; tells whether it was the outermost.
    pub(super) fn end(&mut self) -> bool {
        self.leaf = None;
        self.depth = self.depth.saturating_sub(1);
        self.depth == 0
    }

    /// Returns the outermost element.
    pub(in crate::backend::ews) fn root(&self) -> Option<Piece<'_>> {
        let mark = self.marks.first()?;
        Some(Piece {
            tape: self,
            at: 0,
            mark,
        })
    }

    fn mark(&mut self, kind: Kind, name: &str) {
        let start = self.place();
        self.text.push_str(name);
        let end = self.place();
        self.marks.push(Mark {
            depth: self.depth,
            kind,
            name: start..end,
            text: end..end,
        });
    }

    /// Where the text ends; answers are bounded far below what this can count.
    fn place(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }

    fn text(&self, range: &Range<u32>) -> &str {
        let range = range.start as usize..range.end as usize;
        self.text.get(range).unwrap_or_default()
    }
}

/// An element of a tape.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::ews) struct Piece<'a> {
    tape: &'a Tape,
    at: usize,
    mark: &'a Mark,
}

impl<'a> Piece<'a> {
    /// Returns the name, without prefix.
    pub(in crate::backend::ews) fn name(self) -> &'a str {
        self.tape.text(&self.mark.name)
    }

    /// Returns the text before anything inside, without blanks around.
    pub(in crate::backend::ews) fn text(self) -> &'a str {
        self.tape.text(&self.mark.text).trim()
    }

    /// Returns an attribute.
    pub(in crate::backend::ews) fn attribute(self, name: &str) -> Option<&'a str> {
        let inside = self.inside().map(|inner| inner.mark);
        let mut attributes = inside.take_while(|mark| mark.kind == Kind::Attribute);
        let named = attributes.find(|mark| self.tape.text(&mark.name) == name)?;
        Some(self.tape.text(&named.text))
    }

    /// Returns the elements directly inside.
    pub(in crate::backend::ews) fn children(self) -> impl Iterator<Item = Piece<'a>> {
        let depth = self.mark.depth + 1;
        self.inside()
            .filter(move |inner| inner.mark.depth == depth && inner.mark.kind == Kind::Element)
    }

    /// Returns the first element of a name directly inside.
    pub(in crate::backend::ews) fn child(self, name: &str) -> Option<Piece<'a>> {
        self.children().find(|child| child.name() == name)
    }

    /// Returns all marks inside, those of attributes first.
    fn inside(self) -> impl Iterator<Item = Piece<'a>> {
        let Piece { tape, at, mark } = self;
        let marks = tape.marks.iter().enumerate().skip(at + 1);
        marks
            .take_while(move |(_, inner)| inner.depth > mark.depth)
            .map(move |(at, mark)| Piece { tape, at, mark })
    }
}
