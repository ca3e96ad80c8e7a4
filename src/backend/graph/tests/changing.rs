//! Flags, moves, deletions, copies, folders.

use serde_json::{Value, json};

use super::{Fake, Say, batch, error, folders};
use crate::backend::{Backend as _, BackendError};
use crate::model::{Applied, FlagChange, Flags, RemoteId, RemoteOp};

fn flag(messages: &[&str], change: FlagChange) -> RemoteOp {
    RemoteOp::Flag {
        folder: "in".to_owned(),
        messages: messages.iter().map(|id| (*id).to_owned()).collect(),
        change,
    }
}

#[tokio::test]
async fn flags_are_patched_in_batches_of_twenty() {
    let fake = Fake::start(|ask| batch(ask, |_, _| (200, json!({ "id": "x" })))).await;
    let ids: Vec<String> = (0..45).map(|n| format!("m{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let change = FlagChange {
        set: Flags::SEEN,
        clear: Flags::FLAGGED,
    };
    fake.graph().apply(&flag(&ids, change)).await.unwrap();
    let asked = fake.asked();
    let sizes: Vec<_> = asked
        .iter()
        .map(|a| a.json()["requests"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [20, 20, 5]);
    let expected = json!({
        "id": "0", "method": "PATCH", "url": "/me/messages/m0",
        "headers": { "Prefer": "IdType=\"ImmutableId\"", "Content-Type": "application/json" },
        "body": { "isRead": true, "flag": { "flagStatus": "notFlagged" } },
    });
    assert_eq!(asked[0].json()["requests"][0], expected);
}

#[tokio::test]
async fn answered_is_the_last_verb() {
    let fake = Fake::start(|ask| batch(ask, |_, _| (200, json!({})))).await;
    fake.graph()
        .apply(&flag(&["m"], FlagChange::set(Flags::ANSWERED)))
        .await
        .unwrap();
    let sent = &fake.asked()[0].json()["requests"][0]["body"];
    let expected = json!([
        { "id": "Integer 0x1081", "value": "102" }, { "id": "Integer 0x1080", "value": "261" }
    ]);
    assert_eq!(sent["singleValueExtendedProperties"], expected);
}

#[tokio::test]
async fn a_conflict_is_read_anew_and_tried_once_more() {
    let count = std::sync::atomic::AtomicUsize::new(0);
    let fake = Fake::start(move |ask| {
        batch(ask, |line, _| {
            let is_patch = line.starts_with("PATCH");
            if is_patch && count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
                return (409, error("ErrorIrresolvableConflict"));
            }
            (200, json!({ "id": "m" }))
        })
    })
    .await;
    fake.graph()
        .apply(&flag(&["m"], FlagChange::set(Flags::SEEN)))
        .await
        .unwrap();
    let methods: Vec<Value> = fake
        .asked()
        .iter()
        .map(|a| a.json()["requests"][0]["method"].clone())
        .collect();
    assert_eq!(methods, ["PATCH", "GET", "PATCH"]);
}

#[tokio::test]
async fn throttling_inside_a_batch_is_heard() {
    let fake = Fake::start(|ask| batch(ask, |_, _| (429, error("ApplicationThrottled")))).await;
    let failed = fake
        .graph()
        .apply(&flag(&["m"], FlagChange::set(Flags::SEEN)))
        .await
        .unwrap_err();
    let is_right =
        matches!(&failed, BackendError::Throttled { after: Some(t), .. } if t.as_secs() == 7);
    assert!(is_right, "{failed:?}");
}

#[tokio::test]
async fn what_is_gone_is_no_error_unless_all_is() {
    let fake = Fake::start(|ask| {
        if !ask.is_batch() {
            return Say::Json(200, json!({ "id": "to" }));
        }
        batch(ask, |line, _| match line.split('/').nth(3) {
            Some(id) if id.starts_with("here") => (201, json!({ "id": "here2" })),
            _ => (404, error("ErrorItemNotFound")),
        })
    })
    .await;
    let mut graph = fake.graph();
    graph
        .apply(&flag(&["here", "x"], FlagChange::set(Flags::SEEN)))
        .await
        .unwrap();
    let gone = graph
        .apply(&flag(&["x"], FlagChange::set(Flags::SEEN)))
        .await;
    assert!(matches!(gone, Err(BackendError::Gone { .. })));
    let to = |messages: &[&str]| RemoteOp::Move {
        folder: "in".to_owned(),
        messages: messages.iter().map(|id| (*id).to_owned()).collect(),
        to: "to".to_owned(),
    };
    let applied = graph.apply(&to(&["here", "x"])).await.unwrap();
    let renamed = vec![(RemoteId::new("here"), RemoteId::new("here2"))];
    assert_eq!(applied, Applied { renamed });
    let gone = graph.apply(&to(&["x"])).await;
    assert!(matches!(gone, Err(BackendError::Gone { .. })));
    let last = fake.asked().pop().unwrap();
    assert_eq!(last.line, "GET /v1.0/me/mailFolders/to?$select=id");
}

#[tokio::test]
async fn only_what_is_still_there_is_deleted_for_good() {
    let fake = Fake::start(|ask| {
        batch(ask, |line, _| match line {
            "GET /me/messages/a?$select=id,parentFolderId" => {
                (200, json!({ "parentFolderId": "trash" }))
            }
            "GET /me/messages/rescued?$select=id,parentFolderId" => {
                (200, json!({ "parentFolderId": "in" }))
            }
            "POST /me/messages/a/permanentDelete" => (400, error("BadRequest")),
            "DELETE /me/messages/a" => (204, Value::Null),
            line if line.contains("/gone") => (404, error("ErrorItemNotFound")),
            line => panic!("{line}"),
        })
    })
    .await;
    let op = RemoteOp::Delete {
        folder: "trash".to_owned(),
        messages: vec!["a".to_owned(), "rescued".to_owned(), "gone".to_owned()],
    };
    fake.graph().apply(&op).await.unwrap();
}

const COPY: &[u8] = b"From: Ana <ana@x.test>\r\nTo: Bo <bo@x.test>\r\nBcc: c@x.test\r\nSubject: Hi\r\nMessage-ID: <1@x>\r\n\
In-Reply-To: <0@x>\r\nReferences: <00@x> <0@x>\r\nDate: Sun, 01 Mar 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n\
Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello\r\n\
--b\r\nContent-Type: application/pdf; name=\"a.pdf\"\r\nContent-Disposition: attachment; filename=\"a.pdf\"\r\n\
Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n";

fn append(bytes: &[u8], flags: Flags) -> RemoteOp {
    RemoteOp::Append {
        folder: "sent".to_owned(),
        flags,
        message_id: "1@x".to_owned(),
        bytes: bytes.to_vec(),
    }
}

#[tokio::test]
async fn a_finished_copy_is_filed_as_no_draft() {
    let fake = Fake::start(|ask| match ask.line.split(' ').next() {
        Some("POST") => Say::Json(201, json!({ "id": "new" })),
        _ => Say::Json(200, json!({ "value": [] })),
    })
    .await;
    let applied = fake
        .graph()
        .apply(&append(COPY, Flags::SEEN))
        .await
        .unwrap();
    assert_eq!(
        applied.renamed,
        [(RemoteId::new("1@x"), RemoteId::new("new"))]
    );
    let asked = fake.asked();
    let look = "GET /v1.0/me/mailFolders/sent/messages?$filter=internetMessageId%20eq%20%27%3C1@x%3E%27&$select=id&$top=10";
    assert_eq!(asked[0].line, look);
    assert_eq!(asked[1].line, "POST /v1.0/me/mailFolders/sent/messages");
    let body = asked[1].json();
    assert_eq!(body["subject"], "Hi");
    assert_eq!(body["internetMessageId"], "<1@x>");
    assert_eq!(body["body"]["content"].as_str().unwrap().trim(), "Hello");
    assert_eq!(
        body["bccRecipients"][0]["emailAddress"]["address"],
        "c@x.test"
    );
    assert_eq!(body["attachments"][0]["name"], "a.pdf");
    assert_eq!(body["attachments"][0]["contentBytes"], "AAEC");
    let properties = body["singleValueExtendedProperties"].as_array().unwrap();
    assert!(properties.contains(&json!({ "id": "Integer 0x0E07", "value": "5" })));
    assert!(properties.contains(&json!({ "id": "String 0x1039", "value": "<00@x> <0@x>" })));
    assert!(
        properties.contains(&json!({ "id": "SystemTime 0x0039", "value": "2026-03-01T10:00:00Z" }))
    );
}

#[tokio::test]
async fn a_copy_that_is_there_is_not_filed_again() {
    let fake = Fake::start(|_| Say::Json(200, json!({ "value": [{ "id": "old" }] }))).await;
    let applied = fake
        .graph()
        .apply(&append(COPY, Flags::SEEN))
        .await
        .unwrap();
    assert_eq!(
        applied.renamed,
        [(RemoteId::new("1@x"), RemoteId::new("old"))]
    );
    assert_eq!(fake.lines().len(), 1);
}

#[tokio::test]
async fn html_and_drafts_are_filed_as_whole_mime() {
    let html =
        b"From: a@x.test\r\nMessage-ID: <1@x>\r\nContent-Type: text/html\r\n\r\n<p>Hi</p>\r\n";
    for (bytes, flags) in [
        (&html[..], Flags::SEEN),
        (COPY, Flags::DRAFT.with(Flags::SEEN)),
    ] {
        let fake = Fake::start(|ask| {
            folders(ask).unwrap_or_else(|| match ask.line.as_str() {
                "POST /v1.0/me/messages" => Say::Json(201, json!({ "id": "d" })),
                "POST /v1.0/me/messages/d/move" => Say::Json(201, json!({ "id": "e" })),
                "PATCH /v1.0/me/messages/e" => Say::Json(200, json!({ "id": "e" })),
                _ => Say::Json(200, json!({ "value": [] })),
            })
        })
        .await;
        let applied = fake.graph().apply(&append(bytes, flags)).await.unwrap();
        assert_eq!(applied.renamed[0].1, RemoteId::new("e"));
        let asked = fake.asked();
        let create = asked
            .iter()
            .find(|a| a.line == "POST /v1.0/me/messages")
            .unwrap();
        assert_eq!(create.header("content-type"), "text/plain");
        let patch = asked.iter().find(|a| a.line.starts_with("PATCH")).unwrap();
        assert_eq!(patch.json(), json!({ "isRead": true }));
    }
}

#[tokio::test]
async fn missing_parents_are_made_too() {
    let fake =
        Fake::start(|ask| folders(ask).unwrap_or_else(|| Say::Json(201, json!({ "id": "n" }))))
            .await;
    let path = "Kunden∕Neu/X∕Y/Z".to_owned();
    fake.graph()
        .apply(&RemoteOp::CreateFolder { path })
        .await
        .unwrap();
    let asked = fake.asked();
    let made: Vec<_> = asked
        .iter()
        .filter(|a| a.line.starts_with("POST") && !a.is_batch())
        .map(|a| (a.line.as_str(), a.json()["displayName"].clone()))
        .collect();
    let expected = [
        ("POST /v1.0/me/mailFolders/a/childFolders", json!("X/Y")),
        ("POST /v1.0/me/mailFolders/n/childFolders", json!("Z")),
    ];
    assert_eq!(made, expected);
}

#[tokio::test]
async fn a_folder_is_renamed_and_moved_and_done_is_done() {
    let check = async |path: &str, expected: &[&str]| {
        let fake =
            Fake::start(|ask| folders(ask).unwrap_or_else(|| Say::Json(200, json!({ "id": "b" }))))
                .await;
        let (folder, path) = ("b".to_owned(), path.to_owned());
        fake.graph()
            .apply(&RemoteOp::RenameFolder { folder, path })
            .await
            .unwrap();
        let mut asked = fake.asked();
        asked.retain(|a| !a.line.starts_with("GET") && !a.is_batch());
        let done: Vec<_> = asked
            .iter()
            .map(|a| format!("{} {}", a.line, a.json()))
            .collect();
        assert_eq!(done, expected);
    };
    check("Kunden∕Neu/B", &[]).await;
    check(
        "Kunden∕Neu/C",
        &["PATCH /v1.0/me/mailFolders/b {\"displayName\":\"C\"}"],
    )
    .await;
    check(
        "B",
        &["POST /v1.0/me/mailFolders/b/move {\"destinationId\":\"root\"}"],
    )
    .await;
    check(
        "Inbox/C",
        &[
            "POST /v1.0/me/mailFolders/b/move {\"destinationId\":\"in\"}",
            "PATCH /v1.0/me/mailFolders/b {\"displayName\":\"C\"}",
        ],
    )
    .await;
}

#[tokio::test]
async fn deleting_a_folder_that_is_gone_is_fine() {
    let fake = Fake::start(|_| Say::error(404, "ErrorItemNotFound")).await;
    let folder = "x".to_owned();
    fake.graph()
        .apply(&RemoteOp::DeleteFolder { folder })
        .await
        .unwrap();
    assert_eq!(fake.lines(), ["DELETE /v1.0/me/mailFolders/x"]);
}
