//! A message as `GetItem` lists it: which properties are asked for, and the list row made of them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::judge;
use super::link::{Call, Link, protocol};
use super::soap::{Class, Node, Reply, Version, Xml};
use crate::backend::BackendError;
use crate::mime::parse_envelope;
use crate::model::{Address, Envelope, Flags, RemoteId, RemoteMessage, sanitize_line};
use crate::net::NetError;

const DOING: &str = "list messages";
/// Messages of one request.
const TOGETHER: usize = 128;
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
    let lower = text.to_ascii_lowercase();
    match lower.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => lower.parse().ok(),
    }
}

/// Asks for list rows. Messages that are gone are left out; those that the server cannot read have an empty row.
pub(super) async fn rows(link: &Link, ids: &[String]) -> Result<Vec<RemoteMessage>, BackendError> {
    let mut rows = Vec::with_capacity(ids.len());
    let mut waiting: Vec<&[String]> = ids.chunks(TOGETHER).rev().collect();
    while let Some(first) = waiting.pop() {
        let second = waiting.pop();
        let asked = [Some(first), second].into_iter().flatten();
        // Two at a time: more only makes a server slow down.
        let asked = asked.map(async |batch| (batch, some_rows(link, batch).await));
        for (batch, outcome) in futures_util::future::join_all(asked).await {
            match outcome {
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
    let replies = link.call(&Call::new(DOING, &write)).await?;
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
    let item = items.and_then(|items| items.children().first());
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

/// Makes a list row of an item.
pub(super) fn envelope(item: &Node) -> Envelope {
    let mut envelope = parse_envelope(identity(item).as_bytes(), None);
    let subject = sanitize_line(item.text_of("Subject"));
    envelope.subject = subject.chars().take(LONGEST_SUBJECT).collect();
    envelope.from = addresses(item.child("From").or_else(|| item.child("Sender")));
    envelope.to = addresses(item.child("ToRecipients"));
    envelope.cc = addresses(item.child("CcRecipients"));
    envelope.reply_to = addresses(item.child("ReplyTo"));
    envelope.date = credible(
        date(item.text_of("DateTimeSent")),
        date(item.text_of("DateTimeReceived")),
    );
    envelope.flags = flags(item);
    envelope.size = item.text_of("Size").parse().unwrap_or(0);
    envelope.has_attachments = item.truth_of("HasAttachments").unwrap_or(false);
    envelope
}

/// Writes the fields that name messages as a header block, so that they are read as everywhere.
fn identity(item: &Node) -> String {
    const LONGEST: usize = 16 << 10;
    let mut block = String::new();
    for (field, property) in [
        ("Message-ID", "InternetMessageId"),
        ("In-Reply-To", "InReplyTo"),
        ("References", "References"),
    ] {
        let text = sanitize_line(item.text_of(property));
        let text: String = text.chars().take(LONGEST).collect();
        if !text.trim().is_empty() {
            for part in [field, ": ", &text, "\r\n"] {
                block.push_str(part);
            }
        }
    }
    block
}

fn addresses(list: Option<&Node>) -> Vec<Address> {
    let mailboxes = list.map_or(&[][..], Node::children).iter();
    mailboxes
        .filter(|child| child.name() == "Mailbox")
        .filter_map(address)
        .take(MOST_ADDRESSES)
        .collect()
}

/// Reads a mailbox. An address of Exchange's own kind says nothing to people and reaches nobody from outside.
pub(super) fn address(mailbox: &Node) -> Option<Address> {
    let name = sanitize_line(mailbox.text_of("Name"));
    let email = sanitize_line(mailbox.text_of("EmailAddress"));
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

fn flags(item: &Node) -> Flags {
    let when = |is_set: bool, flag: Flags| if is_set { flag } else { Flags::NONE };
    let verb = extended(item, VERB.number).unwrap_or_default();
    let is = |name: &str| item.truth_of(name).unwrap_or(false);
    when(is("IsRead"), Flags::SEEN)
        .with(when(is("IsDraft"), Flags::DRAFT))
        .with(when(
            extended(item, FLAG.number) == Some("2"),
            Flags::FLAGGED,
        ))
        .with(when(matches!(verb, "102" | "103"), Flags::ANSWERED))
        .with(when(verb == "104", Flags::FORWARDED))
}
