//! The sign-in service as a browser and an app behind it see it.

use base64::Engine as _;
use serde_json::Value;

use super::client::{ADA, Answer, House, SCOPES, claims, field, house, query, xoauth2};
use crate::demo::sign_in::TENANT_ID;

const BACK: &str = "http://localhost:4711/";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The fields of a good request of an app, some of them replaced; "" leaves one out.
fn request<'a>(client: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("client_id", client),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", SCOPES),
        ("state", "s 1"),
        ("nonce", "n1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for change in changes {
        fields.retain(|(name, _)| name != &change.0);
        fields.push(*change);
    }
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

async fn authorize(house: &House, tenant: &str, fields: &[(&str, &str)]) -> Answer {
    let path = format!("/{tenant}/oauth2/v2.0/authorize?{}", query(fields));
    house.request("GET", &path, "", &[]).await
}

/// Presses a button on the page.
async fn press(house: &House, page: &Answer, person: &str, answer: &str) -> url::Url {
    assert_eq!(page.status, 200, "{}", page.body);
    let (_, rest) = page.body.split_once("name=id value=\"").unwrap();
    let (id, _) = rest.split_once('"').unwrap();
    let form = [("id", id), ("person", person), ("answer", answer)];
    let answer = house.request("POST", "/authorize/answer", "", &form).await;
    assert_eq!(answer.status, 302, "{}", answer.body);
    answer.location()
}

async fn code(house: &House, client: &str, changes: &[(&str, &str)]) -> String {
    let page = authorize(house, TENANT_ID, &request(client, changes)).await;
    field(&press(house, &page, ADA, "continue").await, "code")
}

async fn redeem(house: &House, client: &str, code: &str, more: &[(&str, &str)]) -> (u16, Value) {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    for change in more {
        form.retain(|(name, _)| name != &change.0);
        form.push(*change);
    }
    house.post("token", &form).await
}

#[tokio::test]
async fn a_person_in_a_browser_brings_a_code_that_becomes_tokens() {
    let house = house(0).await;
    let client = house.app("desktop").client_id;
    let hint = [("login_hint", "priya@harborvale.example")];
    let page = authorize(&house, TENANT_ID, &request(client, &hint)).await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("form-action 'self' http://localhost:4711"),
        "{policy}"
    );
    let checked = "value=\"priya@harborvale.example\" checked";
    assert!(
        page.body.contains(checked) && page.body.contains("stay signed in"),
        "{}",
        page.body
    );
    let back = press(&house, &page, ADA, "continue").await;
    assert!(
        back.as_str().starts_with("http://localhost:4711/?code="),
        "{back}"
    );
    assert_eq!(field(&back, "state"), "s 1");
    assert_eq!(field(&back, "iss"), house.tenant.authority);

    let code = field(&back, "code");
    let (status, tokens) = redeem(&house, client, &code, &[]).await;
    assert_eq!(status, 200, "{tokens}");
    let id = claims(&tokens["id_token"]);
    assert_eq!((&id["nonce"], &id["aud"]), (&"n1".into(), &client.into()));
    assert_eq!(id["preferred_username"], ADA);
    assert!(tokens["refresh_token"].is_string());
    let mut imap = house.imap().await;
    let login = xoauth2(ADA, tokens["access_token"].as_str().unwrap());
    let answer = imap.ask(&format!("AUTHENTICATE XOAUTH2 {login}")).await;
    assert_eq!(answer, ["a1 OK AUTHENTICATE completed."]);

    let (status, refused) = redeem(&house, client, &code, &[]).await;
    assert_eq!((status, &refused["error_codes"][0]), (400, &54_005.into()));
    let counts = house.tenant.control().requests();
    assert_eq!((counts.authorizations, counts.code_exchanges), (1, 2));
}

#[tokio::test]
async fn a_page_is_over_once_it_is_answered() {
    let house = house(0).await;
    let client = house.app("desktop").client_id;
    let page = authorize(&house, TENANT_ID, &request(client, &[])).await;
    press(&house, &page, ADA, "continue").await;
    let (_, rest) = page.body.split_once("name=id value=\"").unwrap();
    let form = [
        ("id", rest.split_once('"').unwrap().0),
        ("answer", "cancel"),
    ];
    let again = house.request("POST", "/authorize/answer", "", &form).await;
    assert!(again.body.contains("This page is over"), "{}", again.body);
}

#[tokio::test]
async fn what_cannot_go_back_is_told_in_the_browser() {
    let house = house(0).await;
    let desktop = house.app("desktop").client_id;
    let single = house.app("single-tenant").client_id;
    let check = async |tenant: &str, client: &str, change: (&str, &str), number: u32| {
        let answer = authorize(&house, tenant, &request(client, &[change])).await;
        let expected = format!("AADSTS{number}:");
        assert_eq!(answer.status, 400, "{number}");
        assert!(
            answer.body.contains(&expected),
            "{expected} {}",
            answer.body
        );
        assert!(answer.header("location").is_none());
    };
    let none = ("prompt", "");
    check(TENANT_ID, "", none, 900_144).await;
    check(TENANT_ID, "x", none, 700_016).await;
    check(
        TENANT_ID,
        desktop,
        ("redirect_uri", "https://evil.example/"),
        50_011,
    )
    .await;
    check(
        TENANT_ID,
        desktop,
        ("redirect_uri", "http://localhost:1/x"),
        50_011,
    )
    .await;
    check(TENANT_ID, desktop, ("redirect_uri", ""), 900_971).await;
    check(
        TENANT_ID,
        house.app("daemon-secret").client_id,
        none,
        500_113,
    )
    .await;
    check("common", single, none, 50_194).await;
    check("consumers", desktop, none, 9_002_332).await;
    let evil = ("redirect_uri", "https://evil.example/<script>");
    let answer = authorize(&house, TENANT_ID, &request(desktop, &[evil])).await;
    assert!(!answer.body.contains("<script>"), "{}", answer.body);
}

#[tokio::test]
async fn other_mistakes_go_back_to_the_app() {
    let house = house(0).await;
    let client = house.app("desktop").client_id;
    let check = async |change: (&str, &str), error: &str, number: u32| {
        let back = authorize(&house, TENANT_ID, &request(client, &[change]))
            .await
            .location();
        assert_eq!(field(&back, "error"), error, "{change:?}");
        assert_eq!(field(&back, "state"), "s 1");
        let description = field(&back, "error_description");
        assert!(
            description.starts_with(&format!("AADSTS{number}: ")),
            "{description}"
        );
        assert_eq!(field(&back, "code"), "");
    };
    check(("response_type", ""), "invalid_request", 900_144).await;
    check(
        ("response_type", "token"),
        "unsupported_response_type",
        700_051,
    )
    .await;
    check(
        ("response_type", "id_token"),
        "unsupported_response_type",
        70_005,
    )
    .await;
    check(("response_mode", "form_post"), "invalid_request", 70_007).await;
    check(("scope", ""), "invalid_request", 900_144).await;
    check(
        ("scope", "https://mail.example/IMAP"),
        "invalid_resource",
        500_011,
    )
    .await;
    check(("code_challenge", ""), "invalid_request", 50_147).await;
    check(("code_challenge", "short"), "invalid_request", 50_147).await;
    check(
        ("code_challenge_method", "plain"),
        "invalid_request",
        50_147,
    )
    .await;
    check(("code_challenge_method", ""), "invalid_request", 50_147).await;
    check(("prompt", "none"), "login_required", 50_058).await;
    check(("prompt", "sideways"), "invalid_request", 90_023).await;
}

#[tokio::test]
async fn no_is_told_to_the_app() {
    let house = house(0).await;
    let client = house.app("desktop").client_id;
    let page = authorize(&house, "common", &request(client, &[])).await;
    let back = press(&house, &page, ADA, "cancel").await;
    assert_eq!(field(&back, "error"), "access_denied");
    assert_eq!(field(&back, "error_subcode"), "cancel");
    assert!(field(&back, "error_description").starts_with("AADSTS65004: "));
}

#[tokio::test]
async fn a_fragment_is_used_when_it_is_asked_for() {
    let house = house(0).await;
    let client = house.app("desktop").client_id;
    let fields = request(client, &[("response_mode", "fragment")]);
    let page = authorize(&house, TENANT_ID, &fields).await;
    let back = press(&house, &page, ADA, "continue").await;
    assert!(back.query().is_none() && back.fragment().unwrap().starts_with("code=1."));
}

#[tokio::test]
async fn a_code_is_bound_to_app_address_verifier_and_tenant() {
    let house = house(0).await;
    let client = house.app("desktop").client_id;
    let code = code(&house, client, &[]).await;
    let check = async |change: (&str, &str), error: &str, number: u32| {
        let (_, refused) = redeem(&house, client, &code, &[change]).await;
        assert_eq!(refused["error"], error, "{change:?} {refused}");
        assert_eq!(refused["error_codes"][0], number, "{change:?}");
    };
    check(("code_verifier", "wrong"), "invalid_grant", 501_481).await;
    check(("code_verifier", ""), "invalid_request", 900_144).await;
    check(
        ("redirect_uri", "http://localhost:4711"),
        "invalid_client",
        500_112,
    )
    .await;
    check(("code", "x"), "invalid_grant", 70_000).await;
    check(("client_secret", "s"), "invalid_client", 700_025).await;
    let two = "https://outlook.office.com/SMTP.Send https://graph.microsoft.com/Mail.Read";
    check(("scope", two), "invalid_scope", 28_000).await;
    let other = house.app("no-device-code").client_id;
    check(("client_id", other), "invalid_grant", 70_000).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", &code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    let (_, refused) = house.post_at("common", "token", &form).await;
    assert_eq!(refused["error_codes"][0], 700_005);
    assert_eq!(redeem(&house, client, &code, &[]).await.0, 200);
}

#[tokio::test]
async fn one_sign_in_brings_a_token_for_each_resource() {
    let house = house(0).await;
    let client = house.app("desktop").client_id;
    let imap = "https://outlook.office.com/IMAP.AccessAsUser.All";
    let both = format!("openid offline_access {imap} https://graph.microsoft.com/Mail.Read");
    let code = code(&house, client, &[("scope", &both)]).await;
    let graph = ("scope", "https://graph.microsoft.com/Mail.Read");
    let (_, tokens) = redeem(&house, client, &code, &[graph]).await;
    assert_eq!(
        claims(&tokens["access_token"])["aud"],
        "https://graph.microsoft.com"
    );
    assert_eq!(claims(&tokens["access_token"])["scp"], "Mail.Read");
    let mut session = house.imap().await;
    let login = xoauth2(ADA, tokens["access_token"].as_str().unwrap());
    let answer = session.ask(&format!("AUTHENTICATE XOAUTH2 {login}")).await;
    assert_eq!(answer, ["a1 NO AUTHENTICATE failed."]);

    let refresh = |scope: &'static str| {
        let token = tokens["refresh_token"].as_str().unwrap().to_owned();
        let house = &house;
        async move {
            let form = [
                ("grant_type", "refresh_token"),
                ("client_id", client),
                ("refresh_token", &token),
                ("scope", scope),
            ];
            let (_, tokens) = house.post("token", &form).await;
            (
                claims(&tokens["access_token"])["aud"].clone(),
                tokens["scope"].clone(),
            )
        }
    };
    let outlook = "https://outlook.office.com";
    let (audience, scope) = refresh("https://outlook.office.com/IMAP.AccessAsUser.All").await;
    assert_eq!((audience, scope), (outlook.into(), imap.into()));
    // Scopes of two resources: the first one's token.
    let (audience, _) =
        refresh("https://outlook.office.com/SMTP.Send https://graph.microsoft.com/Mail.Read").await;
    assert_eq!(audience, outlook);
}

#[tokio::test]
async fn a_web_app_shows_its_secret_in_the_form_or_the_header() {
    let house = house(0).await;
    let client = house.app("web").client_id;
    let secret = house.secret("web");
    let back = [
        ("redirect_uri", "http://localhost/callback"),
        ("code_challenge", ""),
    ];
    let fresh = async || {
        let page = authorize(&house, TENANT_ID, &request(client, &back)).await;
        field(&press(&house, &page, ADA, "continue").await, "code")
    };
    let redirect = ("redirect_uri", "http://localhost/callback");
    let without = |code: String, more: Vec<(&'static str, String)>| {
        let house = &house;
        async move {
            let mut form = vec![
                ("grant_type", "authorization_code"),
                ("client_id", client),
                ("code", &code),
                redirect,
            ];
            form.extend(more.iter().map(|(name, value)| (*name, value.as_str())));
            house.post("token", &form).await
        }
    };
    let (status, refused) = without(fresh().await, vec![]).await;
    assert_eq!(
        (status, &refused["error_codes"][0]),
        (401, &7_000_218.into())
    );
    let wrong = vec![("client_secret", "wrong".to_owned())];
    let (status, refused) = without(fresh().await, wrong).await;
    assert_eq!((status, &refused["error"]), (401, &"invalid_client".into()));
    assert_eq!(refused["error_codes"][0], 7_000_215);
    let right = vec![("client_secret", secret.clone())];
    assert_eq!(without(fresh().await, right).await.0, 200);

    let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{client}:{encoded}"));
    let path = format!("/{TENANT_ID}/oauth2/v2.0/token");
    let code = fresh().await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        redirect,
    ];
    let header = format!("Authorization: Basic {basic}\r\n");
    let answer = house.request("POST", &path, &header, &form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn the_demos_key_answers_an_address_as_a_browser_would() {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    let house = house(0).await;
    let client = house.app("desktop").client_id;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let back = format!(
        "http://localhost:{}/",
        listener.local_addr().unwrap().port()
    );
    let changes = [
        ("redirect_uri", back.as_str()),
        ("login_hint", "priya@harborvale.example"),
    ];
    let fields = query(&request(client, &changes));
    let address = format!(
        "{}/{TENANT_ID}/oauth2/v2.0/authorize?{fields}",
        house.base()
    );
    house.tenant.approve.send(address.clone()).unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await.unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let path = line.split(' ').nth(1).unwrap();
    let found = url::Url::parse(&format!("http://localhost{path}")).unwrap();
    let (status, tokens) = redeem(
        &house,
        client,
        &field(&found, "code"),
        &[("redirect_uri", &back)],
    )
    .await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(
        claims(&tokens["id_token"])["preferred_username"],
        "priya@harborvale.example"
    );

    let control = house.tenant.control();
    let back = control.answer_address(&address, None).unwrap();
    assert!(back.contains("error=access_denied"), "{back}");
    assert_eq!(
        control.answer_address("https://elsewhere.example/?a=b", None),
        None
    );
}

#[tokio::test]
async fn the_native_client_page_only_asks_to_be_copied() {
    let house = house(0).await;
    let (status, page) = house
        .http("GET", "/common/oauth2/nativeclient?code=secret", &[])
        .await;
    assert!(status == 200 && page.contains("Copy the whole address") && !page.contains("secret"));
}

#[tokio::test]
async fn documents_name_every_endpoint_wherever_they_are_looked_for() {
    let house = house(0).await;
    let get = async |path: String| {
        let (status, body) = house.http("GET", &path, &[]).await;
        assert_eq!(status, 200, "{path}");
        serde_json::from_str::<Value>(&body).unwrap()
    };
    let openid = get(format!(
        "/{TENANT_ID}/v2.0/.well-known/openid-configuration"
    ))
    .await;
    for path in [
        format!("/{TENANT_ID}/v2.0/.well-known/oauth-authorization-server"),
        format!("/.well-known/oauth-authorization-server/{TENANT_ID}/v2.0"),
    ] {
        assert_eq!(get(path).await, openid);
    }
    let revocation = openid["revocation_endpoint"].as_str().unwrap();
    assert!(revocation.ends_with("/oauth2/v2.0/revoke"), "{revocation}");
    let common = get("/common/v2.0/.well-known/openid-configuration".to_owned()).await;
    assert!(
        common["issuer"]
            .as_str()
            .unwrap()
            .ends_with("/{tenantid}/v2.0")
    );
    assert!(
        common["token_endpoint"]
            .as_str()
            .unwrap()
            .contains("/common/")
    );
}

#[tokio::test]
async fn a_revoked_sign_in_is_over() {
    let house = house(0).await;
    let client = house.app("desktop").client_id;
    let tokens = house.sign_in_as(ADA, SCOPES).await;
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let check = async |form: &[(&str, &str)], status: u16| {
        assert_eq!(house.post("revoke", form).await.0, status, "{form:?}");
    };
    check(&[("client_id", client), ("token", "unknown")], 200).await;
    check(&[("client_id", client)], 400).await;
    check(&[("client_id", "x"), ("token", refresh_token)], 400).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", client),
        ("refresh_token", refresh_token),
    ];
    assert_eq!(house.post("token", &form).await.0, 200);
    check(&[("client_id", client), ("token", refresh_token)], 200).await;
    let (status, refused) = house.post("token", &form).await;
    assert_eq!((status, &refused["error"]), (400, &"invalid_grant".into()));
}
