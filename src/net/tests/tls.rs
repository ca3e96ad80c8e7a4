//! TCP, TLS and lines.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::net::tests::{Ca, Validity, listen, say};
use crate::net::{
    NetError, Stream, TlsFault, Trust, connect_plain, connect_tls, read_line, resolve, start_tls,
};

/// Starts a TLS server that says hello and echoes one byte.
async fn tls_server(ca: &Ca, name: &str, validity: Validity) -> u16 {
    let acceptor = ca.acceptor(name, validity);
    listen(move |socket| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut session) = acceptor.accept(socket).await else {
                return;
            };
            session.write_all(b"hello\r\n").await.unwrap();
            let byte = session.read_u8().await.unwrap_or(b'?');
            let _ = session.write_all(&[byte]).await;
            let _ = session.shutdown().await;
        }
    })
    .await
}

#[track_caller]
fn check_fault(outcome: Result<Stream, NetError>, expected: TlsFault) {
    match outcome {
        Err(NetError::Tls { fault, .. }) => assert_eq!(fault, expected),
        other => panic!("expected {expected:?}, got {other:?}"),
    }
}

#[tokio::test]
async fn a_certificate_of_a_named_ca_is_good_and_sessions_work_both_ways() {
    let ca = Ca::new();
    let port = tls_server(&ca, "localhost", Validity::Now).await;
    let mut stream = connect_tls("localhost", port, &ca.trust()).await.unwrap();
    assert_eq!(stream.tls_version(), Some("TLS 1.3"));
    assert_eq!(stream.peer_addr().port(), port);
    let certificate = stream.certificate().unwrap();
    assert!(
        certificate.not_after > jiff::Timestamp::now(),
        "{certificate:?}"
    );
    assert_eq!(read_line(&mut stream, 100).await.unwrap(), b"hello\r\n");
    stream.write_all(b"x").await.unwrap();
    stream.flush().await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'x');
}

#[tokio::test]
async fn an_address_can_be_the_name_on_the_certificate() {
    let ca = Ca::new();
    let port = tls_server(&ca, "127.0.0.1", Validity::Now).await;
    assert!(connect_tls("127.0.0.1", port, &ca.trust()).await.is_ok());
}

#[tokio::test]
async fn bad_certificates_are_refused_and_told_apart() {
    let ca = Ca::new();
    let trust = ca.trust();
    let port = tls_server(&ca, "localhost", Validity::Past).await;
    check_fault(
        connect_tls("localhost", port, &trust).await,
        TlsFault::Expired,
    );
    let port = tls_server(&ca, "localhost", Validity::Future).await;
    check_fault(
        connect_tls("localhost", port, &trust).await,
        TlsFault::NotYetValid,
    );
    let port = tls_server(&ca, "other.example", Validity::Now).await;
    check_fault(
        connect_tls("localhost", port, &trust).await,
        TlsFault::WrongName,
    );
    let port = tls_server(&Ca::new(), "localhost", Validity::Now).await;
    check_fault(
        connect_tls("localhost", port, &trust).await,
        TlsFault::UnknownIssuer,
    );
    check_fault(
        connect_tls("localhost", port, &Trust::load(None).unwrap()).await,
        TlsFault::UnknownIssuer,
    );
}

#[tokio::test]
async fn a_plain_server_on_a_tls_port_is_recognised() {
    let trust = Ca::new().trust();
    for greeting in [
        b"* OK IMAP ready\r\n".as_slice(),
        b"220 mail ESMTP\r\n",
        b"+OK POP\r\n",
    ] {
        let port = say(greeting).await;
        check_fault(
            connect_tls("localhost", port, &trust).await,
            TlsFault::NotTls,
        );
    }
}

#[tokio::test]
async fn starttls_after_a_plain_greeting_secures_the_same_socket() {
    let ca = Ca::new();
    let acceptor = ca.acceptor("localhost", Validity::Now);
    let port = listen(move |mut socket| {
        let acceptor = acceptor.clone();
        async move {
            socket.write_all(b"220 ready\r\n").await.unwrap();
            let mut session = acceptor.accept(socket).await.unwrap();
            session.write_all(b"inside\r\n").await.unwrap();
            let _ = session.read_u8().await;
        }
    })
    .await;
    let mut stream = connect_plain("localhost", port).await.unwrap();
    assert_eq!(stream.tls_version(), None);
    assert_eq!(read_line(&mut stream, 100).await.unwrap(), b"220 ready\r\n");
    let mut stream = start_tls(stream, "localhost", &ca.trust()).await.unwrap();
    assert_eq!(read_line(&mut stream, 100).await.unwrap(), b"inside\r\n");
    assert!(matches!(
        start_tls(stream, "localhost", &ca.trust()).await,
        Err(NetError::Broken { .. })
    ));
}

#[tokio::test]
async fn a_silent_server_is_given_up_after_the_limit() {
    let port = say(b"").await;
    let stream = connect_plain("127.0.0.1", port).await.unwrap();
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let outcome = start_tls(stream, "127.0.0.1", &Trust::load(None).unwrap()).await;
    assert!(matches!(
        outcome,
        Err(NetError::TimedOut { seconds: 15, .. })
    ));
    assert!(started.elapsed() < Duration::from_secs(16));
}

#[tokio::test]
async fn a_server_that_hangs_up_in_the_handshake_is_a_broken_connection() {
    let port = listen(|socket| async move { drop(socket) }).await;
    let outcome = connect_tls("localhost", port, &Trust::load(None).unwrap()).await;
    assert!(
        matches!(outcome, Err(NetError::Broken { .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_closed_port_and_a_wrong_name_are_told_apart() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert!(matches!(
        connect_plain("localhost", port).await,
        Err(NetError::Connect { .. })
    ));
    assert!(matches!(
        resolve("no-such-host.invalid", 25).await,
        Err(NetError::Resolve { .. })
    ));
    let found = resolve("[::1]", 143).await.unwrap();
    assert_eq!(found, ["[::1]:143".parse().unwrap()]);
}

#[tokio::test]
async fn lines_are_bounded_and_nothing_behind_them_is_consumed() {
    let port = say(b"one\r\ntwo and more\r\n").await;
    let mut stream = connect_plain("localhost", port).await.unwrap();
    assert_eq!(read_line(&mut stream, 5).await.unwrap(), b"one\r\n");
    assert_eq!(stream.read_u8().await.unwrap(), b't');
    assert!(matches!(
        read_line(&mut stream, 4).await,
        Err(NetError::TooLong { limit: 4, .. })
    ));
}

#[tokio::test]
async fn a_line_without_an_end_is_a_broken_connection() {
    let port =
        listen(|mut socket| async move { socket.write_all(b"half a li").await.unwrap() }).await;
    let mut stream = connect_plain("localhost", port).await.unwrap();
    assert!(matches!(
        read_line(&mut stream, 100).await,
        Err(NetError::Broken { .. })
    ));
}

#[test]
fn a_ca_file_that_cannot_be_used_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "no certificates here").unwrap();
    for path in [file.path(), std::path::Path::new("/does/not/exist.pem")] {
        match Trust::load(Some(path)) {
            Err(NetError::CaFile { path: named, .. }) => assert_eq!(named, path),
            other => panic!("{other:?}"),
        }
    }
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    std::fs::write(file.path(), broken).unwrap();
    assert!(matches!(
        Trust::load(Some(file.path())),
        Err(NetError::CaFile { .. })
    ));
}
