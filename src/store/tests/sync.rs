//! Accounts, folders, change sets and cursors.

use super::*;
use crate::store::{NewBody, StoreError};

#[tokio::test]
async fn mailboxes_keep_their_ids_and_vanished_ones_go() {
    let home = Home::new().await;
    home.list_in(home.other_inbox, &[1, 2]).await;
    let again = home.store.set_accounts(&[account("work")]).await.unwrap();
    assert_eq!(again, home.mailboxes);

    let mut smaller = account("work");
    smaller.additional_users.clear();
    let left = home
        .store
        .set_accounts(&[account("new"), smaller])
        .await
        .unwrap();
    assert_eq!(left.len(), 3);
    assert_eq!(left[2].id, home.mailboxes[0].id);
    assert_eq!(home.number("SELECT count(*) FROM messages").await, 0);
    assert_eq!(home.store.mailboxes().await.unwrap(), left);
    home.check_counters().await;
}

#[tokio::test]
async fn folders_come_roles_first_and_keep_their_ids() {
    let home = Home::new().await;
    let folders = home.store.folders(home.mailbox()).await.unwrap();
    let paths: Vec<&str> = folders.iter().map(|folder| folder.path.as_str()).collect();
    assert_eq!(paths, ["INBOX", "Sent Items", "Archive", "Projects"]);
    assert_eq!(set_folders(&home.store, home.mailbox()).await, folders);
    let sent = home
        .store
        .folder_by_role(home.mailbox(), Role::Sent)
        .await
        .unwrap();
    assert_eq!(sent.unwrap().id, home.sent);
}

#[tokio::test]
async fn messages_of_a_vanished_folder_go_but_guests_go_home() {
    let home = Home::new().await;
    home.list_in(home.inbox, &[1]).await;
    home.list_in(home.archive, &[2]).await;
    let moved = home.ids(home.inbox).await;
    home.store
        .act(&moved, crate::store::Action::Move(home.archive))
        .await
        .unwrap();
    assert_eq!(
        home.subjects(home.archive).await,
        ["Subject 2", "Subject 1"]
    );
    let left = [remote_folder("INBOX", Role::Inbox)];
    home.store.set_folders(home.mailbox(), &left).await.unwrap();
    assert_eq!(home.subjects(home.inbox).await, ["Subject 1"]);
    assert_eq!(home.pending().await, None);
    home.check_counters().await;
}

#[tokio::test]
async fn an_envelope_reads_back_as_it_was() {
    let home = Home::new().await;
    let mut full = message(7);
    full.envelope.cc = vec![Address::named("Zoë, \"Z\"", "zoe@x.com")];
    full.envelope.reply_to = vec![Address::bare("list@x.com")];
    full.envelope.in_reply_to = Some("6@x".into());
    full.envelope.references = vec!["1@x".into(), "6@x".into()];
    full.envelope.flags = Flags::SEEN.with(Flags::ANSWERED);
    full.envelope.has_attachments = true;
    full.envelope.preview = "Hello".into();
    let committed = home
        .commit(home.inbox, changes(vec![full.clone()], 1))
        .await;
    let rows = home.store.listed(&committed.added).await.unwrap();
    assert_eq!(rows[0].envelope, full.envelope);
    assert_eq!(
        (rows[0].folder, rows[0].mailbox),
        (home.inbox, home.mailbox())
    );
}

#[tokio::test]
async fn a_change_set_and_its_cursor_come_together() {
    let home = Home::new().await;
    assert_eq!(home.store.cursor(home.inbox).await.unwrap(), None);
    let committed = home.list_in(home.inbox, &[2, 3, 1]).await;
    assert!(committed.changed);
    assert_eq!(committed.added, home.ids(home.inbox).await, "newest first");
    assert_eq!(
        home.subjects(home.inbox).await,
        ["Subject 3", "Subject 2", "Subject 1"]
    );
    assert_eq!(
        home.store.cursor(home.inbox).await.unwrap(),
        Some(Cursor(b"cursor".to_vec()))
    );

    let again = home.list_in(home.inbox, &[1, 2, 3]).await;
    assert_eq!(again, Committed::default(), "nothing new, nothing changed");
    let seen = home
        .commit(
            home.inbox,
            flags(&[("1", Flags::SEEN), ("9", Flags::SEEN)], 3),
        )
        .await;
    assert!(seen.changed && seen.added.is_empty());
    assert_eq!(home.folder(home.inbox).await.unread, 2);
    home.commit(home.inbox, removal(&["2", "9"], 2)).await;
    let folder = home.folder(home.inbox).await;
    assert_eq!((folder.total, folder.cached, folder.unread), (2, 2, 1));
    home.check_counters().await;
}

#[tokio::test]
async fn a_failed_change_set_leaves_no_trace() {
    let home = Home::new().await;
    home.list_in(home.inbox, &[1]).await;
    let gone = FolderId::new(999);
    let error = home
        .store
        .commit(gone, changes(vec![message(2)], 1))
        .await
        .unwrap_err();
    assert!(
        matches!(error, StoreError::NoSuch { what: "folder" }),
        "{error:?}"
    );
    assert_eq!(home.number("SELECT count(*) FROM messages").await, 1);
}

#[tokio::test]
async fn changed_content_under_one_id_drops_the_old_body() {
    let home = Home::new().await;
    let id = home.list_in(home.inbox, &[1]).await.added[0];
    home.store
        .put_bodies(vec![body(id, "old words")])
        .await
        .unwrap();
    let mut edited = message(1);
    edited.envelope.subject = "Edited".into();
    let committed = home.commit(home.inbox, changes(vec![edited], 1)).await;
    assert!(committed.changed && committed.added.is_empty());
    assert_eq!(home.store.body(id).await.unwrap(), None);
    assert_eq!(home.subjects(home.inbox).await, ["Edited"]);
    home.check_counters().await;
}

pub(super) fn body(message: MessageId, text: &str) -> NewBody {
    NewBody {
        message,
        bytes: text.as_bytes().to_vec(),
        text: text.to_owned(),
        preview: text.chars().take(20).collect(),
        has_attachments: true,
    }
}

#[tokio::test]
async fn after_a_restart_rows_keep_id_and_body_under_new_ids() {
    let home = Home::new().await;
    home.list_in(home.inbox, &[1, 2, 3]).await;
    let before = home.ids(home.inbox).await;
    home.store
        .put_bodies(vec![body(before[0], "kept")])
        .await
        .unwrap();
    home.store.restart_folder(home.inbox).await.unwrap();
    assert_eq!(home.store.cursor(home.inbox).await.unwrap(), None);
    assert_eq!(home.ids(home.inbox).await, before, "shown all the while");

    // Old id 1 is another message now; 3 is listed as 1, 2 is gone.
    let mut first = changes(vec![renamed(3, "1"), message(9)], 3);
    first.more = true;
    let committed = home.commit(home.inbox, first).await;
    assert_eq!(committed.added.len(), 1);
    assert_eq!(
        home.rows(home.inbox).await.len(),
        4,
        "nothing goes before the end"
    );
    home.commit(home.inbox, changes(vec![renamed(1, "2")], 3))
        .await;
    assert_eq!(
        home.subjects(home.inbox).await,
        ["Subject 9", "Subject 3", "Subject 1"]
    );
    let after = home.ids(home.inbox).await;
    assert_eq!((after[1], after[2]), (before[0], before[2]));
    assert_eq!(home.store.body(after[1]).await.unwrap().unwrap(), b"kept");
    let located = home.store.locate(after[1]).await.unwrap().unwrap();
    assert_eq!(located.remote, Some(RemoteId::new("1")));
    assert!(located.has_body);
    home.check_counters().await;
}

#[tokio::test]
async fn messages_without_message_id_are_recognised_by_date_and_subject() {
    let home = Home::new().await;
    let nameless = |id: &str, uid| {
        let mut message = renamed(uid, id);
        message.envelope.message_id.clear();
        message
    };
    home.commit(
        home.inbox,
        changes(vec![nameless("1", 1), nameless("2", 2)], 2),
    )
    .await;
    let before = home.ids(home.inbox).await;
    home.store.restart_folder(home.inbox).await.unwrap();
    home.commit(
        home.inbox,
        changes(vec![nameless("8", 2), nameless("9", 1)], 2),
    )
    .await;
    assert_eq!(home.ids(home.inbox).await, before);
}

#[tokio::test]
async fn a_message_id_is_found_by_mailbox_and_role() {
    let home = Home::new().await;
    let inbox = home.list_in(home.inbox, &[1, 2]).await.added;
    let sent = home.list_in(home.sent, &[2]).await.added;
    home.list_in(home.other_inbox, &[2]).await;
    let find = |role| {
        home.store
            .find_message_id(home.mailbox(), "2@example.org", role)
    };
    assert_eq!(find(None).await.unwrap(), vec![inbox[0], sent[0]]);
    assert_eq!(find(Some(Role::Sent)).await.unwrap(), sent);
    assert_eq!(find(Some(Role::Trash)).await.unwrap(), vec![]);
}

#[tokio::test]
async fn bodies_are_wanted_newest_first_and_not_too_large() {
    let home = Home::new().await;
    let mut large = message(9);
    large.envelope.size = 50_000_000;
    home.list_in(home.inbox, &[1, 2, 3]).await;
    home.commit(home.inbox, changes(vec![large], 4)).await;
    let wanted = |limit| home.store.without_body(home.inbox, limit, 1_000_000);
    let remotes = |found: Vec<(MessageId, RemoteId)>| {
        found
            .into_iter()
            .map(|(_, remote)| remote.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(remotes(wanted(2).await.unwrap()), ["3", "2"]);
    let newest = wanted(1).await.unwrap()[0].0;
    home.store
        .put_bodies(vec![
            body(newest, "text"),
            body(MessageId::new(999), "gone"),
        ])
        .await
        .unwrap();
    assert_eq!(remotes(wanted(9).await.unwrap()), ["2", "1"]);
    let row = &home.store.listed(&[newest]).await.unwrap()[0];
    assert_eq!(
        (row.envelope.preview.as_str(), row.envelope.has_attachments),
        ("text", true)
    );
    home.check_counters().await;
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let home = Home::new().await;
    let other = home.store.clone();
    home.store.close().await;
    assert!(matches!(other.mailboxes().await, Err(StoreError::Closed)));
    let (_, opened) = Store::open(home.folder.path()).await.unwrap();
    assert_eq!(opened, Opened::Fine);
}
