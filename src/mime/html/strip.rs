//! HTML with its tags taken off: no layout, one pass, for the search index and as a last resort.

use crate::mime::html::token::{Token, Tokens};

/// Returns the text of HTML; block elements begin new lines.
pub(in crate::mime) fn strip(html: &str) -> String {
    let mut out = String::with_capacity(html.len() / 4);
    let mut has_gap = true;
    for token in Tokens::new(html) {
        match token {
            Token::Text(text) => push_text(&mut out, &mut has_gap, text),
            Token::Open(name, _) | Token::Close(name) if is_block(&name) => {
                if !out.ends_with('\n') {
                    out.truncate(out.trim_end_matches(' ').len());
                    out.push('\n');
                }
                has_gap = true;
            }
            _ => {}
        }
    }
    out
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "br"
            | "tr"
            | "td"
            | "th"
            | "li"
            | "ul"
            | "ol"
            | "table"
            | "blockquote"
            | "pre"
            | "hr"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "dt"
            | "dd"
            | "section"
            | "article"
            | "center"
    )
}

/// Folds white space and resolves the usual character references.
fn push_text(out: &mut String, has_gap: &mut bool, text: &str) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (c, after) = if c == '&' {
            reference(rest)
        } else {
            (c, rest.get(c.len_utf8()..).unwrap_or_default())
        };
        rest = after;
        if c.is_whitespace() {
            if !*has_gap {
                out.push(' ');
            }
            *has_gap = true;
        } else if !is_filler(c) {
            out.push(c);
            *has_gap = false;
        }
    }
}

/// Invisible characters that newsletters pad their preview with.
fn is_filler(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{34F}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}'
    )
}

/// Resolves one character reference at the start of `text`; an unknown one stays an ampersand.
fn reference(text: &str) -> (char, &str) {
    let after = text.get(1..).unwrap_or_default();
    let Some(end) = after.bytes().take(12).position(|byte| byte == b';') else {
        return ('&', after);
    };
    let name = after.get(..end).unwrap_or_default();
    match named(name).or_else(|| numeric(name)) {
        Some(c) => (c, after.get(end + 1..).unwrap_or_default()),
        None => ('&', after),
    }
}

fn numeric(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    char::from_u32(code).filter(|c| *c != '\0')
}

fn named(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "bull" => '•',
        "middot" => '·',
        "euro" => '€',
        "copy" => '©',
        "reg" => '®',
        "laquo" => '«',
        "raquo" => '»',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "auml" => 'ä',
        "ouml" => 'ö',
        "uuml" => 'ü',
        "Auml" => 'Ä',
        "Ouml" => 'Ö',
        "Uuml" => 'Ü',
        "szlig" => 'ß',
        "eacute" => 'é',
        "egrave" => 'è',
        "agrave" => 'à',
        "ccedil" => 'ç',
        "zwnj" | "zwj" | "shy" => '\u{200B}',
        _ => return None,
    })
}
