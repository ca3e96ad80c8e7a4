//! Transcripts of the submission server.

use super::session::{Session, Shield};
use crate::demo::tests::client::{ADA, SUPPORT, house, xoauth2};

#[tokio::test]
async fn nothing_goes_without_tls_and_login() {
    let house = house(0).await;
    let mut session = Session::new(house.tenant.control().shared(), Shield::None);
    let mut check = |line: &str, expected: &str| {
        let (answer, _) = session.handle(format!("{line}\r\n").as_bytes());
        assert!(answer.starts_with(expected), "{line}: {answer}");
    };
    check("AUTH XOAUTH2 x", "503 5.5.2 Send hello first");
    check("EHLO me", "250-");
    check("AUTH XOAUTH2 x", "530 5.7.0 Must issue a STARTTLS");
    check(
        "MAIL FROM:<ada@harborvale.example>",
        "530 5.7.57 Client not authenticated",
    );
    check("DATA", "503");
    check("EHLO", "501");
    check("FROB", "500 5.3.3");
    check("QUIT", "221");
}

#[tokio::test]
async fn only_the_identity_can_log_in() {
    let house = house(0).await;
    let token = house.token(ADA).await;
    let imap_only = house
        .sign_in_as(ADA, "https://outlook.office.com/IMAP.AccessAsUser.All")
        .await;
    let imap_only = imap_only["access_token"].as_str().unwrap();
    let mut smtp = house.smtp().await;
    let refused = "535 5.7.3 Authentication unsuccessful";
    assert!(smtp.auth(SUPPORT, &token).await.starts_with(refused));
    assert!(smtp.auth(ADA, "nonsense").await.starts_with(refused));
    assert!(smtp.auth(ADA, imap_only).await.starts_with(refused));
    assert!(smtp.password(ADA, "guess").await.starts_with("535 5.7.139"));
    assert_eq!(smtp.ask("AUTH XOAUTH2").await, "334");
    let answer = smtp.ask(&xoauth2("Ada@HarborVale.example", &token)).await;
    assert_eq!(answer, "235 2.7.0 Authentication successful");
    assert_eq!(house.tenant.control().requests().smtp_logins, 1);
}

#[tokio::test]
async fn one_mailbox_may_still_send_with_a_password_and_only_as_itself() {
    let house = house(0).await;
    let file = house.tenant.password_file.clone();
    let password = std::fs::read_to_string(file).unwrap();
    assert_eq!(house.tenant.password_user, SUPPORT);
    let mut smtp = house.smtp().await;
    let wrong = smtp.password(SUPPORT, "guess").await;
    assert!(wrong.starts_with("535 5.7.3"), "{wrong}");
    let right = smtp.password(SUPPORT, &password).await;
    assert_eq!(right, "235 2.7.0 Authentication successful");
    let own = smtp.ask("MAIL FROM:<support@harborvale.example>").await;
    assert_eq!(own, "250 2.1.0 Sender OK");
    smtp.ask("RSET").await;
    let other = smtp.ask("MAIL FROM:<billing@harborvale.example>").await;
    assert!(other.starts_with("550 5.7.60"), "{other}");
}

#[tokio::test]
async fn senders_need_rights_and_local_recipients_must_exist() {
    let house = house(0).await;
    let token = house.token(ADA).await;
    let mut smtp = house.smtp().await;
    smtp.auth(ADA, &token).await;
    let answer = smtp.ask("MAIL FROM:<board@harborvale.example>").await;
    assert!(
        answer.starts_with(
            "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
        )
    );
    let answer = smtp
        .ask("MAIL FROM:<ada@harborvale.example> SIZE=99999999")
        .await;
    assert!(answer.starts_with("552 5.3.4"));
    assert!(
        smtp.ask("MAIL FROM:<billing@harborvale.example> SIZE=100")
            .await
            .starts_with("250 2.1.0")
    );
    assert!(
        smtp.ask("RCPT TO:<nobody@harborvale.example>")
            .await
            .starts_with("550 5.1.10")
    );
    assert!(smtp.ask("DATA").await.starts_with("503"));
    assert!(
        smtp.ask("RCPT TO:<ada@harborvale.example>")
            .await
            .starts_with("250 2.1.5")
    );
    assert!(
        smtp.ask("RCPT TO:<x@elsewhere.example>")
            .await
            .starts_with("250 2.1.5")
    );
    smtp.ask("DATA").await;
    let answer = smtp
        .ask("From: board@harborvale.example\r\nSubject: x\r\n\r\nhi\r\n.")
        .await;
    assert!(answer.starts_with("554 5.2.252 SendAsDenied"), "{answer}");
    smtp.ask("MAIL FROM:<ada@harborvale.example>").await;
    smtp.ask("RCPT TO:<ada@harborvale.example>").await;
    smtp.ask("DATA").await;
    let answer = smtp
        .ask("From: ada@harborvale.example\r\n\r\nbare\nfeed\r\n.")
        .await;
    assert!(answer.starts_with("550 5.6.11"), "{answer}");
    assert!(smtp.ask("RSET").await.starts_with("250"));
    assert_eq!(house.tenant.control().count(ADA, "Sent Items"), Some(0));
}

#[tokio::test]
async fn commands_may_come_all_at_once() {
    let house = house(0).await;
    let token = house.token(ADA).await;
    let mut smtp = house.smtp().await;
    smtp.auth(ADA, &token).await;
    let all = "MAIL FROM:<ada@harborvale.example>\r\nRCPT TO:<ada@harborvale.example>\r\nDATA";
    assert!(smtp.ask(all).await.starts_with("250 2.1.0"));
    assert!(smtp.answer().await.starts_with("250 2.1.5"));
    assert!(smtp.answer().await.starts_with("354"));
    let answer = smtp
        .ask("From: ada@harborvale.example\r\nSubject: =?utf-8?Q?=C3=A9?=\r\n\r\nhi\r\n.")
        .await;
    assert!(answer.starts_with("250 2.0.0 OK <"), "{answer}");
    assert_eq!(house.tenant.control().count(ADA, "INBOX"), Some(1));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]
    #[test]
    fn no_bytes_make_the_session_panic(lines: Vec<Vec<u8>>, text: String) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let house = SHARED.with(std::clone::Clone::clone);
            let mut session = Session::new(house, Shield::Tls);
            session.handle(b"EHLO x\r\n");
            for line in &lines {
                session.handle(line);
            }
            for verb in ["AUTH XOAUTH2", "MAIL FROM:", "RCPT TO:", "EHLO", ""] {
                session.handle(format!("{verb} {text}\r\n").as_bytes());
                session.handle(format!("{verb}<{text}>\r\n").as_bytes());
            }
            for line in &lines {
                session.take_message(Some(line));
            }
        });
    }
}

thread_local! {
    /// One house for all cases: making a certificate for each would take all the time.
    static SHARED: std::sync::Arc<crate::demo::house::House> = crate::demo::house::House::for_tests();
}
