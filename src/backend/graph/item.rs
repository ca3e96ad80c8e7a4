//! Messages as JSON: what a list row shows of one, and what of it a change tells.
//!
//! Every field may be missing or of another type; then it counts as missing.

use std::borrow::Cow;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::de::{Deserialize as _, IgnoredAny, MapAccess, SeqAccess};
use serde_json::Value;

use super::wire::loose::{Loose, Slot, Told, name, pass, slot, value};
use crate::model::{Address, Envelope, FlagUpdate, Flags, RemoteId, RemoteMessage, sanitize_line};

/// What is asked for of each message.
pub(super) const SELECT: &str = "id,subject,from,sender,toRecipients,ccRecipients,replyTo,sentDateTime,receivedDateTime,internetMessageId,isRead,isDraft,flag,hasAttachments";
/// Size, last verb, `In-Reply-To`, `References` (MS-OXPROPS; protocol facts §8.2, §8.5).
pub(super) const EXPAND: &str = "singleValueExtendedProperties($filter=id eq 'Integer 0x0E08' or id eq 'Integer 0x1081' or id eq 'String 0x1042' or id eq 'String 0x1039')";

const SIZE: u32 = 0x0E08;
const LAST_VERB: u32 = 0x1081;
const IN_REPLY_TO: u32 = 0x1042;
const REFERENCES: u32 = 0x1039;

/// An id longer than this is none.
const LONGEST_ID: usize = 2_000;
const LONGEST_SUBJECT: usize = 1_000;
const LONGEST_NAME: usize = 500;
const MOST_ADDRESSES: usize = 50;
const MOST_REFERENCES: usize = 100;
/// How far a clock may run ahead before it is not believed.
const MOST_AHEAD: SignedDuration = SignedDuration::from_hours(48);

/// One entry of a list of changes.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Item {
    /// All a row needs.
    Whole(Box<RemoteMessage>),
    /// Flags, and all of them.
    Flags(FlagUpdate),
    /// Something changed; what is told is not enough (protocol facts §8.3).
    Partial(RemoteId),
    /// It is not in the folder any more.
    Removed(RemoteId),
}

impl Item {
    /// Returns which message it is about.
    pub fn id(&self) -> &RemoteId {
        match self {
            Self::Whole(message) => &message.id,
            Self::Flags(update) => &update.id,
            Self::Partial(id) | Self::Removed(id) => id,
        }
    }
}

type Text<'de> = Cow<'de, str>;

/// A message as far as an answer tells of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Row<'de> {
    is_removed: bool,
    id: Option<Text<'de>>,
    subject: Option<Text<'de>>,
    from: Option<People>,
    sender: Option<People>,
    to: Option<People>,
    cc: Option<People>,
    reply_to: Option<People>,
    sent: Option<Text<'de>>,
    received: Slot<Text<'de>>,
    message_id: Slot<Text<'de>>,
    is_read: Slot<bool>,
    is_draft: Slot<bool>,
    flag: Slot<Flag<'de>>,
    has_attachments: Option<bool>,
    properties: Slot<Properties<'de>>,
}

impl<'de> Told<'de> for Row<'de> {
    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let (mut row, from) = (Self::default(), &mut object);
        while let Some(name) = name(from)? {
            match &*name {
                "id" => row.id = value(from)?,
                "subject" => row.subject = value(from)?,
                "from" => row.from = value(from)?,
                "sender" => row.sender = value(from)?,
                "toRecipients" => row.to = value(from)?,
                "ccRecipients" => row.cc = value(from)?,
                "replyTo" => row.reply_to = value(from)?,
                "sentDateTime" => row.sent = value(from)?,
                "receivedDateTime" => row.received = slot(from)?,
                "internetMessageId" => row.message_id = slot(from)?,
                "isRead" => row.is_read = slot(from)?,
                "isDraft" => row.is_draft = slot(from)?,
                "flag" => row.flag = slot(from)?,
                "hasAttachments" => row.has_attachments = value(from)?,
                "singleValueExtendedProperties" => row.properties = slot(from)?,
                other => {
                    row.is_removed |= other == "@removed";
                    pass(from)?;
                }
            }
        }
        Ok(Some(row))
    }
}

impl<'de> Row<'de> {
    /// Reads a message that is a part of an answer; `None` where there is no object.
    pub fn of(value: &'de Value) -> Option<Self> {
        Loose::deserialize(value).ok()?.0
    }

    /// Returns the id, if it can be one.
    pub fn id(&self) -> Option<RemoteId> {
        sound_id(self.id.as_deref().unwrap_or_default())
    }

    /// Returns when it was received.
    pub fn received(&self) -> Option<Timestamp> {
        self.received.value.as_deref().and_then(time)
    }

    /// Tells whether there is a file with it.
    pub fn has_attachments(&self) -> bool {
        self.has_attachments.unwrap_or_default()
    }

    /// Sorts it by how much it tells; `None` when it has no id. `has_verbs` tells whether extended properties were asked
    /// for.
    pub fn into_item(self, has_verbs: bool) -> Option<Item> {
        let id = self.id()?;
        if self.is_removed {
            return Some(Item::Removed(id));
        }
        if self.received.is_told && self.message_id.is_told {
            let envelope = self.into_envelope();
            return Some(Item::Whole(Box::new(RemoteMessage { id, envelope })));
        }
        let has_all = self.is_read.is_told && self.is_draft.is_told && self.flag.is_told;
        // Without the last verb it is not known whether the message was answered.
        if has_all && (!has_verbs || self.properties.is_told) {
            let flags = self.flags();
            return Some(Item::Flags(FlagUpdate { id, flags }));
        }
        Some(Item::Partial(id))
    }

    /// Returns a whole message without its id.
    pub fn into_envelope(self) -> Envelope {
        let (flags, received) = (self.flags(), self.received());
        let list = |people: Option<People>| people.map(|people| people.0).unwrap_or_default();
        let properties = self.properties.value.unwrap_or_default();
        let from = list(self.from);
        Envelope {
            date: credible(self.sent.as_deref().and_then(time), received),
            from: if from.is_empty() {
                list(self.sender)
            } else {
                from
            },
            to: list(self.to),
            cc: list(self.cc),
            reply_to: list(self.reply_to),
            subject: line(self.subject.as_deref().unwrap_or_default(), LONGEST_SUBJECT),
            message_id: ids(self.message_id.value.as_deref().unwrap_or_default(), 1)
                .pop()
                .unwrap_or_default(),
            in_reply_to: ids(properties.in_reply_to.as_deref().unwrap_or_default(), 1).pop(),
            references: ids(
                properties.references.as_deref().unwrap_or_default(),
                MOST_REFERENCES,
            ),
            flags,
            size: properties
                .size
                .and_then(|size| size.parse().ok())
                .unwrap_or(0),
            has_attachments: self.has_attachments.unwrap_or_default(),
            preview: String::new(),
        }
    }

    /// Returns the flags it has.
    pub fn flags(&self) -> Flags {
        let flag = self.flag.value.as_ref();
        let status = flag.and_then(|flag| flag.status.as_deref());
        // 102 and 103 are replies, 104 is a forward (MS-OXOMSG §2.2.2.26).
        let properties = self.properties.value.as_ref();
        let verb = properties.and_then(|properties| properties.verb.as_deref());
        [
            (self.is_read.value == Some(true), Flags::SEEN),
            (self.is_draft.value == Some(true), Flags::DRAFT),
            (status == Some("flagged"), Flags::FLAGGED),
            (matches!(verb, Some("102" | "103")), Flags::ANSWERED),
            (verb == Some("104"), Flags::FORWARDED),
        ]
        .into_iter()
        .filter(|(is_set, _)| *is_set)
        .fold(Flags::NONE, |flags, (_, flag)| flags.with(flag))
    }
}

/// A follow-up flag.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Flag<'de> {
    status: Option<Text<'de>>,
}

impl<'de> Told<'de> for Flag<'de> {
    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let mut flag = Self::default();
        while let Some(name) = name(&mut object)? {
            match &*name {
                "flagStatus" => flag.status = value(&mut object)?,
                _ => pass(&mut object)?,
            }
        }
        Ok(Some(flag))
    }
}

/// The extended properties that are asked for; of one told twice, the first counts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Properties<'de> {
    size: Option<Text<'de>>,
    verb: Option<Text<'de>>,
    in_reply_to: Option<Text<'de>>,
    references: Option<Text<'de>>,
}

impl<'de> Told<'de> for Properties<'de> {
    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut properties = Self::default();
        while let Some(property) = list.next_element::<Loose<Property<'de>>>()? {
            let Some(Property { id, value }) = property.0 else {
                continue;
            };
            // The server spells the names in its own way.
            let place = match id.as_deref().and_then(tag_of) {
                Some(SIZE) => &mut properties.size,
                Some(LAST_VERB) => &mut properties.verb,
                Some(IN_REPLY_TO) => &mut properties.in_reply_to,
                Some(REFERENCES) => &mut properties.references,
                _ => continue,
            };
            place.get_or_insert(value.unwrap_or_default());
        }
        Ok(Some(properties))
    }
}

#[derive(Default)]
struct Property<'de> {
    id: Option<Text<'de>>,
    value: Option<Text<'de>>,
}

impl<'de> Told<'de> for Property<'de> {
    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let mut property = Self::default();
        while let Some(name) = name(&mut object)? {
            match &*name {
                "id" => property.id = value(&mut object)?,
                "value" => property.value = value(&mut object)?,
                _ => pass(&mut object)?,
            }
        }
        Ok(Some(property))
    }
}

fn tag_of(name: &str) -> Option<u32> {
    let (_, number) = name.rsplit_once(' ')?;
    let number = number.strip_prefix("0x").or(number.strip_prefix("0X"))?;
    u32::from_str_radix(number, 16).ok()
}

/// One recipient or a list of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct People(Vec<Address>);

impl<'de> Told<'de> for People {
    fn from_object<A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
        let one = Recipient::from_object(object)?;
        Ok(Some(Self(
            one.and_then(Recipient::named).into_iter().collect(),
        )))
    }

    fn from_list<A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut people = Vec::new();
        while people.len() < MOST_ADDRESSES {
            let Some(recipient) = list.next_element::<Loose<Recipient<'de>>>()? else {
                return Ok(Some(Self(people)));
            };
            people.extend(recipient.0.and_then(Recipient::named));
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Some(Self(people)))
    }
}

#[derive(Default)]
struct Recipient<'de> {
    address: Option<Person<'de>>,
}

impl<'de> Told<'de> for Recipient<'de> {
    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let mut recipient = Self::default();
        while let Some(name) = name(&mut object)? {
            match &*name {
                "emailAddress" => recipient.address = value(&mut object)?,
                _ => pass(&mut object)?,
            }
        }
        Ok(Some(recipient))
    }
}

impl Recipient<'_> {
    fn named(self) -> Option<Address> {
        let Person { name, address } = self.address?;
        let name = line(name.as_deref().unwrap_or_default(), LONGEST_NAME);
        let email = line(address.as_deref().unwrap_or_default(), LONGEST_NAME);
        // Exchange repeats the address where there is no name.
        let name = if name == email { String::new() } else { name };
        let is_empty = name.is_empty() && email.is_empty();
        (!is_empty).then(|| Address::named(name, email))
    }
}

#[derive(Default)]
struct Person<'de> {
    name: Option<Text<'de>>,
    address: Option<Text<'de>>,
}

impl<'de> Told<'de> for Person<'de> {
    fn from_object<A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        let mut person = Self::default();
        while let Some(name) = name(&mut object)? {
            match &*name {
                "name" => person.name = value(&mut object)?,
                "address" => person.address = value(&mut object)?,
                _ => pass(&mut object)?,
            }
        }
        Ok(Some(person))
    }
}

/// Returns the id of something, if it can be one.
pub(super) fn id_of(value: &Value) -> Option<RemoteId> {
    sound_id(text(value, "id"))
}

fn sound_id(id: &str) -> Option<RemoteId> {
    (!id.is_empty() && id.len() <= LONGEST_ID).then(|| RemoteId::new(id))
}

/// Returns a text; "" where there is none.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Returns a number that fits; `None` where there is none.
pub(super) fn count(value: &Value, name: &str) -> Option<u32> {
    let number = value.get(name).and_then(Value::as_u64)?;
    Some(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Returns when something happened; a date without a zone is taken for UTC, as all of Graph's are.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let local: DateTime = text.parse().ok()?;
    let zoned = local.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

/// Takes the ids out of their angle brackets; the oldest and the newest are kept where there are too many.
fn ids(text: &str, most: usize) -> Vec<String> {
    let clean = sanitize_line(text);
    let words = clean.split(|c: char| c.is_whitespace() || c == '<' || c == '>' || c == ',');
    let mut ids: Vec<String> = words
        .filter(|word| !word.is_empty() && word.len() <= LONGEST_ID)
        .map(str::to_owned)
        .collect();
    if ids.len() > most && most > 1 {
        ids.drain(1..=ids.len() - most);
    }
    ids.truncate(most);
    ids
}

fn line(text: &str, most: usize) -> String {
    let line = sanitize_line(text);
    // No text has more characters than bytes.
    if line.len() <= most || line.chars().count() <= most {
        return line;
    }
    let mut cut: String = line.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Returns when a message was sent; when it was received where that is missing or absurd.
fn credible(sent: Option<Timestamp>, received: Option<Timestamp>) -> Timestamp {
    let is_ahead = |sent: &Timestamp| {
        received.is_some_and(|received| sent.duration_since(received) > MOST_AHEAD)
    };
    sent.filter(|sent| *sent > Timestamp::UNIX_EPOCH && !is_ahead(sent))
        .or(received)
        .unwrap_or_default()
}
