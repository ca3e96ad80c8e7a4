//! Finding the addresses of a provider of one's own.

use crate::auth::AuthError;
use crate::auth::endpoints::{Endpoints, Issuer, Need};
use crate::auth::tests::{Answer, Server, http, profile};
use crate::model::{Provider, SignInProfile};

/// Starts a service with a discovery document at `place`.
async fn provider(place: &'static str, issuer: &'static str) -> (Server, SignInProfile) {
    let (known, address) = tokio::sync::watch::channel(String::new());
    let server = Server::start(move |asked| {
        if asked.path != place {
            return Answer::html(404);
        }
        let base = address.borrow().clone();
        let issuer = issuer.replace("BASE", &base);
        Answer::json(
            200,
            &format!(
                r#"{{"issuer":"{issuer}","token_endpoint":"{base}/t","authorization_endpoint":"{base}/a",
                    "revocation_endpoint":"{base}/r","authorization_response_iss_parameter_supported":true,
                    "device_authorization_endpoint":"{base}/d"}}"#
            ),
        )
    })
    .await;
    known.send(server.base.clone()).unwrap();
    let profile = SignInProfile {
        authority: Some(format!("{}/realm", server.base)),
        ..profile(Provider::Custom)
    };
    (server, profile)
}

async fn check_found(place: &'static str, issuer: &'static str) {
    let (server, profile) = provider(place, issuer).await;
    let found = Endpoints::find(&profile, &http()).await.unwrap();
    assert_eq!(found.token.as_str(), format!("{}/t", server.base));
    assert_eq!(found.device.unwrap().as_str(), format!("{}/d", server.base));
}

#[tokio::test]
async fn the_document_is_found_in_each_of_its_places() {
    check_found(
        "/realm/v2.0/.well-known/openid-configuration",
        "BASE/realm/v2.0",
    )
    .await;
    check_found("/realm/.well-known/openid-configuration", "BASE/realm").await;
    check_found(
        "/realm/.well-known/oauth-authorization-server",
        "BASE/realm/",
    )
    .await;
    check_found(
        "/.well-known/oauth-authorization-server/realm",
        "BASE/realm",
    )
    .await;
}

#[tokio::test]
async fn another_issuer_is_not_believed() {
    for issuer in ["https://evil.example", "BASE/other", ""] {
        let (_server, profile) = provider("/realm/.well-known/openid-configuration", issuer).await;
        let outcome = Endpoints::find(&profile, &http()).await;
        assert!(
            matches!(outcome, Err(AuthError::Nonsense { .. })),
            "{issuer}"
        );
    }
}

#[tokio::test]
async fn typed_addresses_win_and_spare_the_look_up() {
    let (server, mut profile) =
        provider("/realm/.well-known/openid-configuration", "BASE/realm").await;
    profile.token_endpoint = Some("https://own.example/token".into());
    let found = Endpoints::find_for(Need::Device, &profile, &http())
        .await
        .unwrap();
    assert_eq!(found.token.as_str(), "https://own.example/token");
    assert_eq!(found.device.unwrap().as_str(), format!("{}/d", server.base));
    let before = server.asked().len();
    profile.device_authorization_endpoint = Some("https://own.example/device".into());
    for need in [Need::Token, Need::Device] {
        Endpoints::find_for(need, &profile, &http()).await.unwrap();
    }
    assert_eq!(server.asked().len(), before);
    Endpoints::find_for(Need::Authorization, &profile, &http())
        .await
        .unwrap();
    assert!(server.asked().len() > before);
}

#[tokio::test]
async fn a_profile_that_cannot_work_is_refused_before_anything_is_sent() {
    let nowhere = profile(Provider::Custom);
    let clear = SignInProfile {
        authority: Some("http://id.example".into()),
        ..profile(Provider::Custom)
    };
    for profile in [nowhere, clear] {
        let outcome = Endpoints::find(&profile, &http()).await;
        assert!(matches!(outcome, Err(AuthError::Profile { .. })));
    }
}

#[tokio::test]
async fn a_document_that_points_to_clear_text_elsewhere_is_not_believed() {
    let server = Server::start(|_| {
        Answer::json(
            200,
            r#"{"issuer":"x","token_endpoint":"http://evil.example/t"}"#,
        )
    })
    .await;
    let profile = SignInProfile {
        authority: Some(server.base.clone()),
        ..profile(Provider::Custom)
    };
    let outcome = Endpoints::find(&profile, &http()).await;
    assert!(matches!(outcome, Err(AuthError::Nonsense { .. })));
}

#[tokio::test]
async fn a_document_says_where_browsers_go_and_who_answers() {
    let (server, profile) = provider("/realm/.well-known/openid-configuration", "BASE/realm").await;
    let found = Endpoints::find(&profile, &http()).await.unwrap();
    assert_eq!(
        found.authorization.unwrap().as_str(),
        format!("{}/a", server.base)
    );
    assert_eq!(
        found.revocation.unwrap().as_str(),
        format!("{}/r", server.base)
    );
    let name = format!("{}/realm", server.base);
    let is_on_redirect = true;
    assert_eq!(
        found.issuer,
        Issuer::Named {
            name,
            is_on_redirect
        }
    );
}
