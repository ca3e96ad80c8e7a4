//! Answers meant to hurt: bombs, floods, garbage, over the script and over real sockets.

use async_trait::async_trait;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use crate::discover::clientconfig::parse;
use crate::discover::sources::SIZE_LIMIT;
use crate::discover::tests::{
    AUTOCONFIG, ISPDB, LIMIT, Script, WELL_KNOWN, alice, file, hosts, outcome,
};
use crate::discover::{DiscoverError, Online, Origin, Outcome, Reply, Sources, find};
use crate::model::Address;
use crate::net::{Http, MxRecord, NetError, SrvRecord, Trust};

fn read(body: &[u8]) -> Result<usize, &'static str> {
    parse(body, &Address::bare("alice@contoso.com")).map(|config| config.incoming.len())
}

#[test]
fn bombs_are_not_lit() {
    let laughs = r#"<?xml version="1.0"?><!DOCTYPE clientConfig [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>
        <clientConfig><emailProvider>&b;</emailProvider></clientConfig>"#;
    assert_eq!(read(laughs.as_bytes()), Err("a document type"));
    let outside = r#"<!DOCTYPE x SYSTEM "file:///etc/passwd"><clientConfig/>"#;
    assert_eq!(read(outside.as_bytes()), Err("a document type"));
    assert_eq!(
        read(b"<clientConfig>&xxe;</clientConfig>"),
        Err("an entity of its own")
    );
    let deep = "<a>".repeat(80_000);
    assert_eq!(read(deep.as_bytes()), Err("nested too deeply"));
}

#[test]
fn what_is_no_file_is_an_error() {
    for (body, expected) in [
        (&b""[..], "no complete clientConfig"),
        (b"<html></html>", "no complete clientConfig"),
        (b"<clientConfig>", "no complete clientConfig"),
        (b"<clientConfig></b></clientConfig>", "not well-formed XML"),
        (b"<a><clientConfig/></a>", "no complete clientConfig"),
        (b"\xff\xfe<\0c\0", "not UTF-8"),
        (b"<clientConfig>\xc3\x28</clientConfig>", "not UTF-8"),
    ] {
        assert_eq!(read(body), Err(expected), "{body:?}");
    }
    assert_eq!(read(b"\xef\xbb\xbf \n<clientConfig/>"), Ok(0));
}

#[test]
fn thousands_of_servers_and_endless_texts_are_cut() {
    let server = r#"<incomingServer type="imap"><hostname>imap.contoso.com</hostname><port>993</port></incomingServer>"#;
    let many = format!(
        "<clientConfig><emailProvider>{}</emailProvider></clientConfig>",
        server.repeat(2_000)
    );
    assert_eq!(read(many.as_bytes()), Ok(16));
    let long = many.replace("imap.contoso.com", &"x.".repeat(60));
    assert_eq!(read(long.as_bytes()), Ok(16));
    let longer = format!(
        "<clientConfig><emailProvider>{}</emailProvider></clientConfig>",
        server.replace("imap.contoso.com", &"x.".repeat(100_000))
    );
    assert_eq!(read(longer.as_bytes()), Ok(0));
}

#[tokio::test(start_paused = true)]
async fn one_bad_answer_spoils_no_other() {
    let script = Script::new()
        .answers(ISPDB, 200, &" ".repeat(SIZE_LIMIT + 1))
        .answers(AUTOCONFIG, 500, "<clientConfig/>")
        .answers(WELL_KNOWN, 200, &file("contoso.com"));
    let found = alice(&script).await;
    assert_eq!(hosts(&found), ["imap.contoso.com"]);
    assert_eq!(
        outcome(&found, Origin::Ispdb),
        "live.thunderbird.net answered with more than 262144 bytes"
    );
    assert_eq!(
        outcome(&found, Origin::Autoconfig),
        "autoconfig.contoso.com answered HTTP 500"
    );
}

/// The network, with every address moved to one port of this machine and the host put into the path.
#[derive(Debug)]
struct Loopback {
    online: Online,
    port: u16,
}

#[async_trait]
impl Sources for Loopback {
    async fn get(&self, url: &Url) -> Result<Reply, NetError> {
        let host = url.host_str().unwrap();
        let here = format!("http://127.0.0.1:{}/{host}{}", self.port, url.path());
        self.online.get(&Url::parse(&here).unwrap()).await
    }
    async fn mx(&self, _domain: &str) -> Result<Vec<MxRecord>, NetError> {
        Ok(Vec::new())
    }
    async fn srv(&self, _service: &str) -> Result<Vec<SrvRecord>, NetError> {
        Ok(Vec::new())
    }
}

/// What the server on this machine says to a path.
fn hostile_answer(request: &str) -> Vec<u8> {
    let whole = |status: &str, body: &[u8]| {
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        [head.as_bytes(), body].concat()
    };
    if request.starts_with("GET /live.thunderbird.net/") {
        let mut flood = b"HTTP/1.1 200 OK\r\n\r\n<clientConfig>".to_vec();
        flood.resize(10 << 20, b'x');
        flood
    } else if request.starts_with("GET /autoconfig.contoso.com/") {
        whole("200 OK", b"<clientConfig>\xff\xfe</clientConfig>")
    } else if request.starts_with("GET /contoso.com/") {
        whole("200 OK", file("contoso.com").as_bytes())
    } else if request.starts_with("GET /login.microsoftonline.com/") {
        b"220 mail.contoso.com ESMTP\r\n".to_vec()
    } else {
        whole("404 Not Found", b"")
    }
}

#[tokio::test]
async fn floods_and_garbage_from_real_sockets_end_in_errors() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let length = socket.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                let _ = socket.write_all(&hostile_answer(&request)).await;
                let _ = socket.shutdown().await;
            });
        }
    });
    let http = Http::new(&Trust::load(None).unwrap()).unwrap();
    let online = Online::new(http);
    let address = Address::bare("alice@contoso.com");
    let found = find(&Loopback { online, port }, &address, LIMIT * 100).await;
    assert_eq!(hosts(&found), ["imap.contoso.com"], "{found:#?}");
    let failure = |origin| {
        let tried = found.tried.iter().find(|(tried, _)| *tried == origin);
        match tried.map(|(_, outcome)| outcome) {
            Some(Outcome::Failed(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert!(
        matches!(failure(Origin::Ispdb), DiscoverError::Net(error) if matches!(**error, NetError::TooLong { .. }))
    );
    assert!(matches!(
        failure(Origin::Autoconfig),
        DiscoverError::Malformed {
            reason: "not UTF-8",
            ..
        }
    ));
    assert!(matches!(failure(Origin::Provider), DiscoverError::Net(_)));
    assert_eq!(outcome(&found, Origin::Autodiscover), "nothing");
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(body: Vec<u8>) {
        let _ = read(&body);
    }

    #[test]
    fn no_change_to_a_good_file_makes_the_reader_panic(at in 0..800_usize, bytes: Vec<u8>) {
        let mut body = file("contoso.com").into_bytes();
        let at = at.min(body.len());
        body.splice(at..(at + bytes.len()).min(body.len()), bytes);
        let _ = read(&body);
    }
}
