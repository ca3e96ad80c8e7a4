//! The scripted service: a closure answers every request, all requests are remembered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::form_urlencoded;

/// One request.
#[derive(Clone, Debug)]
pub(in crate::auth) struct Asked {
    pub(in crate::auth) path: String,
    pub(in crate::auth) form: BTreeMap<String, String>,
    /// How many came before it.
    pub(in crate::auth) number: usize,
}

/// One answer.
#[derive(Clone, Debug)]
pub(in crate::auth) struct Answer {
    head: String,
    body: String,
    after: Duration,
}

impl Answer {
    pub(in crate::auth) fn json(status: u16, body: &str) -> Self {
        Self::new(status, "application/json", body)
    }

    pub(in crate::auth) fn html(status: u16) -> Self {
        Self::new(status, "text/html", "<html>busy</html>")
    }

    pub(in crate::auth) fn error(error: &str) -> Self {
        Self::json(
            400,
            &format!(r#"{{"error":"{error}","error_description":"because"}}"#),
        )
    }

    pub(in crate::auth) fn with(mut self, header: &str) -> Self {
        self.head.push_str(header);
        self.head.push_str("\r\n");
        self
    }

    /// Closes the connection without a word.
    pub(in crate::auth) fn lost() -> Self {
        Self {
            head: String::new(),
            body: String::new(),
            after: Duration::ZERO,
        }
    }

    /// Keeps the asker waiting.
    pub(in crate::auth) fn after(mut self, after: Duration) -> Self {
        self.after = after;
        self
    }

    fn new(status: u16, kind: &str, body: &str) -> Self {
        Self {
            head: format!("HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nConnection: close\r\n"),
            body: body.to_owned(),
            after: Duration::ZERO,
        }
    }
}

/// A running service.
pub(in crate::auth) struct Server {
    pub(in crate::auth) base: String,
    log: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(in crate::auth) async fn start(
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, answer)
    }

    pub(in crate::auth) fn on(
        listener: TcpListener,
        answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let base = format!("http://{}", listener.local_addr().unwrap());
        let log: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (seen, answer) = (Arc::clone(&log), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                tokio::spawn(async move { serve(socket, &seen, &*answer).await });
            }
        });
        Self { base, log }
    }

    /// Answers with the list in order, the last one again and again.
    pub(in crate::auth) async fn scripted(answers: Vec<Answer>) -> Self {
        Self::start(move |asked| answers[asked.number.min(answers.len() - 1)].clone()).await
    }

    pub(in crate::auth) fn asked(&self) -> Vec<Asked> {
        self.log.lock().unwrap().clone()
    }
}

async fn serve(
    mut socket: TcpStream,
    seen: &Mutex<Vec<Asked>>,
    answer: &(dyn Fn(&Asked) -> Answer + Send + Sync),
) {
    let Some((path, body)) = read_request(&mut socket).await else {
        return;
    };
    let answer = {
        let mut seen = seen.lock().unwrap();
        let form = form_urlencoded::parse(&body).into_owned().collect();
        let asked = Asked {
            path,
            form,
            number: seen.len(),
        };
        seen.push(asked.clone());
        answer(&asked)
    };
    if !answer.after.is_zero() {
        tokio::time::sleep(answer.after).await;
    }
    if answer.head.is_empty() {
        return;
    }
    let length = answer.body.len();
    let text = format!(
        "{}Content-Length: {length}\r\n\r\n{}",
        answer.head, answer.body
    );
    let _ = socket.write_all(text.as_bytes()).await;
    let _ = socket.shutdown().await;
}

async fn read_request(socket: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 8192];
        let count = socket
            .read(&mut piece)
            .await
            .ok()
            .filter(|&count| count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse().unwrap());
        if body.len() >= length {
            let path = head.split(' ').nth(1)?.to_owned();
            return Some((path, body.as_bytes().to_vec()));
        }
    }
}
