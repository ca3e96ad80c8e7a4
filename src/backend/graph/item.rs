//! Messages as JSON: what a list row shows of one, and what of it a change tells.
//!
//! Every field may be missing or of another type; then it counts as missing.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

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
    /// Reads one; `None` when it has no id. `has_verbs` tells whether extended properties were asked for.
    pub fn read(value: &Value, has_verbs: bool) -> Option<Self> {
        let id = id_of(value)?;
        if value.get("@removed").is_some() {
            return Some(Self::Removed(id));
        }
        if value.get("receivedDateTime").is_some() && value.get("internetMessageId").is_some() {
            let envelope = envelope(value);
            return Some(Self::Whole(Box::new(RemoteMessage { id, envelope })));
        }
        let has_all = ["isRead", "isDraft", "flag"]
            .iter()
            .all(|name| value.get(*name).is_some());
        // Without the last verb it is not known whether the message was answered.
        let has_all = has_all && (!has_verbs || value.get(PROPERTIES).is_some());
        if has_all {
            let flags = flags(value);
            return Some(Self::Flags(FlagUpdate { id, flags }));
        }
        Some(Self::Partial(id))
    }

    /// Returns which message it is about.
    pub fn id(&self) -> &RemoteId {
        match self {
            Self::Whole(message) => &message.id,
            Self::Flags(update) => &update.id,
            Self::Partial(id) | Self::Removed(id) => id,
        }
    }
}

const PROPERTIES: &str = "singleValueExtendedProperties";

/// Returns the id of something, if it can be one.
pub(super) fn id_of(value: &Value) -> Option<RemoteId> {
    let id = text(value, "id");
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

fn is_true(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// Returns when something happened; a date without a zone is taken for UTC, as all of Graph's are.
pub(super) fn time(value: &Value, name: &str) -> Option<Timestamp> {
    let text = text(value, name);
    if let Ok(time) = text.parse() {
        return Some(time);
    }
    let local: DateTime = text.parse().ok()?;
    let zoned = local.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

/// Reads a whole message without its id.
pub(super) fn envelope(value: &Value) -> Envelope {
    let property = |tag| property(value, tag);
    let from = addresses_of(value.get("from"));
    let references = ids(property(REFERENCES), MOST_REFERENCES);
    Envelope {
        date: credible(time(value, "sentDateTime"), time(value, "receivedDateTime")),
        from: if from.is_empty() {
            addresses_of(value.get("sender"))
        } else {
            from
        },
        to: addresses_of(value.get("toRecipients")),
        cc: addresses_of(value.get("ccRecipients")),
        reply_to: addresses_of(value.get("replyTo")),
        subject: line(text(value, "subject"), LONGEST_SUBJECT),
        message_id: ids(text(value, "internetMessageId"), 1)
            .pop()
            .unwrap_or_default(),
        in_reply_to: ids(property(IN_REPLY_TO), 1).pop(),
        references,
        flags: flags(value),
        size: property(SIZE).parse().unwrap_or(0),
        has_attachments: is_true(value, "hasAttachments"),
        preview: String::new(),
    }
}

/// Reads the flags a message has.
pub(super) fn flags(value: &Value) -> Flags {
    let flag = value.get("flag").map(|flag| text(flag, "flagStatus"));
    // 102 and 103 are replies, 104 is a forward (MS-OXOMSG §2.2.2.26).
    let verb = property(value, LAST_VERB);
    [
        (is_true(value, "isRead"), Flags::SEEN),
        (is_true(value, "isDraft"), Flags::DRAFT),
        (flag == Some("flagged"), Flags::FLAGGED),
        (matches!(verb, "102" | "103"), Flags::ANSWERED),
        (verb == "104", Flags::FORWARDED),
    ]
    .into_iter()
    .filter(|(is_set, _)| *is_set)
    .fold(Flags::NONE, |flags, (_, flag)| flags.with(flag))
}

/// Finds an extended property by its tag; the server spells the names in its own way.
fn property(value: &Value, tag: u32) -> &str {
    let properties = value.get(PROPERTIES).and_then(Value::as_array);
    let mut properties = properties.into_iter().flatten();
    let is_it = |property: &&Value| tag_of(text(property, "id")) == Some(tag);
    properties
        .find(is_it)
        .map_or("", |property| text(property, "value"))
}

fn tag_of(name: &str) -> Option<u32> {
    let (_, number) = name.rsplit_once(' ')?;
    let number = number.strip_prefix("0x").or(number.strip_prefix("0X"))?;
    u32::from_str_radix(number, 16).ok()
}

/// Reads one recipient or a list of them.
fn addresses_of(value: Option<&Value>) -> Vec<Address> {
    let one = value.map(std::slice::from_ref).unwrap_or_default();
    let list = value.and_then(Value::as_array).map_or(one, Vec::as_slice);
    let addresses = list.iter().filter_map(|recipient| {
        let address = recipient.get("emailAddress")?;
        let name = line(text(address, "name"), LONGEST_NAME);
        let email = line(text(address, "address"), LONGEST_NAME);
        // Exchange repeats the address where there is no name.
        let name = if name == email { String::new() } else { name };
        let is_empty = name.is_empty() && email.is_empty();
        (!is_empty).then(|| Address::named(name, email))
    });
    addresses.take(MOST_ADDRESSES).collect()
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
    if line.chars().count() <= most {
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
