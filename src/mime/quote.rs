//! Quoted lines: how deep they are, and how to quote a text in an answer.

use unicode_width::UnicodeWidthStr as _;

/// Columns of quoted lines; longer ones are wrapped.
const QUOTE_WIDTH: usize = 76;
/// A word longer than this is never wrapped apart from its line.
const MAX_MARKS: usize = 20;

/// Returns how many quote marks a line begins with (`> > text` is 2).
pub fn quote_depth(line: &str) -> usize {
    let mut depth = 0;
    let mut rest = line;
    loop {
        let inner = rest.strip_prefix(' ').unwrap_or(rest);
        match inner.strip_prefix('>') {
            Some(after) => {
                depth += 1;
                rest = after;
            }
            None => return depth,
        }
    }
}

/// Returns a line without its quote marks and the blank behind them.
fn unquoted(line: &str) -> &str {
    let mut rest = line;
    for _ in 0..quote_depth(line) {
        let inner = rest.strip_prefix(' ').unwrap_or(rest);
        rest = inner.strip_prefix('>').unwrap_or(inner);
    }
    if rest.len() < line.len() {
        rest.strip_prefix(' ').unwrap_or(rest)
    } else {
        rest
    }
}

/// How lines that introduce a quote begin and end in the languages mail programs speak.
const ATTRIBUTION_STARTS: [&str; 9] = [
    "on ", "am ", "le ", "el ", "il ", "op ", "em ", "den ", "w dniu ",
];
const WROTE: [&str; 9] = [
    "wrote:",
    "schrieb:",
    "écrit :",
    "écrit:",
    "escribió:",
    "scritto:",
    "schreef:",
    "escreveu:",
    "skrev:",
];

/// Tells whether a line introduces a quote, such as `On Monday, Bo wrote:`.
pub(in crate::mime) fn is_attribution(line: &str) -> bool {
    let line = line.trim().to_lowercase();
    let is_ended = WROTE.iter().any(|end| line.ends_with(end));
    is_ended || (line.ends_with(':') && line.contains('@') && begins_attribution(&line))
}

/// Tells whether `line` is the first of two lines that introduce a quote together.
pub(in crate::mime) fn is_first_of_attribution(line: &str, next: &str) -> bool {
    begins_attribution(&line.trim().to_lowercase()) && is_attribution(next)
}

fn begins_attribution(lower: &str) -> bool {
    ATTRIBUTION_STARTS
        .iter()
        .any(|start| lower.starts_with(start))
}

/// Quotes a text for an answer: `> ` before each line, long lines wrapped, the signature left out.
pub(in crate::mime) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 20);
    let body = text.trim_end().trim_start_matches('\n');
    for line in body.lines().take_while(|line| *line != "-- ") {
        quote_line(&mut out, line);
    }
    let trimmed = out.trim_end_matches(['\n', '>', ' ']).len();
    // Empty quoted lines at the end (before the signature) say nothing.
    out.truncate(trimmed);
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

fn quote_line(out: &mut String, line: &str) {
    let depth = quote_depth(line).min(MAX_MARKS) + 1;
    let marks = ">".repeat(depth);
    let content = unquoted(line).trim_end();
    let room = QUOTE_WIDTH.saturating_sub(depth + 1);
    if content.is_empty() {
        out.push_str(&marks);
        out.push('\n');
    }
    for piece in wrap(content, room) {
        out.push_str(&marks);
        out.push(' ');
        out.push_str(piece);
        out.push('\n');
    }
}

/// Cuts at blanks into pieces of at most `room` columns; a longer word (an address of a page) stays whole.
fn wrap(line: &str, room: usize) -> Vec<&str> {
    if line.width() <= room {
        return if line.is_empty() {
            Vec::new()
        } else {
            vec![line]
        };
    }
    let mut pieces = Vec::new();
    let (mut start, mut end, mut columns) = (0, 0, 0);
    for word in line.split_inclusive(' ') {
        let width = word.trim_end().width();
        if columns + width > room && end > start {
            pieces.push(line.get(start..end).unwrap_or_default().trim_end());
            (start, columns) = (end, 0);
        }
        end += word.len();
        columns += word.width();
    }
    pieces.push(line.get(start..).unwrap_or_default().trim_end());
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_marks_with_and_without_blanks() {
        for (line, depth) in [
            ("", 0),
            ("a > b", 0),
            ("> a", 1),
            (">> a", 2),
            ("> > > a", 3),
            (" > a", 1),
            (">", 1),
        ] {
            assert_eq!(quote_depth(line), depth, "{line:?}");
        }
    }

    #[test]
    fn quoting_wraps_and_leaves_the_signature_out() {
        let text = format!("Hi\n\n> old\n{}\nbye\n\n-- \nBo\n", "word ".repeat(20));
        let quoted = quote(&text);
        assert!(
            quoted.starts_with("> Hi\n>\n>> old\n> word word"),
            "{quoted}"
        );
        assert!(quoted.ends_with("\n> bye\n"), "{quoted}");
        assert!(quoted.lines().all(|line| line.len() <= 76));
    }

    #[test]
    fn a_long_word_stays_whole() {
        let url = format!("https://x.com/{}", "a".repeat(100));
        assert_eq!(
            quote(&format!("see {url} now")),
            format!("> see\n> {url}\n> now\n")
        );
    }

    #[test]
    fn attributions_are_known_in_several_languages() {
        for line in [
            "On 2026-03-12 14:32, Jörg Müller wrote:",
            "Am 12.03.2026 um 14:32 schrieb Jörg <j@x.com>:",
            "Le 12/03/2026, Ana a écrit :",
        ] {
            assert!(is_attribution(line), "{line}");
        }
        assert!(!is_attribution("On Monday we meet:"));
        assert!(is_first_of_attribution(
            "On Thu, Mar 12, 2026 at 2:32 PM Ana <ana@x.com>",
            "wrote:"
        ));
        assert!(!is_first_of_attribution("On Monday we meet", "at noon"));
    }
}
