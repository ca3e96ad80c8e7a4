//! Finds how much of what has arrived can be read now without looking at what comes next.
//!
//! Only looks for ends of markup; what the markup says is read elsewhere.

use super::read::Flaw;

/// Returns how many bytes end where markup ends, or inside of text where it may be cut. `held` begins outside markup.
pub(super) fn safe_cut(held: &[u8]) -> Result<usize, Flaw> {
    let mut at = 0;
    loop {
        let rest = held.get(at..).unwrap_or_default();
        let Some(open) = rest.iter().position(|byte| *byte == b'<') else {
            return Ok(at + text_cut(rest));
        };
        let markup = rest.get(open..).unwrap_or_default();
        match markup_length(markup)? {
            Some(length) => at += open + length,
            None => return Ok(at + open),
        }
    }
}

/// Returns the length of the markup at the beginning; nothing where its end has not come.
fn markup_length(markup: &[u8]) -> Result<Option<usize>, Flaw> {
    const COMMENT: &[u8] = b"<!--";
    const CDATA: &[u8] = b"<![CDATA[";
    let until = |begin: &[u8], end: &[u8]| {
        let rest = markup.get(begin.len()..).unwrap_or_default();
        let found = rest.windows(end.len()).position(|window| window == end);
        Ok(found.map(|at| begin.len() + at + end.len()))
    };
    if markup.starts_with(COMMENT) {
        return until(COMMENT, b"-->");
    }
    if markup.starts_with(CDATA) {
        return until(CDATA, b"]]>");
    }
    if markup.starts_with(b"<?") {
        return until(b"<?", b"?>");
    }
    if markup.starts_with(b"<!") {
        let may_become = COMMENT.starts_with(markup) || CDATA.starts_with(markup);
        return if may_become {
            Ok(None)
        } else {
            Err(Flaw::Doctype)
        };
    }
    Ok(tag_length(markup))
}

/// Returns the length of a tag; a `>` inside of quotes does not end it.
fn tag_length(tag: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in tag.iter().enumerate() {
        match (quote, *byte) {
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'>') => return Some(at + 1),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// Returns how much of a text can go: a reference or a character at its end may be half there.
fn text_cut(text: &[u8]) -> usize {
    /// The longest reference worth waiting for.
    const REFERENCE: usize = 16;
    let tail = text.len().saturating_sub(REFERENCE);
    let last = text.get(tail..).unwrap_or_default();
    let open = last.iter().rposition(|byte| *byte == b'&');
    if let Some(open) = open.filter(|open| !last.iter().skip(*open).any(|byte| *byte == b';')) {
        return tail + open;
    }
    // A character has at most four bytes; its first is not a continuation.
    let start = text.iter().rposition(|byte| byte & 0xC0 != 0x80);
    let Some(start) = start.filter(|start| text.len() - start < 4) else {
        return text.len();
    };
    let wanted = match text.get(start) {
        Some(0xC0..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF7) => 4,
        _ => 1,
    };
    if text.len() - start < wanted {
        start
    } else {
        text.len()
    }
}
