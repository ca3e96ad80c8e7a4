//! Ending a token at the provider.

use jiff::Timestamp;
use secrecy::SecretString;

use crate::auth::revocation::{Revocation, revoke};
use crate::auth::tests::{Answer, Server, http, profile};
use crate::auth::{AuthError, ClientProof, Denial};
use crate::model::{Provider, SignInProfile};

/// Asks a provider that answers requests to end a token with `answer`.
async fn ask(answer: Answer) -> (Result<Revocation, AuthError>, Server) {
    let (base, known) = tokio::sync::watch::channel(String::new());
    let server = Server::start(move |asked| {
        let base = known.borrow().clone();
        if asked.path == "/revoke" {
            return answer.clone();
        }
        Answer::json(
            200,
            &format!(
                r#"{{"issuer":"{base}","token_endpoint":"{base}/token","revocation_endpoint":"{base}/revoke"}}"#
            ),
        )
    })
    .await;
    base.send(server.base.clone()).unwrap();
    let profile = SignInProfile {
        authority: Some(server.base.clone()),
        ..profile(Provider::Custom)
    };
    let secret = ClientProof::Secret(SecretString::from("s"));
    let token = SecretString::from("RT");
    let outcome = revoke(&profile, &secret, &token, &http(), Timestamp::UNIX_EPOCH).await;
    (outcome, server)
}

#[tokio::test]
async fn a_refresh_token_is_ended_by_an_application_that_proves_itself() {
    for done in [
        Answer::json(200, ""),
        Answer::html(200),
        Answer::json(200, "{}"),
    ] {
        let (outcome, server) = ask(done).await;
        assert_eq!(outcome.unwrap(), Revocation::Done);
        let form = server.asked().last().unwrap().form.clone();
        let sent = ["token", "token_type_hint", "client_id", "client_secret"]
            .map(|name| form[name].clone());
        assert_eq!(sent, ["RT", "refresh_token", "client-1", "s"]);
    }
}

#[tokio::test]
async fn what_the_provider_says_instead_is_told() {
    let (outcome, _) = ask(Answer::error("unsupported_token_type")).await;
    assert_eq!(outcome.unwrap(), Revocation::Unsupported);
    let (outcome, _) = ask(Answer::error("invalid_client")).await;
    assert!(matches!(
        outcome,
        Err(AuthError::Denied {
            denial: Denial::ClientRefused,
            ..
        })
    ));
    let (outcome, _) = ask(Answer::html(503)).await;
    assert!(matches!(outcome, Err(AuthError::Busy { status: 503, .. })));
    let (outcome, _) = ask(Answer::html(404)).await;
    assert!(matches!(outcome, Err(AuthError::Nonsense { .. })));
}

#[tokio::test]
async fn microsoft_has_no_way_to_end_a_token() {
    let (profile, token) = (profile(Provider::Microsoft365), SecretString::from("RT"));
    let (client, now) = (ClientProof::None, Timestamp::UNIX_EPOCH);
    let outcome = revoke(&profile, &client, &token, &http(), now).await;
    assert_eq!(outcome.unwrap(), Revocation::Unsupported);
}
