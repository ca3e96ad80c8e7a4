//! Writes drafts: fields, body and attachments of Graph's JSON, put into the message that is there already.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::files::File;
use super::properties::{IN_REPLY_TO, REFERENCES, SUBMITTED, moment, property};
use crate::demo::graph::wire::{Fault, field, text};
use crate::demo::message::{Kind, encode_word, fields, parse, split, value};

const BOUNDARY: &str = "_002_HarborVale_";
/// Properties of a message that a client may write; everything else is an error, as at Graph.
const KNOWN: &[&str] = &[
    "attachments",
    "bccRecipients",
    "body",
    "bodyPreview",
    "categories",
    "ccRecipients",
    "changeKey",
    "conversationId",
    "conversationIndex",
    "createdDateTime",
    "extensions",
    "flag",
    "from",
    "hasAttachments",
    "id",
    "importance",
    "inferenceClassification",
    "internetMessageHeaders",
    "internetMessageId",
    "isDeliveryReceiptRequested",
    "isDraft",
    "isRead",
    "isReadReceiptRequested",
    "lastModifiedDateTime",
    "multiValueExtendedProperties",
    "parentFolderId",
    "receivedDateTime",
    "replyTo",
    "sender",
    "sentDateTime",
    "singleValueExtendedProperties",
    "subject",
    "toRecipients",
    "uniqueBody",
    "webLink",
];

/// An attachment on its way into a draft.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Attachment {
    /// File name.
    pub name: String,
    /// `type/subtype`.
    pub content_type: String,
    /// For pictures in the text.
    pub content_id: Option<String>,
    /// Shown in the text.
    pub is_inline: bool,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Returns an empty draft of a mailbox.
pub fn new_draft(name: &str, address: &str) -> Vec<u8> {
    let from = person(name, address);
    let now = Timestamp::now();
    let date = jiff::fmt::rfc2822::to_string(&now.to_zoned(TimeZone::UTC)).unwrap_or_default();
    let id = now.as_nanosecond();
    format!(
        "From: {from}\r\nDate: {date}\r\nMessage-ID: <{id}@HV.harborvale.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    .into_bytes()
}

/// Puts the properties of a JSON message into a message.
pub fn apply(message: &[u8], json: &Value) -> Result<Vec<u8>, Fault> {
    check_names(json)?;
    let mut bytes = message.to_vec();
    if let Some(subject) = field(json, "subject").and_then(Value::as_str) {
        bytes = set(&bytes, "Subject", Some(&encode_word(&one_line(subject))));
    }
    for (property, name) in [
        ("toRecipients", "To"),
        ("ccRecipients", "Cc"),
        ("bccRecipients", "Bcc"),
        ("replyTo", "Reply-To"),
        ("from", "From"),
        ("sender", "Sender"),
    ] {
        if let Some(list) = field(json, property) {
            let list = recipients(list)?;
            bytes = set(&bytes, name, (!list.is_empty()).then_some(&list));
        }
    }
    // Exchange names a sender only where it is not the author (RFC 5322 §3.6.2).
    let (header, _) = split(&bytes);
    let sender = value(header, "Sender");
    if sender.is_some() && sender == value(header, "From") {
        bytes = set(&bytes, "Sender", None);
    }
    let id = text(json, "internetMessageId");
    if !id.is_empty() {
        bytes = set(&bytes, "Message-ID", Some(&one_line(id)));
    }
    let importance = text(json, "importance");
    if !importance.is_empty() {
        let importance = Some(importance).filter(|level| !level.eq_ignore_ascii_case("normal"));
        bytes = set(&bytes, "Importance", importance.map(one_line).as_deref());
    }
    for header in list(json, "internetMessageHeaders") {
        let name = text(header, "name");
        if !name.to_ascii_lowercase().starts_with("x-") || name.contains([':', ' ', '\r', '\n']) {
            let message = format!(
                "The internet message header name '{name}' should start with 'x-' or 'X-'."
            );
            return Err(Fault::bad("InvalidInternetMessageHeader", &message));
        }
        bytes = set(
            &bytes,
            name,
            Some(&encode_word(&one_line(text(header, "value")))),
        );
    }
    bytes = set_extended(bytes, json);
    if let Some(body) = field(json, "body") {
        let is_html = text(body, "contentType").eq_ignore_ascii_case("html");
        bytes = set_body(&bytes, is_html, text(body, "content"));
    }
    for attachment in list(json, "attachments") {
        bytes = add_file(&bytes, &read_attachment(attachment)?);
    }
    Ok(bytes)
}

/// Puts the extended properties that are header fields into a message.
fn set_extended(mut bytes: Vec<u8>, json: &Value) -> Vec<u8> {
    for (tag, name) in [(IN_REPLY_TO, "In-Reply-To"), (REFERENCES, "References")] {
        if let Some(value) = property(json, tag) {
            let words: Vec<String> = value.split_whitespace().map(one_line).collect();
            let value = words.join("\r\n ");
            bytes = set(&bytes, name, (!value.is_empty()).then_some(&value));
        }
    }
    if let Some(sent) = moment(json, SUBMITTED) {
        let date = jiff::fmt::rfc2822::to_string(&sent.to_zoned(TimeZone::UTC));
        bytes = set(&bytes, "Date", date.ok().as_deref());
    }
    bytes
}

fn list<'a>(json: &'a Value, name: &str) -> &'a [Value] {
    field(json, name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn check_names(json: &Value) -> Result<(), Fault> {
    let names = json.as_object().into_iter().flatten().map(|(name, _)| name);
    for name in names {
        let is_known = KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name));
        if !is_known && !name.contains("@odata.") {
            let message = format!(
                "The property '{name}' does not exist on type 'microsoft.graph.message'. Make sure to only use property names that are defined by the type."
            );
            return Err(Fault::bad("RequestBodyRead", &message));
        }
    }
    Ok(())
}

fn read_attachment(json: &Value) -> Result<Attachment, Fault> {
    let bytes = STANDARD.decode(text(json, "contentBytes"));
    let bytes = bytes.map_err(|_| {
        Fault::bad(
            "ErrorInvalidRequest",
            "Invalid base64 string for contentBytes.",
        )
    })?;
    if !text(json, "@odata.type")
        .trim_start_matches('#')
        .eq_ignore_ascii_case("microsoft.graph.fileAttachment")
    {
        return Err(Fault::bad(
            "ErrorInvalidRequest",
            "Only file attachments can be added.",
        ));
    }
    mark(json, bytes)
}

/// Reads what an attachment is called and how it is shown; an upload's description has the same properties.
pub fn mark(json: &Value, bytes: Vec<u8>) -> Result<Attachment, Fault> {
    let name = one_line(text(json, "name"));
    if name.is_empty() {
        return Err(Fault::bad(
            "ErrorInvalidRequest",
            "An attachment needs a name.",
        ));
    }
    let content_type = one_line(text(json, "contentType"));
    let content_id = one_line(text(json, "contentId"));
    Ok(Attachment {
        name,
        content_type: if content_type.contains('/') {
            content_type
        } else {
            "application/octet-stream".to_owned()
        },
        content_id: (!content_id.is_empty()).then_some(content_id),
        is_inline: field(json, "isInline").and_then(Value::as_bool) == Some(true),
        bytes,
    })
}

/// Writes `[{emailAddress: {name, address}}]`, or one of them, as an address list.
fn recipients(json: &Value) -> Result<String, Fault> {
    let all = match json {
        Value::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut written = Vec::new();
    for recipient in all {
        let email = field(recipient, "emailAddress").unwrap_or(&Value::Null);
        let address = one_line(text(email, "address"));
        if !address.contains('@') || address.contains([' ', '<', '>', ',', ';']) {
            return Err(Fault::bad(
                "ErrorInvalidRecipients",
                "At least one recipient is not valid., Recipient address is not a valid SMTP address.",
            ));
        }
        written.push(person(text(email, "name"), &address));
    }
    Ok(written.join(",\r\n "))
}

fn person(name: &str, address: &str) -> String {
    let name = one_line(name);
    if name.is_empty() || name == address {
        return format!("<{address}>");
    }
    if name.is_ascii() {
        let name = name.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("\"{name}\" <{address}>");
    }
    format!("{} <{address}>", encode_word(&name))
}

fn one_line(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    line.trim().to_owned()
}

/// Sets a header field, takes it out with `None`.
fn set(message: &[u8], name: &str, value: Option<&str>) -> Vec<u8> {
    let (header, body) = split(message);
    let mut bytes = Vec::with_capacity(message.len() + 200);
    for field in fields(header).filter(|f| !f.name.eq_ignore_ascii_case(name.as_bytes())) {
        bytes.extend_from_slice(field.raw);
        if !field.raw.ends_with(b"\r\n") {
            bytes.extend_from_slice(b"\r\n");
        }
    }
    if let Some(value) = value {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// Makes every line end CRLF.
pub fn with_line_ends(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut before = 0;
    for byte in bytes {
        if *byte == b'\n' && before != b'\r' {
            out.push(b'\r');
        }
        out.push(*byte);
        before = *byte;
    }
    out
}

fn base64_lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut lines = String::with_capacity(text.len() + text.len() / 38);
    for line in text.as_bytes().chunks(76) {
        lines.push_str(&String::from_utf8_lossy(line));
        lines.push_str("\r\n");
    }
    lines
}

/// Sets the text; attachments stay.
fn set_body(message: &[u8], is_html: bool, content: &str) -> Vec<u8> {
    let kind = if is_html { "text/html" } else { "text/plain" };
    let lines = base64_lines(&with_line_ends(content.as_bytes()));
    let root = parse(message);
    if let (Kind::Multipart(parts), "mixed") = (&root.kind, root.subtype.as_str())
        && let Some(first) = parts.first()
    {
        let entity = format!(
            "Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
            lines.trim_end()
        );
        return replace(
            message,
            first.header.start..first.body.end,
            entity.as_bytes(),
        );
    }
    let (header, _) = split(message);
    let bytes = set(
        header,
        "Content-Type",
        Some(&format!("{kind}; charset=utf-8")),
    );
    let mut bytes = set(&bytes, "Content-Transfer-Encoding", Some("base64"));
    bytes.extend_from_slice(lines.as_bytes());
    bytes
}

fn replace(bytes: &[u8], range: std::ops::Range<usize>, with: &[u8]) -> Vec<u8> {
    let before = bytes.get(..range.start).unwrap_or_default();
    let after = bytes.get(range.end..).unwrap_or_default();
    [before, with, after].concat()
}

/// Adds an attachment.
pub fn add_file(message: &[u8], file: &Attachment) -> Vec<u8> {
    let name = encode_word(&file.name.replace(['"', '\\'], "_")).replace("\r\n ", " ");
    let disposition = if file.is_inline {
        "inline"
    } else {
        "attachment"
    };
    let mut part = format!(
        "Content-Type: {}; name=\"{name}\"\r\nContent-Disposition: {disposition}; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n",
        file.content_type
    );
    if let Some(id) = &file.content_id {
        part.extend(["Content-ID: <", id, ">\r\n"]);
    }
    part.push_str("\r\n");
    part.push_str(base64_lines(&file.bytes).trim_end());
    let root = parse(message);
    if let (Kind::Multipart(parts), "mixed", Some(boundary)) = (
        &root.kind,
        root.subtype.as_str(),
        root.parameter("boundary"),
    ) && let Some(last) = parts.last()
    {
        let added = format!("\r\n--{boundary}\r\n{part}");
        return replace(message, last.body.end..last.body.end, added.as_bytes());
    }
    wrap(message, &part)
}

/// Makes the message `multipart/mixed`: what it was, then the part.
fn wrap(message: &[u8], part: &str) -> Vec<u8> {
    let (header, body) = split(message);
    let is_content = |name: &[u8]| name.to_ascii_lowercase().starts_with(b"content-");
    let mut bytes = Vec::with_capacity(message.len() + part.len() + 300);
    let mut entity = Vec::new();
    for field in fields(header) {
        let out = if is_content(field.name) {
            &mut entity
        } else {
            &mut bytes
        };
        out.extend_from_slice(field.raw);
    }
    // Unlike any boundary inside, since those inside are there already.
    let mut boundary = BOUNDARY.to_owned();
    while contains(message, boundary.as_bytes()) {
        boundary.push('_');
    }
    bytes.extend_from_slice(
        format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n")
            .as_bytes(),
    );
    bytes.extend_from_slice(&entity);
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body.strip_suffix(b"\r\n").unwrap_or(body));
    bytes.extend_from_slice(format!("\r\n--{boundary}\r\n{part}\r\n--{boundary}--\r\n").as_bytes());
    bytes
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// Takes an attachment out.
pub fn remove_file(message: &[u8], file: &File) -> Vec<u8> {
    let start = file.part.header.start;
    let before = message.get(..start).unwrap_or_default();
    // Back over the boundary's line and the line end before it.
    let line = before.strip_suffix(b"\r\n").unwrap_or(before);
    let line = line.windows(2).rposition(|window| window == b"\r\n");
    replace(message, line.unwrap_or(start)..file.part.body.end, b"")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::graph::rfc822::{bodies, content, files};

    fn draft() -> Vec<u8> {
        let json = json!({
            "subject": "Grüße\r\nBcc: x@y",
            "body": {"contentType": "HTML", "content": "<p>ö</p>\n"},
            "toRecipients": [{"emailAddress": {"name": "Vale, D", "address": "d@x.example"}}],
            "internetMessageHeaders": [{"name": "X-Tide", "value": "high"}],
        });
        apply(&new_draft("Ada", "ada@x.example"), &json).unwrap()
    }

    #[test]
    fn json_becomes_a_message() {
        let message = draft();
        let (header, _) = split(&message);
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(value(header, name).as_deref(), expected, "{name}");
        };
        check("To", Some("\"Vale, D\" <d@x.example>"));
        check("From", Some("\"Ada\" <ada@x.example>"));
        check("X-Tide", Some("high"));
        check("Bcc", None);
        assert_eq!(bodies(&message), (None, Some("<p>ö</p>\r\n".to_owned())));
    }

    #[test]
    fn attachments_come_and_go_and_the_text_stays() {
        let file = |name: &str| Attachment {
            name: name.to_owned(),
            content_type: "text/plain".to_owned(),
            bytes: b"tide".to_vec(),
            ..Attachment::default()
        };
        let message = add_file(&add_file(&draft(), &file("one.txt")), &file("zwö.txt"));
        let found = files(&message);
        let names: Vec<&str> = found.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["one.txt", "zwö.txt"]);
        assert_eq!(content(&message, &found[1].part), b"tide");
        let message = remove_file(&message, &found[0]);
        let message = apply(&message, &json!({"body": {"content": "plain"}})).unwrap();
        assert_eq!(files(&message).len(), 1);
        assert_eq!(bodies(&message), (Some("plain".to_owned()), None));
    }

    #[test]
    fn what_graph_does_not_know_is_refused() {
        let check = |json: Value, code: &str| {
            let fault = apply(&draft(), &json).unwrap_err();
            assert_eq!(fault.code, code, "{json}");
        };
        check(json!({"tide": 1}), "RequestBodyRead");
        check(
            json!({"toRecipients": [{"emailAddress": {"address": "nobody"}}]}),
            "ErrorInvalidRecipients",
        );
        check(
            json!({"internetMessageHeaders": [{"name": "Tide"}]}),
            "InvalidInternetMessageHeader",
        );
        check(
            json!({"attachments": [{"name": "a", "contentBytes": ""}]}),
            "ErrorInvalidRequest",
        );
    }
}
