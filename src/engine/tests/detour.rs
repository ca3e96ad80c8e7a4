//! Sending where SMTP sign-in is switched off: another way is taken, then and only then, and is told.

use std::time::Duration;

use crate::backend::{BackendError, Refusal};
use crate::config::Config;
use crate::engine::tests::world::{offline, refused};
use crate::engine::tests::{ALICE, Fixture, config, small_world};
use crate::engine::{EngineError, Event};
use crate::model::{
    Address, Draft, FailureKind, OutboxState, OutgoingProtocol, OutgoingServer, TlsMode,
};

fn with_fallback() -> Config {
    let mut config = config(&[]);
    config.accounts[0].servers.fallback = Some(OutgoingServer {
        protocol: OutgoingProtocol::Graph,
        host: "graph.x.test".into(),
        port: 443,
        tls: TlsMode::Implicit,
        path: None,
    });
    config
}

fn draft() -> Draft {
    Draft {
        from: Address::bare(ALICE),
        to: "bob@y.test".into(),
        subject: "Hello".into(),
        text: "Hello Bob\n".into(),
        ..Draft::default()
    }
}

/// What the SMTP server is asked.
fn outgoing() -> String {
    format!("{ALICE} outgoing")
}

/// Sends one message while the SMTP server refuses like this; returns what stays in the outbox.
async fn send(
    fixture: &Fixture,
    (when, error): (String, BackendError),
) -> Option<(OutboxState, FailureKind)> {
    fixture.idle().await;
    fixture.world.fail_with(&when, error);
    let id = fixture
        .engine
        .send(draft(), None, Duration::ZERO)
        .await
        .unwrap();
    let left = fixture.engine.wait_sent(id).await.unwrap();
    left.map(|item| (item.state, item.failure.unwrap().kind))
}

#[tokio::test]
async fn mail_goes_another_way_where_smtp_sign_in_is_off() {
    for when in [outgoing(), format!("submit {ALICE}")] {
        let mut fixture = Fixture::start_with(small_world(), with_fallback(), true).await;
        assert_eq!(
            send(&fixture, (when.clone(), refused(Refusal::SmtpAuthDisabled))).await,
            None
        );
        assert_eq!(fixture.world.sent().len(), 1, "{when}");
        assert_eq!(
            fixture.world.times_of(&format!("{ALICE} fallback")).len(),
            1
        );
        let sent = fixture.engine.sent().await.unwrap();
        let by = sent[0].by.as_ref().unwrap();
        assert_eq!(
            (by.protocol, by.host.as_str()),
            (OutgoingProtocol::Graph, "graph.x.test")
        );
        assert!(by.detour.is_some());
        let mut is_told = false;
        while let Ok(event) = fixture.events.try_recv() {
            is_told |= matches!(&event, Event::Problem(problem) if matches!(*problem.error, EngineError::Detour { .. }));
        }
        assert!(is_told, "{when}");
    }
}

#[tokio::test]
async fn no_other_refusal_takes_another_way() {
    for kind in [Refusal::Sender, Refusal::Other, Refusal::Quota] {
        let fixture = Fixture::start_with(small_world(), with_fallback(), true).await;
        let left = send(&fixture, (format!("submit {ALICE}"), refused(kind))).await;
        assert_eq!(
            left.map(|(state, _)| state),
            Some(OutboxState::Failed),
            "{kind:?}"
        );
        assert_eq!(
            fixture.world.times_of(&format!("{ALICE} fallback")).len(),
            0
        );
        assert!(fixture.world.sent().is_empty());
    }
}

#[tokio::test]
async fn the_failure_is_that_of_smtp_where_the_other_way_is_closed() {
    let fixture = Fixture::start_with(small_world(), with_fallback(), true).await;
    fixture
        .world
        .fail_with(&format!("{ALICE} fallback"), refused(Refusal::Other));
    let left = send(&fixture, (outgoing(), refused(Refusal::SmtpAuthDisabled))).await;
    assert_eq!(left, Some((OutboxState::Failed, FailureKind::Refused)));
}

#[tokio::test]
async fn a_way_that_is_only_offline_is_tried_again() {
    let fixture = Fixture::start_with(small_world(), with_fallback(), true).await;
    fixture
        .world
        .fail_with(&format!("{ALICE} fallback"), offline());
    let left = send(&fixture, (outgoing(), refused(Refusal::SmtpAuthDisabled))).await;
    assert_eq!(left, Some((OutboxState::Ready, FailureKind::Offline)));
}
