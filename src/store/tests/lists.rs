//! Windows on lists.

use super::*;
use crate::model::{Page, SortKey};

async fn page(home: &Home, scope: Scope, window: Window, limit: usize) -> Page {
    home.store.list(scope, window, limit).await.unwrap()
}

fn uids(page: &Page) -> Vec<u32> {
    let number = |row: &Listed| {
        row.envelope
            .subject
            .rsplit(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    };
    page.rows.iter().map(number).collect()
}

/// A window on messages 1 to 10, by the uid it starts from.
async fn check(
    window: impl Fn(SortKey) -> Window,
    uid: u32,
    limit: usize,
    expected: (&[u32], bool, bool),
) {
    let home = Home::new().await;
    home.list_in(home.inbox, &(1..=10).collect::<Vec<_>>())
        .await;
    let rows = home.rows(home.inbox).await;
    let key = rows[10 - uid as usize].sort_key();
    let page = page(&home, Scope::Folder(home.inbox), window(key), limit).await;
    assert_eq!(
        (uids(&page).as_slice(), page.has_newer, page.has_older),
        expected
    );
    assert_eq!(page.total, Some(10));
}

#[tokio::test]
async fn windows_start_where_they_say() {
    check(|_| Window::Newest, 1, 3, (&[10, 9, 8], false, true)).await;
    check(|_| Window::Oldest, 1, 3, (&[3, 2, 1], true, false)).await;
    check(Window::OlderThan, 5, 2, (&[4, 3], true, true)).await;
    check(Window::NewerThan, 5, 2, (&[7, 6], true, true)).await;
    check(Window::NewerThan, 9, 5, (&[10], false, true)).await;
    check(Window::OlderThan, 1, 5, (&[], true, false)).await;
    check(Window::NewerThan, 10, 5, (&[], false, true)).await;
    check(Window::Around, 5, 4, (&[7, 6, 5, 4], true, true)).await;
    check(Window::Around, 10, 4, (&[10, 9, 8, 7], false, true)).await;
    check(Window::Around, 1, 4, (&[4, 3, 2, 1], true, false)).await;
    check(
        |_| Window::Newest,
        1,
        99,
        (&[10, 9, 8, 7, 6, 5, 4, 3, 2, 1], false, false),
    )
    .await;
    check(|_| Window::Newest, 1, 0, (&[], true, false)).await;
}

#[tokio::test]
async fn rows_of_one_second_keep_their_order() {
    let home = Home::new().await;
    let same = (1..=5).map(|uid| {
        let mut message = message(uid);
        message.envelope.date = time(0);
        message
    });
    home.commit(home.inbox, changes(same.collect(), 5)).await;
    let all = home.ids(home.inbox).await;
    assert!(all.is_sorted_by(|a, b| a > b));
    let mut walked = Vec::new();
    let mut window = Window::Newest;
    loop {
        let page = page(&home, Scope::Folder(home.inbox), window, 2).await;
        walked.extend(page.rows.iter().map(|row| row.id));
        match page.rows.last() {
            Some(last) => window = Window::OlderThan(last.sort_key()),
            None => break,
        }
    }
    assert_eq!(walked, all);
}

#[tokio::test]
async fn all_inboxes_are_one_list() {
    let home = Home::new().await;
    home.list_in(home.inbox, &[1, 4, 5]).await;
    home.list_in(home.other_inbox, &[2, 3, 6]).await;
    home.list_in(home.archive, &[7]).await;
    let first = page(&home, Scope::AllInboxes, Window::Newest, 4).await;
    assert_eq!(
        (uids(&first), first.has_older, first.total),
        (vec![6, 5, 4, 3], true, Some(6))
    );
    let key = first.rows[3].sort_key();
    let rest = page(&home, Scope::AllInboxes, Window::OlderThan(key), 4).await;
    assert_eq!(
        (uids(&rest), rest.has_newer, rest.has_older),
        (vec![2, 1], true, false)
    );
    let one = page(&home, Scope::Mailbox(home.mailbox()), Window::Newest, 9).await;
    assert_eq!(uids(&one), [7, 5, 4, 1]);
    let all = page(&home, Scope::Everything, Window::Oldest, 2).await;
    assert_eq!((uids(&all), all.total), (vec![2, 1], Some(7)));
}

#[tokio::test]
async fn rows_by_id_come_in_the_order_asked_for() {
    let home = Home::new().await;
    let added = home.list_in(home.inbox, &[1, 2, 3]).await.added;
    let asked = [added[2], MessageId::new(999), added[0]];
    let rows = home.store.listed(&asked).await.unwrap();
    let ids: Vec<MessageId> = rows.iter().map(|row| row.id).collect();
    assert_eq!(ids, [added[2], added[0]]);
}

#[tokio::test]
async fn a_thread_counts_its_messages_in_the_same_folder() {
    let home = Home::new().await;
    let mut reply = message(2);
    reply.envelope.references = vec!["1@example.org".into()];
    let mut next = message(3);
    next.envelope.references = vec!["1@example.org".into(), "2@example.org".into()];
    let mut nameless = message(4);
    nameless.envelope.message_id.clear();
    home.commit(
        home.inbox,
        changes(vec![message(1), reply, nameless, message(5)], 4),
    )
    .await;
    home.commit(home.archive, changes(vec![next], 1)).await;
    let sizes: Vec<u32> = home
        .rows(home.inbox)
        .await
        .iter()
        .map(|row| row.thread_size)
        .collect();
    assert_eq!(sizes, [1, 1, 2, 2]);
}

/// The plan must name the index and must not sort.
async fn check_plan(home: &Home, sql: &'static str, index: &str) {
    let plan = home.store.read("test", move |db| {
        let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        let rows = statement.query_map([], |row| row.get::<_, String>(3))?;
        Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?.join("; "))
    });
    let plan = plan.await.unwrap();
    assert!(plan.contains(index), "{sql}: {plan}");
    assert!(
        !plan.contains("TEMP B-TREE") && !plan.contains("SCAN messages"),
        "{sql}: {plan}"
    );
}

#[tokio::test]
async fn single_rows_are_found_by_index() {
    let home = Home::new().await;
    for (sql, index) in [
        (
            "SELECT id FROM messages WHERE server_folder_id = 1 AND remote = '1'",
            "messages_remote (server_folder_id=? AND remote=?)",
        ),
        (
            "SELECT id FROM messages WHERE message_key = 5 AND remote IS NULL",
            "messages_key",
        ),
        (
            "SELECT 1 FROM messages WHERE folder_id = 1 AND thread = 3",
            "messages_thread (folder_id=? AND thread=?)",
        ),
        (
            "SELECT id FROM messages INDEXED BY messages_without_body WHERE server_folder_id = 1 AND has_body = 0 AND size <= 9 ORDER BY date DESC, id DESC",
            "messages_without_body",
        ),
        (
            "SELECT rowid FROM header_words WHERE header_words MATCH 'a'",
            "VIRTUAL TABLE INDEX",
        ),
    ] {
        check_plan(&home, sql, index).await;
    }
}
