//! Recognises the list rows that servers usually send, so that each is parsed once and not twice.
//!
//! Knows much less than imap-proto: what passes here is certainly readable, what does not may be all the same.

/// Digits that surely fit into 32 bits.
const DIGITS_32: usize = 9;
/// Digits that surely fit into 64 bits.
const DIGITS_64: usize = 18;

/// Tells whether a whole response is a `FETCH` of flags, numbers, a date and header fields, in its usual form.
pub(super) fn is_plain_row(response: &[u8]) -> bool {
    row(response).is_some_and(<[u8]>::is_empty)
}

fn row(response: &[u8]) -> Option<&[u8]> {
    let rest = response.strip_prefix(b"* ")?;
    let (_, rest) = number(rest, DIGITS_32)?;
    let mut rest = item(rest.strip_prefix(b" FETCH (")?)?;
    while let Some(next) = rest.strip_prefix(b" ") {
        rest = item(next)?;
    }
    rest.strip_prefix(b")\r\n")
}

/// Steps over one item.
fn item(text: &[u8]) -> Option<&[u8]> {
    match text.first()? {
        b'U' => number(text.strip_prefix(b"UID ")?, DIGITS_32).map(|(_, rest)| rest),
        b'R' => number(text.strip_prefix(b"RFC822.SIZE ")?, DIGITS_32).map(|(_, rest)| rest),
        b'M' => {
            let (_, rest) = number(text.strip_prefix(b"MODSEQ (")?, DIGITS_64)?;
            rest.strip_prefix(b")")
        }
        b'I' => {
            let rest = text.strip_prefix(b"INTERNALDATE \"")?;
            let is_usual = |byte: u8| byte.is_ascii_alphanumeric() || b" :+-".contains(&byte);
            run(rest, is_usual)?.strip_prefix(b"\"")
        }
        b'F' => flags(text.strip_prefix(b"FLAGS (")?),
        b'B' => body(text.strip_prefix(b"BODY[HEADER.FIELDS (")?),
        _ => None,
    }
}

fn flags(text: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = text.strip_prefix(b")") {
        return Some(rest);
    }
    words(text, |text| {
        let name = text.strip_prefix(b"\\").unwrap_or(text);
        run(name, |byte| {
            byte.is_ascii_alphanumeric() || b"$_-".contains(&byte)
        })
    })
}

fn body(text: &[u8]) -> Option<&[u8]> {
    let rest = words(text, |text| {
        run(text, |byte| byte.is_ascii_alphabetic() || byte == b'-')
    })?;
    let (size, rest) = number(rest.strip_prefix(b"] {")?, DIGITS_32)?;
    rest.strip_prefix(b"}\r\n")?.get(size..)
}

/// Steps over words with a blank between them and the parenthesis behind the last.
fn words(mut text: &[u8], word: impl Fn(&[u8]) -> Option<&[u8]>) -> Option<&[u8]> {
    loop {
        text = word(text)?;
        match text.split_first()? {
            (b' ', rest) => text = rest,
            (b')', rest) => return Some(rest),
            _ => return None,
        }
    }
}

/// Steps over at least one byte of a kind.
fn run(text: &[u8], is_wanted: impl Fn(u8) -> bool) -> Option<&[u8]> {
    let end = text.iter().position(|byte| !is_wanted(*byte))?;
    text.get(end..).filter(|_| end > 0)
}

/// Reads a number of at most `digits` digits.
fn number(text: &[u8], digits: usize) -> Option<(usize, &[u8])> {
    let rest = run(text, |byte| byte.is_ascii_digit())?;
    let (number, rest) = text.split_at_checked(text.len() - rest.len())?;
    if number.len() > digits {
        return None;
    }
    let value = number.iter().fold(0_u64, |value, digit| {
        value * 10 + u64::from(digit.saturating_sub(b'0'))
    });
    Some((usize::try_from(value).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use imap_proto::Response;
    use proptest::prelude::*;

    use super::*;

    const ROW: &str = "* 12 FETCH (UID 345 FLAGS (\\Seen $Forwarded) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" \
        RFC822.SIZE 4423 MODSEQ (77) BODY[HEADER.FIELDS (DATE MESSAGE-ID)] {6}\r\nDate:1)\r\n";

    fn check(response: &str, expected: bool) {
        assert_eq!(is_plain_row(response.as_bytes()), expected, "{response:?}");
    }

    #[test]
    fn usual_rows_are_recognised() {
        check(ROW, true);
        check("* 1 FETCH (FLAGS () UID 1)\r\n", true);
        check("* 1 FETCH (UID 1)\r\n* 2 EXISTS\r\n", false);
        check("* 1 FETCH (UID 1 )\r\n", false);
        check("* 1 FETCH (UID 99999999999)\r\n", false);
        check("* 1 FETCH (INTERNALDATE NIL)\r\n", false);
        check("* 1 FETCH (UID 1", false);
        check(&ROW.replace("{6}", "{7}"), false);
        check(&ROW.replace("{6}", "{999999999}"), false);
    }

    fn is_readable(response: &[u8]) -> bool {
        matches!(Response::parse(response), Ok((rest, _)) if rest.is_empty())
    }

    proptest! {
        #[test]
        fn whatever_is_recognised_can_be_parsed(
            changes in prop::collection::vec((0..ROW.len(), prop::sample::select(b"* 0912(){}[]\\\"\r\nUFN$-.".to_vec())), 0..4),
            cut in prop::option::of((0..ROW.len(), 0..20usize)),
        ) {
            let mut row = ROW.as_bytes().to_vec();
            for (at, byte) in changes {
                row[at] = byte;
            }
            if let Some((at, length)) = cut {
                row.drain(at..(at + length).min(ROW.len()));
            }
            prop_assert!(!is_plain_row(&row) || is_readable(&row), "{:?}", String::from_utf8_lossy(&row));
        }
    }
}
