//! Literal requests and answers, operation by operation; and what hostile servers say.

mod ahead;
mod changing;
mod fake;
mod hostile;
mod reading;
mod sending;
mod waiting;

use serde_json::{Value, json};

use self::fake::{Ask, Fake, Say, batch, error};

/// A message as Graph lists it.
fn message(id: &str, subject: &str, minute: u32) -> Value {
    let when = format!("2026-03-01T10:{minute:02}:00Z");
    json!({
        "id": id, "subject": subject, "sentDateTime": when, "receivedDateTime": when,
        "internetMessageId": format!("<{id}@x>"), "isRead": true, "isDraft": false, "hasAttachments": false,
        "flag": { "flagStatus": "notFlagged" },
        "from": { "emailAddress": { "name": "Bo", "address": "bo@x.test" } },
        "toRecipients": [{ "emailAddress": { "name": "ana@x.test", "address": "ana@x.test" } }],
        "ccRecipients": [], "replyTo": [],
        "singleValueExtendedProperties": [{ "id": "Integer 0xe08", "value": "4711" }],
    })
}

fn folder(id: &str, name: &str, parent: &str) -> Value {
    json!({ "id": id, "displayName": name, "parentFolderId": parent, "totalItemCount": 3, "isHidden": false })
}

/// The folders of a small mailbox: answers the list and the well-known names.
fn folders(ask: &Ask) -> Option<Say> {
    if ask.line.starts_with("GET /v1.0/me/mailFolders/delta") {
        let value = vec![
            folder("in", "Posteingang", "root"),
            folder("sent", "Gesendet", "root"),
            folder("a", "Kunden/Neu", "root"),
            folder("b", "B", "a"),
        ];
        return Some(Say::Json(
            200,
            json!({ "value": value, "@odata.deltaLink": "d" }),
        ));
    }
    let known = ask.is_batch() && ask.body.windows(12).any(|w| w == b"junkemail?$s");
    known.then(|| {
        batch(ask, |line, _| match line.split(['/', '?']).nth(3) {
            Some("inbox") => (200, json!({ "id": "in" })),
            Some("sentitems") => (200, json!({ "id": "sent" })),
            Some("msgfolderroot") => (200, json!({ "id": "root" })),
            _ => (404, error("ErrorItemNotFound")),
        })
    })
}
