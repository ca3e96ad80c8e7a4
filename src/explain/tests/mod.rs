//! The one big snapshot: the notice of every variant of every error, to be reviewed as prose.

mod passed_on;
mod sign_in;
mod texts;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::auth::AuthError;
use crate::backend::{BackendError, Refusal};
use crate::config::{ConfigError, Mistake};
use crate::engine::EngineError;
use crate::explain::{Notice, explain, explain_failure};
use crate::mime::MimeError;
use crate::model::{AddressError, Failure, FailureKind};
use crate::net::{NetError, TlsFault};
use crate::store::StoreError;

/// Every kind of failure in the outbox.
const FAILURES: [FailureKind; 8] = [
    FailureKind::Offline,
    FailureKind::Throttled,
    FailureKind::SignIn,
    FailureKind::Sender,
    FailureKind::Recipients,
    FailureKind::TooBig,
    FailureKind::Refused,
    FailureKind::Unsure,
];

fn file() -> PathBuf {
    PathBuf::from("/home/ada/file")
}

fn io(kind: io::ErrorKind) -> io::Error {
    io::Error::new(kind, "the system's words")
}

fn host() -> String {
    "mail.example.com".to_owned()
}

fn net_errors() -> Vec<NetError> {
    use TlsFault::{Expired, NotOffered, NotTls, NotYetValid, Other, UnknownIssuer, WrongName};
    let mut errors = vec![
        NetError::Resolve {
            host: host(),
            source: io(io::ErrorKind::NotFound),
        },
        NetError::Connect {
            host: host(),
            port: 993,
            source: io(io::ErrorKind::ConnectionRefused),
        },
        NetError::Connect {
            host: host(),
            port: 993,
            source: io(io::ErrorKind::NetworkUnreachable),
        },
        NetError::TimedOut {
            host: host(),
            port: 993,
            seconds: 15,
        },
        NetError::CaFile {
            path: file(),
            reason: "It holds no certificate".into(),
        },
        NetError::Broken {
            host: host(),
            source: io(io::ErrorKind::ConnectionReset),
        },
        NetError::TooLong {
            host: host(),
            limit: 65_536,
        },
        NetError::Http {
            host: host(),
            reason: "connection closed".into(),
        },
    ];
    for fault in [
        Expired,
        NotYetValid,
        WrongName,
        UnknownIssuer,
        NotTls,
        NotOffered,
        Other,
    ] {
        errors.push(NetError::Tls {
            host: host(),
            port: 993,
            fault,
            source: io(io::ErrorKind::InvalidData),
        });
    }
    errors
}

fn backend_errors() -> Vec<BackendError> {
    use Refusal::{NoMailboxAccess, Other, Quota, Recipients, Sender, SmtpAuthDisabled, TooBig};
    let refused = |kind| BackendError::Refused {
        kind,
        code: "550".into(),
        text: "the server's words".into(),
    };
    let mut errors = vec![
        BackendError::Offline {
            doing: "connect",
            source: NetError::TimedOut {
                host: host(),
                port: 993,
                seconds: 15,
            },
        },
        BackendError::SignIn {
            code: "535 5.7.3".into(),
            text: "Authentication unsuccessful".into(),
        },
        BackendError::SignIn {
            code: String::new(),
            text: "no".into(),
        },
        BackendError::Throttled {
            after: Some(Duration::from_secs(92)),
            text: "Request is throttled".into(),
        },
        BackendError::CursorLost,
        BackendError::Gone {
            what: "The folder Offers".into(),
        },
        BackendError::Unsupported { what: "searching" },
        BackendError::Protocol {
            doing: "list folders",
            detail: "a line of 10 MB".into(),
        },
    ];
    errors.extend(
        [
            NoMailboxAccess,
            Sender,
            Recipients,
            TooBig,
            Quota,
            SmtpAuthDisabled,
            Other,
        ]
        .map(refused),
    );
    errors
}

fn local_errors() -> Vec<EngineError> {
    let mistake = Mistake {
        file: file(),
        line: 12,
        key: "account.work.servers".into(),
        message: "\"contos\" is no server profile; did you mean \"contoso\"?".into(),
    };
    vec![
        ConfigError::Read {
            path: file(),
            source: io(io::ErrorKind::PermissionDenied),
        }
        .into(),
        ConfigError::Write {
            path: file(),
            source: io(io::ErrorKind::StorageFull),
        }
        .into(),
        ConfigError::Mistakes(vec![mistake.clone()]).into(),
        ConfigError::Mistakes(vec![mistake.clone(), Mistake { line: 0, ..mistake }]).into(),
        ConfigError::NoHome.into(),
        ConfigError::NoSuchAccount("wrk".into()).into(),
        ConfigError::NoSuchProfile("wrk".into()).into(),
        ConfigError::ProfileInUse {
            name: "contoso".into(),
            accounts: vec!["work".into()],
        }
        .into(),
        ConfigError::NameTaken("work".into()).into(),
        MimeError::Recipient {
            field: "To",
            source: AddressError::Malformed("bob".into()),
        }
        .into(),
        MimeError::Recipient {
            field: "Cc",
            source: AddressError::Duplicate("bob@example.com".into()),
        }
        .into(),
        MimeError::NoRecipient.into(),
        MimeError::Attachment {
            path: file(),
            source: io(io::ErrorKind::NotFound),
        }
        .into(),
        MimeError::NoSuchPart { part: 3 }.into(),
        MimeError::Malformed {
            reason: "There is no header".into(),
        }
        .into(),
        EngineError::File {
            path: file(),
            source: io(io::ErrorKind::Other),
        },
        EngineError::NotFound {
            what: "account",
            name: "wrk".into(),
        },
        EngineError::NoRoleFolder {
            mailbox: "ada@example.com".into(),
            role: "archive",
        },
        EngineError::NoFolders {
            mailbox: "ada@example.com".into(),
            what: "moved",
        },
        EngineError::Rebuilt {
            moved_to: file(),
            saved: 3,
            changes: 3,
        },
        EngineError::WorkerPanicked {
            mailbox: "ada@example.com".into(),
        },
    ]
}

/// The database error is made by the store's own type, so that this test names no database crate.
fn store_errors() -> Vec<EngineError> {
    vec![
        StoreError::sample_database_error().into(),
        StoreError::DiskFull { path: file() }.into(),
        StoreError::sample_disk_error(file()).into(),
        StoreError::Newer {
            path: file(),
            found: 9,
            ours: 1,
        }
        .into(),
        StoreError::File {
            path: file(),
            source: io(io::ErrorKind::ReadOnlyFilesystem),
        }
        .into(),
        StoreError::Closed.into(),
        StoreError::NoSuch { what: "message" }.into(),
    ]
}

fn write(out: &mut String, heading: &str, notice: &Notice) {
    use std::fmt::Write as _;
    let _ = writeln!(out, "## {heading}\n{}", notice.title);
    for cause in &notice.cause {
        let _ = writeln!(out, "  why:  {cause}");
    }
    for how in &notice.how {
        let _ = writeln!(out, "  do:   {how}");
    }
    let _ = writeln!(
        out,
        "  who:  {} · {:?} · {:?}",
        notice.who.words(),
        notice.remedy,
        notice.severity
    );
    for (name, text) in [
        ("copy", &notice.copy),
        ("code", &notice.code),
        ("said", &notice.detail),
    ] {
        if !text.is_empty() {
            let _ = writeln!(out, "  {name}: {}", text.replace('\n', " ⏎ "));
        }
    }
    out.push('\n');
}

/// Returns an error's words; those of an application's proof are all the same without their source.
fn heading(error: &EngineError) -> String {
    match error {
        EngineError::Auth(AuthError::Client { fault, .. }) => fault.to_string(),
        other => other.to_string(),
    }
}

#[test]
fn every_error_has_a_notice_that_reads_well() {
    let mut out = String::new();
    let mut all = store_errors();
    all.extend(local_errors());
    all.extend(net_errors().into_iter().map(EngineError::from));
    all.extend(sign_in::auth_errors().into_iter().map(EngineError::from));
    for mailbox in ["support@example.com", "ada@example.com"] {
        all.extend(
            backend_errors()
                .into_iter()
                .map(|source| EngineError::Backend {
                    mailbox: mailbox.into(),
                    identity: "ada@example.com".into(),
                    host: host(),
                    protocol: "IMAP",
                    source,
                }),
        );
    }
    for error in &all {
        write(&mut out, &heading(error), &explain(error));
    }
    for kind in FAILURES {
        let failure = Failure {
            kind,
            code: "550 5.0.0".into(),
            text: "the server's words".into(),
        };
        write(
            &mut out,
            &format!("outbox: {kind:?}"),
            &explain_failure(&failure),
        );
    }
    insta::assert_snapshot!(out);
}
