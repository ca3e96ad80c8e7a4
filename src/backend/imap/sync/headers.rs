//! Reads FETCH responses: list rows from header blocks, flags, dates.

use imap_proto::{AttributeValue, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use crate::backend::imap::ids::remote_id;
use crate::mime::parse_envelope;
use crate::model::{FlagUpdate, Flags, RemoteMessage};

/// What a list row needs.
pub(super) const ITEMS: &str = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC \
    REPLY-TO SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES CONTENT-TYPE)])";

/// The items of one FETCH response that matter here.
#[derive(Debug, Default)]
pub(super) struct Item<'a> {
    pub(super) uid: Option<u32>,
    pub(super) flags: Option<Flags>,
    pub(super) mod_sequence: u64,
    size: u64,
    received: Option<Timestamp>,
    headers: Option<&'a [u8]>,
}

impl<'a> Item<'a> {
    /// Tells whether this is a list row.
    pub(super) fn has_headers(&self) -> bool {
        self.headers.is_some()
    }

    pub(super) fn read(attributes: &'a [AttributeValue<'_>]) -> Self {
        let mut item = Self::default();
        for attribute in attributes {
            match attribute {
                AttributeValue::Uid(uid) => item.uid = Some(*uid).filter(|uid| *uid > 0),
                AttributeValue::Flags(names) => {
                    item.flags = Some(flags(names.iter().map(AsRef::as_ref)));
                }
                AttributeValue::ModSeq(sequence) => item.mod_sequence = *sequence,
                AttributeValue::Rfc822Size(size) => item.size = u64::from(*size),
                AttributeValue::InternalDate(date) => item.received = internal_date(date),
                AttributeValue::BodySection { data, .. } => {
                    item.headers = Some(data.as_deref().unwrap_or_default());
                }
                _ => {}
            }
        }
        item
    }
}

/// List rows as they arrive.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The rows, in the order of the server.
    pub(super) messages: Vec<(u32, RemoteMessage)>,
    /// Flags of messages nobody asked for.
    pub(super) flags: Vec<(u32, Flags)>,
}

impl Rows {
    /// Takes one response.
    pub(super) fn visit(&mut self, uid_validity: u32, response: &Response<'_>) {
        let Response::Fetch(_, attributes) = response else {
            return;
        };
        let item = Item::read(attributes);
        match (item.uid, item.headers, item.flags) {
            (Some(uid), Some(headers), flags) => {
                let mut envelope = parse_envelope(headers, item.received);
                envelope.flags = flags.unwrap_or_default();
                envelope.size = item.size;
                let id = remote_id(uid_validity, uid);
                self.messages.push((uid, RemoteMessage { id, envelope }));
            }
            (Some(uid), None, Some(flags)) => self.flags.push((uid, flags)),
            _ => {}
        }
    }
}

/// Makes the update of one message.
pub(super) fn flag_update(uid_validity: u32, uid: u32, flags: Flags) -> FlagUpdate {
    FlagUpdate {
        id: remote_id(uid_validity, uid),
        flags,
    }
}

/// Sorts the names of flags; unknown ones are no matter.
fn flags<'a>(names: impl Iterator<Item = &'a str>) -> Flags {
    const KNOWN: [(&str, Flags); 6] = [
        ("\\Seen", Flags::SEEN),
        ("\\Answered", Flags::ANSWERED),
        ("\\Flagged", Flags::FLAGGED),
        ("\\Draft", Flags::DRAFT),
        ("\\Deleted", Flags::DELETED),
        ("$Forwarded", Flags::FORWARDED),
    ];
    names
        .filter_map(|name| {
            KNOWN
                .iter()
                .find(|(known, _)| name.eq_ignore_ascii_case(known))
        })
        .fold(Flags::NONE, |all, (_, flag)| all.with(*flag))
}

/// Reads `17-Jul-1996 02:44:25 -0700` (RFC 9051 §9, `date-time`).
fn internal_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let mut words = text.split_ascii_whitespace();
    let mut date = words.next()?.split('-');
    let mut time = words.next()?.split(':');
    let zone = words.next()?;
    let day = date.next()?.parse().ok()?;
    let month = date.next()?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let year = date.next()?.parse().ok()?;
    let mut number = || time.next()?.parse().ok();
    let (hour, minute, second): (i8, i8, i8) = (number()?, number()?, number()?);
    let valid = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..61).contains(&second);
    if !valid {
        return None;
    }
    let date = Date::new(year, i8::try_from(month).ok()?, day).ok()?;
    let moment = date.at(hour, minute, second.min(59), 0);
    offset(zone)?.to_timestamp(moment).ok()
}

/// Reads `-0700`.
fn offset(zone: &str) -> Option<Offset> {
    let sign = match zone.chars().next()? {
        '-' => -1,
        '+' => 1,
        _ => return None,
    };
    let hours: i32 = zone.get(1..3)?.parse().ok()?;
    let minutes: i32 = zone.get(3..5)?.parse().ok()?;
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn internal_dates_are_read_in_their_zone() {
        let check = |text, expected: &str| {
            let read = internal_date(text).map(|date| date.to_string());
            assert_eq!(read.as_deref().unwrap_or("none"), expected);
        };
        check("17-Jul-1996 02:44:25 -0700", "1996-07-17T09:44:25Z");
        check(" 7-jul-2026 23:59:60 +0000", "2026-07-07T23:59:59Z");
        check("31-Feb-2026 00:00:00 +0000", "none");
        check("1-Jan-2026 99:00:00 +0000", "none");
        check("1-Jan-2026 00:00:00 *0000", "none");
        check("", "none");
    }

    #[test]
    fn flags_are_read_whatever_their_case() {
        let read = flags(["\\SEEN", "$forwarded", "Other", "\\Recent"].into_iter());
        assert_eq!(read, Flags::SEEN.with(Flags::FORWARDED));
    }

    proptest! {
        #[test]
        fn no_date_makes_the_reader_panic(text in "[0-9a-zA-Z:+é -]*") {
            let _ = internal_date(&text);
        }
    }
}
