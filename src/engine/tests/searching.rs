//! The servers search where the cache knows no bodies: what they find joins, and what cannot be searched is told.

use crate::backend::{BackendError, Refusal};
use crate::engine::ServerHits;
use crate::engine::tests::world::{offline, refused};
use crate::engine::tests::{ALICE, Fixture, SUPPORT, config, small_world};
use crate::model::{IncomingProtocol, Progress, Query, Scope, Window};

/// A fixture without workers whose mailboxes were synchronised once, headers only.
async fn fixture() -> Fixture {
    let fixture = Fixture::start_with(small_world(), config(&[SUPPORT]), false).await;
    for (mailbox, outcome) in fixture.engine.sync_once(&[]).await {
        outcome.unwrap_or_else(|error| panic!("{mailbox:?}: {error:?}"));
    }
    fixture
}

async fn ask(fixture: &Fixture, text: &str, scope: Scope) -> (ServerHits, (u64, u64)) {
    let progress = Progress::default();
    let query = Query::parse(text);
    let asked = fixture
        .engine
        .search_servers(query, &scope, progress.clone());
    (asked.await.unwrap(), progress.get())
}

async fn found(fixture: &Fixture, query: Query) -> Vec<String> {
    let everything = Scope::Everything;
    let page = fixture.engine.search(query, everything, Window::Newest, 50);
    let rows = page.await.unwrap().rows;
    rows.into_iter().map(|row| row.envelope.subject).collect()
}

#[tokio::test]
async fn what_the_server_finds_in_bodies_joins_what_the_cache_finds() {
    let fixture = fixture().await;
    let mut query = Query::parse("Text");
    assert!(
        found(&fixture, query.clone()).await.is_empty(),
        "no body is cached"
    );
    let projects = Scope::Folder(fixture.folder(ALICE, "Projects").await.id);
    let (hits, progress) = ask(&fixture, "Text", projects).await;
    assert_eq!(
        (hits.messages.len(), hits.unlisted, progress),
        (2, 0, (1, 1))
    );
    query.found = hits.messages;
    assert_eq!(
        found(&fixture, query.clone()).await,
        ["Projects 2", "Projects 1"]
    );
    query.terms.extend(Query::parse("is:starred").terms);
    assert!(
        found(&fixture, query).await.is_empty(),
        "flags are those of the cache"
    );
}

#[tokio::test]
async fn what_is_not_listed_yet_is_counted() {
    let fixture = fixture().await;
    fixture.world.deliver(ALICE, "Projects", "Brand new");
    let mailbox = Scope::Mailbox(fixture.mailbox(ALICE).await);
    let (hits, progress) = ask(&fixture, "Text", mailbox).await;
    assert_eq!((hits.messages.len(), hits.unlisted), (10, 1));
    assert_eq!(progress, (4, 4), "all folders");
}

#[tokio::test]
async fn a_mailbox_that_fails_is_named_and_the_others_are_searched() {
    let fixture = fixture().await;
    for (place, error) in [
        ("connect", offline()),
        ("search INBOX", offline()),
        ("search INBOX", BackendError::Unsupported { what: "words" }),
    ] {
        fixture.world.take_log();
        fixture.world.fail_with(&format!("{ALICE} {place}"), error);
        let (hits, _) = ask(&fixture, "Text", Scope::Everything).await;
        let failed: Vec<&str> = hits.failed.iter().map(|(who, _)| who.as_str()).collect();
        assert_eq!(failed, [ALICE], "{place}");
        let log = fixture.world.take_log();
        assert!(log.contains(&format!("{SUPPORT} search INBOX")), "{log:?}");
        assert!(
            !log.contains(&format!("{ALICE} search Projects")),
            "{log:?}"
        );
    }
    let inbox = format!("{ALICE} search INBOX");
    fixture.world.fail_with(&inbox, refused(Refusal::Other));
    let (hits, _) = ask(&fixture, "Text", Scope::Everything).await;
    assert_eq!(
        (hits.messages.len(), hits.failed.len()),
        (2, 1),
        "one folder only"
    );
}

#[tokio::test]
async fn a_pop3_server_is_not_asked() {
    let mut config = config(&[SUPPORT]);
    config.accounts[0].servers.incoming.protocol = IncomingProtocol::Pop3;
    let fixture = Fixture::start_with(small_world(), config, false).await;
    fixture.engine.sync_once(&[]).await;
    fixture.world.take_log();
    let (hits, progress) = ask(&fixture, "Text", Scope::AllInboxes).await;
    assert_eq!(hits.unable, [ALICE, SUPPORT]);
    assert_eq!(progress, (0, 0));
    assert!(fixture.world.take_log().is_empty());
}
