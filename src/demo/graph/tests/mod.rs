//! What a well-behaved foreign client does not reach: batches that depend, mischief, throttling, odd requests.

use futures_util::future::join_all;
use http_body_util::BodyExt as _;
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::HeaderMap;
use serde_json::{Value, json};

use super::answer;
use crate::demo::mischief::{Mischief, Service};
use crate::demo::tests::client::{ADA, House, SUPPORT, house};

const SCOPES: &str = "https://graph.microsoft.com/User.Read https://graph.microsoft.com/Mail.ReadWrite \
    https://graph.microsoft.com/Mail.Send https://graph.microsoft.com/Mail.ReadWrite.Shared";
const MAIL: &[u8] = b"From: Priya <priya@harborvale.example>\r\nTo: ada@harborvale.example\r\n\
    Subject: Tide\r\nMessage-ID: <tide@x>\r\n\r\nHigh at noon\r\n";

/// A tenant and somebody's token for it.
struct Client {
    house: House,
    token: String,
}

impl Client {
    /// Signs Ada in to a tenant with an empty mailbox but for `count` messages.
    async fn new(count: usize) -> Self {
        let house = house(0).await;
        let tokens = house.sign_in_as(ADA, SCOPES).await;
        let token = tokens["access_token"].as_str().unwrap().to_owned();
        for _ in 0..count {
            house
                .tenant
                .control()
                .deliver(ADA, "Archive", MAIL)
                .unwrap();
        }
        Self { house, token }
    }

    /// Asks and returns status, header and JSON; an error is a cut connection.
    async fn ask(
        &self,
        method: &str,
        path: &str,
        (headers, body): (&[(&str, &str)], Value),
    ) -> std::io::Result<(u16, HeaderMap, Value)> {
        let path = path.rsplit_once("/v1.0/").map_or(path, |(_, path)| path);
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/v1.0/{path}"));
        request = request.header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let bytes = match body {
            Value::Null => Bytes::new(),
            Value::String(text) => Bytes::from(text),
            json => {
                request = request.header("content-type", "application/json");
                Bytes::from(json.to_string())
            }
        };
        let shared = self.house.tenant.control().shared();
        let (head, body) = answer(&shared, &request.body(bytes).unwrap())
            .await?
            .into_parts();
        let body = body.collect().await?.to_bytes();
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Ok((head.status.as_u16(), head.headers, json))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let (status, _, json) = self.ask("GET", path, (&[], Value::Null)).await.unwrap();
        (status, json)
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let (status, _, json) = self.ask("POST", path, (&[], body)).await.unwrap();
        (status, json)
    }

    fn mischief(&self, mischief: Mischief) {
        self.house
            .tenant
            .control()
            .mischief(Service::Graph, mischief);
    }
}

fn link(page: &Value, name: &str) -> String {
    page[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name}: {page}"))
        .to_owned()
}

const CHANGES: &str = "me/mailFolders/archive/messages/delta?$select=subject";

#[tokio::test]
async fn a_batch_answers_each_request_and_fails_what_depends_on_a_failure() {
    let client = Client::new(1).await;
    let before = client.house.tenant.control().requests().graph_requests;
    let requests = json!({"requests": [
        {"id": "1", "method": "GET", "url": "/me/mailFolders/inbox"},
        {"id": "2", "method": "GET", "url": "me/mailFolders/wreck"},
        {"id": "3", "method": "GET", "url": "/me/mailFolders/inbox", "dependsOn": ["2"]},
        {"id": "4", "method": "POST", "url": "/me/mailFolders", "dependsOn": ["1"],
         "headers": {"Content-Type": "application/json"}, "body": {"displayName": "Nets"}},
    ]});
    let (status, answer) = client.post("$batch", requests).await;
    let mut found: Vec<(&str, u64)> = answer["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| {
            (
                part["id"].as_str().unwrap(),
                part["status"].as_u64().unwrap(),
            )
        })
        .collect();
    found.sort_unstable();
    assert_eq!(
        (status, found),
        (200, vec![("1", 200), ("2", 400), ("3", 424), ("4", 201)])
    );
    let count = client.house.tenant.control().requests().graph_requests - before;
    assert_eq!(count, 3, "the one that was not tried does not count");
}

#[tokio::test]
async fn a_batch_that_makes_no_sense_is_refused_as_a_whole() {
    let client = Client::new(0).await;
    let check = async |requests: Value, code: &str| {
        let (status, answer) = client.post("$batch", json!({"requests": requests})).await;
        assert_eq!(
            (status, answer["error"]["code"].as_str()),
            (400, Some(code)),
            "{answer}"
        );
    };
    let one = |id: &str| json!({"id": id, "method": "GET", "url": "/me"});
    let many: Vec<Value> = (0..21).map(|id| one(&id.to_string())).collect();
    check(json!(many), "MaximumValueExceeded").await;
    check(json!([one("1"), one("1")]), "BadRequest").await;
    check(
        json!([{"id": "1", "method": "GET", "url": ""}]),
        "BadRequest",
    )
    .await;
    check(
        json!([{"id": "1", "method": "POST", "url": "/me", "body": {}}]),
        "BadRequest",
    )
    .await;
    check(Value::Null, "BadRequest").await;
}

#[tokio::test]
async fn more_than_four_at_once_are_throttled() {
    let client = Client::new(0).await;
    tokio::time::pause();
    for _ in 0..4 {
        client.mischief(Mischief::Slow);
    }
    let path = "me/mailFolders/inbox";
    let answers = join_all((0..5).map(|_| client.ask("GET", path, (&[], Value::Null)))).await;
    let found: Vec<u16> = answers
        .iter()
        .map(|answer| answer.as_ref().unwrap().0)
        .collect();
    assert_eq!(found, [200, 200, 200, 200, 429]);
    let (_, headers, json) = answers[4].as_ref().unwrap();
    assert_eq!(headers["retry-after"], "1");
    assert_eq!(json["error"]["code"], "ApplicationThrottled");
    assert_eq!(client.get(path).await.0, 200, "turns come back");
}

#[tokio::test]
async fn a_lost_cursor_and_a_deleted_folder_are_gone() {
    let client = Client::new(2).await;
    let (_, page) = client.get(CHANGES).await;
    let next = link(&page, "@odata.deltaLink");
    client.mischief(Mischief::CursorLost);
    let (status, answer) = client.get(&next).await;
    assert_eq!(
        (status, answer["error"]["code"].as_str()),
        (410, Some("SyncStateNotFound"))
    );
    assert_eq!(client.get(&next).await.0, 200);
    let (_, nets) = client
        .post("me/mailFolders", json!({"displayName": "Nets"}))
        .await;
    let nets = nets["id"].as_str().unwrap();
    let (_, page) = client
        .get(&format!("me/mailFolders/{nets}/messages/delta"))
        .await;
    client
        .post(&format!("me/mailFolders/{nets}/permanentDelete"), json!({}))
        .await;
    let (status, _) = client.get(&link(&page, "@odata.deltaLink")).await;
    assert_eq!(status, 410);
    let (status, answer) = client
        .get("me/mailFolders/archive/messages/delta?$deltatoken=latest")
        .await;
    assert_eq!(
        (status, answer["error"]["message"].as_str()),
        (400, Some("Badly formed token."))
    );
}

#[tokio::test]
async fn repeated_items_come_twice_with_an_empty_page_between() {
    let client = Client::new(12).await;
    client.mischief(Mischief::Repeated);
    let (mut path, mut counts, mut ids) = (CHANGES.to_owned(), Vec::new(), Vec::new());
    loop {
        let (_, page) = client.get(&path).await;
        let items = page["value"].as_array().unwrap();
        counts.push(items.len());
        ids.extend(
            items
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        match page["@odata.nextLink"].as_str() {
            Some(next) => next.clone_into(&mut path),
            None => break,
        }
    }
    ids.sort();
    ids.dedup();
    assert_eq!((counts, ids.len()), (vec![20, 0, 2], 12));
}

#[tokio::test]
async fn changes_come_newest_first_and_only_since_a_date_if_asked() {
    let client = Client::new(3).await;
    let (_, page) = client
        .get(&format!(
            "{CHANGES},receivedDateTime&$orderby=receivedDateTime%20desc"
        ))
        .await;
    let times: Vec<&str> = page["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["receivedDateTime"].as_str().unwrap())
        .collect();
    assert!(
        times.is_sorted_by(|a, b| a >= b) && times.len() == 3,
        "{times:?}"
    );
    let (_, page) = client
        .get(&format!(
            "{CHANGES}&$filter=receivedDateTime%20ge%202030-01-01T00:00:00Z"
        ))
        .await;
    assert_eq!(page["value"], json!([]));
    for wrong in [
        "$search=%22tide%22",
        "$orderby=subject",
        "$filter=isRead%20eq%20true",
    ] {
        assert_eq!(
            client.get(&format!("{CHANGES}&{wrong}")).await.0,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn mischief_of_answers_is_done_once() {
    let client = Client::new(1).await;
    let path = "me/mailFolders/archive";
    let total = async || client.get(path).await.1["totalItemCount"].as_u64().unwrap();
    client.mischief(Mischief::WrongTotals);
    assert_eq!((total().await, total().await), (11, 1));
    client.mischief(Mischief::Unknown);
    assert!(client.get(path).await.1["harborSignal"].is_object());
    assert!(client.get(path).await.1["harborSignal"].is_null());
    client.mischief(Mischief::Error {
        code: "ErrorInternalServerError",
        back_off: None,
    });
    assert_eq!(client.get(path).await.0, 500);
    client.mischief(Mischief::CutInside);
    assert!(client.ask("GET", path, (&[], Value::Null)).await.is_err());
    client.mischief(Mischief::CutAfter);
    let nets = (&[] as &[_], json!({"displayName": "Nets"}));
    assert!(client.ask("POST", "me/mailFolders", nets).await.is_err());
    let (status, _) = client
        .post("me/mailFolders", json!({"displayName": "Nets"}))
        .await;
    assert_eq!(status, 409, "the request was done");
}

#[tokio::test]
async fn each_request_says_how_large_its_page_is() {
    let client = Client::new(30).await;
    let mut next = format!("{CHANGES}&$orderby=receivedDateTime desc").replace(' ', "%20");
    let mut seen = Vec::new();
    for (preferred, expected) in [("2", 2), ("5", 5), ("", 10), ("7", 7), ("50", 6)] {
        let prefer = format!("odata.maxpagesize={preferred}");
        let headers = [("prefer", prefer.as_str())];
        let headers = if preferred.is_empty() {
            &[][..]
        } else {
            &headers
        };
        let (_, _, page) = client
            .ask("GET", &next, (headers, Value::Null))
            .await
            .unwrap();
        let messages = page["value"].as_array().unwrap();
        assert_eq!(messages.len(), expected, "{preferred}");
        seen.extend(messages.iter().map(|message| message["id"].to_string()));
        let is_last = page["@odata.nextLink"].is_null();
        assert_eq!(is_last, seen.len() == 30);
        if !is_last {
            next = link(&page, "@odata.nextLink");
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 30, "each once");
}

#[tokio::test]
async fn requests_and_errors_carry_their_ids_and_preferences_are_confirmed() {
    let client = Client::new(0).await;
    let headers = [
        ("client-request-id", "tide-1"),
        ("prefer", "IdType=\"ImmutableId\", odata.maxpagesize=5"),
    ];
    let (_, found, _) = client
        .ask("GET", "me/messages", (&headers, Value::Null))
        .await
        .unwrap();
    assert_eq!(found["client-request-id"], "tide-1");
    assert_eq!(
        found["preference-applied"],
        "IdType=\"ImmutableId\", odata.maxpagesize=5"
    );
    let (status, found, json) = client
        .ask("GET", "me/wreck", (&headers, Value::Null))
        .await
        .unwrap();
    let inner = &json["error"]["innerError"];
    assert_eq!(
        (status, &inner["client-request-id"]),
        (400, &json!("tide-1"))
    );
    assert_eq!(found["request-id"], inner["request-id"].as_str().unwrap());
    client.house.tenant.control().expire_access_tokens();
    let (status, found, _) = client.ask("GET", "me", (&[], Value::Null)).await.unwrap();
    assert_eq!(status, 401);
    assert!(
        found["www-authenticate"]
            .to_str()
            .unwrap()
            .starts_with("Bearer ")
    );
}

#[tokio::test]
async fn a_mailbox_needs_scope_and_right_and_has_to_exist() {
    let client = Client::new(0).await;
    let check = async |path: &str, expected: (u16, Option<&str>)| {
        let (status, json) = client.get(path).await;
        assert_eq!((status, json["error"]["code"].as_str()), expected, "{path}");
    };
    check(&format!("users/{SUPPORT}/messages"), (200, None)).await;
    check("users/ADA%40harborvale.example/messages", (200, None)).await;
    check(
        "users/board@harborvale.example/messages",
        (403, Some("ErrorAccessDenied")),
    )
    .await;
    check(
        "users/wreck@harborvale.example/messages",
        (404, Some("ErrorInvalidUser")),
    )
    .await;
    check(
        "users/all@harborvale.example/messages",
        (404, Some("MailboxNotEnabledForRESTAPI")),
    )
    .await;
    // Mail.Send without `.Shared` is for one's own mailbox.
    let path = format!("users/{SUPPORT}/sendMail");
    assert_eq!(client.post(&path, json!({"message": {}})).await.0, 403);
    assert_eq!(
        client.post("me/sendMail", json!({"message": {}})).await.1["error"]["code"],
        "ErrorInvalidRecipients"
    );
}

#[tokio::test]
async fn a_message_with_flags_at_its_creation_is_no_draft_and_mime_always_is() {
    let client = Client::new(0).await;
    let property = json!([{"id": "Integer 0x0E07", "value": "1"}]);
    let sent = json!({"subject": "Old", "singleValueExtendedProperties": property});
    let (status, kept) = client.post("me/mailFolders/archive/messages", sent).await;
    assert_eq!(
        (status, &kept["isDraft"], &kept["isRead"]),
        (201, &json!(false), &json!(true))
    );
    let mime = json!("RnJvbTogYUBiDQoNCkhpDQo=");
    let text = [("content-type", "text/plain")];
    let ask = async |path: &str| {
        client
            .ask("POST", path, (&text, mime.clone()))
            .await
            .unwrap()
    };
    let (status, _, draft) = ask("me/messages").await;
    assert_eq!((status, &draft["isDraft"]), (201, &json!(true)));
    assert_eq!(ask("me/mailFolders/archive/messages").await.0, 415);
    let patched =
        json!({"toRecipients": [{"emailAddress": {"address": "a@b.example"}}], "isDraft": false});
    let patch = async |id: &Value| {
        let path = format!("me/messages/{}", id.as_str().unwrap());
        let answer = client
            .ask("PATCH", &path, (&[], patched.clone()))
            .await
            .unwrap();
        (answer.0, answer.2["isDraft"].clone())
    };
    assert_eq!(
        patch(&draft["id"]).await,
        (200, json!(true)),
        "isDraft is read-only"
    );
    assert_eq!(patch(&kept["id"]).await.0, 400, "recipients are a draft's");
}

#[tokio::test]
async fn searches_take_no_filter_and_filters_begin_with_what_is_sorted_by() {
    let client = Client::new(1).await;
    let check = async |options: &str, expected: Option<&str>| {
        let (_, json) = client.get(&format!("me/messages?{options}")).await;
        assert_eq!(json["error"]["code"].as_str(), expected, "{options}");
    };
    check("$search=%22tide%22", None).await;
    check(
        "$search=%22tide%22&$filter=isRead%20eq%20true",
        Some("SearchWithFilter"),
    )
    .await;
    check(
        "$search=%22tide%22&$orderby=receivedDateTime",
        Some("SearchWithOrderBy"),
    )
    .await;
    check(
        "$filter=isRead%20eq%20false&$orderby=receivedDateTime",
        Some("InefficientFilter"),
    )
    .await;
    check("$filter=receivedDateTime%20ge%202020-01-01T00:00:00Z%20and%20isRead%20eq%20false&$orderby=receivedDateTime", None).await;
}
