//! Searches over the cache.

use super::sync::body;
use super::*;
use crate::model::Query;

async fn check(home: &Home, typed: &str, expected: &[&str]) {
    let query = Query::parse(typed);
    let page = home
        .store
        .search(&query, Scope::Everything, Window::Newest, 50)
        .await
        .unwrap();
    let subjects: Vec<&str> = page
        .rows
        .iter()
        .map(|row| row.envelope.subject.as_str())
        .collect();
    assert_eq!(subjects, expected, "{typed}");
}

async fn mail(home: &Home, uid: u32, subject: &str, from: &str, text: &str) {
    let mut message = message(uid);
    message.envelope.subject = subject.into();
    message.envelope.from = vec![Address::named(from, format!("u{uid}@köln.example"))];
    let added = home
        .commit(home.inbox, changes(vec![message], 1))
        .await
        .added;
    if !text.is_empty() {
        home.store
            .put_bodies(vec![body(added[0], text)])
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn words_are_found_in_every_script_and_spelling() {
    let home = Home::new().await;
    mail(
        &home,
        1,
        "Besuch in Łódź",
        "Jürgen Straße",
        "wir fahren nach Köln",
    )
    .await;
    mail(&home, 2, "会議の予定", "王小明", "明日の会議は十時からです").await;
    mail(
        &home,
        3,
        "Invoice 2026-11",
        "Ana Brown",
        "Please pay the due date invoice; café",
    )
    .await;
    mail(&home, 4, "Re: Invoice 2026-11", "Bob", "the date is due").await;
    check(&home, "lodz", &["Besuch in Łódź"]).await;
    check(&home, "ŁÓDŹ", &["Besuch in Łódź"]).await;
    check(&home, "strasse", &["Besuch in Łódź"]).await;
    check(&home, "from:jurgen koln", &["Besuch in Łódź"]).await;
    check(&home, "会議", &["会議の予定"]).await;
    check(&home, "予", &["会議の予定"]).await;
    check(&home, "from:小明", &["会議の予定"]).await;
    check(&home, "body:十時", &["会議の予定"]).await;
    check(&home, "明会", &[]).await;
    check(
        &home,
        "invoice",
        &["Re: Invoice 2026-11", "Invoice 2026-11"],
    )
    .await;
    check(&home, "invo", &["Re: Invoice 2026-11", "Invoice 2026-11"]).await;
    check(&home, "invo cafe", &[]).await;
    check(&home, "\"due date\"", &["Invoice 2026-11"]).await;
    check(
        &home,
        "date due",
        &["Re: Invoice 2026-11", "Invoice 2026-11"],
    )
    .await;
    check(&home, "subject:date", &[]).await;
    check(&home, "from:u3@köln.example", &["Invoice 2026-11"]).await;
    check(
        &home,
        "to:alice invoice",
        &["Re: Invoice 2026-11", "Invoice 2026-11"],
    )
    .await;
}

#[tokio::test]
async fn typed_query_syntax_is_only_text() {
    let home = Home::new().await;
    mail(&home, 1, "Plain", "Bob", "nothing special").await;
    for typed in [
        "\" OR 1",
        "subject:*",
        "NEAR(a b)",
        "a AND",
        "{x}:y",
        "'; DROP TABLE messages",
        "-",
        "^p",
        "\u{0}",
    ] {
        let query = Query::parse(typed);
        home.store
            .search(&query, Scope::Everything, Window::Newest, 5)
            .await
            .unwrap();
    }
    check(&home, "- !", &["Plain"]).await;
    check(&home, "plain AND", &[]).await;
}

#[tokio::test]
async fn flags_and_scopes_narrow_a_search() {
    let home = Home::new().await;
    let flagged = |uid, flags, has_attachments| {
        let mut message = message(uid);
        message.envelope.flags = flags;
        message.envelope.has_attachments = has_attachments;
        message
    };
    let mail = vec![
        flagged(1, Flags::SEEN, false),
        flagged(2, Flags::FLAGGED, true),
        flagged(3, Flags::SEEN.with(Flags::FLAGGED), false),
    ];
    home.commit(home.inbox, changes(mail, 3)).await;
    home.list_in(home.other_inbox, &[4]).await;
    check(&home, "is:unread", &["Subject 4", "Subject 2"]).await;
    check(&home, "is:starred", &["Subject 3", "Subject 2"]).await;
    check(&home, "has:attachment", &["Subject 2"]).await;
    check(&home, "subject is:starred is:unread", &["Subject 2"]).await;
    let query = Query::parse("subject");
    let page = home
        .store
        .search(&query, Scope::Folder(home.inbox), Window::Newest, 2)
        .await
        .unwrap();
    assert_eq!(
        (page.rows.len(), page.has_older, page.total),
        (2, true, None)
    );
    let key = page.rows[1].sort_key();
    let rest = home
        .store
        .search(&query, Scope::Folder(home.inbox), Window::OlderThan(key), 2)
        .await
        .unwrap();
    assert_eq!(
        (rest.rows.len(), rest.has_newer, rest.has_older),
        (1, true, false)
    );
}

#[tokio::test]
async fn a_common_word_is_paged_like_a_rare_one() {
    let home = Home::new().await;
    let all: Vec<u32> = (1..=3000).collect();
    home.list_in(home.inbox, &all).await;
    home.list_in(home.archive, &[5000, 5001]).await;
    let query = Query::parse("subject");
    let page = home
        .store
        .search(&query, Scope::Everything, Window::Newest, 3)
        .await
        .unwrap();
    let subjects: Vec<&str> = page
        .rows
        .iter()
        .map(|row| row.envelope.subject.as_str())
        .collect();
    assert_eq!(subjects, ["Subject 5001", "Subject 5000", "Subject 3000"]);
    assert!(page.has_older && !page.has_newer);
}

#[tokio::test]
async fn deleted_mail_is_not_found() {
    let home = Home::new().await;
    mail(&home, 1, "Secret", "Bob", "words").await;
    let ids = home.ids(home.inbox).await;
    home.store
        .act(&ids, crate::store::Action::Delete)
        .await
        .unwrap();
    check(&home, "secret", &[]).await;
    let pending = home.pending().await.unwrap();
    home.done(&pending, &[]).await;
    check(&home, "words", &[]).await;
    home.check_counters().await;
}
