//! Servers that cannot be trusted, do not answer, or stop in the middle (`tests/servers/relay.mjs`).

use std::time::Duration;

use pillarbox::backend::{Backend, BackendError, Credential, Login, Refusal, imap, smtp};
use pillarbox::model::{
    Flags, IncomingProtocol, IncomingServer, Outbound, OutgoingProtocol, OutgoingServer, Progress,
    Receipt, RemoteId, RemoteOp, TlsMode,
};
use pillarbox::net::{NetError, TlsFault, Trust};
use serde_json::json;
use tokio::sync::Notify;

use crate::lab::{Lab, fresh_name};

/// Somebody with a password: these stories are about connections, not about tokens.
struct Reader {
    lab: Lab,
    login: Login,
}

impl Reader {
    fn new() -> Self {
        let credential = Credential::Password("lab-password".into());
        let user = format!("{}@password.test", fresh_name());
        Self {
            lab: Lab::find(),
            login: Login { user, credential },
        }
    }

    async fn connect(&self, port: &str, tls: TlsMode) -> Result<Box<dyn Backend>, BackendError> {
        self.connect_trusting(&self.lab.trust, port, tls).await
    }

    async fn connect_trusting(
        &self,
        trust: &Trust,
        port: &str,
        tls: TlsMode,
    ) -> Result<Box<dyn Backend>, BackendError> {
        let server = IncomingServer {
            protocol: IncomingProtocol::Imap,
            host: "localhost".to_owned(),
            port: self.lab.port(port),
            tls,
            path: None,
        };
        imap::connect(&server, trust, &self.login).await
    }

    /// Files a message of about `size` bytes into the inbox.
    async fn file(&self, size: usize) {
        let mut mailbox = self
            .connect("IMAPS", TlsMode::Implicit)
            .await
            .expect("a mailbox");
        let op = RemoteOp::Append {
            folder: inbox().as_str().to_owned(),
            flags: Flags::NONE,
            message_id: "big@stories.test".to_owned(),
            bytes: message(size),
        };
        mailbox.apply(&op).await.expect("an append");
    }
}

fn inbox() -> RemoteId {
    RemoteId::new("INBOX")
}

fn message(size: usize) -> Vec<u8> {
    let mut bytes =
        b"From: <a@elsewhere.test>\r\nMessage-ID: <big@stories.test>\r\nSubject: big\r\n\r\n"
            .to_vec();
    bytes.extend(b"0123456789 0123456789 0123456789 0123456789\r\n".repeat(size / 45));
    bytes
}

async fn check_tls(port: &str, tls: TlsMode, expected: TlsFault) {
    let error = Reader::new().connect(port, tls).await.err();
    let Some(BackendError::Offline {
        source: NetError::Tls { fault, .. },
        ..
    }) = error
    else {
        panic!("{port}: {error:?}");
    };
    assert_eq!(fault, expected, "{port}");
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn bad_certificates_are_refused_and_told_apart() {
    check_tls("EXPIRED", TlsMode::Implicit, TlsFault::Expired).await;
    check_tls("NOT_YET_VALID", TlsMode::Implicit, TlsFault::NotYetValid).await;
    check_tls("WRONG_NAME", TlsMode::Implicit, TlsFault::WrongName).await;
    check_tls("UNKNOWN_CA", TlsMode::Implicit, TlsFault::UnknownIssuer).await;
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn private_ca_is_unknown_until_it_is_named() {
    let reader = Reader::new();
    let trust = Trust::load(None).expect("the system's roots");
    let error = reader
        .connect_trusting(&trust, "IMAPS", TlsMode::Implicit)
        .await
        .err();
    let is_unknown = matches!(
        error,
        Some(BackendError::Offline {
            source: NetError::Tls {
                fault: TlsFault::UnknownIssuer,
                ..
            },
            ..
        })
    );
    assert!(is_unknown, "{error:?}");
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn tls_on_a_starttls_port_is_said() {
    check_tls("IMAP", TlsMode::Implicit, TlsFault::NotTls).await;
    check_tls("SMTP", TlsMode::Implicit, TlsFault::NotTls).await;
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn nobody_there_is_offline() {
    let error = Reader::new()
        .connect("NOBODY", TlsMode::Implicit)
        .await
        .err();
    let is_offline = matches!(
        error,
        Some(BackendError::Offline {
            source: NetError::Connect { .. },
            ..
        })
    );
    assert!(is_offline, "{error:?}");
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn silent_server_is_given_up() {
    let error = Reader::new()
        .connect("SILENT", TlsMode::Implicit)
        .await
        .err();
    let is_timed_out = matches!(
        error,
        Some(BackendError::Offline {
            source: NetError::TimedOut { .. },
            ..
        })
    );
    assert!(is_timed_out, "{error:?}");
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn connection_cut_inside_a_body_is_offline() {
    let reader = Reader::new();
    reader.file(500_000).await;
    let mut mailbox = reader
        .connect("CUT", TlsMode::Implicit)
        .await
        .expect("a mailbox");
    let listed = mailbox.changes(&inbox(), None).await.expect("changes");
    let fetched = mailbox
        .fetch(
            &inbox(),
            &[listed.upserts[0].id.clone()],
            &Progress::default(),
        )
        .await;
    assert!(
        matches!(fetched, Err(BackendError::Offline { .. })),
        "{:?}",
        fetched.err()
    );
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn server_that_says_bye_while_we_wait_is_offline() {
    let reader = Reader::new();
    let mut mailbox = reader
        .connect("IMAPS", TlsMode::Implicit)
        .await
        .expect("a mailbox");
    mailbox.changes(&inbox(), None).await.expect("changes");
    let (folder, poke) = (inbox(), Notify::new());
    let (woken, ()) = tokio::join!(
        mailbox.wait(&folder, &poke, Duration::from_secs(20)),
        async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            reader
                .lab
                .admin("kick", json!({"user": reader.login.user}))
                .await;
        }
    );
    assert!(
        matches!(woken, Err(BackendError::Offline { .. })),
        "{woken:?}"
    );
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn authenticated_but_not_connected_is_about_access() {
    let error = Reader::new()
        .connect("NOT_CONNECTED", TlsMode::Implicit)
        .await
        .err();
    let is_access = matches!(
        error,
        Some(BackendError::Refused {
            kind: Refusal::NoMailboxAccess,
            ..
        })
    );
    assert!(is_access, "{error:?}");
}

#[tokio::test]
#[ignore = "needs the real servers: tests/run"]
async fn lost_answer_to_the_last_byte_is_unsure() {
    let reader = Reader::new();
    let server = OutgoingServer {
        protocol: OutgoingProtocol::Smtp,
        host: "localhost".to_owned(),
        port: reader.lab.port("LOST_RECEIPT"),
        tls: TlsMode::Implicit,
        path: None,
    };
    let mut outgoing = smtp::connect(&server, &reader.lab.trust, &reader.login)
        .await
        .expect("a submission");
    let mail = Outbound {
        sender: reader.login.user.clone(),
        recipients: vec![reader.login.user.clone()],
        bytes: message(100),
    };
    let receipt = outgoing.submit(&mail).await.expect("a receipt");
    assert!(matches!(receipt, Receipt::Unsure { .. }), "{receipt:?}");
}
