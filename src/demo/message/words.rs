//! Encoded words in header fields (RFC 2047).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::text::decode_charset;
use crate::mime::header_text;

/// The charset that is read here.
const OWN: &str = "utf-8";

/// Writes text for a header: as it is when it is ASCII, else as encoded words of UTF-8 in base64.
pub fn encode_word(text: &str) -> String {
    if text.is_ascii() && !text.contains("=?") {
        return text.to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    let mut piece = String::new();
    for c in text.chars() {
        // 45 bytes become 60 letters; with the frame that stays below 75.
        if piece.len() + c.len_utf8() > 42 {
            words.push(frame(&piece));
            piece.clear();
        }
        piece.push(c);
    }
    words.push(frame(&piece));
    words.join("\r\n ")
}

fn frame(piece: &str) -> String {
    format!("=?utf-8?B?{}?=", STANDARD.encode(piece))
}

/// Reads a header value with encoded words; what can't be read stays as it is. What is of another charset than UTF-8,
/// or cut within a character, is read as the program reads it.
pub fn decode_words(value: &str) -> String {
    let own = decode(value);
    if is_whole(value) && !own.contains('\u{FFFD}') {
        return own;
    }
    header_text(value)
}

/// Tells whether all encoded words are of charsets that are known here.
fn is_whole(value: &str) -> bool {
    let words = value.split("=?").skip(1);
    let mut charsets = words.filter_map(|word| Some(word.split_once('?')?.0));
    charsets.all(|charset| charset.eq_ignore_ascii_case(OWN))
}

fn decode(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    let mut is_after_word = false;
    while let Some(start) = rest.find("=?") {
        let (before, from_word) = rest.split_at_checked(start).unwrap_or((rest, ""));
        let Some((text, after)) = read_word(from_word) else {
            out.push_str(before);
            out.push_str("=?");
            rest = from_word.get(2..).unwrap_or_default();
            is_after_word = false;
            continue;
        };
        // Blanks between two encoded words only fold the line.
        if !is_after_word || !before.trim().is_empty() {
            out.push_str(before);
        }
        out.push_str(&text);
        rest = after;
        is_after_word = true;
    }
    out.push_str(rest);
    out
}

/// Reads `=?charset?B?text?=` at the start and returns its text and what follows.
fn read_word(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix("=?")?;
    let (charset, inner) = inner.split_once('?')?;
    let (encoding, inner) = inner.split_once('?')?;
    let (word, after) = inner.split_once("?=")?;
    let bytes = match encoding {
        "B" | "b" => STANDARD.decode(word).ok()?,
        "Q" | "q" => decode_q(word.as_bytes()),
        _ => return None,
    };
    Some((decode_charset(charset, &bytes), after))
}

fn decode_q(word: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = word;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail.split_at_checked(2)) {
            (b'_', _) => out.push(b' '),
            (b'=', Some((digits, after))) if hex(digits).is_some() => {
                out.extend(hex(digits));
                rest = after;
            }
            (byte, _) => out.push(*byte),
        }
    }
    out
}

/// Reads two hexadecimal digits.
pub fn hex(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    u8::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_both_encodings() {
        let check = |value, expected| assert_eq!(decode_words(value), expected);
        check("=?utf-8?B?SsO2cmc=?= M.", "Jörg M.");
        check(
            "=?ISO-8859-1?Q?Gr=FC=DFe_aus?=\t=?iso-8859-1?q?_Kiel?=",
            "Grüße aus Kiel",
        );
        check("a =? b", "a =? b");
        check("=?utf-8?X?a?=", "=?utf-8?X?a?=");
    }

    #[test]
    fn written_words_can_be_read_again() {
        let text = "会議の件：潮時計 Nr. 7 — „Grüße“ aus dem Leuchtturm 🗼 und noch mehr Text";
        let written = encode_word(text);
        assert!(written.split("\r\n").all(|line| line.len() <= 76));
        assert_eq!(decode_words(&written.replace("\r\n", "")), text);
        assert_eq!(encode_word("plain"), "plain");
    }
}
