//! The form messages have on the wire: CRLF line ends, bounded lines, ids.

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::mime::error::MimeError;

/// Longest line without its line end (RFC 5322 §2.1.1).
const MAX_LINE: usize = 998;

/// Makes every line end CRLF; lone CR and LF become line ends (a bare one could end the message early).
pub fn crlf(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 40 + 2);
    let mut rest = bytes.iter().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'\r' => {
                rest.next_if(|next| **next == b'\n');
                out.extend_from_slice(b"\r\n");
            }
            b'\n' => out.extend_from_slice(b"\r\n"),
            byte => out.push(*byte),
        }
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Makes sure that no server can refuse or split a line.
pub(super) fn check_lines(bytes: &[u8]) -> Result<(), MimeError> {
    let is_long = |line: &[u8]| line.trim_ascii_end().len() > MAX_LINE;
    if bytes.split(|byte| *byte == b'\n').any(is_long) {
        return Err(MimeError::Malformed {
            reason: format!("a line is longer than {MAX_LINE} bytes"),
        });
    }
    Ok(())
}

/// Makes a new `Message-ID`, without angle brackets. Random only: no time, no host name.
pub(super) fn message_id(domain: &str) -> String {
    let mut bytes = [0_u8; 16];
    // Without a random source nothing else of this program works either; the id then merely repeats.
    let _ = SystemRandom::new().fill(&mut bytes);
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    let domain = if domain.is_empty() {
        "localhost"
    } else {
        domain
    };
    format!("{hex}@{domain}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_line_end_becomes_crlf() {
        assert_eq!(crlf(b"a\nb\rc\r\nd\r\r\n"), b"a\r\nb\r\nc\r\nd\r\n\r\n");
        assert_eq!(crlf(b""), b"\r\n");
    }

    #[test]
    fn ids_are_not_repeated() {
        assert_ne!(message_id("x.com"), message_id("x.com"));
        assert!(message_id("x.com").ends_with("@x.com"));
    }

    proptest! {
        #[test]
        fn no_bare_line_end_survives(bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), any::<u8>()], 0..60)) {
            let out = String::from_utf8_lossy(&crlf(&bytes)).replace("\r\n", "");
            prop_assert!(!out.contains(['\r', '\n']));
        }
    }
}
