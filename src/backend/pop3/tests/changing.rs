//! Stories about changes.

use super::*;
use crate::model::{Applied, FlagChange, Flags, RemoteOp};

fn deletion(messages: &[&str]) -> RemoteOp {
    RemoteOp::Delete {
        folder: "INBOX".to_owned(),
        messages: messages.iter().map(|&id| id.to_owned()).collect(),
    }
}

#[tokio::test]
async fn deletion_is_done_when_the_session_has_ended_well() {
    let first = opened(&[("a", 1), ("b", 2)]) + "C: DELE 1\nS: +OK\n" + QUIT;
    let second = opened(&[("b", 2)]);
    let fake = Fake::new(&[first, second]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    mailbox.apply(&deletion(&["a"])).await.expect("a deletion");
    // Once more, as after a crash.
    mailbox
        .apply(&deletion(&["a", "a"]))
        .await
        .expect("nothing to do");
    fake.check().await;
}

#[tokio::test]
async fn connection_that_ends_before_the_good_bye_is_no_deletion() {
    let fake = Fake::new(&[opened(&[("a", 1)]) + "C: DELE 1\nS: +OK\nC: QUIT\n"]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let error = mailbox.apply(&deletion(&["a"])).await.err();
    assert!(
        matches!(error, Some(BackendError::Offline { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn refused_deletion_is_told_only_if_the_message_is_still_there() {
    let refused = opened(&[("a", 1)]) + "C: DELE 1\nS: -ERR [SYS/PERM] read only\n" + QUIT;
    let fake = Fake::new(&[refused.clone(), opened(&[("a", 1)])]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let error = mailbox.apply(&deletion(&["a"])).await.err();
    assert!(
        matches!(error, Some(BackendError::Refused { .. })),
        "{error:?}"
    );
    fake.check().await;
    let fake = Fake::new(&[refused, opened(&[])]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    mailbox
        .apply(&deletion(&["a"]))
        .await
        .expect("gone already");
    fake.check().await;
}

#[tokio::test]
async fn half_done_quit_is_found_out() {
    let first = opened(&[("a", 1)])
        + "C: DELE 1\nS: +OK\nC: QUIT\nS: -ERR some deleted messages not removed\n";
    let fake = Fake::new(&[first, opened(&[("a", 1)])]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let error = mailbox.apply(&deletion(&["a"])).await.err();
    assert!(
        matches!(error, Some(BackendError::Refused { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn flags_are_no_matter_of_the_servers() {
    let fake = Fake::new(&[opened(&[("a", 1)])]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let op = RemoteOp::Flag {
        folder: "INBOX".to_owned(),
        messages: vec!["a".to_owned()],
        change: FlagChange::set(Flags::SEEN),
    };
    assert_eq!(mailbox.apply(&op).await.expect("flags"), Applied::default());
    fake.check().await;
}

#[tokio::test]
async fn what_needs_folders_is_said_to_be_missing() {
    let fake = Fake::new(&[opened(&[("a", 1)])]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let folder = || "INBOX".to_owned();
    let ops = [
        RemoteOp::Move {
            folder: folder(),
            messages: vec!["a".to_owned()],
            to: "Archive".to_owned(),
        },
        RemoteOp::Append {
            folder: folder(),
            flags: Flags::NONE,
            message_id: String::new(),
            bytes: Vec::new(),
        },
        RemoteOp::CreateFolder { path: folder() },
        RemoteOp::RenameFolder {
            folder: folder(),
            path: folder(),
        },
        RemoteOp::DeleteFolder { folder: folder() },
    ];
    for op in ops {
        let error = mailbox.apply(&op).await.err();
        assert!(
            matches!(error, Some(BackendError::Unsupported { .. })),
            "{op:?}: {error:?}"
        );
    }
    fake.check().await;
}
