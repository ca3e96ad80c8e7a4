//! Synchronisation: pages, back-fill, and that whatever happens in between, both sides agree in the end.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::Client;
use super::fake::{Folder, Shared, Strength, connect};
use crate::backend::{Backend as _, BackendError};
use crate::model::{ChangeSet, Cursor, Flags, Progress, RemoteId};

/// What an engine keeps of a folder.
#[derive(Default)]
struct Copy {
    messages: BTreeMap<String, Flags>,
    cursor: Option<Cursor>,
}

impl Copy {
    /// Takes one step; tells whether there is more.
    async fn step(&mut self, client: &mut Client) -> bool {
        let folder = RemoteId::new("F");
        match client.changes(&folder, self.cursor.as_ref()).await {
            Ok(changes) => self.take(changes),
            Err(BackendError::CursorLost) => {
                *self = Self::default();
                true
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn take(&mut self, changes: ChangeSet) -> bool {
        assert!(
            changes.upserts.len() <= 4_000,
            "a step of {}",
            changes.upserts.len()
        );
        let order: Vec<u32> = changes.upserts.iter().map(|m| uid(&m.id)).collect();
        assert!(order.is_sorted_by(|a, b| a > b), "not newest first");
        for message in changes.upserts {
            let id = message.id.as_str().to_owned();
            let subject = format!("message {}", uid(&message.id));
            assert_eq!(message.envelope.subject, subject);
            assert!(
                self.messages.insert(id, message.envelope.flags).is_none(),
                "listed twice"
            );
        }
        for update in changes.flags {
            if let Some(flags) = self.messages.get_mut(update.id.as_str()) {
                *flags = update.flags;
            }
        }
        for id in changes.removals {
            assert!(self.messages.remove(id.as_str()).is_some(), "removed twice");
        }
        self.cursor = Some(changes.next);
        changes.more
    }

    /// Takes steps until there is no more.
    async fn finish(&mut self, client: &mut Client) {
        for _ in 0..200 {
            if !self.step(client).await {
                return;
            }
        }
        panic!("there is always more");
    }

    fn known(&self) -> BTreeMap<String, &'static str> {
        let name = |flags: &Flags| if flags.is_seen() { "\\Seen" } else { "" };
        self.messages
            .iter()
            .map(|(id, flags)| (id.clone(), name(flags)))
            .collect()
    }
}

fn uid(id: &RemoteId) -> u32 {
    id.as_str().split_once('.').unwrap().1.parse().unwrap()
}

fn check(copy: &Copy, folder: &Shared) {
    assert_eq!(copy.known(), folder.lock().unwrap().truth());
}

const STRENGTHS: [Strength; 3] = [Strength::Plain, Strength::Condstore, Strength::Qresync];

#[tokio::test]
async fn the_newest_page_comes_first_and_the_rest_in_portions() {
    for strength in STRENGTHS {
        let folder = Folder::shared(strength);
        folder.lock().unwrap().deliver(6_000);
        let mut client = connect(&folder).await;
        let mut copy = Copy::default();
        assert!(copy.step(&mut client).await);
        assert_eq!(copy.messages.len(), 60);
        assert!(copy.messages.contains_key("7.6000"));
        let mut sizes = Vec::new();
        while copy.step(&mut client).await {
            sizes.push(copy.messages.len());
        }
        assert!((3..=12).contains(&sizes.len()), "{sizes:?}");
        check(&copy, &folder);
    }
}

#[tokio::test]
async fn a_folder_listed_anew_has_what_came_since_it_was_opened() {
    for strength in STRENGTHS {
        let folder = Folder::shared(strength);
        let mut client = connect(&folder).await;
        let mut empty = Copy::default();
        empty.finish(&mut client).await;
        folder.lock().unwrap().deliver(1);
        let mut copy = Copy::default();
        copy.finish(&mut client).await;
        check(&copy, &folder);
    }
}

#[tokio::test]
async fn each_message_is_listed_once_and_nothing_is_asked_twice() {
    let folder = Folder::shared(Strength::Plain);
    folder.lock().unwrap().deliver(3_000);
    let mut client = connect(&folder).await;
    let mut copy = Copy::default();
    copy.finish(&mut client).await;
    let commands = folder.lock().unwrap().commands.clone();
    let compared = commands
        .iter()
        .filter(|c| c.contains("(UID FLAGS)"))
        .count();
    assert_eq!(compared, 0, "{commands:?}");
}

#[tokio::test]
async fn a_body_wanted_in_the_middle_does_not_waste_what_was_asked_ahead() {
    let folder = Folder::shared(Strength::Plain);
    folder.lock().unwrap().deliver(4_000);
    let mut client = connect(&folder).await;
    let mut copy = Copy::default();
    copy.step(&mut client).await;
    let id = RemoteId::new("7.9");
    let bodies = client
        .fetch(
            &RemoteId::new("F"),
            std::slice::from_ref(&id),
            &Progress::default(),
        )
        .await
        .unwrap();
    assert_eq!(bodies, [(id, b"body\r\n".to_vec())]);
    copy.finish(&mut client).await;
    check(&copy, &folder);
    let commands = folder.lock().unwrap().commands.clone();
    let mut rows: Vec<_> = commands
        .iter()
        .filter(|c| c.contains("HEADER.FIELDS"))
        .collect();
    let count = rows.len();
    rows.sort();
    rows.dedup();
    assert_eq!(rows.len(), count, "asked twice");
}

#[tokio::test]
async fn what_was_asked_ahead_may_be_taken_in_early_or_half_or_not() {
    let folder = Folder::shared(Strength::Plain);
    folder.lock().unwrap().deliver(9_000);
    let mut client = connect(&folder).await;
    let mut copy = Copy::default();
    let mut calls = 0;
    while copy.step(&mut client).await {
        calls += 1;
        let limit = Duration::from_micros(300) * (calls % 3);
        let _ = tokio::time::timeout(limit, client.read_ahead()).await;
        if calls % 2 == 0 {
            client.read_ahead().await;
        }
    }
    check(&copy, &folder);
    let commands = folder.lock().unwrap().commands.clone();
    let asked = commands.iter().filter(|c| c.contains("HEADER.FIELDS"));
    let mut rows: Vec<_> = asked.collect();
    let count = rows.len();
    rows.sort();
    rows.dedup();
    assert_eq!(rows.len(), count, "asked twice");
}

#[tokio::test]
async fn an_empty_folder_is_complete_at_once() {
    let folder = Folder::shared(Strength::Plain);
    let mut client = connect(&folder).await;
    let mut copy = Copy::default();
    assert!(!copy.step(&mut client).await);
    folder.lock().unwrap().deliver(1);
    assert!(!copy.step(&mut client).await);
    check(&copy, &folder);
}

#[tokio::test]
async fn with_qresync_nothing_new_costs_one_answer() {
    let folder = Folder::shared(Strength::Qresync);
    folder.lock().unwrap().deliver(1_000);
    let mut client = connect(&folder).await;
    let mut copy = Copy::default();
    copy.finish(&mut client).await;
    let mut client = connect(&folder).await;
    folder.lock().unwrap().commands.clear();
    assert!(!copy.step(&mut client).await);
    let commands = folder.lock().unwrap().commands.clone();
    assert_eq!(commands, ["SELECT \"F\" (CONDSTORE)"]);
}

#[tokio::test]
async fn a_renumbered_folder_loses_its_cursor() {
    let folder = Folder::shared(Strength::Condstore);
    folder.lock().unwrap().deliver(10);
    let mut client = connect(&folder).await;
    let mut copy = Copy::default();
    copy.finish(&mut client).await;
    folder.lock().unwrap().uid_validity = 8;
    let mut client = connect(&folder).await;
    let lost = client
        .changes(&RemoteId::new("F"), copy.cursor.as_ref())
        .await;
    assert!(matches!(lost, Err(BackendError::CursorLost)));
    let broken = Cursor(vec![1, 2, 3]);
    let lost = client.changes(&RemoteId::new("F"), Some(&broken)).await;
    assert!(matches!(lost, Err(BackendError::CursorLost)));
}

#[tokio::test]
async fn messages_the_server_counts_but_never_sends_do_not_keep_us_busy() {
    for strength in STRENGTHS {
        let folder = Folder::shared(strength);
        folder.lock().unwrap().deliver(700);
        folder.lock().unwrap().unsendable.extend([3, 350, 699]);
        let mut client = connect(&folder).await;
        let mut copy = Copy::default();
        copy.finish(&mut client).await;
        check(&copy, &folder);
        folder.lock().unwrap().commands.clear();
        assert!(!copy.step(&mut client).await, "{strength:?}");
        folder.lock().unwrap().expunge(100, 1);
        copy.finish(&mut client).await;
        check(&copy, &folder);
    }
}

#[tokio::test]
async fn a_flood_of_new_messages_comes_in_portions() {
    for strength in STRENGTHS {
        let folder = Folder::shared(strength);
        folder.lock().unwrap().deliver(100);
        let mut client = connect(&folder).await;
        let mut copy = Copy::default();
        copy.finish(&mut client).await;
        folder.lock().unwrap().deliver(9_000);
        let mut client = connect(&folder).await;
        assert!(copy.step(&mut client).await);
        assert!(copy.messages.contains_key("7.9100"));
        copy.finish(&mut client).await;
        check(&copy, &folder);
    }
}

#[tokio::test]
async fn sparse_uids_are_no_reason_for_many_questions() {
    let folder = Folder::shared(Strength::Plain);
    for _ in 0..200 {
        let mut folder = folder.lock().unwrap();
        folder.deliver(1);
        folder.uid_next += 20_000_000;
    }
    let mut client = connect(&folder).await;
    let mut copy = Copy::default();
    copy.finish(&mut client).await;
    check(&copy, &folder);
    assert!(folder.lock().unwrap().commands.len() < 10);
}

/// What happens to a folder or its client.
#[derive(Clone, Debug)]
enum Event {
    Deliver(u32),
    Expunge(usize, usize),
    Flag(usize),
    Step,
    Finish,
    Reconnect,
    Renumber,
    /// A call is given up half way, as by a user who leaves.
    Abandon,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (1u32..400).prop_map(Event::Deliver),
        1 => Just(Event::Deliver(2_600)),
        3 => (0usize..3_000, 1usize..60).prop_map(|(nth, count)| Event::Expunge(nth, count)),
        3 => (0usize..3_000).prop_map(Event::Flag),
        4 => Just(Event::Step),
        1 => Just(Event::Finish),
        2 => Just(Event::Reconnect),
        1 => Just(Event::Renumber),
        1 => Just(Event::Abandon),
    ]
}

async fn live(strength: Strength, events: Vec<Event>) {
    let folder = Folder::shared(strength);
    let mut client = connect(&folder).await;
    let mut copy = Copy::default();
    for event in events {
        let nth = |n: usize| n % folder.lock().unwrap().len().max(1);
        match event {
            Event::Deliver(count) => folder.lock().unwrap().deliver(count),
            Event::Expunge(at, count) => {
                let at = nth(at);
                folder.lock().unwrap().expunge(at, count);
            }
            Event::Flag(at) => {
                let at = nth(at);
                folder.lock().unwrap().flag(at, "\\Seen");
            }
            Event::Step => drop(copy.step(&mut client).await),
            Event::Finish => copy.finish(&mut client).await,
            Event::Reconnect => client = connect(&folder).await,
            Event::Renumber => {
                folder.lock().unwrap().uid_validity += 1;
                client = connect(&folder).await;
            }
            Event::Abandon => {
                let id = RemoteId::new("F");
                let call = client.changes(&id, copy.cursor.as_ref());
                let _ = tokio::time::timeout(std::time::Duration::from_micros(300), call).await;
                // A write cut in two cannot be mended; then a new connection is what the engine makes.
                if client.ready().await.is_err() {
                    client = connect(&folder).await;
                }
            }
        }
    }
    // Without CONDSTORE old flags are looked at in turn, a thousand each time.
    for _ in 0..6 {
        copy.finish(&mut client).await;
    }
    check(&copy, &folder);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn both_sides_agree_in_the_end(
        strength in prop::sample::select(STRENGTHS.to_vec()),
        events in prop::collection::vec(event(), 1..14),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(live(strength, events));
    }
}
