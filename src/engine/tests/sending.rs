//! Sending: never twice in silence, never lost, whatever happens in between.

use std::time::Duration;

use crate::backend::Refusal;
use crate::engine::tests::world::{World, offline, refused, sign_in_refused};
use crate::engine::tests::{ALICE, Fixture, SUPPORT, config, small_world};
use crate::engine::{EngineError, Event};
use crate::model::{
    Address, Draft, FailureKind, OutboxId, OutboxItem, OutboxState, OutgoingProtocol, Receipt,
    RefusedRecipient,
};

const AT_ONCE: Duration = Duration::ZERO;

fn draft(from: &str) -> Draft {
    Draft {
        from: Address::bare(from),
        to: "bob@y.test".into(),
        subject: "Hello".into(),
        text: "Hello Bob\n".into(),
        ..Draft::default()
    }
}

pub(super) async fn synced(world: World) -> Fixture {
    let fixture = Fixture::start(world).await;
    fixture.idle().await;
    fixture
}

pub(super) async fn item(fixture: &Fixture, id: OutboxId) -> Option<OutboxItem> {
    let items = fixture.engine.outbox().await.unwrap();
    items.into_iter().find(|item| item.id == id)
}

/// Waits until a message is in this state; `None` is accepted.
pub(super) async fn until_state(fixture: &Fixture, id: OutboxId, wanted: Option<OutboxState>) {
    let reached = async {
        while item(fixture, id).await.map(|item| item.state) != wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(super::TOO_LONG, reached)
        .await
        .unwrap();
}

/// An engine whose work is done only when a story asks for it.
pub(super) async fn unstarted() -> Fixture {
    Fixture::start_with(small_world(), config(&[SUPPORT]), false).await
}

/// Puts a message into the outbox, to go at once.
pub(super) async fn send(fixture: &Fixture, from: &str) -> OutboxId {
    let sent = fixture.engine.send(draft(from), None, AT_ONCE).await;
    sent.unwrap()
}

/// Sends a message and waits until all that follows is done.
async fn deliver(fixture: &Fixture, from: &str) {
    let id = send(fixture, from).await;
    assert_eq!(fixture.engine.wait_sent(id).await.unwrap(), None);
    fixture.idle().await;
}

/// Sends a message that stays in the outbox, and returns it.
async fn stuck(fixture: &Fixture, from: &str) -> OutboxItem {
    let id = send(fixture, from).await;
    fixture.engine.wait_sent(id).await.unwrap().unwrap()
}

/// Waits until a message has left the outbox in the time of a story that stands still.
pub(super) async fn until_gone(fixture: &Fixture, id: OutboxId) {
    while item(fixture, id).await.is_some() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn unsure() -> Receipt {
    Receipt::Unsure {
        text: "the connection broke".into(),
    }
}

#[tokio::test]
async fn an_accepted_message_leaves_the_outbox_and_a_copy_is_filed() {
    let fixture = synced(small_world()).await;
    deliver(&fixture, ALICE).await;
    let sent = fixture.world.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].sender, ALICE);
    assert_eq!(sent[0].recipients, ["bob@y.test"]);
    assert_eq!(fixture.world.folder(ALICE, "Sent").len(), 1);
    assert_eq!(fixture.rows(ALICE, "Sent").await.len(), 1);
}

#[tokio::test]
async fn a_server_that_files_copies_gets_none_of_ours() {
    let fixture = synced(small_world()).await;
    fixture.world.files_copies();
    deliver(&fixture, ALICE).await;
    assert!(fixture.world.folder(ALICE, "Sent").is_empty());
}

#[tokio::test]
async fn the_profile_overrules_what_the_server_says_of_copies() {
    let mut config = config(&[]);
    config.accounts[0].servers.files_sent_copy = Some(false);
    let world = small_world();
    world.files_copies();
    let fixture = Fixture::start_with(world, config, true).await;
    fixture.idle().await;
    deliver(&fixture, ALICE).await;
    assert_eq!(fixture.world.folder(ALICE, "Sent").len(), 1);
}

#[tokio::test]
async fn mail_of_an_additional_user_is_signed_in_as_the_identity_and_filed_with_the_user() {
    let fixture = synced(small_world()).await;
    deliver(&fixture, SUPPORT).await;
    assert_eq!(fixture.world.sent()[0].sender, SUPPORT);
    assert_eq!(fixture.world.times_of("alice@x.test outgoing").len(), 1);
    assert_eq!(fixture.world.folder(SUPPORT, "Sent").len(), 1);
    assert!(fixture.world.folder(ALICE, "Sent").is_empty());
}

#[tokio::test]
async fn mail_on_behalf_names_the_identity_as_its_sender() {
    let mut config = config(&[SUPPORT]);
    config.accounts[0].on_behalf = vec![Address::bare(SUPPORT)];
    let fixture = Fixture::start_with(small_world(), config, true).await;
    fixture.idle().await;
    for from in [SUPPORT, ALICE] {
        deliver(&fixture, from).await;
    }
    let sent = fixture.world.sent();
    let has_sender = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("Sender: alice@x.test");
    let senders: Vec<bool> = sent.iter().map(|mail| has_sender(&mail.bytes)).collect();
    assert_eq!(senders, [true, false]);
    assert_eq!(sent[0].sender, SUPPORT);
}

#[tokio::test]
async fn a_stranger_cannot_be_sent_from() {
    let fixture = synced(small_world()).await;
    let error = fixture
        .engine
        .send(draft("eve@z.test"), None, AT_ONCE)
        .await;
    assert!(matches!(
        error,
        Err(EngineError::NotFound {
            what: "mailbox",
            ..
        })
    ));
}

#[tokio::test]
async fn one_connection_serves_all_messages_that_are_due() {
    let fixture = unstarted().await;
    for from in [ALICE, SUPPORT, ALICE] {
        send(&fixture, from).await;
    }
    fixture.engine.send_round().await.unwrap();
    assert_eq!(fixture.world.sent().len(), 3);
    assert_eq!(fixture.world.times_of("alice@x.test outgoing").len(), 1);
}

#[tokio::test]
async fn a_refused_message_is_kept_and_told() {
    let mut fixture = synced(small_world()).await;
    fixture.problems();
    fixture.world.fail_with("submit", refused(Refusal::Sender));
    let still = stuck(&fixture, SUPPORT).await;
    assert_eq!(still.state, OutboxState::Failed);
    let failure = still.failure.unwrap();
    assert_eq!(
        (failure.kind, failure.code.as_str()),
        (FailureKind::Sender, "550 5.0.0")
    );
    fixture.idle().await;
    let problems = fixture.problems();
    assert!(
        matches!(&*problems[0].error, EngineError::Backend { mailbox, identity, .. }
            if mailbox == SUPPORT && identity == ALICE),
        "{problems:?}"
    );

    let back = fixture
        .engine
        .outbox_cancel(still.id)
        .await
        .unwrap()
        .unwrap();
    let drafts = fixture.engine.drafts().await.unwrap();
    assert_eq!((drafts[0].0, drafts[0].1.subject.as_str()), (back, "Hello"));
}

#[tokio::test]
async fn a_failed_message_goes_when_tried_again() {
    let fixture = synced(small_world()).await;
    fixture.world.fail_with("submit", refused(Refusal::TooBig));
    let id = stuck(&fixture, ALICE).await.id;
    assert!(fixture.engine.outbox_retry(id).await.unwrap());
    assert_eq!(fixture.engine.wait_sent(id).await.unwrap(), None);
    assert_eq!(fixture.world.sent().len(), 1);
}

#[tokio::test]
async fn recipients_the_server_refused_are_named() {
    let mut fixture = synced(small_world()).await;
    fixture.problems();
    fixture.world.answer_with(Receipt::Accepted {
        refused: vec![RefusedRecipient {
            address: "gone@y.test".into(),
            code: "550 5.1.1".into(),
            text: "no such user".into(),
        }],
        new_message_id: None,
    });
    deliver(&fixture, ALICE).await;
    let problems = fixture.problems();
    assert!(
        matches!(&*problems[0].error, EngineError::Outbox { failure, .. }
            if failure.kind == FailureKind::Recipients && failure.text.contains("gone@y.test")),
        "{problems:?}"
    );
}

#[tokio::test]
async fn the_undo_window_holds_a_message_back_and_gives_it_back() {
    let fixture = synced(small_world()).await;
    let window = Duration::from_secs(10);
    let draft_id = fixture.engine.save_draft(None, draft(ALICE)).await.unwrap();
    let id = fixture
        .engine
        .send(draft(ALICE), Some(draft_id), window)
        .await
        .unwrap();
    assert!(fixture.engine.drafts().await.unwrap().is_empty());
    fixture.idle().await;
    assert!(fixture.world.sent().is_empty());
    assert!(fixture.engine.outbox_cancel(id).await.unwrap().is_some());
    assert_eq!(fixture.engine.drafts().await.unwrap().len(), 1);
    assert!(fixture.engine.outbox().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_message_goes_when_the_undo_window_is_over() {
    let fixture = synced(small_world()).await;
    let window = Duration::from_secs(10);
    let asked = tokio::time::Instant::now();
    let id = fixture
        .engine
        .send(draft(ALICE), None, window)
        .await
        .unwrap();
    until_gone(&fixture, id).await;
    assert!(fixture.world.times_of("submit")[0] - asked >= window);
}

#[tokio::test]
async fn without_connection_a_message_waits_and_goes_when_poked() {
    let fixture = synced(small_world()).await;
    fixture.world.fail_with("alice@x.test outgoing", offline());
    let still = stuck(&fixture, ALICE).await;
    assert_eq!(still.state, OutboxState::Ready);
    assert_eq!(still.failure.unwrap().kind, FailureKind::Offline);
    assert_eq!(still.attempts, 1);
    fixture.engine.poke(None);
    until_state(&fixture, still.id, None).await;
    assert_eq!(fixture.world.sent().len(), 1);
}

#[tokio::test]
async fn a_message_that_waits_for_a_sign_in_goes_after_one() {
    let mut fixture = synced(small_world()).await;
    while fixture.events.try_recv().is_ok() {}
    fixture
        .world
        .fail_with("alice@x.test outgoing", sign_in_refused());
    let id = send(&fixture, ALICE).await;
    fixture
        .until(|event| matches!(event, Event::SignIn(_)).then_some(()))
        .await;
    let still = fixture.engine.wait_sent(id).await.unwrap().unwrap();
    assert_eq!(still.failure.unwrap().kind, FailureKind::SignIn);
    let signer = fixture.engine.inner.signer("work").unwrap();
    fixture.engine.signed_in(&signer);
    until_state(&fixture, id, None).await;
    assert_eq!(fixture.world.sent().len(), 1);
}

#[tokio::test]
async fn an_unsure_message_found_in_sent_is_done() {
    let fixture = synced(small_world()).await;
    fixture.world.answer_with(unsure());
    let window = Duration::from_millis(200);
    let id = fixture
        .engine
        .send(draft(ALICE), None, window)
        .await
        .unwrap();
    let message_id = item(&fixture, id).await.unwrap().message_id;
    file_copy(&fixture, &message_id);
    assert_eq!(fixture.engine.wait_sent(id).await.unwrap(), None);
    fixture.idle().await;
    assert_eq!(fixture.world.sent().len(), 1);
    assert_eq!(
        fixture.world.folder(ALICE, "Sent").len(),
        1,
        "no second copy"
    );
}

/// What a server does that took a message and files its copy itself.
pub(super) fn file_copy(fixture: &Fixture, message_id: &str) {
    fixture.world.deliver(ALICE, "Sent", "Hello");
    fixture.world.change(ALICE, "Sent", |folder| {
        folder.messages[0].message_id = message_id.to_owned();
    });
}

#[tokio::test(start_paused = true)]
async fn an_unsure_message_not_found_is_asked_about_and_not_sent_again() {
    let mut fixture = synced(small_world()).await;
    fixture.problems();
    fixture.world.answer_with(unsure());
    let still = stuck(&fixture, ALICE).await;
    assert_eq!(still.state, OutboxState::Unsure);
    let problems = fixture.problems();
    assert!(
        matches!(&*problems[0].error, EngineError::Outbox { failure, .. }
            if failure.kind == FailureKind::Unsure),
        "{problems:?}"
    );
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(fixture.world.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_message_that_is_asked_about_left_at_the_server_is_taken_back() {
    for (protocol, expected) in [(OutgoingProtocol::Ews, 1), (OutgoingProtocol::Smtp, 0)] {
        let mut config = config(&[]);
        for servers in [
            &mut config.accounts[0].servers,
            config.servers.get_mut("x").unwrap(),
        ] {
            servers.outgoing.as_mut().unwrap().protocol = protocol;
        }
        let fixture = Fixture::start_with(small_world(), config, true).await;
        fixture.idle().await;
        fixture.world.answer_with(unsure());
        let still = stuck(&fixture, ALICE).await;
        assert_eq!(still.state, OutboxState::Unsure);
        let line = format!("take back {}", still.message_id);
        let log = fixture.world.take_log();
        let taken = log.iter().filter(|one| **one == line);
        assert_eq!(taken.count(), expected, "{log:?}");
    }
}

#[tokio::test]
async fn a_finished_message_is_sent_as_it_is() {
    let config = config(&[]);
    let fixture = Fixture::start_with(small_world(), config, false).await;
    let message = b"To: bob@y.test\nBcc: eve@y.test\nSubject: Raw\n\nText\n".to_vec();
    let from = Address::bare(ALICE);
    let id = fixture.engine.send_raw(message, &from).await.unwrap();
    let queued = item(&fixture, id).await.unwrap();
    assert_eq!(
        (queued.subject.as_str(), queued.from.email.as_str()),
        ("Raw", ALICE)
    );
    assert_eq!(fixture.engine.wait_sent(id).await.unwrap(), None);
    let sent = fixture.world.sent();
    assert_eq!(sent[0].recipients, ["bob@y.test", "eve@y.test"]);
    assert!(!String::from_utf8_lossy(&sent[0].bytes).contains("Bcc"));
}
