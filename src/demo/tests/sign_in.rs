//! The sign-in service as a client sees it.

use serde_json::Value;

use super::client::{ADA, House, SCOPES, house};

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn code(house: &House) -> Value {
    let client = house.tenant.client_id.clone();
    let form = [("client_id", client.as_str()), ("scope", SCOPES)];
    let (status, code) = house.post("devicecode", &form).await;
    assert_eq!(status, 200, "{code}");
    code
}

async fn poll(house: &House, code: &Value) -> (u16, Value) {
    let form = [
        ("grant_type", DEVICE_GRANT),
        ("client_id", house.tenant.client_id.as_str()),
        ("device_code", code["device_code"].as_str().unwrap()),
    ];
    house.post("token", &form).await
}

async fn refresh(house: &House, token: &Value) -> (u16, Value) {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", house.tenant.client_id.as_str()),
        ("refresh_token", token["refresh_token"].as_str().unwrap()),
    ];
    house.post("token", &form).await
}

#[tokio::test]
async fn discovery_is_found_below_authority_and_tenant() {
    let house = house(0).await;
    let path = house.tenant.authority.splitn(4, '/').nth(3).unwrap();
    let tenant = path.strip_suffix("/v2.0").unwrap();
    for place in [path, tenant] {
        let path = format!("/{place}/.well-known/openid-configuration");
        let (status, body) = house.http("GET", &path, &[]).await;
        assert_eq!(status, 200);
        let document: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(document["issuer"], house.tenant.authority.as_str());
        let endpoint = document["device_authorization_endpoint"].as_str().unwrap();
        assert!(endpoint.ends_with("/oauth2/v2.0/devicecode"));
    }
    let path = format!("/{path}/v2.0/.well-known/openid-configuration");
    assert_eq!(house.http("GET", &path, &[]).await.0, 404);
    let path = "/someone-else/v2.0/.well-known/openid-configuration";
    let (status, body) = house.http("GET", path, &[]).await;
    assert_eq!(status, 400);
    assert!(body.contains("AADSTS90002"), "{body}");
}

#[tokio::test]
async fn a_code_typed_in_a_browser_brings_tokens() {
    let house = house(0).await;
    let code = code(&house).await;
    assert_eq!(
        code["verification_uri"],
        house.tenant.verification_uri.as_str()
    );
    let (status, pending) = poll(&house, &code).await;
    assert_eq!(
        (status, &pending["error"]),
        (400, &"authorization_pending".into())
    );
    assert_eq!(pending["error_codes"][0], 70_016);
    let text = pending["error_description"].as_str().unwrap();
    assert!(
        text.starts_with("AADSTS70016:") && text.contains("Correlation ID"),
        "{text}"
    );

    let page = house.http("GET", "/device", &[]).await.1;
    assert!(page.contains("<form method=post action=/device>"));
    let page = house
        .http("POST", "/device", &[("code", "<b>WRONG")])
        .await
        .1;
    assert!(page.contains("did not work") && !page.contains("<b>WRONG"));
    let user_code = code["user_code"].as_str().unwrap();
    let typed = user_code.to_lowercase();
    let page = house.http("POST", "/device", &[("code", &typed)]).await.1;
    assert!(
        page.contains("Ada Lindqvist") && page.contains(user_code),
        "{page}"
    );
    let form = [("code", user_code), ("person", ADA), ("answer", "continue")];
    let page = house.http("POST", "/device/answer", &form).await.1;
    assert!(page.contains("You have signed in"), "{page}");

    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let (status, tokens) = poll(&house, &code).await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(tokens["expires_in"], 300);
    assert!(tokens["id_token"].is_string() && tokens["refresh_token"].is_string());
    assert!(!tokens["scope"].as_str().unwrap().contains("offline_access"));
}

#[tokio::test]
async fn a_key_press_approves_and_a_person_can_decline() {
    let house = house(0).await;
    let approved = code(&house).await;
    let user_code = approved["user_code"].as_str().unwrap().to_owned();
    house.tenant.approve.send(user_code).unwrap();
    let declined = code(&house).await;
    let form = [
        ("code", declined["user_code"].as_str().unwrap()),
        ("answer", "cancel"),
    ];
    house.http("POST", "/device/answer", &form).await;
    assert_eq!(
        poll(&house, &declined).await.1["error"],
        "authorization_declined"
    );
    assert_eq!(poll(&house, &approved).await.0, 200);
}

#[tokio::test]
async fn polling_in_haste_is_slowed_down() {
    let house = house(0).await;
    let code = code(&house).await;
    assert_eq!(
        poll(&house, &code).await.1["error"],
        "authorization_pending"
    );
    assert_eq!(poll(&house, &code).await.1["error"], "slow_down");
}

#[tokio::test]
async fn refresh_tokens_rotate_and_revoked_ones_are_refused() {
    let house = house(0).await;
    let first = house.sign_in_as(ADA, SCOPES).await;
    let (status, second) = refresh(&house, &first).await;
    assert_eq!(status, 200, "{second}");
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);
    // Another copy of the program may use the old one for a moment.
    assert_eq!(refresh(&house, &first).await.0, 200);
    house.tenant.control().revoke_refresh_tokens();
    let (status, refused) = refresh(&house, &second).await;
    assert_eq!((status, &refused["error"]), (400, &"invalid_grant".into()));
    assert_eq!(house.tenant.control().requests().refreshes, 3);
}

#[tokio::test]
async fn wrong_requests_are_refused_by_name() {
    let house = house(0).await;
    let client = house.tenant.client_id.clone();
    let client = client.as_str();
    let check = async |endpoint: &str, form: &[(&str, &str)], error: &str, number: u32| {
        let (_, answer) = house.post(endpoint, form).await;
        assert_eq!(answer["error"], error, "{form:?}");
        assert_eq!(answer["error_codes"][0], number, "{form:?}");
    };
    check(
        "devicecode",
        &[("client_id", "x"), ("scope", "openid")],
        "unauthorized_client",
        700_016,
    )
    .await;
    check(
        "devicecode",
        &[("scope", "openid")],
        "invalid_request",
        900_144,
    )
    .await;
    check(
        "devicecode",
        &[("client_id", client)],
        "invalid_request",
        900_144,
    )
    .await;
    check(
        "token",
        &[("grant_type", "password")],
        "unsupported_grant_type",
        70_003,
    )
    .await;
    let form = [
        ("grant_type", DEVICE_GRANT),
        ("client_id", client),
        ("device_code", "x"),
    ];
    check("token", &form, "bad_verification_code", 70_019).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", client),
        ("refresh_token", "x"),
    ];
    check("token", &form, "invalid_grant", 700_082).await;
}

#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token() {
    let house = house(0).await;
    let tokens = house
        .sign_in_as(ADA, "https://outlook.office.com/IMAP.AccessAsUser.All")
        .await;
    assert!(tokens["refresh_token"].is_null() && tokens["id_token"].is_null());
}
