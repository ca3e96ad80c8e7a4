//! Signing in by device code, with every answer a provider may give.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::auth::tests::{Answer, Server, access, http, profile_at, tokens};
use crate::auth::{AuthError, ClientProof, Denial, DeviceFlow, DeviceProgress, SignedIn};

const CODE: &str = r#"{"device_code":"DEVICE-CANARY","user_code":"ABCD-EFGH",
    "verification_uri":"https://login.example/device","expires_in":900,"interval":5,"message":"…"}"#;

/// Signs in against a service that gives a code and then the answers in order.
async fn sign_in(
    answers: Vec<Answer>,
) -> (Result<SignedIn, AuthError>, Vec<DeviceProgress>, Server) {
    let mut script = vec![Answer::json(200, CODE)];
    script.extend(answers);
    let server = Server::scripted(script).await;
    let flow = DeviceFlow::start(&profile_at(&server), ClientProof::None, &http())
        .await
        .unwrap();
    let (progress, mut told) = mpsc::unbounded_channel();
    let outcome = flow.finish(progress).await;
    let mut happened = Vec::new();
    while let Ok(progress) = told.try_recv() {
        happened.push(progress);
    }
    (outcome, happened, server)
}

fn asked(seconds: u64) -> DeviceProgress {
    DeviceProgress::Asked {
        next_in: Duration::from_secs(seconds),
    }
}

async fn check_denied(answer: Answer, expected: Denial) {
    match sign_in(vec![Answer::error("authorization_pending"), answer])
        .await
        .0
    {
        Err(AuthError::Denied { denial, .. }) => assert_eq!(denial, expected),
        other => panic!("expected {expected:?}, got {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_approved_code_brings_tokens_and_who_signed_in() {
    let started = Instant::now();
    let (outcome, happened, server) = sign_in(vec![
        Answer::error("authorization_pending"),
        Answer::error("authorization_pending"),
        tokens("at-1", Some("rt-1"), 3600),
    ])
    .await;
    let signed_in = outcome.unwrap();
    assert_eq!(access(&signed_in), "at-1");
    assert!(signed_in.refresh_token.is_some());
    assert_eq!(signed_in.identity.username, "alice@contoso.com");
    assert_eq!(signed_in.scopes, ["mail"]);
    assert_eq!(happened, [asked(5), asked(5), asked(5)]);
    assert!(started.elapsed() >= Duration::from_secs(15));
    let requests = server.asked();
    assert_eq!(requests[0].form["scope"], "offline_access openid profile");
    assert_eq!(requests[0].form["client_id"], "client-1");
    assert_eq!(requests[1].path, "/token");
    assert_eq!(requests[1].form["device_code"], "DEVICE-CANARY");
    assert_eq!(requests[1].form["client_id"], "client-1");
    assert!(!requests[1].form.contains_key("client_secret"));
}

#[tokio::test(start_paused = true)]
async fn slow_down_adds_five_seconds_for_good() {
    let (outcome, happened, _) = sign_in(vec![
        Answer::error("slow_down"),
        Answer::error("authorization_pending"),
        Answer::error("slow_down"),
        tokens("at", Some("rt"), 3600),
    ])
    .await;
    assert!(outcome.is_ok());
    assert_eq!(happened, [asked(5), asked(10), asked(10), asked(15)]);
}

#[tokio::test(start_paused = true)]
async fn a_no_ends_the_sign_in_and_says_which() {
    check_denied(Answer::error("authorization_declined"), Denial::Declined).await;
    check_denied(Answer::error("access_denied"), Denial::Declined).await;
    check_denied(Answer::error("expired_token"), Denial::Expired).await;
    check_denied(Answer::error("bad_verification_code"), Denial::UnknownCode).await;
    let policy = r#"{"error":"invalid_grant","error_codes":[53003],"suberror":"message_only",
        "error_description":"AADSTS53003: blocked","correlation_id":"c-1"}"#;
    check_denied(Answer::json(400, policy), Denial::MethodForbidden).await;
}

#[tokio::test(start_paused = true)]
async fn busy_providers_and_html_do_not_end_a_sign_in() {
    let (outcome, happened, _) = sign_in(vec![
        Answer::html(503).with("Retry-After: 30"),
        Answer::html(200),
        Answer::json(429, r#"{"error":"too_many_requests"}"#),
        Answer::html(502),
        tokens("at", Some("rt"), 3600),
    ])
    .await;
    assert!(outcome.is_ok());
    let troubles = happened
        .iter()
        .filter(|progress| matches!(progress, DeviceProgress::Unreachable { .. }))
        .count();
    assert_eq!(troubles, 4, "{happened:?}");
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_is_waited_for() {
    let started = Instant::now();
    let busy = Answer::html(503).with("Retry-After: 30");
    let (outcome, ..) = sign_in(vec![busy, tokens("at", None, 60)]).await;
    assert!(outcome.is_ok());
    assert!(started.elapsed() >= Duration::from_secs(35));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_never_makes_sense_is_given_up_before_the_code_expires() {
    let (outcome, ..) = sign_in(vec![Answer::html(404)]).await;
    assert!(
        matches!(outcome, Err(AuthError::Nonsense { .. })),
        "{outcome:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_code_nobody_uses_expires() {
    let started = Instant::now();
    let (outcome, ..) = sign_in(vec![Answer::error("authorization_pending")]).await;
    assert!(matches!(
        outcome,
        Err(AuthError::Denied {
            denial: Denial::Expired,
            ..
        })
    ));
    assert!(started.elapsed() >= Duration::from_secs(895));
    assert!(started.elapsed() <= Duration::from_secs(910));
}

#[tokio::test(start_paused = true)]
async fn a_lost_network_is_told_and_polling_goes_on() {
    let server = Server::scripted(vec![Answer::json(200, CODE)]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut profile = profile_at(&server);
    profile.token_endpoint = Some(format!("http://{address}/token"));
    let flow = DeviceFlow::start(&profile, ClientProof::None, &http())
        .await
        .unwrap();
    let (progress, mut told) = mpsc::unbounded_channel();
    let finish = tokio::spawn(flow.finish(progress));
    while !matches!(told.recv().await, Some(DeviceProgress::Unreachable { .. })) {}
    let listener = TcpListener::bind(address).await.unwrap();
    let _back = Server::on(listener, |_| tokens("at", Some("rt"), 60));
    assert_eq!(access(&finish.await.unwrap().unwrap()), "at");
}

#[tokio::test(start_paused = true)]
async fn a_missing_refresh_token_still_signs_in() {
    let (outcome, ..) = sign_in(vec![tokens("at", None, 3600)]).await;
    assert!(outcome.unwrap().refresh_token.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_life_of_a_token_counts_by_our_clock_whatever_the_provider_thinks_the_time_is() {
    let before = jiff::Timestamp::now();
    let drifted = tokens("at", None, 3600).with("Date: Thu, 01 Jan 1970 00:00:00 GMT");
    let (outcome, ..) = sign_in(vec![drifted]).await;
    let life = outcome.unwrap().expires_at.duration_since(before);
    assert!((3600..3660).contains(&life.as_secs()), "{life}");
}

#[tokio::test(start_paused = true)]
async fn text_for_numbers_and_old_names_are_understood() {
    let server = Server::scripted(vec![Answer::json(
        200,
        r#"{"device_code":"d","user_code":"U\u001b[2J","verification_url":"https://x.example/",
            "verification_uri_complete":"https://x.example/?c=U","expires_in":"60","interval":"0"}"#,
    )])
    .await;
    let flow = DeviceFlow::start(&profile_at(&server), ClientProof::None, &http())
        .await
        .unwrap();
    let shown = flow.authorization();
    assert_eq!(shown.user_code, "U[2J");
    assert_eq!(shown.verification_uri, "https://x.example/");
    assert_eq!(
        shown.verification_uri_complete.as_deref(),
        Some("https://x.example/?c=U")
    );
    assert_eq!(shown.interval, Duration::from_secs(1));
}

#[tokio::test]
async fn an_address_that_is_no_web_page_is_not_shown() {
    let hostile = CODE.replace("https://login.example/device", "javascript:alert(1)");
    let server = Server::scripted(vec![Answer::json(200, &hostile)]).await;
    let outcome = DeviceFlow::start(&profile_at(&server), ClientProof::None, &http()).await;
    assert!(matches!(outcome, Err(AuthError::Nonsense { .. })));
}

#[tokio::test]
async fn a_refused_start_says_why() {
    let refused = r#"{"error":"invalid_client","error_codes":[7000218],
        "error_description":"AADSTS7000218: The request body must contain client_secret"}"#;
    let server = Server::scripted(vec![Answer::json(401, refused)]).await;
    let outcome = DeviceFlow::start(&profile_at(&server), ClientProof::None, &http()).await;
    assert!(matches!(
        outcome,
        Err(AuthError::Denied { code, .. }) if code == "AADSTS7000218"
    ));
    let mut profile = profile_at(&server);
    profile.client_id = " ".into();
    let outcome = DeviceFlow::start(&profile, ClientProof::None, &http()).await;
    assert!(matches!(outcome, Err(AuthError::Profile { .. })));
}

#[tokio::test]
async fn nothing_that_is_printed_holds_a_secret() {
    let server = Server::scripted(vec![Answer::json(200, CODE)]).await;
    let flow = DeviceFlow::start(&profile_at(&server), ClientProof::None, &http())
        .await
        .unwrap();
    assert!(!format!("{flow:?}").contains("CANARY"));
    let broken = r#"{"access_token":7,"refresh_token":"RT-CANARY"}"#;
    let server = Server::scripted(vec![Answer::json(200, broken)]).await;
    let outcome = DeviceFlow::start(&profile_at(&server), ClientProof::None, &http()).await;
    assert!(!format!("{outcome:?}").contains("CANARY"));
}
