//! A message put together from what a server tells of it piece by piece, where it cannot write the message itself.
//!
//! For reading, not for sending: the message is as close to the original as what was told.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Body, MultiPart, SinglePart};

use crate::mime::filename::safe_name;
use crate::mime::media_types;
use crate::mime::write::build::{base64, is_id, octets};
use crate::mime::write::wire::crlf;
use crate::model::{Address, sanitize_line};

/// Bytes of a text that fit into one encoded word (RFC 2047 §2).
const WORD: usize = 45;
/// Bytes of one header field.
const MAX_FIELD: usize = 64 * 1024;

/// What is told of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pieces {
    /// The header, in its order. Fields about the form of the message are this module's own and are left out.
    pub fields: Vec<HeaderPiece>,
    /// The text.
    pub text: TextPiece,
    /// Files, pictures and messages.
    pub attachments: Vec<AttachedPiece>,
}

/// A header field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HeaderPiece {
    /// Decoded text.
    Text {
        /// The field's name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Addresses.
    People {
        /// The field's name, such as `From`.
        name: &'static str,
        /// The addresses; an empty list is left out.
        people: Vec<Address>,
    },
}

/// The text of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TextPiece {
    /// Plain text.
    Plain(String),
    /// HTML.
    Html(String),
}

/// Something attached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttachedPiece {
    /// Its name; made safe here.
    pub name: String,
    /// Its media type; empty where nobody says.
    pub media_type: String,
    /// Its `Content-ID` without angle brackets; empty where there is none.
    pub content_id: String,
    /// Whether the text shows it.
    pub is_inline: bool,
    /// What it holds.
    pub content: ContentPiece,
}

/// What an attachment holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ContentPiece {
    /// A file.
    File(Vec<u8>),
    /// A whole message (RFC 5322).
    Message(Vec<u8>),
    /// Nothing that could be had, and why: the server's code, a size, an address on the web. A line in the text says so.
    Missing(String),
}

/// Writes the message. Nothing that is told makes this fail; what cannot be written plainly is encoded or left out.
pub fn assemble(pieces: Pieces) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in &pieces.fields {
        match field {
            HeaderPiece::Text { name, value } => add_text(&mut bytes, name, value),
            HeaderPiece::People { name, people } => add_people(&mut bytes, name, people),
        }
    }
    bytes.extend_from_slice(b"MIME-Version: 1.0\r\n");
    bytes.append(&mut content(pieces.text, pieces.attachments));
    bytes
}

fn content(text: TextPiece, attachments: Vec<AttachedPiece>) -> Vec<u8> {
    let is_html = matches!(text, TextPiece::Html(_));
    let text = match text {
        TextPiece::Plain(text) => SinglePart::plain(text),
        TextPiece::Html(html) => SinglePart::html(html),
    };
    let (shown, others): (Vec<_>, Vec<_>) = attachments
        .into_iter()
        .partition(|attached| is_html && is_in_text(attached));
    if shown.is_empty() {
        return if others.is_empty() {
            text.formatted()
        } else {
            joined(MultiPart::mixed().singlepart(text), others)
        };
    }
    let related = MultiPart::related().singlepart(text);
    if others.is_empty() {
        return joined(related, shown);
    }
    let shown = shown.into_iter().map(part);
    let related = shown.fold(related, MultiPart::singlepart);
    joined(MultiPart::mixed().multipart(related), others)
}

fn joined(parts: MultiPart, more: Vec<AttachedPiece>) -> Vec<u8> {
    let more = more.into_iter().map(part);
    more.fold(parts, MultiPart::singlepart).formatted()
}

/// Tells whether it belongs to the HTML and can be named from there.
fn is_in_text(attached: &AttachedPiece) -> bool {
    let is_file = matches!(attached.content, ContentPiece::File(_));
    is_file && attached.is_inline && is_id(&attached.content_id)
}

fn part(attached: AttachedPiece) -> SinglePart {
    let name = safe_name(&attached.name);
    match attached.content {
        ContentPiece::Missing(reason) => SinglePart::plain(missing(name.as_deref(), &reason)),
        ContentPiece::Message(message) => {
            let name = name.unwrap_or_else(|| "message".to_owned());
            Attachment::new(eml(&name)).body(as_it_is(&message), message_type())
        }
        ContentPiece::File(data) => {
            let name = name.unwrap_or_else(|| "attachment".to_owned());
            let kind = file_type(&attached.media_type, &name);
            let has_id = is_id(&attached.content_id);
            let attachment = if attached.is_inline && has_id {
                Attachment::new_inline_with_name(attached.content_id, name)
            } else {
                Attachment::new(name)
            };
            attachment.body(base64(data), kind)
        }
    }
}

fn missing(name: Option<&str>, reason: &str) -> String {
    let what = name.map_or_else(String::new, |name| format!(" \"{name}\""));
    let reason = sanitize_line(reason);
    let reason = reason.trim();
    if reason.is_empty() {
        return format!("[The attachment{what} is not here: the server did not hand it out]\n");
    }
    format!("[The attachment{what} is not here: {reason}]\n")
}

/// A message in a message is not encoded (RFC 2046 §5.2.1).
fn as_it_is(message: &[u8]) -> Body {
    let lines = crlf(message);
    let encoding = if lines.is_ascii() {
        ContentTransferEncoding::SevenBit
    } else {
        ContentTransferEncoding::EightBit
    };
    Body::dangerous_pre_encoded(lines, encoding)
}

fn message_type() -> ContentType {
    ContentType::parse("message/rfc822").unwrap_or_else(|_| octets())
}

fn eml(name: &str) -> String {
    let has_ending = name.to_ascii_lowercase().ends_with(".eml");
    if has_ending {
        name.to_owned()
    } else {
        format!("{name}.eml")
    }
}

/// Files are encoded, which types of several parts and of messages may not be.
fn file_type(said: &str, name: &str) -> ContentType {
    let lower = said.trim().to_ascii_lowercase();
    let said = if lower.is_empty() {
        media_types::of_name(name)
    } else {
        said.trim()
    };
    let is_composite = lower.starts_with("multipart/") || lower.starts_with("message/");
    let parsed = ContentType::parse(said).ok().filter(|_| !is_composite);
    parsed.unwrap_or_else(octets)
}

/// Fields that say how the message is written, which is decided here.
fn is_about_form(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with("content-") || lower == "mime-version"
}

fn add_text(bytes: &mut Vec<u8>, name: &str, value: &str) {
    let is_name = |c: u8| c.is_ascii_graphic() && c != b':';
    let is_named = (1..=70).contains(&name.len()) && name.bytes().all(is_name);
    let value = sanitize_line(crate::mime::cut::head(value, MAX_FIELD));
    if !is_named || is_about_form(name) || value.trim().is_empty() {
        return;
    }
    let Ok(header) = HeaderName::new_from_ascii(name.to_owned()) else {
        return;
    };
    let mut headers = lettre::message::header::Headers::new();
    headers.insert_raw(HeaderValue::new(header, value.trim().to_owned()));
    bytes.extend_from_slice(headers.to_string().as_bytes());
}

fn add_people(bytes: &mut Vec<u8>, name: &str, people: &[Address]) {
    let written: Vec<String> = people.iter().filter_map(person).collect();
    if written.is_empty() {
        return;
    }
    let line = format!("{name}: {}\r\n", written.join(",\r\n "));
    bytes.extend_from_slice(line.as_bytes());
}

/// Writes an address. Names are always encoded: no character of theirs can be taken for the field's own.
fn person(person: &Address) -> Option<String> {
    let is_plain = |c: &char| !c.is_whitespace() && !c.is_control() && !"<>,;:\"()".contains(*c);
    let email: String = person.email.chars().filter(is_plain).take(320).collect();
    let name = sanitize_line(crate::mime::cut::head(&person.name, 1000));
    let name = words(name.trim());
    match (name.is_empty(), email.is_empty()) {
        (true, true) => None,
        (true, false) => Some(email),
        (false, _) => Some(format!("{name} <{email}>")),
    }
}

/// Writes text as encoded words (RFC 2047), each on a line of its own.
fn words(text: &str) -> String {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let word = crate::mime::cut::head(rest, WORD);
        words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
        rest = rest.get(word.len()..).unwrap_or_default();
    }
    words.join("\r\n ")
}
