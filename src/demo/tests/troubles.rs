//! Troubles that tests ask for, each as a client meets it.

use serde_json::Value;

use super::client::{ADA, House, SCOPES, claims, house};
use crate::demo::sign_in::TENANT_ID;
use crate::demo::{Endpoint, Trouble};

/// Asks for a device code and returns status, head and body.
async fn device_code(house: &House) -> super::client::Answer {
    let path = format!("/{TENANT_ID}/oauth2/v2.0/devicecode");
    let form = [
        ("client_id", house.tenant.client_id.as_str()),
        ("scope", SCOPES),
    ];
    house.request("POST", &path, "", &form).await
}

#[tokio::test]
async fn every_number_can_be_asked_for_with_its_text() {
    let house = house(0).await;
    let control = house.tenant.control();
    for row in crate::demo::sign_in::aadsts::ROWS {
        control.trouble(Endpoint::DeviceCode, Trouble::Aadsts(row.number));
        let answer = device_code(&house).await;
        let refused: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(refused["error_codes"][0], row.number);
        assert_eq!(refused["error"], row.error);
        let text = refused["error_description"].as_str().unwrap();
        assert!(
            text.starts_with(&format!("AADSTS{}: ", row.number)),
            "{text}"
        );
        let is_filled = !text.contains('{') || row.number == 900_144;
        assert!(is_filled && text.contains("Correlation ID: "), "{text}");
    }
    assert_eq!(device_code(&house).await.status, 200);
}

#[tokio::test]
async fn an_answer_can_be_no_answer() {
    let house = house(0).await;
    let control = house.tenant.control();
    for trouble in [
        Trouble::Html,
        Trouble::Unavailable(7),
        Trouble::Huge,
        Trouble::RedirectToHttp,
        Trouble::Plain("server_error"),
    ] {
        control.trouble(Endpoint::DeviceCode, trouble);
    }
    let html = device_code(&house).await;
    assert!(
        html.status == 200
            && html
                .header("content-type")
                .unwrap()
                .starts_with("text/html")
    );
    let busy = device_code(&house).await;
    assert_eq!((busy.status, busy.header("retry-after")), (503, Some("7")));
    assert!(device_code(&house).await.body.len() > 10 * 1024 * 1024);
    assert_eq!(device_code(&house).await.location().scheme(), "http");
    assert_eq!(
        device_code(&house).await.body,
        r#"{"error":"server_error"}"#
    );
    assert_eq!(device_code(&house).await.status, 200);
}

#[tokio::test]
async fn each_endpoint_has_its_own_troubles() {
    let house = house(0).await;
    let control = house.tenant.control();
    control.trouble(Endpoint::Token, Trouble::Html);
    control.trouble(Endpoint::Discovery, Trouble::Html);
    control.trouble(Endpoint::Revocation, Trouble::Html);
    control.trouble(Endpoint::Authorize, Trouble::Html);
    assert_eq!(device_code(&house).await.status, 200);
    let html = "<!doctype html>";
    let check = async |method: &str, path: &str| {
        let path = format!("/{TENANT_ID}/{path}");
        assert!(
            house.http(method, &path, &[]).await.1.starts_with(html),
            "{path}"
        );
        assert!(
            !house.http(method, &path, &[]).await.1.starts_with(html)
                || path.ends_with("authorize")
        );
    };
    check("POST", "oauth2/v2.0/token").await;
    check("POST", "oauth2/v2.0/revoke").await;
    check("GET", "v2.0/.well-known/openid-configuration").await;
    check("GET", "oauth2/v2.0/authorize").await;
}

#[tokio::test]
async fn the_way_back_can_be_forged() {
    let house = house(0).await;
    let control = house.tenant.control();
    let fields = super::client::query(&[
        ("client_id", house.tenant.client_id.as_str()),
        ("redirect_uri", "http://localhost:1/"),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "mine"),
        (
            "code_challenge",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        ),
        ("code_challenge_method", "S256"),
    ]);
    let address = format!(
        "{}/{TENANT_ID}/oauth2/v2.0/authorize?{fields}",
        house.base()
    );
    let check = |trouble: Trouble, part: &str| {
        control.trouble(Endpoint::Authorize, trouble);
        let back = control.answer_address(&address, Some(ADA)).unwrap();
        assert!(back.contains(part), "{back}");
    };
    check(Trouble::WrongState, "state=somebody-elses-state");
    check(
        Trouble::WrongIssuer,
        "iss=https%3A%2F%2Flogin.elsewhere.example",
    );
    check(Trouble::Aadsts(53_003), "error_description=AADSTS53003%3A");
    check(
        Trouble::SomebodyElse("sam@harborvale.example".to_owned()),
        "state=mine",
    );
}

#[tokio::test]
async fn tokens_and_documents_can_be_somebody_elses() {
    let house = house(0).await;
    let control = house.tenant.control();
    control.trouble(
        Endpoint::Token,
        Trouble::SomebodyElse("sam@harborvale.example".to_owned()),
    );
    let tokens = house.sign_in_as(ADA, SCOPES).await;
    assert_eq!(
        claims(&tokens["id_token"])["preferred_username"],
        "sam@harborvale.example"
    );
    control.trouble(Endpoint::Token, Trouble::WrongIssuer);
    let tokens = house.sign_in_as(ADA, SCOPES).await;
    assert_eq!(
        claims(&tokens["id_token"])["iss"],
        "https://login.elsewhere.example/v2.0"
    );
    control.trouble(Endpoint::Discovery, Trouble::WrongIssuer);
    let path = format!("/{TENANT_ID}/v2.0/.well-known/openid-configuration");
    let (_, document) = house.http("GET", &path, &[]).await;
    assert!(document.contains("login.elsewhere.example"), "{document}");
}
