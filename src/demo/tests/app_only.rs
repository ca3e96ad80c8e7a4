//! Apps that act without a person: their tokens, and what mail servers make of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};

use super::client::{House, SUPPORT, claims, house, xoauth2};
use crate::demo::sign_in::TENANT_ID;

const ALL_MAIL: &str = "https://outlook.office365.com/.default";
const BILLING: &str = "billing@harborvale.example";
const BOARD: &str = "board@harborvale.example";

async fn ask(house: &House, tenant: &str, key: &str, changes: &[(&str, &str)]) -> (u16, Value) {
    let app = house.app(key);
    let secret = app.secret_file.as_ref().map(|_| house.secret(key));
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", app.client_id),
        ("scope", ALL_MAIL),
    ];
    form.extend(secret.as_deref().map(|secret| ("client_secret", secret)));
    for change in changes {
        form.retain(|(name, _)| name != &change.0);
        form.push(*change);
    }
    form.retain(|(_, value)| !value.is_empty());
    house.post_at(tenant, "token", &form).await
}

#[tokio::test]
async fn a_secret_brings_a_token_with_roles_and_nothing_else() {
    let house = house(0).await;
    let (status, tokens) = ask(&house, TENANT_ID, "daemon-secret", &[]).await;
    assert_eq!(status, 200, "{tokens}");
    assert!(tokens["refresh_token"].is_null() && tokens["id_token"].is_null());
    assert!(tokens["scope"].is_null());
    let found = claims(&tokens["access_token"]);
    assert_eq!(
        found["roles"],
        json!(["IMAP.AccessAsApp", "SMTP.SendAsApp"])
    );
    assert_eq!(found["aud"], "https://outlook.office365.com");
    assert_eq!(
        (&found["idtyp"], &found["tid"]),
        (&"app".into(), &TENANT_ID.into())
    );
    for name in ["scp", "upn", "name"] {
        assert!(found[name].is_null(), "{name}");
    }
    let (_, tokens) = ask(&house, TENANT_ID, "daemon-no-role", &[]).await;
    assert!(claims(&tokens["access_token"])["roles"].is_null());
    assert_eq!(house.tenant.control().requests().app_tokens, 2);
}

#[tokio::test]
async fn mistakes_of_apps_are_refused_by_number() {
    let house = house(0).await;
    let check = async |tenant: &str, key: &str, change: (&str, &str), number: u32| {
        let (_, refused) = ask(&house, tenant, key, &[change]).await;
        assert_eq!(
            refused["error_codes"][0], number,
            "{tenant} {key} {change:?} {refused}"
        );
        let text = refused["error_description"].as_str().unwrap();
        assert!(
            text.starts_with(&format!("AADSTS{number}: ")) && !text.contains('{'),
            "{text}"
        );
    };
    let none = ("mkt", "en");
    check("common", "daemon-secret", none, 9_001_023).await;
    check("organizations", "daemon-secret", none, 50_059).await;
    check("elsewhere.example", "daemon-secret", none, 90_002).await;
    check(TENANT_ID, "daemon-secret", ("client_secret", ""), 7_000_218).await;
    check(
        TENANT_ID,
        "daemon-secret",
        ("client_secret", "id"),
        7_000_215,
    )
    .await;
    check(TENANT_ID, "daemon-secret", ("client_id", "x"), 700_016).await;
    check(TENANT_ID, "expired-secret", none, 7_000_222).await;
    check(
        TENANT_ID,
        "expired-secret",
        ("client_secret", "id"),
        7_000_215,
    )
    .await;
    check(TENANT_ID, "desktop", none, 7_000_218).await;
    check(TENANT_ID, "desktop", ("client_secret", "s"), 700_025).await;
    check(TENANT_ID, "daemon-certificate", none, 7_000_218).await;
    check(
        TENANT_ID,
        "daemon-certificate",
        ("client_secret", "s"),
        7_000_215,
    )
    .await;
    let scope = |scope| ("scope", scope);
    check(TENANT_ID, "daemon-secret", scope(""), 900_144).await;
    let named = scope("https://outlook.office365.com/IMAP.AccessAsApp");
    check(TENANT_ID, "daemon-secret", named, 1_002_012).await;
    let two = scope("https://outlook.office365.com/.default https://graph.microsoft.com/.default");
    check(TENANT_ID, "daemon-secret", two, 70_011).await;
    check(
        TENANT_ID,
        "daemon-secret",
        scope("https://mail.example/.default"),
        500_011,
    )
    .await;
}

/// What a client could write into its assertion; the defaults are right.
struct Written {
    algorithm: &'static str,
    thumbprint: &'static str,
    certificate: Vec<u8>,
    issuer: Option<&'static str>,
    audience: Option<String>,
    shift: i64,
}

impl Written {
    fn right(house: &House) -> Self {
        let file = house.app("daemon-certificate").certificate_file.clone();
        Self {
            algorithm: "PS256",
            thumbprint: "x5t#S256",
            certificate: CertificateDer::from_pem_file(file.unwrap())
                .unwrap()
                .to_vec(),
            issuer: None,
            audience: None,
            shift: 0,
        }
    }

    fn sign(&self, house: &House) -> String {
        let app = house.app("daemon-certificate");
        let key = PrivatePkcs8KeyDer::from_pem_file(app.key_file.as_ref().unwrap()).unwrap();
        let key = ring::rsa::KeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
        let hash = match self.thumbprint {
            "x5t" => digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.certificate),
            _ => digest(&SHA256, &self.certificate),
        };
        let issuer = self.issuer.unwrap_or(app.client_id);
        let token = format!("{}/{TENANT_ID}/oauth2/v2.0/token", house.base());
        let now = jiff::Timestamp::now().as_second() + self.shift;
        let header = json!({"alg": self.algorithm, "typ": "JWT", self.thumbprint: URL_SAFE_NO_PAD.encode(hash)});
        let body = json!({
            "aud": self.audience.clone().unwrap_or(token), "iss": issuer, "sub": issuer,
            "jti": "1", "nbf": now, "iat": now, "exp": now + 600,
        });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&body));
        let mut signature = vec![0; key.public().modulus_len()];
        let padding: &dyn ring::signature::RsaEncoding = match self.algorithm {
            "RS256" => &RSA_PKCS1_SHA256,
            _ => &RSA_PSS_SHA256,
        };
        let random = ring::rand::SystemRandom::new();
        key.sign(padding, &random, signed.as_bytes(), &mut signature)
            .unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

async fn show(house: &House, assertion: &str) -> (u16, Value) {
    let changes = [
        ("client_assertion", assertion),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
    ];
    ask(house, TENANT_ID, "daemon-certificate", &changes).await
}

#[tokio::test]
async fn a_certificate_brings_a_token_in_both_forms() {
    let house = house(0).await;
    for (algorithm, thumbprint) in [("PS256", "x5t#S256"), ("RS256", "x5t")] {
        let written = Written {
            algorithm,
            thumbprint,
            ..Written::right(&house)
        };
        let (status, tokens) = show(&house, &written.sign(&house)).await;
        assert_eq!(status, 200, "{algorithm} {tokens}");
    }
}

#[tokio::test]
async fn an_assertion_is_refused_for_each_thing_that_is_wrong() {
    let house = house(0).await;
    let check = async |assertion: &str, number: u32| {
        let (status, refused) = show(&house, assertion).await;
        assert_eq!(
            (status, &refused["error_codes"][0]),
            (401, &number.into()),
            "{refused}"
        );
    };
    let right = || Written::right(&house);
    let stranger = rcgen::generate_simple_self_signed(Vec::new()).unwrap();
    let other = Written {
        certificate: stranger.cert.der().to_vec(),
        ..right()
    };
    check(&other.sign(&house), 700_027).await;
    check(
        &Written {
            shift: -7200,
            ..right()
        }
        .sign(&house),
        700_024,
    )
    .await;
    check(
        &Written {
            shift: 7200,
            ..right()
        }
        .sign(&house),
        700_024,
    )
    .await;
    check(
        &Written {
            issuer: Some("x"),
            ..right()
        }
        .sign(&house),
        700_211,
    )
    .await;
    let elsewhere = Some("https://login.elsewhere.example/token".to_owned());
    check(
        &Written {
            audience: elsewhere,
            ..right()
        }
        .sign(&house),
        700_212,
    )
    .await;
    // Signed by one rule and said to be by the other.
    let claimed = Written {
        algorithm: "RS256",
        ..right()
    };
    let (signed, other) = (right().sign(&house), claimed.sign(&house));
    let (_, rest) = signed.split_once('.').unwrap();
    let lying = format!("{}.{rest}", other.split_once('.').unwrap().0);
    check(&lying, 50_012).await;
    check("a.b", 50_027).await;
    check("nonsense", 50_027).await;
    let (_, refused) = ask(
        &house,
        TENANT_ID,
        "daemon-certificate",
        &[("client_assertion", "a.b.c")],
    )
    .await;
    assert_eq!(refused["error_codes"][0], 900_144);
}

#[tokio::test]
async fn an_app_opens_the_mailboxes_it_was_granted() {
    let house = house(0).await;
    let token = house.app_token("daemon-secret").await;
    let not_connected = ["a2 BAD User is authenticated but not connected."];
    for (mailbox, expected) in [
        (SUPPORT, ["a2 OK NOOP completed."]),
        (BILLING, ["a2 OK NOOP completed."]),
        (BOARD, not_connected),
        ("ada@harborvale.example", not_connected),
    ] {
        let mut imap = house.imap().await;
        let login = xoauth2(mailbox, &token);
        let answer = imap.ask(&format!("AUTHENTICATE XOAUTH2 {login}")).await;
        assert_eq!(answer, ["a1 OK AUTHENTICATE completed."], "{mailbox}");
        assert_eq!(imap.ask("NOOP").await, expected, "{mailbox}");
    }
}

#[tokio::test]
async fn an_app_without_the_role_or_with_a_token_for_graph_gets_nowhere() {
    let house = house(0).await;
    let idle = house.app_token("daemon-no-role").await;
    let graph = ("scope", "https://graph.microsoft.com/.default");
    let (_, graph) = ask(&house, TENANT_ID, "daemon-secret", &[graph]).await;
    let graph = graph["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        claims(&graph.clone().into())["aud"],
        "https://graph.microsoft.com"
    );
    for token in [idle, graph] {
        let mut imap = house.imap().await;
        let login = xoauth2(SUPPORT, &token);
        let answer = imap.ask(&format!("AUTHENTICATE XOAUTH2 {login}")).await;
        assert_eq!(answer, ["a1 NO AUTHENTICATE failed."]);
        let answer = house.smtp().await.auth(SUPPORT, &token).await;
        assert!(answer.starts_with("535 5.7.3 "), "{answer}");
    }
}

#[tokio::test]
async fn an_app_sends_as_the_mailboxes_it_may() {
    let house = house(0).await;
    let token = house.app_token("daemon-secret").await;
    let mut smtp = house.smtp().await;
    assert!(smtp.auth(SUPPORT, &token).await.starts_with("235 "));
    let refused = smtp.ask(&format!("MAIL FROM:<{BILLING}>")).await;
    let expected = "550 5.7.60 SMTP; Client does not have permissions to send as this sender";
    assert!(refused.starts_with(expected), "{refused}");
    assert!(
        smtp.ask(&format!("MAIL FROM:<{SUPPORT}>"))
            .await
            .starts_with("250 ")
    );
    smtp.ask("RCPT TO:<sam@harborvale.example>").await;
    smtp.ask("DATA").await;
    let message =
        format!("From: {SUPPORT}\r\nTo: sam@harborvale.example\r\nSubject: A\r\n\r\nB\r\n.");
    assert!(smtp.ask(&message).await.starts_with("250 "));
    assert_eq!(house.tenant.control().count(SUPPORT, "Sent Items"), Some(1));
    let answer = house.smtp().await.auth(BOARD, &token).await;
    assert!(answer.starts_with("535 5.7.3 "), "{answer}");
}

#[cfg(unix)]
#[tokio::test]
async fn credentials_are_in_files_that_nobody_else_reads() {
    use std::os::unix::fs::PermissionsExt as _;
    let house = house(0).await;
    let mut count = 0;
    for app in &house.tenant.apps {
        for file in [&app.secret_file, &app.certificate_file, &app.key_file]
            .into_iter()
            .flatten()
        {
            let mode = std::fs::metadata(file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
            count += 1;
        }
    }
    assert_eq!(count, 7);
    assert_ne!(house.secret("web"), house.secret("daemon-secret"));
}
