//! What a person does to messages: at once here, later there, and back if refused.

use crate::backend::{BackendError, Refusal};
use crate::engine::tests::world::{offline, refused};
use crate::engine::tests::{ALICE, Fixture, small_world};
use crate::engine::{EngineError, Event};
use crate::model::{FlagChange, Flags};

async fn synced() -> Fixture {
    let fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    fixture
}

fn flags_of(fixture: &Fixture, subject: &str) -> Flags {
    let folder = fixture.world.folder(ALICE, "INBOX");
    let found = folder.into_iter().find(|(one, _)| one == subject);
    found.unwrap().1
}

#[tokio::test]
async fn flags_change_here_at_once_and_there_soon() {
    let fixture = synced().await;
    let message = fixture.message(ALICE, "INBOX", "INBOX 8").await;
    let seen = FlagChange::set(Flags::SEEN);
    fixture.engine.mark(vec![message], seen).await.unwrap();
    assert!(
        fixture.rows(ALICE, "INBOX").await[0]
            .envelope
            .flags
            .is_seen()
    );
    fixture.idle().await;
    assert!(flags_of(&fixture, "INBOX 8").is_seen());
    let status = fixture.engine.status(fixture.mailbox(ALICE).await);
    assert_eq!(status.pending, 0);
}

#[tokio::test]
async fn changes_made_offline_are_made_up_for() {
    let fixture = synced().await;
    fixture.world.fail_with("alice@x.test wait", offline());
    fixture.world.fail_with("alice@x.test connect", offline());
    let message = fixture.message(ALICE, "INBOX", "INBOX 8").await;
    let starred = FlagChange::set(Flags::FLAGGED);
    fixture.engine.mark(vec![message], starred).await.unwrap();
    tokio::time::timeout(super::TOO_LONG, async {
        while !flags_of(&fixture, "INBOX 8").contains(Flags::FLAGGED) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn deleting_moves_to_the_trash_and_from_there_for_good() {
    let fixture = synced().await;
    let message = fixture.message(ALICE, "INBOX", "INBOX 8").await;
    fixture.engine.delete(vec![message]).await.unwrap();
    fixture.idle().await;
    assert_eq!(fixture.world.folder(ALICE, "INBOX").len(), 7);
    assert_eq!(fixture.world.folder(ALICE, "Trash").len(), 1);
    assert_eq!(fixture.subjects(ALICE, "Trash").await, ["INBOX 8"]);

    let message = fixture.message(ALICE, "Trash", "INBOX 8").await;
    fixture.engine.delete(vec![message]).await.unwrap();
    fixture.idle().await;
    assert!(fixture.world.folder(ALICE, "Trash").is_empty());
    assert!(fixture.subjects(ALICE, "Trash").await.is_empty());
}

#[tokio::test]
async fn a_refused_move_is_taken_back_and_told() {
    let mut fixture = synced().await;
    fixture.problems();
    fixture
        .world
        .fail_with("alice@x.test apply Move", refused(Refusal::Quota));
    let message = fixture.message(ALICE, "INBOX", "INBOX 8").await;
    let projects = fixture.folder(ALICE, "Projects").await;
    fixture
        .engine
        .move_to(vec![message], projects.id)
        .await
        .unwrap();
    assert_eq!(fixture.subjects(ALICE, "INBOX").await.len(), 7);
    fixture.idle().await;
    assert_eq!(fixture.subjects(ALICE, "INBOX").await.len(), 8);
    let problems = fixture.problems();
    assert!(
        matches!(
            &*problems[0].error,
            EngineError::Backend {
                mailbox,
                source: BackendError::Refused { kind: Refusal::Quota, .. },
                ..
            } if mailbox == ALICE
        ),
        "{problems:?}"
    );
}

#[tokio::test]
async fn a_change_to_what_is_gone_is_dropped_in_silence() {
    let mut fixture = synced().await;
    let message = fixture.message(ALICE, "INBOX", "INBOX 8").await;
    let gone = BackendError::Gone {
        what: "message".into(),
    };
    fixture.world.fail_with("alice@x.test apply Flag", gone);
    fixture.problems();
    let seen = FlagChange::set(Flags::SEEN);
    fixture.engine.mark(vec![message], seen).await.unwrap();
    fixture.idle().await;
    assert!(fixture.problems().is_empty());
    let status = fixture.engine.status(fixture.mailbox(ALICE).await);
    assert_eq!(status.pending, 0);
}

#[tokio::test]
async fn archiving_without_an_archive_folder_says_so() {
    let fixture = synced().await;
    let message = fixture.message(ALICE, "INBOX", "INBOX 8").await;
    let error = fixture.engine.archive(vec![message]).await.unwrap_err();
    assert!(
        matches!(error, EngineError::NoRoleFolder { ref mailbox, role: "archive" } if mailbox == ALICE),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_change_waits_for_the_new_id_of_a_moved_message() {
    let fixture = Fixture::start(small_world().hides_new_ids()).await;
    fixture.idle().await;
    let message = fixture.message(ALICE, "INBOX", "INBOX 8").await;
    let projects = fixture.folder(ALICE, "Projects").await;
    let starred = FlagChange::set(Flags::FLAGGED);
    fixture
        .engine
        .move_to(vec![message], projects.id)
        .await
        .unwrap();
    fixture.engine.mark(vec![message], starred).await.unwrap();
    fixture.idle().await;
    let there = fixture.world.folder(ALICE, "Projects");
    let moved = there.iter().find(|(subject, _)| subject == "INBOX 8");
    assert!(moved.unwrap().1.contains(Flags::FLAGGED), "{there:?}");
    let status = fixture.engine.status(fixture.mailbox(ALICE).await);
    assert_eq!(status.pending, 0);
}

#[tokio::test]
async fn undo_takes_back_here_and_there() {
    let mut fixture = synced().await;
    let message = fixture.message(ALICE, "INBOX", "INBOX 8").await;
    let action = fixture.engine.delete(vec![message]).await.unwrap();
    fixture.idle().await;
    assert_eq!(fixture.world.folder(ALICE, "Trash").len(), 1);

    assert!(fixture.engine.undo(action).await.unwrap());
    assert_eq!(fixture.subjects(ALICE, "INBOX").await.len(), 8);
    let inbox = fixture.folder(ALICE, "INBOX").await.id;
    fixture
        .until(|event| matches!(event, Event::Messages(id) if *id == inbox).then_some(()))
        .await;
    fixture.idle().await;
    assert!(fixture.world.folder(ALICE, "Trash").is_empty());
    assert_eq!(fixture.world.folder(ALICE, "INBOX").len(), 8);
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_breaks_the_link_again_and_again_is_given_up() {
    let mut fixture = synced().await;
    fixture.problems();
    for _ in 0..3 {
        fixture
            .world
            .fail_with("alice@x.test apply Flag", super::world::nonsense());
    }
    let message = fixture.message(ALICE, "INBOX", "INBOX 8").await;
    let seen = FlagChange::set(Flags::SEEN);
    fixture.engine.mark(vec![message], seen).await.unwrap();
    fixture
        .until(|event| matches!(event, Event::Problem(_)).then_some(()))
        .await;
    let alice = fixture.mailbox(ALICE).await;
    while fixture.engine.status(alice).pending > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(
        !fixture.rows(ALICE, "INBOX").await[0]
            .envelope
            .flags
            .is_seen()
    );
}

#[tokio::test]
async fn without_workers_changes_are_replayed_on_demand() {
    let config = super::config(&[]);
    let fixture = Fixture::start_with(small_world(), config, false).await;
    fixture.engine.sync_once(&[]).await;
    let message = fixture.message(ALICE, "INBOX", "INBOX 8").await;
    let seen = FlagChange::set(Flags::SEEN);
    fixture.engine.mark(vec![message], seen).await.unwrap();
    assert!(!flags_of(&fixture, "INBOX 8").is_seen());
    let alice = fixture.mailbox(ALICE).await;
    fixture.engine.replay(alice).await.unwrap();
    assert!(flags_of(&fixture, "INBOX 8").is_seen());
}

#[tokio::test]
async fn an_archive_folder_is_made_where_there_is_none_and_takes_the_messages() {
    let fixture = synced().await;
    let mut messages = Vec::new();
    for subject in ["INBOX 8", "INBOX 7"] {
        messages.push(fixture.message(ALICE, "INBOX", subject).await);
    }
    fixture.world.take_log();
    fixture
        .engine
        .archive_in_new_folder(messages)
        .await
        .unwrap();
    fixture.idle().await;
    let mut filed = fixture.world.folder(ALICE, "Archive");
    filed.sort_by(|one, other| one.0.cmp(&other.0));
    let subjects: Vec<&str> = filed.iter().map(|one| one.0.as_str()).collect();
    assert_eq!(subjects, ["INBOX 7", "INBOX 8"]);
    assert_eq!(fixture.subjects(ALICE, "Archive").await.len(), 2);
    let made = |line: &&String| line.ends_with("apply CreateFolder");
    assert_eq!(fixture.world.take_log().iter().filter(made).count(), 1);

    // The next one goes there at once.
    let next = fixture.message(ALICE, "INBOX", "INBOX 6").await;
    fixture
        .engine
        .archive_in_new_folder(vec![next])
        .await
        .unwrap();
    fixture.idle().await;
    assert_eq!(fixture.world.folder(ALICE, "Archive").len(), 3);
    assert_eq!(fixture.world.take_log().iter().filter(made).count(), 0);
}

#[tokio::test]
async fn messages_stay_where_they_are_when_the_archive_folder_is_refused() {
    let mut fixture = synced().await;
    let message = fixture.message(ALICE, "INBOX", "INBOX 8").await;
    fixture.problems();
    let refused = refused(Refusal::Quota);
    fixture
        .world
        .fail_with("alice@x.test apply CreateFolder", refused);
    fixture
        .engine
        .archive_in_new_folder(vec![message])
        .await
        .unwrap();
    fixture.idle().await;
    assert_eq!(fixture.problems().len(), 1);
    assert!(
        fixture
            .subjects(ALICE, "INBOX")
            .await
            .contains(&"INBOX 8".into())
    );
    // Asked again, it is made.
    fixture
        .engine
        .archive_in_new_folder(vec![message])
        .await
        .unwrap();
    fixture.idle().await;
    assert_eq!(fixture.world.folder(ALICE, "Archive").len(), 1);
}
