//! Everything a provider, or somebody in between, can do wrong while a browser signs in.

use crate::auth::tests::Answer;
use crate::auth::tests::browser::{asked, come_back, good, provider, start, start_with, tokens};
use crate::auth::{AuthError, BrowserFlow, ClientProof, Denial};
use crate::model::{Method, Provider, SignInProfile};
use crate::net::NetError;

use super::{Server, http, profile};

#[track_caller]
fn denial(outcome: Result<crate::auth::SignedIn, AuthError>) -> (Denial, String) {
    match outcome {
        Err(AuthError::Denied { denial, error, .. }) => (denial, error),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_error_of_a_redirect_ends_the_sign_in_and_is_shown() {
    for (error, expected) in [
        ("invalid_request", Denial::Other),
        ("unauthorized_client", Denial::Other),
        ("access_denied", Denial::Declined),
        ("unsupported_response_type", Denial::Other),
        ("invalid_scope", Denial::Other),
        ("consent_required", Denial::Other),
        ("login_required", Denial::Other),
    ] {
        let story = start(good).await;
        let query = format!("error={error}&error_description=%3Cb%3Ebecause%3C%2Fb%3E&state=STATE");
        let (page, outcome) = come_back(story.flow, &query).await;
        assert!(
            page.contains(error) && page.contains("&lt;b&gt;because"),
            "{page}"
        );
        assert!(!page.contains("<b>"));
        assert_eq!(denial(outcome), (expected, error.to_owned()));
        assert!(story.server.asked().is_empty());
    }
    for (error, expected) in [("server_error", 500), ("temporarily_unavailable", 503)] {
        let story = start(good).await;
        let (_, outcome) = come_back(story.flow, &format!("error={error}&state=STATE")).await;
        assert!(matches!(outcome, Err(AuthError::Busy { status, .. }) if status == expected));
    }
}

#[tokio::test]
async fn a_code_of_microsoft_in_a_redirect_is_found() {
    let story = start(good).await;
    let query = "error=access_denied&error_subcode=cancel\
                 &error_description=AADSTS65004%3A+User+declined+to+consent&state=STATE";
    let (_, outcome) = come_back(story.flow, query).await;
    assert!(matches!(
        outcome,
        Err(AuthError::Denied { denial: Denial::Declined, code, suberror, .. })
            if code == "AADSTS65004" && suberror == "cancel"
    ));
}

#[tokio::test]
async fn every_error_of_a_redemption_is_sorted() {
    for (error, expected) in [
        ("invalid_request", Denial::Other),
        ("invalid_client", Denial::ClientRefused),
        ("invalid_grant", Denial::UnknownCode),
        ("unauthorized_client", Denial::Other),
        ("unsupported_grant_type", Denial::Other),
        ("invalid_scope", Denial::Other),
    ] {
        let story = start(move |_| Answer::error(error)).await;
        let (page, outcome) = come_back(story.flow, "code=c&state=STATE").await;
        assert!(page.contains("Not signed in") && page.contains(error));
        assert_eq!(denial(outcome), (expected, error.to_owned()));
    }
}

#[tokio::test]
async fn an_answer_that_is_none_is_not_taken_for_one() {
    for answer in [
        Answer::html(200),
        Answer::html(404),
        Answer::json(200, "[]"),
        Answer::json(200, r#"{"access_token":7,"refresh_token":"RT-CANARY"}"#),
        Answer::html(302).with("Location: http://evil.example/token"),
    ] {
        let story = start(move |_| answer.clone()).await;
        let (page, outcome) = come_back(story.flow, "code=c&state=STATE").await;
        assert!(
            matches!(outcome, Err(AuthError::Nonsense { .. })),
            "{outcome:?}"
        );
        assert!(!format!("{page}{outcome:?}").contains("CANARY"));
        assert_eq!(story.server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_busy_provider_says_how_long() {
    let story = start(|_| Answer::html(503).with("Retry-After: 17")).await;
    let (_, outcome) = come_back(story.flow, "code=c&state=STATE").await;
    assert!(matches!(
        outcome,
        Err(AuthError::Busy { status: 503, after: Some(after) }) if after.as_secs() == 17
    ));
}

#[tokio::test]
async fn a_body_without_end_is_not_read_to_its_end() {
    let long = format!(r#"{{"access_token":"{}"}}"#, "a".repeat(10 << 20));
    let story = start(move |_| Answer::json(200, &long)).await;
    let (_, outcome) = come_back(story.flow, "code=c&state=STATE").await;
    assert!(matches!(
        outcome,
        Err(AuthError::Unreachable(NetError::TooLong { .. }))
    ));
}

#[tokio::test]
async fn tokens_of_another_sign_in_or_for_somebody_else_are_refused() {
    for (claims, expected) in [
        (r#"{"nonce":"other","aud":"client-1"}"#, "nonce"),
        (r#"{"aud":"client-1"}"#, "nonce"),
        (r#"{"nonce":"NONCE","aud":"client-2"}"#, "aud"),
        (r#"{"nonce":"NONCE","aud":["client-2"]}"#, "aud"),
        (r#"{"nonce":"NONCE"}"#, "aud"),
        ("[]", "id_token"),
    ] {
        let story = start(|nonce| tokens(&claims.replace("NONCE", nonce))).await;
        let (page, outcome) = come_back(story.flow, "code=c&state=STATE").await;
        assert_eq!(
            denial(outcome),
            (Denial::Mixed, expected.to_owned()),
            "{claims}"
        );
        assert!(page.contains("Not signed in"));
    }
    let several = start(|nonce| {
        tokens(&format!(
            r#"{{"nonce":"{nonce}","aud":["client-2","client-1"]}}"#
        ))
    });
    let (_, outcome) = come_back(several.await.flow, "code=c&state=STATE").await;
    outcome.unwrap();
}

/// Starts at a provider that describes itself and promises to name itself on redirects.
async fn discovered(claims: &'static str) -> (Server, BrowserFlow) {
    let (base, known) = tokio::sync::watch::channel((String::new(), String::new()));
    let server = Server::start(move |asked| {
        let (base, nonce) = known.borrow().clone();
        if asked.path == "/token" {
            return tokens(&claims.replace("BASE", &base).replace("NONCE", &nonce));
        }
        Answer::json(
            200,
            &format!(
                r#"{{"issuer":"{base}","token_endpoint":"{base}/token",
                    "authorization_endpoint":"{base}/authorize",
                    "authorization_response_iss_parameter_supported":true}}"#
            ),
        )
    })
    .await;
    base.send((server.base.clone(), String::new())).unwrap();
    let profile = SignInProfile {
        method: Method::Browser,
        authority: Some(server.base.clone()),
        ..profile(Provider::Custom)
    };
    let flow = BrowserFlow::start(&profile, ClientProof::None, "", &http())
        .await
        .unwrap();
    base.send((server.base.clone(), asked(&flow, "nonce")))
        .unwrap();
    (server, flow)
}

const GOOD: &str = r#"{"nonce":"NONCE","aud":"client-1","iss":"BASE"}"#;

#[tokio::test]
async fn an_answer_of_another_issuer_is_refused() {
    for iss in ["", "&iss=https%3A%2F%2Fevil.example"] {
        let (server, flow) = discovered(GOOD).await;
        let before = server.asked().len();
        let (_, outcome) = come_back(flow, &format!("code=c&state=STATE{iss}")).await;
        assert_eq!(denial(outcome), (Denial::Mixed, "iss".to_owned()));
        assert_eq!(server.asked().len(), before, "the code must stay here");
    }
    let (server, flow) = discovered(GOOD).await;
    let query = format!("code=c&state=STATE&iss={}", server.base);
    come_back(flow, &query).await.1.unwrap();
    let (server, flow) =
        discovered(r#"{"nonce":"NONCE","aud":"client-1","iss":"https://evil.example"}"#).await;
    let query = format!("code=c&state=STATE&iss={}", server.base);
    let (_, outcome) = come_back(flow, &query).await;
    assert_eq!(denial(outcome), (Denial::Mixed, "iss".to_owned()));
}

#[tokio::test]
async fn a_profile_that_cannot_work_is_refused_before_a_browser_opens() {
    let (server, _) = provider(good).await;
    let usable = super::browser::profile_of(&server);
    let without_id = SignInProfile {
        client_id: " ".into(),
        ..usable.clone()
    };
    let clear = SignInProfile {
        authorization_endpoint: Some("http://id.example/authorize".into()),
        ..usable.clone()
    };
    let odd = SignInProfile {
        redirect_uri: Some("http://localhost/#x".into()),
        ..usable
    };
    for profile in [without_id, clear, odd] {
        let outcome = BrowserFlow::start(&profile, ClientProof::None, "", &http()).await;
        assert!(matches!(outcome, Err(AuthError::Profile { .. })));
    }
}

#[tokio::test]
async fn a_provider_without_an_id_token_is_believed() {
    let story = start_with(
        |_| Answer::json(200, r#"{"access_token":"at","expires_in":60}"#),
        ClientProof::None,
        |_| {},
    );
    let (_, outcome) = come_back(story.await.flow, "code=c&state=STATE").await;
    assert!(outcome.unwrap().identity.username.is_empty());
}
