//! Drafts and the outbox: never twice, never lost.

use super::*;
use crate::model::{
    Draft, DraftAttachment, DraftId, DraftOrigin, Failure, FailureKind, Outbound, OutboxId,
    OutboxState, OutgoingProtocol, RemoteOp, SentBy,
};
use crate::store::{NewOutbox, Sent};

fn draft(subject: &str) -> Draft {
    Draft {
        from: Address::bare("alice@contoso.com"),
        to: "bob@example.org".into(),
        subject: subject.into(),
        text: "Hello\n".into(),
        attachments: vec![
            DraftAttachment::File {
                path: "/tmp/a.txt".into(),
            },
            DraftAttachment::Bytes {
                name: "b.bin".into(),
                media_type: "application/octet-stream".into(),
                data: vec![0, 255, 7],
            },
        ],
        ..Draft::default()
    }
}

fn outgoing(home: &Home, subject: &str, draft: Option<Draft>) -> NewOutbox {
    NewOutbox {
        account: home.mailboxes[0].account,
        mailbox: home.mailbox(),
        from: Address::named("Alice", "alice@contoso.com"),
        subject: subject.into(),
        message_id: format!("{subject}@contoso.com"),
        mail: Outbound {
            sender: "alice@contoso.com".into(),
            recipients: vec!["bob@example.org".into(), "secret@example.org".into()],
            bytes: b"From: alice\r\n\r\nHello\r\n".to_vec(),
        },
        draft,
        not_before: time(100),
    }
}

fn sent_now() -> Sent {
    Sent {
        at: time(200),
        by: SentBy {
            signed_in: "alice@contoso.com".into(),
            protocol: OutgoingProtocol::Graph,
            host: "graph.microsoft.com".into(),
            detour: Some("535 5.7.139".into()),
        },
        new_message_id: Some("given@server".into()),
    }
}

async fn queued(home: &Home, subject: &str) -> OutboxId {
    let new = outgoing(home, subject, None);
    home.store.outbox_add(new, None).await.unwrap()
}

/// Queues a message and begins to send it.
async fn sending(home: &Home, subject: &str) -> OutboxId {
    let id = queued(home, subject).await;
    home.store.outbox_begin(time(100)).await.unwrap().unwrap();
    id
}

fn failure(kind: FailureKind) -> Failure {
    Failure {
        kind,
        code: "550 5.7.60".into(),
        text: "no".into(),
    }
}

#[tokio::test]
async fn a_draft_reads_back_as_it_was() {
    let home = Home::new().await;
    let first = home
        .store
        .save_draft(None, &draft("One"), time(1))
        .await
        .unwrap();
    let second = home
        .store
        .save_draft(None, &draft("Two"), time(2))
        .await
        .unwrap();
    let mut edited = draft("One, edited");
    edited.attachments.remove(0);
    assert_eq!(
        home.store
            .save_draft(Some(first), &edited, time(3))
            .await
            .unwrap(),
        first
    );
    let drafts = home.store.drafts().await.unwrap();
    assert_eq!(
        drafts,
        vec![(first, edited, time(3)), (second, draft("Two"), time(2))]
    );
    home.store.delete_draft(second).await.unwrap();
    assert_eq!(home.store.drafts().await.unwrap().len(), 1);
    assert_eq!(home.number("SELECT count(*) FROM draft_files").await, 1);
    let third = home
        .store
        .save_draft(Some(second), &draft("Two"), time(4))
        .await
        .unwrap();
    assert!(
        third > second,
        "what somebody still writes is not lost, and ids are not used twice"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_name_that_is_no_text_survives() {
    use std::os::unix::ffi::OsStrExt;
    let home = Home::new().await;
    let path = Path::new(std::ffi::OsStr::from_bytes(b"/tmp/\xff.txt")).to_owned();
    let mut odd = draft("Odd");
    odd.attachments = vec![DraftAttachment::File { path }];
    home.store.save_draft(None, &odd, time(1)).await.unwrap();
    assert_eq!(home.store.drafts().await.unwrap()[0].1, odd);
}

#[tokio::test]
async fn sending_takes_the_draft_and_cancelling_brings_it_back() {
    let home = Home::new().await;
    let id = home
        .store
        .save_draft(None, &draft("Offer"), time(1))
        .await
        .unwrap();
    let new = outgoing(&home, "Offer", Some(draft("Offer")));
    let outbox = home.store.outbox_add(new, Some(id)).await.unwrap();
    assert_eq!(home.store.drafts().await.unwrap(), vec![]);
    assert_eq!(home.store.outbox_next_due().await.unwrap(), Some(time(100)));
    let item = &home.store.outbox().await.unwrap()[0];
    assert_eq!(
        (item.id, item.state, item.attempts),
        (outbox, OutboxState::Ready, 0)
    );
    assert_eq!(item.recipients, ["bob@example.org", "secret@example.org"]);
    let back = home
        .store
        .outbox_cancel(outbox, time(9))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        home.store.drafts().await.unwrap(),
        vec![(back, draft("Offer"), time(9))]
    );
    assert_eq!(home.store.outbox().await.unwrap(), vec![]);
    assert_eq!(
        home.store.outbox_cancel(outbox, time(9)).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_cancelled_message_without_a_draft_is_not_lost() {
    let home = Home::new().await;
    let outbox = queued(&home, "Piped").await;
    home.store
        .outbox_cancel(outbox, time(9))
        .await
        .unwrap()
        .unwrap();
    let (_, draft, _) = home.store.drafts().await.unwrap().remove(0);
    assert_eq!(
        (draft.subject.as_str(), draft.to.as_str()),
        ("Piped", "bob@example.org; secret@example.org")
    );
    let DraftAttachment::Bytes { data, .. } = &draft.attachments[0] else {
        panic!("{draft:?}");
    };
    assert!(data.starts_with(b"From: alice"));
}

#[tokio::test]
async fn only_what_is_due_is_taken_oldest_first_and_once() {
    let home = Home::new().await;
    let first = queued(&home, "A").await;
    let second = queued(&home, "B").await;
    assert_eq!(home.store.outbox_begin(time(99)).await.unwrap(), None);
    let (item, mail) = home.store.outbox_begin(time(100)).await.unwrap().unwrap();
    assert_eq!(
        (item.id, item.state, item.attempts),
        (first, OutboxState::Sending, 1)
    );
    assert_eq!(mail, outgoing(&home, "A", None).mail);
    assert_eq!(
        home.store
            .outbox_begin(time(100))
            .await
            .unwrap()
            .unwrap()
            .0
            .id,
        second
    );
    assert_eq!(home.store.outbox_begin(time(100)).await.unwrap(), None);
    assert_eq!(
        home.store.outbox_cancel(first, time(1)).await.unwrap(),
        None,
        "too late"
    );
    assert_eq!(home.store.outbox_next_due().await.unwrap(), None);
}

#[tokio::test]
async fn a_message_waits_fails_and_is_tried_again() {
    let home = Home::new().await;
    let id = sending(&home, "A").await;
    let offline = failure(FailureKind::Offline);
    home.store
        .outbox_later(id, time(200), &offline)
        .await
        .unwrap();
    assert_eq!(home.store.outbox_begin(time(199)).await.unwrap(), None);
    assert_eq!(home.store.outbox().await.unwrap()[0].failure, Some(offline));
    let (item, _) = home.store.outbox_begin(time(200)).await.unwrap().unwrap();
    assert_eq!(item.attempts, 2);
    let refused = failure(FailureKind::Sender);
    home.store
        .outbox_stopped(id, OutboxState::Failed, &refused)
        .await
        .unwrap();
    assert_eq!(
        home.store.outbox_begin(time(999)).await.unwrap(),
        None,
        "never by itself"
    );
    assert!(home.store.outbox_retry(id, time(300)).await.unwrap());
    assert!(
        !home.store.outbox_retry(id, time(300)).await.unwrap(),
        "it is ready already"
    );
    assert!(home.store.outbox_begin(time(300)).await.unwrap().is_some());
    let error = home
        .store
        .outbox_later(crate::model::OutboxId::new(77), time(1), &refused)
        .await;
    assert!(error.is_err());
}

#[tokio::test]
async fn acceptance_files_the_copy_and_marks_the_original() {
    let home = Home::new().await;
    let original = home.list_in(home.inbox, &[1]).await.added[0];
    for is_forward in [false, true] {
        let mut answer = draft("Re: 1");
        answer.origin = Some(DraftOrigin {
            message_row: original.row(),
            message_id: "1@example.org".into(),
            references: vec!["1@example.org".into()],
            is_forward,
        });
        let id = home
            .store
            .outbox_add(outgoing(&home, "Re: 1", Some(answer)), None)
            .await
            .unwrap();
        home.store.outbox_begin(time(100)).await.unwrap().unwrap();
        home.store
            .outbox_accepted(id, Some(home.sent), sent_now())
            .await
            .unwrap();
        assert_eq!(
            (
                home.store.outbox().await.unwrap().len(),
                home.store.drafts().await.unwrap().len()
            ),
            (0, 0)
        );
        let copy = home.pending().await.unwrap();
        let expected = RemoteOp::Append {
            folder: "Sent Items".into(),
            flags: Flags::SEEN,
            message_id: "Re: 1@contoso.com".into(),
            bytes: b"From: alice\r\n\r\nHello\r\n".to_vec(),
        };
        assert_eq!(copy.op, expected);
        home.done(&copy, &[]).await;
        let flag = home.pending().await.unwrap();
        assert!(matches!(&flag.op, RemoteOp::Flag { messages, .. } if *messages == ["1"]));
        home.done(&flag, &[]).await;
        assert!(
            home.store
                .outbox_accepted(id, None, sent_now())
                .await
                .is_err(),
            "there is no such message any more"
        );
    }
    let flags = home.rows(home.inbox).await[0].envelope.flags;
    assert_eq!(flags, Flags::ANSWERED.with(Flags::FORWARDED));
}

#[tokio::test]
async fn what_a_dead_program_was_sending_becomes_unsure() {
    let home = Home::new().await;
    let id = sending(&home, "A").await;
    let (other, _) = Store::open(home.folder.path()).await.unwrap();
    assert_eq!(
        other.outbox_recover().await.unwrap(),
        vec![],
        "its sender is still running"
    );
    assert_eq!(other.outbox().await.unwrap()[0].state, OutboxState::Sending);
    home.store.clone().close().await;
    drop(home.store);
    assert_eq!(other.outbox_recover().await.unwrap(), vec![id]);
    assert_eq!(other.outbox().await.unwrap()[0].state, OutboxState::Unsure);
    assert_eq!(
        other.outbox_begin(time(999)).await.unwrap(),
        None,
        "never twice silently"
    );
}

#[tokio::test]
async fn two_running_copies_never_take_the_same_message() {
    let home = Home::new().await;
    for number in 0..20 {
        let new = outgoing(&home, &format!("{number}"), None);
        home.store.outbox_add(new, None).await.unwrap();
    }
    let mut tasks = Vec::new();
    for _ in 0..3 {
        let (store, _) = Store::open(home.folder.path()).await.unwrap();
        tasks.push(tokio::spawn(async move {
            let mut taken = Vec::new();
            while let Some((item, _)) = store.outbox_begin(time(100)).await.unwrap() {
                taken.push(item.id);
            }
            taken
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    all.sort();
    let count = all.len();
    all.dedup();
    assert_eq!((count, all.len()), (20, 20));
}

#[tokio::test]
async fn unsent_mail_outlives_its_account_and_comes_back_to_it() {
    let home = Home::new().await;
    let id = home
        .store
        .outbox_add(outgoing(&home, "A", Some(draft("A"))), None)
        .await
        .unwrap();
    assert_eq!(home.store.set_accounts(&[]).await.unwrap(), vec![]);
    assert_eq!(home.store.outbox().await.unwrap()[0].id, id);
    let again = home.store.set_accounts(&[account("work")]).await.unwrap();
    assert_eq!(again[0].id, home.mailbox());
    let back = home.store.outbox_cancel(id, time(1)).await.unwrap();
    assert!(back.is_some_and(|draft| draft > DraftId::new(0)));
}

#[tokio::test]
async fn what_was_sent_is_remembered_with_its_way() {
    let home = Home::new().await;
    let id = home
        .store
        .outbox_add(outgoing(&home, "Offer", None), None)
        .await
        .unwrap();
    home.store.outbox_begin(time(100)).await.unwrap().unwrap();
    home.store
        .outbox_accepted(id, None, sent_now())
        .await
        .unwrap();
    let sent = home.store.sent().await.unwrap();
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].id, sent[0].subject.as_str()), (id, "Offer"));
    assert_eq!(sent[0].by.as_ref(), Some(&sent_now().by));
    assert_eq!(sent[0].new_message_id.as_deref(), Some("given@server"));
    assert_eq!(sent[0].filed_in, [""; 0]);
}
