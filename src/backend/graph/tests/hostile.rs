//! Servers that lie: wrong types everywhere, links to elsewhere, endless lists, deep nests. Errors, never a panic.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Fake, Say, folder, folders, message};
use crate::backend::graph::changes::Page;
use crate::backend::graph::item::{Item, Row, id_of, time};
use crate::backend::graph::parts::{addressed, split};
use crate::backend::graph::wire::{Base, Reply, parse, with_query};
use crate::backend::{Backend as _, BackendError, Opener};
use crate::model::{Cursor, Outbound, Progress, RemoteId};

fn inbox() -> RemoteId {
    RemoteId::new("in")
}

#[test]
fn links_lead_to_our_own_server_only() {
    let base = Base::new("graph.x.test", 443, None);
    let check = |link: &str, expected: Option<&str>| {
        assert_eq!(base.follow(link).as_deref(), expected, "{link}");
    };
    check(
        "https://graph.x.test/v1.0/me/d?$skiptoken=a%2Bb",
        Some("/me/d?$skiptoken=a%2Bb"),
    );
    check("https://GRAPH.x.test:443/v1.0/me", Some("/me"));
    check("http://graph.x.test/v1.0/me", None);
    check("https://graph.x.test:8443/v1.0/me", None);
    check("https://evil.test/v1.0/me", None);
    check("https://graph.x.test.evil.test/v1.0/me", None);
    check("https://graph.x.test@evil.test/v1.0/me", None);
    check("https://a@graph.x.test/v1.0/me", None);
    check("https://graph.x.test\\@evil.test/v1.0/me", None);
    check("//evil.test/v1.0/me", None);
    check("/v1.0/me", None);
    check("https://graph.x.test/v1.0@evil.test/me", None);
    check("https://graph.x.test/beta/me", None);
    check(
        &format!("https://graph.x.test/v1.0/{}", "a".repeat(40_000)),
        None,
    );
}

#[tokio::test]
async fn a_link_to_another_host_is_not_followed() {
    let elsewhere = Fake::start(|_| Say::error(500, "x")).await;
    let link = elsewhere.link("/me/steal");
    let fake = Fake::start(move |_| {
        Say::Json(
            200,
            json!({ "value": [message("1", "s", 1)], "@odata.nextLink": link }),
        )
    })
    .await;
    let mut graph = fake.graph();
    let first = graph.changes(&inbox(), None).await.unwrap();
    let next = graph.changes(&inbox(), Some(&first.next)).await;
    assert!(next.is_err(), "{next:?}");
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn pages_without_end_end() {
    let fake = Fake::start(|ask| {
        if ask.is_batch() {
            return folders(ask).unwrap();
        }
        let link = format!("http://{}/v1.0/again", ask.header("host"));
        Say::Json(
            200,
            json!({ "value": [], "@odata.nextLink": link, "totalItemCount": 1 }),
        )
    })
    .await;
    let mut graph = fake.graph();
    let changes = graph.changes(&inbox(), None).await.unwrap();
    assert!(changes.more && changes.upserts.is_empty());
    assert!(fake.lines().len() < 30);
    assert!(matches!(
        fake.connect(Opener::Owner).await,
        Err(BackendError::Protocol { .. })
    ));
}

#[tokio::test]
async fn an_answer_of_a_hundred_megabytes_is_not_read() {
    let fake = Fake::start(|_| Say::Raw(200, vec![], vec![b' '; 100 << 20])).await;
    let failed = fake.graph().changes(&inbox(), None).await;
    assert!(
        matches!(failed, Err(BackendError::Offline { .. })),
        "{failed:?}"
    );
}

#[tokio::test]
async fn deep_nests_are_refused() {
    let nest = "[".repeat(100_000);
    let fake = Fake::start(move |_| Say::Raw(200, vec![], nest.clone().into_bytes())).await;
    let failed = fake.graph().changes(&inbox(), None).await;
    assert!(
        matches!(failed, Err(BackendError::Protocol { .. })),
        "{failed:?}"
    );
    let mut deep = json!({ "code": "ErrorAccessDenied" });
    for _ in 0..100 {
        deep = json!({ "code": "Outer", "innerError": deep });
    }
    let reply = Reply {
        challenge: String::new(),
        status: 400,
        body: json!({ "error": deep }),
        request_id: String::new(),
        retry_after: None,
    };
    assert_eq!(reply.code(), "Outer");
}

#[tokio::test]
async fn a_batch_without_all_its_answers_breaks_the_protocol() {
    let fake =
        Fake::start(|_| Say::Json(200, json!({ "responses": [{ "id": "77", "status": 200 }] })))
            .await;
    let op = crate::model::RemoteOp::Flag {
        folder: "in".to_owned(),
        messages: vec!["a".to_owned()],
        change: crate::model::FlagChange::set(crate::model::Flags::SEEN),
    };
    let failed = fake.graph().apply(&op).await;
    assert!(
        matches!(failed, Err(BackendError::Protocol { .. })),
        "{failed:?}"
    );
}

#[tokio::test]
async fn a_cursor_of_another_make_is_lost() {
    let fake = Fake::start(|_| Say::error(500, "x")).await;
    let place = json!({ "link": "https://evil.test/v1.0/x", "total": 1, "has_verbs": false, "is_whole": true });
    let elsewhere = [&[1][..], place.to_string().as_bytes()].concat();
    for bytes in [
        vec![],
        vec![0, 1, 2],
        vec![1],
        b"\x01{}".to_vec(),
        elsewhere,
    ] {
        let lost = fake.graph().changes(&inbox(), Some(&Cursor(bytes))).await;
        assert!(matches!(lost, Err(BackendError::CursorLost)), "{lost:?}");
    }
    assert!(fake.lines().is_empty());
}

#[tokio::test]
async fn wrong_types_in_every_answer_do_no_harm() {
    let odd = [
        json!(null),
        json!(7),
        json!("x"),
        json!([]),
        json!({}),
        json!([[1]]),
        json!({ "value": 7 }),
    ];
    for body in odd {
        let answer = body.clone();
        let fake = Fake::start(move |_| Say::Json(200, answer.clone())).await;
        let mut graph = fake.graph();
        let _ = graph.folders().await;
        let _ = graph.changes(&inbox(), None).await;
        let _ = graph
            .search(&inbox(), &crate::model::Query::parse("x"))
            .await;
        let _ = graph
            .fetch(&inbox(), &[inbox()], &Progress::default())
            .await;
        let poke = tokio::sync::Notify::new();
        let _ = graph.wait(&inbox(), &poke, Duration::ZERO).await;
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_no_answer() {
    let mut bytes = json!({ "value": [message("1", "a?z", 1)], "@odata.deltaLink": "d" })
        .to_string()
        .into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[at] = 0xFF;
    let fake = Fake::start(move |_| Say::Raw(200, vec![], bytes.clone())).await;
    let failed = fake.graph().changes(&inbox(), None).await;
    assert!(
        matches!(failed, Err(BackendError::Protocol { .. })),
        "{failed:?}"
    );
}

#[tokio::test]
async fn folders_with_a_field_of_another_type_leave_the_others() {
    let odd = [
        json!(null),
        json!(-7),
        json!(1e300),
        json!("\u{7}x"),
        json!([1]),
        json!({}),
    ];
    let mut names = vec!["@odata.type", "@removed"];
    let template = folder("a", "A", "root");
    names.extend(template.as_object().unwrap().keys().map(String::as_str));
    for name in names {
        for odd in &odd {
            let mut strange = template.clone();
            strange[name] = odd.clone();
            let page = json!({ "value": [strange, folder("in", "Inbox", "root")], "@odata.deltaLink": odd });
            let fake = Fake::start(move |ask| {
                let batch = ask.is_batch().then(|| folders(ask).unwrap());
                batch.unwrap_or_else(|| Say::Json(200, page.clone()))
            })
            .await;
            let listed = fake.graph().folders().await.unwrap();
            let paths: Vec<&str> = listed.iter().map(|folder| folder.path.as_str()).collect();
            assert!(paths.contains(&"Inbox"), "{name} {odd}: {paths:?}");
            assert!(!paths.concat().contains(char::is_control), "{paths:?}");
        }
    }
}

#[test]
fn dates_without_a_zone_are_utc() {
    let check = |text: &str, expected: Option<&str>| {
        let found = time(text).map(|time| time.to_string());
        assert_eq!(found.as_deref(), expected, "{text}");
    };
    check("2026-11-22T10:00:00Z", Some("2026-11-22T10:00:00Z"));
    check("2026-11-22T10:00:00.0000000", Some("2026-11-22T10:00:00Z"));
    check("2026-11-22T10:00:00", Some("2026-11-22T10:00:00Z"));
    check("2026-11-22T10:00:00+02:00", Some("2026-11-22T08:00:00Z"));
    check("yesterday", None);
    check("", None);
}

/// A real page.
fn page() -> Vec<u8> {
    let value = [
        message("1", "Gr\u{fc}\u{df}e", 1),
        message("2", "\u{738b}", 2),
        json!({ "id": "3", "@removed": {} }),
    ];
    json!({ "value": value, "@odata.nextLink": "https://h/v1.0/x" })
        .to_string()
        .into_bytes()
}

fn read(value: &Value, has_verbs: bool) -> Option<Item> {
    Row::of(value)?.into_item(has_verbs)
}

#[test]
fn of_a_field_told_twice_the_last_counts() {
    let twice = br#"{"value":[{"id":"a","subject":"x"},7,{"id":"b","id":"c","@removed":null}],"value":[{"id":"a"},
        {"id":"d","id":7,"@removed":{}},{"id":7,"id":"e","@removed":{}}],"@odata.nextLink":"n","@odata.nextLink":7,
        "@odata.deltaLink":"d\u002fe"}"#;
    let page = Page::read(twice, false).unwrap();
    let ids: Vec<&str> = page.items().iter().map(|item| item.id().as_str()).collect();
    assert_eq!(ids, ["a", "e"]);
    assert!(matches!(page.items(), [Item::Partial(_), Item::Removed(_)]));
}

#[test]
fn a_page_is_bounded_whatever_is_in_it() {
    let check = |count: usize, is_page: bool| {
        for odd in ["7", "[]", "{}", r#"{"id":"a"}"#] {
            let list = vec![odd; count].join(",");
            let page = format!(r#"{{"@odata.deltaLink":"d","value":[{list}]}}"#);
            let page = Page::read(page.as_bytes(), false);
            assert_eq!(page.is_ok(), is_page, "{count} {odd}");
        }
    };
    check(4_000, true);
    check(4_001, false);
}

#[test]
fn recipients_are_bounded_and_may_be_one_or_many() {
    let check = |to: Value, expected: usize| {
        let mut whole = message("1", "s", 1);
        whole["toRecipients"] = to;
        let Some(Item::Whole(message)) = read(&whole, true) else {
            panic!("no message");
        };
        assert_eq!(message.envelope.to.len(), expected);
    };
    let one = json!({ "emailAddress": { "address": "a@x.test" } });
    check(one.clone(), 1);
    check(json!([7, one, null, [one], {}]), 1);
    check(vec![one; 70].into(), 50);
    check(json!("a@x.test"), 0);
}

/// JSON of any shape, with the names that are looked for.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!("2026-03-01T10:00:00Z")),
    ];
    let name = prop_oneof![
        Just("id"),
        Just("from"),
        Just("emailAddress"),
        Just("address"),
        Just("name"),
        Just("flag"),
        Just("flagStatus"),
        Just("isRead"),
        Just("isDraft"),
        Just("subject"),
        Just("receivedDateTime"),
        Just("sentDateTime"),
        Just("internetMessageId"),
        Just("toRecipients"),
        Just("value"),
        Just("@removed"),
        Just("singleValueExtendedProperties"),
        Just("error"),
        Just("code"),
        Just("message"),
        Just("innerError"),
    ];
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(name.clone(), inner, 0..8).prop_map(|map| map
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect::<serde_json::Map<_, _>>()
                .into()),
        ]
    })
}

proptest! {
    #[test]
    fn random_bytes_are_an_answer_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..2000), status in 200_u16..600) {
        let mut answer = http::Response::new(bytes);
        *answer.status_mut() = http::StatusCode::from_u16(status).unwrap();
        let reply = parse("test", &answer);
        prop_assert!(reply.is_ok() || status < 300);
    }

    #[test]
    fn mutated_answers_do_no_harm(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..12)) {
        let mut bytes = page();
        for (at, byte, kind) in changes {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        let _ = parse("test", &http::Response::new(bytes.clone()));
        if let Ok(page) = Page::read(&bytes, true) {
            for item in page.items() {
                prop_assert!(!item.id().as_str().is_empty());
            }
        }
    }

    #[test]
    fn a_message_of_any_shape_leaves_the_others_of_its_page(value in any_json(), has_verbs: bool) {
        let page = json!({ "value": [value, message("last", "s", 1)], "@odata.deltaLink": "d" });
        let page = Page::read(page.to_string().as_bytes(), has_verbs).unwrap();
        prop_assert_eq!(page.items().last().map(|item| item.id().as_str()), Some("last"));
        // Out of an answer or out of a batch, it is the same.
        let alone = read(&value, has_verbs);
        let expected: Vec<&Item> = alone.iter().chain(page.items().last()).collect();
        prop_assert_eq!(page.items().iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_page_of_any_shape_is_a_page_or_none(mut page in any_json()) {
        let _ = Page::read(page.to_string().as_bytes(), true);
        if page.is_object() {
            page["@odata.nextLink"] = "n".into();
            let page = Page::read(page.to_string().as_bytes(), true).unwrap();
            prop_assert!(!page.is_quiet());
        }
    }

    #[test]
    fn a_message_with_one_odd_field_is_still_one(name in 0_usize..14, odd in any_json()) {
        let mut whole = message("1", "s", 1);
        let names: Vec<String> = whole.as_object().unwrap().keys().cloned().collect();
        whole[&names[name % names.len()]] = odd;
        let item = read(&whole, true);
        prop_assert_eq!(item.is_some(), id_of(&whole).is_some());
        if let Some(Item::Whole(message)) = item {
            prop_assert!(!message.envelope.subject.chars().any(char::is_control));
            prop_assert!(message.envelope.to.len() <= 50);
        }
    }

    #[test]
    fn any_failure_is_sorted(status in 300_u16..600, body in any_json()) {
        let reply = Reply { status, body, request_id: String::new(), retry_after: None, challenge: String::new() };
        let _ = reply.fault("test", crate::backend::graph::wire::About::Sending).to_string();
    }

    #[test]
    fn ids_of_every_byte_stay_one_segment(id in "\\PC{1,40}|[\\x00-\\xff]{1,40}|\\.{1,3}") {
        let base = Base::new("h", 443, None);
        let path = with_query(&base.path(&["messages", &id]), &[("$select", &id)]);
        let whole = base.whole(&path);
        let uri: http::Uri = whole.parse().unwrap();
        prop_assert_eq!(uri.path().matches('/').count(), 4);
        let url = url::Url::parse(&whole).unwrap();
        prop_assert_eq!(url.path(), uri.path());
        prop_assert_eq!(base.follow(&whole), Some(path));
    }

    #[test]
    fn any_bytes_can_be_taken_apart(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0_usize..400) {
        let _ = split(&bytes);
        let mut real = b"To: a@x.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n\
            Content-Disposition: attachment; filename=a\r\n\r\nx\r\n--b--\r\n".to_vec();
        real.truncate(cut);
        real.extend_from_slice(&bytes);
        let _ = split(&real);
        let mail = Outbound { sender: String::new(), recipients: vec!["b@x.test".to_owned()], bytes: real };
        let whole = addressed(&mail).unwrap();
        prop_assert!(whole.windows(13).any(|w| w == b"Bcc: b@x.test"));
    }
}

#[test]
fn errors_of_other_shapes_have_no_code() {
    let reply = Reply {
        challenge: String::new(),
        status: 400,
        body: json!({ "error": "text" }),
        request_id: String::new(),
        retry_after: None,
    };
    assert_eq!((reply.code(), reply.text()), (String::new(), String::new()));
}
