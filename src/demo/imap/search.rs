//! SEARCH: US-ASCII only and without keywords, as Exchange does it.

use imap_codec::imap_types::core::AString;
use imap_codec::imap_types::datetime::NaiveDate;
use imap_codec::imap_types::search::SearchKey;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::view::{Naming, View};
use crate::demo::mail_store::{Flags, Message};
use crate::demo::message::{decode_words, fields, plain_text, split, value};

/// Tells whether this server can answer the key.
pub fn is_known(key: &SearchKey<'_>) -> bool {
    match key {
        SearchKey::And(keys) => keys.as_ref().iter().all(is_known),
        SearchKey::Or(one, two) => is_known(one) && is_known(two),
        SearchKey::Not(key) => is_known(key),
        SearchKey::Keyword(_) | SearchKey::Unkeyword(_) | SearchKey::ModSequence { .. } => false,
        _ => true,
    }
}

/// A message that is being looked at.
pub struct Candidate<'a> {
    /// Its sequence number in this session.
    pub sequence: u32,
    /// The message.
    pub message: &'a Message,
    /// For sets, which may contain `*`.
    pub view: &'a View,
}

/// Tells whether a message fits a key (RFC 3501 §6.4.4).
pub fn fits(candidate: &Candidate<'_>, key: &SearchKey<'_>) -> bool {
    match key {
        SearchKey::And(keys) => keys.as_ref().iter().all(|key| fits(candidate, key)),
        SearchKey::Or(one, two) => fits(candidate, one) || fits(candidate, two),
        SearchKey::Not(key) => !fits(candidate, key),
        SearchKey::SequenceSet(set) => candidate
            .view
            .resolve(set, Naming::Sequence)
            .iter()
            .any(|found| found.0 == candidate.sequence),
        SearchKey::Uid(set) => candidate
            .view
            .resolve(set, Naming::Uid)
            .iter()
            .any(|found| found.1 == candidate.message.uid),
        key => fits_flags(candidate.message.flags, key)
            .or_else(|| fits_dates(candidate.message, key))
            .or_else(|| fits_text(candidate.message, key))
            .unwrap_or(false),
    }
}

fn fits_flags(flags: Flags, key: &SearchKey<'_>) -> Option<bool> {
    Some(match key {
        // Nothing is ever \Recent here, so nothing is new and all is old.
        SearchKey::All | SearchKey::Old => true,
        SearchKey::Recent | SearchKey::New => false,
        SearchKey::Seen => flags.has(Flags::SEEN),
        SearchKey::Unseen => !flags.has(Flags::SEEN),
        SearchKey::Answered => flags.has(Flags::ANSWERED),
        SearchKey::Unanswered => !flags.has(Flags::ANSWERED),
        SearchKey::Flagged => flags.has(Flags::FLAGGED),
        SearchKey::Unflagged => !flags.has(Flags::FLAGGED),
        SearchKey::Deleted => flags.has(Flags::DELETED),
        SearchKey::Undeleted => !flags.has(Flags::DELETED),
        SearchKey::Draft => flags.has(Flags::DRAFT),
        SearchKey::Undraft => !flags.has(Flags::DRAFT),
        _ => return None,
    })
}

fn fits_dates(message: &Message, key: &SearchKey<'_>) -> Option<bool> {
    let received = || message.received.to_zoned(TimeZone::UTC).date();
    let compare = |day: Option<Date>, wanted: &NaiveDate, fits: fn(Date, Date) -> bool| {
        day.zip(date(wanted))
            .is_some_and(|(day, wanted)| fits(day, wanted))
    };
    let before: fn(Date, Date) -> bool = |day, wanted| day < wanted;
    let on: fn(Date, Date) -> bool = |day, wanted| day == wanted;
    let since: fn(Date, Date) -> bool = |day, wanted| day >= wanted;
    let size = u32::try_from(message.bytes.len()).unwrap_or(u32::MAX);
    Some(match key {
        SearchKey::Before(wanted) => compare(Some(received()), wanted, before),
        SearchKey::On(wanted) => compare(Some(received()), wanted, on),
        SearchKey::Since(wanted) => compare(Some(received()), wanted, since),
        SearchKey::SentBefore(wanted) => compare(sent(message), wanted, before),
        SearchKey::SentOn(wanted) => compare(sent(message), wanted, on),
        SearchKey::SentSince(wanted) => compare(sent(message), wanted, since),
        SearchKey::Larger(bound) => size > *bound,
        SearchKey::Smaller(bound) => size < *bound,
        _ => return None,
    })
}

fn fits_text(message: &Message, key: &SearchKey<'_>) -> Option<bool> {
    let (header, _) = split(&message.bytes);
    let field = |name: &str, wanted: &AString<'_>| {
        let value = value(header, name).map(|value| decode_words(&value));
        value.is_some_and(|value| contains(&value, wanted))
    };
    Some(match key {
        SearchKey::From(wanted) => field("From", wanted),
        SearchKey::To(wanted) => field("To", wanted),
        SearchKey::Cc(wanted) => field("Cc", wanted),
        SearchKey::Bcc(wanted) => field("Bcc", wanted),
        SearchKey::Subject(wanted) => field("Subject", wanted),
        SearchKey::Header(name, wanted) => {
            let name = String::from_utf8_lossy(name.as_ref());
            field(&name, wanted)
        }
        SearchKey::Body(wanted) => contains(&plain_text(&message.bytes), wanted),
        SearchKey::Text(wanted) => {
            contains(&plain_text(&message.bytes), wanted)
                || fields(header).any(|field| contains(&decode_words(&field.value()), wanted))
        }
        _ => return None,
    })
}

fn contains(text: &str, wanted: &AString<'_>) -> bool {
    let wanted = String::from_utf8_lossy(wanted.as_ref()).to_lowercase();
    text.to_lowercase().contains(&wanted)
}

/// Bridges the codec's date, whose crate this one does not name, by its writing `2026-02-07`.
fn date(date: &NaiveDate) -> Option<Date> {
    date.as_ref().to_string().parse().ok()
}

fn sent(message: &Message) -> Option<Date> {
    let (header, _) = split(&message.bytes);
    let text = value(header, "Date")?;
    let sent = jiff::fmt::rfc2822::parse(&text).ok()?;
    Some(sent.date())
}
