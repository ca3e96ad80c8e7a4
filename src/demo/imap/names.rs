//! Folder names: modified UTF-7 (RFC 3501 §5.1.3) and the patterns of LIST.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use imap_codec::imap_types::mailbox::Mailbox;

/// Base64 with a comma for the slash, without padding.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::IMAP_MUTF7,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Returns the decoded path of a folder named in a command.
pub fn path_of(mailbox: &Mailbox<'_>) -> String {
    match mailbox {
        Mailbox::Inbox => "INBOX".to_owned(),
        Mailbox::Other(other) => {
            let bytes: &[u8] = other.as_ref();
            let text = String::from_utf8_lossy(bytes);
            decode(&text).unwrap_or_else(|| text.into_owned())
        }
    }
}

/// Writes a path in modified UTF-7.
pub fn encode(path: &str) -> String {
    let mut out = String::new();
    let mut pending: Vec<u8> = Vec::new();
    for c in path.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut pending, &mut out);
            out.push(c);
            if c == '&' {
                out.push('-');
            }
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                pending.extend(unit.to_be_bytes());
            }
        }
    }
    flush(&mut pending, &mut out);
    out
}

fn flush(pending: &mut Vec<u8>, out: &mut String) {
    if !pending.is_empty() {
        out.push('&');
        out.push_str(&ENGINE.encode(&*pending));
        out.push('-');
        pending.clear();
    }
}

/// Reads modified UTF-7; `None` if it is none.
pub fn decode(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('&') {
        out.push_str(plain);
        let (code, after) = after.split_once('-')?;
        if code.is_empty() {
            out.push('&');
        } else {
            let bytes = ENGINE.decode(code).ok()?;
            let units = bytes.chunks(2).map(|pair| match pair {
                [high, low] => u16::from_be_bytes([*high, *low]),
                _ => 0xFFFD,
            });
            let decoded: Result<String, _> = char::decode_utf16(units).collect();
            out.push_str(&decoded.ok()?);
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// Tells whether a path fits a LIST pattern: `*` is anything, `%` anything within one level.
pub fn matches(path: &str, pattern: &str) -> bool {
    let path: Vec<char> = path.chars().collect();
    // Which beginnings of the path the pattern read so far can match.
    let mut ends = vec![false; path.len() + 1];
    if let Some(first) = ends.first_mut() {
        *first = true;
    }
    for c in pattern.chars() {
        let mut next = vec![false; path.len() + 1];
        for (at, slot) in next.iter_mut().enumerate() {
            *slot = ends.get(at) == Some(&true) && matches!(c, '*' | '%');
        }
        for (at, letter) in path.iter().enumerate() {
            let was = match c {
                '*' => next.get(at) == Some(&true),
                '%' => next.get(at) == Some(&true) && *letter != '/',
                c => ends.get(at) == Some(&true) && c == *letter,
            };
            if was && let Some(slot) = next.get_mut(at + 1) {
                *slot = true;
            }
        }
        ends = next;
    }
    ends.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_modified_utf7() {
        let check = |path: &str, encoded: &str| {
            assert_eq!(encode(path), encoded);
            assert_eq!(decode(encoded).as_deref(), Some(path));
        };
        check("Entwürfe", "Entw&APw-rfe");
        check("Rechnungen & Belege", "Rechnungen &- Belege");
        check("家族/写真", "&W7Zlzw-/&UZl3Hw-");
        check("🗼", "&2D3d,A-");
        assert_eq!(decode("&zz"), None);
        assert_eq!(decode("&2D0-"), None);
    }

    #[test]
    fn percent_stays_in_its_level() {
        let check = |path, pattern, expected| {
            assert_eq!(matches(path, pattern), expected, "{path} {pattern}");
        };
        check("Projects/Lighthouse", "*", true);
        check("Projects/Lighthouse", "%", false);
        check("Projects/Lighthouse", "Projects/%", true);
        check("Projects", "Projects/%", false);
        check("Projects", "Pro*s", true);
        check("", "", true);
        check("a", "", false);
        check("Sent Items", "%Items", true);
    }

    proptest::proptest! {
        #[test]
        fn every_path_survives(path: String) {
            assert_eq!(decode(&encode(&path)), Some(path));
        }

        #[test]
        fn no_text_makes_the_decoder_panic(text: String) {
            let _ = decode(&text);
        }
    }
}
