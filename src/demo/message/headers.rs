//! Header fields of a message, raw and unfolded (RFC 5322 §2.2).

use crate::mime::header_in_unicode;

/// What begins a change of character set in a text of seven bits (ISO 2022).
const ESCAPE: u8 = 0x1B;

/// One header field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field<'a> {
    /// Its name as written.
    pub name: &'a [u8],
    /// Name, colon, value and line ends as they stand in the message.
    pub raw: &'a [u8],
}

impl Field<'_> {
    /// Returns the value without folding and outer blanks; bytes that are no UTF-8 are replaced.
    pub fn value(&self) -> String {
        let value = self.raw.get(self.name.len()..).unwrap_or_default();
        let text = String::from_utf8_lossy(value);
        let text = text.trim_start().strip_prefix(':').unwrap_or_default();
        text.split("\r\n")
            .collect::<Vec<_>>()
            .join("")
            .trim()
            .to_owned()
    }
}

/// Splits after the empty line: header with that line, and body.
pub fn split(message: &[u8]) -> (&[u8], &[u8]) {
    if message.starts_with(b"\r\n") {
        return message.split_at(2);
    }
    let end = message
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map_or(message.len(), |at| at + 4);
    message.split_at(end)
}

/// Returns the fields of a header in order.
pub fn fields(header: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut rest = header;
    std::iter::from_fn(move || {
        loop {
            let raw = next_field(&mut rest)?;
            if let Some(colon) = raw.iter().position(|byte| *byte == b':') {
                let name = raw.get(..colon)?.trim_ascii_end();
                return Some(Field { name, raw });
            }
        }
    })
}

/// Returns the value of the first field of that name. Raw characters of any charset are read as Exchange reads them when
/// a message is delivered: of the charset that the header names.
pub fn value(header: &[u8], name: &str) -> Option<String> {
    let is_it = |field: &Field<'_>| field.name.eq_ignore_ascii_case(name.as_bytes());
    let field = fields(header).find(is_it)?;
    if field.raw.is_ascii() && !field.raw.contains(&ESCAPE) {
        return Some(field.value());
    }
    let unicode = header_in_unicode(header);
    fields(&unicode).find(is_it).map(|field| field.value())
}

/// Cuts off one line with its continuation lines.
fn next_field<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if rest.is_empty() || rest.starts_with(b"\r\n") {
        return None;
    }
    let mut end = 0;
    loop {
        let tail = rest.get(end..)?;
        let line = tail
            .windows(2)
            .position(|window| window == b"\r\n")
            .map_or(tail.len(), |at| at + 2);
        end += line;
        let is_folded = matches!(rest.get(end), Some(b' ' | b'\t'));
        if line == 0 || !is_folded {
            break;
        }
    }
    let (field, after) = rest.split_at_checked(end)?;
    *rest = after;
    Some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_fields_are_one_field() {
        let (header, body) = split(b"A: one\r\n two\r\nb : x\r\n\r\nText");
        assert_eq!(body, b"Text");
        assert_eq!(value(header, "a").as_deref(), Some("one two"));
        assert_eq!(value(header, "B").as_deref(), Some("x"));
        assert_eq!(fields(header).count(), 2);
    }

    #[test]
    fn messages_without_header_or_body_are_read() {
        assert_eq!(split(b"\r\nbody").1, b"body");
        assert_eq!(split(b"A: b").1, b"");
        assert_eq!(fields(b"no colon\r\nC: d\r\n").count(), 1);
    }
}
