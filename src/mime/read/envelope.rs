//! What a list row shows, from a header block. Fast: only the fields of a row are parsed.

use jiff::{SignedDuration, Timestamp};

use crate::mime::guard;
use crate::mime::read::header;
use crate::model::{Address, Envelope};

/// A header block longer than this is no header any more.
const MAX_HEADERS: usize = 1024 * 1024;
/// Characters of a subject.
const MAX_SUBJECT: usize = 1000;
/// Addresses kept of each field.
const MAX_ADDRESSES: usize = 50;
/// Message ids kept of `References`.
const MAX_REFERENCES: usize = 100;
/// How far a clock may run ahead before we do not believe it.
const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(48);

/// Reads an envelope from a header block (RFC 5322). Flags, size and preview are left at their defaults.
/// `received` stands in for a missing or absurd `Date` (before 1970, or more than two days after `received`).
pub fn parse_envelope(headers: &[u8], received: Option<Timestamp>) -> Envelope {
    let block = headers.get(..MAX_HEADERS).unwrap_or(headers);
    guard::run(|| envelope(block, received)).unwrap_or_else(|| Envelope {
        date: received.unwrap_or_default(),
        ..Envelope::default()
    })
}

fn envelope(block: &[u8], received: Option<Timestamp>) -> Envelope {
    let block = header::prepare(block);
    let mut envelope = Envelope::default();
    let mut date = None;
    for field in header::fields(&block) {
        match Known::of(field.name) {
            Some(Known::Date) => date = date.or_else(|| header::date(field.value)),
            Some(known) => fill(&mut envelope, known, field.value),
            None => {}
        }
    }
    envelope.date = credible(date, received);
    envelope
}

/// The fields of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Known {
    Date,
    From,
    To,
    Cc,
    ReplyTo,
    Subject,
    MessageId,
    InReplyTo,
    References,
    ContentType,
}

impl Known {
    const ALL: [(&'static str, Self); 10] = [
        ("date", Self::Date),
        ("from", Self::From),
        ("to", Self::To),
        ("cc", Self::Cc),
        ("reply-to", Self::ReplyTo),
        ("subject", Self::Subject),
        ("message-id", Self::MessageId),
        ("in-reply-to", Self::InReplyTo),
        ("references", Self::References),
        ("content-type", Self::ContentType),
    ];

    fn of(name: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name))
            .map(|(_, known)| known)
    }
}

fn fill(envelope: &mut Envelope, known: Known, value: &[u8]) {
    match known {
        Known::From => add(&mut envelope.from, value),
        Known::To => add(&mut envelope.to, value),
        Known::Cc => add(&mut envelope.cc, value),
        Known::ReplyTo => add(&mut envelope.reply_to, value),
        Known::Subject if envelope.subject.is_empty() => {
            envelope.subject = header::text(value, MAX_SUBJECT);
        }
        Known::MessageId if envelope.message_id.is_empty() => {
            envelope.message_id = header::ids(value, 1).into_iter().next().unwrap_or_default();
        }
        Known::InReplyTo if envelope.in_reply_to.is_none() => {
            envelope.in_reply_to = header::ids(value, 1).into_iter().next();
        }
        Known::References if envelope.references.is_empty() => {
            envelope.references = header::ids(value, MAX_REFERENCES);
        }
        Known::ContentType => envelope.has_attachments = looks_mixed(value),
        _ => {}
    }
}

/// Adds to a field that may stand there twice.
fn add(list: &mut Vec<Address>, value: &[u8]) {
    let room = MAX_ADDRESSES - list.len().min(MAX_ADDRESSES);
    if room > 0 {
        list.extend(header::addresses(value, room));
    }
}

/// Without the body, "mixed" is the best sign of an attachment.
fn looks_mixed(value: &[u8]) -> bool {
    value
        .trim_ascii_start()
        .get(..15)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/mixed"))
}

fn credible(date: Option<Timestamp>, received: Option<Timestamp>) -> Timestamp {
    let is_ahead = |date: &Timestamp| {
        received.is_some_and(|received| date.duration_since(received) > MAX_AHEAD)
    };
    date.filter(|date| !is_ahead(date))
        .or(received)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn parse(headers: &[u8]) -> Envelope {
        parse_envelope(headers, Some(at("2026-03-12T12:00:00Z")))
    }

    #[test]
    fn a_usual_header_is_read() {
        let envelope = parse(
            b"From: =?utf-8?Q?J=C3=B6rg_M=C3=BCller?= <j@x.com>\r\nTo: a@x.com, \"B, C\" <b@x.com>\r\n\
            Cc: Team: c@x.com, d@x.com;\r\nReply-To: list@x.com\r\nSubject: =?iso-8859-1?Q?Gr=FC=DFe?= an\r\n alle\r\n\
            Message-ID: <1@x>\r\nIn-Reply-To: <0@x>\r\nReferences: <00@x>\r\n <0@x>\r\n\
            Date: Thu, 12 Mar 2026 12:30:00 +0100\r\nContent-Type: Multipart/Mixed; boundary=x\r\n\r\nSubject: no\r\n",
        );
        assert_eq!(
            envelope.from,
            vec![Address::named("Jörg Müller", "j@x.com")]
        );
        assert_eq!(
            envelope.to,
            vec![Address::bare("a@x.com"), Address::named("B, C", "b@x.com")]
        );
        assert_eq!(
            envelope.cc,
            vec![Address::bare("c@x.com"), Address::bare("d@x.com")]
        );
        assert_eq!(envelope.reply_to, vec![Address::bare("list@x.com")]);
        assert_eq!(envelope.subject, "Grüße an alle");
        assert_eq!(envelope.message_id, "1@x");
        assert_eq!(envelope.in_reply_to.as_deref(), Some("0@x"));
        assert_eq!(envelope.references, vec!["00@x", "0@x"]);
        assert_eq!(envelope.date, at("2026-03-12T11:30:00Z"));
        assert!(envelope.has_attachments);
    }

    #[test]
    fn an_absurd_date_gives_way_to_the_time_of_receipt() {
        for date in [
            "",
            "yesterday",
            "Thu, 1 Jan 1970 00:00:00 +0000",
            "Mon, 3 Feb 1969 10:00:00 +0000",
            "Thu, 12 Mar 2037 12:00:00 +0000",
            "Sun, 15 Mar 2026 12:00:01 +0000",
        ] {
            let envelope = parse(format!("Date: {date}\r\n\r\n").as_bytes());
            assert_eq!(envelope.date, at("2026-03-12T12:00:00Z"), "{date:?}");
        }
        assert_eq!(
            parse(b"Date: 13 Mar 26 10:00 GMT\n").date,
            at("2026-03-13T10:00:00Z")
        );
        assert_eq!(parse_envelope(b"", None).date, Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn raw_eight_bit_headers_are_guessed() {
        assert_eq!(parse("Subject: Grüße\n".as_bytes()).subject, "Grüße");
        assert_eq!(parse(b"Subject: Gr\xfc\xdfe \x80\n").subject, "Grüße €");
        assert_eq!(
            parse(b"Subject: =?koi8-r?Q?\xf0\xd2=C9\xd7\xc5\xd4?=\n").subject,
            "Привет"
        );
    }

    #[test]
    fn controls_vanish_from_every_field() {
        let envelope = parse(
            b"From: \"e\x1b[2J\" <a\x1b@x.com>\nSubject: =?utf-8?Q?a=1B[31m=00b=0A?=\0\x9b\nMessage-ID: <i\x1bd\0@x>\n",
        );
        let shown = format!(
            "{:?}{}{}",
            envelope.from, envelope.subject, envelope.message_id
        );
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        assert_eq!(envelope.message_id, "id@x");
    }

    #[test]
    fn every_list_is_bounded() {
        let to: Vec<String> = (0..10_000).map(|i| format!("P{i} <p{i}@x.com>")).collect();
        let to = to.join(",\r\n ");
        let ids: Vec<String> = (0..3000).map(|i| format!("<{i}@x>")).collect();
        let ids = ids.join("\r\n ");
        let subject = "ü".repeat(5000);
        let envelope =
            parse(format!("To: {to}\r\nReferences: {ids}\r\nSubject: {subject}\r\n").as_bytes());
        assert_eq!(envelope.to.len(), 50);
        assert_eq!(envelope.references.len(), 100);
        assert_eq!(envelope.references.first().unwrap(), "0@x");
        assert_eq!(envelope.references.last().unwrap(), "2999@x");
        assert_eq!(envelope.subject.chars().count(), 1000);
        assert!(envelope.subject.ends_with('…'));
    }

    #[test]
    fn no_header_at_all_is_an_empty_row() {
        for bytes in [
            &b""[..],
            b"\r\n\r\nhello",
            b"just text\nwithout colon\n",
            b"\0\0\0",
        ] {
            let envelope = parse(bytes);
            assert!(envelope.from.is_empty() && envelope.subject.is_empty());
        }
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            parse(&bytes);
        }

        #[test]
        fn header_like_noise_never_panics(text in "((From|To|Subject|Date|References|Message-ID|Content-Type):[ -~\\r\\n\\t=?\"<>();]{0,80}\\n){0,6}") {
            parse(text.as_bytes());
        }
    }
}
