//! A message as `GetItem` lists it: which properties are asked for, and the list row made of them.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::judge;
use super::link::{Call, Link, protocol};
use super::soap::{Class, Items, Node, Piece, Reply, Version, Xml};
use crate::backend::BackendError;
use crate::mime::parse_envelope;
use crate::model::{Address, Envelope, Flags, RemoteId, RemoteMessage, sanitize_line};
use crate::net::NetError;

const DOING: &str = "list messages";
/// Messages of one request for rows.
pub(super) const TOGETHER: usize = 128;
/// Requests for rows at a time; more only make a server slow down.
const AT_ONCE: usize = 2;
/// Addresses kept of each field.
const MOST_ADDRESSES: usize = 50;
/// Characters of a subject.
const LONGEST_SUBJECT: usize = 1_000;
/// How far a clock may run ahead before we do not believe it.
const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(48);

/// A property without a name of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tag {
    /// Its number, `0x` and four digits.
    pub(super) number: &'static str,
    /// Its type.
    pub(super) kind: &'static str,
}

impl Tag {
    /// Writes which property it is.
    pub(super) fn write(self, xml: &mut Xml) {
        let attributes = [("PropertyTag", self.number), ("PropertyType", self.kind)];
        xml.empty("t:ExtendedFieldURI", &attributes);
    }

    /// Writes it with a value.
    pub(super) fn write_value(self, xml: &mut Xml, value: &str) {
        xml.inside("t:ExtendedProperty", &[], |xml| {
            self.write(xml);
            xml.text("t:Value", value);
        });
    }
}

/// `PidTagFlagStatus`: 2 is flagged, 1 done.
pub(super) const FLAG: Tag = Tag {
    number: "0x1090",
    kind: "Integer",
};
/// `PidTagLastVerbExecuted`: 102 answered, 103 answered to all, 104 forwarded.
pub(super) const VERB: Tag = Tag {
    number: "0x1081",
    kind: "Integer",
};

/// What a list row needs.
const FIELDS: &[&str] = &[
    "item:Subject",
    "item:DateTimeReceived",
    "item:Size",
    "item:InReplyTo",
    "item:IsDraft",
    "item:DateTimeSent",
    "item:HasAttachments",
    "message:From",
    "message:ToRecipients",
    "message:CcRecipients",
    "message:ReplyTo",
    "message:InternetMessageId",
    "message:References",
    "message:IsRead",
];

/// Writes which properties are wanted.
pub(super) fn properties(xml: &mut Xml, fields: &[&str], tags: &[Tag]) {
    xml.inside("t:AdditionalProperties", &[], |xml| {
        for field in fields {
            xml.empty("t:FieldURI", &[("FieldURI", field)]);
        }
        for tag in tags {
            tag.write(xml);
        }
    });
}

/// Writes ids of messages.
pub(super) fn ids(xml: &mut Xml, ids: &[String]) {
    xml.inside("m:ItemIds", &[], |xml| {
        for id in ids {
            xml.empty("t:ItemId", &[("Id", id)]);
        }
    });
}

/// Returns the value of an extended property.
pub(super) fn extended<'a>(item: &'a Node, number: &str) -> Option<&'a str> {
    let wanted = tag_number(number)?;
    let properties = item.children().iter();
    let mut values = properties.filter(|child| child.name() == "ExtendedProperty");
    let found = values.find(|property| {
        let uri = property.child("ExtendedFieldURI");
        let tag = uri.and_then(|uri| uri.attribute("PropertyTag"));
        tag.and_then(tag_number) == Some(wanted)
    })?;
    Some(found.text_of("Value"))
}

/// Reads `0x1090`, `0X1090` or `4240`.
fn tag_number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Asks for list rows. Messages that are gone are left out; those that the server cannot read have an empty row.
pub(super) async fn rows(link: &Link, ids: &[String]) -> Result<Vec<RemoteMessage>, BackendError> {
    let batches = ids.chunks(TOGETHER);
    let batches: Vec<_> = batches.map(|batch| batch_rows(link, batch)).collect();
    let mut answers = stream::iter(batches).buffered(AT_ONCE);
    let mut rows = Vec::with_capacity(ids.len());
    while let Some(answer) = answers.try_next().await? {
        rows.extend(answer);
    }
    Ok(rows)
}

/// Does what [`rows`] does, for at most [`TOGETHER`] messages and by one request at a time.
pub(super) async fn batch_rows(
    link: &Link,
    batch: &[String],
) -> Result<Vec<RemoteMessage>, BackendError> {
    let mut rows = Vec::with_capacity(batch.len());
    let mut waiting = vec![batch];
    while let Some(batch) = waiting.pop() {
        match some_rows(link, batch).await {
            Ok(some) => rows.extend(some),
            // Long lists of recipients: half as many fit.
            Err(error) if is_too_long(&error) && batch.len() > 1 => {
                let (left, right) = batch.split_at(batch.len() / 2);
                waiting.extend([right, left]);
            }
            Err(error) if is_too_long(&error) => rows.extend(batch.first().map(unread)),
            Err(error) => return Err(error),
        }
    }
    Ok(rows)
}

pub(super) fn is_too_long(error: &BackendError) -> bool {
    let BackendError::Offline { source, .. } = error else {
        return false;
    };
    matches!(source, NetError::TooLong { .. })
}

async fn some_rows(link: &Link, batch: &[String]) -> Result<Vec<RemoteMessage>, BackendError> {
    let write = |xml: &mut Xml, _: Version| {
        xml.inside("m:GetItem", &[], |xml| {
            xml.inside("m:ItemShape", &[], |xml| {
                xml.text("t:BaseShape", "IdOnly");
                properties(xml, FIELDS, &[FLAG, VERB]);
            });
            ids(xml, batch);
        });
    };
    let call = Call::new(DOING, &write).keeping(Items::Tapes);
    let replies = link.call(&call).await?;
    if replies.len() != batch.len() {
        return Err(protocol(DOING, "not as many answers as questions"));
    }
    let mut rows = Vec::with_capacity(batch.len());
    for (id, reply) in batch.iter().zip(&replies) {
        rows.extend(row(id, reply)?);
    }
    Ok(rows)
}

fn row(id: &String, reply: &Reply) -> Result<Option<RemoteMessage>, BackendError> {
    if judge::is_gone(reply) || reply.is_error("ErrorAccessDenied") {
        return Ok(None);
    }
    if reply.class == Class::Error {
        let error = judge::error(DOING, judge::Stage::Working, reply);
        // What is wrong with one message must not hide the others; what passes is asked for again.
        return match error {
            BackendError::Refused { .. } => Ok(Some(unread(id))),
            error => Err(error),
        };
    }
    let items = reply.node.child("Items");
    let item = items.and_then(|items| items.children().first()?.tape());
    Ok(item.map(|item| RemoteMessage {
        id: RemoteId::new(id),
        envelope: envelope(item),
    }))
}

fn unread(id: &String) -> RemoteMessage {
    RemoteMessage {
        id: RemoteId::new(id),
        envelope: Envelope::default(),
    }
}

/// What was found in an item; of properties that come twice the first counts.
#[derive(Debug, Default)]
struct Found<'a> {
    subject: Option<&'a str>,
    sent: Option<&'a str>,
    received: Option<&'a str>,
    size: Option<&'a str>,
    message_id: Option<&'a str>,
    in_reply_to: Option<&'a str>,
    references: Option<&'a str>,
    is_read: Option<&'a str>,
    is_draft: Option<&'a str>,
    has_attachments: Option<&'a str>,
    flag: Option<&'a str>,
    verb: Option<&'a str>,
    from: Option<Piece<'a>>,
    sender: Option<Piece<'a>>,
    to: Option<Piece<'a>>,
    cc: Option<Piece<'a>>,
    reply_to: Option<Piece<'a>>,
}

impl<'a> Found<'a> {
    fn take(&mut self, property: Piece<'a>) {
        let list = match property.name() {
            "From" => &mut self.from,
            "Sender" => &mut self.sender,
            "ToRecipients" => &mut self.to,
            "CcRecipients" => &mut self.cc,
            "ReplyTo" => &mut self.reply_to,
            "ExtendedProperty" => return self.take_extended(property),
            name => {
                if let Some(place) = self.text(name) {
                    place.get_or_insert(property.text());
                }
                return;
            }
        };
        list.get_or_insert(property);
    }

    fn text(&mut self, name: &str) -> Option<&mut Option<&'a str>> {
        Some(match name {
            "Subject" => &mut self.subject,
            "DateTimeSent" => &mut self.sent,
            "DateTimeReceived" => &mut self.received,
            "Size" => &mut self.size,
            "InternetMessageId" => &mut self.message_id,
            "InReplyTo" => &mut self.in_reply_to,
            "References" => &mut self.references,
            "IsRead" => &mut self.is_read,
            "IsDraft" => &mut self.is_draft,
            "HasAttachments" => &mut self.has_attachments,
            _ => return None,
        })
    }

    fn take_extended(&mut self, property: Piece<'a>) {
        let uri = property.child("ExtendedFieldURI");
        let number = uri.and_then(|uri| uri.attribute("PropertyTag"));
        let number = number.and_then(tag_number);
        let place = if number == tag_number(FLAG.number) {
            &mut self.flag
        } else if number == tag_number(VERB.number) {
            &mut self.verb
        } else {
            return;
        };
        place.get_or_insert(property.child("Value").map_or("", Piece::text));
    }

    fn flags(&self) -> Flags {
        let when = |is_set: bool, flag: Flags| if is_set { flag } else { Flags::NONE };
        when(is_true(self.is_read), Flags::SEEN)
            .with(when(is_true(self.is_draft), Flags::DRAFT))
            .with(when(self.flag == Some("2"), Flags::FLAGGED))
            .with(when(
                matches!(self.verb, Some("102" | "103")),
                Flags::ANSWERED,
            ))
            .with(when(self.verb == Some("104"), Flags::FORWARDED))
    }

    /// Writes the fields that name messages as a header block, so that they are read as everywhere.
    fn identity(&self) -> String {
        const LONGEST: usize = 16 << 10;
        let mut block = String::new();
        for (field, text) in [
            ("Message-ID", self.message_id),
            ("In-Reply-To", self.in_reply_to),
            ("References", self.references),
        ] {
            let text = sanitize_line(text.unwrap_or_default());
            let text: String = text.chars().take(LONGEST).collect();
            if !text.trim().is_empty() {
                for part in [field, ": ", &text, "\r\n"] {
                    block.push_str(part);
                }
            }
        }
        block
    }
}

/// Makes a list row of an item.
pub(super) fn envelope(item: Piece<'_>) -> Envelope {
    let mut found = Found::default();
    item.children().for_each(|property| found.take(property));
    let mut envelope = parse_envelope(found.identity().as_bytes(), None);
    let subject = sanitize_line(found.subject.unwrap_or_default());
    envelope.subject = subject.chars().take(LONGEST_SUBJECT).collect();
    envelope.from = addresses(found.from.or(found.sender));
    envelope.to = addresses(found.to);
    envelope.cc = addresses(found.cc);
    envelope.reply_to = addresses(found.reply_to);
    envelope.date = credible(found.sent.and_then(date), found.received.and_then(date));
    envelope.flags = found.flags();
    let size = found.size.and_then(|size| size.parse().ok());
    envelope.size = size.unwrap_or(0);
    envelope.has_attachments = is_true(found.has_attachments);
    envelope
}

fn is_true(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
}

fn addresses(list: Option<Piece<'_>>) -> Vec<Address> {
    let mailboxes = list.into_iter().flat_map(Piece::children);
    mailboxes
        .filter(|child| child.name() == "Mailbox")
        .filter_map(|mailbox| {
            let text = |name| mailbox.child(name).map_or("", Piece::text);
            named(text("Name"), text("EmailAddress"))
        })
        .take(MOST_ADDRESSES)
        .collect()
}

/// Reads a mailbox. An address of Exchange's own kind says nothing to people and reaches nobody from outside.
pub(super) fn address(mailbox: &Node) -> Option<Address> {
    named(mailbox.text_of("Name"), mailbox.text_of("EmailAddress"))
}

fn named(name: &str, email: &str) -> Option<Address> {
    let (name, email) = (sanitize_line(name), sanitize_line(email));
    let email = if email.contains('@') {
        email
    } else {
        String::new()
    };
    let name = if name == email { String::new() } else { name };
    (!name.is_empty() || !email.is_empty()).then(|| Address::named(name, email))
}

/// Reads a date; one without a zone is UTC.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    if let Ok(date) = text.parse::<Timestamp>() {
        return Some(date);
    }
    let local: DateTime = text.parse().ok()?;
    let zoned = local.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

fn credible(sent: Option<Timestamp>, received: Option<Timestamp>) -> Timestamp {
    let is_absurd = |date: &Timestamp| {
        *date < Timestamp::UNIX_EPOCH
            || received.is_some_and(|received| date.duration_since(received) > MOST_AHEAD)
    };
    sent.filter(|date| !is_absurd(date))
        .or(received)
        .unwrap_or_default()
}
