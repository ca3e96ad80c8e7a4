//! Applications that sign in as themselves, and those that prove themselves beside a person.

use std::path::Path;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::{bearer, check_denied, keeper_of, signed_in};
use crate::auth::keeper::{Function, TokenKeeper, TokenState};
use crate::auth::tests::{Answer, Server, TestClock, jwt, profile, profile_at};
use crate::auth::{AuthError, ClientFault, Denial, Resource, Vault};
use crate::model::{ClientKind, Method, Provider, SignInProfile};

/// An answer to an application: no refresh token, no person.
fn app_token(roles: &str, number: usize, life: u64) -> Answer {
    let access = jwt(&format!(
        r#"{{"aud":"https://outlook.office365.com","roles":[{roles}],"n":{number},"idtyp":"app","app_displayname":"Archive","appid":"app-1","tid":"t"}}"#
    ));
    Answer::json(
        200,
        &format!(r#"{{"token_type":"Bearer","access_token":"{access}","expires_in":{life}}}"#),
    )
}

/// A service that takes one secret only.
async fn service(right: &'static str) -> Server {
    Server::start(move |asked| {
        if asked.form["client_secret"] == right {
            return app_token(r#""IMAP.AccessAsApp""#, asked.number, 3600);
        }
        Answer::json(
            401,
            r#"{"error":"invalid_client","error_codes":[7000215],"error_description":"AADSTS7000215: Invalid client secret provided."}"#,
        )
    })
    .await
}

fn by_secret(server: &Server) -> SignInProfile {
    SignInProfile {
        method: Method::ClientSecret,
        token_endpoint: Some(format!("{}/token", server.base)),
        ..profile(Provider::Microsoft365)
    }
}

struct Story {
    server: Server,
    vault: Vault,
    clock: Arc<TestClock>,
    keeper: TokenKeeper,
}

impl Story {
    async fn start(server: Server, secret: Option<&str>) -> Self {
        let (vault, clock) = (Vault::in_memory(), TestClock::new());
        let keeper = keeper_of(by_secret(&server), &vault, &clock).await;
        let story = Self {
            server,
            vault,
            clock,
            keeper,
        };
        if let Some(secret) = secret {
            story.enter(secret).await;
        }
        story
    }

    async fn enter(&self, secret: &str) {
        let secret = SecretString::from(secret);
        self.vault.put("secret/contoso", &secret).await.unwrap();
    }

    fn state(&self) -> TokenState {
        self.keeper.state().borrow().clone()
    }
}

fn refused() -> TokenState {
    TokenState::NeedsSignIn {
        reason: Denial::ClientRefused,
    }
}

#[tokio::test]
async fn the_first_token_comes_by_itself() {
    let story = Story::start(service("right").await, Some("right")).await;
    assert_eq!(
        story.state(),
        TokenState::Refreshing,
        "nobody has to sign in"
    );
    assert_eq!(story.keeper.next_refresh(), None, "nothing is wanted yet");
    let token = bearer(&story.keeper).await.unwrap();
    assert_eq!(bearer(&story.keeper).await.unwrap(), token);
    assert!(matches!(story.state(), TokenState::Fresh { .. }));
    let asked = story.server.asked();
    assert_eq!(asked.len(), 1);
    let form = &asked[0].form;
    assert_eq!(form["grant_type"], "client_credentials");
    assert_eq!(form["scope"], "https://outlook.office365.com/.default");
    assert_eq!(form["client_id"], "client-1");
    assert!(!form.contains_key("refresh_token"));
    let facts = story.keeper.facts().await.unwrap();
    assert!(facts.is_app_only && !facts.has_refresh_token);
    assert_eq!(facts.roles, ["IMAP.AccessAsApp"]);
    assert!(facts.scopes.is_empty(), "{:?}", facts.scopes);
    assert_eq!(facts.identity.name, "Archive");
}

#[tokio::test]
async fn an_hour_and_many_more_pass_without_a_person() {
    let story = Story::start(service("right").await, Some("right")).await;
    bearer(&story.keeper).await.unwrap();
    for _ in 0..300 {
        story.clock.forward(60);
        let now = crate::auth::Clock::now(&*story.clock);
        if story.keeper.next_refresh().is_some_and(|at| at <= now) {
            story.keeper.refresh_if_due().await.unwrap();
        }
        assert!(matches!(story.state(), TokenState::Fresh { .. }));
    }
    assert_eq!(
        story.server.asked().len(),
        1 + 5,
        "five hours, renewed in time"
    );
}

#[tokio::test]
async fn the_next_start_uses_the_token_of_the_last() {
    let story = Story::start(service("right").await, Some("right")).await;
    let token = bearer(&story.keeper).await.unwrap();
    let again = keeper_of(by_secret(&story.server), &story.vault, &story.clock).await;
    assert_eq!(bearer(&again).await.unwrap(), token);
    assert_eq!(story.server.asked().len(), 1);
}

#[tokio::test]
async fn a_new_secret_in_the_vault_makes_it_go_on() {
    let story = Story::start(service("right").await, Some("wrong")).await;
    check_denied(bearer(&story.keeper).await, &Denial::ClientRefused);
    assert_eq!(story.state(), refused());
    for _ in 0..5 {
        story.clock.forward(30);
        check_denied(story.keeper.refresh_if_due().await, &Denial::ClientRefused);
    }
    assert_eq!(
        story.server.asked().len(),
        1,
        "the same would be refused again"
    );
    let next = story.keeper.next_refresh().unwrap();
    assert!(next > crate::auth::Clock::now(&*story.clock), "no haste");
    story.enter("right").await;
    story.keeper.refresh_if_due().await.unwrap();
    assert!(matches!(story.state(), TokenState::Fresh { .. }));
    assert_eq!(story.server.asked().len(), 2);
}

#[tokio::test]
async fn a_secret_that_is_missing_is_named_and_looked_for() {
    let story = Story::start(service("right").await, None).await;
    let outcome = bearer(&story.keeper).await;
    assert!(
        matches!(&outcome, Err(AuthError::Client { profile, fault: ClientFault::SecretMissing }) if profile == "contoso"),
        "{outcome:?}"
    );
    assert_eq!(story.state(), refused());
    assert!(story.server.asked().is_empty());
    assert!(story.keeper.next_refresh().is_some());
    story.enter("right").await;
    bearer(&story.keeper).await.unwrap();
}

#[tokio::test]
async fn what_an_administrator_mends_is_found_after_a_while_or_on_demand() {
    let server = Server::start(|asked| {
        let no = r#"{"error":"unauthorized_client","error_codes":[700016]}"#;
        match asked.number {
            0 | 1 => Answer::json(400, no),
            _ => app_token("", asked.number, 3600),
        }
    })
    .await;
    let story = Story::start(server, Some("right")).await;
    check_denied(bearer(&story.keeper).await, &Denial::Other);
    story.clock.forward(300);
    check_denied(bearer(&story.keeper).await, &Denial::Other);
    assert_eq!(story.server.asked().len(), 1);
    story.clock.forward(301);
    check_denied(bearer(&story.keeper).await, &Denial::Other);
    assert_eq!(story.server.asked().len(), 2);
    story.keeper.try_again();
    bearer(&story.keeper).await.unwrap();
}

#[tokio::test]
async fn a_token_without_the_role_is_refused_unless_exchange_may_have_it() {
    let server = Server::start(|asked| app_token("", asked.number, 3600)).await;
    let story = Story::start(server, Some("right")).await;
    let imap = story
        .keeper
        .bearer_for(Resource::Mail, &[Function::ReadImap])
        .await;
    check_denied(
        imap,
        &Denial::MissingPermission {
            name: "IMAP.AccessAsApp".into(),
        },
    );
    let smtp = [Function::SendSmtp];
    story
        .keeper
        .bearer_for(Resource::Mail, &smtp)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_certificate_signs_each_request_anew() {
    let server = Server::start(|asked| app_token("", asked.number, 3600)).await;
    let (vault, clock) = (Vault::in_memory(), TestClock::new());
    let file = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/certificates");
        Some(folder.join(name))
    };
    let profile = SignInProfile {
        method: Method::ClientCertificate,
        certificate: file("app.pem"),
        certificate_key: file("app.key"),
        ..by_secret(&server)
    };
    let keeper = keeper_of(profile, &vault, &clock).await;
    bearer(&keeper).await.unwrap();
    clock.forward(3600);
    bearer(&keeper).await.unwrap();
    let asked = server.asked();
    let assertion = |number: usize| asked[number].form["client_assertion"].clone();
    assert_eq!(assertion(0).split('.').count(), 3);
    assert_ne!(assertion(0), assertion(1));
    assert!(!asked[0].form.contains_key("client_secret"));
}

#[tokio::test]
async fn a_certificate_that_ends_stops_it_before_the_service_does() {
    let server = Server::start(|asked| app_token("", asked.number, 3600)).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/certificates");
    let profile = SignInProfile {
        method: Method::ClientCertificate,
        certificate: Some(folder.join("expired.pem")),
        certificate_key: Some(folder.join("app.key")),
        ..by_secret(&server)
    };
    let keeper = keeper_of(profile, &Vault::in_memory(), &TestClock::new()).await;
    let outcome = bearer(&keeper).await;
    assert!(
        matches!(
            outcome,
            Err(AuthError::Client {
                fault: ClientFault::CertificateExpired { .. },
                ..
            })
        ),
        "{outcome:?}"
    );
    assert_eq!(*keeper.state().borrow(), refused());
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_confidential_application_proves_itself_when_a_persons_token_is_renewed() {
    let server = service("right").await;
    let (vault, clock) = (Vault::in_memory(), TestClock::new());
    let profile = SignInProfile {
        method: Method::Browser,
        client: ClientKind::Confidential,
        ..profile_at(&server)
    };
    let keeper = keeper_of(profile, &vault, &clock).await;
    check_denied(bearer(&keeper).await, &Denial::NeverSignedIn);
    assert_eq!(*keeper.state().borrow(), TokenState::Missing);
    keeper
        .adopt(signed_in("at-0", Some("rt-0"), 60, &clock))
        .await
        .unwrap();
    clock.forward(61);
    assert!(matches!(
        bearer(&keeper).await,
        Err(AuthError::Client { .. })
    ));
    let enter = |secret| {
        let vault = vault.clone();
        async move {
            let secret = SecretString::from(secret);
            vault.put("secret/contoso", &secret).await.unwrap();
        }
    };
    enter("wrong").await;
    check_denied(bearer(&keeper).await, &Denial::ClientRefused);
    check_denied(bearer(&keeper).await, &Denial::ClientRefused);
    assert_eq!(server.asked().len(), 1);
    enter("right").await;
    clock.forward(30);
    keeper.refresh_if_due().await.unwrap();
    assert!(matches!(*keeper.state().borrow(), TokenState::Fresh { .. }));
    let form = &server.asked()[1].form;
    assert_eq!(
        (form["grant_type"].as_str(), form["refresh_token"].as_str()),
        ("refresh_token", "rt-0")
    );
}

#[tokio::test]
async fn no_secret_is_printed() {
    let story = Story::start(service("CANARY").await, Some("CANARY")).await;
    bearer(&story.keeper).await.unwrap();
    let bad = Story::start(service("right").await, Some("CANARY")).await;
    let error = bearer(&bad.keeper).await.unwrap_err();
    let stored = story.vault.get("token/work").await.unwrap().unwrap();
    assert!(!stored.expose_secret().contains("CANARY"));
    let all = format!("{:?} {:?} {error:?} {error}", story.keeper, story.vault);
    assert!(!all.contains("CANARY"), "{all}");
}
