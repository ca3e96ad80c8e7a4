//! A sign-in service of a few lines: every secret that it gives is a canary, and so is every one that it gets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;

use crate::scripted::acceptor;

/// What requests carry that nobody else may see.
const SECRET_FIELDS: [&str; 6] = [
    "client_secret",
    "client_assertion",
    "code_verifier",
    "code",
    "device_code",
    "refresh_token",
];

/// Secrets by their kinds.
#[derive(Clone, Debug, Default)]
pub struct Canaries(Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>);

impl Canaries {
    pub fn add(&self, kind: &str, secret: &str) {
        let mut all = self.0.lock().unwrap();
        all.entry(kind.to_owned())
            .or_default()
            .insert(secret.to_owned());
    }

    /// Makes one up.
    pub fn plant(&self, kind: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let letters: String = kind.chars().filter(char::is_ascii_alphabetic).collect();
        let secret = format!("CANARY{letters}{:x}n{number}SINGS", std::process::id());
        self.add(kind, &secret);
        secret
    }

    pub fn all(&self) -> BTreeMap<String, BTreeSet<String>> {
        self.0.lock().unwrap().clone()
    }
}

/// The running service.
#[derive(Debug)]
pub struct Service {
    pub authority: String,
    pub canaries: Canaries,
    /// Fields of secrets that clients sent.
    pub used: Arc<Mutex<BTreeSet<String>>>,
}

impl Service {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let authority = format!(
            "https://localhost:{}",
            listener.local_addr().unwrap().port()
        );
        let service = Self {
            authority,
            canaries: Canaries::default(),
            used: Arc::default(),
        };
        let (authority, canaries) = (service.authority.clone(), service.canaries.clone());
        let used = Arc::clone(&service.used);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (authority, canaries) = (authority.clone(), canaries.clone());
                let used = Arc::clone(&used);
                tokio::spawn(async move {
                    let stream = acceptor().accept(stream).await.ok()?;
                    let mut stream = BufReader::new(stream);
                    let (path, form) = request(&mut stream).await?;
                    for (name, value) in &form {
                        if SECRET_FIELDS.contains(&name.as_str()) {
                            canaries.add(name, value);
                            used.lock().unwrap().insert(name.clone());
                        }
                    }
                    answer(&mut stream, &reply(&path, &authority, &canaries)).await
                });
            }
        });
        service
    }
}

type Line = BufReader<TlsStream<TcpStream>>;

async fn request(stream: &mut Line) -> Option<(String, Vec<(String, String)>)> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok()?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let form = url::form_urlencoded::parse(&body).into_owned().collect();
    Some((first.split(' ').nth(1)?.to_owned(), form))
}

fn reply(path: &str, authority: &str, canaries: &Canaries) -> Value {
    match path {
        "/device" => json!({
            "device_code": canaries.plant("device_code"), "user_code": "ABCD-EFGH",
            "verification_uri": format!("{authority}/enter"), "expires_in": 900, "interval": 1,
        }),
        "/token" => json!({
            "access_token": canaries.plant("access_token"), "token_type": "Bearer",
            "refresh_token": canaries.plant("refresh_token"), "expires_in": 2,
        }),
        "/revoke" => json!({}),
        _ => json!({
            "issuer": authority,
            "authorization_endpoint": format!("{authority}/authorize"),
            "token_endpoint": format!("{authority}/token"),
            "device_authorization_endpoint": format!("{authority}/device"),
            "revocation_endpoint": format!("{authority}/revoke"),
        }),
    }
}

async fn answer(stream: &mut Line, value: &Value) -> Option<()> {
    let body = value.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}
