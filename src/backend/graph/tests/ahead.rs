//! Pages asked for ahead of the engine: few, in order, each error in its place.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::{Ask, Fake, Say, message};
use crate::backend::{Backend as _, BackendError};
use crate::model::{ChangeSet, RemoteId};

fn inbox() -> RemoteId {
    RemoteId::new("in")
}

/// The number of the page that is asked for; the first is 0.
fn number(line: &str) -> u32 {
    let (_, number) = line.split_once("/v1.0/p").unwrap_or_default();
    number.parse().unwrap_or(0)
}

/// A chain of pages without an end, of one message each.
fn endless(ask: &Ask) -> Say {
    if ask.line.contains("totalItemCount") {
        return Say::Json(200, json!({ "totalItemCount": 99 }));
    }
    let page = number(&ask.line);
    let link = format!("http://{}/v1.0/p{}", ask.header("host"), page + 1);
    let items = [message(
        &page.to_string(),
        &format!("page {page}"),
        59 - page,
    )];
    Say::Json(200, json!({ "value": items, "@odata.nextLink": link }))
}

/// Returns which pages were asked for, in order; waits until there are `least`, and a little longer.
async fn pages(fake: &Fake, least: usize) -> Vec<u32> {
    let mut asked = Vec::new();
    let come = async {
        while asked.len() < least {
            tokio::time::sleep(Duration::from_millis(1)).await;
            asked.extend(fake.lines());
        }
    };
    timeout(Duration::from_secs(60), come).await.unwrap();
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        asked.extend(fake.lines());
    }
    asked.retain(|line| !line.contains("totalItemCount"));
    asked.iter().map(|line| number(line)).collect()
}

fn subject(changes: &ChangeSet) -> &str {
    &changes.upserts[0].envelope.subject
}

#[tokio::test]
async fn one_page_is_asked_for_ahead_and_another_once_that_is_taken_in() {
    let fake = Fake::start(endless).await;
    let mut graph = fake.graph();
    let first = graph.changes(&inbox(), None).await.unwrap();
    assert_eq!(pages(&fake, 3).await, [0, 1]);
    graph.read_ahead().await;
    graph.read_ahead().await;
    assert_eq!(pages(&fake, 1).await, [2], "while page 1 is being stored");
    let mut changes = graph.changes(&inbox(), Some(&first.next)).await.unwrap();
    assert_eq!(subject(&changes), "page 1");
    for page in 2..6 {
        changes = graph.changes(&inbox(), Some(&changes.next)).await.unwrap();
        assert_eq!(subject(&changes), format!("page {page}"));
        assert_eq!(pages(&fake, 1).await, [page + 1]);
    }
}

#[tokio::test]
async fn a_server_that_wants_us_to_wait_is_not_asked_for_more() {
    let fake = Fake::start(|ask| match number(&ask.line) {
        2 => Say::Raw(
            429,
            vec![("Retry-After", "12".to_owned())],
            endless_bytes(ask),
        ),
        _ => endless(ask),
    })
    .await;
    let mut graph = fake.graph();
    let first = graph.changes(&inbox(), None).await.unwrap();
    graph.read_ahead().await;
    assert_eq!(pages(&fake, 4).await, [0, 1, 2]);
    let second = graph.changes(&inbox(), Some(&first.next)).await.unwrap();
    assert_eq!(
        subject(&second),
        "page 1",
        "what came before the error is told"
    );
    graph.read_ahead().await;
    let refused = graph.changes(&inbox(), Some(&second.next)).await;
    assert!(
        matches!(&refused, Err(BackendError::Throttled { after: Some(t), .. }) if t.as_secs() == 12),
        "{refused:?}"
    );
    assert_eq!(pages(&fake, 0).await, [0; 0]);
}

/// A refusal that looks like a page.
fn endless_bytes(ask: &Ask) -> Vec<u8> {
    match endless(ask) {
        Say::Json(_, body) => body.to_string().into_bytes(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn reading_ahead_may_be_dropped_at_any_time() {
    let fake = Fake::start(endless).await;
    let mut graph = fake.graph();
    let mut changes = graph.changes(&inbox(), None).await.unwrap();
    for page in 1..8 {
        // Each is dropped after one look, also that which meets the page.
        let dropped = async {
            while futures_util::poll!(graph.read_ahead()).is_pending() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(60), dropped).await.unwrap();
        changes = graph.changes(&inbox(), Some(&changes.next)).await.unwrap();
        assert_eq!(subject(&changes), format!("page {page}"));
    }
    let asked = pages(&fake, 9).await;
    assert_eq!(asked, (0..asked.len() as u32).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_older_cursor_is_answered_by_its_own_page() {
    let fake = Fake::start(endless).await;
    let mut graph = fake.graph();
    let first = graph.changes(&inbox(), None).await.unwrap();
    let second = graph.changes(&inbox(), Some(&first.next)).await.unwrap();
    graph.read_ahead().await;
    let again = graph.changes(&inbox(), Some(&first.next)).await.unwrap();
    assert_eq!((subject(&again), &again.next), ("page 1", &second.next));
    let third = graph.changes(&inbox(), Some(&again.next)).await.unwrap();
    assert_eq!(subject(&third), "page 2");
}
