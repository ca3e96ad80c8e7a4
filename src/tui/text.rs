//! Text in columns: measuring, cutting at graphemes, padding, wrapping, isolating right-to-left text.

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::tui::symbols::Symbols;

/// Returns how many columns a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Cuts a text to `columns`, with a sign where something was cut.
pub fn truncate(text: &str, columns: usize, symbols: &Symbols) -> String {
    if text.len() <= columns || width(text) <= columns {
        return text.to_owned();
    }
    let sign = symbols.ellipsis;
    let Some(room) = columns.checked_sub(width(sign)) else {
        return take(text, columns);
    };
    take(text, room) + sign
}

/// Takes as many graphemes as fit.
fn take(text: &str, columns: usize) -> String {
    let mut used = 0;
    text.graphemes(true)
        .take_while(|grapheme| {
            used += width(grapheme);
            used <= columns
        })
        .collect()
}

/// Cuts or pads to exactly `columns`, text at the left.
pub fn left(text: &str, columns: usize, symbols: &Symbols) -> String {
    let mut cut = truncate(text, columns, symbols);
    let missing = columns.saturating_sub(width(&cut));
    cut.extend(std::iter::repeat_n(' ', missing));
    cut
}

/// Cuts or pads to exactly `columns`, text at the right.
pub fn right(text: &str, columns: usize, symbols: &Symbols) -> String {
    let cut = truncate(text, columns, symbols);
    let missing = columns.saturating_sub(width(&cut));
    " ".repeat(missing) + &cut
}

/// Wraps a line at blanks, long words at graphemes; an empty line stays one line. Blanks at a break go.
pub fn wrap(line: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    if width(line) <= columns {
        return vec![line.to_owned()];
    }
    let mut rows = Vec::new();
    let mut row = String::new();
    let mut used = 0;
    for word in unbreakable(line) {
        let wide = width(word);
        if used + wide > columns && !row.is_empty() {
            rows.push(std::mem::take(&mut row).trim_end().to_owned());
            used = 0;
            if word.trim().is_empty() {
                continue;
            }
        }
        if wide > columns {
            used = push_long(word, columns, &mut row, &mut rows);
        } else {
            row.push_str(word);
            used += wide;
        }
    }
    if !row.is_empty() || rows.is_empty() {
        rows.push(row);
    }
    rows
}

/// Cuts a line into words and blanks; what closes or ends a word stays with it, and so does what opens one.
fn unbreakable(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut before) = (0, "");
    for (place, word) in line.split_word_bound_indices() {
        let opens = is_opening(before) || line.get(start..place) == Some("\"");
        let is_joined = !is_blank(before) && !is_blank(word) && (opens || is_sign(word));
        if place > start && !is_joined {
            words.extend(line.get(start..place));
            start = place;
        }
        before = word;
    }
    words.extend(line.get(start..));
    words
}

fn is_blank(word: &str) -> bool {
    word.chars().all(char::is_whitespace)
}

fn is_opening(word: &str) -> bool {
    matches!(
        word,
        "(" | "["
            | "{"
            | "<"
            | "\u{201c}"
            | "\u{2018}"
            | "\u{201e}"
            | "\u{ab}"
            | "\u{bf}"
            | "\u{a1}"
            | "\u{300c}"
    )
}

/// Tells whether this is no word but a sign that does not open anything. Drawings are neither.
fn is_sign(word: &str) -> bool {
    let is_punctuation = |c: char| {
        c.is_ascii_punctuation()
            || matches!(c, '\u{a0}'..='\u{bf}' | '\u{2010}'..='\u{203e}' | '\u{3001}'..='\u{3011}')
    };
    !is_opening(word) && word.chars().all(is_punctuation)
}

/// Breaks a word that is longer than a row; returns the columns used in the last row.
fn push_long(word: &str, columns: usize, row: &mut String, rows: &mut Vec<String>) -> usize {
    let mut used = width(row);
    for grapheme in word.graphemes(true) {
        let wide = width(grapheme);
        if used + wide > columns && !row.is_empty() {
            rows.push(std::mem::take(row));
            used = 0;
        }
        row.push_str(grapheme);
        used += wide;
    }
    used
}

/// Tells whether a text has letters that run from right to left (Hebrew, Arabic and their kin).
pub fn is_rtl(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(c, '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}'
            | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
    })
}

/// Draws a text at a place, at most `columns` wide, and returns the column after it.
///
/// Right-to-left text is put between isolates, so that a terminal that reorders moves nothing else of the row.
pub fn draw(
    buffer: &mut Buffer,
    (x, y): (u16, u16),
    columns: u16,
    text: &str,
    style: Style,
) -> u16 {
    if y >= buffer.area.bottom() || x >= buffer.area.right() {
        return x;
    }
    let (end, _) = buffer.set_stringn(x, y, text, usize::from(columns), style);
    if end > x && is_rtl(text) {
        isolate(buffer, (x, end.saturating_sub(1)), y);
    }
    end
}

/// Puts FSI into the first and PDI into the last cell of a piece of a row (UAX #9 §2.4).
fn isolate(buffer: &mut Buffer, (first, last): (u16, u16), y: u16) {
    if let Some(cell) = buffer.cell_mut((first, y)) {
        let symbol = format!("\u{2068}{}", cell.symbol());
        cell.set_symbol(&symbol);
    }
    if let Some(cell) = buffer.cell_mut((last, y)) {
        let symbol = format!("{}\u{2069}", cell.symbol());
        cell.set_symbol(&symbol);
    }
}

/// Gives every column of a frame its own cell where a grapheme is made of several spacing characters, as in Indic
/// scripts. A terminal keeps such columns apart, and ratatui would not clear the later ones when the text goes.
pub fn part_clusters(buffer: &mut Buffer) {
    let area = buffer.area;
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            // One character takes at most four bytes.
            let Some(cell) = buffer.cell((x, y)).filter(|cell| cell.symbol().len() > 4) else {
                continue;
            };
            let style = cell.style();
            let parts = spacing_parts(cell.symbol());
            if parts.len() < 2 {
                continue;
            }
            for (place, part) in (x..area.right()).zip(&parts) {
                if let Some(cell) = buffer.cell_mut((place, y)) {
                    cell.set_symbol(part).set_style(style);
                }
            }
        }
    }
}

/// Cuts a grapheme before each character of width 1; in one piece if its width is not the sum of these.
fn spacing_parts(grapheme: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut is_started = false;
    for c in grapheme.chars() {
        let wide = c.width().unwrap_or(0);
        match parts.last_mut() {
            Some(part) if wide == 0 || !is_started => part.push(c),
            _ => parts.push(c.to_string()),
        }
        is_started |= wide > 0;
    }
    let is_even = parts.iter().all(|part| width(part) == 1);
    if is_even && parts.len() == width(grapheme) {
        parts
    } else {
        vec![grapheme.to_owned()]
    }
}

/// Returns a size in bytes for people, at most 6 columns: `912 B`, `84 KB`, `1.2 MB`.
pub fn size(bytes: u64) -> String {
    const KILO: f64 = 1000.0;
    let mut value = bytes as f64;
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    for unit in ["KB", "MB", "GB", "TB"] {
        value /= KILO;
        if value < 9.95 && unit != "KB" {
            return format!("{value:.1} {unit}");
        }
        if value < 999.5 {
            return format!("{value:.0} {unit}");
        }
    }
    format!("{value:.0} TB")
}

/// Returns a count with its thousands set apart: `1,204`.
pub fn count(number: u32) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns `1 message`, `3 messages`.
pub fn plural(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const U: Symbols = Symbols::new(false);

    #[test]
    fn cutting_respects_wide_and_joined_letters() {
        let check = |text: &str, columns: usize, expected: &str| {
            let cut = truncate(text, columns, &U);
            assert_eq!(cut, expected);
            assert!(width(&cut) <= columns);
        };
        check("Invoice", 7, "Invoice");
        check("Invoice", 5, "Invo…");
        check("会议纪要", 5, "会议…");
        check("会议纪要", 4, "会…");
        check("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…");
        check("👩‍👩‍👧 family", 4, "👩‍👩‍👧 …");
        check("abc", 0, "");
    }

    #[test]
    fn padding_is_exact() {
        assert_eq!(left("王", 4, &U), "王  ");
        assert_eq!(right("12", 4, &U), "  12");
        assert_eq!(left("会议纪要", 4, &U), "会… ");
    }

    #[test]
    fn lines_wrap_at_blanks_and_long_words_anywhere() {
        let check = |line: &str, columns, rows: &[&str]| assert_eq!(wrap(line, columns), rows);
        check("one two three", 7, &["one two", "three"]);
        check("", 7, &[""]);
        check("abcdefghij", 4, &["abcd", "efgh", "ij"]);
        check("会议纪要会议", 5, &["会议", "纪要", "会议"]);
        check("the archive; then", 11, &["the", "archive;", "then"]);
        check("see (the end) of it", 8, &["see (the", "end) of", "it"]);
        check(
            "he said \"never\" twice",
            9,
            &["he said", "\"never\"", "twice"],
        );
        check(
            "x <ada@post.example> y",
            18,
            &["x <ada@", "post.example> y"],
        );
        check("会议，纪要。会", 6, &["会议，", "纪要。", "会"]);
    }

    #[test]
    fn sizes_and_counts_read_well() {
        assert_eq!(
            [912, 84_300, 1_240_000, 25_000_000, 999_700].map(size),
            ["912 B", "84 KB", "1.2 MB", "25 MB", "1.0 MB"]
        );
        assert_eq!([7, 1204, 1_000_000].map(count), ["7", "1,204", "1,000,000"]);
    }

    #[test]
    fn right_to_left_text_stands_between_isolates() {
        let area = ratatui::layout::Rect::new(0, 0, 10, 1);
        let mut buffer = Buffer::empty(area);
        draw(&mut buffer, (1, 0), 8, "שלום", Style::new());
        assert_eq!(buffer[(1, 0)].symbol(), "\u{2068}ש");
        assert_eq!(buffer[(4, 0)].symbol(), "ם\u{2069}");
        assert_eq!(buffer[(5, 0)].symbol(), " ");
    }

    #[test]
    fn every_column_of_an_indic_cluster_has_its_own_cell() {
        let area = ratatui::layout::Rect::new(0, 0, 12, 1);
        let mut buffer = Buffer::empty(area);
        draw(&mut buffer, (0, 0), 12, "अनन्या👩‍👩‍👧é王", Style::new());
        part_clusters(&mut buffer);
        let symbols: Vec<_> = (0..9).map(|x| buffer[(x, 0)].symbol()).collect();
        let expected = ["अ", "न", "न\u{94d}", "य", "ा", "👩‍👩‍👧", " ", "é", "王"];
        assert_eq!(symbols, expected);
    }
}
