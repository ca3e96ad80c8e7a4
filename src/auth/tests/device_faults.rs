//! Every no to a device code (RFC 8628 §3.5, RFC 6749 §5.2), and what a confidential application sends with it.

use secrecy::SecretString;
use tokio::sync::mpsc;

use crate::auth::tests::{Answer, Server, http, profile, profile_at, tokens};
use crate::auth::{AuthError, ClientProof, Denial, DeviceFlow, SignedIn};
use crate::model::{Cloud, Provider};

const CODE: &str = r#"{"device_code":"D","user_code":"U","verification_uri":"https://x.example/",
    "expires_in":900,"interval":5}"#;

async fn poll(answer: Answer) -> Result<SignedIn, AuthError> {
    let server = Server::scripted(vec![Answer::json(200, CODE), answer]).await;
    let flow = DeviceFlow::start(&profile_at(&server), ClientProof::None, &http())
        .await
        .unwrap();
    let (progress, _) = mpsc::unbounded_channel();
    flow.finish(progress).await
}

#[track_caller]
fn check(outcome: Result<SignedIn, AuthError>, expected: &Denial) {
    match outcome {
        Err(AuthError::Denied { denial, .. }) => assert_eq!(&denial, expected),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn every_no_to_a_poll_is_sorted() {
    for (error, expected) in [
        ("access_denied", Denial::Declined),
        ("expired_token", Denial::Expired),
        ("invalid_request", Denial::Other),
        ("invalid_client", Denial::ClientRefused),
        ("invalid_grant", Denial::UnknownCode),
        ("unauthorized_client", Denial::MethodForbidden),
        ("unsupported_grant_type", Denial::MethodForbidden),
        ("invalid_scope", Denial::Other),
    ] {
        check(poll(Answer::error(error)).await, &expected);
    }
    for error in ["authorization_pending", "slow_down"] {
        check(poll(Answer::error(error)).await, &Denial::Expired);
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_against_device_codes_offers_another_way() {
    let blocked = r#"{"error":"invalid_grant","error_codes":[53003],
        "error_description":"AADSTS53003: Access has been blocked by Conditional Access policies."}"#;
    let outcome = poll(Answer::json(400, blocked)).await;
    check(outcome, &Denial::MethodForbidden);
    let server = Server::scripted(vec![Answer::error("access_denied")]).await;
    let outcome = DeviceFlow::start(&profile_at(&server), ClientProof::None, &http()).await;
    assert!(matches!(
        outcome,
        Err(AuthError::Denied {
            denial: Denial::MethodForbidden,
            ..
        })
    ));
}

#[tokio::test]
async fn google_has_no_device_codes_for_mail() {
    let google = profile(Provider::Gmail);
    let outcome = DeviceFlow::start(&google, ClientProof::None, &http()).await;
    assert!(matches!(
        outcome,
        Err(AuthError::Denied {
            denial: Denial::MethodForbidden,
            ..
        })
    ));
}

#[tokio::test(start_paused = true)]
async fn a_confidential_application_proves_itself_each_time() {
    let script = vec![Answer::json(200, CODE), tokens("at", Some("rt"), 60)];
    let server = Server::scripted(script).await;
    let secret = ClientProof::Secret(SecretString::from("SECRET-CANARY"));
    let flow = DeviceFlow::start(&profile_at(&server), secret, &http())
        .await
        .unwrap();
    assert!(!format!("{flow:?}").contains("CANARY"));
    let (progress, _) = mpsc::unbounded_channel();
    flow.finish(progress).await.unwrap();
    for asked in server.asked() {
        assert_eq!(asked.form["client_secret"], "SECRET-CANARY");
        assert!(!asked.form.contains_key("code"));
    }
}

#[tokio::test(start_paused = true)]
async fn microsofts_older_endpoints_get_a_resource_and_the_codes_older_name() {
    let script = vec![Answer::json(200, CODE), tokens("at", Some("rt"), 60)];
    let server = Server::scripted(script).await;
    let mut profile = profile_at(&server);
    profile.provider = Provider::Microsoft365;
    profile.cloud = Cloud::China;
    profile.authority = Some(server.base.clone());
    (
        profile.token_endpoint,
        profile.device_authorization_endpoint,
    ) = (None, None);
    let flow = DeviceFlow::start(&profile, ClientProof::None, &http())
        .await
        .unwrap();
    let (progress, _) = mpsc::unbounded_channel();
    flow.finish(progress).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].path, "/contoso.com/oauth2/devicecode");
    assert_eq!(asked[1].path, "/contoso.com/oauth2/token");
    for asked in &asked {
        assert_eq!(asked.form["resource"], "https://partner.outlook.cn");
    }
    assert_eq!(asked[1].form["code"], "D");
    assert_eq!(asked[1].form["device_code"], "D");
}
