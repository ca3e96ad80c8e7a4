//! The one place where text from servers, messages and files loses what could harm a terminal.
//!
//! Everything drawn or printed passes here first (design A6).

/// Makes one safe line: control and escape characters become blanks or vanish, bidi overrides become marks.
pub fn sanitize_line(text: &str) -> String {
    // Most text of mail is plain, and every header of every message passes here.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' | '\n' | '\r' => line.push(' '),
            c => push_safe(&mut line, c),
        }
    }
    line
}

/// Makes safe text of several lines: like [`sanitize_line`], but keeps `\n` and widens tabs to 4 blanks.
pub fn sanitize_block(text: &str) -> String {
    let mut block = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => block.push('\n'),
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    block.push('\n');
                }
            }
            '\t' => block.push_str("    "),
            c => push_safe(&mut block, c),
        }
    }
    block
}

/// Pushes `c` if it is harmless, a visible mark if it would reorder text, nothing if it is a control.
fn push_safe(out: &mut String, c: char) {
    match c {
        // Overrides and embeddings can make "gpj.exe" read "exe.jpg"; a mark shows that one was there.
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => out.push('\u{FFFD}'),
        // Invisible fillers and tags carry hidden text; line and paragraph separators break rows.
        '\u{2028}' | '\u{2029}' => out.push(' '),
        '\u{FEFF}' | '\u{E0000}'..='\u{E007F}' | '\u{FFF9}'..='\u{FFFB}' => {}
        c if c.is_control() => {}
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_never_survive() {
        assert_eq!(sanitize_line("a\u{1b}[31mred\u{7}\u{9b}2J\0"), "a[31mred2J");
        assert_eq!(sanitize_line("one\r\ntwo\tthree"), "one  two three");
    }

    #[test]
    fn bidi_overrides_become_marks() {
        assert_eq!(
            sanitize_line("invoice\u{202E}fdp.exe"),
            "invoice\u{FFFD}fdp.exe"
        );
    }

    #[test]
    fn blocks_keep_lines_and_widen_tabs() {
        assert_eq!(sanitize_block("a\r\nb\rc\td\u{1b}"), "a\nb\nc    d");
    }
}
