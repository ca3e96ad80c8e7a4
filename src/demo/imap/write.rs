//! Writes IMAP's strings, lists, dates and sets of UIDs (RFC 3501 §9).

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Longer strings go as literals.
const MAX_QUOTED: usize = 900;

/// An answer under construction.
#[derive(Debug, Default)]
pub struct Out {
    bytes: Vec<u8>,
}

impl Out {
    /// Adds a line.
    pub fn line(&mut self, text: &str) {
        self.raw(text);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// Adds text as it is.
    pub fn raw(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Adds a string: quoted where possible, else a literal.
    pub fn string(&mut self, value: &[u8]) {
        let is_quotable = value.len() <= MAX_QUOTED
            && value
                .iter()
                .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'));
        if is_quotable {
            self.bytes.push(b'"');
            self.bytes.extend_from_slice(value);
            self.bytes.push(b'"');
        } else {
            self.literal(value);
        }
    }

    /// Adds a literal; NUL, which literals cannot carry (RFC 3501 §4.3), becomes a blank.
    pub fn literal(&mut self, value: &[u8]) {
        self.raw(&format!("{{{}}}\r\n", value.len()));
        self.bytes.extend(
            value
                .iter()
                .map(|byte| if *byte == 0 { b' ' } else { *byte }),
        );
    }

    /// Adds a string, or NIL.
    pub fn nstring(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.string(value.as_bytes()),
            None => self.raw("NIL"),
        }
    }

    /// Takes what was written so far.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

/// Returns an INTERNALDATE: `" 7-Feb-1994 21:52:25 +0000"` without the quotes.
pub fn date_time(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC)
        .strftime("%e-%b-%Y %H:%M:%S %z")
        .to_string()
}

/// Returns ascending UIDs as a set: `3:5,9`.
pub fn uid_set(uids: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for uid in uids {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*uid) => *last = *uid,
            _ => ranges.push((*uid, *uid)),
        }
    }
    let ranges: Vec<String> = ranges
        .into_iter()
        .map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}:{last}")
            }
        })
        .collect();
    ranges.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_that_cannot_be_quoted_are_literals() {
        let check = |value: &[u8], expected: &[u8]| {
            let mut out = Out::default();
            out.string(value);
            assert_eq!(out.take(), expected);
        };
        check(b"plain", b"\"plain\"");
        check(b"say \"hi\"", b"{8}\r\nsay \"hi\"");
        check("é".as_bytes(), "{2}\r\né".as_bytes());
        check(b"a\0b", b"{3}\r\na b");
    }

    #[test]
    fn sets_are_short() {
        assert_eq!(uid_set(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(uid_set(&[]), "");
    }

    #[test]
    fn dates_have_a_padded_day() {
        let time = "2026-02-07T21:52:25Z".parse().unwrap();
        assert_eq!(date_time(time), " 7-Feb-2026 21:52:25 +0000");
    }
}
