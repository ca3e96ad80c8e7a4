//! Stories about connections that end at the worst moment, and servers that never end.

use tokio::io::{AsyncReadExt as _, ReadHalf};

use super::*;
use crate::backend::pop3::changes::received;
use crate::model::{Progress, RemoteOp};

/// A server that says everything it will ever say at once, and hears all.
#[derive(Debug)]
struct Blind(Vec<u8>);

#[async_trait]
impl Dial for Blind {
    type Link = DuplexStream;

    async fn dial(&self) -> Result<Session<DuplexStream>, BackendError> {
        let (near, far) = duplex(64 << 10);
        let (reader, mut writer) = tokio::io::split(far);
        let said = self.0.clone();
        tokio::spawn(async move {
            let _ = writer.write_all(&said).await;
            let _ = writer.shutdown().await;
        });
        tokio::spawn(hear(reader));
        let wire = greeted(Wire::new(near, "mail.example", 995)).await?;
        Session::open(wire, &bearer()).await
    }

    fn files_sent_copy(&self) -> bool {
        false
    }
}

async fn hear(mut reader: ReadHalf<DuplexStream>) {
    let mut heard = [0; 4096];
    while reader.read(&mut heard).await.is_ok_and(|count| count > 0) {}
}

/// What a server says in a session in which everything is done once.
fn said(part: &str) -> Vec<u8> {
    let text =
        "+OK hi\n+OK\nTOP\nSASL XOAUTH2\n.\n+ \n+OK in\n+OK\n1 a\n2 b\n.\n+OK\n1 20\n2 30\n.\n"
            .to_owned()
            + part;
    text.replace('\n', "\r\n").into_bytes()
}

/// Opens a mailbox at a server that says this and hangs up, and does something there.
pub(super) async fn tried(said: &[u8], op: Op) -> Result<usize, BackendError> {
    let door = Blind(said.to_vec());
    let session = door.dial().await?;
    let mut mailbox = Pop3::new(door, session);
    match op {
        Op::Look => Ok(mailbox.changes(&inbox(), None).await?.upserts.len()),
        Op::Read => {
            let asked = ["a", "b"].map(RemoteId::new);
            let bodies = mailbox
                .fetch(&inbox(), &asked, &Progress::default())
                .await?;
            Ok(bodies.iter().map(|(_, bytes)| bytes.len()).sum())
        }
        Op::Delete => {
            let op = RemoteOp::Delete {
                folder: "INBOX".to_owned(),
                messages: vec!["a".to_owned()],
            };
            mailbox.apply(&op).await.map(|_| 1)
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Op {
    Look,
    Read,
    Delete,
}

/// A connection that ends anywhere is an error, never half a result.
async fn check(op: Op, part: &str, expected: usize) {
    let whole = said(part);
    assert_eq!(
        tried(&whole, op).await.expect("a result"),
        expected,
        "{op:?}"
    );
    for end in 0..whole.len() {
        let error = tried(&whole[..end], op).await.err();
        assert!(
            matches!(error, Some(BackendError::Offline { .. })),
            "{op:?} {end}: {error:?}"
        );
    }
}

#[tokio::test]
async fn connection_cut_at_any_byte_is_never_half_a_result() {
    check(Op::Look, "+OK\nSubject: b\n\n.\n+OK\nSubject: a\n\n.\n", 2).await;
    check(Op::Read, "+OK\na\n.\n+OK\nbc\n.\n", 7).await;
    check(Op::Delete, "+OK\n+OK bye\n", 1).await;
}

#[tokio::test]
async fn endless_lines_are_cut_off() {
    let endless = vec![b'x'; 100 << 10];
    let error = tried(&endless, Op::Look).await.err();
    assert!(
        matches!(error, Some(BackendError::Protocol { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn endless_lists_are_cut_off() {
    let mut said = b"+OK\r\n-ERR\r\n+ \r\n+OK\r\n+OK\r\n".to_vec();
    for number in 1..1_500_000 {
        said.extend_from_slice(format!("{number} x{number}\r\n").as_bytes());
    }
    let error = tried(&said, Op::Look).await.err();
    assert!(
        matches!(error, Some(BackendError::Protocol { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn endless_headers_are_cut_off() {
    let mut endless = said("+OK\n");
    let line = format!("X-Filler: {}\r\n", "a".repeat(900));
    endless.extend_from_slice(line.repeat(20_000).as_bytes());
    let error = tried(&endless, Op::Look).await.err();
    assert!(
        matches!(&error, Some(BackendError::Protocol { detail, .. }) if detail.starts_with("more than")),
        "{error:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn silent_server_is_given_up() {
    let (near, _far) = duplex(64);
    let error = greeted(Wire::new(near, "mail.example", 995)).await.err();
    assert!(
        matches!(error, Some(BackendError::Offline { .. })),
        "{error:?}"
    );
}

#[test]
fn dates_of_servers_are_read_or_not() {
    let check = |header: &str, expected: Option<&str>| {
        let found = received(header.as_bytes()).map(|date| date.to_string());
        assert_eq!(found.as_deref(), expected, "{header:?}");
    };
    check(
        "Received: x; Thu, 12 Mar 2026 12:30:00 +0100\r\n",
        Some("2026-03-12T11:30:00Z"),
    );
    check(
        "Received: x;\r\n Thu, 12 Mar 2026 12:30:00 +0100\r\nReceived: y",
        Some("2026-03-12T11:30:00Z"),
    );
    check("Received: x; soon\r\n", None);
    check("Received: x; Thu, 12 Mar 2026 12:30:00\r\n", None);
    check("Received: x\r\n", None);
    check("Subject: ; Thu, 12 Mar 2026 12:30:00 +0100\r\n", None);
    check("", None);
}
