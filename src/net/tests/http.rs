//! The HTTP client against scripted answers.

use http::{Method, Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::net::tests::{Ca, Validity, listen};
use crate::net::{Http, NetError, TlsFault, Trust};

/// Answers every request with the same bytes and closes.
async fn answering(answer: Vec<u8>) -> String {
    let port = listen(move |mut socket| {
        let answer = answer.clone();
        async move {
            let _ = socket.read(&mut [0; 4096]).await;
            let _ = socket.write_all(&answer).await;
            let _ = socket.shutdown().await;
        }
    })
    .await;
    format!("http://127.0.0.1:{port}/path?secret=1")
}

fn get(url: &str) -> Request<Vec<u8>> {
    Request::builder()
        .method(Method::GET)
        .uri(url)
        .body(Vec::new())
        .unwrap()
}

fn http() -> Http {
    Http::new(&Trust::load(None).unwrap()).unwrap()
}

#[tokio::test]
async fn every_status_is_an_answer_with_its_body() {
    let url =
        answering(b"HTTP/1.1 400 Bad\r\nContent-Length: 2\r\nRetry-After: 7\r\n\r\nno".to_vec())
            .await;
    let answer = http().send(get(&url)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(answer.body(), b"no");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let url = answering(
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
            .to_vec(),
    )
    .await;
    assert_eq!(http().send(get(&url)).await.unwrap().status(), 302);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let mut answer = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    answer.resize(answer.len() + (1 << 20) + 1, b'x');
    let url = answering(answer).await;
    assert!(matches!(
        http().send(get(&url)).await,
        Err(NetError::TooLong {
            limit: 1_048_576,
            ..
        })
    ));
}

#[tokio::test]
async fn garbage_and_hang_ups_are_errors_without_the_query() {
    for answer in [
        b"garbage\r\n\r\n".to_vec(),
        Vec::new(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx".to_vec(),
    ] {
        let url = answering(answer).await;
        let error = http().send(get(&url)).await.unwrap_err();
        assert!(
            !format!("{error:?} {error}").contains("secret"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_closed_port_is_a_connect_error_and_a_wrong_name_a_resolve_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = http()
        .send(get(&format!("http://127.0.0.1:{port}/")))
        .await
        .unwrap_err();
    assert!(
        matches!(error, NetError::Connect { port: p, .. } if p == port),
        "{error:?}"
    );
    let error = http()
        .send(get("http://no-such-host.invalid/"))
        .await
        .unwrap_err();
    assert!(matches!(error, NetError::Resolve { .. }), "{error:?}");
}

#[tokio::test]
async fn a_silent_http_server_is_given_up_after_the_limit() {
    let port = super::say(b"").await;
    let client = http();
    tokio::time::pause();
    let outcome = client.send(get(&format!("http://127.0.0.1:{port}/"))).await;
    assert!(
        matches!(outcome, Err(NetError::TimedOut { .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn https_verifies_and_sorts_certificates() {
    let ca = Ca::new();
    let acceptor = ca.acceptor("localhost", Validity::Now);
    let port = listen(move |socket| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut session) = acceptor.accept(socket).await else {
                return;
            };
            let _ = session.read(&mut [0; 4096]).await;
            let _ = session
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                .await;
            let _ = session.shutdown().await;
        }
    })
    .await;
    let url = format!("https://localhost:{port}/");
    let answer = Http::new(&ca.trust())
        .unwrap()
        .send(get(&url))
        .await
        .unwrap();
    assert_eq!(answer.body(), b"ok");
    let error = http().send(get(&url)).await.unwrap_err();
    assert!(
        matches!(
            error,
            NetError::Tls {
                fault: TlsFault::UnknownIssuer,
                ..
            }
        ),
        "{error:?}"
    );
}
