//! One refresh token for two resources, and tokens for the wrong one.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::{check_denied, keeper_of, signed_in};
use crate::auth::keeper::{Function, TokenKeeper, TokenState};
use crate::auth::tests::{Answer, Server, TestClock, jwt, profile, tokens};
use crate::auth::{AuthError, Denial, Resource, Vault};
use crate::model::{Provider, SignInProfile};

const MAIL: &str = "https://outlook.office.com";
const GRAPH: &str = "https://graph.microsoft.com";

/// A profile of Entra at a scripted service.
fn microsoft(server: &Server) -> SignInProfile {
    SignInProfile {
        token_endpoint: Some(format!("{}/token", server.base)),
        ..profile(Provider::Microsoft365)
    }
}

/// Makes a readable token; `number` makes it another one.
fn token(audience: &str, scopes: &str, number: usize) -> String {
    jwt(&format!(
        r#"{{"aud":"{audience}","scp":"{scopes}","n":{number},"iss":"https://sts.windows.net/t/","appid":"app-1","tid":"tenant-1"}}"#
    ))
}

/// A provider that gives tokens for what the scopes ask for, and another refresh token each time.
async fn entra() -> Server {
    Server::start(|asked| {
        let audience = if asked.form["scope"].contains("graph") {
            GRAPH
        } else {
            MAIL
        };
        let access = token(audience, "IMAP.AccessAsUser.All", asked.number);
        let life = if audience == GRAPH { 1800 } else { 3600 };
        tokens(&access, Some(&format!("rt-{}", asked.number + 1)), life)
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
    /// Starts with mail's token and `rt-0`.
    async fn start(server: Server) -> Self {
        let (vault, clock) = (Vault::in_memory(), TestClock::new());
        let keeper = keeper_of(microsoft(&server), &vault, &clock).await;
        let first = token(MAIL, "IMAP.AccessAsUser.All", 99);
        keeper
            .adopt(signed_in(&first, Some("rt-0"), 3600, &clock))
            .await
            .unwrap();
        Self {
            server,
            vault,
            clock,
            keeper,
        }
    }

    async fn audience(&self, resource: Resource) -> String {
        self.keeper.bearer(resource).await.unwrap();
        self.keeper.facts_of(resource).unwrap().audience
    }

    fn sent(&self) -> Vec<String> {
        let asked = self.server.asked();
        asked
            .iter()
            .map(|asked| asked.form["refresh_token"].clone())
            .collect()
    }
}

#[tokio::test]
async fn each_resource_gets_its_token_from_the_one_refresh_token() {
    let story = Story::start(entra().await).await;
    assert_eq!(story.audience(Resource::Mail).await, MAIL);
    assert!(
        story.sent().is_empty(),
        "mail's token came with the sign-in"
    );
    assert_eq!(story.audience(Resource::Graph).await, GRAPH);
    assert_eq!(story.audience(Resource::Mail).await, MAIL);
    assert_eq!(story.audience(Resource::Graph).await, GRAPH);
    assert_eq!(story.sent(), ["rt-0"]);
    story.clock.forward(3600);
    story.audience(Resource::Mail).await;
    story.audience(Resource::Graph).await;
    assert_eq!(
        story.sent(),
        ["rt-0", "rt-1", "rt-2"],
        "each uses the newest"
    );
}

#[tokio::test]
async fn a_token_is_renewed_at_once_when_a_person_asks_and_the_old_one_outlives_a_failure() {
    let story = Story::start(entra().await).await;
    let old = story.keeper.bearer(Resource::Mail).await.unwrap();
    story.keeper.renew(Resource::Mail).await.unwrap();
    assert_eq!(story.sent(), ["rt-0"]);
    let new = story.keeper.bearer(Resource::Mail).await.unwrap();
    assert_ne!(old.expose_secret(), new.expose_secret());

    let down = Server::start(|_| Answer::html(503)).await;
    let story = Story::start(down).await;
    let old = story.keeper.bearer(Resource::Mail).await.unwrap();
    story.keeper.renew(Resource::Mail).await.unwrap_err();
    let kept = story.keeper.bearer(Resource::Mail).await.unwrap();
    assert_eq!(old.expose_secret(), kept.expose_secret());
}

#[tokio::test]
async fn both_survive_in_the_vault() {
    let story = Story::start(entra().await).await;
    story.audience(Resource::Graph).await;
    let again = keeper_of(microsoft(&story.server), &story.vault, &story.clock).await;
    again.bearer(Resource::Mail).await.unwrap();
    again.bearer(Resource::Graph).await.unwrap();
    assert_eq!(story.sent(), ["rt-0"]);
}

#[tokio::test]
async fn the_background_renews_each_resource_in_use_at_its_own_time() {
    let story = Story::start(entra().await).await;
    let mail_alone = story.keeper.next_refresh().unwrap();
    story.audience(Resource::Mail).await;
    story.audience(Resource::Graph).await;
    let both = story.keeper.next_refresh().unwrap();
    assert!(both < mail_alone, "the earliest counts");
    story.clock.forward(1621);
    story.keeper.refresh_if_due().await.unwrap();
    assert_eq!(story.sent().len(), 2);
    assert!(story.server.asked()[1].form["scope"].contains("graph"));
    story.clock.forward(1700);
    story.keeper.refresh_if_due().await.unwrap();
    assert_eq!(story.sent().len(), 4, "now both are due");
}

#[tokio::test]
async fn a_resource_that_nobody_uses_any_more_is_left_alone() {
    let story = Story::start(entra().await).await;
    story.audience(Resource::Graph).await;
    let again = keeper_of(microsoft(&story.server), &story.vault, &story.clock).await;
    again.bearer(Resource::Mail).await.unwrap();
    story.clock.forward(3400);
    again.refresh_if_due().await.unwrap();
    let asked = story.server.asked();
    assert_eq!(asked.len(), 2);
    assert!(!asked[1].form["scope"].contains("graph"));
}

#[tokio::test]
async fn a_refused_token_of_one_resource_leaves_the_other_alone() {
    let story = Story::start(entra().await).await;
    let graph = story.keeper.bearer(Resource::Graph).await.unwrap();
    let mail = story.keeper.bearer(Resource::Mail).await.unwrap();
    story.keeper.reject(Resource::Graph, &graph).await;
    let same = story.keeper.bearer(Resource::Mail).await.unwrap();
    assert_eq!(same.expose_secret(), mail.expose_secret());
    let other = story.keeper.bearer(Resource::Graph).await.unwrap();
    assert_ne!(other.expose_secret(), graph.expose_secret());
    assert_eq!(story.sent().len(), 2);
}

#[tokio::test]
async fn a_token_for_the_other_service_is_never_handed_out() {
    // A provider that answers everything with Graph's, as Entra does for scopes without an address.
    let server = Server::start(|asked| {
        let access = token(GRAPH, "IMAP.AccessAsUser.All", asked.number);
        tokens(&access, Some(&format!("rt-{}", asked.number + 1)), 3600)
    })
    .await;
    let story = Story::start(server).await;
    story.clock.forward(3600);
    let wrong = Denial::WrongAudience {
        expected: "https://outlook.office365.com".into(),
        got: GRAPH.into(),
    };
    check_denied(story.keeper.bearer(Resource::Mail).await, &wrong);
    check_denied(story.keeper.bearer(Resource::Mail).await, &wrong);
    assert_eq!(story.sent(), ["rt-0"], "asking again would bring the same");
    let stored = story.vault.get("token/work").await.unwrap().unwrap();
    assert!(
        stored.expose_secret().contains("rt-1"),
        "the rotated token is kept all the same"
    );
    let state = story.keeper.state().borrow().clone();
    assert_eq!(state, TokenState::NeedsSignIn { reason: wrong });
    assert_eq!(story.audience(Resource::Graph).await, GRAPH);
    assert_eq!(story.sent(), ["rt-0"], "it serves for what it is for");
}

#[tokio::test]
async fn a_sign_in_that_brought_graphs_token_gets_mails_by_itself() {
    let story = Story::start(entra().await).await;
    let graphs = token(GRAPH, "User.Read", 98);
    let anew = signed_in(&graphs, Some("rt-9"), 3600, &story.clock);
    story.keeper.adopt(anew).await.unwrap();
    assert_eq!(story.audience(Resource::Mail).await, MAIL);
    assert_eq!(story.sent(), ["rt-9"]);
}

#[tokio::test]
async fn a_no_for_one_resource_leaves_the_other_working() {
    let server = Server::start(|asked| {
        if asked.form["scope"].contains("graph") {
            let no =
                r#"{"error":"invalid_grant","error_codes":[65001],"suberror":"consent_required"}"#;
            return Answer::json(400, no);
        }
        tokens(&token(MAIL, "SMTP.Send", asked.number), None, 3600)
    })
    .await;
    let story = Story::start(server).await;
    check_denied(story.keeper.bearer(Resource::Graph).await, &Denial::Other);
    assert_eq!(story.audience(Resource::Mail).await, MAIL);
    let state = story.keeper.state().borrow().clone();
    assert!(matches!(state, TokenState::Fresh { .. }), "{state:?}");
}

#[tokio::test]
async fn a_grant_that_ended_is_not_asked_again_for_the_other_resource() {
    let story = Story::start(Server::scripted(vec![Answer::error("invalid_grant")]).await).await;
    story.clock.forward(3600);
    for _ in 0..3 {
        check_denied(
            story.keeper.bearer(Resource::Mail).await,
            &Denial::GrantEnded,
        );
        check_denied(
            story.keeper.bearer(Resource::Graph).await,
            &Denial::GrantEnded,
        );
    }
    assert_eq!(story.sent(), ["rt-0"]);
}

#[tokio::test]
async fn other_providers_have_one_token_for_everything() {
    let server = Server::scripted(vec![tokens("at-1", None, 3600)]).await;
    let (vault, clock) = (Vault::in_memory(), TestClock::new());
    let keeper = super::keeper(&server, &vault, &clock).await;
    keeper
        .adopt(signed_in("at-0", Some("rt-0"), 3600, &clock))
        .await
        .unwrap();
    for resource in [Resource::Graph, Resource::Mail] {
        let token = keeper.bearer(resource).await.unwrap();
        assert_eq!(token.expose_secret(), "at-0");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_token_without_the_permission_is_refused_before_a_server_does() {
    let story = Story::start(entra().await).await;
    let imap = [Function::ReadImap];
    story
        .keeper
        .bearer_for(Resource::Mail, &imap)
        .await
        .unwrap();
    let both = [Function::ReadImap, Function::SendSmtp];
    let outcome = story.keeper.bearer_for(Resource::Mail, &both).await;
    check_denied(
        outcome,
        &Denial::MissingPermission {
            name: "SMTP.Send".into(),
        },
    );
}

#[tokio::test]
async fn facts_say_whose_from_whom_and_until_when() {
    let story = Story::start(entra().await).await;
    let first = story.keeper.facts().await.unwrap();
    assert_eq!(
        (first.app_id.as_str(), first.tenant.as_str()),
        ("app-1", "tenant-1")
    );
    assert_eq!(first.issuer, "https://sts.windows.net/t/");
    assert!(first.is_readable && first.is_microsoft && !first.is_app_only);
    assert_eq!(first.granted, ["mail"]);
    assert_eq!(first.scopes, ["IMAP.AccessAsUser.All"]);
    assert_eq!(first.next_renewal, story.keeper.next_refresh());
    let rotated_at = first.refresh_rotated_at.unwrap();
    story.clock.forward(3600);
    story.audience(Resource::Mail).await;
    let renewed = story.keeper.facts().await.unwrap();
    assert!(renewed.refresh_rotated_at.unwrap() > rotated_at);
}

#[tokio::test]
async fn a_refresh_token_that_stays_was_not_rotated() {
    let server = Server::start(|asked| {
        let same = (asked.number == 0).then_some("rt-0");
        tokens(&token(MAIL, "SMTP.Send", asked.number), same, 3600)
    })
    .await;
    let story = Story::start(server).await;
    let before = story.keeper.facts().await.unwrap().refresh_rotated_at;
    assert!(before.is_some());
    for _ in 0..2 {
        story.clock.forward(3600);
        story.audience(Resource::Mail).await;
        let facts = story.keeper.facts().await.unwrap();
        assert_eq!(facts.refresh_rotated_at, before);
        let again = keeper_of(microsoft(&story.server), &story.vault, &story.clock).await;
        let stored = again.facts().await.unwrap().refresh_rotated_at;
        assert_eq!(stored, before, "that is kept in the vault");
    }
}

#[tokio::test]
async fn an_entry_of_an_older_version_is_read_and_still_has_its_form() {
    let (server, vault, clock) = (entra().await, Vault::in_memory(), TestClock::new());
    let old = r#"{"refresh_token":"rt-0","access_token":"at-0","expires_at":"2026-11-22T13:00:00Z",
        "renewed_at":"2026-11-22T12:00:00Z","scopes":["mail"],"username":"a@x","name":"A","tenant":"t"}"#;
    vault
        .put("token/work", &SecretString::from(old))
        .await
        .unwrap();
    let keeper = keeper_of(microsoft(&server), &vault, &clock).await;
    let facts = keeper.facts().await.unwrap();
    assert_eq!(facts.identity.username, "a@x");
    assert_eq!(
        (facts.scopes, facts.refresh_rotated_at),
        (vec!["mail".into()], None)
    );
    assert_eq!(
        keeper.bearer(Resource::Mail).await.unwrap().expose_secret(),
        "at-0"
    );
    keeper.bearer(Resource::Graph).await.unwrap();
    let now = vault.get("token/work").await.unwrap().unwrap();
    let now: serde_json::Value = serde_json::from_str(now.expose_secret()).unwrap();
    assert_eq!(
        (&now["access_token"], &now["refresh_token"]),
        (&"at-0".into(), &"rt-1".into())
    );
    assert!(now["graph"]["access_token"].is_string());
}

#[tokio::test]
async fn trouble_is_no_wrong_audience() {
    let story = Story::start(Server::scripted(vec![Answer::html(503)]).await).await;
    let outcome = story.keeper.bearer(Resource::Graph).await;
    assert!(
        matches!(outcome, Err(AuthError::Busy { .. })),
        "{outcome:?}"
    );
    assert!(story.keeper.bearer(Resource::Mail).await.is_ok());
}

#[tokio::test]
async fn a_token_that_an_older_version_kept_in_the_wrong_place_is_not_handed_out() {
    let (server, vault, clock) = (entra().await, Vault::in_memory(), TestClock::new());
    let old = format!(
        r#"{{"refresh_token":"rt-0","access_token":"{}","expires_at":"2026-11-22T13:00:00Z",
            "renewed_at":"2026-11-22T12:00:00Z"}}"#,
        token(GRAPH, "User.Read", 7)
    );
    let old = SecretString::from(old);
    vault.put("token/work", &old).await.unwrap();
    let keeper = keeper_of(microsoft(&server), &vault, &clock).await;
    keeper.bearer(Resource::Graph).await.unwrap();
    assert!(server.asked().is_empty());
    keeper.bearer(Resource::Mail).await.unwrap();
    assert_eq!(keeper.facts().await.unwrap().audience, MAIL);
}

#[tokio::test]
async fn a_provider_of_ones_own_whose_scopes_are_graphs_gives_tokens_for_graph() {
    let server = Server::start(|asked| {
        let access = token(GRAPH, "Mail.ReadWrite", asked.number);
        tokens(&access, Some("rt-1"), 3600)
    })
    .await;
    let own = SignInProfile {
        scopes: vec!["openid".into(), format!("{GRAPH}/Mail.ReadWrite")],
        token_endpoint: Some(format!("{}/token", server.base)),
        ..profile(Provider::Custom)
    };
    let (vault, clock) = (Vault::in_memory(), TestClock::new());
    let keeper = keeper_of(own, &vault, &clock).await;
    let first = token(GRAPH, "Mail.ReadWrite", 99);
    let signed_in = signed_in(&first, Some("rt-0"), 3600, &clock);
    keeper.adopt(signed_in).await.unwrap();
    let held = keeper.bearer(Resource::Graph).await.unwrap();
    assert_eq!(held.expose_secret(), first);
    assert!(server.asked().is_empty(), "it came with the sign-in");
    clock.forward(3600);
    let renewed = keeper.bearer(Resource::Graph).await.unwrap();
    assert_ne!(renewed.expose_secret(), first);
    // A mail server would refuse it without a reason.
    let refused = keeper.bearer(Resource::Mail).await;
    assert!(
        matches!(
            &refused,
            Err(AuthError::Denied {
                denial: Denial::WrongAudience { .. },
                ..
            })
        ),
        "{refused:?}"
    );
}
