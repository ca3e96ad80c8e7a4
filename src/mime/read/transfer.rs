//! Transfer encodings and charsets, undone as far as possible: broken input loses only its broken pieces.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;

use crate::mime::read::header::windows_1252;
use crate::mime::read::part_type::{Encoding, PartType};

/// Undoes the transfer encoding.
pub(in crate::mime) fn decode(encoding: Encoding, bytes: &[u8]) -> Cow<'_, [u8]> {
    match encoding {
        Encoding::Identity => Cow::Borrowed(bytes),
        Encoding::Base64 => Cow::Owned(base64(bytes)),
        Encoding::QuotedPrintable => Cow::Owned(quoted_printable(bytes)),
    }
}

/// Returns the decoded size without decoding where that is possible.
pub(in crate::mime) fn decoded_len(encoding: Encoding, bytes: &[u8]) -> usize {
    match encoding {
        Encoding::Identity => bytes.len(),
        Encoding::Base64 => bytes.iter().filter(|byte| sextet(**byte).is_some()).count() * 3 / 4,
        Encoding::QuotedPrintable => quoted_printable(bytes).len(),
    }
}

/// Decodes base64 (RFC 4648); noise is passed over, padding ends a group.
fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let (mut group, mut count) = (0_u32, 0);
    for byte in bytes {
        if let Some(value) = sextet(*byte) {
            group = group << 6 | u32::from(value);
            count += 1;
            if count == 4 {
                out.extend(group.to_be_bytes().into_iter().skip(1));
                (group, count) = (0, 0);
            }
        } else if *byte == b'=' {
            push_rest(&mut out, group, count);
            (group, count) = (0, 0);
        }
    }
    push_rest(&mut out, group, count);
    out
}

/// Two digits hold one byte, three hold two.
fn push_rest(out: &mut Vec<u8>, group: u32, count: usize) {
    let whole = group << (6 * (4 - count.clamp(1, 4)));
    out.extend(
        whole
            .to_be_bytes()
            .into_iter()
            .skip(1)
            .take(count.saturating_sub(1)),
    );
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Decodes quoted-printable (RFC 2045 §6.7); what is no escape stays as it is.
fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii_end();
        let end = line.get(text.len()..).unwrap_or_default();
        let has_line_end = end.ends_with(b"\n");
        if let Some(soft) = text.strip_suffix(b"=") {
            unescape(soft, &mut out);
        } else {
            unescape(text, &mut out);
            if has_line_end {
                out.extend_from_slice(if end.ends_with(b"\r\n") {
                    b"\r\n"
                } else {
                    b"\n"
                });
            }
        }
    }
    out
}

fn unescape(line: &[u8], out: &mut Vec<u8>) {
    let mut rest = line;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte == b'='
            && let [high, low, tail @ ..] = after
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            out.push(high << 4 | low);
            rest = tail;
        } else {
            out.push(*byte);
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Decodes a text part to characters: transfer encoding, then charset, with a good guess where the label is wrong.
pub(in crate::mime) fn text(kind: &PartType, body: &[u8]) -> String {
    let bytes = decode(kind.encoding, body);
    if kind.charset.is_empty()
        && kind.media_type == "text/html"
        && let Some(charset) = meta_charset(&bytes)
    {
        return characters(&charset, &bytes);
    }
    characters(&kind.charset, &bytes)
}

/// Decodes characters of a named charset.
pub(in crate::mime) fn characters(charset: &str, bytes: &[u8]) -> String {
    // Labels that programs write without looking; what is UTF-8 all the same, is UTF-8.
    let is_loose = matches!(
        charset,
        "" | "utf-8"
            | "utf8"
            | "us-ascii"
            | "ascii"
            | "iso-8859-1"
            | "latin1"
            | "windows-1252"
            | "unknown-8bit"
            | "x-unknown"
            | "default"
            | "binary"
            | "8bit"
    );
    let decoder = charset_decoder(charset.as_bytes());
    match decoder {
        Some(decode) if !is_loose && !charset.is_empty() => decode(bytes),
        _ => guess(bytes),
    }
}

/// UTF-8, UTF-8 with a few bad bytes, or Windows-1252.
fn guess(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if looks_like_utf8(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Err(_) => windows_1252(bytes),
    }
}

/// Tells whether there are more whole UTF-8 characters beyond ASCII than bad pieces.
fn looks_like_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad
}

/// Finds `charset=` in the first bytes of an HTML part.
fn meta_charset(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..1024).unwrap_or(bytes).to_ascii_lowercase();
    let at = head.windows(8).position(|window| window == b"charset=")?;
    let value = head.get(at + 8..)?;
    let name: String = value
        .iter()
        .map(|byte| char::from(*byte))
        .skip_while(|c| matches!(c, '"' | '\'' | ' '))
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .take(40)
        .collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn broken_base64_keeps_what_is_whole() {
        assert_eq!(base64(b"SGVs\r\nbG8="), b"Hello");
        assert_eq!(base64(b"SGVs!!\x00bG8"), b"Hello");
        assert_eq!(base64(b"SGk=SGk="), b"HiHi");
        assert_eq!(base64(b"===A"), b"");
    }

    #[test]
    fn broken_quoted_printable_keeps_what_is_no_escape() {
        assert_eq!(
            quoted_printable(b"a=3D=C3=A4 =\r\nb=ZZ 50% = x=  \nend="),
            "a=ä b=ZZ 50% = xend".as_bytes()
        );
        assert_eq!(
            quoted_printable(b"blanks go   \r\n.\n"),
            b"blanks go\r\n.\n"
        );
    }

    #[test]
    fn wrong_labels_are_seen_through() {
        assert_eq!(characters("iso-8859-1", "naïve".as_bytes()), "naïve");
        assert_eq!(characters("us-ascii", b"na\xefve \x93hi\x94"), "naïve “hi”");
        assert_eq!(characters("utf-8", b"Gr\xfc\xdfe"), "Grüße");
        assert_eq!(
            characters("utf-8", "ääää\u{e9}".as_bytes().split_last().unwrap().1),
            "ääää\u{fffd}"
        );
        assert_eq!(characters("x-martian", b"plain"), "plain");
        assert_eq!(characters("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4"), "Привет");
    }

    proptest! {
        #[test]
        fn base64_reads_what_it_should(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            use base64::Engine as _;
            let encoded = base64::engine::general_purpose::STANDARD.encode(&bytes);
            prop_assert_eq!(decoded_len(Encoding::Base64, encoded.as_bytes()), bytes.len());
            prop_assert_eq!(super::base64(encoded.as_bytes()), bytes);
        }

        #[test]
        fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), charset in "[a-z0-9-]{0,50}") {
            base64(&bytes);
            quoted_printable(&bytes);
            characters(&charset, &bytes);
        }
    }
}
