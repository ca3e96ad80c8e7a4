//! Waiting: asks for news at intervals that grow, ends when poked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::{Fake, Say, message};
use crate::backend::Backend as _;
use crate::backend::graph::Graph;
use crate::model::{RemoteId, Wake};

/// A folder that is quiet for so many looks, then has a message.
async fn quiet_for(looks: usize) -> Fake {
    let count = AtomicUsize::new(0);
    Fake::start(move |ask| {
        if ask.line.contains("totalItemCount") {
            return Say::Json(200, json!({ "totalItemCount": 1 }));
        }
        let turn = count.fetch_add(1, Ordering::Relaxed);
        let items = if turn == looks + 1 {
            vec![message("1", "one", 1)]
        } else {
            vec![]
        };
        let link = format!("http://{}/v1.0/d{}", ask.header("host"), turn + 1);
        Say::Json(200, json!({ "value": items, "@odata.deltaLink": link }))
    })
    .await
}

async fn begun(fake: &Fake) -> (Graph, crate::model::Cursor) {
    let mut graph = fake.graph();
    let changes = graph.changes(&inbox(), None).await.unwrap();
    graph.sync.interval = Duration::from_millis(20);
    fake.lines();
    (graph, changes.next)
}

fn inbox() -> RemoteId {
    RemoteId::new("in")
}

#[tokio::test]
async fn news_are_found_once_and_handed_over() {
    let fake = quiet_for(2).await;
    let (mut graph, cursor) = begun(&fake).await;
    let poke = Notify::new();
    let woken = graph
        .wait(&inbox(), &poke, Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(woken, Wake::Remote);
    assert_eq!(
        fake.lines(),
        ["GET /v1.0/d1", "GET /v1.0/d2", "GET /v1.0/d3"]
    );
    let changes = graph.changes(&inbox(), Some(&cursor)).await.unwrap();
    assert_eq!(changes.upserts.len(), 1);
    assert_eq!(
        fake.lines(),
        ["GET /v1.0/me/mailFolders/in?$select=id,totalItemCount"]
    );
}

#[tokio::test]
async fn intervals_grow_while_nothing_happens_and_shrink_when_something_does() {
    let fake = quiet_for(1_000).await;
    let (mut graph, _) = begun(&fake).await;
    let poke = Notify::new();
    let limit = Duration::from_millis(200);
    let woken = graph.wait(&inbox(), &poke, limit).await.unwrap();
    assert_eq!(woken, Wake::Timer);
    assert!(graph.sync.interval > Duration::from_millis(20));
    poke.notify_one();
    let woken = graph
        .wait(&inbox(), &poke, Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(woken, Wake::Poke);
    assert_eq!(graph.sync.interval, Duration::from_secs(15));
}

#[tokio::test]
async fn a_folder_never_read_may_have_news() {
    let fake = quiet_for(0).await;
    let woken = fake
        .graph()
        .wait(&inbox(), &Notify::new(), Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(woken, Wake::Remote);
    assert!(fake.lines().is_empty());
}

#[tokio::test]
async fn a_folder_is_looked_at_at_once_when_another_was_read_meanwhile() {
    let fake = quiet_for(1).await;
    let (mut graph, _) = begun(&fake).await;
    graph.changes(&RemoteId::new("other"), None).await.unwrap();
    graph.sync.interval = Duration::from_secs(100);
    let poke = Notify::new();
    let folder = inbox();
    let waiting = graph.wait(&folder, &poke, Duration::from_secs(60));
    let woken = timeout(Duration::from_secs(10), waiting)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(woken, Wake::Remote);
}
