//! How sign-ins are spoken and what their refusals say.

use super::*;
use crate::backend::error::Refusal;

const PLAIN: &str = "AG1lQHguY29tAHNlY3JldA==";

/// Plays the steps behind a greeting and returns what became of the sign-in.
async fn sign_in(
    host: &str,
    offers: &[&str],
    login: &Login,
    steps: &[Step],
) -> Result<(), BackendError> {
    let (mut server, played) = serve([greeted(offers), steps.to_vec()].concat()).await;
    host.clone_into(&mut server.host);
    let outcome = connect_anyway(&server, login).await.map(drop);
    played.await.unwrap();
    outcome
}

fn xoauth2(length: usize) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!(
        "user=me@x.com\u{1}auth=Bearer {}\u{1}\u{1}",
        "t".repeat(length)
    ))
}

#[tokio::test]
async fn a_short_token_goes_with_the_command() {
    let steps = [
        hear(format!("AUTH XOAUTH2 {}", xoauth2(20))),
        say("235 2.7.0 Accepted"),
    ];
    sign_in("x.com", &["AUTH LOGIN XOAUTH2"], &token(20), &steps)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_long_token_goes_after_the_challenge() {
    let steps = [
        hear("AUTH XOAUTH2"),
        say("334 "),
        hear(xoauth2(2500)),
        say("235 2.7.0 Accepted"),
    ];
    sign_in("x.com", &["AUTH XOAUTH2"], &token(2500), &steps)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_empty_challenge_gets_the_payload_again() {
    let payload = xoauth2(20);
    let steps = [
        hear(format!("AUTH XOAUTH2 {payload}")),
        say("334 "),
        hear(payload),
        say("235 ok"),
    ];
    sign_in("x.com", &["AUTH XOAUTH2"], &token(20), &steps)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_reason_of_a_refusal_is_kept() {
    // {"status":"401","schemes":"bearer"}
    let challenge = "334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIn0=";
    let steps = [
        hear(format!("AUTH XOAUTH2 {}", xoauth2(20))),
        say(challenge),
        hear(""),
        say("535 5.7.8 Failed"),
    ];
    let error = sign_in("x.com", &["AUTH XOAUTH2"], &token(20), &steps)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, BackendError::SignIn { code, text } if code == "535 5.7.8" && text == "Failed {\"status\":\"401\",\"schemes\":\"bearer\"}"),
        "{error:?}"
    );
}

#[tokio::test]
async fn oauthbearer_is_preferred_and_its_refusal_dismissed_by_its_own_rule() {
    use base64::Engine as _;
    let (server, played) = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let payload = format!(
            "n,a=me@x.com,\u{1}host=127.0.0.1\u{1}port={port}\u{1}auth=Bearer ttt\u{1}\u{1}"
        );
        let payload = base64::engine::general_purpose::STANDARD.encode(payload);
        let steps = [
            hear(format!("AUTH OAUTHBEARER {payload}")),
            say("334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0="),
            hear("AQ=="),
            say("535 5.7.8 no"),
        ];
        let steps = [greeted(&["AUTH PLAIN XOAUTH2 OAUTHBEARER"]), steps.to_vec()].concat();
        let played = tokio::spawn(async move {
            let (socket, _) = listener.accept().await.unwrap();
            play(socket, steps).await
        });
        let server = OutgoingServer {
            protocol: OutgoingProtocol::Smtp,
            host: "127.0.0.1".into(),
            port,
            tls: TlsMode::None,
            path: None,
        };
        (server, played)
    };
    let error = connect_anyway(&server, &token(3))
        .await
        .map(drop)
        .unwrap_err();
    assert!(matches!(error, BackendError::SignIn { text, .. } if text.contains("invalid_token")));
    played.await.unwrap();
}

#[tokio::test]
async fn microsoft_gets_xoauth2_and_says_no_at_once() {
    let steps = [
        hear(format!("AUTH XOAUTH2 {}", xoauth2(20))),
        say("535 5.7.3 Authentication unsuccessful [X]"),
    ];
    let error = sign_in(
        "smtp.office365.com",
        &["AUTH XOAUTH2 OAUTHBEARER"],
        &token(20),
        &steps,
    )
    .await
    .unwrap_err();
    assert!(matches!(error, BackendError::SignIn { code, .. } if code == "535 5.7.3"));
}

#[tokio::test]
async fn smtp_auth_switched_off_is_no_matter_of_tokens() {
    let words = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled";
    let steps = [hear(format!("AUTH XOAUTH2 {}", xoauth2(20))), say(words)];
    let error = sign_in("x.com", &["AUTH XOAUTH2"], &token(20), &steps)
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        BackendError::Refused {
            kind: Refusal::SmtpAuthDisabled,
            ..
        }
    ));
}

#[tokio::test]
async fn passwords_go_by_plain_else_by_login() {
    let steps = [hear(format!("AUTH PLAIN {PLAIN}")), say("235 ok")];
    sign_in("x.com", &["AUTH LOGIN PLAIN"], &password(), &steps)
        .await
        .unwrap();
    let steps = [
        hear("AUTH LOGIN"),
        say("334 VXNlcm5hbWU6"),
        hear("bWVAeC5jb20="),
        say("334 UGFzc3dvcmQ6"),
        hear("c2VjcmV0"),
        say("235 ok"),
    ];
    sign_in("x.com", &["AUTH LOGIN"], &password(), &steps)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_mechanism_the_server_does_not_know_after_all_is_passed_over() {
    let steps = [
        hear(format!("AUTH PLAIN {PLAIN}")),
        say("504 5.7.4 Unrecognized authentication type"),
        hear("AUTH LOGIN"),
        say("535 5.7.8 wrong"),
    ];
    let error = sign_in("x.com", &["AUTH PLAIN LOGIN"], &password(), &steps)
        .await
        .unwrap_err();
    assert!(matches!(error, BackendError::SignIn { .. }));
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_without_a_fitting_mechanism() {
    let error = sign_in("x.com", &["AUTH LOGIN PLAIN"], &token(9), &[])
        .await
        .unwrap_err();
    assert!(
        matches!(error, BackendError::Refused { text, .. } if text.ends_with("it offers: LOGIN PLAIN"))
    );
    let error = sign_in("x.com", &[], &password(), &[]).await.unwrap_err();
    assert!(
        matches!(error, BackendError::Refused { text, .. } if text.ends_with("it offers: none"))
    );
}

#[tokio::test]
async fn a_secret_is_in_no_error() {
    let steps = [hear(format!("AUTH PLAIN {PLAIN}")), say("535 5.7.8 no")];
    let error = sign_in("x.com", &["AUTH PLAIN"], &password(), &steps)
        .await
        .unwrap_err();
    let shown = format!("{error:?} {error}");
    assert!(!shown.contains("secret") && !shown.contains(PLAIN));
}

#[tokio::test]
async fn throttling_at_sign_in_is_told_from_a_wrong_token() {
    let steps = [
        hear(format!("AUTH PLAIN {PLAIN}")),
        say("432 4.3.2 Concurrent connections limit exceeded"),
    ];
    let error = sign_in("x.com", &["AUTH PLAIN"], &password(), &steps)
        .await
        .unwrap_err();
    assert!(matches!(error, BackendError::Throttled { .. }));
}
