//! Rows whose words are indexed later: searches find them all the same, once each, whatever happens in between.

use std::time::Duration;

use super::*;
use crate::model::Query;

/// More than is indexed with the rows.
const MANY: u32 = 150;

const UNINDEXED: &str =
    "SELECT count(*) FROM messages WHERE id > (SELECT through FROM header_index)";

async fn found(store: &Store, typed: &str) -> Vec<String> {
    let query = Query::parse(typed);
    let page = store.search(&query, Scope::Everything, Window::Newest, 500);
    let rows = page.await.unwrap().rows;
    rows.into_iter().map(|row| row.envelope.subject).collect()
}

fn titled(uid: u32, subject: &str) -> RemoteMessage {
    let mut message = message(uid);
    message.envelope.subject = subject.into();
    message
}

/// A first synchronisation that ends with messages of these subjects.
async fn listed(subjects: &[&str]) -> Home {
    let home = Home::new().await;
    let mut upserts: Vec<_> = (1000..1000 + MANY).map(message).collect();
    let titled = |(uid, subject): (u32, &&str)| titled(uid, subject);
    upserts.extend((1..).zip(subjects).map(titled));
    let total = upserts.len();
    home.commit(home.inbox, changes(upserts, total)).await;
    home
}

/// Searches must say the same before and after indexing.
async fn check(home: &Home, typed: &str, expected: &[&str]) {
    let before = found(&home.store, typed).await;
    assert_eq!(before, expected, "{typed}, not indexed");
    let copy = tempfile::tempdir().unwrap();
    copy_database(home.folder.path(), copy.path());
    let (store, _) = Store::open(copy.path()).await.unwrap();
    store.index_words().await.unwrap();
    assert_eq!(found(&store, typed).await, expected, "{typed}, indexed");
}

#[tokio::test]
async fn searches_say_the_same_before_and_after_indexing() {
    let home = listed(&[
        "Besuch in Łódź",
        "会議の予定",
        "Tiếng Việt, ĐÀ LẠT",
        "due date: Mon",
    ])
    .await;
    check(&home, "lodz", &["Besuch in Łódź"]).await;
    check(&home, "subject:予定", &["会議の予定"]).await;
    check(&home, "会予", &[]).await;
    check(&home, "tieng da", &["Tiếng Việt, ĐÀ LẠT"]).await;
    check(&home, "\"due date\"", &["due date: Mon"]).await;
    check(&home, "\"date due\"", &[]).await;
    check(&home, "dat", &["due date: Mon"]).await;
    check(&home, "dat due", &[]).await;
    check(&home, "from:date", &[]).await;
    check(&home, "subject:1007", &["Subject 1007"]).await;
    let everything = found(&home.store, "from:bob@example.org to:alice").await;
    assert_eq!(everything.len() as u32, MANY + 4);
}

#[tokio::test]
async fn a_few_new_messages_are_indexed_at_once_and_many_are_not() {
    let home = Home::new().await;
    home.list_in(home.inbox, &[1, 2, 3]).await;
    assert_eq!(home.number(UNINDEXED).await, 0);
    let many: Vec<u32> = (1000..1000 + MANY).collect();
    home.list_in(home.inbox, &many).await;
    home.list_in(home.inbox, &[4]).await;
    assert_eq!(
        home.number(UNINDEXED).await,
        i64::from(MANY) + 1,
        "in order of id"
    );
    home.check_counters().await;
    home.store.index_words().await.unwrap();
    assert_eq!(home.number(UNINDEXED).await, 0);
    home.check_counters().await;
    home.list_in(home.inbox, &[5]).await;
    assert_eq!(home.number(UNINDEXED).await, 0);
}

#[tokio::test]
async fn what_changes_or_goes_before_it_is_indexed_is_found_as_it_is() {
    let home = listed(&["zanzibar", "mombasa"]).await;
    home.commit(home.inbox, changes(vec![titled(1, "dodoma")], 2))
        .await;
    home.commit(home.inbox, removal(&["2", "1000"], 2)).await;
    for _ in 0..2 {
        assert_eq!(found(&home.store, "dodoma").await, ["dodoma"]);
        assert!(found(&home.store, "zanzibar").await.is_empty());
        assert!(found(&home.store, "mombasa").await.is_empty());
        home.check_counters().await;
        home.store.index_words().await.unwrap();
    }
    home.commit(home.inbox, changes(vec![titled(1, "arusha")], 2))
        .await;
    assert_eq!(found(&home.store, "arusha").await, ["arusha"]);
    assert!(found(&home.store, "dodoma").await.is_empty());
    home.check_counters().await;
}

#[tokio::test]
async fn the_writer_indexes_by_itself_when_nothing_else_is_written() {
    let home = listed(&[]).await;
    assert!(home.number(UNINDEXED).await > 0);
    while home.number(UNINDEXED).await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    home.check_counters().await;
}

#[tokio::test]
async fn what_a_killed_program_left_unindexed_is_indexed_by_the_next() {
    let home = listed(&["zanzibar"]).await;
    let copy = tempfile::tempdir().unwrap();
    copy_database(home.folder.path(), copy.path());
    let (store, _) = Store::open(copy.path()).await.unwrap();
    assert_eq!(found(&store, "zanzibar").await, ["zanzibar"]);
    store.index_words().await.unwrap();
    assert_eq!(found(&store, "zanzibar").await, ["zanzibar"]);
}
