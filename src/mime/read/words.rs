//! Encoded words (RFC 2047) that belong together: characters cut in two by careless programs are made whole.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;

use crate::mime::read::transfer::characters;

const WORD_START: [u8; 2] = *b"=?";
const WORD_END: [u8; 2] = *b"?=";

/// Rewrites runs of encoded words of one charset as single words in UTF-8, so that each decodes by itself.
///
/// RFC 2047 §5 (3) forbids to cut a character; many programs do, and one word at a time then decodes to marks.
pub(in crate::mime) fn join_words(value: &[u8]) -> Cow<'_, [u8]> {
    if !needs_rewriting(value) {
        return Cow::Borrowed(value);
    }
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = find(rest, WORD_START) {
        let (before, from_word) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        out.extend_from_slice(before);
        rest = if let Some((text, after)) = take_run(from_word) {
            push_word(&mut out, &text);
            after
        } else {
            out.extend_from_slice(b"=?");
            from_word.get(2..).unwrap_or_default()
        };
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// Finds `=?` or `?=`, looking for the rarer byte of the two first: most values hold neither.
fn find(haystack: &[u8], needle: [u8; 2]) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = haystack.get(from..)?;
        let equals = from + rest.iter().position(|byte| *byte == b'=')?;
        let start = if needle == WORD_START {
            Some(equals)
        } else {
            equals.checked_sub(1)
        };
        if let Some(start) = start
            && haystack.get(start..start + 2) == Some(&needle)
        {
            return Some(start);
        }
        from = equals + 1;
    }
}

/// Tells whether there are words side by side, or one of a charset that mail-parser does not know by name.
fn needs_rewriting(value: &[u8]) -> bool {
    let mut rest = value;
    let mut is_behind_word = false;
    while let Some(at) = find(rest, WORD_START) {
        let (before, word) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        if is_behind_word && before.trim_ascii() == b"?=" {
            return true;
        }
        let after = word.get(2..).unwrap_or_default();
        let mut pieces = after.splitn(3, |byte| *byte == b'?');
        let charset = pieces.next().unwrap_or_default();
        let is_utf8 = charset.eq_ignore_ascii_case(b"utf-8");
        if !is_utf8 && charset_decoder(charset).is_none() {
            return true;
        }
        let data = pieces.nth(1).unwrap_or_default();
        let end = find(data, WORD_END).unwrap_or(data.len());
        rest = data.get(end..).unwrap_or_default();
        is_behind_word = true;
    }
    false
}

/// One encoded word: charset in lower case without language, decoded bytes.
struct Word {
    charset: Vec<u8>,
    bytes: Vec<u8>,
}

/// Takes a run of words of one charset and decodes it as a whole.
fn take_run(from: &[u8]) -> Option<(String, &[u8])> {
    let (first, mut rest) = take_word(from)?;
    let mut bytes = first.bytes;
    loop {
        let next = rest.trim_ascii_start();
        match take_word(next) {
            Some((word, after)) if word.charset == first.charset => {
                bytes.extend_from_slice(&word.bytes);
                rest = after;
            }
            _ => break,
        }
    }
    let charset = String::from_utf8_lossy(&first.charset);
    Some((characters(&charset, &bytes), rest))
}

/// Takes one word `=?charset?B|Q?data?=`; `None` when there is no whole one.
fn take_word(from: &[u8]) -> Option<(Word, &[u8])> {
    let mut pieces = from.strip_prefix(b"=?")?.splitn(4, |byte| *byte == b'?');
    let (charset, encoding) = (pieces.next()?, pieces.next()?);
    let (data, after) = (pieces.next()?, pieces.next()?.strip_prefix(b"=")?);
    let is_plain = charset.iter().chain(data).all(|byte| *byte != b'\n');
    if charset.is_empty() || !is_plain {
        return None;
    }
    let bytes = match encoding {
        b"b" | b"B" => base64_decode(data)?,
        b"q" | b"Q" => decode_q(data)?,
        _ => return None,
    };
    let charset = charset.split(|byte| *byte == b'*').next()?;
    let charset = charset.to_ascii_lowercase();
    Some((Word { charset, bytes }, after))
}

/// Decodes the Q encoding of RFC 2047 §4.2.
fn decode_q(data: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len());
    let mut bytes = data.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'_' => out.push(b' '),
            b'=' => out.push(hex(*bytes.next()?)? * 16 + hex(*bytes.next()?)?),
            byte => out.push(*byte),
        }
    }
    Some(out)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

fn push_word(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(b"=?utf-8?B?");
    out.extend_from_slice(STANDARD.encode(text).as_bytes());
    out.extend_from_slice(b"?=");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::read::header::text;

    fn check(raw: &str, expected: &str) {
        assert_eq!(text(raw.as_bytes(), 200), expected, "{raw:?}");
    }

    #[test]
    fn a_character_cut_in_two_is_made_whole() {
        check("=?utf-8?B?w6TD?=\r\n =?utf-8?B?tg==?= x", "äö x");
        check("=?UTF-8?Q?=C3?= =?utf-8?q?=A4?=", "ä");
    }

    #[test]
    fn words_of_other_charsets_stay_apart() {
        check(
            "=?iso-8859-1?Q?=E4?= =?utf-8?Q?=C3=B6?= and =?utf-8?Q?a?= b",
            "äö and a b",
        );
    }

    #[test]
    fn wrong_labels_are_seen_through() {
        check("=?x-martian?Q?caf=E9?= x", "café x");
        check("=?utf-8?Q?caf=E9_?= =?utf-8?Q?x?=", "café x");
    }

    #[test]
    fn broken_words_are_left_as_they_are() {
        check("=?utf-8?B?w6T?= =? ?= =?x", "ä =? ?= =?x");
        assert_eq!(join_words(b"plain"), Cow::Borrowed(b"plain"));
    }
}
