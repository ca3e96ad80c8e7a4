//! Transcripts of the POP3 server.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::io::{DuplexStream, duplex};
use tokio::net::TcpStream;

use super::connection::serve_stream;
use super::session::{Session, Shield};
use crate::demo::tests::client::{ADA, House, SUPPORT, connector, house, xoauth2};
use crate::demo::{Mischief, Service};

const POP: &str = "https://outlook.office.com/POP.AccessAsUser.All";
const BOARD: &str = "board@harborvale.example";

struct Pop<S> {
    stream: BufReader<S>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pop<S> {
    /// Reads the greeting.
    async fn begin(stream: S) -> Self {
        let stream = BufReader::new(stream);
        let mut pop = Self { stream };
        let greeting = pop.line().await.unwrap();
        let banner = "+OK The Microsoft Exchange POP3 service is ready.";
        assert!(greeting.starts_with(banner), "{greeting}");
        pop
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let count = self.stream.read_until(b'\n', &mut line).await.unwrap_or(0);
        let line = String::from_utf8_lossy(&line);
        (count > 0).then(|| line.trim_end_matches("\r\n").to_owned())
    }

    async fn ask(&mut self, line: &str) -> String {
        let line = format!("{line}\r\n");
        self.stream.write_all(line.as_bytes()).await.unwrap();
        self.line().await.unwrap_or_else(|| "closed".to_owned())
    }

    /// Asks for a block and returns its lines.
    async fn list(&mut self, line: &str) -> Vec<String> {
        let status = self.ask(line).await;
        assert!(status.starts_with("+OK"), "{line}: {status}");
        let mut lines = Vec::new();
        loop {
            match self.line().await {
                Some(line) if line == "." => return lines,
                Some(line) => lines.push(line),
                None => panic!("the connection ended after {lines:?}"),
            }
        }
    }

    async fn auth(&mut self, mailbox: &str, token: &str) -> String {
        assert_eq!(self.ask("AUTH XOAUTH2").await, "+ ");
        self.ask(&xoauth2(mailbox, token)).await
    }
}

async fn pop_token(house: &House) -> String {
    let tokens = house.sign_in_as(ADA, POP).await;
    tokens["access_token"].as_str().unwrap().to_owned()
}

/// Connects without TLS, as if there were.
async fn connect(house: &House) -> Pop<DuplexStream> {
    let (near, far) = duplex(1 << 20);
    let shared = house.tenant.control().shared();
    tokio::spawn(serve_stream(shared, far));
    Pop::begin(near).await
}

async fn open(house: &House, token: &str) -> Pop<DuplexStream> {
    let mut pop = connect(house).await;
    let answer = pop.auth(ADA, token).await;
    assert_eq!(answer, "+OK User successfully authenticated.");
    pop
}

fn deliver(house: &House, subject: &str) {
    let message = format!("Subject: {subject}\r\n\r\n.one\r\ntwo\r\n..\r\n");
    let delivered = house
        .tenant
        .control()
        .deliver(ADA, "INBOX", message.as_bytes());
    assert!(delivered.is_some());
}

#[tokio::test]
async fn nothing_goes_in_the_clear_but_the_way_out_of_it() {
    let house = house(0).await;
    let token = pop_token(&house).await;
    let stream = TcpStream::connect(("localhost", house.tenant.pop_starttls_port)).await;
    let mut pop = Pop::begin(stream.unwrap()).await;
    let capabilities = pop.list("CAPA").await;
    assert!(
        capabilities.contains(&"STLS".to_owned()) && !capabilities.contains(&"USER".to_owned())
    );
    for command in ["AUTH XOAUTH2", "USER ada", "PASS x", "STAT"] {
        assert!(pop.ask(command).await.starts_with("-ERR"), "{command}");
    }
    assert!(pop.ask("STLS").await.starts_with("+OK"));
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector(&house.tenant)
        .connect(name, pop.stream.into_inner())
        .await;
    let stream = BufReader::new(stream.unwrap());
    let mut pop = Pop { stream };
    let capabilities = pop.list("CAPA").await;
    assert!(
        !capabilities.contains(&"STLS".to_owned()),
        "{capabilities:?}"
    );
    assert!(pop.ask("STLS").await.starts_with("-ERR"));
    assert!(pop.auth(ADA, &token).await.starts_with("+OK"));
    assert_eq!(pop.ask("STAT").await, "+OK 0 0");
}

#[tokio::test]
async fn tokens_open_what_their_person_may_open() {
    let house = house(0).await;
    let token = pop_token(&house).await;
    let imap_only = house.token(ADA).await;
    let refused = "-ERR Authentication failure: unknown user name or bad password.";
    let mut pop = connect(&house).await;
    for (mailbox, token) in [
        (BOARD, token.as_str()),
        (ADA, "nonsense"),
        (ADA, &imap_only),
    ] {
        assert_eq!(pop.auth(mailbox, token).await, refused, "{mailbox}");
    }
    assert!(pop.ask("AUTH NTLM").await.starts_with("-ERR"));
    assert!(pop.ask("USER ada").await.starts_with("+OK"));
    assert!(
        pop.ask("PASS guess")
            .await
            .starts_with("-ERR Logon failure")
    );
    assert!(pop.ask("LIST").await.starts_with("-ERR"));
    let one_step = format!("AUTH XOAUTH2 {}", xoauth2(SUPPORT, &token));
    assert!(pop.ask(&one_step).await.starts_with("+OK"));
    assert_eq!(house.tenant.control().requests().pop_logins, 1);
}

#[tokio::test]
async fn messages_are_listed_read_and_deleted_at_the_end_only() {
    let house = house(0).await;
    let token = pop_token(&house).await;
    deliver(&house, "first");
    deliver(&house, "second");
    let mut pop = open(&house, &token).await;
    deliver(&house, "too late for this session");
    assert_eq!(pop.ask("STAT").await, "+OK 2 67");
    assert_eq!(pop.list("LIST").await, ["1 33", "2 34"]);
    assert_eq!(pop.ask("LIST 2").await, "+OK 2 34");
    let ids = pop.list("UIDL").await;
    assert!(ids[0].starts_with("1 ") && ids.len() == 2, "{ids:?}");
    let whole = ["Subject: first", "", "..one", "two", "..."];
    assert_eq!(pop.list("RETR 1").await, whole);
    assert_eq!(pop.list("TOP 1 0").await, whole[..2]);
    assert_eq!(pop.list("TOP 1 1").await, whole[..3]);
    for command in [
        "RETR 3", "TOP 0 0", "DELE 9", "LIST x", "UIDL 7", "RETR", "TOP 1",
    ] {
        assert!(pop.ask(command).await.starts_with("-ERR"), "{command}");
    }
    assert_eq!(pop.ask("DELE 1").await, "+OK");
    assert_eq!(pop.list("LIST").await, ["2 34"]);
    assert!(pop.ask("RETR 1").await.starts_with("-ERR"));
    drop(pop);
    let mut pop = open(&house, &token).await;
    assert_eq!(
        pop.ask("STAT").await.split(' ').nth(1),
        Some("3"),
        "nothing was deleted"
    );
    pop.ask("DELE 1").await;
    pop.ask("RSET").await;
    pop.ask("DELE 2").await;
    assert!(pop.ask("QUIT").await.starts_with("+OK"));
    assert_eq!(house.tenant.control().count(ADA, "INBOX"), Some(2));
    let mut pop = open(&house, &token).await;
    assert_eq!(pop.list("UIDL").await[0], ids[0], "names stay");
}

#[tokio::test]
async fn session_ends_with_its_token() {
    let house = house(0).await;
    let token = pop_token(&house).await;
    let mut pop = open(&house, &token).await;
    house.tenant.control().expire_access_tokens();
    let answer = pop.ask("NOOP").await;
    assert_eq!(answer, "-ERR Session invalidated - AccessTokenExpired");
    assert_eq!(pop.line().await, None);
}

#[tokio::test]
async fn maildrop_may_be_open_for_one_only() {
    let house = house(0).await;
    let token = pop_token(&house).await;
    let control = house.tenant.control();
    let (first, second) = (open(&house, &token).await, open(&house, &token).await);
    drop((first, second));
    control.lock_maildrops();
    let mut first = open(&house, &token).await;
    let mut second = connect(&house).await;
    assert!(second.auth(ADA, &token).await.starts_with("-ERR [IN-USE]"));
    assert!(second.auth(SUPPORT, &token).await.starts_with("+OK"));
    first.ask("QUIT").await;
    assert_eq!(first.line().await, None);
    open(&house, &token).await;
}

#[tokio::test]
async fn mischief_is_done_to_what_matters() {
    let house = house(0).await;
    let token = pop_token(&house).await;
    deliver(&house, "it");
    let control = house.tenant.control();
    let spoil = |mischief| control.mischief(Service::Pop3, mischief);
    let mut pop = open(&house, &token).await;
    let before = pop.list("UIDL").await;
    spoil(Mischief::Error {
        code: "-ERR [SYS/TEMP] later",
        back_off: None,
    });
    assert_eq!(pop.list("CAPA").await[0], "TOP", "spared");
    assert_eq!(pop.ask("UIDL").await, "-ERR [SYS/TEMP] later");
    spoil(Mischief::Status {
        code: 429,
        retry_after: Some(5),
    });
    assert!(
        pop.ask("RETR 1")
            .await
            .ends_with("Suggested Backoff Time: 5000 milliseconds")
    );
    spoil(Mischief::CursorLost);
    assert_ne!(pop.list("UIDL").await, before);
    spoil(Mischief::Repeated);
    assert_eq!(pop.list("UIDL").await.len(), 2);
    spoil(Mischief::WrongTotals);
    assert!(pop.ask("STAT").await.starts_with("+OK 11 "));
    spoil(Mischief::Unknown);
    assert!(pop.list("LIST").await[0].ends_with(" X-UNKNOWN 7"));
    spoil(Mischief::CutAfter);
    assert_eq!(pop.ask("DELE 1").await, "closed");
    assert_eq!(control.count(ADA, "INBOX"), Some(1));
    let mut pop = open(&house, &token).await;
    assert_ne!(pop.list("UIDL").await, before, "renamed for good");
    pop.ask("DELE 1").await;
    spoil(Mischief::Cut);
    assert_eq!(pop.ask("QUIT").await, "closed");
    assert_eq!(control.count(ADA, "INBOX"), Some(1));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]
    #[test]
    fn no_bytes_make_the_session_panic(lines: Vec<Vec<u8>>, text: String) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let house = SHARED.with(std::clone::Clone::clone);
            let mut session = Session::new(house, Shield::Tls);
            for line in &lines {
                session.verb(line);
                session.handle(line);
            }
            for verb in ["AUTH XOAUTH2", "TOP", "RETR", "LIST", "USER", "PASS", ""] {
                let line = format!("{verb} {text}\r\n");
                session.verb(line.as_bytes());
                session.handle(line.as_bytes());
            }
        });
    }
}

thread_local! {
    /// One house for all cases: making a certificate for each would take all the time.
    static SHARED: Arc<crate::demo::house::House> = crate::demo::house::House::for_tests();
}
