//! Stories about the beginning of a session.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::*;
use crate::backend::Refusal;
use crate::backend::pop3::connect::ask_for_tls;

/// Opens a mailbox by a transcript that ends with the sign-in, and returns the error.
async fn refused(login: Login, script: &str) -> BackendError {
    let fake = Fake::new(&[script.to_owned()]).with(login);
    let error = fake.open().await.expect_err("a refusal");
    fake.check().await;
    error
}

fn greeting(capabilities: &str) -> String {
    format!("S: +OK hello\nC: CAPA\nS: +OK\nS: {capabilities}\nS: .\n")
}

const EMPTY: &str = "C: UIDL\nS: +OK\nS: .\nC: LIST\nS: +OK\nS: .\n";

#[tokio::test]
async fn token_is_sent_in_two_lines_even_where_nobody_offers_to_take_it() {
    let fake = Fake::new(&[opened(&[])]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    assert_eq!(changes(&mut mailbox, None).await.total, 0);
    fake.check().await;
}

#[tokio::test]
async fn oauthbearer_is_spoken_where_only_that_is_offered() {
    let payload = "bixhPXN1cHBvcnRAY29udG9zby50ZXN0LAFob3N0PW1haWwuZXhhbXBsZQFwb3J0PTk5NQFhdXRoPUJlYXJlciBUAQE=";
    let script = format!(
        "{}C: AUTH OAUTHBEARER\nS: + \nC: {payload}\nS: +OK in\n{EMPTY}",
        greeting("SASL PLAIN OAUTHBEARER")
    );
    let fake = Fake::new(&[script]);
    fake.open().await.expect("a mailbox");
    fake.check().await;
}

#[tokio::test]
async fn json_behind_a_failure_is_read_and_answered() {
    let begin = |mechanism: &str| {
        format!(
            "{}C: AUTH {mechanism}\nS: + \n",
            greeting(&format!("SASL {mechanism}"))
        )
    };
    let json = "eyJzdGF0dXMiOiI0MDEifQ==";
    let script = format!(
        "{}C: {XOAUTH2}\nS: + {json}\nC: \nS: -ERR [AUTH] Authentication failed.\n",
        begin("XOAUTH2")
    );
    let error = refused(bearer(), &script).await;
    let BackendError::SignIn { code, text } = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (code.as_str(), text.as_str()),
        ("AUTH", "{\"status\":\"401\"}")
    );
    let script = format!(
        "{}C: bixhPXN1cHBvcnRAY29udG9zby50ZXN0LAFob3N0PW1haWwuZXhhbXBsZQFwb3J0PTk5NQFhdXRoPUJlYXJlciBUAQE=\nS: + {json}\nC: AQ==\nS: -ERR no\n",
        begin("OAUTHBEARER")
    );
    let error = refused(bearer(), &script).await;
    assert!(matches!(error, BackendError::SignIn { .. }), "{error:?}");
}

#[tokio::test]
async fn what_exchange_says_to_a_bad_token_is_a_sign_in_matter() {
    let script = format!(
        "{}C: AUTH XOAUTH2\nS: + \nC: {XOAUTH2}\nS: -ERR Authentication failure: unknown user name or bad password.\n",
        greeting("TOP")
    );
    let error = refused(bearer(), &script).await;
    assert!(matches!(error, BackendError::SignIn { .. }), "{error:?}");
}

#[tokio::test]
async fn server_that_knows_no_tokens_is_named() {
    let script = format!("{}C: AUTH XOAUTH2\nS: -ERR what?\n", greeting("SASL PLAIN"));
    let error = refused(bearer(), &script).await;
    assert!(
        matches!(error, BackendError::Unsupported { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn busy_server_is_no_wrong_password() {
    for (answer, seconds) in [
        (
            "[IN-USE] Do you have another POP session running?",
            Some(600),
        ),
        ("[LOGIN-DELAY] too soon", Some(600)),
        ("[SYS/TEMP] later", Some(600)),
        ("Server Unavailable. 21", Some(600)),
        (
            "Request is throttled. Suggested Backoff Time: 5000 milliseconds",
            Some(5),
        ),
    ] {
        let script = format!(
            "{}C: AUTH XOAUTH2\nS: + \nC: {XOAUTH2}\nS: -ERR {answer}\n",
            greeting("LOGIN-DELAY 600")
        );
        let error = refused(bearer(), &script).await;
        let BackendError::Throttled { after, .. } = error else {
            panic!("{answer}: {error:?}");
        };
        assert_eq!(after.map(|after| after.as_secs()), seconds, "{answer}");
    }
}

#[tokio::test]
async fn maildrop_that_does_not_open_is_about_access() {
    let script = signed_in(&[]) + "C: UIDL\nS: -ERR User is authenticated but not connected.\n";
    let error = refused(bearer(), &script).await;
    let is_access = matches!(
        error,
        BackendError::Refused {
            kind: Refusal::NoMailboxAccess,
            ..
        }
    );
    assert!(is_access, "{error:?}");
}

#[tokio::test]
async fn password_goes_by_plain_or_by_user_and_pass() {
    let plain =
        greeting("SASL PLAIN\nS: USER") + "C: AUTH PLAIN\nS: + \nC: AHRpbQBhYmM=\nS: +OK\n" + EMPTY;
    let user = greeting("USER") + "C: USER tim\nS: +OK\nC: PASS abc\nS: +OK\n" + EMPTY;
    let old = "S: +OK hi\nC: CAPA\nS: -ERR what?\nC: USER tim\nS: +OK\nC: PASS abc\nS: +OK\n"
        .to_owned()
        + EMPTY;
    for script in [plain, user, old] {
        let fake = Fake::new(&[script]).with(password("tim", "abc"));
        fake.open().await.expect("a mailbox");
        fake.check().await;
    }
    let none = refused(password("tim", "abc"), &greeting("TOP")).await;
    assert!(matches!(none, BackendError::Refused { .. }), "{none:?}");
    let wrong = greeting("USER") + "C: USER tim\nS: +OK\nC: PASS abc\nS: -ERR [AUTH] wrong\n";
    let wrong = refused(password("tim", "abc"), &wrong).await;
    assert!(matches!(wrong, BackendError::SignIn { .. }), "{wrong:?}");
}

#[tokio::test]
async fn no_second_command_hides_in_a_password() {
    let error = refused(password("tim", "abc\r\nDELE 1"), &greeting("USER")).await;
    assert!(
        matches!(error, BackendError::Unsupported { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn greeting_of_another_protocol_is_none() {
    let error = refused(bearer(), "S: 220 smtp.example ESMTP\n").await;
    assert!(matches!(error, BackendError::Protocol { .. }), "{error:?}");
    let error = refused(bearer(), "S: -ERR [SYS/TEMP] later\n").await;
    assert!(matches!(error, BackendError::Throttled { .. }), "{error:?}");
}

/// Asks for TLS at a server that says `greeting`, and after `STLS` this.
async fn stls(answer: &'static str) -> Result<(), BackendError> {
    let (near, mut far) = duplex(4096);
    let server = tokio::spawn(async move {
        far.write_all(b"+OK hello\r\n").await.unwrap();
        let mut heard = [0; 6];
        far.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"STLS\r\n");
        far.write_all(answer.as_bytes()).await.unwrap();
        far
    });
    let result = ask_for_tls(Wire::new(near, "mail.example", 110)).await;
    server.await.unwrap();
    result.map(drop)
}

#[tokio::test]
async fn stls_can_be_neither_stripped_nor_smuggled_past() {
    stls("+OK begin\r\n").await.expect("TLS may begin");
    for answer in ["-ERR unknown command\r\n", "+OK begin\r\n+OK injected\r\n"] {
        let error = stls(answer).await.expect_err("no handshake");
        assert!(
            matches!(error, BackendError::Protocol { .. }),
            "{answer:?}: {error:?}"
        );
    }
}
