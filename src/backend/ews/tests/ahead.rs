//! Reading a long chain ahead: what is asked for before it is wanted, how much of it, and what failures do to it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::reading::{change, counted, found, ids, inbox, rows, synced};
use super::server::{Answer, Seen, Server};
use super::*;
use crate::backend::Backend as _;
use crate::model::{ChangeSet, Cursor, RemoteId};

/// Answers of the chain.
const LENGTH: usize = 6;

/// Returns which answer of the chain is asked for, counted from nothing.
fn place(seen: &Seen) -> usize {
    let state = seen.body.split("<m:SyncState>s").nth(1);
    let state = state.and_then(|rest| rest.split('<').next());
    state.map_or(0, |number| number.parse().unwrap())
}

/// Message `mN` is in the Nth answer of the chain.
fn portion(place: usize) -> Answer {
    let next = format!("s{}", place + 1);
    let changes = change("Create", &format!("m{place}"));
    synced(&next, place + 1 == LENGTH, &changes)
}

/// What a server with a long chain says to everything.
fn usual(seen: &Seen) -> Answer {
    opening(seen).unwrap_or_else(|| match seen.operation.as_str() {
        "FindItem" => found(&[], LENGTH, true),
        "GetItem" => rows(seen),
        "GetFolder" => counted(6),
        _ => portion(place(seen)),
    })
}

/// The cursor of the beginning of the chain.
fn start() -> Cursor {
    Cursor(b"\x01\0\0\0\0\0".to_vec())
}

/// Reads on until the end.
async fn rest(ews: &mut Ews, mut cursor: Cursor) -> Vec<ChangeSet> {
    let mut all = Vec::new();
    loop {
        let changes = ews.changes(&inbox(), Some(&cursor)).await.unwrap();
        cursor = changes.next.clone();
        let has_more = changes.more;
        all.push(changes);
        if !has_more {
            return all;
        }
    }
}

/// Waits until so many requests of an operation have come, then gives more of them time to come.
async fn settled(server: &Server, operation: &str, count: usize) {
    let seen = async {
        while server.of(operation).len() < count {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(20), seen)
        .await
        .expect("not asked");
    sleep(Duration::from_millis(50)).await;
}

#[tokio::test]
async fn next_portion_is_asked_for_while_rows_are_under_way() {
    let asked = Arc::new(Notify::new());
    let event = Arc::clone(&asked);
    let server = Server::start(move |seen, before| match seen.operation.as_str() {
        "GetItem" if before == 0 => rows(seen).after(&event),
        "SyncFolderItems" => {
            if place(seen) == 1 {
                event.notify_one();
            }
            usual(seen)
        }
        _ => usual(seen),
    })
    .await;
    let mut ews = opened(&server).await;
    let (inbox, start) = (inbox(), start());
    let first = ews.changes(&inbox, Some(&start));
    let first = timeout(Duration::from_secs(20), first).await;
    let first = first.expect("rows were waited for").unwrap();
    assert_eq!((ids(&first), first.more), (vec!["m0"], true));
}

#[tokio::test]
async fn portions_and_requests_ahead_are_few() {
    let never = Arc::new(Notify::new());
    let server = Server::start(move |seen, before| match seen.operation.as_str() {
        "GetItem" if before > 0 => rows(seen).after(&never),
        // A portion of many batches.
        "SyncFolderItems" if place(seen) == 1 => {
            let many: String = (0..512)
                .map(|n| change("Create", &format!("m{n}")))
                .collect();
            synced("s2", false, &many)
        }
        _ => usual(seen),
    })
    .await;
    let mut ews = opened(&server).await;
    ews.changes(&inbox(), Some(&start())).await.unwrap();
    settled(&server, "SyncFolderItems", 3).await;
    let asked: Vec<usize> = server.of("SyncFolderItems").iter().map(place).collect();
    assert_eq!(asked, [0, 1, 2], "one is taken, two are ahead");
    settled(&server, "GetItem", 3).await;
    assert_eq!(
        server.of("GetItem").len(),
        3,
        "one is answered, two are under way"
    );
}

#[tokio::test]
async fn every_cursor_goes_on_exactly_behind_its_portion() {
    let server = Server::start(|seen, _| usual(seen)).await;
    let mut ews = opened(&server).await;
    let all = rest(&mut ews, start()).await;
    let told: Vec<Vec<&str>> = all.iter().map(ids).collect();
    assert_eq!(told, [["m0"], ["m1"], ["m2"], ["m3"], ["m4"], ["m5"]]);
    assert_eq!(
        server.of("SyncFolderItems").len(),
        LENGTH,
        "each is asked for once"
    );
    assert_eq!(all.last().unwrap().total, 6);
    for (at, changes) in all.iter().enumerate().take(LENGTH - 1) {
        let again = rest(&mut opened(&server).await, changes.next.clone()).await;
        assert_eq!(again, all[at + 1..], "{at}");
    }
}

#[tokio::test]
async fn portion_not_stored_is_told_again() {
    let server = Server::start(|seen, _| usual(seen)).await;
    let mut ews = opened(&server).await;
    let first = ews.changes(&inbox(), Some(&start())).await.unwrap();
    let second = ews.changes(&inbox(), Some(&first.next)).await.unwrap();
    let again = ews.changes(&inbox(), Some(&first.next)).await.unwrap();
    assert_eq!((ids(&again), &again.next), (vec!["m1"], &second.next));
}

#[tokio::test]
async fn other_folder_ends_what_is_read_ahead() {
    let server = Server::start(|seen, _| usual(seen)).await;
    let mut ews = opened(&server).await;
    let first = ews.changes(&inbox(), Some(&start())).await.unwrap();
    settled(&server, "SyncFolderItems", 3).await;
    let other = RemoteId::new("se");
    // States of two folders may read the same.
    ews.changes(&other, Some(&first.next)).await.unwrap();
    let others = server.of("SyncFolderItems").into_iter();
    let mut others = others.filter(|seen| seen.body.contains("<t:FolderId Id=\"se\"/>"));
    assert!(
        others.any(|seen| place(&seen) == 1),
        "it is asked for itself"
    );
    let second = ews.changes(&inbox(), Some(&first.next)).await.unwrap();
    assert_eq!(ids(&second), ["m1"]);
    let inboxes = server.of("SyncFolderItems").into_iter();
    let inboxes = inboxes.filter(|seen| seen.body.contains("<t:FolderId Id=\"in\"/>"));
    let again = inboxes.filter(|seen| place(seen) == 1).count();
    assert_eq!(again, 2, "what was ahead is not kept");
}

#[tokio::test]
async fn failure_in_the_middle_is_told_in_its_place() {
    let check = async |fails: fn(&Seen) -> bool, answer: fn(&Seen) -> Answer| {
        let server = Server::start(move |seen, _| {
            if fails(seen) {
                return answer(seen);
            }
            usual(seen)
        })
        .await;
        let mut ews = opened(&server).await;
        let first = ews.changes(&inbox(), Some(&start())).await.unwrap();
        settled(&server, "SyncFolderItems", 3).await;
        let second = ews.changes(&inbox(), Some(&first.next)).await.unwrap();
        assert_eq!(ids(&second), ["m1"]);
        for _ in 0..2 {
            let before = server.count();
            let failed = ews.changes(&inbox(), Some(&second.next)).await;
            assert!(failed.is_err(), "{failed:?}");
            sleep(Duration::from_millis(20)).await;
            assert!(server.count() <= before + 4, "asked again and again");
        }
        let failed = ews.changes(&inbox(), Some(&second.next)).await;
        failed.unwrap_err()
    };
    let lost = |seen: &Seen| {
        let message = wrong(&seen.operation, "ErrorInvalidSyncStateData");
        Answer::xml(soap(&seen.operation, &message))
    };
    let error = check(|seen| seen.body.contains("<m:SyncState>s2<"), lost).await;
    assert!(matches!(error, BackendError::CursorLost), "{error:?}");
    let is_row = |seen: &Seen| seen.operation == "GetItem" && seen.body.contains("\"m2\"");
    let error = check(is_row, |_| Answer::cut()).await;
    assert!(matches!(error, BackendError::Offline { .. }), "{error:?}");
}

#[tokio::test]
async fn next_call_after_a_failure_asks_anew() {
    let server = Server::start(|seen, before| match seen.operation.as_str() {
        "GetItem" if before == 1 => {
            Answer::xml(soap("GetItem", &wrong("GetItem", "ErrorServerBusy")))
        }
        _ => usual(seen),
    })
    .await;
    let mut ews = opened(&server).await;
    let first = ews.changes(&inbox(), Some(&start())).await.unwrap();
    let failed = ews.changes(&inbox(), Some(&first.next)).await;
    assert!(
        matches!(failed, Err(BackendError::Throttled { .. })),
        "{failed:?}"
    );
    let again = rest(&mut ews, first.next).await;
    assert_eq!(again.iter().flat_map(ids).count(), LENGTH - 1);
}

#[tokio::test]
async fn busy_server_is_asked_nothing_more() {
    let server = Server::start(|seen, _| match seen.operation.as_str() {
        "GetItem" => Answer::with("503 Service Unavailable", "").line("Retry-After: 30"),
        "SyncFolderItems" if place(seen) == 0 => {
            let many: String = (0..512)
                .map(|n| change("Create", &format!("m{n}")))
                .collect();
            synced("s1", false, &many)
        }
        _ => usual(seen),
    })
    .await;
    let mut ews = opened(&server).await;
    let failed = ews.changes(&inbox(), Some(&start())).await;
    let Err(BackendError::Throttled { after, .. }) = failed else {
        panic!("{failed:?}");
    };
    assert_eq!(after, Some(Duration::from_secs(30)));
    sleep(Duration::from_millis(50)).await;
    // They were on their way before the first was refused.
    assert!(server.of("GetItem").len() <= 2);
    assert!(server.of("SyncFolderItems").len() <= 2);
}

#[tokio::test]
async fn first_screen_asks_for_nothing_ahead() {
    let server = Server::start(|seen, _| usual(seen)).await;
    let mut ews = opened(&server).await;
    let before = server.count();
    let first = ews.changes(&inbox(), None).await.unwrap();
    assert!(first.more);
    sleep(Duration::from_millis(50)).await;
    assert_eq!(server.count(), before + 1, "an empty page has no rows");
}

#[tokio::test]
async fn news_found_while_listing_survive_a_failure() {
    let server = Server::start(|seen, before| match seen.operation.as_str() {
        "FindItem" if before == 0 => found(&["m9"], 1, true),
        "FindItem" => found(&["m20", "m9"], 2, true),
        "SyncFolderItems" if before == 0 => Answer::xml(soap(
            "SyncFolderItems",
            &wrong("SyncFolderItems", "ErrorSomethingNew"),
        )),
        "SyncFolderItems" => {
            let changes = change("Create", "m20") + &change("Create", "m9");
            synced("s1", true, &changes)
        }
        _ => usual(seen),
    })
    .await;
    let mut ews = opened(&server).await;
    let first = ews.changes(&inbox(), None).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(21)).await;
    tokio::time::resume();
    ews.changes(&inbox(), Some(&first.next)).await.unwrap_err();
    let second = ews.changes(&inbox(), Some(&first.next)).await.unwrap();
    assert_eq!(ids(&second), ["m20"], "m9 was told by the first page");
}
