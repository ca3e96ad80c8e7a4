//! Finds where what has arrived may be cut: nowhere inside a reference or a character of several bytes.
//!
//! Only looks at the end; what markup says, and whether it is complete, is read elsewhere.

/// Returns how many bytes can be read without looking at what comes next, except for markup that is not complete.
pub(super) fn safe_cut(bytes: &[u8]) -> usize {
    let after = bytes.iter().rposition(|byte| *byte == b'>');
    let start = after.map_or(0, |at| at + 1);
    let text = bytes.get(start..).unwrap_or_default();
    match text.iter().position(|byte| *byte == b'<') {
        Some(open) => start + open,
        None => start + text_cut(text),
    }
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
