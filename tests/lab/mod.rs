//! The real servers that `tests/servers/up` starts, as tests see them: places, people, tokens.
//!
//! Talks to the sign-in service by plain requests of its own, not through the flows under test.

#[allow(dead_code, reason = "for some of the test targets")]
pub mod browser;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use pillarbox::net::{Http, Trust};
use secrecy::SecretString;
use serde_json::{Value, json};

/// What a mail client asks for.
#[allow(dead_code, reason = "for some of the test targets")]
pub const SCOPES: &str = "openid profile offline_access \
     https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send";

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The running lab.
#[derive(Debug)]
pub struct Lab {
    values: BTreeMap<String, String>,
    /// Trusts the lab's CA.
    pub trust: Trust,
    /// The same for HTTP.
    pub http: Http,
}

impl Lab {
    /// Finds the lab, by `PILLARBOX_LAB` or where `tests/run lab start` leaves it.
    pub fn find() -> Self {
        let left = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/lab/current/env");
        let path = std::env::var_os("PILLARBOX_LAB").map_or(left, PathBuf::from);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!(
                "no lab at {}: {error}; start it by: tests/run lab start",
                path.display()
            )
        });
        let values: BTreeMap<String, String> = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        let trust = Trust::load(Some(values["LAB_CA_FILE"].as_ref())).expect("the lab's CA");
        let http = Http::new(&trust).expect("an HTTP client");
        Self {
            values,
            trust,
            http,
        }
    }

    /// Returns a value of the lab's file, such as `LAB_CA_FILE`.
    pub fn value(&self, key: &str) -> &str {
        &self.values[key]
    }

    /// Returns a port by its short name, such as `IMAPS`.
    pub fn port(&self, name: &str) -> u16 {
        self.value(&format!("LAB_{name}_PORT"))
            .parse()
            .expect("a port")
    }

    /// Returns where the mail server keeps a person's inbox.
    #[allow(dead_code, reason = "for the benchmarks, which fill it")]
    pub fn maildir(&self, address: &str) -> PathBuf {
        let (local, domain) = address.split_once('@').expect("an address");
        PathBuf::from(self.value("LAB_DIR")).join(format!("mail/{domain}/{local}/Maildir"))
    }

    /// Returns the secret of every app `web-NAME` and `app-NAME`.
    #[allow(dead_code, reason = "for some of the test targets")]
    pub fn secret(&self) -> SecretString {
        let file = self.value("LAB_SECRET_FILE");
        SecretString::from(std::fs::read_to_string(file).expect("the apps' secret"))
    }

    /// Returns where certificate and key of every app `cert-NAME` are, both PEM.
    #[allow(dead_code, reason = "for some of the test targets")]
    pub fn certificate(&self) -> (PathBuf, PathBuf) {
        let (certificate, key) = ("LAB_CERTIFICATE_FILE", "LAB_KEY_FILE");
        (self.value(certificate).into(), self.value(key).into())
    }

    /// Returns an endpoint of the provider, such as `token`.
    #[allow(dead_code, reason = "for some of the test targets")]
    pub fn endpoint(&self, name: &str) -> String {
        format!("{}/oauth2/v2.0/{name}", self.value("LAB_AUTHORITY"))
    }

    /// Asks the provider's back door for something, such as `approve` or `kick` (`provider/admin.mjs`).
    pub async fn admin(&self, action: &str, fields: Value) {
        let request = http::Request::post(format!("{}/{action}", self.value("LAB_ADMIN")))
            .header("content-type", "application/json")
            .body(fields.to_string().into_bytes())
            .expect("a request");
        let response = self.http.send(request).await.expect("an answer");
        let body = String::from_utf8_lossy(response.body()).into_owned();
        assert!(response.status().is_success(), "{action} {fields}: {body}");
    }

    /// Approves a user code as `user`, as that person would in a browser.
    pub async fn approve(&self, user_code: &str, user: &str) {
        self.admin("approve", json!({"user_code": user_code, "user": user}))
            .await;
    }

    /// Signs `user` in by device code and returns an access token.
    pub async fn token(&self, client_id: &str, user: &str, scopes: &str) -> SecretString {
        let approve = |code: String| async move { self.approve(&code, user).await };
        let asked = Asked {
            authority: self.value("LAB_AUTHORITY"),
            client_id,
            scopes,
        };
        sign_in(&self.http, &asked, approve).await
    }
}

/// Returns a name that nobody had before; with `@contoso.test` it is a person (see the lab's file).
pub fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let since = jiff::Timestamp::now().as_millisecond() % 100_000_000;
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("t{since:x}p{:x}n{count}", std::process::id())
}

/// Sends a form and returns status and answer.
pub async fn post_form(http: &Http, url: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = http::Request::post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.into_bytes())
        .expect("a request");
    let response = http.send(request).await.expect("an answer");
    let value = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    (response.status().as_u16(), value)
}

/// What to ask which provider for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Base of the discovery document.
    pub authority: &'a str,
    /// The client's id.
    pub client_id: &'a str,
    /// Scopes, separated by blanks.
    pub scopes: &'a str,
}

/// Signs in by device code at any provider; `approve` gets the user code. Returns an access token.
pub async fn sign_in<F>(
    http: &Http,
    asked: &Asked<'_>,
    approve: impl FnOnce(String) -> F,
) -> SecretString
where
    F: Future<Output = ()>,
{
    let Asked {
        authority,
        client_id,
        scopes,
    } = *asked;
    let request = http::Request::get(format!("{authority}/.well-known/openid-configuration"))
        .body(Vec::new())
        .expect("a request");
    let response = http.send(request).await.expect("a discovery document");
    let places: Value = serde_json::from_slice(response.body()).expect("JSON");
    let place = |key: &str| places[key].as_str().expect("an endpoint").to_owned();

    let fields = [("client_id", client_id), ("scope", scopes)];
    let (status, code) = post_form(http, &place("device_authorization_endpoint"), &fields).await;
    assert_eq!(status, 200, "{code}");
    approve(code["user_code"].as_str().expect("a code").to_owned()).await;

    let poll = [
        ("grant_type", DEVICE_GRANT),
        ("client_id", client_id),
        ("device_code", code["device_code"].as_str().expect("a code")),
    ];
    for _ in 0..20 {
        let (_, answer) = post_form(http, &place("token_endpoint"), &poll).await;
        if let Some(token) = answer["access_token"].as_str() {
            return SecretString::from(token);
        }
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
    panic!("{authority} gave no token");
}
