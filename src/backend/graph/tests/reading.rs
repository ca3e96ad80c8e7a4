//! Folders, changes, messages, searches.

use serde_json::{Value, json};

use super::{Ask, Fake, Say, batch, folder, folders, message};
use crate::backend::{Backend as _, BackendError, Opener, Refusal};
use crate::model::{Address, ChangeSet, Flags, Progress, Query, RemoteId, Role};

fn id(text: &str) -> RemoteId {
    RemoteId::new(text)
}

fn page(items: &[Value], kind: &str, link: &str) -> Say {
    Say::Json(200, json!({ "value": items, kind: link }))
}

fn subjects(changes: &ChangeSet) -> Vec<&str> {
    changes
        .upserts
        .iter()
        .map(|m| m.envelope.subject.as_str())
        .collect()
}

#[tokio::test]
async fn connecting_lists_the_folders_in_two_requests() {
    let fake = Fake::start(|ask| folders(ask).unwrap()).await;
    let mut graph = fake.connect(Opener::Owner).await.unwrap();
    let listed = graph.folders().await.unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|f| (f.id.as_str(), f.path.as_str(), f.role))
        .collect();
    let expected = [
        ("sent", "Gesendet", Role::Sent),
        ("in", "Inbox", Role::Inbox),
        ("a", "Kunden∕Neu", Role::None),
        ("b", "Kunden∕Neu/B", Role::None),
    ];
    assert_eq!(listed, expected);
    let asked = fake.asked();
    assert_eq!(asked.len(), 2);
    for ask in &asked {
        assert!(
            ask.header("prefer").starts_with("IdType=\"ImmutableId\""),
            "{ask:?}"
        );
        assert_eq!(ask.header("authorization"), "Bearer t0ken");
        assert_eq!(ask.header("client-request-id").len(), 36);
    }
    let batch = asked.iter().find(|ask| ask.is_batch()).unwrap();
    let first = &batch.json()["requests"][0];
    assert_eq!(first["url"], "/me/mailFolders/inbox?$select=id");
    assert_eq!(first["headers"]["Prefer"], "IdType=\"ImmutableId\"");
}

#[tokio::test]
async fn an_additional_user_is_opened_by_address() {
    let fake = Fake::start(|_| Say::error(403, "ErrorAccessDenied")).await;
    let error = fake.connect(Opener::Delegate).await.unwrap_err();
    let is_no_access = matches!(
        &error,
        BackendError::Refused { kind: Refusal::NoMailboxAccess, text, .. } if text.contains("r-1")
    );
    assert!(is_no_access, "{error:?}");
    let lines = fake.lines();
    let is_theirs = |line: &String| line.contains("/v1.0/users/ana@x.test/mailFolders/delta?");
    assert!(lines.iter().any(is_theirs), "{lines:?}");
}

#[tokio::test]
async fn circles_orphans_and_hidden_folders_do_no_harm() {
    let fake = Fake::start(|ask| {
        if ask.is_batch() {
            return folders(ask).unwrap();
        }
        let mut hidden = folder("h", "Hidden", "root");
        hidden["isHidden"] = true.into();
        let mut search = folder("s", "Search", "root");
        search["@odata.type"] = "#microsoft.graph.mailSearchFolder".into();
        let value = vec![
            folder("c1", "C1", "c2"),
            folder("c2", "C2", "c1"),
            folder("self", "Self", "self"),
            folder("o", "Orphan", "nowhere"),
            hidden,
            folder("below", "Below", "h"),
            search,
            json!({ "displayName": "no id" }),
            folder("in", "Inbox", "root"),
        ];
        Say::Json(200, json!({ "value": value, "@odata.deltaLink": "d" }))
    })
    .await;
    let listed = fake.graph().folders().await.unwrap();
    let paths: Vec<_> = listed.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, ["C1/C2", "C2/C1", "Inbox", "Orphan", "Self"]);
}

#[tokio::test]
async fn folders_are_listed_level_by_level_where_the_flat_list_is_refused() {
    let fake = Fake::start(|ask| match ask.line.split('?').next().unwrap() {
        "GET /v1.0/me/mailFolders/delta" => Say::error(400, "BadRequest"),
        "GET /v1.0/me/mailFolders" => Say::Json(
            200,
            json!({ "value": [folder("in", "Inbox", "root"), folder("a", "A", "root")] }),
        ),
        _ => folders(ask).unwrap_or_else(|| {
            batch(ask, |line, _| match line.split(['/', '?']).nth(3) {
                Some("a") => (200, json!({ "value": [folder("b", "B", "a")] })),
                _ => (200, json!({ "value": [] })),
            })
        }),
    })
    .await;
    let listed = fake.graph().folders().await.unwrap();
    let paths: Vec<_> = listed.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, ["A", "A/B", "Inbox"]);
}

#[tokio::test]
async fn the_first_screen_is_one_request_behind_the_folders_newest_first() {
    let fake = Fake::start(|ask| {
        folders(ask).unwrap_or_else(|| {
            let items = [message("1", "old", 1), message("2", "new", 2)];
            page(&items, "@odata.deltaLink", "http://127.0.0.1/v1.0/d")
        })
    })
    .await;
    let mut graph = fake.connect(Opener::Owner).await.unwrap();
    graph.folders().await.unwrap();
    fake.asked();
    let changes = graph.changes(&id("in"), None).await.unwrap();
    assert_eq!(subjects(&changes), ["new", "old"]);
    let asked = fake.asked();
    let line = &asked[0].line;
    assert!(
        line.starts_with("GET /v1.0/me/mailFolders/in/messages/delta?$select=id,subject,"),
        "{line}"
    );
    assert!(line.contains(
        "&$expand=singleValueExtendedProperties%28%24filter%3Did%20eq%20%27Integer%200x0E08%27"
    ));
    assert!(
        line.ends_with("&$orderby=receivedDateTime%20desc"),
        "{line}"
    );
    assert_eq!(
        asked[0].header("prefer"),
        "IdType=\"ImmutableId\", odata.maxpagesize=60"
    );
    let row = &changes.upserts[0].envelope;
    assert_eq!(row.from, [Address::named("Bo", "bo@x.test")]);
    assert_eq!(row.to, [Address::bare("ana@x.test")]);
    assert_eq!((row.message_id.as_str(), row.size), ("2@x", 4711));
    assert_eq!(row.flags, Flags::SEEN);
    assert!(!changes.more);
}

#[tokio::test]
async fn a_chain_is_followed_to_its_end_and_then_tells_news() {
    let port = std::sync::Arc::new(std::sync::OnceLock::new());
    let known = std::sync::Arc::clone(&port);
    let fake = Fake::start(move |ask| {
        let link = |path: &str| format!("http://127.0.0.1:{}/v1.0{path}", known.get().unwrap());
        if ask.is_batch() {
            return batch(ask, |line, _| {
                assert!(line.starts_with("GET /me/messages/2?$select="), "{line}");
                let mut whole = message("2", "two", 2);
                whole["flag"]["flagStatus"] = "flagged".into();
                whole["singleValueExtendedProperties"] =
                    json!([{ "id": "Integer 0x1081", "value": "102" }]);
                (200, whole)
            });
        }
        let target = ask.line.trim_start_matches("GET /v1.0");
        match target {
            "/p2" => page(&[], "@odata.nextLink", &link("/p3")),
            "/p3" => page(&[message("1", "one", 1)], "@odata.deltaLink", &link("/d1")),
            "/d1" => {
                let items = [
                    message("4", "four", 4),
                    json!({ "id": "2", "isRead": false }),
                    json!({ "id": "2", "isRead": true }),
                    json!({ "id": "1", "@removed": { "reason": "changed" } }),
                    message("4", "four again", 4),
                ];
                page(&items, "@odata.deltaLink", &link("/d2"))
            }
            "/d2" => page(&[], "@odata.deltaLink", &link("/d3")),
            _ if target.contains("totalItemCount") => {
                Say::Json(200, json!({ "totalItemCount": 9 }))
            }
            _ => page(&[message("2", "two", 2)], "@odata.nextLink", &link("/p2")),
        }
    })
    .await;
    port.set(fake.port).unwrap();
    let mut graph = fake.graph();
    let first = graph.changes(&id("in"), None).await.unwrap();
    assert!(first.more && first.total == 9);
    graph.read_ahead().await;
    let second = graph.changes(&id("in"), Some(&first.next)).await.unwrap();
    assert_eq!(subjects(&second), ["one"]);
    assert!(!second.more);
    let news = graph.changes(&id("in"), Some(&second.next)).await.unwrap();
    assert_eq!(subjects(&news), ["four again", "two"]);
    assert_eq!(news.removals, [id("1")]);
    let flags = news.upserts[1].envelope.flags;
    assert_eq!(
        flags,
        Flags::SEEN.with(Flags::FLAGGED).with(Flags::ANSWERED)
    );
    let quiet = graph.changes(&id("in"), Some(&news.next)).await.unwrap();
    assert!(quiet.upserts.is_empty() && quiet.total == 9 && !quiet.more);
    let asked = fake
        .lines()
        .iter()
        .filter(|line| line.ends_with("/p2"))
        .count();
    assert_eq!(asked, 1, "what was read ahead is not asked for again");
}

#[tokio::test]
async fn a_server_that_cannot_sort_or_expand_is_asked_for_less() {
    let fake = Fake::start(|ask| {
        if ask.line.contains("expand") || ask.line.contains("orderby") {
            return Say::error(400, "ErrorInvalidUrlQuery");
        }
        page(
            &[message("1", "one", 1)],
            "@odata.deltaLink",
            "http://127.0.0.1/v1.0/d",
        )
    })
    .await;
    let changes = fake.graph().changes(&id("in"), None).await.unwrap();
    assert_eq!(subjects(&changes), ["one"]);
}

#[tokio::test]
async fn a_lost_chain_loses_the_cursor() {
    for (status, code) in [
        (410, "SyncStateNotFound"),
        (400, "resyncRequired"),
        (404, "syncStateNotFound"),
    ] {
        let fake = Fake::start(move |ask| {
            if ask.line.ends_with("/v1.0/d") {
                return Say::error(status, code);
            }
            let link = format!("http://{}/v1.0/d", ask.header("host"));
            page(&[message("1", "one", 1)], "@odata.deltaLink", &link)
        })
        .await;
        let mut graph = fake.graph();
        let first = graph.changes(&id("in"), None).await.unwrap();
        let lost = graph.changes(&id("in"), Some(&first.next)).await;
        assert!(matches!(lost, Err(BackendError::CursorLost)), "{lost:?}");
    }
}

#[tokio::test]
async fn messages_are_read_whole_and_missing_ones_are_left_out() {
    let fake = Fake::start(|ask| match ask.line.as_str() {
        "GET /v1.0/me/messages/a%2Fb%2B%3D/$value" => {
            Say::Raw(200, vec![], b"Subject: x\r\n\r\nhi\r\n".to_vec())
        }
        "GET /v1.0/me/messages/c/$value" => Say::Raw(200, vec![], b"c".to_vec()),
        _ => Say::error(404, "ErrorItemNotFound"),
    })
    .await;
    let progress = Progress::default();
    let wanted = [id("c"), id("gone"), id("a/b+=")];
    let read = fake
        .graph()
        .fetch(&id("in"), &wanted, &progress)
        .await
        .unwrap();
    let expected = vec![
        (id("c"), b"c".to_vec()),
        (id("a/b+="), b"Subject: x\r\n\r\nhi\r\n".to_vec()),
    ];
    assert_eq!(read, expected);
    assert_eq!(progress.get().0, 19);
}

#[tokio::test]
async fn words_are_searched_by_kql_and_flags_by_filter() {
    let check = async |query: &str, expected: &str, hits: &[&str]| {
        let fake = Fake::start(|_| {
            let mut unread = message("u", "s", 5);
            unread["isRead"] = false.into();
            Say::Json(
                200,
                json!({ "value": [message("r", "s", 1), unread, message("n", "s", 9)] }),
            )
        })
        .await;
        let found = fake
            .graph()
            .search(&id("in"), &Query::parse(query))
            .await
            .unwrap();
        let found: Vec<_> = found.iter().map(RemoteId::as_str).collect();
        assert_eq!(found, hits, "{query}");
        let line = fake.lines().remove(0);
        assert!(line.contains(expected), "{line}");
    };
    check("due", "$search=%22%5C%22due%5C%22%22", &["n", "u", "r"]).await;
    check(
        "from:bo \"a b\"",
        "$search=%22from%3A%5C%22bo%5C%22%20AND%20%5C%22a%20b%5C%22%22",
        &["n", "u", "r"],
    )
    .await;
    check("x is:unread", "$search=%22%5C%22x%5C%22%22", &["u"]).await;
    check(
        "is:unread",
        "$filter=receivedDateTime%20ge%201900-01-01T00%3A00%3A00Z%20and%20isRead%20eq%20false&$orderby=",
        &["u"],
    )
    .await;
}

#[tokio::test]
async fn failures_are_sorted_by_what_to_do() {
    let check = async |say: fn(&Ask) -> Say, is_right: fn(&BackendError) -> bool| {
        let fake = Fake::start(say).await;
        let failed = fake.graph().changes(&id("in"), None).await.unwrap_err();
        assert!(is_right(&failed), "{failed:?}");
    };
    check(|_| Say::error(401, "InvalidAuthenticationToken"), |e| {
        matches!(e, BackendError::SignIn { text, .. } if text.contains("InvalidAuthenticationToken"))
    })
    .await;
    let scope = |_: &Ask| {
        let inner = json!({ "error": { "code": "ErrorAccessDenied", "message": "Missing scope permissions" } });
        Say::Json(403, inner)
    };
    check(scope, |e| matches!(e, BackendError::SignIn { .. })).await;
    check(
        |_| Say::error(404, "ErrorItemNotFound"),
        |e| matches!(e, BackendError::Gone { .. }),
    )
    .await;
    check(
        |_| Say::error(404, "MailboxNotEnabledForRESTAPI"),
        |e| {
            matches!(
                e,
                BackendError::Refused {
                    kind: Refusal::NoMailboxAccess,
                    ..
                }
            )
        },
    )
    .await;
    let busy = |_: &Ask| Say::Raw(429, vec![("Retry-After", "12".to_owned())], b"{}".to_vec());
    check(
        busy,
        |e| matches!(e, BackendError::Throttled { after: Some(t), .. } if t.as_secs() == 12),
    )
    .await;
    let nested = |_: &Ask| {
        let inner = json!({ "code": "ErrorQuotaExceeded" });
        Say::Json(
            400,
            json!({ "error": { "code": "BadRequest", "innererror": inner } }),
        )
    };
    check(nested, |e| {
        matches!(
            e,
            BackendError::Refused {
                kind: Refusal::Quota,
                ..
            }
        )
    })
    .await;
    check(|_| Say::Cut, |e| matches!(e, BackendError::Offline { .. })).await;
    check(
        |_| Say::error(500, "x"),
        |e| matches!(e, BackendError::Protocol { .. }),
    )
    .await;
    check(
        |_| Say::Raw(200, vec![], b"<html>".to_vec()),
        |e| matches!(e, BackendError::Protocol { .. }),
    )
    .await;
    let gateway = |_: &Ask| Say::Raw(507, vec![], b"full".to_vec());
    check(gateway, |e| {
        matches!(
            e,
            BackendError::Refused {
                kind: Refusal::Quota,
                ..
            }
        )
    })
    .await;
}
