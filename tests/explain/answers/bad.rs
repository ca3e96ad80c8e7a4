// table: one row an answer
//! Answers that no sane server gives, over EWS, Graph and POP3. A person reads what happened to which mailbox over which
//! protocol, and what to do; what is cached and the other mailboxes are as before; the next good answer heals it.
//!
//! That memory stays bounded is proved at each backend (`tests/hostile.rs`, `tests/faults.rs` there).

use std::process::Command;
use std::time::Duration;

use pillarbox::demo::Mischief;
use pillarbox::engine::{EngineError, Health};
use pillarbox::explain::{Notice, Who, explain};
use pillarbox::model::IncomingProtocol::{self, Ews, Graph, Pop3};
use tokio::time::{Instant, sleep};

use crate::home::PATIENCE;
use crate::tenants_servers::{Guest, Often};

/// What it is, the request that is answered so, and the answer.
type Row = (&'static str, &'static str, fn() -> Mischief);

const BOMB: &[u8] = b"<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;&lol;&lol;\">]><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>&lol2;</s:Body></s:Envelope>";
const FOREIGN: &[u8] = b"<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY file SYSTEM \"file:///etc/passwd\">]><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>&file;</s:Body></s:Envelope>";
const HOLLOW: &[u8] =
    b"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body/></s:Envelope>";
const PAGE: &[u8] =
    b"<!doctype html><html><body>Please sign in to the hotel's network</body></html>";
/// More than any list may be, in bytes.
const MUCH: usize = 20 << 20;

fn xml(bytes: &[u8]) -> Mischief {
    Mischief::Body {
        kind: "text/xml; charset=utf-8",
        bytes: bytes.to_vec(),
    }
}

fn json(bytes: &[u8]) -> Mischief {
    Mischief::Body {
        kind: "application/json",
        bytes: bytes.to_vec(),
    }
}

fn lines(first: &[u8], line: &[u8]) -> Mischief {
    json(&[first, &line.repeat(MUCH / line.len())].concat())
}

#[rustfmt::skip]
const EWS: &[Row] = &[
    ("a bomb of entities", "SyncFolderItems", || xml(BOMB)),
    ("a bomb of entities", "GetFolder", || xml(BOMB)),
    ("an entity from outside", "SyncFolderItems", || xml(FOREIGN)),
    ("a deep nest", "SyncFolderItems", || xml(&b"<a>".repeat(100_000))),
    ("a hundred megabytes", "SyncFolderItems", || Mischief::Huge),
    ("a hundred megabytes", "GetFolder", || Mischief::Huge),
    ("bytes that are no text", "SyncFolderItems", || xml(&[0xff, 0xfe, 0x00, 0x80].repeat(100))),
    ("bytes that are no text", "GetFolder", || xml(&[0xff, 0xfe, 0x00, 0x80].repeat(100))),
    ("a page of somebody else", "SyncFolderItems", || xml(PAGE)),
    ("a page of somebody else", "GetFolder", || xml(PAGE)),
    ("an empty envelope", "SyncFolderItems", || xml(HOLLOW)),
    ("nothing", "SyncFolderItems", || xml(b"")),
];

#[rustfmt::skip]
const GRAPH: &[Row] = &[
    ("a deep nest", "/messages/delta", || json(&b"[".repeat(100_000))),
    ("a deep nest", "/mailFolders", || json(&b"{\"a\":".repeat(100_000))),
    ("a hundred megabytes", "/messages/delta", || Mischief::Huge),
    ("a hundred megabytes", "/mailFolders", || Mischief::Huge),
    ("bytes that are no text", "/messages/delta", || json(b"{\"value\":[{\"subject\":\"\xff\xfe\"}]}")),
    ("bytes that are no text", "/mailFolders", || json(b"{\"value\":[{\"displayName\":\"\xff\xfe\"}]}")),
    ("a page of somebody else", "/messages/delta", || json(PAGE)),
    ("a page of somebody else", "/mailFolders", || json(PAGE)),
    ("a list", "/messages/delta", || json(b"[]")),
    ("a text", "/messages/delta", || json(b"\"good morning\"")),
    ("items that are none", "/messages/delta", || json(b"{\"value\":\"good morning\"}")),
    ("nothing", "/messages/delta", || json(b"")),
    ("half", "/messages/delta", || json(b"{\"value\":[{\"id\":\"AAMk")),
];

#[rustfmt::skip]
const POP3: &[Row] = &[
    ("another protocol", "UIDL", || json(b"220 mail.example ESMTP\r\n")),
    ("another protocol", "AUTH", || json(b"* OK IMAP4rev1 ready\r\n")),
    ("markup", "UIDL", || json(&[BOMB, b"\r\n"].concat())),
    ("bytes that are no text", "LIST", || json(&[&[0xff_u8, 0xfe, 0x00, 0x80].repeat(100)[..], b"\r\n"].concat())),
    ("a line without end", "UIDL", || Mischief::Huge),
    ("a line without end", "TOP", || Mischief::Huge),
    ("a list without end", "UIDL", || lines(b"+OK\r\n", b"1 a\r\n")),
    ("a list without end", "LIST", || lines(b"+OK\r\n", b"1 7\r\n")),
    ("a header without end", "TOP", || lines(b"+OK\r\n", b"X-Header: and another one\r\n")),
    ("a challenge", "UIDL", || json(b"+ eyJ9\r\n")),
];

/// Says what is missing in what a person reads.
fn complaint(guest: &Guest, protocol: IncomingProtocol, notice: &Notice) -> Option<String> {
    let causes = notice.cause.join(" ");
    let is_named = causes.contains(guest.address()) && causes.contains(protocol.title());
    let is_plain = !notice.title.is_empty() && !notice.how.is_empty();
    let is_mended_by_others = matches!(notice.who, Who::Provider | Who::Nobody);
    let is_right = is_named && is_plain && is_mended_by_others;
    (!is_right).then(|| format!("{notice:?}"))
}

/// Lets the server give one answer again and again; returns what is wrong with what happens then.
async fn trouble(guest: &Guest, protocol: IncomingProtocol, row: &Row) -> Result<(), String> {
    let (_, at, answer) = *row;
    let before = guest.inbox(guest.address()).await.len();
    let subject = guest.deliver();
    guest.spoil(at, &answer(), Often::Always);
    let outcome = guest.sync(guest.address()).await;
    let kept = guest.inbox(guest.address()).await.len();
    let other = guest.sync(guest.other()).await;
    guest.mend();
    let healed = guest.sync(guest.address()).await;
    let told = outcome.err().map(|error| explain(&error));
    let told = told.ok_or("nothing is told")?;
    complaint(guest, protocol, &told).map_or(Ok(()), Err)?;
    if kept < before {
        return Err(format!("{kept} of {before} are left"));
    }
    let words = |error: EngineError| format!("{error:?}");
    other.map_err(words)?;
    healed.map_err(words)?;
    guest.row(&subject).await.ok_or("it never came")?;
    guest.whole().await
}

async fn check(protocol: IncomingProtocol, rows: &[Row]) {
    let guest = Guest::new(protocol).await;
    guest.deliver();
    guest.sync(guest.address()).await.unwrap();
    let mut wrong = Vec::new();
    for row in rows {
        if let Err(error) = trouble(&guest, protocol, row).await {
            wrong.push(format!("{} to {}: {error}", row.0, row.1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn bad_answers_over_ews_are_told_and_healed() {
    check(Ews, EWS).await;
}

#[tokio::test]
async fn bad_answers_over_graph_are_told_and_healed() {
    check(Graph, GRAPH).await;
}

#[tokio::test]
async fn bad_answers_over_pop3_are_told_and_healed() {
    check(Pop3, POP3).await;
}

/// Waits until a mailbox is well and has listed a message, if one is named.
async fn until_well(guest: &Guest, address: &str, subject: Option<&str>) {
    let mailbox = guest.mailbox(address).await.id;
    let started = Instant::now();
    loop {
        let status = guest.engine.status(mailbox);
        let is_well = status.health == Health::Fine && status.error.is_none();
        let is_listed = match subject {
            Some(subject) if is_well => guest.row(subject).await.is_some(),
            _ => true,
        };
        if is_well && is_listed {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "{address}: {status:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// The same while the program is open: after some tries a banner tells, and goes when the server is well again.
#[tokio::test]
async fn an_open_program_tells_goes_on_and_heals() {
    for (protocol, at, answer) in [
        (Ews, "SyncFolderItems", xml(BOMB)),
        (Graph, "/messages/delta", json(PAGE)),
        (Pop3, "UIDL", json(b"220 mail.example ESMTP\r\n")),
    ] {
        let mut guest = Guest::at_work(protocol).await;
        guest.deliver();
        let mailbox = guest.mailbox(guest.address()).await.id;
        guest.engine.poke(None);
        until_well(&guest, guest.address(), Some("Letter 1")).await;
        until_well(&guest, guest.other(), None).await;
        guest.problems();
        guest.deliver();
        guest.spoil(at, &answer, Often::Always);
        let started = Instant::now();
        let notice = loop {
            guest.engine.poke(Some(mailbox));
            if let Some(notice) = guest.problems().pop() {
                break notice;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{protocol:?}: nothing is told"
            );
            sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(complaint(&guest, protocol, &notice), None);
        let status = guest.engine.status(mailbox);
        assert_eq!(status.health, Health::Offline, "{status:?}");
        assert!(guest.row("Letter 1").await.is_some(), "the cache is there");
        until_well(&guest, guest.other(), None).await;
        guest.mend();
        guest.engine.poke(Some(mailbox));
        until_well(&guest, guest.address(), Some("Letter 2")).await;
        assert_eq!(guest.problems(), [], "{protocol:?}: told once");
        guest.engine.stop().await;
    }
}

/// Runs a command; returns whether it went well, and what it said.
fn run(guest: &Guest, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pillarbox"));
    command.args(arguments).env("PILLARBOX_HOME", guest.home());
    let ended = tokio::task::block_in_place(|| command.output().unwrap());
    let said = [ended.stdout, ended.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (ended.status.success(), said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_tells_in_words_and_lists_what_is_there() {
    let guest = Guest::new(Ews).await;
    guest.deliver();
    guest.sync(guest.address()).await.unwrap();
    guest.deliver();
    guest.spoil("SyncFolderItems", &xml(BOMB), Often::Always);
    let (is_well, said) = run(&guest, &["sync"]);
    guest.mend();
    assert!(!is_well, "{said}");
    for part in [
        "localhost answered in a way that makes no sense",
        guest.address(),
        "over EWS",
        "Nothing is lost",
    ] {
        assert!(said.contains(part), "{part:?} is missing in {said}");
    }
    assert!(!said.contains("/etc/passwd") && !said.contains("lollol"));
    let (is_well, said) = run(&guest, &["list", guest.address()]);
    assert!(is_well && said.contains("Letter 1"), "{said}");
    let (is_well, said) = run(&guest, &["sync"]);
    assert!(is_well, "{said}");
}
