//! Folders: as they are listed while a mailbox opens, and by their chain of changes.

use std::time::Duration;

use super::server::{Answer, Server};
use super::*;
use crate::backend::Backend as _;
use crate::model::{RemoteId, RemoteOp, Role};

fn folder(id: &str, parent: &str, name: &str, more: &str) -> String {
    format!(
        "<t:Folder><t:FolderId Id=\"{id}\" ChangeKey=\"c\"/><t:ParentFolderId Id=\"{parent}\"/>{more}\
         <t:DisplayName>{name}</t:DisplayName></t:Folder>"
    )
}

fn hierarchy(folders: &[String], is_last: bool) -> Answer {
    let content = format!(
        "<m:RootFolder TotalItemsInView=\"9\" IncludesLastItemInRange=\"{is_last}\"><t:Folders>{}</t:Folders></m:RootFolder>",
        folders.concat()
    );
    Answer::xml(soap("FindFolder", &fine("FindFolder", &content)))
}

async fn listed(folders: Vec<String>) -> Vec<(String, Role)> {
    let server = Server::start(move |seen, _| match seen.operation.as_str() {
        "FindFolder" => hierarchy(&folders, true),
        _ => opening(seen).unwrap(),
    })
    .await;
    let mut ews = opened(&server).await;
    let listed = ews.folders().await.unwrap();
    assert_eq!(server.count(), 2);
    listed.into_iter().map(|f| (f.path, f.role)).collect()
}

#[tokio::test]
async fn folders_come_in_one_request_with_their_roles() {
    let class = |class: &str| format!("<t:FolderClass>{class}</t:FolderClass>");
    let hidden = "<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x10f4\" PropertyType=\"Boolean\"/>\
                  <t:Value>true</t:Value></t:ExtendedProperty>";
    let folders = listed(vec![
        folder("in", "root", "Posteingang", &class("IPF.Note")),
        folder("se", "root", "Gesendet", ""),
        folder(
            "a",
            "in",
            "A/B &amp; C&#x1;",
            &class("IPF.Note.OutlookHomepage"),
        ),
        folder("b", "a", "Deep", ""),
        folder("c", "root", "Calendar", &class("IPF.Appointment")),
        folder("d", "root", "Notable", &class("IPF.Notes")),
        folder("e", "root", "Hidden", hidden),
        folder("f", "root", "Gesendet", ""),
    ])
    .await;
    let expected = [
        ("Inbox", Role::Inbox),
        ("Gesendet", Role::Sent),
        ("Posteingang/A∕B & C", Role::None),
        ("Posteingang/A∕B & C/Deep", Role::None),
        ("Gesendet (2)", Role::None),
    ];
    let expected: Vec<(String, Role)> = expected.map(|(p, r)| (p.to_owned(), r)).into();
    assert_eq!(folders, expected);
}

/// A list that says which folders every mailbox has.
fn named() -> Answer {
    let known = |name: &str| format!("<t:DistinguishedFolderId>{name}</t:DistinguishedFolderId>");
    hierarchy(
        &[
            folder("in", "root", "Posteingang", &known("inbox")),
            folder("a", "in", "Projekt", ""),
            folder("ar", "root", "Archiv", &known("archive")),
            folder("ou", "root", "Postausgang", &known("outbox")),
        ],
        true,
    )
}

#[tokio::test]
async fn archive_that_no_server_names_is_known_by_its_name() {
    let inbox = folder(
        "in",
        "root",
        "Posteingang",
        "<t:DistinguishedFolderId>inbox</t:DistinguishedFolderId>",
    );
    let check = async |others: &[String], expected: &[(&str, Role)]| {
        let all = [std::slice::from_ref(&inbox), others].concat();
        let server = Server::start(move |_, _| hierarchy(&all, true)).await;
        let folders = opened(&server).await.folders().await.unwrap();
        let roles: Vec<(&str, Role)> = folders
            .iter()
            .skip(1)
            .map(|f| (f.path.as_str(), f.role))
            .collect();
        assert_eq!(roles, expected);
    };
    let own = folder("ar", "root", "Archiv", "");
    let below = folder("b", "in", "Archive", "");
    let named = folder(
        "n",
        "root",
        "Ablage",
        "<t:DistinguishedFolderId>archive</t:DistinguishedFolderId>",
    );
    check(
        &[below.clone(), own.clone()],
        &[
            ("Posteingang/Archive", Role::None),
            ("Archiv", Role::Archive),
        ],
    )
    .await;
    check(
        &[own, named],
        &[("Archiv", Role::None), ("Ablage", Role::Archive)],
    )
    .await;
}

/// An answer of the chain of folders.
fn chained(state: &str, is_last: bool, changes: &str) -> Answer {
    let content = format!(
        "<m:SyncState>{state}</m:SyncState><m:IncludesLastFolderInRange>{is_last}</m:IncludesLastFolderInRange>\
         <m:Changes>{changes}</m:Changes>"
    );
    let operation = "SyncFolderHierarchy";
    Answer::xml(soap(operation, &fine(operation, &content)))
}

/// Opens a mailbox whose list named the inbox and some others; how the chain goes on is up to the test.
async fn with_chain(
    next: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static,
) -> (Server, Ews) {
    let server = Server::start(move |seen, before| match seen.operation.as_str() {
        "FindFolder" => named(),
        "SyncFolderHierarchy" => next(seen, before),
        operation => Answer::xml(soap(operation, &fine(operation, ""))),
    })
    .await;
    let mut ews = opened(&server).await;
    ews.folders().await.unwrap();
    (server, ews)
}

async fn paths(ews: &mut Ews) -> Vec<String> {
    let folders = ews.folders().await.unwrap();
    folders.into_iter().map(|folder| folder.path).collect()
}

fn created(id: &str, name: &str) -> String {
    format!("<t:Create>{}</t:Create>", folder(id, "root", name, ""))
}

#[tokio::test]
async fn folders_are_followed_by_their_chain_of_changes() {
    let (server, mut ews) = with_chain(|_, before| match before {
        0 => chained("s1", false, &created("in", "Posteingang")),
        1 => chained("s2", true, &[created("a", "A"), created("b", "B")].concat()),
        2 => chained(
            "s3",
            true,
            &format!(
                "<t:Update>{}</t:Update><t:Delete><t:FolderId Id=\"b\"/></t:Delete>{}",
                folder("a", "root", "A2", ""),
                created("c", "C")
            ),
        ),
        _ => chained("s4", true, ""),
    })
    .await;
    assert_eq!(paths(&mut ews).await, ["Inbox", "A", "B"]);
    assert_eq!(paths(&mut ews).await, ["Inbox", "A2", "C"]);
    assert_eq!(paths(&mut ews).await, ["Inbox", "A2", "C"]);
    assert_eq!(
        server.of("FindFolder").len(),
        1,
        "what is known is not listed again"
    );
    let asked = server.of("SyncFolderHierarchy");
    assert!(!asked[0].body.contains("SyncState"));
    let states = ["s1", "s2", "s3"].map(|state| format!("<m:SyncState>{state}</m:SyncState>"));
    for (seen, state) in asked[1..].iter().zip(states) {
        assert!(seen.body.contains(&state), "{}", seen.body);
    }
}

#[tokio::test]
async fn a_chain_of_folders_that_was_forgotten_begins_anew() {
    let (server, mut ews) = with_chain(|seen, _| {
        if seen.body.contains("<m:SyncState>old<") {
            let operation = "SyncFolderHierarchy";
            return Answer::xml(soap(
                operation,
                &wrong(operation, "ErrorInvalidSyncStateData"),
            ));
        }
        chained("old", true, &created("a", "A"))
    })
    .await;
    for _ in 0..2 {
        assert_eq!(paths(&mut ews).await, ["A"]);
    }
    assert_eq!(server.of("SyncFolderHierarchy").len(), 3);
}

#[tokio::test]
async fn a_chain_of_folders_that_goes_round_ends() {
    let (_server, mut ews) = with_chain(|_, _| chained("same", false, "")).await;
    let error = ews.folders().await.unwrap_err();
    assert!(matches!(error, BackendError::Protocol { .. }), "{error:?}");
}

#[tokio::test]
async fn list_that_names_the_inbox_opens_the_mailbox() {
    let server = Server::start(|seen, _| match seen.operation.as_str() {
        "SyncFolderHierarchy" => chained("s", true, &created("n", "New")),
        _ => named(),
    })
    .await;
    let mut ews = opened(&server).await;
    let folders = ews.folders().await.unwrap();
    assert_eq!(server.count(), 1, "one request opens and lists");
    let roles: Vec<(&str, Role)> = folders.iter().map(|f| (f.path.as_str(), f.role)).collect();
    let expected = [
        ("Inbox", Role::Inbox),
        ("Posteingang/Projekt", Role::None),
        ("Archiv", Role::Archive),
        ("Postausgang", Role::None),
    ];
    assert_eq!(roles, expected);
    assert_eq!(paths(&mut ews).await, ["New"], "the next list is a new one");
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn list_of_the_opening_is_not_kept_for_long() {
    let server = Server::start(|seen, _| match seen.operation.as_str() {
        "SyncFolderHierarchy" => chained("s", true, ""),
        _ => named(),
    })
    .await;
    let mut ews = opened(&server).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
    ews.folders().await.unwrap();
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn list_of_the_opening_ends_with_the_first_change() {
    let server = Server::start(|seen, _| match seen.operation.as_str() {
        "FindFolder" => named(),
        "SyncFolderHierarchy" => chained("s", true, ""),
        operation => Answer::xml(soap(operation, &fine(operation, ""))),
    })
    .await;
    let mut ews = opened(&server).await;
    let op = RemoteOp::DeleteFolder {
        folder: "a".to_owned(),
    };
    ews.apply(&op).await.unwrap();
    ews.folders().await.unwrap();
    assert_eq!(server.of("SyncFolderHierarchy").len(), 1);
}

#[tokio::test]
async fn folders_in_a_circle_are_listed() {
    let folders = listed(vec![
        folder("a", "b", "A", ""),
        folder("b", "a", "B", ""),
        folder("c", "c", "C", ""),
        folder("d", "gone", "D", ""),
    ])
    .await;
    let paths: Vec<&str> = folders.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["B/A", "A/B", "C", "D"]);
}

#[tokio::test]
async fn folders_come_page_by_page() {
    let server = Server::start(|seen, before| {
        if seen.operation != "FindFolder" {
            return opening(seen).unwrap();
        }
        let id = format!("f{before}");
        hierarchy(&[folder(&id, "root", &id, "")], before == 2)
    })
    .await;
    let folders = opened(&server).await.folders().await.unwrap();
    assert_eq!(folders.len(), 3);
    server.last("FindFolder").check(
        "<m:FindFolder Traversal=\"Deep\"><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>
         <t:FieldURI FieldURI=\"folder:ParentFolderId\"/><t:FieldURI FieldURI=\"folder:DisplayName\"/>
         <t:FieldURI FieldURI=\"folder:FolderClass\"/><t:FieldURI FieldURI=\"folder:EffectiveRights\"/>
         <t:FieldURI FieldURI=\"folder:DistinguishedFolderId\"/>
         <t:ExtendedFieldURI PropertyTag=\"0x10F4\" PropertyType=\"Boolean\"/></t:AdditionalProperties></m:FolderShape>
         <m:IndexedPageFolderView MaxEntriesReturned=\"1000\" Offset=\"2\" BasePoint=\"Beginning\"/>
         <m:ParentFolderIds><t:DistinguishedFolderId Id=\"msgfolderroot\"/></m:ParentFolderIds></m:FindFolder>",
    );
}

#[tokio::test]
async fn rights_to_single_folders_list_those() {
    let server = Server::start(|seen, _| {
        let operation = seen.operation.as_str();
        if !matches!(operation, "FindFolder" | "SyncFolderHierarchy") {
            return opening(seen).unwrap();
        }
        Answer::xml(soap(operation, &wrong(operation, "ErrorAccessDenied")))
    })
    .await;
    let mut ews = opened_as(&server, Opener::Delegate).await.unwrap();
    let folders = ews.folders().await.unwrap();
    assert_eq!(folders.len(), 5);
    assert_eq!(folders[0].path, "Inbox");
}

#[tokio::test]
async fn rights_say_whether_messages_may_be_changed() {
    let rights = |create: bool| {
        format!(
            "<t:EffectiveRights><t:CreateContents>{create}</t:CreateContents><t:Modify>false</t:Modify></t:EffectiveRights>"
        )
    };
    let folders = vec![
        folder("a", "root", "A", &rights(true)),
        folder("b", "root", "B", &rights(false)),
    ];
    let server = Server::start(move |seen, _| match seen.operation.as_str() {
        "FindFolder" => hierarchy(&folders, true),
        _ => opening(seen).unwrap(),
    })
    .await;
    let mut ews = opened(&server).await;
    ews.folders().await.unwrap();
    assert!(ews.may_change(&RemoteId::new("a")).await.unwrap());
    assert!(!ews.may_change(&RemoteId::new("b")).await.unwrap());
}
