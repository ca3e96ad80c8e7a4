//! Answers that are odd but can be read: they are, nothing is told, every message is listed once, and good answers after
//! them are as good as ever. Dates without a zone, values of another type in every field, ids of every byte, folders in
//! a circle, another UIDL each time, messages of any bytes.

use std::cell::Cell;

use pillarbox::demo::{Edit, Mischief};
use pillarbox::model::IncomingProtocol::{self, Ews, Graph, Pop3};
use serde_json::{Value, json};

use crate::tenants_servers::{Guest, Often};

/// What it is, the request that is answered so, and how the answer is changed.
type Row = (&'static str, &'static str, fn(&[u8]) -> Vec<u8>);

thread_local! {
    /// Answers that were really changed; server and test run in one thread.
    static CHANGED: Cell<u32> = const { Cell::new(0) };
}

/// Notes that an answer was changed, if it was.
fn noted(before: &[u8], after: Vec<u8>) -> Vec<u8> {
    if before != after {
        CHANGED.set(CHANGED.get() + 1);
    }
    after
}

/// What no id should have in it.
const EVERYTHING: &str =
    " /?#%&=+'\"\\<>|*:;\u{0}\u{1b}[2J\u{7f}\u{85}\u{202e}\u{fffd}\u{10ffff}../..";

fn replaced(bytes: &[u8], pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    for (from, to) in pairs {
        text = text.replace(from, to);
    }
    noted(bytes, text.into_bytes())
}

fn soap_without_zones(bytes: &[u8]) -> Vec<u8> {
    replaced(bytes, &[("Z</t:DateTime", "</t:DateTime")])
}

fn soap_of_other_types(bytes: &[u8]) -> Vec<u8> {
    let odd = [
        ("<t:IsRead>", "<t:IsRead>perhaps"),
        ("<t:Size>", "<t:Size>many"),
        ("<t:HasAttachments>", "<t:HasAttachments>7"),
        ("<t:DateTimeReceived>", "<t:DateTimeReceived>yesterday"),
        ("<t:DateTimeSent>", "<t:DateTimeSent>-"),
        ("<t:EmailAddress>", "<t:EmailAddress><t:Odd>"),
        ("</t:EmailAddress>", "</t:Odd></t:EmailAddress>"),
    ];
    replaced(bytes, &odd)
}

/// Makes every folder its own parent.
fn soap_in_circles(bytes: &[u8]) -> Vec<u8> {
    const PARENT: &str = "<t:ParentFolderId Id=\"";
    const FOLDER: &str = "<t:FolderId Id=\"";
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut own = String::new();
    let mut changed = String::new();
    for (number, piece) in text.split("<t:").enumerate() {
        let piece = if number == 0 {
            piece.to_owned()
        } else {
            format!("<t:{piece}")
        };
        if let Some(rest) = piece.strip_prefix(FOLDER) {
            rest.split('"').next().unwrap().clone_into(&mut own);
        }
        match piece.strip_prefix(PARENT) {
            Some(rest) if !own.is_empty() => {
                let (_, rest) = rest.split_once('"').unwrap();
                changed.extend([PARENT, &own, "\"", rest]);
            }
            _ => changed.push_str(&piece),
        }
    }
    noted(bytes, changed.into_bytes())
}

/// Changes every object of an answer, batches and all.
fn objects(bytes: &[u8], change: &dyn Fn(&mut serde_json::Map<String, Value>)) -> Vec<u8> {
    fn walk(value: &mut Value, change: &dyn Fn(&mut serde_json::Map<String, Value>)) {
        match value {
            Value::Object(object) => {
                change(object);
                object.values_mut().for_each(|inner| walk(inner, change));
            }
            Value::Array(list) => list.iter_mut().for_each(|inner| walk(inner, change)),
            _ => {}
        }
    }
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else {
        return bytes.to_vec();
    };
    let before = value.clone();
    walk(&mut value, change);
    let is_same = before == value;
    let changed = value.to_string().into_bytes();
    if is_same {
        changed
    } else {
        noted(bytes, changed)
    }
}

fn json_without_zones(bytes: &[u8]) -> Vec<u8> {
    objects(bytes, &|object| {
        for name in ["receivedDateTime", "sentDateTime"] {
            if let Some(Value::String(date)) = object.get_mut(name) {
                *date = date.trim_end_matches('Z').to_owned();
            }
        }
    })
}

/// Gives every field of a message a value of another type, except its id.
fn json_of_other_types(bytes: &[u8]) -> Vec<u8> {
    objects(bytes, &|object| {
        if !object.contains_key("receivedDateTime") {
            return;
        }
        for (name, value) in object.iter_mut() {
            if name == "id" || name.starts_with('@') {
                continue;
            }
            *value = match value {
                Value::Null => json!(1),
                Value::Bool(_) => json!("perhaps"),
                Value::Number(_) => json!({ "many": [] }),
                Value::String(_) => json!(-7.5),
                Value::Array(_) => json!("none"),
                Value::Object(_) => json!([[[]]]),
            };
        }
    })
}

fn json_with_odd_ids(bytes: &[u8]) -> Vec<u8> {
    objects(bytes, &|object| {
        if object.contains_key("receivedDateTime")
            && let Some(Value::String(id)) = object.get_mut("id")
        {
            id.push_str(EVERYTHING);
        }
    })
}

fn json_in_circles(bytes: &[u8]) -> Vec<u8> {
    objects(bytes, &|object| {
        if object.contains_key("displayName")
            && let Some(own) = object.get("id").cloned()
        {
            object.insert("parentFolderId".to_owned(), own);
        }
    })
}

/// Appends every byte but the line's end to each line of a list.
fn names_of_every_byte(bytes: &[u8]) -> Vec<u8> {
    let mut odd = Vec::new();
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        odd.extend_from_slice(line);
        if number > 0 && line != b"." && !line.is_empty() {
            odd.extend((0..=255).filter(|byte| !b"\r\n".contains(byte)));
        }
        if !line.is_empty() {
            odd.extend_from_slice(b"\r\n");
        }
    }
    noted(bytes, odd)
}

fn sizes_that_are_none(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let lines = text.lines().enumerate();
    let lines = lines.map(|(number, line)| match line.split_once(' ') {
        Some((first, _)) if number > 0 => format!("{first} -many\r\n"),
        _ => format!("{line}\r\n"),
    });
    noted(bytes, lines.collect::<String>().into_bytes())
}

#[rustfmt::skip]
const EWS: &[Row] = &[
    ("dates without a zone", "GetItem", soap_without_zones),
    ("values of other types", "GetItem", soap_of_other_types),
    ("folders in a circle", "FindFolder", soap_in_circles),
];

#[rustfmt::skip]
const GRAPH: &[Row] = &[
    ("dates without a zone", "/messages/delta", json_without_zones),
    ("values of other types", "/messages/delta", json_of_other_types),
    ("ids of every byte", "/messages/delta", json_with_odd_ids),
    ("folders in a circle", "Folders", json_in_circles),
];

#[rustfmt::skip]
const POP3: &[Row] = &[
    ("ids of every byte", "UIDL", names_of_every_byte),
    ("sizes that are none", "LIST", sizes_that_are_none),
];

/// Synchronises and reads everything; returns what is wrong with what comes of it.
async fn visited(guest: &mut Guest) -> Result<(), String> {
    let synced = guest.sync(guest.address()).await;
    synced.map_err(|error| format!("{error:?}"))?;
    guest.whole().await?;
    for row in guest.inbox(guest.address()).await {
        // A message of an odd id may not be found; that is all that may happen.
        if let Err(error) = guest.engine.raw(row.id).await {
            let words = error.to_string();
            let is_gone = words.contains("message") && words.contains(&row.id.to_string());
            if !is_gone {
                return Err(format!("{error:?}"));
            }
        }
    }
    let told = guest.problems();
    told.is_empty()
        .then_some(())
        .ok_or_else(|| format!("{told:?}"))
}

async fn trouble(guest: &mut Guest, at: &'static str, mischief: Mischief) -> Result<(), String> {
    guest.deliver();
    guest.spoil(at, &mischief, Often::Always);
    let before = CHANGED.get();
    let spoiled = visited(guest).await;
    guest.mend();
    if CHANGED.get() == before {
        return Err("nothing was changed".to_owned());
    }
    spoiled.map_err(|error| format!("while it is odd: {error}"))?;
    guest.deliver();
    let good = visited(guest).await;
    good.map_err(|error| format!("afterwards: {error}"))
}

async fn check(protocol: IncomingProtocol, rows: &[Row]) {
    let mut wrong = Vec::new();
    for (what, at, edit) in rows {
        // A home of its own for each: what was taken in stays.
        let mut guest = Guest::new(protocol).await;
        let mischief = Mischief::Edited(Edit(*edit));
        if let Err(error) = trouble(&mut guest, at, mischief).await {
            wrong.push(format!("{what} to {at}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn odd_answers_of_ews_are_read() {
    check(Ews, EWS).await;
}

#[tokio::test]
async fn odd_answers_of_graph_are_read() {
    check(Graph, GRAPH).await;
}

#[tokio::test]
async fn odd_answers_of_pop3_are_read() {
    check(Pop3, POP3).await;
}

#[tokio::test]
async fn a_pop_server_that_changes_its_uidls_once_is_compared_anew_in_silence() {
    let mut guest = Guest::new(Pop3).await;
    for _ in 0..3 {
        guest.deliver();
    }
    visited(&mut guest).await.unwrap();
    let before = guest.inbox(guest.address()).await.len();
    guest.spoil("UIDL", &Mischief::CursorLost, Often::Once);
    visited(&mut guest).await.unwrap();
    assert_eq!(guest.inbox(guest.address()).await.len(), before);
}

/// One that does it at every visit cannot be used; it is told so, and mail is neither doubled nor lost.
#[tokio::test]
async fn a_pop_server_that_changes_its_uidls_each_time_is_told() {
    let mut guest = Guest::new(Pop3).await;
    for _ in 0..3 {
        guest.deliver();
    }
    guest.sync(guest.address()).await.unwrap();
    guest.spoil("UIDL", &Mischief::CursorLost, Often::Always);
    let mut told = Vec::new();
    for _ in 0..5 {
        guest.sync(guest.address()).await.unwrap();
        guest.whole().await.unwrap();
        told.extend(guest.problems());
    }
    guest.mend();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].detail.contains("another name each time"),
        "{told:?}"
    );
    assert!(told[0].cause[0].contains(guest.address()), "{told:?}");
    assert!(told[0].cause[0].contains("POP3"), "{told:?}");
    assert_eq!(visited(&mut guest).await, Ok(()));
}

#[tokio::test]
async fn messages_of_any_bytes_are_listed_and_read_over_every_protocol() {
    let every: Vec<u8> = (0..=255).collect();
    let odd: [Vec<u8>; 5] = [
        every.clone(),
        [b"Subject: ", &every[..], b"\r\n\r\n", &every].concat(),
        b"Date: Mon, 23 Nov 2026 01:02:03\r\nSubject: No zone\r\n\r\nx\r\n".to_vec(),
        b"\r\n\r\n".to_vec(),
        [
            &b"Subject: "[..],
            &b"=?utf-8?B?/////w==?= ".repeat(2_000),
            b"\r\n\r\n",
        ]
        .concat(),
    ];
    for protocol in [Ews, Graph, Pop3] {
        let mut guest = Guest::new(protocol).await;
        for message in &odd {
            let control = guest.tenant.control();
            let filed = control.deliver(guest.address(), "INBOX", message);
            assert!(filed.is_some());
        }
        let seen = visited(&mut guest).await;
        assert_eq!(seen, Ok(()), "{protocol:?}");
    }
}
