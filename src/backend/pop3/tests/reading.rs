//! Stories about reading whole messages.

use super::*;
use crate::backend::Refusal;
use crate::model::Progress;

#[tokio::test]
async fn message_comes_as_it_is_with_its_dots() {
    let script = opened(&[("a", 30)])
        + "C: RETR 1\nS: +OK\nS: Subject: x\nS: \nS: ..\nS: ...two\nS: text\nS: .\n";
    let fake = Fake::new(&[script]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let progress = Progress::default();
    let asked = [RemoteId::new("a")];
    let read = mailbox.fetch(&inbox(), &asked, &progress).await;
    let expected = b"Subject: x\r\n\r\n.\r\n..two\r\ntext\r\n".to_vec();
    assert_eq!(
        progress.get(),
        (expected.len() as u64, 30.max(expected.len() as u64))
    );
    assert_eq!(read.expect("a body"), [(RemoteId::new("a"), expected)]);
    fake.check().await;
}

#[tokio::test]
async fn gone_messages_are_left_out_and_the_order_is_the_askers() {
    let script = opened(&[("a", 3), ("b", 3), ("c", 3)])
        + "C: RETR 3\nS: +OK\nS: c\nS: .\nC: RETR 2\nS: -ERR no such message\nC: RETR 1\nS: +OK\nS: a\nS: .\n";
    let fake = Fake::new(&[script]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let asked = ["never there", "c", "b", "a"].map(RemoteId::new);
    let read = mailbox.fetch(&inbox(), &asked, &Progress::default()).await;
    let ids: Vec<String> = read
        .expect("bodies")
        .iter()
        .map(|(id, _)| id.as_str().to_owned())
        .collect();
    assert_eq!(ids, ["c", "a"]);
    fake.check().await;
}

#[tokio::test]
async fn message_that_is_too_large_is_not_begun() {
    let fake = Fake::new(&[opened(&[("a", 400_000_000)])]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let asked = [RemoteId::new("a")];
    let error = mailbox
        .fetch(&inbox(), &asked, &Progress::default())
        .await
        .err();
    let is_size = matches!(
        error,
        Some(BackendError::Refused {
            kind: Refusal::TooBig,
            ..
        })
    );
    assert!(is_size, "{error:?}");
    fake.check().await;
}

#[tokio::test]
async fn reading_after_a_wait_opens_a_session_of_its_own() {
    let second = opened(&[("a", 3)]) + "C: RETR 1\nS: +OK\nS: a\nS: .\n";
    let fake = Fake::new(&[opened(&[("a", 3)]) + QUIT, second]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let poke = tokio::sync::Notify::new();
    let limit = std::time::Duration::from_millis(20);
    let wake = mailbox.wait(&inbox(), &poke, limit).await;
    assert_eq!(wake.expect("the limit"), crate::model::Wake::Timer);
    let asked = [RemoteId::new("a")];
    let read = mailbox.fetch(&inbox(), &asked, &Progress::default()).await;
    assert_eq!(read.expect("a body").len(), 1);
    fake.check().await;
}

#[tokio::test]
async fn poke_ends_the_wait() {
    let fake = Fake::new(&[opened(&[])]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let poke = tokio::sync::Notify::new();
    poke.notify_one();
    let wake = mailbox
        .wait(&inbox(), &poke, std::time::Duration::from_secs(600))
        .await;
    assert_eq!(wake.expect("a poke"), crate::model::Wake::Poke);
}
