//! The seed as a whole: enough of it, varied, and sound mail.

use std::collections::BTreeSet;
use std::time::Instant;

use super::*;
use crate::demo::mail_store::{Flags, Message};
use crate::demo::message::{decode_words, fields, parse, split, value};
use crate::demo::people::{COLLEAGUES, SHARED};

fn seeded(count: usize, now: Timestamp) -> MailStore {
    let people = COLLEAGUES.iter().map(|person| person.email);
    let shared = SHARED.iter().map(|mailbox| mailbox.email);
    let store = MailStore::new(std::iter::once(ADA.email).chain(people).chain(shared));
    fill(&store, count, now);
    store
}

fn all(store: &MailStore) -> Vec<(String, Message)> {
    let mailboxes = [ADA.email]
        .into_iter()
        .chain(SHARED.iter().map(|mailbox| mailbox.email));
    mailboxes
        .flat_map(|address| {
            let look = |mailbox: &crate::demo::mail_store::Mailbox| {
                let folders = mailbox.folders().iter();
                folders
                    .flat_map(|folder| {
                        let path = format!("{address} {}", folder.path);
                        folder
                            .messages()
                            .iter()
                            .map(move |m| (path.clone(), m.clone()))
                    })
                    .collect::<Vec<_>>()
            };
            store.read(address, look).unwrap()
        })
        .collect()
}

#[test]
fn the_same_moment_gives_the_same_mail() {
    let now: Timestamp = "2026-05-05T10:00:00Z".parse().unwrap();
    let bytes = |store: &MailStore| {
        all(store)
            .into_iter()
            .map(|m| m.1.bytes)
            .collect::<Vec<_>>()
    };
    assert_eq!(bytes(&seeded(150, now)), bytes(&seeded(150, now)));
    assert!(all(&seeded(0, now)).is_empty());
}

#[test]
fn two_thousand_messages_are_varied_and_end_now() {
    let now: Timestamp = "2026-05-05T10:00:00Z".parse().unwrap();
    let started = Instant::now();
    let store = seeded(2000, now);
    eprintln!("seeding took {:?}", started.elapsed());
    let mail = all(&store);
    assert!((2000..2020).contains(&mail.len()), "{}", mail.len());
    let size: usize = mail.iter().map(|(_, message)| message.bytes.len()).sum();
    eprintln!("{size} bytes");
    assert!(mail.iter().all(|(_, message)| message.received <= now));
    let newest = mail
        .iter()
        .map(|(_, message)| message.received)
        .max()
        .unwrap();
    assert!(now.duration_since(newest).as_mins() < 60);
    let folders: BTreeSet<&str> = mail.iter().map(|(folder, _)| folder.as_str()).collect();
    assert!(folders.len() > 18, "{folders:?}");
    let distinct: BTreeSet<&[u8]> = mail.iter().map(|(_, m)| split(&m.bytes).1).collect();
    assert!(distinct.len() > 1500, "{}", distinct.len());
    let unread = |folder: &str| {
        mail.iter()
            .filter(|(f, m)| f == folder && !m.flags.has(Flags::SEEN))
            .count()
    };
    let inbox = unread("ada@harborvale.example INBOX");
    assert!((5..30).contains(&inbox), "{inbox}");
}

#[test]
fn every_message_is_sound() {
    let now: Timestamp = "2026-05-05T10:00:00Z".parse().unwrap();
    let mut kinds = BTreeSet::new();
    for (folder, message) in all(&seeded(1500, now)) {
        let text = String::from_utf8_lossy(&message.bytes);
        assert!(
            !text.replace("\r\n", "").contains(['\r', '\n']),
            "{folder}\n{text}"
        );
        assert!(!text.contains('\u{fffd}'), "{folder}\n{text}");
        let is_short = text.split("\r\n").all(|line| line.len() <= 998);
        assert!(is_short, "{folder}\n{text}");
        let (header, _) = split(&message.bytes);
        for field in fields(header) {
            assert!(
                field.name.iter().all(u8::is_ascii_graphic),
                "{folder}\n{text}"
            );
        }
        let date = value(header, "Date").unwrap();
        assert!(jiff::fmt::rfc2822::parse(&date).is_ok(), "{date}");
        let subject = decode_words(&value(header, "Subject").unwrap_or_default());
        assert!(!subject.contains(['{', '}']), "{subject}");
        let part = parse(&message.bytes);
        kinds.insert(format!("{}/{}", part.media, part.subtype));
    }
    for kind in [
        "text/plain",
        "text/html",
        "multipart/alternative",
        "multipart/mixed",
        "multipart/report",
    ] {
        assert!(kinds.contains(kind), "{kind} {kinds:?}");
    }
}

#[test]
fn answers_refer_to_what_they_answer() {
    let now: Timestamp = "2026-05-05T10:00:00Z".parse().unwrap();
    let mail = all(&seeded(400, now));
    let field = |message: &Message, name: &str| value(split(&message.bytes).0, name);
    let ids: BTreeSet<String> = mail
        .iter()
        .filter_map(|(_, m)| field(m, "Message-ID"))
        .collect();
    let parents: Vec<String> = mail
        .iter()
        .filter_map(|(_, m)| field(m, "In-Reply-To"))
        .collect();
    assert!(parents.len() > 100);
    assert!(parents.iter().all(|parent| ids.contains(parent)));
}
