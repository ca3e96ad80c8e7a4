//! Reads a message piece by piece where the server cannot write it as MIME: text, header, one attachment after the other.

use super::{DOING, LONGEST};
use crate::backend::BackendError;
use crate::backend::ews::item;
use crate::backend::ews::judge::{self, Stage};
use crate::backend::ews::link::{Call, Link, protocol};
use crate::backend::ews::soap::{Class, Node, Reply, Version, Xml};
use crate::mime::{AttachedPiece, ContentPiece, HeaderPiece, Pieces, TextPiece, assemble};
use crate::model::{Address, sanitize_line};

/// Bytes of an answer that holds the text, which may have its pictures inside.
const LONGEST_TEXT: usize = 64 << 20;
/// Bytes that stand around an attachment.
const AROUND: usize = 1 << 20;
/// Attachments read of one message.
const MOST_ATTACHMENTS: usize = 500;
/// Header fields kept.
const MOST_FIELDS: usize = 1_000;
/// Addresses kept of each field.
const MOST_ADDRESSES: usize = 20_000;

const FIELDS: &[&str] = &[
    "item:Subject",
    "item:Body",
    "item:Attachments",
    "item:DateTimeReceived",
    "item:InReplyTo",
    "item:InternetMessageHeaders",
    "item:DateTimeSent",
    "message:Sender",
    "message:ToRecipients",
    "message:CcRecipients",
    "message:BccRecipients",
    "message:From",
    "message:InternetMessageId",
    "message:References",
    "message:ReplyTo",
];

/// What counts bytes as they come.
type Told<'a> = &'a (dyn Fn(usize) + Send + Sync);

/// What the server may be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Mime,
    Properties,
}

/// Reads a message in pieces and puts them together; nothing where it is gone. Where even the text cannot be had, the
/// message says so.
pub(super) async fn read(
    link: &Link,
    id: &String,
    told: Told<'_>,
) -> Result<Option<Vec<u8>>, BackendError> {
    let write = |xml: &mut Xml, _: Version| {
        xml.inside("m:GetItem", &[], |xml| {
            xml.inside("m:ItemShape", &[], |xml| {
                xml.text("t:BaseShape", "IdOnly");
                xml.text("t:BodyType", "Best");
                item::properties(xml, FIELDS, &[]);
            });
            item::ids(xml, std::slice::from_ref(id));
        });
    };
    let call = Call::new(DOING, &write).limit(LONGEST_TEXT).progress(told);
    let replies = link.call(&call).await?;
    let reply = only(replies)?;
    if judge::is_gone(&reply) {
        return Ok(None);
    }
    if reply.class == Class::Error {
        return Ok(Some(header_only(link, id, &reply).await?));
    }
    let items = reply.node.child("Items");
    let Some(told_item) = items.and_then(|items| items.children().first()) else {
        return Err(protocol(DOING, "an answer without an item"));
    };
    let mut pieces = pieces(told_item);
    pieces.attachments = attachments(link, told_item, told).await?;
    Ok(Some(assemble(pieces)))
}

fn only(replies: Vec<Reply>) -> Result<Reply, BackendError> {
    let mut replies = replies.into_iter();
    match (replies.next(), replies.next()) {
        (Some(reply), None) => Ok(reply),
        _ => Err(protocol(DOING, "not as many answers as questions")),
    }
}

/// Writes what the list knows of a message that even its properties cannot be read of.
async fn header_only(link: &Link, id: &String, reply: &Reply) -> Result<Vec<u8>, BackendError> {
    let error = judge::error(DOING, Stage::Working, reply);
    if is_passing(&error, reply) {
        return Err(error);
    }
    let rows = item::rows(link, std::slice::from_ref(id)).await?;
    let envelope = rows.into_iter().next().map(|row| row.envelope);
    let envelope = envelope.unwrap_or_default();
    let mut fields = vec![
        people("From", envelope.from),
        people("To", envelope.to),
        people("Cc", envelope.cc),
        text("Subject", &envelope.subject),
        text("Date", &date(envelope.date)),
    ];
    if !envelope.message_id.is_empty() {
        fields.push(text("Message-ID", &format!("<{}>", envelope.message_id)));
    }
    let reason = format!(
        "[The server cannot read this message out: {}]\n",
        reply.code
    );
    Ok(assemble(Pieces {
        fields,
        text: TextPiece::Plain(reason),
        attachments: Vec::new(),
    }))
}

/// Reads header and text of an item.
fn pieces(item: &Node) -> Pieces {
    let sent = ["DateTimeSent", "DateTimeReceived"];
    let mut sent = sent
        .iter()
        .filter_map(|name| item::date(item.text_of(name)));
    let mut fields = vec![
        people("From", addresses(item, &["From", "Sender"])),
        people("Sender", sender(item)),
        people("To", addresses(item, &["ToRecipients"])),
        people("Cc", addresses(item, &["CcRecipients"])),
        people("Bcc", addresses(item, &["BccRecipients"])),
        people("Reply-To", addresses(item, &["ReplyTo"])),
        text("Subject", &sanitize_line(item.text_of("Subject"))),
        text("Date", &sent.next().map(date).unwrap_or_default()),
        text("Message-ID", item.text_of("InternetMessageId")),
        text("In-Reply-To", item.text_of("InReplyTo")),
        text("References", item.text_of("References")),
    ];
    fields.retain(|field| !is_empty(field));
    let mut all = other_fields(item, &fields);
    all.append(&mut fields);
    Pieces {
        fields: all,
        text: words(item.child("Body")),
        attachments: Vec::new(),
    }
}

fn words(body: Option<&Node>) -> TextPiece {
    let Some(body) = body else {
        return TextPiece::Plain(String::new());
    };
    let words = body.raw_text().to_owned();
    match body.attribute("BodyType") {
        Some("Text") => TextPiece::Plain(words),
        _ => TextPiece::Html(words),
    }
}

/// Returns the fields of `InternetMessageHeaders` that no property tells, `Received` and the like.
fn other_fields(item: &Node, known: &[HeaderPiece]) -> Vec<HeaderPiece> {
    let headers = item.child("InternetMessageHeaders");
    let headers = headers.map_or(&[][..], Node::children).iter();
    let fields = headers.filter_map(|header| {
        let name = header.attribute("HeaderName")?;
        let is_known = known
            .iter()
            .any(|field| name_of(field).eq_ignore_ascii_case(name));
        (!is_known).then(|| text(name, header.text()))
    });
    fields.take(MOST_FIELDS).collect()
}

fn text(name: &str, value: &str) -> HeaderPiece {
    HeaderPiece::Text {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn people(name: &'static str, people: Vec<Address>) -> HeaderPiece {
    HeaderPiece::People { name, people }
}

fn name_of(field: &HeaderPiece) -> &str {
    match field {
        HeaderPiece::Text { name, .. } => name,
        HeaderPiece::People { name, .. } => name,
    }
}

fn is_empty(field: &HeaderPiece) -> bool {
    match field {
        HeaderPiece::Text { value, .. } => value.trim().is_empty(),
        HeaderPiece::People { people, .. } => people.is_empty(),
    }
}

fn date(date: jiff::Timestamp) -> String {
    let date = date.to_zoned(jiff::tz::TimeZone::UTC);
    jiff::fmt::rfc2822::to_string(&date).unwrap_or_default()
}

/// Returns the addresses of the first property that is there.
fn addresses(item: &Node, names: &[&str]) -> Vec<Address> {
    let list = names.iter().find_map(|name| item.child(name));
    let mailboxes = list.map_or(&[][..], Node::children).iter();
    mailboxes
        .filter(|child| child.name() == "Mailbox")
        .filter_map(item::address)
        .take(MOST_ADDRESSES)
        .collect()
}

/// Returns who sent it, where that is not who wrote it.
fn sender(item: &Node) -> Vec<Address> {
    let (from, sender) = (addresses(item, &["From"]), addresses(item, &["Sender"]));
    if from == sender { Vec::new() } else { sender }
}

/// Reads the attachments, one at a time.
async fn attachments(
    link: &Link,
    item: &Node,
    told: Told<'_>,
) -> Result<Vec<AttachedPiece>, BackendError> {
    let listed = item.child("Attachments");
    let listed = listed.map_or(&[][..], Node::children);
    let mut room = LONGEST;
    let mut read = Vec::new();
    for node in listed.iter().take(MOST_ATTACHMENTS) {
        let content = match node.name() {
            "FileAttachment" => file(link, node, room, told).await?,
            "ItemAttachment" => message(link, node, room, told).await?,
            // A file that is kept elsewhere, of which the message has only the address.
            "ReferenceAttachment" => {
                ContentPiece::Missing(sanitize_line(node.text_of("AttachLongPathName")))
            }
            _ => continue,
        };
        if let ContentPiece::File(bytes) | ContentPiece::Message(bytes) = &content {
            room = room.saturating_sub(bytes.len());
        }
        read.push(piece(node, content));
    }
    if listed.len() > MOST_ATTACHMENTS {
        let more = format!("{} more were not read", listed.len() - MOST_ATTACHMENTS);
        read.push(piece(&Node::default(), ContentPiece::Missing(more)));
    }
    Ok(read)
}

fn piece(node: &Node, content: ContentPiece) -> AttachedPiece {
    let content_id = node.text_of("ContentId").trim_matches(['<', '>']);
    AttachedPiece {
        name: sanitize_line(node.text_of("Name")),
        media_type: sanitize_line(node.text_of("ContentType")),
        content_id: content_id.to_owned(),
        is_inline: node.truth_of("IsInline").unwrap_or(false),
        content,
    }
}

async fn file(
    link: &Link,
    listed: &Node,
    room: usize,
    told: Told<'_>,
) -> Result<ContentPiece, BackendError> {
    let mut reply = match attachment(link, listed, (Form::Mime, room), told).await? {
        Ok(reply) => reply,
        Err(reason) => return Ok(ContentPiece::Missing(reason)),
    };
    let bytes = reply.node.take_bytes("Content").unwrap_or_default();
    if bytes.is_empty() && size(listed) > 0 {
        return Ok(ContentPiece::Missing(String::new()));
    }
    Ok(ContentPiece::File(bytes))
}

/// Reads a message in a message; one that is no MIME either is put together without what is attached to it.
async fn message(
    link: &Link,
    listed: &Node,
    room: usize,
    told: Told<'_>,
) -> Result<ContentPiece, BackendError> {
    if let Ok(mut reply) = attachment(link, listed, (Form::Mime, room), told).await? {
        let bytes = reply.node.take_bytes("MimeContent").unwrap_or_default();
        if !bytes.is_empty() {
            return Ok(ContentPiece::Message(bytes));
        }
    }
    let reply = match attachment(link, listed, (Form::Properties, room), told).await? {
        Ok(reply) => reply,
        Err(reason) => return Ok(ContentPiece::Missing(reason)),
    };
    let attached = reply.node.at(&["Attachments", "ItemAttachment"]);
    let mut inside = attached.map_or(&[][..], Node::children).iter();
    // A message, a meeting, a contact: what has a text or a subject of its own.
    let is_item = |node: &&Node| node.child("Body").is_some() || node.child("Subject").is_some();
    let Some(item) = inside.find(is_item) else {
        return Ok(ContentPiece::Missing(String::new()));
    };
    let mut pieces = pieces(item);
    let inner = item.child("Attachments");
    let inner = inner.map_or(&[][..], Node::children).iter();
    let missing = inner.map(|node| piece(node, ContentPiece::Missing(String::new())));
    pieces.attachments = missing.take(MOST_ATTACHMENTS).collect();
    Ok(ContentPiece::Message(assemble(pieces)))
}

/// Asks for one attachment; the inner error says why it cannot be had, now and later.
async fn attachment(
    link: &Link,
    listed: &Node,
    (form, room): (Form, usize),
    told: Told<'_>,
) -> Result<Result<Reply, String>, BackendError> {
    let id = listed.child("AttachmentId");
    let id = id.and_then(|id| id.attribute("Id")).unwrap_or_default();
    let too_long = || format!("The message is larger than {} MiB", LONGEST >> 20);
    if size(listed) > room {
        return Ok(Err(too_long()));
    }
    let write = |xml: &mut Xml, _: Version| {
        xml.inside("m:GetAttachment", &[], |xml| {
            xml.inside("m:AttachmentShape", &[], |xml| shape(xml, form));
            xml.inside("m:AttachmentIds", &[], |xml| {
                xml.empty("t:AttachmentId", &[("Id", id)]);
            });
        });
    };
    // Base64 is a third longer than what it stands for, its line ends not counted.
    let limit = room / 3 * 4 + room / 16 + AROUND;
    let call = Call::new(DOING, &write).limit(limit).progress(told);
    let reply = match link.call(&call).await {
        Ok(replies) => only(replies)?,
        Err(error) if item::is_too_long(&error) => return Ok(Err(too_long())),
        Err(BackendError::Refused { code, .. }) => return Ok(Err(code)),
        Err(error) => return Err(error),
    };
    if reply.class != Class::Error {
        return Ok(Ok(reply));
    }
    let error = judge::error(DOING, Stage::Working, &reply);
    if is_passing(&error, &reply) {
        return Err(error);
    }
    Ok(Err(reply.code))
}

fn shape(xml: &mut Xml, form: Form) {
    match form {
        Form::Mime => xml.text("t:IncludeMimeContent", "true"),
        Form::Properties => {
            xml.text("t:BodyType", "Best");
            item::properties(xml, FIELDS, &[]);
        }
    }
}

fn size(listed: &Node) -> usize {
    listed.text_of("Size").parse().unwrap_or(0)
}

/// Tells whether asking again later may help. Exchange says "internal error" of a damaged part, every time.
fn is_passing(error: &BackendError, reply: &Reply) -> bool {
    let is_about_it = matches!(
        error,
        BackendError::Refused { .. } | BackendError::Gone { .. }
    );
    !is_about_it && reply.code != "ErrorInternalServerError"
}
