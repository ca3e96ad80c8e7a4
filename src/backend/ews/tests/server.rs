//! A web server that says what a test wants, piece by piece.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Header lines, in lower case.
    pub head: String,
    /// The whole envelope.
    pub body: String,
    /// The operation.
    pub operation: String,
}

impl Seen {
    /// Returns what stands in the SOAP body.
    pub fn content(&self) -> &str {
        let (_, rest) = self.body.split_once("<s:Body>").unwrap();
        rest.split_once("</s:Body>").unwrap().0
    }

    /// Checks the content against what must be sent, where line breaks with what follows of blanks count for nothing.
    pub fn check(&self, expected: &str) {
        let expected: String = expected.lines().map(str::trim).collect();
        assert_eq!(self.content(), expected);
    }
}

/// A piece of an answer.
#[derive(Clone, Debug)]
pub enum Piece {
    Bytes(Vec<u8>),
    Pause(Duration),
    /// Nothing comes before something has happened.
    After(Arc<Notify>),
    /// The connection is cut.
    Cut,
}

/// What is said to a request.
#[derive(Clone, Debug)]
pub struct Answer {
    status: &'static str,
    head: String,
    pieces: Vec<Piece>,
}

impl Answer {
    /// A good answer.
    pub fn xml(text: impl Into<Vec<u8>>) -> Self {
        Self::with("200 OK", text)
    }

    /// An answer of a status.
    pub fn with(status: &'static str, text: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            head: String::new(),
            pieces: vec![Piece::Bytes(text.into())],
        }
    }

    /// An answer in pieces.
    pub fn pieces(pieces: Vec<Piece>) -> Self {
        Self {
            status: "200 OK",
            head: String::new(),
            pieces,
        }
    }

    /// No answer at all.
    pub fn cut() -> Self {
        Self {
            status: "",
            head: String::new(),
            pieces: Vec::new(),
        }
    }

    /// Lets it begin only after something has happened.
    pub fn after(mut self, event: &Arc<Notify>) -> Self {
        self.pieces.insert(0, Piece::After(Arc::clone(event)));
        self
    }

    /// Adds a header line.
    pub fn line(mut self, line: &str) -> Self {
        self.head.push_str(line);
        self.head.push_str("\r\n");
        self
    }
}

type Handler = dyn Fn(&Seen, usize) -> Answer + Send + Sync;

/// A running server; it ends with the test.
pub struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Starts one. The handler is told how many requests of the same operation came before.
    pub async fn start(handler: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let handler: Arc<Handler> = Arc::new(handler);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, Arc::clone(&handler), Arc::clone(&log)));
            }
        });
        Self { port, seen }
    }

    /// Returns the address of the service.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}/EWS/Exchange.asmx", self.port)
    }

    /// Returns the requests of an operation.
    pub fn of(&self, operation: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter(|seen| seen.operation == operation)
            .cloned()
            .collect()
    }

    /// Returns the last request of an operation.
    pub fn last(&self, operation: &str) -> Seen {
        self.of(operation).pop().unwrap()
    }

    /// Returns how many requests came.
    pub fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

async fn serve(mut socket: TcpStream, handler: Arc<Handler>, log: Arc<Mutex<Vec<Seen>>>) {
    let mut held = Vec::new();
    while let Some(seen) = read(&mut socket, &mut held).await {
        let before = {
            let mut log = log.lock().unwrap();
            let before = log.iter().filter(|s| s.operation == seen.operation).count();
            log.push(seen.clone());
            before
        };
        let answer = handler(&seen, before);
        if !say(&mut socket, answer).await {
            return;
        }
    }
}

async fn read(socket: &mut TcpStream, held: &mut Vec<u8>) -> Option<Seen> {
    loop {
        if let Some(at) = held.windows(4).position(|window| window == b"\r\n\r\n") {
            let fields = String::from_utf8_lossy(&held[..at]).to_lowercase();
            let length = fields
                .lines()
                .find_map(|l| l.strip_prefix("content-length: "));
            let length: usize = length.unwrap().trim().parse().unwrap();
            if held.len() >= at + 4 + length {
                let body = String::from_utf8(held[at + 4..at + 4 + length].to_vec()).unwrap();
                held.drain(..at + 4 + length);
                let (_, rest) = body.split_once("<s:Body><m:").unwrap();
                let operation = rest.split([' ', '>']).next().unwrap().to_owned();
                return Some(Seen {
                    head: fields,
                    body,
                    operation,
                });
            }
        }
        let mut buffer = vec![0; 64 << 10];
        match socket.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(got) => held.extend_from_slice(&buffer[..got]),
        }
    }
}

async fn say(socket: &mut TcpStream, answer: Answer) -> bool {
    if answer.status.is_empty() {
        return false;
    }
    let head = format!(
        "HTTP/1.1 {}\r\nContent-Type: text/xml; charset=utf-8\r\nTransfer-Encoding: chunked\r\n{}\r\n",
        answer.status, answer.head
    );
    if socket.write_all(head.as_bytes()).await.is_err() {
        return false;
    }
    for piece in answer.pieces {
        let said = match piece {
            Piece::Bytes(bytes) => {
                let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
                chunk.extend(bytes);
                chunk.extend(b"\r\n");
                socket.write_all(&chunk).await
            }
            Piece::Pause(time) => {
                tokio::time::sleep(time).await;
                Ok(())
            }
            Piece::After(event) => {
                event.notified().await;
                Ok(())
            }
            Piece::Cut => return false,
        };
        if said.is_err() {
            return false;
        }
    }
    socket.write_all(b"0\r\n\r\n").await.is_ok()
}
