//! Signing out: the provider ends the tokens where it can, and they are forgotten in any case.

use std::time::Duration;

use super::{bearer, check_denied, keeper_of, signed_in};
use crate::auth::keeper::{Ended, TokenKeeper, TokenState};
use crate::auth::tests::{Answer, Server, TestClock, profile};
use crate::auth::{Denial, Vault};
use crate::model::{Provider, SignInProfile};

/// A provider with discovery; `answer` is what its revocation endpoint says, if it has one.
async fn provider(answer: Option<Answer>) -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    Server::on(listener, move |asked| {
        if asked.path.ends_with("/revoke") {
            return answer.clone().unwrap();
        }
        let revoke = match answer {
            Some(_) => format!(r#","revocation_endpoint":"{base}/revoke""#),
            None => String::new(),
        };
        let document = format!(r#"{{"issuer":"{base}","token_endpoint":"{base}/token"{revoke}}}"#);
        Answer::json(200, &document)
    })
}

/// Signs in, then out, and checks that nothing is left and what is said of it.
async fn sign_out(server: &Server, expected: Ended) -> Vec<(String, String)> {
    let (vault, clock) = (Vault::in_memory(), TestClock::new());
    let profile = SignInProfile {
        authority: Some(server.base.clone()),
        ..profile(Provider::Custom)
    };
    let keeper: TokenKeeper = keeper_of(profile, &vault, &clock).await;
    keeper
        .adopt(signed_in("at-0", Some("rt-0"), 3600, &clock))
        .await
        .unwrap();
    assert_eq!(keeper.end().await.unwrap(), expected);
    assert_eq!(keeper.end().await.unwrap(), Ended::Nothing);
    assert!(vault.get("token/work").await.unwrap().is_none());
    assert_eq!(*keeper.state().borrow(), TokenState::Missing);
    check_denied(bearer(&keeper).await, &Denial::NeverSignedIn);
    let asked = server.asked();
    let ended = asked.iter().filter(|asked| asked.path.ends_with("/revoke"));
    ended
        .map(|asked| {
            assert_eq!(asked.form["client_id"], "client-1");
            (
                asked.form["token_type_hint"].clone(),
                asked.form["token"].clone(),
            )
        })
        .collect()
}

#[tokio::test]
async fn both_tokens_are_ended_the_refresh_token_first() {
    let server = provider(Some(Answer::json(200, ""))).await;
    let ended = sign_out(&server, Ended::AtProvider).await;
    let expected = [("refresh_token", "rt-0"), ("access_token", "at-0")];
    assert_eq!(
        ended,
        expected.map(|(kind, token)| (kind.to_owned(), token.to_owned()))
    );
}

#[tokio::test]
async fn a_provider_that_refuses_or_fails_keeps_nothing_alive() {
    for answer in [
        Answer::error("unsupported_token_type"),
        Answer::html(503),
        Answer::html(302),
    ] {
        let server = provider(Some(answer)).await;
        assert_eq!(sign_out(&server, Ended::Failed).await.len(), 2);
    }
}

#[tokio::test]
async fn a_provider_without_revocation_is_not_asked() {
    let server = provider(None).await;
    assert!(sign_out(&server, Ended::NotOffered).await.is_empty());
    let gone = Server::scripted(vec![Answer::html(404)]).await;
    assert!(sign_out(&gone, Ended::Failed).await.is_empty());
}

#[tokio::test]
async fn a_provider_that_never_answers_holds_nobody_up() {
    let answer = Answer::json(200, "").after(Duration::from_secs(3600));
    let server = provider(Some(answer)).await;
    let waiting = tokio::spawn(async move { sign_out(&server, Ended::Failed).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
    assert_eq!(waiting.await.unwrap().len(), 1);
}
