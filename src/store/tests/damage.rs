//! Damage, death and a full disk.

use super::*;
use crate::model::{Draft, FlagChange, Outbound, RemoteOp};
use crate::store::{NewOutbox, StoreError};

async fn home_with_unsent_mail() -> Home {
    let home = Home::new().await;
    home.list_in(home.inbox, &(1..=300).collect::<Vec<_>>())
        .await;
    let draft = Draft {
        subject: "Unfinished".into(),
        ..Draft::default()
    };
    home.store.save_draft(None, &draft, time(1)).await.unwrap();
    let new = NewOutbox {
        account: home.mailboxes[0].account,
        mailbox: home.mailbox(),
        from: Address::bare("alice@contoso.com"),
        subject: "Offer".into(),
        message_id: "1@contoso.com".into(),
        mail: Outbound {
            sender: "alice@contoso.com".into(),
            recipients: vec!["bob@example.org".into()],
            bytes: vec![b'x'; 20_000],
        },
        draft: Some(Draft::default()),
        not_before: time(100),
    };
    home.store.outbox_add(new, None).await.unwrap();
    home
}

/// Damages the closed database and opens it again.
async fn reopen(home: Home, damage: impl FnOnce(&mut Vec<u8>)) -> (TempDir, Store, Opened) {
    home.store.close().await;
    let path = home.folder.path().join("mail.db");
    let mut bytes = std::fs::read(&path).unwrap();
    damage(&mut bytes);
    std::fs::write(&path, bytes).unwrap();
    let (store, opened) = Store::open(home.folder.path()).await.unwrap();
    (home.folder, store, opened)
}

async fn check_saved(store: &Store, opened: &Opened, folder: &Path) {
    let Opened::Rebuilt {
        moved_to, saved, ..
    } = opened
    else {
        panic!("{opened:?}");
    };
    assert_eq!(*saved, 2);
    assert!(moved_to.exists() && moved_to.starts_with(folder));
    assert_eq!(store.drafts().await.unwrap()[0].1.subject, "Unfinished");
    let item = store.outbox().await.unwrap().remove(0);
    assert_eq!(
        (item.subject.as_str(), item.message_id.as_str()),
        ("Offer", "1@contoso.com")
    );
    let mailboxes = store.set_accounts(&[account("work")]).await.unwrap();
    assert_eq!(
        mailboxes[0].id, item.mailbox,
        "it belongs to its mailbox again"
    );
    let (_, mail) = store.outbox_begin(time(100)).await.unwrap().unwrap();
    assert_eq!(mail.bytes.len(), 20_000);
    assert_eq!(
        store.drafts().await.unwrap().len(),
        1,
        "the queued draft is not a draft"
    );
}

#[tokio::test]
async fn a_destroyed_head_costs_neither_drafts_nor_outbox() {
    for length in [16, 100, 4096] {
        let home = home_with_unsent_mail().await;
        let (folder, store, opened) = reopen(home, |bytes| bytes[..length].fill(0xAA)).await;
        check_saved(&store, &opened, folder.path()).await;
    }
}

fn flag(set: Flags, clear: Flags) -> crate::store::Action {
    crate::store::Action::Flag(FlagChange { set, clear })
}

/// All queued operations of the main mailbox, carried out.
async fn replay(store: &Store) -> Vec<(RemoteOp, u32)> {
    let mailboxes = store.set_accounts(&[account("work")]).await.unwrap();
    let mut ops = Vec::new();
    while let Some(pending) = store.next_pending(mailboxes[0].id).await.unwrap() {
        let nothing = Applied::default();
        store.pending_done(pending.id, &nothing).await.unwrap();
        ops.push((pending.op, pending.attempts));
    }
    ops
}

fn ids(op: &RemoteOp) -> (&'static str, &str, Vec<&str>) {
    let (kind, folder, messages) = match op {
        RemoteOp::Flag {
            folder, messages, ..
        } => ("flag", folder, messages.as_slice()),
        RemoteOp::Move {
            folder, messages, ..
        } => ("move", folder, messages.as_slice()),
        RemoteOp::Delete { folder, messages } => ("delete", folder, messages.as_slice()),
        RemoteOp::Append { folder, .. } => ("append", folder, [].as_slice()),
        other => panic!("{other:?}"),
    };
    let messages = messages.iter().map(String::as_str).collect();
    (kind, folder, messages)
}

/// What was done to messages and never reached a server is done after the database was rebuilt, too.
#[tokio::test]
async fn queued_changes_survive_a_destroyed_head() {
    use crate::store::Action::{Delete, Move};
    let home = Home::new().await;
    let added = home.list_in(home.inbox, &[1, 2, 3, 4, 5]).await.added;
    let by = |subject: usize| added[5 - subject];
    let act = |messages: Vec<MessageId>, action| {
        let store = home.store.clone();
        async move { store.act(&messages, action).await.unwrap() }
    };
    act(vec![by(1), by(2)], flag(Flags::SEEN, Flags::NONE)).await;
    act(vec![by(2)], Move(home.archive)).await;
    // After the move: the flag has to go along, since nobody knows the id over there.
    act(vec![by(2)], flag(Flags::FLAGGED, Flags::SEEN)).await;
    act(vec![by(3)], flag(Flags::FLAGGED, Flags::NONE)).await;
    act(vec![by(3)], Delete).await;
    act(vec![by(4)], Move(home.archive)).await;
    act(vec![by(4)], Move(home.inbox)).await;
    let copy = RemoteOp::Append {
        folder: "Sent Items".into(),
        flags: Flags::SEEN,
        message_id: "copy@contoso.com".into(),
        bytes: b"Subject: copy\r\n\r\n".to_vec(),
    };
    home.store
        .enqueue(home.mailbox(), copy.clone())
        .await
        .unwrap();
    let (_folder, store, opened) = reopen(home, |bytes| bytes[..100].fill(0xAA)).await;
    assert!(
        matches!(
            opened,
            Opened::Rebuilt {
                saved: 0,
                changes: 5,
                ..
            }
        ),
        "{opened:?}"
    );
    let ops = replay(&store).await;
    let all: Vec<_> = ops.iter().map(|(op, _)| ids(op)).collect();
    assert_eq!(
        all,
        [
            ("flag", "INBOX", vec!["1"]),
            ("flag", "INBOX", vec!["2"]),
            ("move", "INBOX", vec!["2"]),
            ("delete", "INBOX", vec!["3"]),
            ("append", "Sent Items", vec![]),
        ]
    );
    let RemoteOp::Flag { change, .. } = ops[1].0 else {
        panic!("{ops:?}");
    };
    assert_eq!((change.set, change.clear), (Flags::FLAGGED, Flags::SEEN));
    assert_eq!(ops[4].0, copy);
    assert_eq!(ops[0].1, 1, "asked for once, now");
}

#[tokio::test]
async fn damage_found_by_a_query_is_mended_at_the_next_start() {
    let home = home_with_unsent_mail().await;
    let root = home
        .number("SELECT rootpage FROM sqlite_schema WHERE name = 'messages_list'")
        .await;
    let start = usize::try_from(root - 1).unwrap() * 4096;
    let inbox = home.inbox;
    let (folder, store, opened) = reopen(home, |bytes| bytes[start..start + 4096].fill(0xAA)).await;
    assert_eq!(opened, Opened::Fine, "nobody looked at that page yet");
    let error = store
        .list(Scope::Folder(inbox), Window::Newest, 10)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Database {
                doing: "read a list",
                ..
            }
        ),
        "{error:?}"
    );
    store.close().await;
    let (store, opened) = Store::open(folder.path()).await.unwrap();
    check_saved(&store, &opened, folder.path()).await;
    store.close().await;
    let (_, opened) = Store::open(folder.path()).await.unwrap();
    assert_eq!(opened, Opened::Fine, "mended once and for all");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_moved_aside() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mail.db"), vec![b'?'; 9000]).unwrap();
    let (store, opened) = Store::open(folder.path()).await.unwrap();
    let Opened::Rebuilt {
        moved_to,
        saved: 0,
        changes: 0,
    } = opened
    else {
        panic!("{opened:?}");
    };
    assert_eq!(std::fs::read(moved_to).unwrap(), vec![b'?'; 9000]);
    assert_eq!(store.mailboxes().await.unwrap(), vec![]);
}

#[tokio::test]
async fn a_damaged_file_in_use_is_not_taken_away() {
    let home = Home::new().await;
    home.store.clone().close().await;
    let (_running, _) = Store::open(home.folder.path()).await.unwrap();
    let path = home.folder.path().join("mail.db");
    std::fs::write(home.folder.path().join("mail.db.suspect"), "").unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4096 * 3..4096 * 8].fill(0xAA);
    std::fs::write(&path, bytes).unwrap();
    let error = Store::open(home.folder.path()).await.unwrap_err();
    assert!(matches!(error, StoreError::Database { .. }), "{error:?}");
    assert!(path.exists());
}

#[tokio::test]
async fn a_newer_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mail.db");
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let error = Store::open(folder.path()).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Newer {
                found: 99,
                ours: 3,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_full_disk_is_said_and_harms_nothing() {
    let home = Home::new().await;
    home.list_in(home.inbox, &[1]).await;
    let limit = home.store.write("test", |db| {
        let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        Ok(
            db.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| {
                row.get::<_, i64>(0)
            })?,
        )
    });
    limit.await.unwrap();
    let uids: Vec<u32> = (2..=2000).collect();
    let upserts = uids.iter().map(|uid| message(*uid)).collect();
    let error = home
        .store
        .commit(home.inbox, changes(upserts, 2000))
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error:?}");
    assert_eq!(home.subjects(home.inbox).await, ["Subject 1"]);
    home.check_counters().await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_their_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new().await;
    home.store.outbox_recover().await.unwrap();
    for entry in std::fs::read_dir(home.folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}

/// With automatic checkpoints off, the file and any beginning of its log are what a dying program leaves.
#[tokio::test]
async fn every_moment_of_death_leaves_a_whole_database() {
    let home = Home::new().await;
    home.store
        .write("test", |db| {
            Ok(db.execute_batch("PRAGMA wal_autocheckpoint = 0")?)
        })
        .await
        .unwrap();
    for round in 0..4_u32 {
        let uids: Vec<u32> = (round * 10..round * 10 + 10).collect();
        let added = home.list_in(home.inbox, &uids).await.added;
        home.store
            .act(&added[..3], crate::store::Action::Move(home.archive))
            .await
            .unwrap();
        home.store
            .save_draft(None, &Draft::default(), time(1))
            .await
            .unwrap();
    }
    let copy = tempfile::tempdir().unwrap();
    copy_database(home.folder.path(), copy.path());
    let log = std::fs::read(copy.path().join("mail.db-wal")).unwrap();
    let base = std::fs::read(copy.path().join("mail.db")).unwrap();
    let mut seen = Vec::new();
    for part in 0..12 {
        let death = tempfile::tempdir().unwrap();
        let end = log.len() * part / 12 + part * 37;
        std::fs::write(death.path().join("mail.db"), &base).unwrap();
        std::fs::write(death.path().join("mail.db-wal"), &log[..end]).unwrap();
        let (store, _) = Store::open(death.path()).await.unwrap();
        let counts = store.read("test", |db| {
            let check: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
            assert_eq!(check, "ok");
            let count = |sql| db.query_row(sql, [], |row| row.get::<_, i64>(0));
            let wrong = count("SELECT count(*) FROM folders f WHERE cached <> (SELECT count(*) FROM messages m WHERE m.folder_id = f.id)")?;
            let moved = count("SELECT count(*) FROM messages WHERE folder_id <> server_folder_id")?;
            let queued = count("SELECT count(*) FROM pending_messages")?;
            assert_eq!((wrong, moved), (0, queued), "an action and its queue entry come together");
            let cursors = count("SELECT count(*) FROM folders WHERE cursor IS NOT NULL")?;
            let messages = count("SELECT count(*) FROM messages")?;
            assert_eq!(cursors > 0, messages > 0, "rows and cursor come together");
            Ok((messages, count("SELECT count(*) FROM drafts")?))
        });
        let counts = counts.await.unwrap();
        assert_eq!(counts.0 % 10, 0, "whole change sets only");
        seen.push(counts);
        store.close().await;
    }
    assert!(seen.is_sorted() && seen.first() != seen.last(), "{seen:?}");
}
