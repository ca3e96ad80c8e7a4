//! Header fields: cut out of a block, decoded by mail-parser, sanitised and bounded.
//!
//! Cutting is done here so that a list row parses only the fields it shows.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;
use mail_parser::{Addr, ContentType, HeaderValue};

use crate::mime::read::words::join_words;
use crate::model::{Address, sanitize_line};

/// Characters of one decoded value.
const MAX_TEXT: usize = 10_000;

/// One raw field of a header block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::mime) struct Field<'a> {
    /// The name as written.
    pub name: &'a [u8],
    /// The value with its folds, ending in LF.
    pub value: &'a [u8],
}

impl Field<'_> {
    /// Tells whether this field has `name`, whatever its case.
    pub(in crate::mime) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// Returns a header block in UTF-8, as [`parse_envelope`](crate::mime::parse_envelope) reads it: raw characters of other
/// charsets are decoded, encoded words stay as they are.
pub fn header_in_unicode(block: &[u8]) -> Cow<'_, [u8]> {
    prepare(block)
}

/// Returns the value of a header field with its encoded words decoded (RFC 2047), as one safe line.
pub fn header_text(value: &str) -> String {
    text(value.as_bytes(), MAX_TEXT)
}

/// Makes a block fit for [`fields`]: UTF-8, ending in LF. Raw characters in a line that is no UTF-8 are of the charset that
/// `Content-Type` names, else Windows-1252; ISO-2022-JP says itself what it is (RFC 1468).
pub(in crate::mime) fn prepare(block: &[u8]) -> Cow<'_, [u8]> {
    let is_utf8 = std::str::from_utf8(block).is_ok();
    let is_plain = is_utf8 && !is_iso_2022_jp(block);
    if is_plain && block.ends_with(b"\n") {
        return Cow::Borrowed(block);
    }
    let charset = if is_utf8 { None } else { charset(block) };
    let mut out = Vec::with_capacity(block.len() + 2);
    for line in block.split_inclusive(|byte| *byte == b'\n') {
        // Raw bytes within an encoded word are of the word's charset.
        let has_word = line.windows(2).any(|pair| pair == b"=?");
        if !is_plain && !has_word && is_iso_2022_jp(line) {
            add_decoded(&mut out, line, "iso-2022-jp");
        } else if is_utf8 || has_word || std::str::from_utf8(line).is_ok() {
            out.extend_from_slice(line);
        } else {
            let charset = charset.as_deref().unwrap_or("windows-1252");
            add_decoded(&mut out, line, charset);
        }
    }
    if !out.ends_with(b"\n") {
        out.push(b'\n');
    }
    Cow::Owned(out)
}

/// Tells whether there are escape sequences to Japanese character sets.
fn is_iso_2022_jp(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == 0x1B) {
        rest = rest.get(at + 1..).unwrap_or_default();
        if matches!(rest, [b'$', b'B' | b'@', ..] | [b'(', b'J' | b'I', ..]) {
            return true;
        }
    }
    false
}

/// Returns the charset of the text that follows, where the header names one that raw characters can be of.
fn charset(block: &[u8]) -> Option<String> {
    let mut fields = fields(block);
    let field = fields.find(|field| field.is("content-type"))?;
    let kind = content_type(field.value)?;
    let charset = kind.attribute("charset")?.to_ascii_lowercase();
    let is_wide = charset.starts_with("utf");
    let is_known = charset_decoder(charset.as_bytes()).is_some();
    (is_known && !is_wide && !charset.contains("ascii")).then_some(charset)
}

/// Decodes a line but for its end; no character of it becomes another end.
fn add_decoded(out: &mut Vec<u8>, line: &[u8], charset: &str) {
    let end = line.trim_ascii_end().len();
    let (text, end) = line.split_at_checked(end).unwrap_or((line, &[]));
    let decoded = match charset_decoder(charset.as_bytes()) {
        Some(decode) => decode(text),
        None => String::from_utf8_lossy(text).into_owned(),
    };
    let decoded = decoded.replace(['\r', '\n'], " ");
    out.extend_from_slice(decoded.as_bytes());
    out.extend_from_slice(end);
}

/// Decodes bytes that name no charset and are no UTF-8: what old Windows programs send.
pub(in crate::mime) fn windows_1252(bytes: &[u8]) -> String {
    charset_decoder(b"windows-1252").map_or_else(
        || String::from_utf8_lossy(bytes).into_owned(),
        |decode| decode(bytes),
    )
}

/// Cuts a prepared block into fields; lines that belong to none are passed over, an empty line ends it.
pub(in crate::mime) fn fields(block: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut rest = block;
    std::iter::from_fn(move || {
        loop {
            let (logical, tail) = take_logical_line(rest)?;
            rest = tail;
            if let Some(field) = as_field(logical) {
                return Some(field);
            }
        }
    })
}

/// Takes one line with its folds; `None` at the end of the header.
fn take_logical_line(block: &[u8]) -> Option<(&[u8], &[u8])> {
    if block.is_empty() || block.starts_with(b"\n") || block.starts_with(b"\r\n") {
        return None;
    }
    let mut end = 0;
    loop {
        let rest = block.get(end..).unwrap_or_default();
        end += rest
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(rest.len(), |at| at + 1);
        if !matches!(block.get(end), Some(b' ' | b'\t')) {
            return block.split_at_checked(end);
        }
    }
}

/// Splits at the colon; `None` for what is no field (an mbox `From ` line, noise).
fn as_field(line: &[u8]) -> Option<Field<'_>> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let name = name.trim_ascii();
    let is_name = !name.is_empty() && name.len() <= 200 && name.iter().all(u8::is_ascii_graphic);
    is_name.then_some(Field {
        name,
        value: value.get(1..).unwrap_or_default(),
    })
}

/// Cuts a raw value to `limit` bytes and hands it to one of mail-parser's field parsers.
fn parsed<T>(
    value: &[u8],
    limit: usize,
    parse: impl FnOnce(&mut MessageStream<'_>) -> HeaderValue<'static>,
    read: impl FnOnce(HeaderValue<'static>) -> T,
) -> T {
    let value = join_words(value.get(..limit).unwrap_or(value));
    let ended: Cow<'_, [u8]> = if value.ends_with(b"\n") {
        value
    } else {
        let mut owned = value.into_owned();
        owned.push(b'\n');
        Cow::Owned(owned)
    };
    read(parse(&mut MessageStream::new(&ended)))
}

/// Decodes free text (RFC 2047) to one safe line of at most `max` characters.
pub(in crate::mime) fn text(value: &[u8], max: usize) -> String {
    // An encoded character takes at most 12 bytes; anything longer than that is cut anyway.
    let limit = max.saturating_mul(16).max(256);
    let decoded = parsed(
        value,
        limit,
        |stream| stream.parse_unstructured().into_owned(),
        |value| value.into_text().map(Cow::into_owned).unwrap_or_default(),
    );
    cut(&sanitize_line(decoded.trim()), max)
}

/// Cuts to `max` characters and shows that it did.
pub(in crate::mime) fn cut(text: &str, max: usize) -> String {
    // Short in bytes is short in characters, and most text is.
    let beyond = (text.len() > max).then(|| text.char_indices().nth(max));
    match beyond.flatten() {
        None => text.to_owned(),
        Some(_) => text
            .chars()
            .take(max.saturating_sub(1))
            .chain(['…'])
            .collect(),
    }
}

/// Reads an address list (RFC 5322 §3.4), groups flattened, at most `max` addresses.
pub(in crate::mime) fn addresses(value: &[u8], max: usize) -> Vec<Address> {
    let limit = max.saturating_mul(1024);
    parsed(
        value,
        limit,
        |stream| stream.parse_address().into_owned(),
        |value| {
            value.into_address().map_or_else(Vec::new, |list| {
                list.iter().filter_map(address).take(max).collect()
            })
        },
    )
}

/// Takes over one address; what has no address keeps its words as the name.
fn address(found: &Addr<'_>) -> Option<Address> {
    let name = sanitize_line(found.name().unwrap_or_default().trim());
    let email: String = sanitize_line(found.address().unwrap_or_default())
        .split_whitespace()
        .collect();
    (!name.is_empty() || !email.is_empty())
        .then(|| Address::named(cut(&name, 300), cut(&email, 320)))
}

/// Reads message ids without their angle brackets; of more than `max` the first and the newest are kept.
pub(in crate::mime) fn ids(value: &[u8], max: usize) -> Vec<String> {
    let limit = 128 * 1024;
    let found: Vec<String> = parsed(
        value,
        limit,
        |stream| stream.parse_id().into_owned(),
        |value| match value {
            HeaderValue::Text(id) => vec![safe_id(&id)],
            HeaderValue::TextList(list) => list.iter().map(|id| safe_id(id)).collect(),
            _ => Vec::new(),
        },
    );
    let mut found: Vec<String> = found.into_iter().filter(|id| !id.is_empty()).collect();
    if found.len() > max && max > 0 {
        // The root holds a thread together, the newest say where in it a message stands.
        let drop_to = found.len() - max + 1;
        found.drain(1..drop_to);
    }
    found
}

fn safe_id(id: &str) -> String {
    let id: String = sanitize_line(id)
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '<' | '>'))
        .collect();
    // Longer ones are junk; RFC 5322 lines end at 998.
    if id.len() > 998 { String::new() } else { id }
}

/// Reads a date (RFC 5322 §3.3, or one of the forms careless programs write); `None` when it is no date or
/// lies before 1970.
pub(in crate::mime) fn date(value: &[u8]) -> Option<Timestamp> {
    let usual = parsed(
        value,
        1024,
        |stream| stream.parse_date().into_owned(),
        |value| {
            let date = value
                .into_datetime()
                .filter(mail_parser::DateTime::is_valid)?;
            Timestamp::from_second(date.to_timestamp()).ok()
        },
    );
    usual
        .or_else(|| odd_date(value))
        .filter(|date| *date > Timestamp::UNIX_EPOCH)
}

/// Reads a date as the clock of its writer showed it, such as `2026-03-12 14:32`.
pub(in crate::mime) fn local_time(value: &[u8]) -> Option<String> {
    parsed(
        value,
        1024,
        |stream| stream.parse_date().into_owned(),
        |value| {
            let date = value
                .into_datetime()
                .filter(mail_parser::DateTime::is_valid)?;
            Some(format!(
                "{:04}-{:02}-{:02} {:02}:{:02}",
                date.year, date.month, date.day, date.hour, date.minute
            ))
        },
    )
}

/// Times without seconds, and RFC 3339.
fn odd_date(value: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(value.get(..200).unwrap_or(value))
        .ok()?
        .trim();
    DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(text)
        .ok()
        .or_else(|| text.parse().ok())
}

/// Reads a `Content-Type` or `Content-Disposition` (RFC 2045, RFC 2183, RFC 2231).
pub(in crate::mime) fn content_type(value: &[u8]) -> Option<ContentType<'static>> {
    parsed(
        value,
        32 * 1024,
        |stream| stream.parse_content_type().into_owned(),
        HeaderValue::into_content_type,
    )
}
