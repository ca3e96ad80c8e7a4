//! Messages from drafts, with lettre's builder. Attachments' files are read here.

use std::io;
use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;
use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Attachment, Body, MessageBuilder, MultiPart, SinglePart};

use crate::mime::error::MimeError;
use crate::mime::filename::safe_name;
use crate::mime::media_types;
use crate::mime::write::recipients::{Recipients, mailbox};
use crate::mime::write::wire::{check_lines, crlf, message_id};
use crate::model::{Address, Draft, DraftAttachment, DraftOrigin, sanitize_line};

/// All attachments together, in bytes; no server takes more (Exchange Online: 150 MB).
const MAX_ATTACHMENTS: u64 = 150 * 1024 * 1024;
/// Ids written into `References`.
const MAX_REFERENCES: usize = 50;

/// A message built from a draft, fixed for all attempts to send it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Built {
    /// `Message-ID` without angle brackets.
    pub message_id: String,
    /// Envelope recipients, `Bcc` included, without duplicates.
    pub recipients: Vec<String>,
    /// The message, CRLF line ends, without `Bcc`.
    pub bytes: Vec<u8>,
}

/// Builds the message. `sender` is set as `Sender` when the draft is sent on behalf. Attachment files are read here.
pub fn build(draft: &Draft, sender: Option<&str>, now: Timestamp) -> Result<Built, MimeError> {
    let recipients = Recipients::of(draft)?;
    let from = mailbox("From", &draft.from)?;
    let message_id = message_id(from.email.domain());
    let mut builder = Message::builder().date(SystemTime::from(now)).from(from);
    if let Some(sender) = sender {
        builder = builder.sender(mailbox("Sender", &Address::bare(sender))?);
    }
    for to in recipients.to {
        builder = builder.to(to);
    }
    for cc in recipients.cc {
        builder = builder.cc(cc);
    }
    builder = builder
        .subject(sanitize_line(draft.subject.trim()))
        .message_id(Some(format!("<{message_id}>")));
    builder = answering(builder, draft.origin.as_ref())
        .user_agent(format!("Pillarbox/{}", env!("CARGO_PKG_VERSION")))
        .envelope(unused_envelope()?);
    let bytes = crlf(&with_content(builder, draft)?.formatted());
    check_lines(&bytes)?;
    Ok(Built {
        message_id,
        recipients: recipients.envelope,
        bytes,
    })
}

/// lettre wants an envelope and makes one of the headers, which fails without `To`; ours is [`Built::recipients`].
fn unused_envelope() -> Result<lettre::address::Envelope, MimeError> {
    let nobody = lettre::Address::new_dangerous("nobody", "localhost");
    lettre::address::Envelope::new(None, vec![nobody]).map_err(malformed)
}

fn malformed(error: impl std::fmt::Display) -> MimeError {
    MimeError::Malformed {
        reason: error.to_string(),
    }
}

/// Adds what ties an answer to its thread (RFC 5322 §3.6.4). A forward only refers.
fn answering(builder: MessageBuilder, origin: Option<&DraftOrigin>) -> MessageBuilder {
    let Some(origin) = origin else {
        return builder;
    };
    let references: Vec<String> = origin
        .references
        .iter()
        .filter(|id| is_id(id))
        .map(|id| format!("<{id}>"))
        .collect();
    let newest = references.len().saturating_sub(MAX_REFERENCES);
    let references = references.get(newest..).unwrap_or_default().join(" ");
    let mut builder = builder;
    if !origin.is_forward && is_id(&origin.message_id) {
        builder = builder.in_reply_to(format!("<{}>", origin.message_id));
    }
    if references.is_empty() {
        builder
    } else {
        builder.references(references)
    }
}

/// Ids come from others; one that cannot be written plainly is left out.
pub(super) fn is_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'<' && byte != b'>';
    (1..=900).contains(&id.len()) && id.bytes().all(is_plain)
}

fn with_content(builder: MessageBuilder, draft: &Draft) -> Result<Message, MimeError> {
    let text = SinglePart::plain(plain_text(&draft.text));
    if draft.attachments.is_empty() {
        return builder.singlepart(text).map_err(malformed);
    }
    let mut mixed = MultiPart::mixed().singlepart(text);
    let mut room = MAX_ATTACHMENTS;
    for attachment in &draft.attachments {
        mixed = mixed.singlepart(part(attachment, &mut room)?);
    }
    builder.multipart(mixed).map_err(malformed)
}

/// Text as it is sent: one line end at the end, no control characters.
fn plain_text(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut text: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn part(attachment: &DraftAttachment, room: &mut u64) -> Result<SinglePart, MimeError> {
    match attachment {
        DraftAttachment::File { path } => {
            let data = read(path, room)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            Ok(encoded(&name, media_types::of_name(&name), data))
        }
        DraftAttachment::Bytes {
            name,
            media_type,
            data,
        } => {
            *room = room.saturating_sub(data.len() as u64);
            Ok(encoded(name, media_type, data.clone()))
        }
    }
}

/// Reads a file, as long as all together stay below the bound.
fn read(path: &Path, room: &mut u64) -> Result<Vec<u8>, MimeError> {
    let failed = |source: io::Error| MimeError::Attachment {
        path: path.to_owned(),
        source,
    };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    *room = room.checked_sub(size).ok_or_else(|| {
        failed(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "the attachments are larger than 150 MB together",
        ))
    })?;
    std::fs::read(path).map_err(failed)
}

/// Messages may not be encoded (RFC 2046 §5.2.1): one that is not plain ASCII travels as a mere file.
fn encoded(name: &str, media_type: &str, data: Vec<u8>) -> SinglePart {
    let name = safe_name(name).unwrap_or_else(|| "attachment".to_owned());
    let is_message = media_type == "message/rfc822";
    let as_lines = is_message.then(|| crlf(&data));
    let plain = as_lines.filter(|lines| lines.is_ascii() && check_lines(lines).is_ok());
    let (media_type, body) = match plain {
        Some(lines) => (
            media_type,
            Body::dangerous_pre_encoded(lines, ContentTransferEncoding::SevenBit),
        ),
        None if is_message => ("application/octet-stream", base64(data)),
        None => (media_type, base64(data)),
    };
    let content_type = ContentType::parse(media_type).unwrap_or_else(|_| octets());
    Attachment::new(name).body(body, content_type)
}

pub(super) fn base64(data: Vec<u8>) -> Body {
    // Base64 takes anything; the other arm cannot happen and loses nothing but compactness.
    Body::new_with_encoding(data, ContentTransferEncoding::Base64).unwrap_or_else(Body::new)
}

pub(super) fn octets() -> ContentType {
    ContentType::parse("application/octet-stream").unwrap_or(ContentType::TEXT_PLAIN)
}
