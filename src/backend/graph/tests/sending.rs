//! Sending: in one request, in pieces, by another mailbox, and with links that break.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::{Ask, Fake, Say};
use crate::backend::graph::connect::base;
use crate::backend::graph::wire::Call;
use crate::backend::{BackendError, Opener, Outgoing as _, Refusal};
use crate::model::{Outbound, Receipt};
use crate::net::Written;

const ACCEPTED: Receipt = Receipt::Accepted {
    refused: Vec::new(),
    new_message_id: None,
};

fn mail() -> Outbound {
    Outbound {
        sender: "ana@x.test".to_owned(),
        recipients: ["bo@x.test", "cy@x.test", "di@x.test", "ed@x.test"].map(str::to_owned).to_vec(),
        bytes: b"From: ana@x.test\r\nSender: me@x.test\r\nTo: \"ed@x.test\" <bo@x.test>,\r\n C <CY@x.test>\r\nSubject: Hi\r\n\r\nHello\r\n"
            .to_vec(),
    }
}

fn decoded(ask: &Ask) -> String {
    String::from_utf8(STANDARD.decode(&ask.body).unwrap()).unwrap()
}

#[tokio::test]
async fn mail_goes_as_mime_with_its_hidden_recipients() {
    let fake = Fake::start(|_| Say::Raw(202, vec![], vec![])).await;
    assert_eq!(
        fake.post(Opener::Owner).submit(&mail()).await.unwrap(),
        ACCEPTED
    );
    let ask = fake.asked().remove(0);
    assert_eq!(ask.line, "POST /v1.0/me/sendMail");
    assert_eq!(ask.header("content-type"), "text/plain");
    assert_eq!(ask.header("content-length"), ask.body.len().to_string());
    let expected = "From: ana@x.test\r\nTo: \"ed@x.test\" <bo@x.test>,\r\n C <CY@x.test>\r\nSubject: Hi\r\n\
        Bcc: di@x.test,\r\n ed@x.test\r\n\r\nHello\r\n";
    assert_eq!(decoded(&ask), expected);
}

#[tokio::test]
async fn a_recipient_that_would_break_the_header_is_refused() {
    let fake = Fake::start(|_| Say::Raw(202, vec![], vec![])).await;
    let recipients = vec!["a@x.test\r\nSubject: other".to_owned()];
    let refused = fake
        .post(Opener::Owner)
        .submit(&Outbound {
            recipients,
            ..mail()
        })
        .await;
    let kind = Refusal::Recipients;
    assert!(matches!(refused, Err(BackendError::Refused { kind: found, .. }) if found == kind));
    assert!(fake.lines().is_empty());
}

#[tokio::test]
async fn who_may_not_open_the_mailbox_sends_by_the_own_one() {
    let fake = Fake::start(|ask| match ask.line.as_str() {
        "POST /v1.0/me/sendMail" => Say::Raw(202, vec![], vec![]),
        _ => Say::error(403, "ErrorAccessDenied"),
    })
    .await;
    let receipt = fake.post(Opener::Delegate).submit(&mail()).await.unwrap();
    assert_eq!(receipt, ACCEPTED);
    assert_eq!(
        fake.lines(),
        [
            "POST /v1.0/users/ana@x.test/sendMail",
            "POST /v1.0/me/sendMail"
        ]
    );
    let refused = fake.post(Opener::Application).submit(&mail()).await;
    assert!(refused.is_err());
    assert_eq!(
        fake.lines().len(),
        1,
        "an application has no mailbox of its own"
    );
}

#[tokio::test]
async fn refusals_say_what_was_refused() {
    let check = async |status: u16, code: &'static str, expected: Refusal| {
        let fake = Fake::start(move |_| Say::error(status, code)).await;
        let refused = fake.post(Opener::Owner).submit(&mail()).await.unwrap_err();
        let is_right = matches!(&refused, BackendError::Refused { kind, .. } if *kind == expected);
        assert!(is_right, "{refused:?}");
    };
    check(403, "ErrorSendAsDenied", Refusal::Sender).await;
    check(400, "ErrorMessageSizeExceeded", Refusal::TooBig).await;
    check(413, "x", Refusal::TooBig).await;
    check(400, "ErrorInvalidRecipients", Refusal::Recipients).await;
    check(507, "ErrorQuotaExceeded", Refusal::Quota).await;
    check(400, "ErrorMimeContentInvalidBase64String", Refusal::Other).await;
}

#[tokio::test]
async fn only_a_link_that_breaks_behind_the_last_byte_leaves_it_open() {
    let fake = Fake::start(|_| Say::Cut).await;
    let receipt = fake.post(Opener::Owner).submit(&mail()).await.unwrap();
    assert!(matches!(receipt, Receipt::Unsure { .. }));

    let odd = Fake::start(|_| Say::Raw(200, vec![], vec![])).await;
    let receipt = odd.post(Opener::Owner).submit(&mail()).await.unwrap();
    assert!(
        matches!(receipt, Receipt::Unsure { .. }),
        "seen where nothing was sent"
    );

    // Nobody listens any more.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let nobody = fake.elsewhere(port);
    let failed = nobody.post(Opener::Owner).submit(&mail()).await;
    assert!(
        matches!(failed, Err(BackendError::Offline { .. })),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_link_that_breaks_in_the_middle_has_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut some = vec![0; 100];
        socket.read_exact(&mut some).await.unwrap();
        // Gone with bytes unread: the connection is reset.
    });
    let fake = Fake::start(|_| Say::Cut).await;
    let wire = fake.elsewhere(port).wire(Opener::Owner);
    // More than any system keeps for a link.
    let body = vec![b'x'; 64 << 20];
    let call = Call::bare_post("/me/sendMail");
    let request = wire.request(&call, "text/plain", body).unwrap();
    let written = Written::default();
    let limit = Duration::from_secs(60);
    let exchange = wire.exchange();
    let failed = exchange.open_noting("send", request, limit, &written).await;
    assert!(
        matches!(failed, Err(BackendError::Offline { .. })),
        "{failed:?}"
    );
    assert!(!written.is_whole());
}

/// A message with one attachment of so many bytes.
fn large(attachment: usize, text: usize) -> Outbound {
    let content = STANDARD.encode(vec![7_u8; attachment]);
    let lines: Vec<&str> = content
        .as_bytes()
        .chunks(76)
        .map(|l| std::str::from_utf8(l).unwrap())
        .collect();
    let text = format!("{}\r\n", "word ".repeat(14)).repeat(text / 72);
    let mut bytes = mail().bytes;
    let at = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    bytes.truncate(at + 2);
    bytes.extend_from_slice(
        format!(
            "Content-Type: multipart/mixed;\r\n boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{text}--b\r\n\
            Content-Type: application/zip\r\nContent-Disposition: attachment; filename=\"big.zip\"\r\n\
            Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
            lines.join("\r\n")
        )
        .as_bytes(),
    );
    Outbound { bytes, ..mail() }
}

fn service(ask: &Ask) -> Say {
    match ask.line.as_str() {
        "POST /v1.0/me/messages" => Say::Json(201, json!({ "id": "d" })),
        "POST /v1.0/me/messages/d/attachments" => Say::Json(201, json!({ "id": "t" })),
        "POST /v1.0/me/messages/d/attachments/createUploadSession" => {
            let url = format!("http://{}/v1.0/upload/secret", ask.header("host"));
            Say::Json(201, json!({ "uploadUrl": url }))
        }
        "PUT /v1.0/upload/secret" => Say::Json(200, json!({ "nextExpectedRanges": ["x"] })),
        "POST /v1.0/me/messages/d/send" => Say::Raw(202, vec![], vec![]),
        line => panic!("{line}"),
    }
}

#[tokio::test]
async fn what_is_too_large_for_one_request_becomes_a_draft_with_uploads() {
    let fake = Fake::start(service).await;
    let mail = large(5_000_000, 100);
    assert_eq!(
        fake.post(Opener::Owner).submit(&mail).await.unwrap(),
        ACCEPTED
    );
    let asked = fake.asked();
    let lines: Vec<_> = asked.iter().map(|a| a.line.as_str()).collect();
    let expected = [
        "POST /v1.0/me/messages",
        "POST /v1.0/me/messages/d/attachments/createUploadSession",
        "PUT /v1.0/upload/secret",
        "PUT /v1.0/upload/secret",
        "POST /v1.0/me/messages/d/send",
    ];
    assert_eq!(lines, expected);
    let draft = decoded(&asked[0]);
    assert!(
        draft.contains("Bcc: di@x.test") && !draft.contains("big.zip"),
        "{draft}"
    );
    assert!(draft.ends_with("--b--\r\n"));
    let item = &asked[1].json()["AttachmentItem"];
    assert_eq!(item["size"], 5_000_000);
    assert_eq!(item["name"], "big.zip");
    assert_eq!(asked[2].header("content-range"), "bytes 0-3932159/5000000");
    assert_eq!(
        asked[3].header("content-range"),
        "bytes 3932160-4999999/5000000"
    );
    assert_eq!(
        asked[2].header("authorization"),
        "",
        "the address is the proof"
    );
    let sent: usize = asked[2].body.len() + asked[3].body.len();
    assert_eq!(sent, 5_000_000);
    assert!(asked[3].body.iter().all(|byte| *byte == 7));
}

#[tokio::test]
async fn an_attachment_below_three_megabytes_needs_no_session() {
    let fake = Fake::start(service).await;
    let mail = large(2_500_000, 100);
    assert_eq!(
        fake.post(Opener::Owner).submit(&mail).await.unwrap(),
        ACCEPTED
    );
    let asked = fake.asked();
    assert_eq!(asked[1].line, "POST /v1.0/me/messages/d/attachments");
    assert_eq!(asked[1].json()["contentType"], "application/zip");
}

#[tokio::test]
async fn a_text_that_is_too_large_is_refused_before_anything_is_sent() {
    let fake = Fake::start(service).await;
    let refused = fake.post(Opener::Owner).submit(&large(10, 4_000_000)).await;
    assert!(matches!(
        refused,
        Err(BackendError::Refused {
            kind: Refusal::TooBig,
            ..
        })
    ));
    assert!(fake.lines().is_empty());
}

#[tokio::test]
async fn a_draft_whose_upload_fails_is_taken_back() {
    let fake = Fake::start(|ask| match ask.line.as_str() {
        "PUT /v1.0/upload/secret" => Say::error(413, "ErrorMessageSizeExceeded"),
        "DELETE /v1.0/me/messages/d" => Say::Raw(204, vec![], vec![]),
        _ => service(ask),
    })
    .await;
    let refused = fake
        .post(Opener::Owner)
        .submit(&large(5_000_000, 100))
        .await;
    assert!(matches!(
        refused,
        Err(BackendError::Refused {
            kind: Refusal::TooBig,
            ..
        })
    ));
    assert_eq!(fake.lines().pop().unwrap(), "DELETE /v1.0/me/messages/d");
}

#[tokio::test]
async fn a_sender_is_known_as_far_as_a_mailbox_can_be() {
    let check = async |status: u16, code: &'static str, opener: Opener, is_fine: bool| {
        let fake = Fake::start(move |_| Say::error(status, code)).await;
        let said = fake.post(opener).may_send_as("ana@x.test").await;
        assert_eq!(said.is_ok(), is_fine, "{status} {code}: {said:?}");
    };
    check(200, "", Opener::Owner, true).await;
    check(403, "ErrorAccessDenied", Opener::Delegate, true).await;
    check(404, "ErrorInvalidUser", Opener::Delegate, false).await;
    check(401, "InvalidAuthenticationToken", Opener::Owner, false).await;
}

#[test]
fn bases_are_by_https_and_name_the_mailbox() {
    let access = crate::backend::Access {
        mailbox: "shared+x@x.test".to_owned(),
        user: String::new(),
        opener: Opener::Application,
        proof: Arc::new(super::fake::Token),
    };
    let whole = base("graph.x.test", 443, &access);
    let whole = whole.whole(&whole.path(&["mailFolders", "a/b"]));
    assert_eq!(
        whole,
        "https://graph.x.test:443/v1.0/users/shared%2Bx@x.test/mailFolders/a%2Fb"
    );
}
