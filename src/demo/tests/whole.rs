//! The tenant as a whole: start, stop, certificates, mail that comes back.

use std::time::Duration;

use super::client::{ADA, Imap, SUPPORT, house, house_with};
use crate::demo::{Options, Tenant};

/// Waits until something holds; the test's own limit ends what never does.
async fn wait_until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..400 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("waited in vain: {what}");
}

#[tokio::test]
async fn a_dropped_tenant_is_gone() {
    let house = house(0).await;
    let port = house.tenant.imap_port;
    let mut imap = house.imap().await;
    drop(house);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(imap.line().await, None);
    assert!(
        tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn ports_follow_the_base() {
    let folder = tempfile::tempdir().unwrap();
    let mut tenants = Vec::new();
    for _ in 0..50 {
        // A port of the system's choice, given back, is free for the moment; its neighbours mostly are.
        let free = crate::demo::transport::listen::Port::bind(0)
            .await
            .unwrap()
            .number;
        let options = Options {
            port_base: free,
            messages: 0,
            chatter: false,
            ..Options::new(folder.path())
        };
        if let Ok(tenant) = Tenant::start(options.clone()).await {
            tenants.push((free, tenant, options));
            break;
        }
    }
    let (base, tenant, options) = tenants.pop().unwrap();
    let authority = format!("https://localhost:{base}/");
    assert!(tenant.authority.starts_with(&authority));
    assert_eq!((tenant.imap_port, tenant.smtp_port), (base + 1, base + 2));
    assert!(Tenant::start(options).await.is_err());
}

#[tokio::test]
async fn the_certificate_is_private_and_for_this_machine_only() {
    let house = house(0).await;
    let pem = std::fs::read_to_string(&house.tenant.ca_file).unwrap();
    assert_eq!(pem.matches("BEGIN CERTIFICATE").count(), 1);
    assert!(!pem.contains("PRIVATE KEY"));
    let name = rustls::pki_types::ServerName::try_from("mail.harborvale.example").unwrap();
    let stream = tokio::net::TcpStream::connect(("localhost", house.tenant.imap_port))
        .await
        .unwrap();
    let connector = super::client::connector(&house.tenant);
    assert!(connector.connect(name, stream).await.is_err());
}

#[tokio::test]
async fn what_is_sent_is_filed_delivered_and_answered_in_its_thread() {
    let house = house(0).await;
    let token = house.token(ADA).await;
    let mut smtp = house.smtp().await;
    assert!(smtp.auth(ADA, &token).await.starts_with("235 2.7.0"));
    smtp.ask("MAIL FROM:<support@harborvale.example> BODY=8BITMIME")
        .await;
    smtp.ask("RCPT TO:<priya@harborvale.example>").await;
    assert!(smtp.ask("DATA").await.starts_with("354"));
    let message = "From: Support <support@harborvale.example>\r\nTo: priya@harborvale.example\r\n\
        Bcc: secret@example.org\r\nSubject: Lunch?\r\nMessage-ID: <m1@pillarbox.example>\r\n\r\n..and cake?\r\n.";
    let answer = smtp.ask(message).await;
    assert!(
        answer.starts_with("250 2.0.0 OK <m1@pillarbox.example>"),
        "{answer}"
    );
    let control = house.tenant.control();
    wait_until("an answer", || control.count(SUPPORT, "INBOX") == Some(1)).await;
    let text = |mailbox: &str, folder: &str| {
        let messages = control.messages(mailbox, folder);
        String::from_utf8_lossy(messages.last().unwrap()).into_owned()
    };
    let copy = text(ADA, "Sent Items");
    assert!(
        copy.contains("\r\n\r\n.and cake?\r\n") && !copy.contains("secret@"),
        "{copy}"
    );
    assert_eq!(control.count(SUPPORT, "Sent Items"), Some(0));
    assert_eq!(control.count("priya@harborvale.example", "INBOX"), Some(1));
    let answer = text(SUPPORT, "INBOX");
    for part in [
        "From: Priya Raman",
        "Subject: Re: Lunch?",
        "In-Reply-To: <m1@pillarbox.example>",
        "> .and cake?",
    ] {
        assert!(answer.contains(part), "{part}\n{answer}");
    }
}

#[tokio::test]
async fn mail_to_nowhere_comes_back_and_machines_are_not_answered() {
    let house = house(0).await;
    let token = house.token(ADA).await;
    let mut smtp = house.smtp().await;
    smtp.auth(ADA, &token).await;
    for (recipient, extra) in [
        ("x@y.invalid", ""),
        ("bot@y.example", "Auto-Submitted: auto-replied\r\n"),
    ] {
        smtp.ask("MAIL FROM:<ada@harborvale.example>").await;
        smtp.ask(&format!("RCPT TO:<{recipient}>")).await;
        smtp.ask("DATA").await;
        let message = format!("From: ada@harborvale.example\r\n{extra}Subject: A\r\n\r\nB\r\n.");
        assert!(smtp.ask(&message).await.starts_with("250"));
    }
    let control = house.tenant.control();
    wait_until("a report", || control.count(ADA, "INBOX") == Some(1)).await;
    let report = control.messages(ADA, "INBOX");
    let report = String::from_utf8_lossy(&report[0]).into_owned();
    assert!(
        report.contains("multipart/report") && report.contains("x@y.invalid"),
        "{report}"
    );
    assert_eq!(control.count(ADA, "Sent Items"), Some(2));
}

#[tokio::test]
async fn a_session_ends_with_its_token() {
    let house = house_with(0, Duration::from_secs(2)).await;
    let mut idle = house.open(ADA).await;
    idle.ask("SELECT INBOX").await;
    idle.send("i IDLE\r\n").await;
    idle.until("+ IDLE").await;
    let mut quiet = house.open(ADA).await;
    for imap in [&mut idle, &mut quiet] {
        let last = end_of(imap).await;
        assert_eq!(last, "* BYE Session invalidated - AccessTokenExpired");
    }
    assert_eq!(house.tenant.control().requests().imap_logins, 2);
}

#[tokio::test]
async fn tokens_that_end_early_end_sessions_but_not_later_ones() {
    let house = house(0).await;
    let mut before = house.open(ADA).await;
    let mut waiting = house.imap().await;
    house.tenant.control().expire_access_tokens();
    let last = end_of(&mut before).await;
    assert_eq!(last, "* BYE Session invalidated - AccessTokenExpired");
    let token = house.token(ADA).await;
    let login = super::client::xoauth2(ADA, &token);
    waiting.ask(&format!("AUTHENTICATE XOAUTH2 {login}")).await;
    assert_eq!(waiting.ask("NOOP").await, ["a2 OK NOOP completed."]);
}

async fn end_of<S>(imap: &mut Imap<S>) -> String
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut last = String::new();
    while let Some(line) = imap.line().await {
        last = line;
    }
    last
}
