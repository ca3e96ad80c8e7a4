//! The small HTTP server a browser comes back to: reads one request per connection, bounded, and answers with a page.
//!
//! Only an answer of this sign-in gets through; whatever else asks is sent away and waiting goes on.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::answer::{Answer, Expected, Params};
use super::page::Page;

/// The longest request head that is read, in bytes; Microsoft's codes alone have some 2,000.
const HEAD_LIMIT: usize = 64 * 1024;

/// How long a browser may take to send its request. Browsers open connections they never use.
const READ_LIMIT: Duration = Duration::from_secs(10);

/// How long a page may take to go out.
const WRITE_LIMIT: Duration = Duration::from_secs(2);

/// The most connections at a time.
const CONNECTIONS: usize = 32;

/// An answer of this sign-in, and the browser that waits for its page.
pub(super) struct Caught {
    pub(super) answer: Answer,
    pub(super) browser: Browser,
}

/// A browser that waits for its page.
pub(super) struct Browser {
    page: oneshot::Sender<Page>,
    shown: oneshot::Receiver<()>,
}

impl Browser {
    /// Shows a page and waits until it is on its way.
    pub(super) async fn show(self, page: Page) {
        if self.page.send(page).is_ok() {
            let _ = timeout(WRITE_LIMIT, self.shown).await;
        }
    }
}

/// Serves until the returned set is dropped; that closes the listeners and all connections.
pub(super) fn serve(
    listeners: Vec<TcpListener>,
    expected: &Arc<Expected>,
    caught: &mpsc::Sender<Caught>,
) -> JoinSet<()> {
    let mut serving = JoinSet::new();
    for listener in listeners {
        serving.spawn(accept(listener, Arc::clone(expected), caught.clone()));
    }
    serving
}

async fn accept(listener: TcpListener, expected: Arc<Expected>, caught: mpsc::Sender<Caught>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(attend(stream, Arc::clone(&expected), caught.clone()));
                }
                // No file left to open, most likely: it passes.
                Err(_) => sleep(Duration::from_millis(100)).await,
            },
        }
    }
}

/// Reads one request and answers it.
async fn attend(mut stream: TcpStream, expected: Arc<Expected>, caught: mpsc::Sender<Caught>) {
    let head = timeout(READ_LIMIT, read_head(&mut stream)).await;
    let Ok(Some(head)) = head else {
        return;
    };
    let (page, shown) = match sort(&head, &expected) {
        Sorted::Page(page) => (page, None),
        Sorted::Answer(answer) => {
            let (page, waiting) = oneshot::channel();
            let (shown, is_shown) = oneshot::channel();
            let browser = Browser {
                page,
                shown: is_shown,
            };
            // Nobody takes a second answer: the connection just ends, as the listener will.
            if caught.send(Caught { answer, browser }).await.is_err() {
                return;
            }
            let Ok(page) = waiting.await else {
                return;
            };
            (page, Some(shown))
        }
    };
    let sent = async {
        stream.write_all(page.response().as_bytes()).await?;
        stream.shutdown().await
    };
    let _ = timeout(WRITE_LIMIT, sent).await;
    if let Some(shown) = shown {
        let _ = shown.send(());
    }
}

/// Reads up to the empty line; what follows is not wanted. `None` when the browser went away. A head that is too long
/// is returned cut off, without its empty line.
async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = stream.read(&mut piece).await.ok()?;
        if count == 0 {
            return None;
        }
        head.extend_from_slice(piece.get(..count)?);
        if is_whole(&head) || head.len() > HEAD_LIMIT {
            return Some(head);
        }
    }
}

fn is_whole(head: &[u8]) -> bool {
    head.windows(4).any(|end| end == b"\r\n\r\n") || head.windows(2).any(|end| end == b"\n\n")
}

/// What a request is answered with.
enum Sorted {
    Page(Page),
    Answer(Answer),
}

/// Sorts a request by its first line (RFC 9112 §3); the fields below it are not looked at.
fn sort(head: &[u8], expected: &Expected) -> Sorted {
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line).unwrap_or_default().trim_end();
    let mut words = line.split(' ');
    let (method, target, version) = (words.next(), words.next(), words.next());
    let is_http = version.is_some_and(|version| version.starts_with("HTTP/1."));
    let (Some(method), Some(target), true, None, true) =
        (method, target, is_http, words.next(), is_whole(head))
    else {
        return Sorted::Page(Page::nonsense());
    };
    if method != "GET" {
        return Sorted::Page(Page::other_method());
    }
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let params = Params::read(query);
    if !params.is_answer() {
        return Sorted::Page(Page::nothing_here());
    }
    if !params.is_of(expected) {
        return Sorted::Page(Page::other_sign_in());
    }
    match params.answer(expected) {
        Some(answer) => Sorted::Answer(answer),
        None => Sorted::Page(Page::nothing_here()),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::auth::endpoints::Issuer;

    fn expected() -> Expected {
        Expected {
            state: "S".into(),
            issuer: Issuer::Named {
                name: "https://id.example".into(),
                is_on_redirect: false,
            },
        }
    }

    #[track_caller]
    fn check(head: &str, page: Option<&Page>) {
        match (sort(head.as_bytes(), &expected()), page) {
            (Sorted::Page(found), Some(page)) => assert_eq!(&found, page, "{head}"),
            (Sorted::Answer(Answer::Code(code)), None) => {
                assert_eq!(code.expose_secret(), "c d", "{head}");
            }
            _ => panic!("{head}"),
        }
    }

    #[test]
    fn only_an_answer_of_this_sign_in_gets_through() {
        let end = "HTTP/1.1\r\nHost: localhost\r\n\r\n";
        for target in [
            "/?code=c+d&state=S",
            "/any/path?state=S&code=c%20d&x=y",
            "http://localhost:1/?code=c+d&state=S",
            "/?code=c+d&state=S&iss=https%3A%2F%2Fid.example",
        ] {
            check(&format!("GET {target} {end}"), None);
        }
        for target in [
            "/",
            "/favicon.ico",
            "/?state=S",
            "/?code=&state=S",
            "/?code=1&code=2&state=S",
        ] {
            check(&format!("GET {target} {end}"), Some(&Page::nothing_here()));
        }
        for target in [
            "/?code=c",
            "/?code=c&state=T",
            "/?error=x",
            "/?code=c&state=S&state=S",
        ] {
            check(&format!("GET {target} {end}"), Some(&Page::other_sign_in()));
        }
        check(
            &format!("POST /?code=c&state=S {end}"),
            Some(&Page::other_method()),
        );
    }

    #[test]
    fn what_is_no_request_is_not_understood() {
        for head in [
            "",
            "\r\n\r\n",
            "GET\r\n\r\n",
            "GET /?code=c&state=S\r\n\r\n",
            "GET /?code=c&state=S SMTP/1.1\r\n\r\n",
            "GET /?code=c state=S HTTP/1.1\r\n\r\n",
            "GET /?code=c&state=S HTTP/1.1\r\nX: cut",
        ] {
            check(head, Some(&Page::nonsense()));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, text in "[ -~]{0,200}") {
            let _ = sort(&bytes, &expected());
            let _ = sort(format!("GET /?{text} HTTP/1.1\r\n\r\n").as_bytes(), &expected());
        }

        #[test]
        fn no_stream_makes_the_reader_panic_or_grow(bytes: Vec<u8>) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let head = runtime.block_on(read_head(&mut bytes.as_slice()));
            assert!(head.is_none_or(|head| head.len() <= HEAD_LIMIT + 4096));
        }
    }
}
