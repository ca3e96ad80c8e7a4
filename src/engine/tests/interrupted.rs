//! Sending that is cut short by a crash, or that two programs do at once: never lost, never twice.

use super::sending::{file_copy, item, send, synced, unstarted, until_gone, until_state};
use crate::engine::tests::world::offline;
use crate::engine::tests::{ALICE, Fixture, small_world};
use crate::engine::{EngineError, Event};
use crate::model::{OutboxItem, OutboxState};

#[tokio::test]
async fn a_crash_before_sending_loses_nothing() {
    let fixture = unstarted().await;
    let id = send(&fixture, ALICE).await;
    let fixture = fixture.crash(true).await;
    until_state(&fixture, id, None).await;
    assert_eq!(fixture.world.sent().len(), 1);
}

#[tokio::test]
async fn a_crash_while_sending_is_settled_by_looking_into_sent() {
    let fixture = unstarted().await;
    let id = send(&fixture, ALICE).await;
    let begun = begin(&fixture).await;
    assert_eq!(begun.id, id);
    file_copy(&fixture, &begun.message_id);
    let fixture = fixture.crash(true).await;
    until_state(&fixture, id, None).await;
    fixture.idle().await;
    assert!(fixture.world.sent().is_empty(), "never twice");
    assert_eq!(fixture.world.folder(ALICE, "Sent").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crash_while_sending_without_a_trace_is_asked_about() {
    let fixture = unstarted().await;
    let id = send(&fixture, ALICE).await;
    begin(&fixture).await;
    let mut fixture = fixture.crash(true).await;
    fixture
        .until(|event| match event {
            Event::Problem(problem) => {
                matches!(&*problem.error, EngineError::Outbox { .. }).then_some(())
            }
            _ => None,
        })
        .await;
    assert_eq!(item(&fixture, id).await.unwrap().state, OutboxState::Unsure);
    assert!(fixture.world.sent().is_empty());
    assert!(fixture.engine.outbox_retry(id).await.unwrap());
    until_gone(&fixture, id).await;
    assert_eq!(fixture.world.sent().len(), 1, "because the user said so");
}

#[tokio::test]
async fn a_crash_after_sending_files_the_copy_later() {
    let fixture = unstarted().await;
    fixture.engine.sync_once(&[]).await;
    // The connection for the copy breaks, and then the program ends.
    fixture.world.fail_with("alice@x.test connect", offline());
    let id = send(&fixture, ALICE).await;
    assert_eq!(fixture.engine.wait_sent(id).await.unwrap(), None);
    assert!(fixture.world.folder(ALICE, "Sent").is_empty());
    let fixture = fixture.crash(true).await;
    fixture.idle().await;
    assert_eq!(fixture.world.folder(ALICE, "Sent").len(), 1);
    assert_eq!(fixture.world.sent().len(), 1);
}

/// What the outbox does before it submits.
async fn begin(fixture: &Fixture) -> OutboxItem {
    let inner = &fixture.engine.inner;
    let begun = inner.store.outbox_begin(inner.now()).await.unwrap();
    begun.unwrap().0
}

#[tokio::test]
async fn two_programs_over_one_cache_send_once() {
    let fixture = synced(small_world()).await;
    let other = super::open(
        &fixture.home,
        &fixture.clock,
        &fixture.world,
        &fixture.config,
        true,
    )
    .await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(send(&fixture, ALICE).await);
        other.poke(None);
    }
    for id in ids {
        until_state(&fixture, id, None).await;
    }
    // The copy of one program's message may be filed by the other.
    fixture.idle().await;
    other.idle().await;
    assert_eq!(fixture.world.sent().len(), 5);
    assert_eq!(fixture.world.folder(ALICE, "Sent").len(), 5);
    other.stop().await;
}
