//! The organisation's address book completes addresses where the account speaks EWS; where it fails, it rests in silence.

use std::time::Duration;

use tokio::time::{Instant, advance};

use crate::config::Config;
use crate::engine::tests::world::{SILENT, offline};
use crate::engine::tests::{ALICE, Fixture, SUPPORT, config, small_world};
use crate::model::Address;
use crate::model::IncomingProtocol as In;
use crate::model::OutgoingProtocol as Out;

fn over(incoming: In, outgoing: Out) -> Config {
    let mut config = config(&[SUPPORT]);
    let servers = &mut config.accounts[0].servers;
    servers.incoming.protocol = incoming;
    servers.outgoing.as_mut().unwrap().protocol = outgoing;
    config
}

async fn ask(fixture: &Fixture, from: &str, text: &str) -> Vec<String> {
    let from = Address::bare(from);
    let found = fixture.engine.complete_from_directory(&from, text).await;
    found.into_iter().map(|address| address.email).collect()
}

#[tokio::test]
async fn the_address_book_is_asked_where_the_account_reads_or_sends_over_ews() {
    let check = async |incoming, outgoing, from: &str, expected: &[&str]| {
        let config = over(incoming, outgoing);
        let fixture = Fixture::start_with(small_world(), config, false).await;
        assert_eq!(
            ask(&fixture, from, "gra").await,
            expected,
            "{incoming:?} {outgoing:?} {from}"
        );
        assert_eq!(ask(&fixture, from, "gra").await, expected);
        let made = fixture.world.times_of(&format!("{ALICE} directory")).len();
        assert_eq!(
            made,
            expected.len(),
            "one way for all questions of an account"
        );
    };
    let found = ["gra@x.test"];
    check(In::Ews, Out::Ews, ALICE, &found).await;
    check(In::Ews, Out::Smtp, SUPPORT, &found).await;
    check(In::Imap, Out::Ews, ALICE, &found).await;
    check(In::Imap, Out::Smtp, ALICE, &[]).await;
    check(In::Graph, Out::Graph, ALICE, &[]).await;
    check(In::Ews, Out::Ews, "stranger@y.test", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn an_address_book_that_fails_is_left_alone_for_a_while_and_nobody_is_told() {
    for text in ["gra", SILENT] {
        let config = over(In::Ews, Out::Ews);
        let mut fixture = Fixture::start_with(small_world(), config, false).await;
        if text != SILENT {
            fixture.world.fail_with("resolve", offline());
        }
        let before = Instant::now();
        assert!(ask(&fixture, ALICE, text).await.is_empty());
        assert!(before.elapsed() <= Duration::from_secs(10), "{text}");
        assert!(ask(&fixture, ALICE, "lin").await.is_empty());
        assert_eq!(fixture.world.times_of("resolve").len(), 1, "{text}");
        advance(Duration::from_secs(61)).await;
        assert_eq!(ask(&fixture, ALICE, "lin").await, ["lin@x.test"]);
        assert!(fixture.problems().is_empty());
    }
}
