//! The structure of a message: which bytes are which part. One pass over the lines, bounded depth and number.
//!
//! Delimiters count only as whole lines (RFC 2046 §5.1.1), so text that merely mentions one is never cut.
//! Nothing is decoded here.

use std::ops::Range;

use crate::mime::read::header::{self, Field};
use crate::mime::read::part_type::PartType;

/// Messages are read up to here.
pub(in crate::mime) const MAX_MESSAGE: usize = 64 * 1024 * 1024;
/// Parts beyond this are not looked at.
pub(in crate::mime) const MAX_PARTS: usize = 1000;
/// Multiparts inside multiparts; deeper ones stay whole.
const MAX_DEPTH: usize = 50;
/// A part's header ends here at the latest.
const MAX_HEADER: usize = 1024 * 1024;

/// One part: a leaf, or a multipart with children.
#[derive(Debug)]
pub(in crate::mime) struct Part {
    /// The multipart it stands in.
    pub parent: Option<usize>,
    /// What its header says.
    pub kind: PartType,
    /// Its header block.
    pub header: Range<usize>,
    /// Its content, still encoded.
    pub body: Range<usize>,
    /// Whether it was opened as a multipart; its children follow it.
    pub is_open: bool,
}

/// A message taken apart.
#[derive(Debug)]
pub(in crate::mime) struct Tree<'a> {
    /// The message, as far as it is read.
    pub message: &'a [u8],
    /// All parts in order; the first is the message itself.
    pub parts: Vec<Part>,
    /// Sentences about bounds that were hit.
    pub cuts: Vec<String>,
}

impl<'a> Tree<'a> {
    /// Takes a message apart.
    pub(in crate::mime) fn parse(message: &'a [u8]) -> Self {
        let read = message.get(..MAX_MESSAGE).unwrap_or(message);
        let mut scan = Scan::new(read);
        scan.run();
        let mut cuts = scan.cuts;
        if read.len() < message.len() {
            cuts.push("The message is larger than 64 MiB; the rest is not shown".to_owned());
        }
        Self {
            message: read,
            parts: scan.parts,
            cuts,
        }
    }

    /// Returns a part's encoded content.
    pub(in crate::mime) fn body(&self, part: &Part) -> &'a [u8] {
        self.message.get(part.body.clone()).unwrap_or_default()
    }

    /// Returns the message's own header block.
    pub(in crate::mime) fn header(&self) -> &'a [u8] {
        self.parts
            .first()
            .and_then(|root| self.message.get(root.header.clone()))
            .unwrap_or_default()
    }

    /// Returns the numbers of a part's children, in order.
    pub(in crate::mime) fn children(&self, parent: usize) -> impl Iterator<Item = usize> + '_ {
        self.parts
            .iter()
            .enumerate()
            .skip(parent + 1)
            .filter(move |(_, part)| part.parent == Some(parent))
            .map(|(number, _)| number)
    }
}

/// A multipart whose end was not met yet.
struct Open {
    part: usize,
    boundary: Vec<u8>,
    is_digest: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the header of the newest part.
    Header,
    /// In its content.
    Body,
    /// Between parts: preamble or epilogue.
    Between,
}

struct Scan<'a> {
    message: &'a [u8],
    parts: Vec<Part>,
    open: Vec<Open>,
    state: State,
    cuts: Vec<String>,
}

impl<'a> Scan<'a> {
    fn new(message: &'a [u8]) -> Self {
        let mut scan = Self {
            message,
            parts: Vec::new(),
            open: Vec::new(),
            state: State::Header,
            cuts: Vec::new(),
        };
        scan.begin_part(0);
        scan
    }

    fn run(&mut self) {
        let mut start = 0;
        for line in self.message.split_inclusive(|byte| *byte == b'\n') {
            let end = start + line.len();
            if !self.take_delimiter(line, start, end) && self.state == State::Header {
                self.take_header_line(line, start, end);
            }
            start = end;
        }
        if self.state == State::Header {
            self.end_header(start, start);
        }
        self.close_down_to(0, start);
        if let Some(root) = self.parts.first_mut() {
            root.body.end = start;
        }
    }

    fn begin_part(&mut self, at: usize) {
        self.parts.push(Part {
            parent: self.open.last().map(|open| open.part),
            kind: PartType::default(),
            header: at..at,
            body: at..at,
            is_open: false,
        });
        self.state = State::Header;
    }

    fn take_header_line(&mut self, line: &[u8], start: usize, end: usize) {
        let Some(begun) = self.parts.last().map(|part| part.header.start) else {
            return;
        };
        let is_first = begun == start;
        if line.trim_ascii_end().is_empty() && !matches!(line.first(), Some(b' ' | b'\t')) {
            self.end_header(start, end);
        } else if (is_first && !may_start_header(line)) || start - begun > MAX_HEADER {
            // No header at all: the text begins at once.
            self.end_header(start, start);
        }
    }

    /// The newest part's header ends at `header_end`, its content begins at `body_start`.
    fn end_header(&mut self, header_end: usize, body_start: usize) {
        let is_in_digest = self.open.last().is_some_and(|open| open.is_digest);
        let number = self.parts.len().saturating_sub(1);
        let Some(part) = self.parts.last_mut() else {
            return;
        };
        part.header.end = header_end;
        part.body = body_start..body_start;
        let block = self.message.get(part.header.clone()).unwrap_or_default();
        let block = header::prepare(block);
        let fields: Vec<Field<'_>> = header::fields(&block).take(2000).collect();
        part.kind = PartType::read(&fields, is_in_digest);
        self.state = State::Body;
        let Some(boundary) = part.kind.boundary.take() else {
            return;
        };
        if self.open.len() < MAX_DEPTH {
            part.is_open = true;
            let is_digest = part.kind.media_type == "multipart/digest";
            self.open.push(Open {
                part: number,
                boundary,
                is_digest,
            });
            self.state = State::Between;
        } else {
            self.say(format!(
                "Parts nested deeper than {MAX_DEPTH} levels are not taken apart"
            ));
        }
    }

    /// Acts on a delimiter line of any open multipart, the innermost first.
    fn take_delimiter(&mut self, line: &[u8], start: usize, end: usize) -> bool {
        let Some(text) = line.strip_prefix(b"--") else {
            return false;
        };
        let text = text.trim_ascii_end();
        let Some((level, is_last)) = self
            .open
            .iter()
            .enumerate()
            .rev()
            .find_map(|(level, open)| delimits(text, &open.boundary).map(|last| (level, last)))
        else {
            return false;
        };
        self.end_leaf(start);
        self.state = State::Between;
        self.close_down_to(level + 1, start);
        if is_last {
            self.close_down_to(level, end);
        } else if self.parts.len() < MAX_PARTS {
            self.begin_part(end);
        } else {
            self.say(format!("Only the first {MAX_PARTS} parts are shown"));
        }
        true
    }

    /// The newest part, if it is still being read, ends before the delimiter at `at` and its line end.
    fn end_leaf(&mut self, at: usize) {
        match self.state {
            State::Header => self.end_header(at, at),
            State::Body => {}
            State::Between => return,
        }
        let end = end_before_line(self.message, at);
        if let Some(part) = self.parts.last_mut().filter(|part| !part.is_open) {
            part.body.end = end.max(part.body.start);
        }
    }

    fn close_down_to(&mut self, level: usize, at: usize) {
        // The last leaf of a message that simply stops.
        if level == 0
            && self.state == State::Body
            && let Some(part) = self.parts.last_mut().filter(|part| !part.is_open)
        {
            part.body.end = at.max(part.body.start);
            self.state = State::Between;
        }
        for open in self.open.drain(level.min(self.open.len())..) {
            if let Some(part) = self.parts.get_mut(open.part) {
                part.body.end = at.max(part.body.start);
            }
        }
    }

    fn say(&mut self, sentence: String) {
        if !self.cuts.contains(&sentence) {
            self.cuts.push(sentence);
        }
    }
}

/// Tells whether `text` (a line without its leading `--`) is a delimiter, and whether it is the closing one.
fn delimits(text: &[u8], boundary: &[u8]) -> Option<bool> {
    match text.strip_prefix(boundary)? {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

/// The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1).
fn end_before_line(message: &[u8], at: usize) -> usize {
    let before = message.get(..at).unwrap_or_default();
    let before = before.strip_suffix(b"\n").unwrap_or(before);
    before.strip_suffix(b"\r").unwrap_or(before).len()
}

/// Tells whether a header may begin with this line.
fn may_start_header(line: &[u8]) -> bool {
    if line.starts_with(b"From ") || line.starts_with(b">From ") {
        return true;
    }
    match line.iter().position(|byte| *byte == b':') {
        Some(colon) => {
            let name = line.get(..colon).unwrap_or_default().trim_ascii_end();
            !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
        }
        None => false,
    }
}
