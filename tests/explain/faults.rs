//! Sign-in services that fail: at every endpoint, in every way, by every method. Each failure is sorted, ends in time, and
//! is told with its cause, who can mend it and how.

use pillarbox::auth::{AuthError, Denial};
use pillarbox::demo::{Endpoint, Trouble};
use pillarbox::engine::{EngineError, PasteMistake};
use pillarbox::explain::explain;
use pillarbox::net::NetError;

use crate::story::{Back, Ended, Story, Way};
use Endpoint::{Authorize, DeviceCode, Discovery, Token};
use Trouble::{
    Html, Huge, Plain, RedirectToHttp, SomebodyElse, Unavailable, WrongIssuer, WrongState,
};
use Way::{AppCertificate, AppSecret, Browser, Device, Web};

/// More than any answer of a sign-in service needs.
const MOST_BYTES: usize = 1 << 20;

/// Places where a document is looked for, and one more.
const PLACES: usize = 4;

/// Names how a sign-in ended.
fn name_of(ended: &Ended) -> String {
    let Err(error) = &ended.outcome else {
        return match ended.refused.as_slice() {
            [] => "signed in".to_owned(),
            [mistake] => format!("signed in after {mistake:?}"),
            more => panic!("{more:?}"),
        };
    };
    let EngineError::Auth(error) = &**error else {
        return format!("{error:?}");
    };
    match error {
        AuthError::Busy { status, after } => {
            format!("busy {status} {}", after.map_or(0, |after| after.as_secs()))
        }
        AuthError::Nonsense { .. } => "nonsense".to_owned(),
        AuthError::Unreachable(NetError::TooLong { limit, .. }) => {
            assert!(*limit <= MOST_BYTES);
            "too long".to_owned()
        }
        AuthError::Denied {
            denial: Denial::WrongIdentity { .. },
            ..
        } => "somebody else".to_owned(),
        AuthError::Denied { denial, .. } => format!("{denial:?}"),
        other => format!("{other:?}"),
    }
}

/// Whatever fails is told in full.
fn check_notice(error: &EngineError) {
    let notice = explain(error);
    assert!(!notice.title.is_empty(), "{notice:?}");
    assert!(!notice.cause.is_empty(), "{notice:?}");
    assert!(!notice.how.is_empty(), "{notice:?}");
    assert!(!notice.who.words().is_empty(), "{notice:?}");
}

async fn complaint(
    story: &Story,
    way: Way,
    (what, back): (&str, Back),
    wanted: &str,
) -> Option<String> {
    let ended = story.sign_in(way, back).await;
    let found = name_of(&ended);
    if let Err(error) = &ended.outcome {
        check_notice(error);
    }
    (found != wanted).then(|| format!("{way:?} {what}: {found}, not {wanted}"))
}

async fn check(rows: &[(Way, Endpoint, Trouble, &str)]) {
    let story = Story::begin().await;
    let mut wrong = Vec::new();
    for (way, endpoint, trouble, wanted) in rows {
        story.control().trouble(*endpoint, trouble.clone());
        let what = format!("{endpoint:?} {trouble:?}");
        wrong.extend(complaint(&story, *way, (&what, Back::AsTold), wanted).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[rustfmt::skip]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_are_none_are_told_apart() {
    let mut rows = Vec::new();
    for way in [Browser, Web, AppSecret, AppCertificate] {
        rows.push((way, Token, Html, "nonsense"));
        rows.push((way, Token, Unavailable(7), "busy 503 7"));
        rows.push((way, Token, Huge, "too long"));
        rows.push((way, Token, RedirectToHttp, "nonsense"));
    }
    rows.extend([
        (Device, DeviceCode, Html, "nonsense"),
        (Device, DeviceCode, Unavailable(7), "busy 503 7"),
        (Device, DeviceCode, Huge, "too long"),
        (Device, DeviceCode, RedirectToHttp, "nonsense"),
    ]);
    check(&rows).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_are_none_are_told_apart() {
    let mut wrong = Vec::new();
    for way in [Device, Browser, Web, AppSecret, AppCertificate] {
        for (trouble, wanted) in [
            (Html, "nonsense"),
            (Unavailable(7), "busy 503 7"),
            (Huge, "too long"),
            (RedirectToHttp, "nonsense"),
            (WrongIssuer, "nonsense"),
        ] {
            // What was discovered once is remembered.
            let story = Story::begin().await;
            // There are several places where the document may be.
            for _ in 0..PLACES {
                story.control().trouble(Discovery, trouble.clone());
            }
            let what = format!("Discovery {trouble:?}");
            wrong.extend(complaint(&story, way, (&what, Back::AsTold), wanted).await);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_is_none_is_looked_for_at_the_next_place() {
    check(&[(Device, Discovery, Html, "signed in")]).await;
}

#[rustfmt::skip]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polls_that_fail_are_followed_by_others() {
    check(&[
        (Device, Token, Html, "signed in"),
        (Device, Token, Unavailable(1), "signed in"),
        (Device, Token, Huge, "signed in"),
        (Device, Token, RedirectToHttp, "signed in"),
        (Device, Token, Plain("authorization_pending"), "signed in"),
        (Device, Token, Plain("slow_down"), "signed in"),
        (Device, Token, Plain("temporarily_unavailable"), "signed in"),
        (Device, Token, Plain("server_error"), "signed in"),
        (Device, Token, Plain("expired_token"), "signed in"),
    ]).await;
}

#[rustfmt::skip]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_error_of_the_token_endpoint_is_sorted() {
    check(&[
        (Device, Token, Plain("access_denied"), "Declined"),
        (Device, Token, Plain("invalid_request"), "Other"),
        (Device, Token, Plain("invalid_client"), "ClientRefused"),
        (Device, Token, Plain("invalid_grant"), "UnknownCode"),
        (Device, Token, Plain("unauthorized_client"), "MethodForbidden"),
        (Device, Token, Plain("unsupported_grant_type"), "MethodForbidden"),
        (Device, Token, Plain("invalid_scope"), "Other"),
        (Device, DeviceCode, Plain("access_denied"), "MethodForbidden"),
        (Device, DeviceCode, Plain("invalid_request"), "Other"),
        (Device, DeviceCode, Plain("invalid_client"), "ClientRefused"),
        (Device, DeviceCode, Plain("unauthorized_client"), "MethodForbidden"),
        (Device, DeviceCode, Plain("unsupported_grant_type"), "MethodForbidden"),
        (Device, DeviceCode, Plain("invalid_scope"), "Other"),
        (Device, DeviceCode, Plain("temporarily_unavailable"), "busy 400 0"),
    ]).await;
    let mut rows = Vec::new();
    for way in [Browser, Web, AppSecret, AppCertificate] {
        let unknown_code = if matches!(way, Browser | Web) { "UnknownCode" } else { "Other" };
        rows.push((way, Token, Plain("invalid_request"), "Other"));
        rows.push((way, Token, Plain("invalid_client"), "ClientRefused"));
        rows.push((way, Token, Plain("invalid_grant"), unknown_code));
        rows.push((way, Token, Plain("unauthorized_client"), "Other"));
        rows.push((way, Token, Plain("unsupported_grant_type"), "Other"));
        rows.push((way, Token, Plain("invalid_scope"), "Other"));
        rows.push((way, Token, Plain("server_error"), "busy 400 0"));
        rows.push((way, Token, Plain("a new one"), "Other"));
    }
    check(&rows).await;
}

#[rustfmt::skip]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_error_on_the_way_back_from_the_browser_is_sorted() {
    let story = Story::begin().await;
    let mut wrong = Vec::new();
    for (error, wanted) in [
        ("invalid_request", "Other"),
        ("unauthorized_client", "Other"),
        ("access_denied", "Declined"),
        ("unsupported_response_type", "Other"),
        ("invalid_scope", "Other"),
        ("server_error", "busy 500 0"),
        ("temporarily_unavailable", "busy 503 0"),
        ("login_required", "Other"),
        ("a new one", "Other"),
    ] {
        for way in [Browser, Web] {
            wrong.extend(complaint(&story, way, (error, Back::Error(error)), wanted).await);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[rustfmt::skip]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_for_somebody_else_are_not_taken() {
    let other = || SomebodyElse("sam@harborvale.example".to_owned());
    let mistaken = format!("signed in after {:?}", PasteMistake::OtherSignIn);
    let mut rows = vec![(Device, Token, other(), "somebody else")];
    for way in [Browser, Web] {
        rows.push((way, Authorize, WrongState, mistaken.as_str()));
        rows.push((way, Authorize, WrongIssuer, "Mixed"));
        rows.push((way, Authorize, other(), "somebody else"));
        rows.push((way, Token, other(), "somebody else"));
        rows.push((way, Token, WrongIssuer, "Mixed"));
    }
    check(&rows).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_cannot_revoke_hinders_no_sign_out() {
    let story = Story::begin().await;
    for trouble in [
        Html,
        Unavailable(600),
        Huge,
        RedirectToHttp,
        Plain("invalid_request"),
    ] {
        let ended = story.sign_in(Device, Back::AsTold).await;
        assert!(ended.outcome.is_ok(), "{ended:?}");
        story
            .control()
            .trouble(Endpoint::Revocation, trouble.clone());
        let signed_out = story.engine.sign_out("work").await;
        assert!(signed_out.is_ok(), "{trouble:?} {signed_out:?}");
        let facts = story.engine.token_facts("work").await.unwrap();
        assert!(facts.is_none(), "{trouble:?} {facts:?}");
    }
}
