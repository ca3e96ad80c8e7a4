//! The tree of MIME parts, as ranges of bytes in the message (RFC 2046).

use std::ops::Range;

use super::headers::{split, value};

/// Deeper parts are shown as text.
const MAX_DEPTH: usize = 16;
/// Further parts are left out.
const MAX_PARTS: usize = 200;

/// What a part holds.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Text, a picture, a file.
    Leaf,
    /// Other parts.
    Multipart(Vec<Part>),
    /// A whole message.
    Message(Box<Part>),
}

/// One part.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its header in the message, with the empty line.
    pub header: Range<usize>,
    /// Its body in the message.
    pub body: Range<usize>,
    /// Type in lower case: `text`.
    pub media: String,
    /// Subtype in lower case: `plain`.
    pub subtype: String,
    /// Parameters of the type.
    pub parameters: Vec<(String, String)>,
    /// What it holds.
    pub kind: Kind,
}

impl Part {
    /// Returns a parameter of the type.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Returns the part with the IMAP part number (RFC 3501 §6.4.5); a single-part message has one part, itself.
    pub fn by_number(&self, number: &[u32]) -> Option<&Self> {
        let Some((first, rest)) = number.split_first() else {
            return Some(self);
        };
        let children: &[Self] = match &self.kind {
            Kind::Multipart(parts) => parts,
            Kind::Leaf => std::slice::from_ref(self),
            Kind::Message(message) => return message.by_number(number),
        };
        let child = children.get(usize::try_from(first.checked_sub(1)?).ok()?)?;
        if rest.is_empty() {
            return Some(child);
        }
        match &child.kind {
            Kind::Leaf => None,
            _ => child.by_number(rest),
        }
    }
}

/// Reads the structure of a message.
pub fn parse(message: &[u8]) -> Part {
    parse_range(message, 0..message.len(), MAX_DEPTH)
}

fn parse_range(message: &[u8], range: Range<usize>, depth: usize) -> Part {
    let bytes = message.get(range.clone()).unwrap_or_default();
    let (head, _) = split(bytes);
    let header = range.start..range.start + head.len();
    let body = header.end..range.end;
    let content_type = value(head, "Content-Type").unwrap_or_else(|| "text/plain".to_owned());
    let (kind_of, parameters) = read_parameters(&content_type);
    let (media, subtype) = kind_of.split_once('/').unwrap_or(("text", "plain"));
    let mut part = Part {
        header,
        body: body.clone(),
        media: media.trim().to_ascii_lowercase(),
        subtype: subtype.trim().to_ascii_lowercase(),
        parameters,
        kind: Kind::Leaf,
    };
    if depth == 0 {
        return part;
    }
    if part.media == "multipart" {
        let ranges = part
            .parameter("boundary")
            .map(|boundary| cut(message, &body, boundary))
            .unwrap_or_default();
        let parts: Vec<Part> = ranges
            .into_iter()
            .map(|range| parse_range(message, range, depth - 1))
            .collect();
        if !parts.is_empty() {
            part.kind = Kind::Multipart(parts);
        }
    } else if part.media == "message" && part.subtype == "rfc822" {
        part.kind = Kind::Message(Box::new(parse_range(message, body, depth - 1)));
    }
    part
}

/// Reads `type/subtype; name=value; name="value"`.
pub fn read_parameters(text: &str) -> (String, Vec<(String, String)>) {
    let mut pieces = text.split(';');
    let first = pieces.next().unwrap_or_default().trim().to_owned();
    let parameters = pieces
        .filter_map(|piece| piece.split_once('='))
        .map(|(name, value)| {
            let value = value.trim().trim_matches('"');
            (name.trim().to_ascii_lowercase(), value.to_owned())
        })
        .collect();
    (first, parameters)
}

/// Returns the ranges between boundary lines.
fn cut(message: &[u8], body: &Range<usize>, boundary: &str) -> Vec<Range<usize>> {
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut start = None;
    let mut at = body.start;
    while at < body.end && parts.len() < MAX_PARTS {
        let rest = message.get(at..body.end).unwrap_or_default();
        let line_end = rest
            .windows(2)
            .position(|window| window == b"\r\n")
            .map_or(body.end, |found| at + found + 2);
        if rest.starts_with(delimiter.as_bytes()) {
            if let Some(start) = start {
                // The line end before a boundary belongs to the boundary.
                parts.push(start..at.saturating_sub(2).max(start));
            }
            let after = rest.get(delimiter.len()..).unwrap_or_default();
            if after.starts_with(b"--") {
                return parts;
            }
            start = Some(line_end);
        }
        at = line_end;
    }
    if let Some(start) = start {
        parts.push(start..body.end);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &[u8] = b"Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n\
        Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\none\r\n--c\r\n\
        Content-Type: text/html\r\n\r\n<p>two\r\n--c--\r\n--b\r\nContent-Type: image/png\r\n\r\nP\r\n--b--\r\n";

    #[test]
    fn parts_are_found_by_their_imap_number() {
        let root = parse(MIXED);
        let check = |number: &[u32], expected: Option<&[u8]>| {
            let part = root.by_number(number);
            assert_eq!(part.and_then(|p| MIXED.get(p.body.clone())), expected);
        };
        check(&[1, 1], Some(b"one"));
        check(&[1, 2], Some(b"<p>two"));
        check(&[2], Some(b"P"));
        check(&[2, 1], None);
        check(&[3], None);
        check(&[0], None);
    }

    #[test]
    fn a_single_part_message_has_one_part() {
        let message = b"A: b\r\n\r\ntext";
        let root = parse(message);
        assert_eq!(root.by_number(&[1]).map(|p| p.body.clone()), Some(8..12));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes: Vec<u8>, tail: Vec<u8>) {
            let mut message = b"Content-Type: multipart/x; boundary=a\r\n\r\n--a\r\n".to_vec();
            message.extend_from_slice(&tail);
            for message in [bytes, message] {
                let root = parse(&message);
                assert!(root.body.end <= message.len());
                let _ = crate::demo::message::plain_text(&message);
            }
        }
    }
}
