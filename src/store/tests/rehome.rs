//! A mailbox that is reached over another protocol: what can be kept is kept.

use super::*;
use crate::model::{FlagChange, RemoteOp};
use crate::store::{Action, NewBody};

fn over(protocol: IncomingProtocol) -> Account {
    let mut account = account("work");
    account.servers.incoming.protocol = protocol;
    account
}

fn listed(id: &str, path: &str, role: Role) -> RemoteFolder {
    RemoteFolder {
        id: RemoteId::new(id),
        path: path.into(),
        role,
        selectable: true,
    }
}

/// Lists the folders as another protocol does: other ids, the inbox under another name.
async fn listed_anew(home: &Home) -> Vec<Folder> {
    let folders = [
        listed("AAMk1", "Inbox", Role::Inbox),
        listed("AAMk2", "Archive", Role::Archive),
        listed("AAMk3", "Sent", Role::Sent),
    ];
    let mailbox = home.mailbox();
    home.store.set_folders(mailbox, &folders).await.unwrap()
}

#[tokio::test]
async fn rows_bodies_and_queued_changes_survive_another_protocol() {
    let home = Home::new().await;
    let ids = home.list_in(home.inbox, &[1, 2, 3]).await.added;
    let body = NewBody {
        message: ids[0],
        bytes: b"Subject: kept\r\n\r\nkept\r\n".to_vec(),
        text: "kept".into(),
        preview: "kept".into(),
        has_attachments: false,
    };
    home.store.put_bodies(vec![body]).await.unwrap();
    let star = Action::Flag(FlagChange::set(Flags::FLAGGED));
    home.store.act(&ids[..1], star).await.unwrap();
    home.store
        .set_accounts(&[over(IncomingProtocol::Graph)])
        .await
        .unwrap();
    assert_eq!(home.pending().await, None, "nothing is said in dead ids");
    let folders = listed_anew(&home).await;
    assert_eq!((folders[0].id, folders[0].cached), (home.inbox, 3));
    assert_eq!(home.store.cursor(home.inbox).await.unwrap(), None);
    let same = [1, 2, 3].map(|uid| renamed(uid, &format!("graph-{uid}")));
    let committed = home.commit(home.inbox, changes(same.to_vec(), 3)).await;
    assert_eq!(committed.added, []);
    assert!(home.store.body(ids[0]).await.unwrap().is_some());
    let op = home.pending().await.unwrap().op;
    assert!(
        matches!(&op, RemoteOp::Flag { folder, messages, .. } if folder == "AAMk1" && messages[0].starts_with("graph-")),
        "{op:?}"
    );
}

#[tokio::test]
async fn what_the_new_server_does_not_have_goes() {
    let home = Home::new().await;
    home.list_in(home.inbox, &[1, 2, 3]).await;
    home.store
        .set_accounts(&[over(IncomingProtocol::Ews)])
        .await
        .unwrap();
    listed_anew(&home).await;
    home.commit(home.inbox, changes(vec![renamed(2, "e2")], 1))
        .await;
    assert_eq!(home.rows(home.inbox).await.len(), 1);
}

#[tokio::test]
async fn a_copy_that_waits_to_be_filed_is_filed_in_the_folder_of_the_new_protocol() {
    let home = Home::new().await;
    let sent = home.store.folder(home.sent).await.unwrap().unwrap();
    let op = RemoteOp::Append {
        folder: sent.remote.as_str().to_owned(),
        flags: Flags::SEEN,
        message_id: "m@x".into(),
        bytes: b"x".to_vec(),
    };
    home.store.enqueue(home.mailbox(), op).await.unwrap();
    home.store
        .set_accounts(&[over(IncomingProtocol::Graph)])
        .await
        .unwrap();
    listed_anew(&home).await;
    let pending = home.pending().await.unwrap();
    assert!(matches!(pending.op, RemoteOp::Append { folder, .. } if folder == "AAMk3"));
}

#[tokio::test]
async fn where_the_server_keeps_no_flags_ours_stay() {
    let home = Home::new().await;
    home.store
        .set_accounts(&[over(IncomingProtocol::Pop3)])
        .await
        .unwrap();
    let inbox = [listed("INBOX", "INBOX", Role::Inbox)];
    let inbox = home
        .store
        .set_folders(home.mailbox(), &inbox)
        .await
        .unwrap()[0]
        .id;
    let ids = home.commit(inbox, changes(vec![message(1)], 1)).await.added;
    let read = Action::Flag(FlagChange::set(Flags::SEEN));
    home.store.act(&ids, read).await.unwrap();
    let pending = home.pending().await.unwrap();
    home.done(&pending, &[]).await;
    home.commit(inbox, changes(vec![message(1)], 1)).await;
    assert!(home.rows(inbox).await[0].envelope.flags.is_seen());
}
