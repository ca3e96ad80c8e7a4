//! A tiny client for HTTPS, IMAP and SMTP, and a tenant to try it on.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::demo::{Habits, Options, RegisteredApp, Tenant};

pub const ADA: &str = "ada@harborvale.example";
pub const SUPPORT: &str = "support@harborvale.example";
pub const SCOPES: &str = "openid profile offline_access https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send";

/// An answer over HTTP.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// Returns a header; the program under test writes names in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{name}: ");
        self.head.lines().find_map(|line| line.strip_prefix(&start))
    }

    /// Returns where the browser is sent.
    pub fn location(&self) -> url::Url {
        let location = self.header("location");
        url::Url::parse(location.unwrap_or_else(|| panic!("{} {}", self.head, self.body))).unwrap()
    }
}

/// Writes fields as a query or a form.
pub fn query(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// Returns a field of an address's query, "" if it is missing.
pub fn field(address: &url::Url, name: &str) -> String {
    let mut pairs = address.query_pairs();
    pairs
        .find(|(found, _)| found == name)
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

/// Returns the claims of a token, unchecked.
pub fn claims(token: &Value) -> Value {
    let claims = token.as_str().unwrap().split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims);
    serde_json::from_slice(&claims.unwrap()).unwrap()
}

/// A tenant with its folder and an authority's path.
pub struct House {
    pub tenant: Tenant,
    _folder: tempfile::TempDir,
}

/// Starts a quiet tenant whose people answer at once.
pub async fn house(messages: usize) -> House {
    house_with(messages, Duration::from_secs(300)).await
}

pub async fn house_with(messages: usize, token_life: Duration) -> House {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        messages,
        token_life,
        chatter: false,
        ..Options::new(folder.path())
    };
    let habits = Habits {
        poll_interval: Duration::from_secs(1),
        answer_after: (Duration::ZERO, Duration::from_millis(1)),
        ..Habits::default()
    };
    House {
        tenant: Tenant::start_with(options, habits).await.unwrap(),
        _folder: folder,
    }
}

pub fn connector(tenant: &Tenant) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(&tenant.ca_file).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn tls(tenant: &Tenant, stream: TcpStream) -> TlsStream<TcpStream> {
    let name = ServerName::try_from("localhost").unwrap();
    connector(tenant).connect(name, stream).await.unwrap()
}

impl House {
    fn web_port(&self) -> u16 {
        let rest = self
            .tenant
            .authority
            .strip_prefix("https://localhost:")
            .unwrap();
        rest.split('/').next().unwrap().parse().unwrap()
    }

    /// Sends a request and returns status and body.
    pub async fn http(&self, method: &str, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        let answer = self.request(method, path, "", form).await;
        (answer.status, answer.body)
    }

    /// Sends a request with more header lines.
    pub async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        form: &[(&str, &str)],
    ) -> Answer {
        let stream = TcpStream::connect(("localhost", self.web_port()))
            .await
            .unwrap();
        let mut stream = tls(&self.tenant, stream).await;
        let body = query(form);
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        // Some servers end without a TLS farewell; what was read counts.
        let _ = stream.read_to_string(&mut answer).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// Returns the address of the sign-in service without a path.
    pub fn base(&self) -> String {
        format!("https://localhost:{}", self.web_port())
    }

    /// Returns a registered app by its key.
    pub fn app(&self, key: &str) -> &RegisteredApp {
        let mut apps = self.tenant.apps.iter();
        apps.find(|app| app.key == key).unwrap()
    }

    /// Reads an app's secret as its owner would.
    pub fn secret(&self, key: &str) -> String {
        std::fs::read_to_string(self.app(key).secret_file.as_ref().unwrap()).unwrap()
    }

    /// Gets an app's own token for IMAP and SMTP.
    pub async fn app_token(&self, key: &str) -> String {
        let secret = self.secret(key);
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", self.app(key).client_id),
            ("client_secret", &secret),
            ("scope", "https://outlook.office365.com/.default"),
        ];
        let (status, tokens) = self.post("token", &form).await;
        assert_eq!(status, 200, "{tokens}");
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    /// Posts a form to an endpoint of the tenant and returns status and JSON.
    pub async fn post(&self, endpoint: &str, form: &[(&str, &str)]) -> (u16, Value) {
        self.post_at(crate::demo::sign_in::TENANT_ID, endpoint, form)
            .await
    }

    /// Posts a form to an endpoint of a tenant's other name.
    pub async fn post_at(
        &self,
        tenant: &str,
        endpoint: &str,
        form: &[(&str, &str)],
    ) -> (u16, Value) {
        let path = format!("/{tenant}/oauth2/v2.0/{endpoint}");
        let (status, body) = self.http("POST", &path, form).await;
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// Signs somebody in and returns the token answer.
    pub async fn sign_in_as(&self, email: &str, scope: &str) -> Value {
        let client = self.tenant.client_id.as_str();
        let form = [("client_id", client), ("scope", scope)];
        let (_, code) = self.post("devicecode", &form).await;
        let user_code = code["user_code"].as_str().unwrap();
        assert!(self.tenant.control().approve_as(user_code, email));
        let device_code = code["device_code"].as_str().unwrap();
        let (status, tokens) = self
            .post(
                "token",
                &[
                    ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                    ("client_id", client),
                    ("device_code", device_code),
                ],
            )
            .await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    /// Returns an access token for all mail.
    pub async fn token(&self, email: &str) -> String {
        let tokens = self.sign_in_as(email, SCOPES).await;
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    /// Connects to IMAP and reads the greeting.
    pub async fn imap(&self) -> Imap<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(("localhost", self.tenant.imap_port))
            .await
            .unwrap();
        let mut imap = Imap::new(tls(&self.tenant, stream).await);
        assert!(imap.line().await.unwrap().starts_with("* OK"));
        imap
    }

    /// Opens a mailbox with Ada's token.
    pub async fn open(&self, mailbox: &str) -> Imap<TlsStream<TcpStream>> {
        let token = self.token(ADA).await;
        let mut imap = self.imap().await;
        let answer = imap
            .ask(&format!(
                "AUTHENTICATE XOAUTH2 {}",
                xoauth2(mailbox, &token)
            ))
            .await;
        assert_eq!(answer.last().unwrap(), "a1 OK AUTHENTICATE completed.");
        imap
    }

    /// Connects to SMTP, does STARTTLS, greets again.
    pub async fn smtp(&self) -> Smtp<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(("localhost", self.tenant.smtp_port))
            .await
            .unwrap();
        let mut smtp = Smtp::new(stream);
        assert!(smtp.answer().await.starts_with("220 "));
        let hello = smtp.ask("EHLO test").await;
        assert!(
            hello.contains("STARTTLS") && !hello.contains("AUTH"),
            "{hello}"
        );
        assert!(smtp.ask("STARTTLS").await.starts_with("220 "));
        let mut smtp = Smtp::new(tls(&self.tenant, smtp.stream.into_inner()).await);
        let hello = smtp.ask("EHLO test").await;
        assert!(
            hello.contains("AUTH LOGIN XOAUTH2") && !hello.contains("STARTTLS"),
            "{hello}"
        );
        smtp
    }
}

/// Returns the SASL message in base64.
pub fn xoauth2(user: &str, token: &str) -> String {
    STANDARD.encode(format!("user={user}\u{1}auth=Bearer {token}\u{1}\u{1}"))
}

/// An IMAP connection.
pub struct Imap<S> {
    stream: BufReader<S>,
    tag: u32,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Imap<S> {
    pub fn new(stream: S) -> Self {
        Self {
            stream: BufReader::new(stream),
            tag: 0,
        }
    }

    pub async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Reads one answer with its literals; `None` at the end of the connection. Each must be well formed.
    pub async fn line(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        loop {
            let count = self.stream.read_until(b'\n', &mut bytes).await.unwrap_or(0);
            if count == 0 {
                return None;
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let literal = text
                .strip_suffix("}\r\n")
                .and_then(|text| text.rsplit_once('{'))
                .and_then(|(_, digits)| digits.parse::<usize>().ok());
            let Some(length) = literal else {
                well_formed(&bytes);
                return Some(text.trim_end_matches("\r\n").to_owned());
            };
            let mut literal = vec![0; length];
            self.stream.read_exact(&mut literal).await.unwrap();
            bytes.extend(literal);
        }
    }

    /// Sends a command and returns all lines up to its end. Tags are `a1`, `a2`, …
    pub async fn ask(&mut self, command: &str) -> Vec<String> {
        self.tag += 1;
        let tag = format!("a{}", self.tag);
        self.send(&format!("{tag} {command}\r\n")).await;
        self.until(&format!("{tag} ")).await
    }

    /// Reads lines up to one that starts like this.
    pub async fn until(&mut self, start: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let Some(line) = self.line().await else {
                panic!("the connection ended after {lines:?}");
            };
            let is_last = line.starts_with(start);
            lines.push(line);
            if is_last {
                return lines;
            }
        }
    }
}

/// Checks an answer with a parser that has no part in writing it.
fn well_formed(bytes: &[u8]) {
    use imap_codec::decode::Decoder as _;
    let is_sound = bytes.starts_with(b"+ ")
        || imap_codec::ResponseCodec::default()
            .decode(bytes)
            .is_ok_and(|(rest, _)| rest.is_empty());
    assert!(is_sound, "{}", String::from_utf8_lossy(bytes));
}

/// An SMTP connection.
pub struct Smtp<S> {
    stream: BufReader<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Smtp<S> {
    pub fn new(stream: S) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Reads an answer, all its lines.
    pub async fn answer(&mut self) -> String {
        let mut answer = String::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).await.unwrap();
            answer.push_str(&line);
            if line.is_empty() || line.as_bytes().get(3) != Some(&b'-') {
                return answer.trim_end().to_owned();
            }
        }
    }

    pub async fn ask(&mut self, line: &str) -> String {
        self.stream
            .write_all(format!("{line}\r\n").as_bytes())
            .await
            .unwrap();
        self.stream.flush().await.unwrap();
        self.answer().await
    }

    /// Signs in with a password.
    pub async fn password(&mut self, user: &str, password: &str) -> String {
        assert_eq!(self.ask("AUTH LOGIN").await, "334 VXNlcm5hbWU6");
        assert_eq!(self.ask(&STANDARD.encode(user)).await, "334 UGFzc3dvcmQ6");
        self.ask(&STANDARD.encode(password)).await
    }

    /// Logs in as somebody.
    pub async fn auth(&mut self, user: &str, token: &str) -> String {
        self.ask(&format!("AUTH XOAUTH2 {}", xoauth2(user, token)))
            .await
    }
}
