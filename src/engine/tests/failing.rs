//! What the workers do when something fails.

use std::time::Duration;

use crate::backend::{BackendError, Refusal};
use crate::engine::tests::world::{Fault, World, nonsense, offline, refused, sign_in_refused};
use crate::engine::tests::{ALICE, Fixture, SUPPORT, config, small_world};
use crate::engine::{BodyState, EngineError, Event, Health};

/// Waits until a mailbox is in this health.
async fn until_health(fixture: &Fixture, address: &str, wanted: Health) {
    let mailbox = fixture.mailbox(address).await;
    let reached = async {
        while fixture.engine.status(mailbox).health != wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let outcome = tokio::time::timeout(super::TOO_LONG, reached).await;
    outcome.unwrap_or_else(|_| panic!("{:?}", fixture.engine.status(mailbox)));
}

#[tokio::test(start_paused = true)]
async fn tries_to_connect_come_further_and_further_apart() {
    let world = World::default().with_mailbox(ALICE);
    for _ in 0..5 {
        world.fail_with("alice@x.test connect", offline());
    }
    let fixture = Fixture::start_with(world, config(&[]), true).await;
    let mailbox = fixture.mailbox(ALICE).await;
    while fixture.engine.status(mailbox).health != Health::Fine {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let times = fixture.world.times_of("alice@x.test connect");
    assert_eq!(times.len(), 6);
    for (number, pair) in times.windows(2).enumerate() {
        let least = Duration::from_millis(500) * (1 << number);
        assert!(
            pair[1] - pair[0] >= least,
            "{number}: {:?}",
            pair[1] - pair[0]
        );
    }
}

#[tokio::test]
async fn a_mailbox_without_connection_is_offline_until_somebody_pokes() {
    let world = World::default().with_mailbox(ALICE);
    for _ in 0..4 {
        world.fail_with("alice@x.test connect", offline());
    }
    let mut fixture = Fixture::start_with(world, config(&[]), true).await;
    // A mailbox is offline from the start; only an error shows that it was tried.
    let mailbox = fixture.mailbox(ALICE).await;
    let tried = async {
        while fixture.engine.status(mailbox).error.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let outcome = tokio::time::timeout(super::TOO_LONG, tried).await;
    outcome.expect("an error to show");
    assert_eq!(fixture.engine.status(mailbox).health, Health::Offline);
    fixture.world.mend();
    fixture.engine.poke(None);
    until_health(&fixture, ALICE, Health::Fine).await;
    assert!(
        fixture.problems().is_empty(),
        "being offline is a state, not a problem"
    );
}

#[tokio::test]
async fn a_session_that_ends_with_its_token_is_renewed_in_silence() {
    let mut fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    fixture.problems();
    fixture.world.take_log();
    fixture
        .world
        .fail_with("alice@x.test wait", sign_in_refused());
    fixture.idle().await;
    tokio::time::timeout(super::TOO_LONG, async {
        while fixture.world.times_of("alice@x.test connect").is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    fixture.idle().await;
    let alice = fixture.mailbox(ALICE).await;
    while let Ok(event) = fixture.events.try_recv() {
        assert!(
            !matches!(event, Event::Problem(_) | Event::SignIn(_)),
            "{event:?}"
        );
    }
    assert_eq!(fixture.engine.status(alice).health, Health::Fine);
    assert!(fixture.engine.status(alice).error.is_none());
}

#[tokio::test]
async fn a_mailbox_that_may_not_be_opened_needs_you_and_hinders_no_other() {
    let world = small_world();
    world.fail_with("support@x.test connect", refused(Refusal::NoMailboxAccess));
    let mut fixture = Fixture::start(world).await;
    until_health(&fixture, SUPPORT, Health::NeedsYou).await;
    until_health(&fixture, ALICE, Health::Fine).await;
    let problems = fixture.problems();
    assert_eq!(problems.len(), 1);
    let EngineError::Backend {
        mailbox,
        identity,
        host,
        source: BackendError::Refused { kind, .. },
        ..
    } = &*problems[0].error
    else {
        panic!("{problems:?}");
    };
    assert_eq!((mailbox.as_str(), identity.as_str()), (SUPPORT, ALICE));
    assert_eq!(
        (host.as_str(), *kind),
        ("mail.x.test", Refusal::NoMailboxAccess)
    );

    let support = fixture.mailbox(SUPPORT).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    fixture.engine.poke(Some(support));
    until_health(&fixture, SUPPORT, Health::Fine).await;
}

#[tokio::test]
async fn a_worker_that_dies_of_a_bug_is_restarted_and_told() {
    let world = World::default()
        .with_mailbox(ALICE)
        .with_messages(ALICE, "INBOX", 2);
    world.fail("alice@x.test changes", Fault::Panic);
    let mut fixture = Fixture::start_with(world, config(&[]), true).await;
    let problem = fixture
        .until(|event| match event {
            Event::Problem(problem) => Some(problem.clone()),
            _ => None,
        })
        .await;
    assert!(matches!(&*problem.error, EngineError::WorkerPanicked { mailbox } if mailbox == ALICE));
    until_health(&fixture, ALICE, Health::Fine).await;
    assert_eq!(fixture.subjects(ALICE, "INBOX").await.len(), 2);
}

#[tokio::test]
async fn many_mailboxes_take_turns_within_the_budget() {
    let users: Vec<String> = (1..=12)
        .map(|number| format!("shared{number}@x.test"))
        .collect();
    let mut world = World::default().with_mailbox(ALICE);
    for user in &users {
        world = world.with_mailbox(user).with_messages(user, "INBOX", 1);
    }
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    let fixture = Fixture::start_with(world, config(&users), true).await;
    for user in &users {
        until_health(&fixture, user, Health::Fine).await;
        assert_eq!(fixture.subjects(user, "INBOX").await.len(), 1);
    }
    assert_eq!(
        fixture.world.most_open(),
        crate::engine::work::budget::SEATS
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_throttles_is_left_alone_as_long_as_it_says() {
    let world = World::default().with_mailbox(ALICE);
    let after = Some(Duration::from_millis(92_415));
    let text = String::from("Request is throttled");
    world.fail_with(
        "alice@x.test connect",
        BackendError::Throttled { after, text },
    );
    let mut fixture = Fixture::start_with(world, config(&[]), true).await;
    let mailbox = fixture.mailbox(ALICE).await;
    fixture.engine.poke(None);
    while fixture.engine.status(mailbox).health != Health::Fine {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let times = fixture.world.times_of("alice@x.test connect");
    assert!(times[1] - times[0] >= Duration::from_millis(92_415));
    assert!(fixture.problems().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_broken_protocol_is_told_after_three_tries() {
    let world = World::default().with_mailbox(ALICE);
    for _ in 0..4 {
        world.fail_with("alice@x.test folders", nonsense());
    }
    let mut fixture = Fixture::start_with(world, config(&[]), true).await;
    fixture
        .until(|event| matches!(event, Event::Problem(_)).then_some(()))
        .await;
    assert!(fixture.world.times_of("alice@x.test connect").len() >= 3);
    let mailbox = fixture.mailbox(ALICE).await;
    while fixture.engine.status(mailbox).health != Health::Fine {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(fixture.problems().is_empty(), "told once");
}

#[tokio::test]
async fn a_folder_the_server_refuses_does_not_stop_the_others() {
    let world = small_world();
    world.fail_with("alice@x.test changes Projects", refused(Refusal::Other));
    let mut fixture = Fixture::start(world).await;
    fixture.idle().await;
    assert_eq!(fixture.subjects(ALICE, "INBOX").await.len(), 8);
    assert!(fixture.subjects(ALICE, "Projects").await.is_empty());
    assert!(fixture.problems().is_empty());
    fixture.engine.poke(None);
    fixture.idle().await;
    assert_eq!(fixture.subjects(ALICE, "Projects").await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_the_link_again_and_again_is_given_up_and_told_on_demand() {
    let mut fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    let wanted = fixture.message(ALICE, "Projects", "Projects 1").await;
    for _ in 0..4 {
        fixture
            .world
            .fail_with("alice@x.test fetch Projects", nonsense());
    }
    fixture.engine.body(wanted, 80).await.unwrap();
    fixture
        .until(|event| matches!(event, Event::Body(id) if *id == wanted).then_some(()))
        .await;
    // The worker has given up; asking again tries once more and says what happens.
    let error = fixture.engine.body(wanted, 80).await.unwrap_err();
    assert!(matches!(error, EngineError::Backend { .. }), "{error:?}");
    fixture.world.mend();
    let ready = fixture.engine.body(wanted, 80).await.unwrap();
    assert!(matches!(ready, BodyState::Ready(_)));
}

#[tokio::test]
async fn an_engine_that_is_stopped_ends_its_connections() {
    let fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    let (engine, inner) = (fixture.engine.clone(), fixture.engine.inner.clone());
    tokio::time::timeout(super::TOO_LONG, engine.stop())
        .await
        .unwrap();
    assert_eq!(inner.busy.count(), 0);
    assert_eq!(fixture.world.open_now(), 0);
}
