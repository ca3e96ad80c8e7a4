//! User actions: shown at once, replayed later, taken back or refused.

use super::*;
use crate::model::{FlagChange, RemoteOp};
use crate::store::Action;

fn star() -> Action {
    Action::Flag(FlagChange::set(Flags::FLAGGED))
}

fn read() -> Action {
    Action::Flag(FlagChange::set(Flags::SEEN))
}

fn move_op(folder: &str, messages: &[&str], to: &str) -> RemoteOp {
    RemoteOp::Move {
        folder: folder.into(),
        messages: messages.iter().map(|id| (*id).to_owned()).collect(),
        to: to.into(),
    }
}

async fn home_with(uids: &[u32]) -> (Home, Vec<MessageId>) {
    let home = Home::new().await;
    home.list_in(home.inbox, uids).await;
    let ids = home.ids(home.inbox).await;
    (home, ids)
}

#[tokio::test]
async fn an_action_shows_at_once_and_is_queued_by_folder() {
    let (home, ids) = home_with(&[1, 2, 3]).await;
    home.list_in(home.archive, &[8]).await;
    let mut all = ids.clone();
    all.extend(home.ids(home.archive).await);
    home.act(&all, read()).await;
    assert_eq!(
        (
            home.folder(home.inbox).await.unread,
            home.folder(home.archive).await.unread
        ),
        (0, 0)
    );
    assert_eq!(home.store.pending_count(home.mailbox()).await.unwrap(), 2);
    let first = home.pending().await.unwrap();
    let expected = |folder: &str, messages: &[&str]| RemoteOp::Flag {
        folder: folder.into(),
        messages: messages.iter().map(|id| (*id).to_owned()).collect(),
        change: FlagChange::set(Flags::SEEN),
    };
    assert_eq!(
        (first.op.clone(), first.attempts),
        (expected("Archive", &["8"]), 1)
    );
    assert_eq!(
        home.pending().await.unwrap().attempts,
        2,
        "not done yet: handed out again"
    );
    home.done(&first, &[]).await;
    let second = home.pending().await.unwrap();
    assert_eq!(second.op, expected("INBOX", &["1", "2", "3"]));
    home.done(&second, &[]).await;
    assert_eq!(home.pending().await, None);
    home.check_counters().await;
}

#[tokio::test]
async fn a_listing_does_not_undo_what_is_queued() {
    let (home, ids) = home_with(&[1, 2]).await;
    home.act(&ids[..1], star()).await;
    home.act(&ids[1..], Action::Move(home.archive)).await;
    home.commit(home.inbox, flags(&[("2", Flags::SEEN)], 2))
        .await;
    home.list_in(home.inbox, &[1, 2]).await;
    assert_eq!(
        home.subjects(home.inbox).await,
        ["Subject 2"],
        "the moved one stays away"
    );
    let row = &home.rows(home.inbox).await[0];
    assert_eq!(
        row.envelope.flags,
        Flags::FLAGGED,
        "the listing said unread and unstarred"
    );
    let folder = home.folder(home.inbox).await;
    assert_eq!((folder.total, folder.cached), (1, 1));
    assert_eq!(home.folder(home.archive).await.total, 1);
    home.check_counters().await;
}

#[tokio::test]
async fn a_move_takes_over_new_ids() {
    let (home, ids) = home_with(&[1, 2]).await;
    home.act(&ids, Action::Move(home.archive)).await;
    let pending = home.pending().await.unwrap();
    assert_eq!(pending.op, move_op("INBOX", &["1", "2"], "Archive"));
    home.done(&pending, &[("1", "101"), ("2", "102")]).await;
    let located = home.store.locate(ids[0]).await.unwrap().unwrap();
    assert_eq!(
        (located.folder, located.remote),
        (home.archive, Some(RemoteId::new("102")))
    );
    let listed = home
        .commit(
            home.archive,
            changes(vec![renamed(1, "101"), renamed(2, "102")], 2),
        )
        .await;
    assert_eq!(listed.added, vec![]);
    assert_eq!(home.ids(home.archive).await, ids, "the same rows");
    home.check_counters().await;
}

#[tokio::test]
async fn a_move_without_new_ids_is_recognised_when_listed() {
    let (home, ids) = home_with(&[1]).await;
    home.act(&ids, Action::Move(home.archive)).await;
    home.done(&home.pending().await.unwrap(), &[]).await;
    home.act(&ids, star()).await;
    assert_eq!(home.pending().await, None, "its id must be learnt first");
    assert_eq!(home.store.pending_count(home.mailbox()).await.unwrap(), 1);
    let listed = home
        .commit(home.archive, changes(vec![renamed(1, "77")], 1))
        .await;
    assert_eq!(listed.added, vec![]);
    let pending = home.pending().await.unwrap();
    assert!(matches!(&pending.op, RemoteOp::Flag { messages, .. } if *messages == ["77"]));
    home.check_counters().await;
}

#[tokio::test]
async fn a_moved_message_that_never_shows_up_goes() {
    let (home, ids) = home_with(&[1]).await;
    home.act(&ids, Action::Move(home.archive)).await;
    home.done(&home.pending().await.unwrap(), &[]).await;
    for _ in 0..2 {
        home.list_in(home.archive, &[]).await;
        assert_eq!(home.ids(home.archive).await, ids);
    }
    home.list_in(home.archive, &[]).await;
    assert_eq!(home.ids(home.archive).await, vec![]);
    home.check_counters().await;
}

#[tokio::test]
async fn death_between_the_servers_move_and_our_note_doubles_nothing() {
    for is_source_first in [true, false] {
        let (home, ids) = home_with(&[1]).await;
        home.act(&ids, Action::Move(home.archive)).await;
        home.pending().await.unwrap();
        // The server made the move; nobody noted it; then both folders are listed.
        if is_source_first {
            home.commit(home.inbox, removal(&["1"], 0)).await;
            assert_eq!(home.ids(home.archive).await, ids);
        }
        let listed = home
            .commit(home.archive, changes(vec![renamed(1, "77")], 1))
            .await;
        home.commit(home.inbox, removal(&["1"], 0)).await;
        assert_eq!(listed.added, vec![]);
        assert_eq!(
            (home.ids(home.archive).await, home.ids(home.inbox).await),
            (ids, vec![])
        );
        assert_eq!(home.pending().await, None, "there is nothing left to move");
        assert_eq!(home.store.pending_count(home.mailbox()).await.unwrap(), 0);
        home.check_counters().await;
    }
}

#[tokio::test]
async fn another_copy_of_a_message_is_not_taken_for_the_moved_one() {
    let (home, ids) = home_with(&[1]).await;
    home.act(&ids, Action::Move(home.archive)).await;
    let listed = home
        .commit(home.archive, changes(vec![renamed(1, "5")], 1))
        .await;
    assert_eq!(listed.added.len(), 1, "the move was not tried yet");
    assert_eq!(
        home.pending().await.unwrap().op,
        move_op("INBOX", &["1"], "Archive")
    );
}

#[tokio::test]
async fn changes_of_one_message_keep_their_order() {
    let (home, ids) = home_with(&[1]).await;
    home.act(&ids, Action::Move(home.archive)).await;
    home.act(&ids, star()).await;
    home.act(&ids, Action::Move(home.inbox)).await;
    assert_eq!(home.ids(home.inbox).await, ids);
    let first = home.pending().await.unwrap();
    assert_eq!(first.op, move_op("INBOX", &["1"], "Archive"));
    home.done(&first, &[("1", "50")]).await;
    let second = home.pending().await.unwrap();
    assert!(
        matches!(&second.op, RemoteOp::Flag { folder, messages, .. } if folder == "Archive" && *messages == ["50"])
    );
    home.done(&second, &[]).await;
    let third = home.pending().await.unwrap();
    assert_eq!(third.op, move_op("Archive", &["50"], "INBOX"));
    home.done(&third, &[("50", "60")]).await;
    assert_eq!(
        home.rows(home.inbox).await[0].envelope.flags,
        Flags::FLAGGED
    );
    home.check_counters().await;
}

#[tokio::test]
async fn undo_before_the_replay_restores_everything() {
    let (home, ids) = home_with(&[1, 2, 3]).await;
    home.commit(home.inbox, flags(&[("1", Flags::SEEN)], 3))
        .await;
    let before = home.rows(home.inbox).await;
    for action in [read(), star(), Action::Move(home.archive), Action::Delete] {
        let id = home.act(&ids, action.clone()).await;
        assert_ne!(home.rows(home.inbox).await, before, "{action:?}");
        assert!(home.store.undo(id).await.unwrap(), "{action:?}");
        assert_eq!(home.rows(home.inbox).await, before, "{action:?}");
        assert_eq!(home.pending().await, None, "{action:?}");
        assert!(!home.store.undo(id).await.unwrap(), "only once");
        home.check_counters().await;
    }
}

#[tokio::test]
async fn undo_behind_the_replay_queues_the_reverse() {
    let (home, ids) = home_with(&[1, 2]).await;
    home.commit(home.inbox, flags(&[("2", Flags::SEEN)], 2))
        .await;
    let flagging = home.act(&ids, read()).await;
    home.done(&home.pending().await.unwrap(), &[]).await;
    assert!(home.store.undo(flagging).await.unwrap());
    let reverse = home.pending().await.unwrap();
    let expected = RemoteOp::Flag {
        folder: "INBOX".into(),
        messages: vec!["1".into()],
        change: FlagChange::clear(Flags::SEEN),
    };
    assert_eq!(reverse.op, expected, "2 was read before");
    home.done(&reverse, &[]).await;

    let moving = home.act(&ids, Action::Move(home.archive)).await;
    home.done(&home.pending().await.unwrap(), &[("1", "11"), ("2", "12")])
        .await;
    assert!(home.store.undo(moving).await.unwrap());
    assert_eq!(home.ids(home.inbox).await, ids, "shown at home at once");
    assert_eq!(
        home.pending().await.unwrap().op,
        move_op("Archive", &["11", "12"], "INBOX")
    );
    home.check_counters().await;
}

#[tokio::test]
async fn a_replayed_deletion_cannot_be_undone() {
    let (home, ids) = home_with(&[1]).await;
    let action = home.act(&ids, Action::Delete).await;
    assert_eq!(home.ids(home.inbox).await, vec![]);
    home.done(&home.pending().await.unwrap(), &[]).await;
    assert!(!home.store.undo(action).await.unwrap());
    assert_eq!(home.number("SELECT count(*) FROM messages").await, 0);
    home.check_counters().await;
}

#[tokio::test]
async fn a_refused_change_is_rolled_back() {
    let (home, ids) = home_with(&[1, 2]).await;
    let before = home.rows(home.inbox).await;
    for action in [star(), Action::Move(home.archive), Action::Delete] {
        let id = home.act(&ids, action).await;
        let pending = home.pending().await.unwrap();
        let mut concerned = home.store.pending_refused(pending.id).await.unwrap();
        concerned.reverse();
        assert_eq!(concerned, ids);
        assert_eq!(home.rows(home.inbox).await, before);
        assert!(
            !home.store.undo(id).await.unwrap(),
            "what never happened cannot be taken back"
        );
        home.check_counters().await;
    }
}

#[tokio::test]
async fn after_a_refused_move_later_changes_go_where_the_message_is() {
    let (home, ids) = home_with(&[1]).await;
    home.list_in(home.archive, &[8]).await;
    let archived = home.ids(home.archive).await;
    home.act(&ids, Action::Move(home.archive)).await;
    let refused = home.pending().await.unwrap();
    let both = [ids[0], archived[0]];
    home.act(&both, star()).await;
    home.store.pending_refused(refused.id).await.unwrap();
    let mut folders = Vec::new();
    while let Some(pending) = home.pending().await {
        let RemoteOp::Flag {
            folder, messages, ..
        } = &pending.op
        else {
            panic!("{pending:?}");
        };
        folders.push((folder.clone(), messages.clone()));
        home.done(&pending, &[]).await;
    }
    folders.sort();
    assert_eq!(
        folders,
        [
            ("Archive".into(), vec!["8".into()]),
            ("INBOX".into(), vec!["1".into()])
        ]
    );
    home.check_counters().await;
}

#[tokio::test]
async fn messages_of_other_mailboxes_do_not_move_across() {
    let (home, ids) = home_with(&[1]).await;
    home.act(&ids, Action::Move(home.other_inbox)).await;
    assert_eq!(home.ids(home.inbox).await, ids);
    assert_eq!(home.pending().await, None);
}

#[tokio::test]
async fn a_queued_operation_comes_out_as_it_went_in() {
    let home = Home::new().await;
    let append = RemoteOp::Append {
        folder: "Sent Items".into(),
        flags: Flags::SEEN,
        message_id: "1@x".into(),
        bytes: b"From: a\r\n\r\n\xff\0".to_vec(),
    };
    let id = home
        .store
        .enqueue(home.mailbox(), append.clone())
        .await
        .unwrap();
    let create = RemoteOp::CreateFolder { path: "a/b".into() };
    home.store
        .enqueue(home.mailbox(), create.clone())
        .await
        .unwrap();
    let pending = home.pending().await.unwrap();
    assert_eq!((pending.id, &pending.op), (id, &append));
    home.done(&pending, &[("1@x", "9")]).await;
    let pending = home.pending().await.unwrap();
    assert_eq!(pending.op, create);
    assert_eq!(
        home.store.pending_refused(pending.id).await.unwrap(),
        vec![]
    );
    assert_eq!(home.pending().await, None);
}

#[tokio::test]
async fn many_messages_become_several_operations() {
    let uids: Vec<u32> = (1..=1200).collect();
    let home = Home::new().await;
    let ids = home.list_in(home.inbox, &uids).await.added;
    let action = home.act(&ids, read()).await;
    assert_eq!(home.store.pending_count(home.mailbox()).await.unwrap(), 3);
    assert_eq!(home.folder(home.inbox).await.unread, 0);
    // One third is on its way; undo drops two and reverses one.
    home.pending().await.unwrap();
    assert!(home.store.undo(action).await.unwrap());
    assert_eq!(home.folder(home.inbox).await.unread, 1200);
    assert_eq!(home.store.pending_count(home.mailbox()).await.unwrap(), 2);
    home.check_counters().await;
}
