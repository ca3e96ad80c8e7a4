//! Reading: the first page, the chain of changes, whole messages, searches, names.

use std::collections::BTreeMap;

use super::server::{Answer, Seen, Server};
use super::*;
use crate::backend::{Backend as _, Directory as _, Refusal};
use crate::model::{Address, ChangeSet, Cursor, Flags, Progress, Query, RemoteId};

pub(super) fn inbox() -> RemoteId {
    RemoteId::new("in")
}

pub(super) fn found(ids: &[&str], total: usize, is_last: bool) -> Answer {
    let item =
        |id: &&str| format!("<t:Message><t:ItemId Id=\"{id}\" ChangeKey=\"c\"/></t:Message>");
    let items: Vec<String> = ids.iter().map(item).collect();
    let items = items.concat();
    let content = format!(
        "<m:RootFolder TotalItemsInView=\"{total}\" IncludesLastItemInRange=\"{is_last}\"><t:Items>{items}</t:Items></m:RootFolder>"
    );
    Answer::xml(soap("FindItem", &fine("FindItem", &content)))
}

/// Answers a request for list rows: message `mN` was received in the Nth minute.
pub(super) fn rows(seen: &Seen) -> Answer {
    let ids = seen.body.split("<t:ItemId Id=\"").skip(1);
    let messages: String = ids
        .map(|rest| rest.split('"').next().unwrap())
        .map(|id| {
            let Ok(minute) = id.trim_start_matches('m').parse::<u32>() else {
                return wrong("GetItem", "ErrorItemNotFound");
            };
            fine(
                "GetItem",
                &format!(
                    "<m:Items><t:Message><t:ItemId Id=\"{id}\"/><t:Subject>S {id}</t:Subject>\
                     <t:DateTimeReceived>2026-11-22T10:{minute:02}:00Z</t:DateTimeReceived><t:Size>2048</t:Size>\
                     <t:IsRead>true</t:IsRead></t:Message></m:Items>"
                ),
            )
        })
        .collect();
    Answer::xml(soap("GetItem", &messages))
}

pub(super) fn synced(state: &str, is_last: bool, changes: &str) -> Answer {
    let content = format!(
        "<m:SyncState>{state}</m:SyncState><m:IncludesLastItemInRange>{is_last}</m:IncludesLastItemInRange>\
         <m:Changes>{changes}</m:Changes>"
    );
    Answer::xml(soap("SyncFolderItems", &fine("SyncFolderItems", &content)))
}

pub(super) fn change(kind: &str, id: &str) -> String {
    match kind {
        "Delete" | "ReadFlagChange" => format!("<t:{kind}><t:ItemId Id=\"{id}\"/></t:{kind}>"),
        _ => format!("<t:{kind}><t:Message><t:ItemId Id=\"{id}\"/></t:Message></t:{kind}>"),
    }
}

pub(super) fn counted(total: u32) -> Answer {
    let content = format!(
        "<m:Folders><t:Folder><t:FolderId Id=\"in\"/><t:TotalCount>{total}</t:TotalCount></t:Folder></m:Folders>"
    );
    Answer::xml(soap("GetFolder", &fine("GetFolder", &content)))
}

pub(super) fn ids(changes: &ChangeSet) -> Vec<&str> {
    changes.upserts.iter().map(|m| m.id.as_str()).collect()
}

/// A mailbox whose inbox has a chain of two answers, then one with changes of every kind. Behind the first page `m8` is
/// another one.
async fn chain() -> Server {
    Server::start(|seen, before| {
        if let Some(answer) = opening(seen) {
            return answer;
        }
        match seen.operation.as_str() {
            "FindItem" => found(&["m9", "m8"], 4, false),
            "GetItem" if before == 0 => rows(seen),
            "GetItem" => rows(&Seen {
                body: seen.body.replace("\"m8\"", "\"m7\""),
                ..seen.clone()
            }),
            "GetFolder" => counted(5),
            _ => match seen.body.split("<m:SyncState>").nth(1) {
                None => synced(
                    "one",
                    false,
                    &(change("Create", "m9") + &change("Create", "m8")),
                ),
                Some(state) if state.starts_with("one<") => synced(
                    "two",
                    true,
                    &(change("Create", "m1") + &change("Create", "gone")),
                ),
                Some(state) if state.starts_with("two<") => synced(
                    "three",
                    true,
                    &(change("Create", "m10")
                        + &change("Update", "m8")
                        + &change("ReadFlagChange", "m9")
                        + &change("Delete", "m1")),
                ),
                Some(state) if state.starts_with("three<") => synced("three", true, ""),
                Some(_) => Answer::xml(soap(
                    "SyncFolderItems",
                    &wrong("SyncFolderItems", "ErrorInvalidSyncStateData"),
                )),
            },
        }
    })
    .await
}

#[tokio::test]
async fn first_screen_comes_in_two_requests() {
    let server = chain().await;
    let mut ews = opened(&server).await;
    let first = ews.changes(&inbox(), None).await.unwrap();
    assert_eq!(ids(&first), ["m9", "m8"]);
    assert_eq!((first.total, first.more), (4, true));
    server.last("FindItem").check(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>
         <m:IndexedPageItemView MaxEntriesReturned=\"60\" Offset=\"0\" BasePoint=\"Beginning\"/><m:SortOrder>
         <t:FieldOrder Order=\"Descending\"><t:FieldURI FieldURI=\"item:DateTimeReceived\"/></t:FieldOrder></m:SortOrder>
         <m:ParentFolderIds><t:FolderId Id=\"in\"/></m:ParentFolderIds></m:FindItem>",
    );
    server.of("GetItem")[0].check(
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>
         <t:FieldURI FieldURI=\"item:Subject\"/><t:FieldURI FieldURI=\"item:DateTimeReceived\"/>
         <t:FieldURI FieldURI=\"item:Size\"/><t:FieldURI FieldURI=\"item:InReplyTo\"/>
         <t:FieldURI FieldURI=\"item:IsDraft\"/><t:FieldURI FieldURI=\"item:DateTimeSent\"/>
         <t:FieldURI FieldURI=\"item:HasAttachments\"/><t:FieldURI FieldURI=\"message:From\"/>
         <t:FieldURI FieldURI=\"message:ToRecipients\"/><t:FieldURI FieldURI=\"message:CcRecipients\"/>
         <t:FieldURI FieldURI=\"message:ReplyTo\"/><t:FieldURI FieldURI=\"message:InternetMessageId\"/>
         <t:FieldURI FieldURI=\"message:References\"/><t:FieldURI FieldURI=\"message:IsRead\"/>
         <t:ExtendedFieldURI PropertyTag=\"0x1090\" PropertyType=\"Integer\"/>
         <t:ExtendedFieldURI PropertyTag=\"0x1081\" PropertyType=\"Integer\"/></t:AdditionalProperties></m:ItemShape>
         <m:ItemIds><t:ItemId Id=\"m9\"/><t:ItemId Id=\"m8\"/></m:ItemIds></m:GetItem>",
    );
}

#[tokio::test]
async fn chain_lists_the_rest_then_tells_of_changes() {
    let server = chain().await;
    let mut ews = opened(&server).await;
    let first = ews.changes(&inbox(), None).await.unwrap();
    let second = ews.changes(&inbox(), Some(&first.next)).await.unwrap();
    // What the page told is not told again, unless it is another one now.
    assert_eq!((ids(&second), second.more), (vec!["m8"], true));
    let third = ews.changes(&inbox(), Some(&second.next)).await.unwrap();
    assert_eq!(
        (ids(&third), third.total, third.more),
        (vec!["m1"], 5, false)
    );
    let news = ews.changes(&inbox(), Some(&third.next)).await.unwrap();
    assert_eq!(ids(&news), ["m10", "m9", "m8"]);
    assert_eq!(news.removals, [RemoteId::new("m1")]);
    let calls = server.count();
    let nothing = ews.changes(&inbox(), Some(&news.next)).await.unwrap();
    assert!(nothing.upserts.is_empty() && !nothing.more && nothing.total == 5);
    assert_eq!(server.count(), calls + 1, "no news cost one request");
    server.last("SyncFolderItems").check(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>
         <t:FolderId Id=\"in\"/></m:SyncFolderId><m:SyncState>three</m:SyncState>
         <m:MaxChangesReturned>512</m:MaxChangesReturned></m:SyncFolderItems>",
    );
}

#[tokio::test]
async fn cursors_without_meaning_are_lost() {
    let server = chain().await;
    let mut ews = opened(&server).await;
    for bytes in [
        &b""[..],
        b"\x01",
        b"\x02\x01\0\0\0\0x",
        b"\x01\x01\0\0\0\0",
        b"\x01\x01\0\0\0\0odd",
        b"\x01\x01\0\0\0\0\xff",
    ] {
        let error = ews.changes(&inbox(), Some(&Cursor(bytes.to_vec()))).await;
        assert!(
            matches!(error, Err(BackendError::CursorLost)),
            "{bytes:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn folder_that_is_gone_is_gone() {
    let server = Server::start(|seen, _| {
        opening(seen).unwrap_or_else(|| {
            Answer::xml(soap(
                &seen.operation,
                &wrong(&seen.operation, "ErrorFolderNotFound"),
            ))
        })
    })
    .await;
    let mut ews = opened(&server).await;
    let error = ews.changes(&inbox(), None).await;
    assert!(matches!(error, Err(BackendError::Gone { .. })), "{error:?}");
}

#[tokio::test]
async fn chain_that_goes_round_is_an_error() {
    let server =
        Server::start(|seen, _| opening(seen).unwrap_or_else(|| synced("same", false, ""))).await;
    let mut ews = opened(&server).await;
    let cursor = Cursor(b"\x01\x01\0\0\0\0same".to_vec());
    let error = ews.changes(&inbox(), Some(&cursor)).await;
    assert!(
        matches!(error, Err(BackendError::Protocol { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn row_says_what_the_list_shows() {
    const ITEM: &str = "<m:Items><t:Message><t:ItemId Id=\"m1\"/><t:Subject>Caf\u{e9} &lt;&#x1;b&gt;&#27;[31m</t:Subject>\
        <t:DateTimeReceived>2026-11-22T10:00:05</t:DateTimeReceived><t:Size>4711</t:Size>\
        <t:InReplyTo>&lt;parent@x&gt;</t:InReplyTo><t:IsDraft>false</t:IsDraft>\
        <t:DateTimeSent>2026-11-22T10:00:00Z</t:DateTimeSent><t:HasAttachments>true</t:HasAttachments>\
        <t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x1090\" PropertyType=\"Integer\"/><t:Value>2</t:Value></t:ExtendedProperty>\
        <t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x1081\" PropertyType=\"Integer\"/><t:Value>103</t:Value></t:ExtendedProperty>\
        <t:ToRecipients><t:Mailbox><t:Name>Bo</t:Name><t:EmailAddress>bo@x.test</t:EmailAddress><t:RoutingType>SMTP</t:RoutingType></t:Mailbox>\
        <t:Mailbox><t:Name>Team</t:Name><t:EmailAddress>/O=X/CN=TEAM</t:EmailAddress><t:RoutingType>EX</t:RoutingType></t:Mailbox></t:ToRecipients>\
        <t:CcRecipients><t:Mailbox><t:Name>c@x.test</t:Name><t:EmailAddress>c@x.test</t:EmailAddress></t:Mailbox></t:CcRecipients>\
        <t:From><t:Mailbox><t:Name>Ana</t:Name><t:EmailAddress>ana@x.test</t:EmailAddress></t:Mailbox></t:From>\
        <t:InternetMessageId>&lt;one@x&gt;</t:InternetMessageId><t:References>&lt;root@x&gt; &lt;parent@x&gt;</t:References>\
        <t:IsRead>true</t:IsRead></t:Message></m:Items>";
    let server = Server::start(|seen, _| {
        opening(seen).unwrap_or_else(|| match seen.operation.as_str() {
            "FindItem" => found(&["m1"], 1, true),
            "GetItem" => Answer::xml(soap("GetItem", &fine("GetItem", ITEM))),
            _ => synced("one", true, ""),
        })
    })
    .await;
    let mut ews = opened(&server).await;
    let changes = ews.changes(&inbox(), None).await.unwrap();
    let envelope = &changes.upserts[0].envelope;
    assert_eq!(envelope.subject, "Café <b>[31m");
    assert_eq!(envelope.date.to_string(), "2026-11-22T10:00:00Z");
    assert_eq!(envelope.from, [Address::named("Ana", "ana@x.test")]);
    assert_eq!(
        envelope.to,
        [
            Address::named("Bo", "bo@x.test"),
            Address::named("Team", "")
        ]
    );
    assert_eq!(envelope.cc, [Address::bare("c@x.test")]);
    assert_eq!(envelope.message_id, "one@x");
    assert_eq!(envelope.in_reply_to.as_deref(), Some("parent@x"));
    assert_eq!(envelope.references, ["root@x", "parent@x"]);
    assert_eq!(
        envelope.flags,
        Flags::SEEN.with(Flags::FLAGGED).with(Flags::ANSWERED)
    );
    assert_eq!((envelope.size, envelope.has_attachments), (4711, true));
}

#[test]
fn dates_without_a_zone_are_utc() {
    let check = |text: &str, expected: Option<&str>| {
        let date = crate::backend::ews::item::date(text).map(|date| date.to_string());
        assert_eq!(date.as_deref(), expected, "{text}");
    };
    check("2026-11-22T10:00:00Z", Some("2026-11-22T10:00:00Z"));
    check("2026-11-22T10:00:00", Some("2026-11-22T10:00:00Z"));
    check("2026-11-22T10:00:00+02:00", Some("2026-11-22T08:00:00Z"));
    check("2026-11-22", Some("2026-11-22T00:00:00Z"));
    check("yesterday", None);
    check("", None);
}

fn with_mime(content: &str) -> String {
    let item = format!(
        "<m:Items><t:Message><t:MimeContent CharacterSet=\"UTF-8\">{content}</t:MimeContent><t:ItemId Id=\"x\"/></t:Message></m:Items>"
    );
    fine("GetItem", &item)
}

async fn fetched(
    answers: BTreeMap<&'static str, String>,
    wanted: &[&str],
) -> Result<Vec<(RemoteId, Vec<u8>)>, BackendError> {
    let server = Server::start(move |seen, _| {
        if let Some(answer) = opening(seen) {
            return answer;
        }
        if !seen.body.contains("IncludeMimeContent") {
            return rows(seen);
        }
        let ids = seen.body.split("<t:ItemId Id=\"").skip(1);
        let ids = ids.map(|rest| rest.split('"').next().unwrap());
        let messages: String = ids.map(|id| answers[id].as_str()).collect();
        Answer::xml(soap("GetItem", &messages))
    })
    .await;
    let wanted: Vec<RemoteId> = wanted.iter().map(|id| RemoteId::new(*id)).collect();
    let progress = Progress::default();
    let read = opened(&server)
        .await
        .fetch(&inbox(), &wanted, &progress)
        .await;
    assert!(progress.get().0 > 0);
    read
}

#[tokio::test]
async fn messages_are_decoded_and_the_gone_left_out() {
    let answers = BTreeMap::from([
        ("m1", with_mime("U3ViamVj\r\ndDogb25lDQoNCkhp")),
        ("m2", wrong("GetItem", "ErrorItemNotFound")),
        ("m3", with_mime("U3ViamVjdDogdHdvDQoNCg==")),
    ]);
    let read = fetched(answers, &["m1", "m2", "m3"]).await.unwrap();
    assert_eq!(
        read,
        [
            (RemoteId::new("m1"), b"Subject: one\r\n\r\nHi".to_vec()),
            (RemoteId::new("m3"), b"Subject: two\r\n\r\n".to_vec()),
        ]
    );
}

#[tokio::test]
async fn messages_are_asked_for_ten_at_a_time() {
    let names: Vec<String> = (0..23).map(|n| format!("m{n}")).collect();
    let server = Server::start(|seen, _| {
        opening(seen).unwrap_or_else(|| {
            let count = seen.body.matches("<t:ItemId ").count();
            Answer::xml(soap("GetItem", &with_mime("SGk=").repeat(count)))
        })
    })
    .await;
    let ids: Vec<RemoteId> = names.iter().map(RemoteId::new).collect();
    let mut ews = opened(&server).await;
    let read = ews
        .fetch(&inbox(), &ids, &Progress::default())
        .await
        .unwrap();
    assert_eq!((read.len(), server.of("GetItem").len()), (23, 3));
    ews.fetch(&inbox(), &ids[..1], &Progress::default())
        .await
        .unwrap();
    server.last("GetItem").check(
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>
         </m:ItemShape><m:ItemIds><t:ItemId Id=\"m0\"/></m:ItemIds></m:GetItem>",
    );
}

#[tokio::test]
async fn searches_are_words_where_the_server_has_a_language() {
    let server = Server::start(|seen, before| {
        opening(seen).unwrap_or_else(|| match before {
            0 => found(&["m1", "m2"], 3, false),
            _ => found(&["m3"], 3, true),
        })
    })
    .await;
    let mut ews = opened(&server).await;
    let query = Query::parse(
        "\"due OR date\" from:ana to:bo subject:x&y is:unread is:starred has:attachment",
    );
    let hits = ews.search(&inbox(), &query).await.unwrap();
    assert_eq!(hits.len(), 3);
    server.last("FindItem").check(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>
         <m:IndexedPageItemView MaxEntriesReturned=\"250\" Offset=\"2\" BasePoint=\"Beginning\"/><m:SortOrder>
         <t:FieldOrder Order=\"Descending\"><t:FieldURI FieldURI=\"item:DateTimeReceived\"/></t:FieldOrder></m:SortOrder>
         <m:ParentFolderIds><t:FolderId Id=\"in\"/></m:ParentFolderIds><m:QueryString>&quot;due OR date&quot; AND 
         from:&quot;ana&quot; AND (to:&quot;bo&quot; OR cc:&quot;bo&quot;) AND subject:&quot;x&amp;y&quot; AND 
         isread:false AND isflagged:true AND hasattachment:true</m:QueryString></m:FindItem>"
            .replace("AND \n", "AND~\n")
            .lines()
            .map(|line| line.trim().replace("AND~", "AND "))
            .collect::<String>()
            .as_str(),
    );
}

#[tokio::test]
async fn searches_are_restrictions_on_old_servers() {
    let server = Server::start(|seen, _| {
        let answer = opening(seen).map(|_| {
            places()
                .replace("\"15\"", "\"14\"")
                .replace("V2017_07_11", "Exchange2010_SP2")
        });
        answer.map_or_else(|| found(&["m1"], 1, true), Answer::xml)
    })
    .await;
    let mut ews = opened(&server).await;
    ews.search(&inbox(), &Query::parse("subject:\"a \\ b\" is:starred"))
        .await
        .unwrap();
    let content = server.last("FindItem").content().to_owned();
    let restriction = content
        .split("<m:Restriction>")
        .nth(1)
        .unwrap()
        .split("</m:Restriction>")
        .next()
        .unwrap();
    assert_eq!(
        restriction,
        "<t:And><t:Contains ContainmentMode=\"Substring\" ContainmentComparison=\"IgnoreCase\">\
         <t:FieldURI FieldURI=\"item:Subject\"/><t:Constant Value=\"a \\ b\"/></t:Contains><t:IsEqualTo>\
         <t:ExtendedFieldURI PropertyTag=\"0x1090\" PropertyType=\"Integer\"/><t:FieldURIOrConstant>\
         <t:Constant Value=\"2\"/></t:FieldURIOrConstant></t:IsEqualTo></t:And>"
    );
}

#[tokio::test]
async fn names_are_completed_and_nobody_is_no_error() {
    let resolution = |name: &str, email: &str| {
        format!(
            "<t:Resolution><t:Mailbox><t:Name>{name}</t:Name><t:EmailAddress>{email}</t:EmailAddress></t:Mailbox></t:Resolution>"
        )
    };
    let several = format!(
        "<m:ResolveNamesResponseMessage ResponseClass=\"Warning\"><m:MessageText>Multiple results were found.</m:MessageText>\
         <m:ResponseCode>ErrorNameResolutionMultipleResults</m:ResponseCode><m:ResolutionSet TotalItemsInView=\"33\">{}{}{}{}\
         </m:ResolutionSet></m:ResolveNamesResponseMessage>",
        resolution("Ana", "ana@x.test"),
        resolution("Team", "/O=X"),
        resolution("Ana Again", "ANA@x.test"),
        (0..30)
            .map(|n| resolution("Many", &format!("{n}@x.test")))
            .collect::<String>(),
    );
    let server = Server::start(move |seen, before| {
        opening(seen).unwrap_or_else(|| match before {
            0 => Answer::xml(soap("ResolveNames", &several)),
            1 => Answer::xml(soap(
                "ResolveNames",
                &wrong("ResolveNames", "ErrorNameResolutionNoResults"),
            )),
            _ => Answer::xml(soap(
                "ResolveNames",
                &wrong("ResolveNames", "ErrorInvalidRequest"),
            )),
        })
    })
    .await;
    let mut book = address_book(&server);
    let names = book.resolve(" an<a ").await.unwrap();
    assert_eq!(names[0], Address::named("Ana", "ana@x.test"));
    assert_eq!((names.len(), names[19].email.as_str()), (20, "18@x.test"));
    server.last("ResolveNames").check(
        "<m:ResolveNames ReturnFullContactData=\"false\" SearchScope=\"ActiveDirectoryContacts\">
         <m:UnresolvedEntry>an&lt;a</m:UnresolvedEntry></m:ResolveNames>",
    );
    assert!(book.resolve("nobody").await.unwrap().is_empty());
    assert!(book.resolve(" ").await.unwrap().is_empty());
    let error = book.resolve("x").await;
    assert!(
        matches!(
            error,
            Err(BackendError::Refused {
                kind: Refusal::Other,
                ..
            })
        ),
        "{error:?}"
    );
}
