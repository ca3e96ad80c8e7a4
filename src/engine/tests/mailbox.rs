//! Synchronisation, order of work, bodies.

use crate::engine::tests::world::{World, offline};
use crate::engine::tests::{ALICE, Fixture, SUPPORT, small_world};
use crate::engine::work::bell::locked;
use crate::engine::{BodyState, Event, Health};

#[tokio::test]
async fn the_first_synchronisation_lists_everything_and_the_inbox_first() {
    let fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    let subjects = fixture.subjects(ALICE, "INBOX").await;
    assert_eq!(subjects.len(), 8);
    assert_eq!(subjects[0], "INBOX 8");
    assert_eq!(fixture.subjects(ALICE, "Projects").await.len(), 2);

    let mut log = fixture.world.take_log();
    log.retain(|line| line.starts_with(ALICE));
    let first: Vec<&str> = log.iter().map(String::as_str).take(3).collect();
    assert_eq!(
        first,
        [
            "alice@x.test connect",
            "alice@x.test folders",
            "alice@x.test changes INBOX",
        ]
    );
    // The first page of every folder comes before the older messages of the inbox.
    let place = |line: &str| log.iter().position(|one| one == line).unwrap();
    let again = log
        .iter()
        .rposition(|one| one.ends_with("changes INBOX"))
        .unwrap();
    assert!(place("alice@x.test changes Projects") < again);
}

#[tokio::test]
async fn a_mailbox_in_step_is_fine_and_says_when() {
    let fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    for address in [ALICE, SUPPORT] {
        let status = fixture.engine.status(fixture.mailbox(address).await);
        assert_eq!(status.health, Health::Fine, "{address}");
        assert!(status.synced_at.is_some() && status.error.is_none());
    }
}

#[tokio::test]
async fn new_mail_is_listed_and_announced() {
    let mut fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    fixture.world.deliver(ALICE, "INBOX", "fresh");
    let announced = fixture
        .until(|event| match event {
            Event::NewMail { messages, .. } => Some(messages.clone()),
            _ => None,
        })
        .await;
    let fresh = fixture.message(ALICE, "INBOX", "fresh").await;
    assert_eq!(announced, [fresh]);
}

#[tokio::test]
async fn the_first_synchronisation_announces_nothing() {
    let mut fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    while let Ok(event) = fixture.events.try_recv() {
        assert!(!matches!(event, Event::NewMail { .. }), "{event:?}");
    }
}

#[tokio::test]
async fn the_folder_on_screen_is_listened_to_and_looked_at_first() {
    let fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    fixture.world.take_log();
    let projects = fixture.folder(ALICE, "Projects").await;
    fixture.engine.look_at(projects.id);
    fixture.idle().await;
    let log = fixture.world.take_log();
    assert!(
        log.contains(&"alice@x.test wait Projects".into()),
        "{log:?}"
    );

    let alice = fixture.mailbox(ALICE).await;
    fixture.engine.poke(Some(alice));
    fixture.idle().await;
    let log = fixture.world.take_log();
    let order: Vec<&str> = log
        .iter()
        .filter_map(|line| line.strip_prefix("alice@x.test changes "))
        .collect();
    assert_eq!(order[..2], ["INBOX", "Projects"], "{log:?}");
}

#[tokio::test]
async fn a_renumbered_folder_keeps_rows_and_bodies() {
    let fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    let before: Vec<_> = fixture
        .rows(ALICE, "INBOX")
        .await
        .iter()
        .map(|row| row.id)
        .collect();
    assert!(
        fixture
            .engine
            .inner
            .store
            .body(before[0])
            .await
            .unwrap()
            .is_some()
    );

    fixture.world.change(ALICE, "INBOX", |folder| {
        folder.validity += 1;
        for message in &mut folder.messages {
            message.uid += 100;
        }
    });
    fixture.engine.poke(None);
    fixture.idle().await;
    let after: Vec<_> = fixture
        .rows(ALICE, "INBOX")
        .await
        .iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(after, before);
    assert!(
        fixture
            .engine
            .inner
            .store
            .body(before[0])
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn messages_that_vanish_on_the_server_vanish_here() {
    let fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    fixture.world.change(ALICE, "INBOX", |folder| {
        folder.messages.remove(7);
    });
    fixture.engine.poke(None);
    fixture.idle().await;
    assert_eq!(fixture.subjects(ALICE, "INBOX").await[0], "INBOX 7");
}

#[tokio::test]
async fn bodies_of_the_inbox_are_fetched_ahead_and_others_when_asked_for() {
    let mut fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    let inbox = fixture.message(ALICE, "INBOX", "INBOX 3").await;
    let ready = fixture.engine.body(inbox, 80).await.unwrap();
    assert!(matches!(ready, BodyState::Ready(body) if body.text.contains("Text of INBOX 3")));

    let other = fixture.message(ALICE, "Projects", "Projects 1").await;
    let state = fixture.engine.body(other, 80).await.unwrap();
    assert!(matches!(state, BodyState::Fetching(_)), "{state:?}");
    fixture
        .until(|event| matches!(event, Event::Body(id) if *id == other).then_some(()))
        .await;
    let ready = fixture.engine.body(other, 80).await.unwrap();
    assert!(matches!(ready, BodyState::Ready(body) if body.text.contains("Text of Projects 1")));
}

#[tokio::test]
async fn a_body_asked_for_comes_before_everything_else() {
    let fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    let wanted = fixture.message(ALICE, "Projects", "Projects 1").await;
    fixture.world.take_log();
    let desk = fixture
        .engine
        .inner
        .desk(fixture.mailbox(ALICE).await)
        .unwrap();
    locked(&desk.bodies).ask(wanted, None);
    desk.resync();
    fixture.idle().await;
    let mut log = fixture.world.take_log();
    log.retain(|line| line.starts_with(ALICE));
    assert_eq!(log[0], "alice@x.test fetch Projects 1", "{log:?}");
}

#[tokio::test]
async fn a_body_that_is_gone_is_gone() {
    let mut fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    let wanted = fixture.message(ALICE, "Projects", "Projects 1").await;
    fixture
        .world
        .change(ALICE, "Projects", |folder| folder.messages.clear());
    fixture.engine.body(wanted, 80).await.unwrap();
    fixture
        .until(|event| matches!(event, Event::Body(id) if *id == wanted).then_some(()))
        .await;
    let state = fixture.engine.body(wanted, 80).await.unwrap();
    assert!(matches!(state, BodyState::Gone), "{state:?}");
    assert!(fixture.engine.raw(wanted).await.is_err());
}

#[tokio::test]
async fn a_server_that_lists_no_folders_is_not_believed() {
    let fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    for path in ["INBOX", "Sent", "Trash", "Projects"] {
        fixture.world.drop_folder(ALICE, path);
    }
    fixture.engine.poke(None);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(fixture.subjects(ALICE, "INBOX").await.len(), 8);
}

#[tokio::test]
async fn without_workers_everything_happens_on_demand() {
    let config = super::config(&[SUPPORT]);
    let fixture = Fixture::start_with(small_world(), config, false).await;
    assert_eq!(fixture.engine.busy(), 0);
    assert!(fixture.world.take_log().is_empty());

    let outcome = fixture.engine.sync_once(&[]).await;
    let counts: Vec<_> = outcome
        .into_iter()
        .map(|(mailbox, count)| (mailbox.address.email, count.unwrap()))
        .collect();
    assert_eq!(counts, [(ALICE.to_owned(), 10), (SUPPORT.to_owned(), 0)]);

    let wanted = fixture.message(ALICE, "INBOX", "INBOX 1").await;
    let bytes = fixture.engine.raw(wanted).await.unwrap();
    assert!(
        String::from_utf8(bytes)
            .unwrap()
            .contains("Text of INBOX 1")
    );
    let state = fixture.engine.body(wanted, 80).await.unwrap();
    assert!(matches!(state, BodyState::Ready(_)));
}

#[tokio::test]
async fn synchronising_on_demand_survives_a_renumbered_folder_and_reports_a_dead_link() {
    let config = super::config(&[]);
    let fixture = Fixture::start_with(small_world(), config, false).await;
    fixture.engine.sync_once(&[]).await;
    fixture
        .world
        .change(ALICE, "INBOX", |folder| folder.validity += 1);
    let outcome = fixture.engine.sync_once(&[]).await;
    assert_eq!(outcome[0].1.as_ref().unwrap(), &10);

    fixture.world.fail_with("alice@x.test changes", offline());
    let outcome = fixture.engine.sync_once(&[]).await;
    assert!(outcome[0].1.is_err());
}

#[tokio::test]
async fn a_stopped_synchronisation_keeps_what_came_hears_of_new_mail_and_goes_on_when_asked() {
    let world = World::default().with_mailbox(ALICE).with_mailbox(SUPPORT);
    let world = world.with_messages(ALICE, "INBOX", 900);
    let mut fixture = Fixture::start(world).await;
    let alice = fixture.mailbox(ALICE).await;
    let inbox = fixture
        .until(|event| match event {
            Event::Messages(folder) => Some(*folder),
            _ => None,
        })
        .await;
    assert_eq!(inbox, fixture.folder(ALICE, "INBOX").await.id);
    fixture.engine.stop_syncing(Some(alice));
    assert_eq!(fixture.engine.status(alice).task, "stopping");
    fixture.idle().await;
    let status = fixture.engine.status(alice);
    assert_eq!(status.health, Health::Fine);
    assert!(status.is_stopped && status.synced_at.is_none());
    let kept = fixture.folder(ALICE, "INBOX").await.cached;
    assert!((1..900).contains(&kept), "{kept}");

    fixture.world.deliver(ALICE, "INBOX", "fresh");
    let announced = fixture
        .until(|event| match event {
            Event::NewMail { messages, .. } => Some(messages.len()),
            _ => None,
        })
        .await;
    assert_eq!(announced, 1);
    fixture.idle().await;
    assert!(fixture.engine.status(alice).is_stopped);

    fixture.engine.poke(Some(alice));
    fixture.idle().await;
    assert_eq!(fixture.folder(ALICE, "INBOX").await.cached, 901);
    let status = fixture.engine.status(alice);
    assert!(!status.is_stopped && status.synced_at.is_some());
}

#[tokio::test]
async fn a_mailbox_in_step_has_nothing_to_stop() {
    let fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    fixture.engine.stop_syncing(None);
    fixture.idle().await;
    let status = fixture.engine.status(fixture.mailbox(ALICE).await);
    assert!(!status.is_stopped && status.synced_at.is_some());
}
