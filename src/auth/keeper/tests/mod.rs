//! Renewing: once for all, before the end, persisted before use, by two programs at a time.

mod application;
mod lost_answers;
mod resources;
mod revoking;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

use crate::auth::keeper::{TokenKeeper, TokenState};
use crate::auth::tests::{Answer, Server, TestClock, http, profile_at, tokens};
use crate::auth::{AuthError, Clock, Denial, Identity, Resource, SignedIn, Unlock, Vault};
use crate::config::{VaultConfig, VaultKind};
use crate::model::SignInProfile;

/// A service whose `n`th answer carries the tokens `at-n` and `rt-n`, good for `life` seconds.
async fn rotating(life: u64) -> Server {
    Server::start(move |asked| {
        let (access, refresh) = (
            format!("at-{}", asked.number + 1),
            format!("rt-{}", asked.number + 1),
        );
        tokens(&access, Some(&refresh), life)
    })
    .await
}

struct Story {
    server: Server,
    vault: Vault,
    clock: Arc<TestClock>,
    keeper: TokenKeeper,
}

impl Story {
    /// Starts with the tokens `at-0` and `rt-0`, good for `life` seconds.
    async fn start(server: Server, life: i64) -> Self {
        let (vault, clock) = (Vault::in_memory(), TestClock::new());
        let keeper = keeper(&server, &vault, &clock).await;
        keeper
            .adopt(signed_in("at-0", Some("rt-0"), life, &clock))
            .await
            .unwrap();
        Self {
            server,
            vault,
            clock,
            keeper,
        }
    }

    async fn bearer(&self) -> Result<String, AuthError> {
        bearer(&self.keeper).await
    }

    fn sent(&self) -> Vec<String> {
        let asked = self.server.asked();
        asked
            .iter()
            .map(|asked| asked.form["refresh_token"].clone())
            .collect()
    }

    fn state(&self) -> TokenState {
        self.keeper.state().borrow().clone()
    }
}

async fn keeper(server: &Server, vault: &Vault, clock: &Arc<TestClock>) -> TokenKeeper {
    keeper_of(profile_at(server), vault, clock).await
}

async fn keeper_of(profile: SignInProfile, vault: &Vault, clock: &Arc<TestClock>) -> TokenKeeper {
    let clock: Arc<dyn Clock> = Arc::<TestClock>::clone(clock);
    TokenKeeper::load_with_clock(profile, "work", vault.clone(), http(), clock)
        .await
        .unwrap()
}

fn signed_in(access: &str, refresh: Option<&str>, life: i64, clock: &TestClock) -> SignedIn {
    SignedIn {
        identity: Identity {
            username: "alice@contoso.com".into(),
            ..Identity::default()
        },
        refresh_token: refresh.map(SecretString::from),
        access_token: SecretString::from(access),
        expires_at: Timestamp::from_second(clock.now().as_second() + life).unwrap(),
        scopes: vec!["mail".into()],
    }
}

async fn bearer(keeper: &TokenKeeper) -> Result<String, AuthError> {
    let token = keeper.bearer(Resource::Mail).await?;
    Ok(token.expose_secret().to_owned())
}

#[track_caller]
fn check_denied<T: std::fmt::Debug>(outcome: Result<T, AuthError>, expected: &Denial) {
    match outcome {
        Err(AuthError::Denied { denial, .. }) => assert_eq!(&denial, expected),
        other => panic!("expected {expected:?}, got {other:?}"),
    }
}

#[tokio::test]
async fn a_fresh_token_is_handed_out_without_asking() {
    let story = Story::start(rotating(3600).await, 3600).await;
    assert_eq!(story.bearer().await.unwrap(), "at-0");
    story.keeper.refresh_if_due().await.unwrap();
    assert!(story.sent().is_empty());
    assert!(matches!(story.state(), TokenState::Fresh { .. }));
}

#[tokio::test]
async fn the_background_renews_at_the_margin_and_a_caller_at_the_last_minute() {
    let story = Story::start(rotating(3600).await, 3600).await;
    story.clock.forward(3299);
    story.keeper.refresh_if_due().await.unwrap();
    assert!(story.sent().is_empty());
    assert_eq!(story.bearer().await.unwrap(), "at-0");
    story.clock.forward(1);
    assert!(story.keeper.next_refresh().unwrap() <= story.clock.now());
    story.keeper.refresh_if_due().await.unwrap();
    assert_eq!(story.sent(), ["rt-0"]);
    story.clock.forward(3541);
    assert_eq!(story.bearer().await.unwrap(), "at-2");
    assert_eq!(story.sent(), ["rt-0", "rt-1"]);
}

#[tokio::test]
async fn with_a_life_of_twenty_seconds_ten_minutes_show_no_interruption() {
    let story = Story::start(rotating(20).await, 20).await;
    for _ in 0..600 {
        story.clock.forward(1);
        story.keeper.refresh_if_due().await.unwrap();
        story.bearer().await.unwrap();
    }
    let renewals = story.sent().len();
    assert!((55..=65).contains(&renewals), "{renewals}");
}

#[tokio::test]
async fn fifty_who_ask_at_once_share_one_renewal() {
    let story = Story::start(rotating(3600).await, 60).await;
    story.clock.forward(59);
    let all: Vec<_> = (0..50)
        .map(|_| {
            let keeper = story.keeper.clone();
            tokio::spawn(async move { bearer(&keeper).await.unwrap() })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap(), "at-1");
    }
    assert_eq!(story.sent(), ["rt-0"]);
}

#[tokio::test]
async fn fifty_who_ask_at_once_share_one_failure() {
    let story = Story::start(Server::scripted(vec![Answer::html(503)]).await, 60).await;
    story.clock.forward(61);
    let all: Vec<_> = (0..50)
        .map(|_| {
            let keeper = story.keeper.clone();
            tokio::spawn(async move { bearer(&keeper).await })
        })
        .collect();
    for one in all {
        assert!(matches!(
            one.await.unwrap(),
            Err(AuthError::Busy { status: 503, .. })
        ));
    }
    assert_eq!(story.sent().len(), 1);
}

#[tokio::test]
async fn a_rotated_token_is_in_the_vault_before_it_is_used() {
    let story = Story::start(rotating(3600).await, 60).await;
    story.clock.forward(61);
    story.vault.set_full(true);
    let outcome = story.bearer().await;
    assert!(matches!(outcome, Err(AuthError::Vault(_))), "{outcome:?}");
    story.clock.forward(3);
    story.vault.set_full(false);
    assert_eq!(story.bearer().await.unwrap(), "at-1");
    assert_eq!(
        story.sent(),
        ["rt-0"],
        "the provider must not be asked with the dead token"
    );
    let stored = story.vault.get("token/work").await.unwrap().unwrap();
    assert!(stored.expose_secret().contains("rt-1"));
}

#[tokio::test]
async fn a_caller_who_gives_up_does_not_lose_the_rotated_token() {
    let server = Server::start(|asked| {
        tokens("at-1", Some("rt-1"), 3600)
            .after(Duration::from_millis(50 * (1 - asked.number.min(1) as u64)))
    })
    .await;
    let story = Story::start(server, 60).await;
    story.clock.forward(61);
    let hasty = tokio::time::timeout(Duration::from_millis(10), story.bearer()).await;
    assert!(hasty.is_err());
    assert_eq!(story.bearer().await.unwrap(), "at-1");
    assert_eq!(story.sent(), ["rt-0"]);
}

#[tokio::test]
async fn a_provider_that_does_not_rotate_keeps_the_old_refresh_token() {
    let story = Story::start(Server::scripted(vec![tokens("at-1", None, 60)]).await, 60).await;
    story.clock.forward(61);
    story.bearer().await.unwrap();
    story.clock.forward(61);
    story.bearer().await.unwrap();
    assert_eq!(story.sent(), ["rt-0", "rt-0"]);
}

#[tokio::test]
async fn trouble_keeps_the_old_token_while_it_lives_and_backs_off() {
    let story = Story::start(Server::scripted(vec![Answer::html(502)]).await, 3600).await;
    story.clock.forward(3310);
    assert!(story.keeper.refresh_if_due().await.is_err());
    assert_eq!(story.bearer().await.unwrap(), "at-0");
    assert!(matches!(story.state(), TokenState::Fresh { .. }));
    assert!(story.keeper.next_refresh().unwrap() > story.clock.now());
    story.keeper.refresh_if_due().await.unwrap();
    assert_eq!(story.sent().len(), 1, "the back-off holds");
    story.clock.forward(250);
    assert_eq!(story.bearer().await.unwrap(), "at-0");
    story.clock.forward(60);
    assert!(matches!(story.bearer().await, Err(AuthError::Busy { .. })));
    assert_eq!(story.state(), TokenState::Refreshing);
}

#[tokio::test]
async fn a_retry_after_is_kept_to() {
    let busy = Answer::html(429).with("Retry-After: 120");
    let story = Story::start(
        Server::scripted(vec![busy, tokens("at-1", None, 60)]).await,
        60,
    )
    .await;
    story.clock.forward(61);
    assert!(story.bearer().await.is_err());
    story.clock.forward(119);
    assert!(story.bearer().await.is_err());
    assert_eq!(story.sent().len(), 1);
    story.clock.forward(2);
    assert_eq!(story.bearer().await.unwrap(), "at-1");
}

#[tokio::test]
async fn an_ended_grant_wants_a_new_sign_in_and_is_not_asked_again() {
    let story = Story::start(
        Server::scripted(vec![Answer::error("invalid_grant")]).await,
        60,
    )
    .await;
    story.clock.forward(61);
    check_denied(story.bearer().await, &Denial::GrantEnded);
    check_denied(story.bearer().await, &Denial::GrantEnded);
    check_denied(story.keeper.refresh_if_due().await, &Denial::GrantEnded);
    assert_eq!(story.sent().len(), 1);
    assert_eq!(
        story.state(),
        TokenState::NeedsSignIn {
            reason: Denial::GrantEnded
        }
    );
    assert_eq!(story.keeper.next_refresh(), None);
    let anew = signed_in("at-9", Some("rt-9"), 60, &story.clock);
    story.keeper.adopt(anew).await.unwrap();
    assert_eq!(story.bearer().await.unwrap(), "at-9");
    assert!(matches!(story.state(), TokenState::Fresh { .. }));
}

#[tokio::test]
async fn a_sign_in_by_another_program_is_noticed() {
    let story = Story::start(
        Server::scripted(vec![Answer::error("invalid_grant")]).await,
        60,
    )
    .await;
    story.clock.forward(61);
    check_denied(story.bearer().await, &Denial::GrantEnded);
    let other = keeper(&story.server, &story.vault, &story.clock).await;
    other
        .adopt(signed_in("at-9", Some("rt-9"), 60, &story.clock))
        .await
        .unwrap();
    assert_eq!(story.bearer().await.unwrap(), "at-9");
    assert!(matches!(story.state(), TokenState::Fresh { .. }));
    other.sign_out().await.unwrap();
    story.clock.forward(61);
    check_denied(story.bearer().await, &Denial::NeverSignedIn);
    assert_eq!(story.state(), TokenState::Missing);
}

#[tokio::test]
async fn what_wants_a_person_is_no_ended_grant() {
    let answer = Answer::json(
        400,
        r#"{"error":"interaction_required","error_codes":[50076]}"#,
    );
    let story = Story::start(Server::scripted(vec![answer]).await, 60).await;
    story.clock.forward(61);
    check_denied(story.bearer().await, &Denial::Other);
    assert_eq!(
        story.state(),
        TokenState::NeedsSignIn {
            reason: Denial::Other
        }
    );
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_only_if_it_is_still_in_use() {
    let story = Story::start(rotating(3600).await, 3600).await;
    let refused = SecretString::from("at-0");
    story.keeper.reject(Resource::Mail, &refused).await;
    assert_eq!(story.bearer().await.unwrap(), "at-1");
    story.keeper.reject(Resource::Mail, &refused).await;
    assert_eq!(story.bearer().await.unwrap(), "at-1");
    assert_eq!(story.sent(), ["rt-0"]);
}

#[tokio::test]
async fn a_sign_in_during_a_renewal_wins() {
    let slow = tokens("at-old", Some("rt-old"), 3600).after(Duration::from_secs(20));
    let story = Story::start(Server::scripted(vec![slow]).await, 60).await;
    story.clock.forward(61);
    let keeper = story.keeper.clone();
    let waiting = tokio::spawn(async move { bearer(&keeper).await });
    while story.sent().is_empty() {
        tokio::task::yield_now().await;
    }
    let anew = signed_in("at-9", Some("rt-9"), 3600, &story.clock);
    let started = std::time::Instant::now();
    story.keeper.adopt(anew).await.unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "it does not wait for the provider"
    );
    assert_eq!(waiting.await.unwrap().unwrap(), "at-9");
    let stored = story.vault.get("token/work").await.unwrap().unwrap();
    assert!(stored.expose_secret().contains("rt-9"));
}

#[tokio::test]
async fn signing_out_forgets_everything() {
    let story = Story::start(rotating(3600).await, 3600).await;
    story.keeper.sign_out().await.unwrap();
    check_denied(story.bearer().await, &Denial::NeverSignedIn);
    assert_eq!(story.state(), TokenState::Missing);
    assert!(story.vault.get("token/work").await.unwrap().is_none());
    assert!(story.keeper.facts().await.is_none());
    assert!(story.sent().is_empty());
}

#[tokio::test]
async fn without_a_refresh_token_the_account_stops_after_one_life() {
    let story = Story::start(rotating(60).await, 60).await;
    let once = signed_in("at-1", None, 60, &story.clock);
    story.keeper.adopt(once).await.unwrap();
    assert_eq!(story.bearer().await.unwrap(), "at-1");
    assert_eq!(story.keeper.next_refresh(), None);
    story.clock.forward(61);
    check_denied(story.bearer().await, &Denial::NoRefreshToken);
    assert_eq!(
        story.state(),
        TokenState::NeedsSignIn {
            reason: Denial::NoRefreshToken
        }
    );
    assert!(story.sent().is_empty());
}

#[tokio::test]
async fn the_next_start_finds_the_tokens_in_the_vault() {
    let story = Story::start(rotating(3600).await, 3600).await;
    let again = keeper(&story.server, &story.vault, &story.clock).await;
    assert_eq!(bearer(&again).await.unwrap(), "at-0");
    let facts = again.facts().await.unwrap();
    assert_eq!(facts.identity.username, "alice@contoso.com");
    assert!(facts.has_refresh_token);
    assert_eq!(facts.scopes, ["mail"]);
    assert!(story.sent().is_empty());
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_the_tokens_suspect() {
    let story = Story::start(rotating(3600).await, 3600).await;
    story.clock.forward(-86_400);
    assert_eq!(story.bearer().await.unwrap(), "at-1");
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_counts_as_none() {
    let (server, vault, clock) = (rotating(60).await, Vault::in_memory(), TestClock::new());
    vault
        .put("token/work", &SecretString::from("{\"odd\":1}"))
        .await
        .unwrap();
    let keeper = keeper(&server, &vault, &clock).await;
    assert_eq!(*keeper.state().borrow(), TokenState::Missing);
    check_denied(bearer(&keeper).await, &Denial::NeverSignedIn);
}

#[tokio::test]
async fn nothing_that_is_printed_holds_a_token() {
    let story = Story::start(rotating(3600).await, 3600).await;
    let anew = signed_in("AT-CANARY", Some("RT-CANARY"), 3600, &story.clock);
    let text = format!("{anew:?}");
    story.keeper.adopt(anew).await.unwrap();
    let facts = story.keeper.facts().await;
    let all = format!(
        "{text} {:?} {facts:?} {:?} {:?}",
        story.keeper,
        story.vault,
        story.state()
    );
    assert!(!all.contains("CANARY"), "{all}");
}

/// A provider that ends the old refresh token with each renewal and refuses whoever comes with an old one.
async fn strict() -> Server {
    let current = std::sync::Mutex::new(0_u32);
    Server::start(move |asked| {
        let mut current = current.lock().unwrap();
        if asked.form["refresh_token"] != format!("rt-{current}") {
            return Answer::error("invalid_grant");
        }
        *current += 1;
        tokens(&format!("at-{current}"), Some(&format!("rt-{current}")), 60)
    })
    .await
}

#[tokio::test]
async fn two_programs_over_one_file_never_lose_a_rotated_token() {
    let (server, clock, folder) = (strict().await, TestClock::new(), TempDir::new().unwrap());
    let config = VaultConfig {
        kind: VaultKind::File,
        key_file: Some(folder.path().join("key")),
        ..VaultConfig::default()
    };
    let open = || Vault::open(&config, folder.path(), Unlock::Unattended);
    let one = keeper(&server, &open().await.unwrap(), &clock).await;
    one.adopt(signed_in("at-0", Some("rt-0"), 60, &clock))
        .await
        .unwrap();
    let two = keeper(&server, &open().await.unwrap(), &clock).await;
    for round in 1..=10 {
        clock.forward(61);
        let (first, second) = tokio::join!(bearer(&one), bearer(&two));
        assert_eq!(first.unwrap(), second.unwrap());
        assert_eq!(
            server.asked().len(),
            round,
            "one of them asks, the other reads"
        );
    }
}
