//! Makes an RFC 5322 message of an item's properties, or of its MIME content with what properties change in it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::demo::ews::wire::{Node, Refusal};
use crate::demo::message::{encode_word, fields, split, value};
use crate::demo::people::{person_by_email, shared};

/// Length of base64 lines.
const LINE: usize = 76;

/// Properties that are header fields.
const LISTS: &[(&str, &str)] = &[
    ("ToRecipients", "To"),
    ("CcRecipients", "Cc"),
    ("BccRecipients", "Bcc"),
    ("ReplyTo", "Reply-To"),
];
const TEXTS: &[(&str, &str)] = &[
    ("InternetMessageId", "Message-ID"),
    ("References", "References"),
    ("InReplyTo", "In-Reply-To"),
    ("Importance", "Importance"),
];

/// Returns the message that a `Message` element describes, written by `author` where it names nobody.
pub fn compose(item: &Node, author: &str) -> Result<Vec<u8>, Refusal> {
    let mut bytes = match item.text_of("MimeContent") {
        Some(content) => decode(content)?,
        None => content(item)?,
    };
    for (property, field) in header(item) {
        bytes = with_field(&bytes, property, Some(&field));
    }
    let (head, _) = split(&bytes);
    let (has_author, has_date) = (value(head, "From").is_some(), value(head, "Date").is_some());
    if !has_author {
        bytes = with_field(&bytes, "From", Some(&named(author)));
    }
    if !has_date {
        let now = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
        let date = jiff::fmt::rfc2822::to_string(&now).unwrap_or_default();
        bytes = with_field(&bytes, "Date", Some(&date));
    }
    Ok(bytes)
}

/// Returns the header fields that a `Message` element's properties are.
pub fn header(item: &Node) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if let Some(subject) = item.text_of("Subject") {
        found.push(("Subject", encode_word(&one_line(subject))));
    }
    for author in ["From", "Sender"] {
        let mailbox = item
            .child(author)
            .and_then(|author| author.child("Mailbox"));
        if let Some(text) = mailbox.and_then(recipient) {
            found.push((if author == "From" { "From" } else { "Sender" }, text));
        }
    }
    for (property, field) in LISTS {
        let people: Vec<String> = item
            .children_of(property)
            .iter()
            .filter_map(recipient)
            .collect();
        if !people.is_empty() {
            found.push((field, people.join(",\r\n ")));
        }
    }
    for (property, field) in TEXTS {
        if let Some(text) = item.text_of(property) {
            found.push((field, one_line(text)));
        }
    }
    if item.is_true("IsReadReceiptRequested") {
        let mailbox = item
            .child("From")
            .and_then(|author| author.child("Mailbox"));
        found.extend(
            mailbox
                .and_then(recipient)
                .map(|one| ("Disposition-Notification-To", one)),
        );
    }
    found
}

/// Returns a message with one header field set or, with `None`, taken out.
pub fn with_field(message: &[u8], name: &str, text: Option<&str>) -> Vec<u8> {
    let (header, body) = split(message);
    let mut out = Vec::with_capacity(message.len() + 100);
    let others = fields(header).filter(|field| !field.name.eq_ignore_ascii_case(name.as_bytes()));
    for field in others {
        out.extend_from_slice(field.raw);
    }
    if let Some(text) = text {
        out.extend_from_slice(format!("{name}: {text}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out
}

/// Returns a message with another body; attachments stay only where the element brings them.
pub fn with_content(message: &[u8], item: &Node) -> Result<Vec<u8>, Refusal> {
    let (header, _) = split(message);
    let mut out = Vec::new();
    for field in fields(header) {
        let name = String::from_utf8_lossy(field.name).to_ascii_lowercase();
        if !name.starts_with("content-") && name != "mime-version" {
            out.extend_from_slice(field.raw);
        }
    }
    out.extend(content(item)?);
    Ok(out)
}

/// Returns the header fields about the content, the empty line, and the content.
fn content(item: &Node) -> Result<Vec<u8>, Refusal> {
    let body = item.child("Body");
    let kind = match body.and_then(|body| body.attribute("BodyType")) {
        Some("HTML") => "html",
        _ => "plain",
    };
    let text = body.map(|body| body.text.as_str()).unwrap_or_default();
    let text = format!(
        "Content-Type: text/{kind}; charset=\"utf-8\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        lines(text.replace("\r\n", "\n").replace('\n', "\r\n").as_bytes())
    );
    let files = item.children_of("Attachments");
    if files.is_empty() {
        return Ok(format!("MIME-Version: 1.0\r\n{text}").into_bytes());
    }
    let boundary = format!("_000_{}_", Timestamp::now().as_nanosecond());
    let mut out = format!(
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n{text}"
    );
    for file in files.iter().filter(|file| file.name == "FileAttachment") {
        let _ = write!(out, "--{boundary}\r\n{}", attached(file)?);
    }
    let _ = write!(out, "--{boundary}--\r\n");
    Ok(out.into_bytes())
}

fn attached(file: &Node) -> Result<String, Refusal> {
    let kind = file
        .text_of("ContentType")
        .unwrap_or("application/octet-stream");
    let name = encode_word(&one_line(file.text_of("Name").unwrap_or("file")).replace('"', "'"));
    let disposition = if file.is_true("IsInline") {
        "inline"
    } else {
        "attachment"
    };
    let bytes = decode_base64(file.text_of("Content").unwrap_or_default());
    let bytes = bytes.ok_or_else(|| Refusal::of("ErrorInvalidRequest"))?;
    let id = file.text_of("ContentId");
    let id = id.map(|id| format!("Content-ID: <{}>\r\n", one_line(id)));
    Ok(format!(
        "Content-Type: {}; name=\"{name}\"\r\nContent-Disposition: {disposition}; filename=\"{name}\"\r\n{}Content-Transfer-Encoding: base64\r\n\r\n{}",
        one_line(kind),
        id.unwrap_or_default(),
        lines(&bytes)
    ))
}

fn lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut out = String::with_capacity(text.len() + text.len() / 38 + 2);
    for (at, c) in text.chars().enumerate() {
        if at > 0 && at % LINE == 0 {
            out.push_str("\r\n");
        }
        out.push(c);
    }
    out.push_str("\r\n");
    out
}

/// Reads MIME content; lone line feeds get their carriage return.
fn decode(content: &str) -> Result<Vec<u8>, Refusal> {
    let bytes = decode_base64(content);
    let bytes = bytes.ok_or_else(|| Refusal::of("ErrorMimeContentInvalidBase64String"))?;
    if bytes.is_empty() {
        return Err(Refusal::of("ErrorMimeContentInvalid"));
    }
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 40);
    for byte in bytes {
        if byte == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(byte);
    }
    Ok(out)
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(compact).ok()
}

fn recipient(mailbox: &Node) -> Option<String> {
    let email = one_line(mailbox.text_of("EmailAddress")?);
    let name = one_line(mailbox.text_of("Name").unwrap_or_default());
    Some(written(&name, &email))
}

fn written(name: &str, email: &str) -> String {
    match name {
        "" => format!("<{email}>"),
        name if name == email => format!("<{email}>"),
        name if name.is_ascii() => {
            let name = name.replace('\\', "\\\\").replace('"', "\\\"");
            format!("\"{name}\" <{email}>")
        }
        name => format!("{} <{email}>", encode_word(name)),
    }
}

fn named(email: &str) -> String {
    let person = person_by_email(email).map(|person| person.name);
    let name = person.or_else(|| shared(email).map(|mailbox| mailbox.name));
    written(name.unwrap_or_default(), email)
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ").trim().to_owned()
}
