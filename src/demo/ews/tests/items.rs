//! Items: synchronising in pages, change keys, sending, characters that XML does not like.

use super::*;
use crate::demo::mischief::{Mischief, Service};

#[tokio::test]
async fn pages_are_newest_first_and_what_comes_meanwhile_is_new_in_the_next_round() {
    let house = house();
    for subject in ["a", "b", "c"] {
        deliver(&house, subject);
    }
    let (_, first) = ask(&house, &sync("", 2)).await;
    assert_eq!(subjects(&first), ["c", "b"]);
    assert_eq!(text(&first, "m:IncludesLastItemInRange"), "false");
    deliver(&house, "d");
    let (_, second) = ask(&house, &sync(&text(&first, "m:SyncState"), 2)).await;
    assert_eq!(subjects(&second), ["a"]);
    assert_eq!(text(&second, "m:IncludesLastItemInRange"), "true");
    let (_, third) = ask(&house, &sync(&text(&second, "m:SyncState"), 2)).await;
    assert_eq!(subjects(&third), ["d"]);
    assert!(third.contains("<t:Create>"), "{third}");
    let (_, again) = ask(&house, &sync(&text(&third, "m:SyncState"), 2)).await;
    assert!(
        subjects(&again).is_empty() && again.contains("<m:Changes></m:Changes>"),
        "{again}"
    );
}

#[tokio::test]
async fn a_state_is_good_for_its_folder_only() {
    let house = house();
    deliver(&house, "a");
    let (_, answer) = ask(&house, &sync("", 5)).await;
    let state = text(&answer, "m:SyncState");
    let check = async |body: &str, code: &str| {
        let (_, answer) = ask(&house, body).await;
        assert_eq!(text(&answer, "m:ResponseCode"), code, "{answer}");
    };
    check(
        &sync(&state, 5).replace("inbox", "drafts"),
        "ErrorInvalidSyncStateData",
    )
    .await;
    check(&sync("bm9uc2Vuc2U=", 5), "ErrorInvalidSyncStateData").await;
    house.mischief.add(Service::Ews, Mischief::CursorLost);
    check(&sync(&state, 5), "ErrorInvalidSyncStateData").await;
    check(&sync(&state, 5), "NoError").await;
}

#[tokio::test]
async fn repeated_pages_tell_everything_all_the_same() {
    let house = house();
    for subject in ["a", "b", "c"] {
        deliver(&house, subject);
    }
    let mut state = String::new();
    let mut found = Vec::new();
    for _ in 0..5 {
        house.mischief.add(Service::Ews, Mischief::Repeated);
        let (_, answer) = ask(&house, &sync(&state, 2)).await;
        found.push(subjects(&answer));
        state = text(&answer, "m:SyncState");
        if text(&answer, "m:IncludesLastItemInRange") == "true" {
            break;
        }
    }
    let expected: [&[&str]; 3] = [&[], &["c", "b", "c", "b"], &["a", "a"]];
    assert_eq!(found, expected);
}

fn update(id: &str, key: &str, resolution: &str) -> String {
    let key = match key {
        "" => String::new(),
        key => format!(" ChangeKey=\"{key}\""),
    };
    format!(
        "<m:UpdateItem ConflictResolution=\"{resolution}\" MessageDisposition=\"SaveOnly\"><m:ItemChanges><t:ItemChange><t:ItemId Id=\"{id}\"{key}/><t:Updates><t:SetItemField><t:ExtendedFieldURI PropertyTag=\"0x1090\" PropertyType=\"Integer\"/><t:Message><t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x1090\" PropertyType=\"Integer\"/><t:Value>2</t:Value></t:ExtendedProperty></t:Message></t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
    )
}

#[tokio::test]
async fn change_keys_protect_what_was_not_seen() {
    let house = house();
    deliver(&house, "a");
    let (id, old) = newest(&house).await;
    let check = async |key: &str, resolution: &str, code: &str| {
        let (_, answer) = ask(&house, &update(&id, key, resolution)).await;
        assert_eq!(text(&answer, "m:ResponseCode"), code, "{answer}");
    };
    check(
        "",
        "NeverOverwrite",
        "ErrorChangeKeyRequiredForWriteOperations",
    )
    .await;
    check(&old, "NeverOverwrite", "NoError").await;
    check(&old, "NeverOverwrite", "ErrorIrresolvableConflict").await;
    check("rubbish", "NeverOverwrite", "ErrorInvalidChangeKey").await;
    check("", "AlwaysOverwrite", "NoError").await;
}

#[tokio::test]
async fn the_state_of_sending_cannot_be_set_later() {
    let house = house();
    deliver(&house, "a");
    let (id, key) = newest(&house).await;
    let (_, answer) = ask(
        &house,
        &update(&id, &key, "AutoResolve").replace("0x1090", "0x0E07"),
    )
    .await;
    assert_eq!(
        text(&answer, "m:ResponseCode"),
        "ErrorInvalidPropertySet",
        "{answer}"
    );
}

fn create(disposition: &str, inner: &str) -> String {
    format!(
        "<m:CreateItem MessageDisposition=\"{disposition}\"><m:Items><t:Message>{inner}</t:Message></m:Items></m:CreateItem>"
    )
}

fn mime(header: &str) -> String {
    let text = STANDARD.encode(format!("{header}\nSubject: s\n\nx\n"));
    format!("<t:MimeContent CharacterSet=\"UTF-8\">{text}</t:MimeContent>")
}

#[tokio::test]
async fn sending_needs_recipients_rights_and_a_current_key() {
    let house = house();
    let check = async |body: &str, code: &str| {
        let (_, answer) = ask(&house, body).await;
        assert_eq!(text(&answer, "m:ResponseCode"), code, "{answer}");
        answer
    };
    let to_ada = format!("To: {}", ADA.email);
    check(&create("SendOnly", &mime("X: y")), "ErrorMissingRecipients").await;
    check(
        &create("SendOnly", &mime("To: no@harborvale.example")),
        "ErrorInvalidRecipients",
    )
    .await;
    check(
        &create("SendOnly", &mime(&format!("From: {}\n{to_ada}", ADA.email))),
        "ErrorSendAsDenied",
    )
    .await;
    check(
        &create("SendOnly", "<t:MimeContent>#</t:MimeContent>"),
        "ErrorMimeContentInvalidBase64String",
    )
    .await;
    let saved = check(&create("SaveOnly", &mime(&to_ada)), "NoError").await;
    let (id, key) = (
        all(&saved, "t:ItemId", "Id").remove(0),
        all(&saved, "t:ItemId", "ChangeKey").remove(0),
    );
    let send = |key: &str| {
        format!(
            "<m:SendItem SaveItemToFolder=\"true\"><m:ItemIds><t:ItemId Id=\"{id}\"{key}/></m:ItemIds></m:SendItem>"
        )
    };
    check(&send(""), "ErrorChangeKeyRequired").await;
    check(&send(&format!(" ChangeKey=\"{key}\"")), "NoError").await;
    check(&send(&format!(" ChangeKey=\"{key}\"")), "ErrorItemNotFound").await;
    let count = |mailbox: &str, folder: &str| {
        let found = house.store.read(mailbox, |mailbox| {
            mailbox.folder(folder).unwrap().messages().len()
        });
        found.unwrap()
    };
    assert_eq!(count(PASSWORD_USER, "Drafts"), 0);
    assert_eq!(count(PASSWORD_USER, "Sent Items"), 1);
    assert_eq!(count(ADA.email, "INBOX"), 1);
}

#[tokio::test]
async fn control_characters_of_a_subject_are_written_as_references() {
    let house = house();
    deliver(&house, "bell\u{1}");
    let (_, answer) = ask(&house, &sync("", 5)).await;
    assert!(
        answer.contains("<t:Subject>bell&#x1;</t:Subject>"),
        "{answer}"
    );
}

#[tokio::test]
async fn lists_refuse_what_only_items_tell() {
    let house = house();
    deliver(&house, "a");
    let find = format!(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI=\"item:Body\"/></t:AdditionalProperties></m:ItemShape><m:ParentFolderIds>{INBOX}</m:ParentFolderIds></m:FindItem>"
    );
    let (_, answer) = ask(&house, &find).await;
    assert_eq!(
        text(&answer, "m:ResponseCode"),
        "ErrorInvalidPropertyRequest",
        "{answer}"
    );
    let (_, answer) = ask(&house, &sync("", 5).replace("item:Subject", "item:Body")).await;
    assert!(
        answer.contains("<t:ItemId") && !answer.contains("<t:Body"),
        "{answer}"
    );
}
