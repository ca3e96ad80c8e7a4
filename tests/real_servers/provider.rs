//! Every grant at the real provider by plain requests, and what the mail servers think of the tokens; without a line of
//! Pillarbox's own sign-in.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use pillarbox::net::connect_tls;
use ring::digest::{SHA256, digest};
use ring::signature::RSA_PSS_SHA256;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use url::Url;

use crate::lab::browser::{Browser, Press};
use crate::lab::{Lab, SCOPES, fresh_name, post_form};

const BACK: &str = "http://localhost:4711/";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const ALL_MAIL: &str = "https://outlook.office365.com/.default";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn authorization(lab: &Lab, client: &str, changes: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("client_id", client),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", SCOPES),
        ("state", "s1"),
        ("nonce", "n1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for change in changes {
        fields.retain(|(name, _)| name != &change.0);
        fields.push(*change);
    }
    fields.retain(|(_, value)| !value.is_empty());
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    format!("{}?{query}", lab.endpoint("authorize"))
}

fn field(address: &Url, name: &str) -> String {
    let found = address.query_pairs().find(|(found, _)| found == name);
    found.map_or_else(String::new, |(_, value)| value.into_owned())
}

async fn redeem(lab: &Lab, client: &str, code: &str, more: &[(&str, &str)]) -> (u16, Value) {
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
    post_form(&lab.http, &lab.endpoint("token"), &form).await
}

/// Signs in for sending by hand, and returns how the server answered that, and mail from the same mailbox.
async fn smtp(lab: &Lab, mailbox: &str, token: &Value) -> (String, String) {
    let stream = connect_tls("localhost", lab.port("SMTPS"), &lab.trust)
        .await
        .expect("a connection");
    let mut stream = BufReader::new(stream);
    let token = token.as_str().expect("a token");
    let message = STANDARD.encode(format!("user={mailbox}\u{1}auth=Bearer {token}\u{1}\u{1}"));
    let mut answers = Vec::new();
    for command in [
        String::new(),
        "EHLO test\r\n".to_owned(),
        format!("AUTH XOAUTH2 {message}\r\n"),
        format!("MAIL FROM:<{mailbox}>\r\n"),
        "RCPT TO:<sink@contoso.test>\r\n".to_owned(),
    ] {
        stream.write_all(command.as_bytes()).await.expect("sent");
        let mut line = String::from("250-");
        while line.get(3..4) == Some("-") || line.starts_with("334") {
            if line.starts_with("334") {
                stream.write_all(b"\r\n").await.expect("sent");
            }
            line.clear();
            let count = stream.read_line(&mut line).await.expect("an answer");
            assert_ne!(count, 0, "the server hung up");
        }
        answers.push(line);
    }
    // Rights are told with the recipient, as Postfix does by default.
    let sending = answers.pop().expect("an answer to RCPT");
    (answers.remove(2), sending)
}

/// Signs in over IMAP by hand and returns how the server answered.
async fn imap(lab: &Lab, mailbox: &str, token: &Value) -> String {
    let stream = connect_tls("localhost", lab.port("IMAPS"), &lab.trust)
        .await
        .expect("a connection");
    let mut stream = BufReader::new(stream);
    let token = token.as_str().expect("a token");
    let message = STANDARD.encode(format!("user={mailbox}\u{1}auth=Bearer {token}\u{1}\u{1}"));
    let command = format!("a AUTHENTICATE XOAUTH2 {message}\r\n");
    stream.write_all(command.as_bytes()).await.expect("sent");
    loop {
        let mut line = String::new();
        let count = stream.read_line(&mut line).await.expect("an answer");
        assert_ne!(count, 0, "the server hung up");
        if line.starts_with("+ ") {
            stream.write_all(b"\r\n").await.expect("sent");
        }
        if line.starts_with("a ") {
            return line;
        }
    }
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn a_browser_brings_a_code_and_the_code_brings_tokens() {
    let lab = Lab::find();
    let name = fresh_name();
    let (client, person) = (format!("lab-{name}"), format!("{name}@contoso.test"));
    let address = authorization(&lab, &client, &[("login_hint", &person)]);
    let mut browser = Browser::new(&lab.http);
    let back = browser.sign_in(&address, Press::YesAsProposed).await;
    assert!(back.as_str().starts_with(BACK), "{back}");
    assert_eq!(field(&back, "state"), "s1");
    assert_eq!(field(&back, "iss"), lab.value("LAB_ISSUER"));

    let code = field(&back, "code");
    let (status, tokens) = redeem(&lab, &client, &code, &[]).await;
    assert_eq!(status, 200, "{tokens}");
    let claims = tokens["id_token"].as_str().expect("an id_token");
    let claims = claims.split('.').nth(1).expect("claims");
    let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    assert_eq!(
        (&claims["nonce"], &claims["sub"]),
        (&json!("n1"), &json!(person))
    );
    let answer = imap(&lab, &person, &tokens["access_token"]).await;
    assert!(answer.starts_with("a OK"), "{answer}");

    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", client.as_str()),
        (
            "refresh_token",
            tokens["refresh_token"].as_str().expect("a refresh token"),
        ),
    ];
    let (status, renewed) = post_form(&lab.http, &lab.endpoint("token"), &refresh).await;
    assert_eq!(status, 200, "{renewed}");
    assert_ne!(renewed["refresh_token"], tokens["refresh_token"]);
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn no_is_told_on_the_way_back() {
    let lab = Lab::find();
    let client = format!("lab-{}", fresh_name());
    let address = authorization(&lab, &client, &[]);
    let back = Browser::new(&lab.http).sign_in(&address, Press::No).await;
    assert_eq!(field(&back, "error"), "access_denied");
    assert_eq!(field(&back, "state"), "s1");
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn a_code_needs_its_verifier_and_its_address() {
    let lab = Lab::find();
    let name = fresh_name();
    let (client, person) = (format!("lab-{name}"), format!("{name}@contoso.test"));
    for change in [
        ("code_verifier", CHALLENGE),
        ("redirect_uri", "http://localhost:4711/callback"),
    ] {
        let address = authorization(&lab, &client, &[]);
        let back = Browser::new(&lab.http)
            .sign_in(&address, Press::Yes(&person))
            .await;
        let (_, refused) = redeem(&lab, &client, &field(&back, "code"), &[change]).await;
        assert_eq!(refused["error"], "invalid_grant", "{change:?} {refused}");
    }
    let without = authorization(
        &lab,
        &client,
        &[("code_challenge", ""), ("code_challenge_method", "")],
    );
    let back = Browser::new(&lab.http)
        .sign_in(&without, Press::Yes(&person))
        .await;
    assert_eq!(field(&back, "error"), "invalid_request");
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn a_web_app_needs_its_secret() {
    let lab = Lab::find();
    let name = fresh_name();
    let (client, person) = (format!("web-{name}"), format!("{name}@contoso.test"));
    let secret = lab.secret();
    let own = "https://pillarbox.contoso.test/callback";
    let address = authorization(&lab, &client, &[("redirect_uri", own)]);
    let back = Browser::new(&lab.http)
        .sign_in(&address, Press::Yes(&person))
        .await;
    assert!(back.as_str().starts_with(own), "{back}");
    let code = field(&back, "code");
    let check = async |secret: Option<&str>, status: u16, number: Option<u32>| {
        let mut more = vec![("redirect_uri", own)];
        more.extend(secret.map(|secret| ("client_secret", secret)));
        let (found, answer) = redeem(&lab, &client, &code, &more).await;
        assert_eq!(found, status, "{answer}");
        assert_eq!(answer["error_codes"][0].as_u64(), number.map(u64::from));
    };
    check(None, 401, Some(7_000_218)).await;
    check(Some("wrong"), 401, Some(7_000_215)).await;
    check(Some(secret.expose_secret()), 200, None).await;
}

async fn app_token(lab: &Lab, client: &str, more: &[(&str, &str)]) -> (u16, Value) {
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("scope", ALL_MAIL),
    ];
    for change in more {
        form.retain(|(name, _)| name != &change.0);
        form.push(*change);
    }
    post_form(&lab.http, &lab.endpoint("token"), &form).await
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn an_app_with_a_secret_opens_its_mailboxes_and_no_others() {
    let lab = Lab::find();
    let name = fresh_name();
    let secret = lab.secret();
    let secret = ("client_secret", secret.expose_secret());
    let (status, tokens) = app_token(&lab, &format!("app-{name}"), &[secret]).await;
    assert_eq!(status, 200, "{tokens}");
    assert!(tokens["refresh_token"].is_null());
    let check = async |token: &Value, mailbox: String, is_open: bool| {
        let answer = imap(&lab, &mailbox, token).await;
        assert_eq!(answer.starts_with("a OK"), is_open, "{mailbox}: {answer}");
    };
    let token = &tokens["access_token"];
    check(token, format!("{name}@contoso.test"), true).await;
    check(token, format!("{name}.support@contoso.test"), true).await;
    check(token, format!("{name}.board@contoso.test"), false).await;
    check(token, format!("{}@contoso.test", fresh_name()), false).await;
    let client = format!("app-{name}-norole");
    let (_, tokens) = app_token(&lab, &client, &[secret]).await;
    check(
        &tokens["access_token"],
        format!("{name}@contoso.test"),
        false,
    )
    .await;
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn an_app_sends_as_its_mailboxes_if_it_may() {
    let lab = Lab::find();
    let name = fresh_name();
    let secret = lab.secret();
    let secret = ("client_secret", secret.expose_secret());
    let (_, tokens) = app_token(&lab, &format!("app-{name}"), &[secret]).await;
    let check = async |mailbox: String, login: &str, sending: &str| {
        let (found, sent) = smtp(&lab, &mailbox, &tokens["access_token"]).await;
        assert!(found.starts_with(login), "{mailbox}: {found}");
        assert!(sent.starts_with(sending), "{mailbox}: {sent}");
    };
    check(format!("{name}@contoso.test"), "235", "250").await;
    check(format!("{name}.support@contoso.test"), "235", "250").await;
    check(format!("{name}.sales@contoso.test"), "235", "553").await;
    check(format!("{name}.board@contoso.test"), "535", "5").await;
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn an_apps_mistakes_are_refused() {
    let lab = Lab::find();
    let client = format!("app-{}", fresh_name());
    let secret = lab.secret();
    let secret = ("client_secret", secret.expose_secret());
    let check = async |client: &str, more: &[(&str, &str)], error: &str| {
        let (_, refused) = app_token(&lab, client, more).await;
        assert_eq!(refused["error"], error, "{refused}");
    };
    check(&client, &[("client_secret", "wrong")], "invalid_client").await;
    check(&client, &[], "invalid_client").await;
    let named = ("scope", "https://outlook.office.com/IMAP.AccessAsUser.All");
    check(&client, &[secret, named], "invalid_scope").await;
    check("stranger", &[secret], "unauthorized_client").await;
}

fn assertion(lab: &Lab, client: &str, shift: i64) -> String {
    let (certificate, key) = lab.certificate();
    let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
    let key = PrivatePkcs8KeyDer::from_pem_file(key).expect("a key");
    let key = ring::rsa::KeyPair::from_pkcs8(key.secret_pkcs8_der()).expect("an RSA key");
    let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, &certificate));
    let header = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint});
    let now = jiff::Timestamp::now().as_second() + shift;
    let claims = json!({
        "aud": lab.endpoint("token"), "iss": client, "sub": client, "jti": fresh_name(),
        "nbf": now, "iat": now, "exp": now + 600,
    });
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&header), encode(&claims));
    let mut signature = vec![0; key.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    key.sign(&RSA_PSS_SHA256, &random, signed.as_bytes(), &mut signature)
        .expect("a signature");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn an_app_with_a_certificate_opens_its_mailbox() {
    let lab = Lab::find();
    let name = fresh_name();
    let client = format!("cert-{name}");
    let kind = ("client_assertion_type", ASSERTION_TYPE);
    let good = assertion(&lab, &client, 0);
    let (status, tokens) = app_token(&lab, &client, &[kind, ("client_assertion", &good)]).await;
    assert_eq!(status, 200, "{tokens}");
    let mailbox = format!("{name}.sales@contoso.test");
    let answer = imap(&lab, &mailbox, &tokens["access_token"]).await;
    assert!(answer.starts_with("a OK"), "{answer}");
    // Over, used twice, and signed for nobody.
    let old = assertion(&lab, &client, -7200);
    let (forged, _) = good.rsplit_once('.').expect("a signature");
    for wrong in [&old, &good, &format!("{forged}.AAAA")] {
        let (status, refused) =
            app_token(&lab, &client, &[kind, ("client_assertion", wrong)]).await;
        assert_eq!((status, &refused["error"]), (401, &json!("invalid_client")));
        assert_eq!(refused["error_codes"][0], 700_027);
    }
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn a_revoked_sign_in_is_over() {
    let lab = Lab::find();
    let name = fresh_name();
    let (client, person) = (format!("lab-{name}"), format!("{name}@contoso.test"));
    let address = authorization(&lab, &client, &[]);
    let back = Browser::new(&lab.http)
        .sign_in(&address, Press::Yes(&person))
        .await;
    let (_, tokens) = redeem(&lab, &client, &field(&back, "code"), &[]).await;
    let token = tokens["refresh_token"].as_str().expect("a refresh token");
    let form = [("client_id", client.as_str()), ("token", token)];
    let (status, answer) = post_form(&lab.http, &lab.endpoint("revoke"), &form).await;
    assert_eq!(status, 200, "{answer}");
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", client.as_str()),
        ("refresh_token", token),
    ];
    let (_, refused) = post_form(&lab.http, &lab.endpoint("token"), &form).await;
    assert_eq!(refused["error"], "invalid_grant", "{refused}");
    let answer = imap(&lab, &person, &tokens["access_token"]).await;
    assert!(answer.starts_with("a NO"), "{answer}");
}
