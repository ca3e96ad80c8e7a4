//! Accounts and people: mailboxes of the configuration, completion of addresses.

use super::*;

async fn check(home: &Home, prefix: &str, expected: &[&str]) {
    let found = home.store.complete_address(prefix, 5).await.unwrap();
    let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(shown, expected, "{prefix}");
}

#[tokio::test]
async fn accounts_that_did_not_change_are_not_written() {
    let home = Home::new().await;
    let watcher = rusqlite::Connection::open(home.folder.path().join("mail.db")).unwrap();
    let version = || -> i64 {
        let read = watcher.query_row("PRAGMA data_version", [], |row| row.get(0));
        read.unwrap()
    };
    let before = version();
    let mut same = account("work");
    let mailboxes = home.store.set_accounts(&[same.clone()]).await.unwrap();
    assert_eq!((mailboxes.len(), version()), (2, before));
    same.address.name = "Alice Brown".into();
    let mailboxes = home.store.set_accounts(&[same]).await.unwrap();
    assert_eq!(mailboxes[0].address.name, "Alice Brown");
    assert_ne!(version(), before);
    assert!(home.store.set_accounts(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_is_written_to_comes_first() {
    let home = Home::new().await;
    let mail = |uid, from: Address, to: Address| {
        let mut message = message(uid);
        (message.envelope.from, message.envelope.to) = (vec![from], vec![to]);
        message
    };
    let alice = || Address::named("Alice", "alice@contoso.com");
    let noisy = || Address::named("Anna Noise", "news@shop.example");
    let friend = || Address::named("Łucja Andersen", "Lucja@Friends.example");
    let incoming = (1..=4).map(|uid| mail(uid, noisy(), alice()));
    home.commit(home.inbox, changes(incoming.collect(), 4))
        .await;
    home.commit(home.sent, changes(vec![mail(9, alice(), friend())], 1))
        .await;
    check(
        &home,
        "an",
        &[
            "Łucja Andersen <Lucja@Friends.example>",
            "Anna Noise <news@shop.example>",
        ],
    )
    .await;
    check(&home, "lucja", &["Łucja Andersen <Lucja@Friends.example>"]).await;
    check(
        &home,
        "ŁUC and",
        &["Łucja Andersen <Lucja@Friends.example>"],
    )
    .await;
    check(&home, "NEWS@", &["Anna Noise <news@shop.example>"]).await;
    check(&home, "%", &[]).await;
    check(&home, "  ", &[]).await;
}

#[tokio::test]
async fn a_name_learnt_later_is_found_too() {
    let home = Home::new().await;
    let mail = |uid, from| {
        let mut message = message(uid);
        message.envelope.from = vec![from];
        message
    };
    home.commit(
        home.inbox,
        changes(vec![mail(1, Address::bare("zed@x.com"))], 1),
    )
    .await;
    home.commit(
        home.inbox,
        changes(vec![mail(2, Address::named("Carl Quist", "ZED@x.com"))], 2),
    )
    .await;
    check(&home, "quist", &["Carl Quist <zed@x.com>"]).await;
}
