//! Charsets and transfer encodings, in the variety that real mail has.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A charset to write in, where the text fits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Charset {
    /// UTF-8.
    Utf8,
    /// ISO 8859-1.
    Latin1,
    /// Windows-1252.
    Windows1252,
}

/// A transfer encoding to write in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transfer {
    /// quoted-printable.
    QuotedPrintable,
    /// base64.
    Base64,
    /// 8bit, or 7bit when the text is ASCII; quoted-printable when lines are too long.
    Plain,
}

/// Text ready for the body of a part.
pub struct Encoded {
    /// For Content-Type.
    pub charset: &'static str,
    /// For Content-Transfer-Encoding.
    pub transfer: &'static str,
    /// Lines with CRLF.
    pub body: String,
}

/// Writes text of `\n` lines.
pub fn encode_text(text: &str, (charset, transfer): (Charset, Transfer)) -> Encoded {
    let text = text.replace('\n', "\r\n") + "\r\n";
    let (charset, bytes) = in_charset(&text, charset);
    let is_short = text.split("\r\n").all(|line| line.len() < 900);
    match transfer {
        // A body is text here, so only UTF-8 can go as it is.
        Transfer::Plain if is_short && (text.is_ascii() || charset == "utf-8") => Encoded {
            charset: if text.is_ascii() { "us-ascii" } else { charset },
            transfer: if text.is_ascii() { "7bit" } else { "8bit" },
            body: text,
        },
        Transfer::Base64 => Encoded {
            charset,
            transfer: "base64",
            body: base64_lines(&bytes),
        },
        Transfer::Plain | Transfer::QuotedPrintable => Encoded {
            charset,
            transfer: "quoted-printable",
            body: quoted(&bytes),
        },
    }
}

/// Writes a subject as encoded words in the mail's charset.
pub fn subject(text: &str, (charset, transfer): (Charset, Transfer)) -> String {
    let (charset, bytes) = in_charset(text, charset);
    if charset == "utf-8" && transfer != Transfer::QuotedPrintable {
        return crate::demo::message::encode_word(text);
    }
    let frame = charset.len() + 7;
    let mut words = vec![String::new()];
    // A character of several bytes must not be torn apart (RFC 2047 §5).
    let mut units: Vec<String> = Vec::new();
    for byte in bytes {
        let piece = match byte {
            b' ' => "_".to_owned(),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            byte => format!("={byte:02X}"),
        };
        let is_tail = charset == "utf-8" && (0x80..0xC0).contains(&byte);
        match units.last_mut() {
            Some(unit) if is_tail => unit.push_str(&piece),
            _ => units.push(piece),
        }
    }
    for unit in units {
        if words
            .last()
            .is_some_and(|word| word.len() + unit.len() + frame > 74)
        {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push_str(&unit);
        }
    }
    let words: Vec<String> = words
        .iter()
        .map(|word| format!("=?{charset}?Q?{word}?="))
        .collect();
    words.join("\r\n ")
}

/// Returns the bytes in the wished charset if every character is in it, else in UTF-8.
fn in_charset(text: &str, charset: Charset) -> (&'static str, Vec<u8>) {
    let (name, bytes): (_, Option<Vec<u8>>) = match charset {
        Charset::Utf8 => ("utf-8", None),
        Charset::Latin1 => {
            let bytes = text
                .chars()
                .map(|c| u8::try_from(u32::from(c)).ok())
                .collect();
            ("iso-8859-1", bytes)
        }
        Charset::Windows1252 => ("windows-1252", text.chars().map(windows_1252).collect()),
    };
    match bytes {
        Some(bytes) => (name, bytes),
        None => ("utf-8", text.as_bytes().to_vec()),
    }
}

fn windows_1252(c: char) -> Option<u8> {
    match c {
        '€' => Some(0x80),
        '„' => Some(0x84),
        '…' => Some(0x85),
        '‘' => Some(0x91),
        '’' => Some(0x92),
        '“' => Some(0x93),
        '”' => Some(0x94),
        '–' => Some(0x96),
        '—' => Some(0x97),
        '\u{80}'..='\u{9f}' => None,
        c => u8::try_from(u32::from(c)).ok(),
    }
}

/// Returns base64 in lines of 76.
pub fn base64_lines(bytes: &[u8]) -> String {
    let chunks: Vec<String> = bytes
        .chunks(57)
        .map(|chunk| STANDARD.encode(chunk))
        .collect();
    chunks.join("\r\n") + "\r\n"
}

/// Returns quoted-printable (RFC 2045 §6.7).
fn quoted(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 8);
    let mut column = 0;
    let mut rest = bytes;
    while let Some((byte, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b"\r\n") {
            out.push_str("\r\n");
            column = 0;
            rest = after;
            continue;
        }
        let is_last = tail.is_empty() || tail.starts_with(b"\r\n");
        let is_plain =
            matches!(byte, b'!'..=b'<' | b'>'..=b'~') || (matches!(byte, b' ' | b'\t') && !is_last);
        let width = if is_plain { 1 } else { 3 };
        if column + width > 75 {
            out.push_str("=\r\n");
            column = 0;
        }
        if is_plain {
            out.push(char::from(*byte));
        } else {
            let _ = write!(out, "={byte:02X}");
        }
        column += width;
        rest = tail;
    }
    out
}

/// Breaks paragraphs softly (RFC 3676 §4.2).
pub fn flowed(text: &str) -> String {
    let mut out = Vec::new();
    for line in text.split('\n') {
        if line.starts_with('>') || line.len() <= 72 || line == "-- " {
            out.push(line.to_owned());
            continue;
        }
        let mut piece = String::new();
        for word in line.split(' ') {
            if !piece.is_empty() && piece.len() + word.len() > 70 {
                out.push(std::mem::take(&mut piece));
            }
            piece.push_str(word);
            piece.push(' ');
        }
        out.push(piece.trim_end().to_owned());
    }
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::message::{decode_transfer, decode_words};

    #[test]
    fn what_is_encoded_can_be_decoded() {
        let text = "Grüße = „fein“ – naïve 10 € \nzweite Zeile ";
        for charset in [Charset::Utf8, Charset::Latin1, Charset::Windows1252] {
            for transfer in [Transfer::QuotedPrintable, Transfer::Base64, Transfer::Plain] {
                let encoded = encode_text(text, (charset, transfer));
                let bytes = decode_transfer(encoded.transfer, encoded.body.as_bytes());
                let (_, expected) = in_charset(&(text.replace('\n', "\r\n") + "\r\n"), charset);
                let stripped = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
                assert_eq!(
                    stripped(&bytes),
                    stripped(&expected),
                    "{charset:?} {transfer:?}"
                );
                assert!(
                    encoded
                        .body
                        .split("\r\n")
                        .all(|line| line.len() <= 76 || transfer == Transfer::Plain)
                );
            }
        }
    }

    #[test]
    fn subjects_fold_between_characters() {
        let text =
            "Prüfbericht für die Boje vor Hörnum: Gehäuse, Größe, Öl und noch viel mehr Übles";
        for charset in [Charset::Utf8, Charset::Latin1] {
            let written = subject(text, (charset, Transfer::QuotedPrintable));
            assert!(
                written.split("\r\n").all(|line| line.len() <= 76),
                "{written}"
            );
            assert_eq!(decode_words(&written.replace("\r\n", "")), text);
        }
    }
}
