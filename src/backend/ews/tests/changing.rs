//! Changing: flags, moving, deleting, filing, folders. Everything twice.

use super::server::{Answer, Server};
use super::*;
use crate::backend::{Backend as _, Refusal};
use crate::model::{Applied, FlagChange, Flags, RemoteId, RemoteOp};

fn messages() -> Vec<String> {
    vec!["m1".to_owned(), "m2".to_owned()]
}

fn flag(change: FlagChange) -> RemoteOp {
    RemoteOp::Flag {
        folder: "in".to_owned(),
        messages: messages(),
        change,
    }
}

fn moving() -> RemoteOp {
    RemoteOp::Move {
        folder: "in".to_owned(),
        messages: messages(),
        to: "de".to_owned(),
    }
}

/// Runs a change against a server that answers it with these messages.
async fn applied(op: &RemoteOp, answer: String) -> (Result<Applied, BackendError>, Server) {
    let server = Server::start(move |seen, _| {
        opening(seen).unwrap_or_else(|| Answer::xml(soap(&seen.operation, &answer)))
    })
    .await;
    let outcome = opened(&server).await.apply(op).await;
    (outcome, server)
}

fn item(operation: &str, id: &str) -> String {
    fine(
        operation,
        &format!(
            "<m:Items><t:Message><t:ItemId Id=\"{id}\" ChangeKey=\"k\"/></t:Message></m:Items>"
        ),
    )
}

#[tokio::test]
async fn read_and_starred_are_set_together_without_a_receipt() {
    let change = FlagChange {
        set: Flags::SEEN,
        clear: Flags::FLAGGED,
    };
    let answer = fine("UpdateItem", "") + &wrong("UpdateItem", "ErrorItemNotFound");
    let (outcome, server) = applied(&flag(change), answer).await;
    outcome.unwrap();
    let one = |id: &str| {
        format!(
            "<t:ItemChange><t:ItemId Id=\"{id}\"/><t:Updates><t:SetItemField><t:FieldURI FieldURI=\"message:IsRead\"/>\
             <t:Message><t:IsRead>true</t:IsRead></t:Message></t:SetItemField><t:SetItemField>\
             <t:ExtendedFieldURI PropertyTag=\"0x1090\" PropertyType=\"Integer\"/><t:Message><t:ExtendedProperty>\
             <t:ExtendedFieldURI PropertyTag=\"0x1090\" PropertyType=\"Integer\"/><t:Value>0</t:Value>\
             </t:ExtendedProperty></t:Message></t:SetItemField></t:Updates></t:ItemChange>"
        )
    };
    server.last("UpdateItem").check(&format!(
        "<m:UpdateItem MessageDisposition=\"SaveOnly\" ConflictResolution=\"AlwaysOverwrite\" \
         SendMeetingInvitationsOrCancellations=\"SendToNone\" SuppressReadReceipts=\"true\"><m:ItemChanges>{}{}\
         </m:ItemChanges></m:UpdateItem>",
        one("m1"),
        one("m2")
    ));
}

#[tokio::test]
async fn flags_of_messages_that_are_gone_are_gone() {
    let answer = wrong("UpdateItem", "ErrorItemNotFound").repeat(2);
    let (outcome, _) = applied(&flag(FlagChange::set(Flags::ANSWERED)), answer).await;
    assert!(
        matches!(outcome, Err(BackendError::Gone { .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn conflict_is_tried_once_more() {
    let server = Server::start(|seen, before| {
        opening(seen).unwrap_or_else(|| {
            let message = match before {
                0 => wrong("UpdateItem", "ErrorIrresolvableConflict"),
                _ => fine("UpdateItem", ""),
            };
            Answer::xml(soap("UpdateItem", &message.repeat(2)))
        })
    })
    .await;
    let op = flag(FlagChange::set(Flags::SEEN));
    opened(&server).await.apply(&op).await.unwrap();
    assert_eq!(server.of("UpdateItem").len(), 2);
}

#[tokio::test]
async fn moved_messages_have_new_ids() {
    let (outcome, server) =
        applied(&moving(), item("MoveItem", "n1") + &item("MoveItem", "n2")).await;
    let pair = |old: &str, new: &str| (RemoteId::new(old), RemoteId::new(new));
    assert_eq!(
        outcome.unwrap().renamed,
        [pair("m1", "n1"), pair("m2", "n2")]
    );
    server.last("MoveItem").check(
        "<m:MoveItem><m:ToFolderId><t:FolderId Id=\"de\"/></m:ToFolderId><m:ItemIds><t:ItemId Id=\"m1\"/>
         <t:ItemId Id=\"m2\"/></m:ItemIds><m:ReturnNewItemIds>true</m:ReturnNewItemIds></m:MoveItem>",
    );
}

#[tokio::test]
async fn a_move_done_already_is_done_but_a_missing_target_is_not() {
    let (outcome, _) = applied(&moving(), wrong("MoveItem", "ErrorItemNotFound").repeat(2)).await;
    assert_eq!(outcome.unwrap(), Applied::default());
    let (outcome, _) = applied(
        &moving(),
        wrong("MoveItem", "ErrorToFolderNotFound").repeat(2),
    )
    .await;
    assert!(
        matches!(outcome, Err(BackendError::Gone { .. })),
        "{outcome:?}"
    );
    let (outcome, _) = applied(&moving(), wrong("MoveItem", "ErrorQuotaExceeded").repeat(2)).await;
    assert!(
        matches!(
            outcome,
            Err(BackendError::Refused {
                kind: Refusal::Quota,
                ..
            })
        ),
        "{outcome:?}"
    );
    let (outcome, _) = applied(&moving(), fine("MoveItem", "")).await;
    assert!(
        matches!(outcome, Err(BackendError::Protocol { .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn delete_is_for_good_and_may_be_repeated() {
    let op = RemoteOp::Delete {
        folder: "de".to_owned(),
        messages: messages(),
    };
    let answer = fine("DeleteItem", "") + &wrong("DeleteItem", "ErrorItemNotFound");
    let (outcome, server) = applied(&op, answer).await;
    outcome.unwrap();
    server.last("DeleteItem").check(
        "<m:DeleteItem DeleteType=\"HardDelete\" SendMeetingCancellations=\"SendToNone\" 
         AffectedTaskOccurrences=\"AllOccurrences\"><m:ItemIds><t:ItemId Id=\"m1\"/><t:ItemId Id=\"m2\"/></m:ItemIds>
         </m:DeleteItem>"
            .replace("\" \n", "\" ~")
            .replace("~         ", "")
            .as_str(),
    );
}

fn append(flags: Flags) -> RemoteOp {
    RemoteOp::Append {
        folder: "se".to_owned(),
        flags,
        message_id: "one&@x".to_owned(),
        bytes: b"Subject: one\r\n\r\nHi".to_vec(),
    }
}

async fn appended(found: &'static str, flags: Flags) -> (Applied, Server) {
    let server = Server::start(move |seen, _| {
        opening(seen).unwrap_or_else(|| match seen.operation.as_str() {
            "FindItem" => {
                let content = format!("<m:RootFolder><t:Items>{found}</t:Items></m:RootFolder>");
                Answer::xml(soap("FindItem", &fine("FindItem", &content)))
            }
            _ => Answer::xml(soap("CreateItem", &item("CreateItem", "new"))),
        })
    })
    .await;
    let outcome = opened(&server).await.apply(&append(flags)).await;
    (outcome.unwrap(), server)
}

#[tokio::test]
async fn filed_message_is_no_draft_unless_it_is_one() {
    let (applied, server) = appended("", Flags::SEEN).await;
    assert_eq!(
        applied.renamed,
        [(RemoteId::new("one&@x"), RemoteId::new("new"))]
    );
    server.last("CreateItem").check(
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId><t:FolderId Id=\"se\"/></m:SavedItemFolderId>
         <m:Items><t:Message><t:MimeContent CharacterSet=\"UTF-8\">U3ViamVjdDogb25lDQoNCkhp</t:MimeContent>
         <t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x0E07\" PropertyType=\"Integer\"/><t:Value>1</t:Value>
         </t:ExtendedProperty><t:IsRead>true</t:IsRead></t:Message></m:Items></m:CreateItem>",
    );
    let (_, server) = appended("", Flags::DRAFT.with(Flags::FLAGGED)).await;
    let content = server.last("CreateItem").body;
    assert!(
        content.contains("<t:Value>8</t:Value>") && content.contains("<t:IsRead>false</t:IsRead>")
    );
    assert!(
        content.contains("PropertyTag=\"0x1090\" PropertyType=\"Integer\"/><t:Value>2</t:Value>")
    );
}

#[tokio::test]
async fn message_is_filed_once() {
    let (applied, server) =
        appended("<t:Message><t:ItemId Id=\"old\"/></t:Message>", Flags::SEEN).await;
    assert_eq!(
        applied.renamed,
        [(RemoteId::new("one&@x"), RemoteId::new("old"))]
    );
    assert!(server.of("CreateItem").is_empty());
    let content = server.last("FindItem").content().to_owned();
    assert!(content.contains(
        "<m:Restriction><t:IsEqualTo><t:FieldURI FieldURI=\"message:InternetMessageId\"/><t:FieldURIOrConstant>\
         <t:Constant Value=\"&lt;one&amp;@x&gt;\"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction>"
    ), "{content}");
}

/// A mailbox with the folders `Work` and `Work/Old`, which takes every change of a folder.
async fn with_folders() -> Server {
    Server::start(|seen, before| {
        opening(seen).unwrap_or_else(|| match seen.operation.as_str() {
            "FindFolder" => Answer::xml(soap(
                "FindFolder",
                &fine(
                    "FindFolder",
                    "<m:RootFolder IncludesLastItemInRange=\"true\"><t:Folders>\
                     <t:Folder><t:FolderId Id=\"w\"/><t:ParentFolderId Id=\"root\"/><t:DisplayName>Work</t:DisplayName></t:Folder>\
                     <t:Folder><t:FolderId Id=\"o\"/><t:ParentFolderId Id=\"w\"/><t:DisplayName>Old</t:DisplayName></t:Folder>\
                     </t:Folders></m:RootFolder>",
                ),
            )),
            // It keeps no chain of folders: the plain list does.
            operation @ "SyncFolderHierarchy" => {
                Answer::xml(soap(operation, &wrong(operation, "ErrorInvalidOperation")))
            }
            "DeleteFolder" if before > 0 => {
                Answer::xml(soap("DeleteFolder", &wrong("DeleteFolder", "ErrorFolderNotFound")))
            }
            operation => Answer::xml(soap(
                operation,
                &fine(
                    operation,
                    &format!("<m:Folders><t:Folder><t:FolderId Id=\"new{before}\"/></t:Folder></m:Folders>"),
                ),
            )),
        })
    })
    .await
}

#[tokio::test]
async fn folders_are_made_with_all_above_them() {
    let server = with_folders().await;
    let mut ews = opened(&server).await;
    let path = "work/Deep/A∕B".to_owned();
    ews.apply(&RemoteOp::CreateFolder { path }).await.unwrap();
    let made = server.of("CreateFolder");
    assert_eq!(made.len(), 2);
    made[0].check(
        "<m:CreateFolder><m:ParentFolderId><t:FolderId Id=\"w\"/></m:ParentFolderId><m:Folders><t:Folder>
         <t:FolderClass>IPF.Note</t:FolderClass><t:DisplayName>Deep</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>",
    );
    assert!(made[1].body.contains("<t:FolderId Id=\"new0\"/>"));
    assert!(made[1].body.contains("<t:DisplayName>A/B</t:DisplayName>"));
    let path = "Work/Old".to_owned();
    ews.apply(&RemoteOp::CreateFolder { path }).await.unwrap();
    assert_eq!(server.of("CreateFolder").len(), 2, "it is there");
}

#[tokio::test]
async fn folders_are_moved_and_named() {
    let server = with_folders().await;
    let mut ews = opened(&server).await;
    let rename = |folder: &str, path: &str| RemoteOp::RenameFolder {
        folder: folder.to_owned(),
        path: path.to_owned(),
    };
    ews.apply(&rename("o", "Older & Co")).await.unwrap();
    server.last("MoveFolder").check(
        "<m:MoveFolder><m:ToFolderId><t:DistinguishedFolderId Id=\"msgfolderroot\"/></m:ToFolderId><m:FolderIds>
         <t:FolderId Id=\"o\"/></m:FolderIds></m:MoveFolder>",
    );
    server.last("UpdateFolder").check(
        "<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:FolderId Id=\"o\"/><t:Updates><t:SetFolderField>
         <t:FieldURI FieldURI=\"folder:DisplayName\"/><t:Folder><t:DisplayName>Older &amp; Co</t:DisplayName></t:Folder>
         </t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>",
    );
    ews.apply(&rename("o", "Work/Old")).await.unwrap();
    assert_eq!(server.of("UpdateFolder").len(), 1, "it is called so");
    let error = ews.apply(&rename("none", "X")).await;
    assert!(matches!(error, Err(BackendError::Gone { .. })), "{error:?}");
}

#[tokio::test]
async fn folder_deleted_twice_is_deleted() {
    let server = with_folders().await;
    let mut ews = opened(&server).await;
    let folder = "o".to_owned();
    let op = RemoteOp::DeleteFolder { folder };
    ews.apply(&op).await.unwrap();
    ews.apply(&op).await.unwrap();
    server.last("DeleteFolder").check(
        "<m:DeleteFolder DeleteType=\"HardDelete\"><m:FolderIds><t:FolderId Id=\"o\"/></m:FolderIds></m:DeleteFolder>",
    );
}

#[tokio::test]
async fn names_that_no_folder_may_have_are_refused() {
    let server = with_folders().await;
    let mut ews = opened(&server).await;
    let long = "x".repeat(256);
    let deep = vec!["a"; 70].join("/");
    for path in ["", "a//b", " ", "a\u{1}", &long, &deep] {
        let path = path.to_owned();
        let error = ews.apply(&RemoteOp::CreateFolder { path }).await;
        assert!(
            matches!(error, Err(BackendError::Refused { .. })),
            "{error:?}"
        );
    }
    assert!(server.of("CreateFolder").is_empty());
}
