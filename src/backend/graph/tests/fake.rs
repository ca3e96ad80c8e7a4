//! A scripted Graph: plain HTTP on this machine, every request kept, answers from a closure.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::backend::graph::connect::base;
use crate::backend::graph::submit::Post;
use crate::backend::graph::wire::Wire;
use crate::backend::graph::{Graph, connect};
use crate::backend::{Access, BackendError, Credential, Opener, ProofSource};
use crate::net::Trust;

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// Method and target.
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Ask {
    pub(super) fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn is_batch(&self) -> bool {
        self.line == "POST /v1.0/$batch"
    }
}

/// What the server does.
pub(super) enum Say {
    Json(u16, Value),
    Raw(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Closes the connection without a word.
    Cut,
}

impl Say {
    pub(super) fn error(status: u16, code: &str) -> Self {
        Self::Json(status, error(code))
    }
}

/// Makes an error as Graph does.
pub(super) fn error(code: &str) -> Value {
    json!({ "error": { "code": code, "message": "Words.", "innerError": { "request-id": "r-1" } } })
}

/// Answers a batch, in reverse order.
pub(super) fn batch(ask: &Ask, answer: impl Fn(&str, &Value) -> (u16, Value)) -> Say {
    let body = ask.json();
    let requests = body["requests"].as_array().cloned().unwrap_or_default();
    let responses = requests.iter().rev().map(|request| {
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let line = format!("{} {}", text("method"), text("url"));
        let (status, body) = answer(&line, &request["body"]);
        json!({ "id": request["id"], "status": status, "headers": { "Retry-After": "7" }, "body": body })
    });
    let responses: Vec<Value> = responses.collect();
    Say::Json(200, json!({ "responses": responses }))
}

/// A running server.
pub(super) struct Fake {
    pub(super) port: u16,
    log: Arc<Mutex<Vec<Ask>>>,
}

impl Fake {
    pub(super) async fn start(script: impl Fn(&Ask) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (script, kept) = (Arc::new(script), Arc::clone(&log));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (script, log) = (Arc::clone(&script), Arc::clone(&kept));
                tokio::spawn(async move { serve(socket, &*script, &log).await });
            }
        });
        Self { port, log }
    }

    /// Returns what was asked so far, and forgets it.
    pub(super) fn asked(&self) -> Vec<Ask> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    /// Returns the lines of what was asked so far, and forgets it.
    pub(super) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|ask| ask.line).collect()
    }

    /// Returns what talks to another port.
    pub(super) fn elsewhere(self, port: u16) -> Self {
        Self { port, ..self }
    }

    pub(super) fn link(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/v1.0{path}", self.port)
    }

    pub(super) fn wire(&self, opener: Opener) -> Wire {
        let access = Access {
            mailbox: "ana@x.test".to_owned(),
            user: String::new(),
            opener,
            proof: Arc::new(Token),
        };
        let base = base("127.0.0.1", self.port, &access).plain();
        Wire::new(&Trust::load(None).unwrap(), &access, base).unwrap()
    }

    /// Opens the own mailbox without asking anything.
    pub(super) fn graph(&self) -> Graph {
        Graph::new(self.wire(Opener::Owner))
    }

    pub(super) async fn connect(&self, opener: Opener) -> Result<Graph, BackendError> {
        connect::open(self.wire(opener)).await
    }

    pub(super) fn post(&self, opener: Opener) -> Post {
        Post::new(self.wire(opener), &Trust::load(None).unwrap()).unwrap()
    }
}

async fn serve(
    mut socket: TcpStream,
    script: &(impl Fn(&Ask) -> Say + Sync),
    log: &Mutex<Vec<Ask>>,
) {
    let mut read = Vec::new();
    while let Some(ask) = next(&mut socket, &mut read).await {
        log.lock().unwrap().push(ask.clone());
        let (status, headers, body) = match script(&ask) {
            Say::Json(status, body) => (status, Vec::new(), body.to_string().into_bytes()),
            Say::Raw(status, headers, body) => (status, headers, body),
            Say::Cut => return,
        };
        let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head = format!("{head}{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        let _ = socket.write_all(head.as_bytes()).await;
        let _ = socket.write_all(&body).await;
    }
}

async fn next(socket: &mut TcpStream, read: &mut Vec<u8>) -> Option<Ask> {
    let end = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if socket.read_buf(read).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut ask = Ask {
        line,
        headers: headers.collect(),
        body: Vec::new(),
    };
    let length: usize = ask.header("content-length").parse().unwrap_or(0);
    while read.len() < end + 4 + length {
        if socket.read_buf(read).await.ok()? == 0 {
            return None;
        }
    }
    ask.body = read[end + 4..end + 4 + length].to_vec();
    read.drain(..end + 4 + length);
    Some(ask)
}

/// One token, always good.
#[derive(Debug)]
pub(super) struct Token;

#[async_trait]
impl ProofSource for Token {
    async fn credential(&self) -> Result<Credential, BackendError> {
        Ok(Credential::Bearer(SecretString::from("t0ken")))
    }

    async fn reject(&self, _credential: &Credential) -> bool {
        false
    }
}
