//! Signing in, losing the sign-in, and accounts that come and go.

use std::time::Duration;

use jiff::SignedDuration;
use secrecy::SecretString;

use crate::auth::{AuthError, Identity, SignedIn};
use crate::config::Config;
use crate::engine::tests::world::{World, sign_in_refused};
use crate::engine::tests::{ALICE, Fixture, SUPPORT, account, config, small_world};
use crate::engine::{CheckWish, EngineError, Event, Health};
use crate::model::{Account, Address, Method};

fn tokens(fixture: &Fixture) -> SignedIn {
    SignedIn {
        identity: Identity {
            username: ALICE.into(),
            ..Identity::default()
        },
        refresh_token: Some(SecretString::from("refresh")),
        access_token: SecretString::from("access"),
        expires_at: fixture.engine.inner.now() + SignedDuration::from_hours(1),
        scopes: Vec::new(),
    }
}

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

#[tokio::test]
async fn without_a_sign_in_workers_park_and_go_on_after_one() {
    let mut fixture = Fixture::start(small_world().needs_tokens()).await;
    for address in [ALICE, SUPPORT] {
        until_health(&fixture, address, Health::NeedsYou).await;
    }
    fixture
        .until(|event| matches!(event, Event::SignIn(_)).then_some(()))
        .await;
    assert!(
        fixture.problems().is_empty(),
        "never signed in is no failure"
    );

    let signer = fixture.engine.inner.signer("work").unwrap();
    let keeper = signer.receive.keeper().await.unwrap();
    keeper.adopt(tokens(&fixture)).await.unwrap();
    for address in [ALICE, SUPPORT] {
        until_health(&fixture, address, Health::Fine).await;
    }
    assert_eq!(fixture.subjects(ALICE, "INBOX").await.len(), 8);
}

#[tokio::test]
async fn a_sign_in_refused_at_the_door_parks_and_is_told_once() {
    let world = World::default().with_mailbox(ALICE);
    world.fail_with("alice@x.test connect", sign_in_refused());
    let mut fixture = Fixture::start_with(world, config(&[]), true).await;
    until_health(&fixture, ALICE, Health::NeedsYou).await;
    assert_eq!(fixture.problems().len(), 1);
    let signer = fixture.engine.inner.signer("work").unwrap();
    fixture.engine.signed_in(&signer);
    until_health(&fixture, ALICE, Health::Fine).await;
}

#[tokio::test]
async fn signing_out_parks_the_mailboxes() {
    let fixture = Fixture::start(small_world().needs_tokens()).await;
    let signer = fixture.engine.inner.signer("work").unwrap();
    let keeper = signer.receive.keeper().await.unwrap();
    keeper.adopt(tokens(&fixture)).await.unwrap();
    until_health(&fixture, ALICE, Health::Fine).await;
    let token = fixture
        .engine
        .access_token_for("work", crate::auth::Resource::Mail)
        .await
        .unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&token), "access");
    let facts = fixture.engine.token_facts("work").await.unwrap().unwrap();
    assert_eq!(facts.identity.username, ALICE);

    fixture.engine.sign_out("work").await.unwrap();
    until_health(&fixture, ALICE, Health::NeedsYou).await;
    assert!(fixture.engine.token_facts("work").await.unwrap().is_none());
}

fn with_password() -> Config {
    let mut config = config(&[]);
    let account = &mut config.accounts[0];
    account.sign_in.method = Method::Password;
    account.send_sign_in = account.sign_in.clone();
    config
}

#[tokio::test]
async fn a_password_opens_the_mailbox_as_soon_as_it_is_given() {
    let world = World::default().with_mailbox(ALICE).needs_tokens();
    let fixture = Fixture::start_with(world, with_password(), true).await;
    until_health(&fixture, ALICE, Health::NeedsYou).await;
    let password = SecretString::from("secret");
    fixture.engine.set_password("work", password).await.unwrap();
    until_health(&fixture, ALICE, Health::Fine).await;
    let error = fixture.engine.sign_in("work").await.unwrap_err();
    assert!(
        matches!(error, EngineError::Auth(AuthError::Profile { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn accounts_that_do_not_exist_are_not_found() {
    let fixture = Fixture::start(small_world()).await;
    for error in [
        fixture.engine.sign_in("nobody").await.unwrap_err(),
        fixture.engine.sign_out("nobody").await.unwrap_err(),
        fixture.engine.token_facts("nobody").await.unwrap_err(),
    ] {
        assert!(matches!(
            error,
            EngineError::NotFound {
                what: "account",
                ..
            }
        ));
    }
    let line = fixture
        .engine
        .check(CheckWish::of("nobody"))
        .recv()
        .await
        .unwrap();
    assert!(line.outcome.is_err());
}

#[tokio::test]
async fn an_additional_user_more_restarts_nobody_else() {
    let world = small_world().with_mailbox("sales@x.test");
    let fixture = Fixture::start(world).await;
    fixture.idle().await;
    fixture.world.take_log();
    let mut more = config(&[SUPPORT, "sales@x.test"]);
    more.vault = fixture.config.vault.clone();
    fixture.engine.apply(more).await.unwrap();
    until_health(&fixture, "sales@x.test", Health::Fine).await;
    assert!(fixture.world.times_of("alice@x.test connect").is_empty());

    let mut fewer = config(&["sales@x.test"]);
    fewer.vault = fixture.config.vault.clone();
    fixture.engine.apply(fewer).await.unwrap();
    let left = fixture.engine.mailboxes().await.unwrap();
    let left: Vec<_> = left.into_iter().map(|one| one.address.email).collect();
    assert_eq!(left, [ALICE, "sales@x.test"]);
}

#[tokio::test]
async fn a_changed_server_restarts_the_account() {
    let fixture = Fixture::start(small_world()).await;
    fixture.idle().await;
    fixture.world.take_log();
    let mut changed = config(&[SUPPORT]);
    changed.accounts[0].servers.incoming.port = 143;
    fixture.engine.apply(changed).await.unwrap();
    fixture.idle().await;
    assert_eq!(fixture.world.times_of("alice@x.test connect").len(), 1);
    assert_eq!(
        fixture.subjects(ALICE, "INBOX").await.len(),
        8,
        "the cache stays"
    );
}

#[tokio::test]
async fn accounts_are_saved_and_removed_with_their_files_and_secrets() {
    let mut fixture =
        Fixture::start_with(World::default().with_mailbox(ALICE), empty(), true).await;
    assert!(fixture.engine.mailboxes().await.unwrap().is_empty());
    let account = Account {
        address: Address::bare(ALICE),
        ..account(&[])
    };
    fixture.engine.save_account(account).await.unwrap();
    fixture
        .until(|event| matches!(event, Event::Accounts).then_some(()))
        .await;
    until_health(&fixture, ALICE, Health::Fine).await;
    assert_eq!(fixture.engine.config().accounts.len(), 1);

    let signer = fixture.engine.inner.signer("work").unwrap();
    let keeper = signer.receive.keeper().await.unwrap();
    keeper.adopt(tokens(&fixture)).await.unwrap();
    let vault = fixture.engine.inner.vault.clone();
    assert!(vault.get("token/work").await.unwrap().is_some());
    fixture.engine.remove_account("work").await.unwrap();
    assert!(fixture.engine.mailboxes().await.unwrap().is_empty());
    assert!(vault.get("token/work").await.unwrap().is_none());
}

#[tokio::test]
async fn an_account_whose_profile_is_broken_can_be_removed() {
    let home = tempfile::tempdir().unwrap();
    let missing = Some(home.path().join("missing.pem"));
    let mut fixture =
        Fixture::start_with(World::default().with_mailbox(ALICE), empty(), false).await;
    let mut broken = account(&[]);
    broken.sign_in.ca_file.clone_from(&missing);
    broken.send_sign_in.ca_file = missing;
    fixture.engine.save_account(broken).await.unwrap();
    let vault = fixture.engine.inner.vault.clone();
    let secret = SecretString::from("{}");
    vault.put("token/work", &secret).await.unwrap();
    fixture.engine.remove_account("work").await.unwrap();
    assert!(vault.get("token/work").await.unwrap().is_none());
    fixture.problems();
}

fn empty() -> Config {
    let mut config = config(&[]);
    config.accounts.clear();
    config
}
