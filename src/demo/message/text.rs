//! The text of a message as a person would quote it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::headers::value;
use super::parts::{Kind, Part, parse};

/// Undoes a content transfer encoding; what can't be undone comes back as it is.
pub fn decode_transfer(encoding: &str, body: &[u8]) -> Vec<u8> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => {
            let compact: Vec<u8> = body
                .iter()
                .copied()
                .filter(|byte| !byte.is_ascii_whitespace())
                .collect();
            STANDARD.decode(&compact).unwrap_or(compact)
        }
        "quoted-printable" => decode_quoted(body),
        _ => body.to_vec(),
    }
}

/// Returns the first plain text of a message, decoded, with `\n` line ends; HTML loses its tags.
pub fn plain_text(message: &[u8]) -> String {
    let root = parse(message);
    if let Some(part) = find(&root, "plain") {
        return part_text(message, part);
    }
    find(&root, "html")
        .map(|part| strip_tags(&part_text(message, part)))
        .unwrap_or_default()
}

fn find<'a>(part: &'a Part, subtype: &str) -> Option<&'a Part> {
    match &part.kind {
        Kind::Leaf => (part.media == "text" && part.subtype == subtype).then_some(part),
        Kind::Multipart(parts) => parts.iter().find_map(|part| find(part, subtype)),
        Kind::Message(message) => find(message, subtype),
    }
}

/// Returns the text of a part, decoded, with `\n` line ends.
pub fn part_text(message: &[u8], part: &Part) -> String {
    let charset = part.parameter("charset").unwrap_or("utf-8");
    decode_charset(charset, &part_bytes(message, part)).replace("\r\n", "\n")
}

/// Returns what a part holds, without its transfer encoding.
pub fn part_bytes(message: &[u8], part: &Part) -> Vec<u8> {
    let header = message.get(part.header.clone()).unwrap_or_default();
    let body = message.get(part.body.clone()).unwrap_or_default();
    let encoding = value(header, "Content-Transfer-Encoding").unwrap_or_default();
    decode_transfer(&encoding, body)
}

/// Reads UTF-8, and Latin-1 where the charset says so; that is enough for quoting.
pub fn decode_charset(charset: &str, bytes: &[u8]) -> String {
    match charset.to_ascii_lowercase().as_str() {
        "iso-8859-1" | "iso-8859-15" | "windows-1252" => {
            bytes.iter().map(|byte| char::from(*byte)).collect()
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn decode_quoted(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte != b'=' {
            out.push(*byte);
        } else if let Some(after) = tail.strip_prefix(b"\r\n") {
            rest = after;
        } else if let Some((digits, after)) = tail.split_at_checked(2) {
            match super::words::hex(digits) {
                Some(value) => {
                    out.push(value);
                    rest = after;
                }
                None => out.push(b'='),
            }
        }
    }
    out
}

/// Returns the text between the tags.
pub fn strip_tags(html: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for c in html.chars() {
        match c {
            '<' => is_tag = true,
            '>' => is_tag = false,
            c if !is_tag => text.push(c),
            _ => {}
        }
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfer_encodings_are_undone() {
        let check = |encoding, body: &[u8], expected: &[u8]| {
            assert_eq!(decode_transfer(encoding, body), expected, "{encoding}");
        };
        check("BASE64", b"aGVs\r\nbG8=\r\n", b"hello");
        check("quoted-printable", b"a=3Db=\r\nc=", b"a=bc");
        check("8bit", b"as is", b"as is");
    }

    #[test]
    fn plain_text_wins_over_html_and_html_loses_tags() {
        let html = b"Content-Type: text/html; charset=iso-8859-1\r\n\r\n<p>Gr\xfc\xdfe</p>\r\n";
        assert_eq!(plain_text(html), "Grüße");
        let plain = b"Content-Transfer-Encoding: quoted-printable\r\n\r\nJ=C3=B6rg";
        assert_eq!(plain_text(plain), "Jörg");
    }
}
