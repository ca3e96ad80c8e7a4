//! What the organisation forbids: apps by policy, people by rights, mailboxes by settings.

use serde_json::Value;

use super::client::{ADA, House, SCOPES, house};
use crate::demo::sign_in::TENANT_ID;

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Signs Ada in by device code and returns what the poll says.
async fn by_device_code(house: &House, client: &str) -> Value {
    let (status, code) = house
        .post("devicecode", &[("client_id", client), ("scope", SCOPES)])
        .await;
    assert_eq!(status, 200, "{code}");
    house
        .tenant
        .control()
        .approve_as(code["user_code"].as_str().unwrap(), ADA);
    let form = [
        ("grant_type", DEVICE_GRANT),
        ("client_id", client),
        ("device_code", code["device_code"].as_str().unwrap()),
    ];
    house.post("token", &form).await.1
}

/// Sends Ada through a browser and returns where she ends up.
fn by_browser(house: &House, client: &str) -> String {
    let fields = super::client::query(&[
        ("client_id", client),
        ("redirect_uri", "http://localhost:1/"),
        ("response_type", "code"),
        ("scope", SCOPES),
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
    house
        .tenant
        .control()
        .answer_address(&address, Some(ADA))
        .unwrap()
}

#[tokio::test]
async fn policies_refuse_after_the_person_agreed() {
    let house = house(0).await;
    let check = async |key: &str, number: u32, error: Option<&str>| {
        let client = house.app(key).client_id;
        let refused = by_device_code(&house, client).await;
        assert_eq!(refused["error"], "invalid_grant", "{refused}");
        assert_eq!(refused["error_codes"][0], number, "{refused}");
        let back = by_browser(&house, client);
        match error {
            None => assert!(back.contains("?code="), "{back}"),
            Some(error) => {
                assert!(back.contains(&format!("?error={error}&")), "{back}");
                assert!(back.contains(&format!("AADSTS{number}")), "{back}");
            }
        }
    };
    check("no-device-code", 53_003, None).await;
    check("no-consent", 65_001, Some("consent_required")).await;
    check("admin-consent", 90_094, Some("consent_required")).await;
}

#[tokio::test]
async fn a_blocked_code_is_told_of_on_the_page_too() {
    let house = house(0).await;
    let client = house.app("no-device-code").client_id;
    let (_, code) = house
        .post("devicecode", &[("client_id", client), ("scope", SCOPES)])
        .await;
    let code = code["user_code"].as_str().unwrap();
    let form = [("code", code), ("person", ADA), ("answer", "continue")];
    let page = house.http("POST", "/device/answer", &form).await.1;
    assert!(page.contains("AADSTS53003:"), "{page}");
}

#[tokio::test]
async fn a_single_tenant_app_wants_its_own_endpoints() {
    let house = house(0).await;
    let client = house.app("single-tenant").client_id;
    let form = [("client_id", client), ("scope", SCOPES)];
    for tenant in ["common", "organizations"] {
        let (status, refused) = house.post_at(tenant, "devicecode", &form).await;
        assert_eq!((status, &refused["error_codes"][0]), (400, &50_194.into()));
    }
    assert!(by_device_code(&house, client).await["access_token"].is_string());
}

#[tokio::test]
async fn a_confidential_app_polls_with_its_secret_only() {
    let house = house(0).await;
    let refused = by_device_code(&house, house.app("web").client_id).await;
    assert_eq!(refused["error_codes"][0], 7_000_218);
}

#[tokio::test]
async fn the_first_resource_of_a_device_code_gets_the_token() {
    let house = house(0).await;
    let two = "openid https://graph.microsoft.com/User.Read https://outlook.office.com/SMTP.Send";
    let tokens = house.sign_in_as(ADA, two).await;
    assert_eq!(
        tokens["scope"],
        "openid https://graph.microsoft.com/User.Read"
    );
    let audience = &super::client::claims(&tokens["access_token"])["aud"];
    assert_eq!(audience, "https://graph.microsoft.com");
}

#[tokio::test]
async fn a_mailbox_may_be_barred_from_sending() {
    let house = house(0).await;
    let yuki = "yuki@harborvale.example";
    let token = house.token(yuki).await;
    let answer = house.smtp().await.auth(yuki, &token).await;
    let expected = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.";
    assert!(answer.starts_with(expected), "{answer}");
}

#[tokio::test]
async fn sending_as_on_behalf_and_not_at_all_are_three_things() {
    let house = house(0).await;
    let billing = "billing@harborvale.example";
    let send = async |person: &str, from: &str| {
        let token = house.token(person).await;
        let mut smtp = house.smtp().await;
        smtp.auth(person, &token).await;
        let answer = smtp.ask(&format!("MAIL FROM:<{from}>")).await;
        if !answer.starts_with("250 ") {
            return answer;
        }
        smtp.ask("RCPT TO:<ada@harborvale.example>").await;
        smtp.ask("DATA").await;
        smtp.ask(&format!("From: {from}\r\nSubject: A\r\n\r\nB\r\n."))
            .await
    };
    let last = || {
        let messages = house.tenant.control().messages(ADA, "INBOX");
        String::from_utf8_lossy(messages.last().unwrap()).into_owned()
    };
    assert!(send(ADA, billing).await.starts_with("250 "));
    assert!(!last().contains("Sender:"), "{}", last());
    assert!(
        send("oskar@harborvale.example", billing)
            .await
            .starts_with("250 ")
    );
    assert!(
        last().contains("Sender: <oskar@harborvale.example>"),
        "{}",
        last()
    );
    // Full Access alone sends nothing.
    let refused = send("priya@harborvale.example", "support@harborvale.example").await;
    assert!(refused.starts_with("550 5.7.60 SMTP; "), "{refused}");
}
