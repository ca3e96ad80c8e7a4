//! Sending: in one step, in two, and what is known when the link breaks.

use super::server::{Answer, Server};
use super::*;
use crate::backend::ews::submit::named_recipients;
use crate::backend::{Outgoing as _, Refusal};
use crate::model::{Outbound, Receipt};

fn mail() -> Outbound {
    Outbound {
        sender: "ana@contoso.test".to_owned(),
        recipients: vec!["Bo@x.test".to_owned(), "secret@x.test".to_owned()],
        bytes: b"To: Bo <bo@x.test>\r\nSubject: one\r\n\r\nHi".to_vec(),
    }
}

const ACCEPTED: Receipt = Receipt::Accepted {
    refused: Vec::new(),
    new_message_id: None,
};

fn saved() -> Answer {
    let item = "<m:Items><t:Message><t:ItemId Id=\"d1\" ChangeKey=\"k1\"/></t:Message></m:Items>";
    Answer::xml(soap("CreateItem", &fine("CreateItem", item)))
}

#[tokio::test]
async fn own_mail_is_sent_and_filed_in_one_request() {
    let server = Server::start(|seen, _| {
        opening(seen)
            .unwrap_or_else(|| Answer::xml(soap("CreateItem", &fine("CreateItem", "<m:Items/>"))))
    })
    .await;
    let mut sender = sender(&server, Opener::Owner).await;
    assert_eq!(sender.submit(&mail()).await.unwrap(), ACCEPTED);
    assert!(sender.files_sent_copy());
    let seen = server.last("CreateItem");
    seen.check(
        "<m:CreateItem MessageDisposition=\"SendAndSaveCopy\"><m:SavedItemFolderId>
         <t:DistinguishedFolderId Id=\"sentitems\"/></m:SavedItemFolderId><m:Items><t:Message>
         <t:MimeContent CharacterSet=\"UTF-8\">VG86IEJvIDxib0B4LnRlc3Q+DQpTdWJqZWN0OiBvbmUNCg0KSGkNCg==</t:MimeContent>
         <t:BccRecipients><t:Mailbox><t:EmailAddress>secret@x.test</t:EmailAddress></t:Mailbox></t:BccRecipients>
         </t:Message></m:Items></m:CreateItem>",
    );
}

#[tokio::test]
async fn mail_of_somebody_else_is_saved_there_then_sent() {
    let server = Server::start(|seen, _| {
        opening(seen).unwrap_or_else(|| match seen.operation.as_str() {
            "CreateItem" => saved(),
            _ => Answer::xml(soap("SendItem", &fine("SendItem", ""))),
        })
    })
    .await;
    let mut sender = sender(&server, Opener::Delegate).await;
    assert_eq!(sender.submit(&mail()).await.unwrap(), ACCEPTED);
    let created = server.last("CreateItem").body;
    let drafts = "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId><t:DistinguishedFolderId Id=\"drafts\">\
                  <t:Mailbox><t:EmailAddress>ana@contoso.test</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>";
    assert!(created.contains(drafts), "{created}");
    server.last("SendItem").check(
        "<m:SendItem SaveItemToFolder=\"true\"><m:ItemIds><t:ItemId Id=\"d1\" ChangeKey=\"k1\"/></m:ItemIds>
         <m:SavedItemFolderId><t:DistinguishedFolderId Id=\"sentitems\"><t:Mailbox><t:EmailAddress>ana@contoso.test
         </t:EmailAddress></t:Mailbox></t:DistinguishedFolderId></m:SavedItemFolderId></m:SendItem>",
    );
}

#[tokio::test]
async fn refused_mail_of_somebody_else_leaves_no_draft() {
    let server = Server::start(|seen, _| {
        opening(seen).unwrap_or_else(|| match seen.operation.as_str() {
            "CreateItem" => saved(),
            "SendItem" => Answer::xml(soap("SendItem", &wrong("SendItem", "ErrorSendAsDenied"))),
            _ => Answer::xml(soap("DeleteItem", &fine("DeleteItem", ""))),
        })
    })
    .await;
    let outcome = sender(&server, Opener::Delegate)
        .await
        .submit(&mail())
        .await;
    assert!(
        matches!(
            outcome,
            Err(BackendError::Refused {
                kind: Refusal::Sender,
                ..
            })
        ),
        "{outcome:?}"
    );
    assert!(
        server
            .last("DeleteItem")
            .body
            .contains("<t:ItemId Id=\"d1\"/>")
    );
}

#[tokio::test]
async fn draft_of_an_earlier_attempt_is_taken_back_first() {
    let server = Server::start(|seen, _| {
        opening(seen).unwrap_or_else(|| match seen.operation.as_str() {
            "FindItem" => {
                let item = "<m:RootFolder TotalItemsInView=\"1\" IncludesLastItemInRange=\"true\"><t:Items><t:Message>\
                            <t:ItemId Id=\"d0\" ChangeKey=\"k\"/></t:Message></t:Items></m:RootFolder>";
                Answer::xml(soap("FindItem", &fine("FindItem", item)))
            }
            "CreateItem" => saved(),
            operation => Answer::xml(soap(operation, &fine(operation, ""))),
        })
    })
    .await;
    let mut mail = mail();
    mail.bytes =
        b"Message-ID:\n <one@x.test>\nTo: bo@x.test\n\nMessage-ID: <two@x.test>\n".to_vec();
    let mut sender = sender(&server, Opener::Delegate).await;
    assert_eq!(sender.submit(&mail).await.unwrap(), ACCEPTED);
    let asked = server.last("FindItem").body;
    assert!(asked.contains("Value=\"&lt;one@x.test&gt;\""), "{asked}");
    let drafts = "<m:ParentFolderIds><t:DistinguishedFolderId Id=\"drafts\"><t:Mailbox>";
    assert!(asked.contains(drafts), "{asked}");
    let gone = server.of("DeleteItem");
    assert_eq!(gone.len(), 1);
    assert!(
        gone[0].body.contains("<t:ItemId Id=\"d0\"/>"),
        "{}",
        gone[0].body
    );
}

/// Submits to a server that cuts the link after `cut` and says `left` when asked for the draft.
async fn cut(
    opener: Opener,
    cut: &'static str,
    left: String,
) -> (Result<Receipt, BackendError>, usize) {
    let server = Server::start(move |seen, _| {
        opening(seen).unwrap_or_else(|| match seen.operation.as_str() {
            operation if operation == cut => Answer::cut(),
            "CreateItem" => saved(),
            operation => Answer::xml(soap(operation, &left)),
        })
    })
    .await;
    let outcome = sender(&server, opener).await.submit(&mail()).await;
    (outcome, server.of("SendItem").len())
}

#[tokio::test]
async fn link_that_breaks_after_the_last_byte_leaves_it_open() {
    let (outcome, _) = cut(Opener::Owner, "CreateItem", String::new()).await;
    assert!(matches!(outcome, Ok(Receipt::Unsure { .. })), "{outcome:?}");
}

#[tokio::test]
async fn link_that_breaks_while_saving_has_sent_nothing() {
    let (outcome, sent) = cut(Opener::Delegate, "CreateItem", String::new()).await;
    assert!(
        matches!(outcome, Err(BackendError::Offline { .. })),
        "{outcome:?}"
    );
    assert_eq!(sent, 0);
}

#[tokio::test]
async fn draft_that_has_left_was_sent() {
    let gone = wrong("GetItem", "ErrorItemNotFound");
    let (outcome, _) = cut(Opener::Delegate, "SendItem", gone).await;
    assert_eq!(outcome.unwrap(), ACCEPTED);
    let there = fine(
        "GetItem",
        "<m:Items><t:Message><t:ItemId Id=\"d1\"/></t:Message></m:Items>",
    );
    let (outcome, _) = cut(Opener::Delegate, "SendItem", there).await;
    assert!(matches!(outcome, Ok(Receipt::Unsure { .. })), "{outcome:?}");
}

#[tokio::test]
async fn answers_that_cannot_be_read_leave_it_open() {
    for answer in [
        Answer::xml("<html/>"),
        Answer::with("502 Bad Gateway", "no"),
        Answer::xml(soap("CreateItem", "")),
        Answer::pieces(vec![
            super::server::Piece::Bytes(b"<s:Env".to_vec()),
            super::server::Piece::Cut,
        ]),
    ] {
        let server =
            Server::start(move |seen, _| opening(seen).unwrap_or_else(|| answer.clone())).await;
        let outcome = sender(&server, Opener::Owner).await.submit(&mail()).await;
        assert!(matches!(outcome, Ok(Receipt::Unsure { .. })), "{outcome:?}");
    }
}

#[tokio::test]
async fn refusals_are_sure() {
    let check = async |answer: Answer, expected: fn(&BackendError) -> bool| {
        let server =
            Server::start(move |seen, _| opening(seen).unwrap_or_else(|| answer.clone())).await;
        let error = sender(&server, Opener::Owner)
            .await
            .submit(&mail())
            .await
            .unwrap_err();
        assert!(expected(&error), "{error:?}");
    };
    let no = |code: &str| Answer::xml(soap("CreateItem", &wrong("CreateItem", code)));
    check(no("ErrorSendAsDenied"), |e| {
        matches!(
            e,
            BackendError::Refused {
                kind: Refusal::Sender,
                ..
            }
        )
    })
    .await;
    check(no("ErrorMessageSizeExceeded"), |e| {
        matches!(
            e,
            BackendError::Refused {
                kind: Refusal::TooBig,
                ..
            }
        )
    })
    .await;
    check(no("ErrorInvalidRecipients"), |e| {
        matches!(
            e,
            BackendError::Refused {
                kind: Refusal::Recipients,
                ..
            }
        )
    })
    .await;
    check(no("ErrorQuotaExceeded"), |e| {
        matches!(
            e,
            BackendError::Refused {
                kind: Refusal::Quota,
                ..
            }
        )
    })
    .await;
    check(Answer::with("403 Forbidden", ""), |e| {
        matches!(
            e,
            BackendError::Refused {
                kind: Refusal::EwsBlocked,
                ..
            }
        )
    })
    .await;
    check(Answer::with("503 Service Unavailable", ""), |e| {
        matches!(e, BackendError::Throttled { .. })
    })
    .await;
    check(Answer::with("401 Unauthorized", ""), |e| {
        matches!(e, BackendError::SignIn { .. })
    })
    .await;
}

#[tokio::test]
async fn status_of_a_blocked_service_may_be_about_the_token() {
    for (diagnostics, is_sign_in) in [
        (
            "2000008;reason=\"The token contains no permissions.\"",
            true,
        ),
        ("EWS is switched off.", false),
    ] {
        let answer = Answer::with("403 Forbidden", "");
        let answer = answer.line(&format!("x-ms-diagnostics: {diagnostics}"));
        let server =
            Server::start(move |seen, _| opening(seen).unwrap_or_else(|| answer.clone())).await;
        let mut sender = sender(&server, Opener::Owner).await;
        let error = sender.submit(&mail()).await.unwrap_err();
        let found = matches!(error, BackendError::SignIn { .. });
        assert_eq!(found, is_sign_in, "{error:?}");
    }
}

#[tokio::test]
async fn large_request_that_is_not_taken_is_not_sent() {
    use tokio::io::AsyncReadExt as _;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        // The first request opens the mailbox; the next one is read in part only.
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut some = vec![0; 2048];
            let _ = socket.read(&mut some).await;
            drop(socket);
        }
    });
    let trust = Trust::load(None).unwrap();
    let base = format!("http://127.0.0.1:{port}/EWS/Exchange.asmx");
    let link = crate::backend::ews::link::Link::new(&base, &trust, &access(Opener::Owner)).unwrap();
    let mut large = mail();
    large.bytes.extend(vec![b'x'; 30 << 20]);
    let outcome = Submitter::new(link).submit(&large).await;
    assert!(
        matches!(outcome, Err(BackendError::Offline { .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn sender_whose_mailbox_does_not_open_is_no_sender() {
    let server = Server::start(|seen, before| match before {
        0 => opening(seen).unwrap(),
        _ => Answer::xml(soap(
            "GetFolder",
            &wrong("GetFolder", "ErrorItemNotFound").repeat(2),
        )),
    })
    .await;
    let error = sender(&server, Opener::Delegate)
        .await
        .may_send_as("ana@contoso.test")
        .await;
    assert!(
        matches!(
            error,
            Err(BackendError::Refused {
                kind: Refusal::Sender,
                ..
            })
        ),
        "{error:?}"
    );
}

#[test]
fn only_addresses_of_the_header_are_named() {
    let check = |header: &str, expected: &[&str]| {
        let message = format!("From: me@x.test\r\n{header}\r\n\r\nTo: body@x.test\r\n");
        assert_eq!(named_recipients(message.as_bytes()), expected, "{header}");
    };
    check("To: A@x.test, b <B@x.test>", &["a@x.test", "b@x.test"]);
    check(
        "TO: a@x.test,\r\n\tb@x.test\r\nCc: c@x.test",
        &["a@x.test", "b@x.test", "c@x.test"],
    );
    check(
        "To: \"x@y.test, \\\" <z@y.test>\" <a@x.test> (d@x.test)",
        &["a@x.test"],
    );
    check("To: team: a@x.test, b@x.test;", &["a@x.test", "b@x.test"]);
    check("Bcc: a@x.test\r\nSubject: b@x.test", &[]);
    check("To: undisclosed-recipients:;", &[]);
}
