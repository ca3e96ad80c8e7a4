//! Flags, moving, deleting, filing, folders: literal requests and what their answers mean.

use super::{client, client_of, end, reaction, select};
use crate::backend::{Backend as _, BackendError, Refusal};
use crate::model::{Applied, FlagChange, Flags, RemoteId, RemoteOp};

async fn apply(capabilities: &str, op: &RemoteOp, script: &str) -> Result<Applied, BackendError> {
    let (mut client, server) = client(capabilities, script).await;
    let result = client.apply(op).await;
    end(client, server).await;
    result
}

/// Plays a script in which the operation succeeds; returns new ids as text.
async fn check(capabilities: &str, op: &RemoteOp, script: &str) -> Vec<(String, String)> {
    let applied = apply(capabilities, op, script).await.unwrap();
    let text = |id: RemoteId| id.as_str().to_owned();
    applied
        .renamed
        .into_iter()
        .map(|(old, new)| (text(old), text(new)))
        .collect()
}

async fn check_error(capabilities: &str, op: &RemoteOp, script: &str, expected: &str) {
    let error = apply(capabilities, op, script).await.unwrap_err();
    assert_eq!(reaction(&error), expected, "{error}");
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn flag(messages: &[&str], set: Flags, clear: Flags) -> RemoteOp {
    RemoteOp::Flag {
        folder: "F".into(),
        messages: ids(messages),
        change: FlagChange { set, clear },
    }
}

fn move_to(messages: &[&str], to: &str) -> RemoteOp {
    RemoteOp::Move {
        folder: "F".into(),
        messages: ids(messages),
        to: to.into(),
    }
}

fn delete(messages: &[&str]) -> RemoteOp {
    RemoteOp::Delete {
        folder: "F".into(),
        messages: ids(messages),
    }
}

fn append(message_id: &str) -> RemoteOp {
    RemoteOp::Append {
        folder: "Sent".into(),
        flags: Flags::SEEN,
        message_id: message_id.into(),
        bytes: b"Subject: x\r\n\r\nbody".to_vec(),
    }
}

fn rename(folder: &str, path: &str) -> RemoteOp {
    RemoteOp::RenameFolder {
        folder: folder.into(),
        path: path.into(),
    }
}

#[tokio::test]
async fn flags_are_set_and_cleared_silently_by_uid() {
    let script = select("F", 9, 10)
        + "C: UID STORE 1:3,5 +FLAGS.SILENT (\\Seen $Forwarded)
           S: $ OK done
           C: UID STORE 1:3,5 -FLAGS.SILENT (\\Flagged)
           S: $ OK done";
    let op = flag(
        &["7.5", "7.1", "7.2", "7.3"],
        Flags::SEEN.with(Flags::FORWARDED),
        Flags::FLAGGED,
    );
    check("", &op, &script).await;
}

#[tokio::test]
async fn keywords_are_left_out_where_they_are_not_kept() {
    let script = "C: SELECT \"F\"
         S: * OK [UIDVALIDITY 7] ok
         S: * OK [PERMANENTFLAGS (\\Seen \\Flagged)] ok
         S: $ OK open";
    check("", &flag(&["7.5"], Flags::FORWARDED, Flags::NONE), script).await;
}

#[tokio::test]
async fn a_refused_store_is_an_error() {
    // async-imap's own uid_store() calls this a success.
    let script = select("F", 9, 10)
        + "C: UID STORE 5 +FLAGS.SILENT (\\Seen)
           S: $ NO read only";
    check_error(
        "",
        &flag(&["7.5"], Flags::SEEN, Flags::NONE),
        &script,
        "refused",
    )
    .await;
}

#[tokio::test]
async fn messages_of_a_renumbered_folder_are_gone() {
    let op = flag(&["6.5"], Flags::SEEN, Flags::NONE);
    check_error("", &op, &select("F", 9, 10), "gone").await;
}

#[tokio::test]
async fn a_folder_that_is_not_listed_is_gone_and_one_that_is_was_refused() {
    let refused = "C: SELECT \"F\"
         S: $ NO no such folder or no permission
         C: LIST \"\" \"F\"";
    let op = flag(&["7.5"], Flags::SEEN, Flags::NONE);
    check_error("", &op, &format!("{refused}\nS: $ OK nothing"), "gone").await;
    let listed = format!("{refused}\nS: * LIST () \"/\" F\nS: $ OK one");
    check_error("", &op, &listed, "refused").await;
    let coded = "C: SELECT \"F\"\nS: $ NO [NONEXISTENT] nope";
    check_error("", &op, coded, "gone").await;
}

#[tokio::test]
async fn move_tells_the_new_ids() {
    let script = select("F", 9, 10)
        + "C: UID MOVE 3,5 \"Archive\"
           S: * OK [COPYUID 99 3,5 101:102] moved
           S: * 5 EXPUNGE
           S: * 3 EXPUNGE
           S: $ OK done";
    let renamed = check("MOVE", &move_to(&["7.3", "7.5"], "Archive"), &script).await;
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(renamed, [pair("7.3", "99.101"), pair("7.5", "99.102")]);
}

#[tokio::test]
async fn without_move_messages_are_copied_before_they_are_deleted() {
    let script = select("F", 9, 10)
        + "C: UID COPY 3 \"Archive\"
           S: $ OK [COPYUID 99 3 101] copied
           C: UID STORE 3 +FLAGS.SILENT (\\Deleted)
           S: $ OK done
           C: UID EXPUNGE 3
           S: * 3 EXPUNGE
           S: $ OK done";
    let renamed = check("UIDPLUS", &move_to(&["7.3"], "Archive"), &script).await;
    assert_eq!(renamed.len(), 1);
    let refused = select("F", 9, 10)
        + "C: UID COPY 3 \"Archive\"
           S: $ NO [OVERQUOTA] full";
    let error = apply("UIDPLUS", &move_to(&["7.3"], "Archive"), &refused)
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        BackendError::Refused {
            kind: Refusal::Quota,
            ..
        }
    ));
}

#[tokio::test]
async fn a_move_to_a_folder_that_is_gone_is_gone() {
    let script = select("F", 9, 10)
        + "C: UID MOVE 3 \"Archive\"
           S: $ NO [TRYCREATE] no such folder";
    check_error("MOVE", &move_to(&["7.3"], "Archive"), &script, "gone").await;
}

#[tokio::test]
async fn many_messages_go_in_several_commands() {
    let all: Vec<String> = (1..=501).map(|uid| format!("7.{}", uid * 2)).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let first: Vec<String> = (1..=500).map(|uid| (uid * 2).to_string()).collect();
    let script = select("F", 900, 2000)
        + &format!(
            "C: UID MOVE {} \"A\"
             S: $ OK done
             C: UID MOVE 1002 \"A\"
             S: $ OK done",
            first.join(",")
        );
    check("MOVE", &move_to(&all, "A"), &script).await;
}

#[tokio::test]
async fn without_uidplus_nothing_of_others_is_expunged() {
    let stored = select("F", 9, 10)
        + "C: UID STORE 3 +FLAGS.SILENT (\\Deleted)
           S: $ OK done
           C: UID SEARCH DELETED
           ";
    let alone =
        format!("{stored}S: * SEARCH 3\nS: $ OK done\nC: EXPUNGE\nS: * 3 EXPUNGE\nS: $ OK done");
    check("", &delete(&["7.3"]), &alone).await;
    let with_others = format!("{stored}S: * SEARCH 3 8\nS: $ OK done");
    check("", &delete(&["7.3"]), &with_others).await;
    // async-imap's own uid_search() calls this "nothing found", and EXPUNGE would follow.
    let refused = format!("{stored}S: $ NO not now");
    check_error("", &delete(&["7.3"]), &refused, "refused").await;
}

#[tokio::test]
async fn an_append_waits_for_the_server_and_tells_the_new_id() {
    let script = select("Sent", 9, 10)
        + "C: UID SEARCH UNDELETED HEADER Message-ID \"m@x\"
           S: * SEARCH
           S: $ OK done
           C: APPEND \"Sent\" (\\Seen) {18}
           S: * 10 EXISTS
           S: + go
           C: Subject: x
           C: 
           C: body
           S: $ OK [APPENDUID 7 12] filed";
    let renamed = check("", &append("m@x"), &script).await;
    assert_eq!(renamed, [("m@x".to_owned(), "7.12".to_owned())]);
}

#[tokio::test]
async fn with_literal_plus_an_append_is_one_flight() {
    let script = select("Sent", 9, 10)
        + "C: APPEND \"Sent\" (\\Seen) {18+}
           C: Subject: x
           C: 
           C: body
           S: $ OK filed";
    assert!(check("LITERAL+", &append(""), &script).await.is_empty());
}

#[tokio::test]
async fn what_is_filed_already_is_not_filed_again() {
    let script = select("Sent", 9, 10)
        + "C: UID SEARCH UNDELETED HEADER Message-ID \"m@x\"
           S: * SEARCH 4
           S: $ OK done";
    let renamed = check("", &append("m@x"), &script).await;
    assert_eq!(renamed, [("m@x".to_owned(), "7.4".to_owned())]);
}

#[tokio::test]
async fn a_refused_append_keeps_its_reason_and_the_connection() {
    let script = select("Sent", 9, 10)
        + "C: APPEND \"Sent\" (\\Seen) {18}
           S: $ NO [OVERQUOTA] Full
           C: UID STORE 1 +FLAGS.SILENT (\\Seen)
           S: $ OK still here";
    let (mut client, server) = client("", &script).await;
    let error = client.apply(&append("")).await.unwrap_err();
    assert!(
        matches!(
            error,
            BackendError::Refused {
                kind: Refusal::Quota,
                ..
            }
        ),
        "{error}"
    );
    let op = RemoteOp::Flag {
        folder: "Sent".into(),
        messages: ids(&["7.1"]),
        change: FlagChange::set(Flags::SEEN),
    };
    client.apply(&op).await.unwrap();
    end(client, server).await;
}

#[tokio::test]
async fn an_append_makes_a_missing_folder_once() {
    let script = "C: SELECT \"Sent\"
         S: $ NO [NONEXISTENT] none
         C: CREATE \"Sent\"
         S: $ OK made
         C: SUBSCRIBE \"Sent\"
         S: $ OK done
         C: APPEND \"Sent\" (\\Seen) {18+}
         C: Subject: x
         C: 
         C: body
         S: $ OK [APPENDUID 8 1] filed";
    assert_eq!(check("LITERAL+", &append("m@x"), script).await.len(), 1);
}

const LISTED: &str = "C: LIST \"\" \"*\"
         S: * LIST () \".\" INBOX
         S: * LIST () \".\" INBOX.Old
         S: $ OK listed
         ";

#[tokio::test]
async fn folders_are_made_as_the_server_spells_them() {
    let script = format!(
        "{LISTED}C: CREATE \"INBOX.B&APw-ro.2026\"
         S: $ OK made
         C: SUBSCRIBE \"INBOX.B&APw-ro.2026\"
         S: $ NO never"
    );
    let op = RemoteOp::CreateFolder {
        path: "Büro/2026".into(),
    };
    check("", &op, &script).await;
    let impossible = RemoteOp::CreateFolder { path: "a.b".into() };
    check_error("", &impossible, LISTED, "refused").await;
}

#[tokio::test]
async fn making_what_is_there_and_deleting_what_is_gone_is_done() {
    let make = format!(
        "{LISTED}C: CREATE \"INBOX.Old\"
         S: $ NO exists
         C: LIST \"\" \"INBOX.Old\"
         S: * LIST () \".\" INBOX.Old
         S: $ OK one
         C: SUBSCRIBE \"INBOX.Old\"
         S: $ OK done"
    );
    check("", &RemoteOp::CreateFolder { path: "Old".into() }, &make).await;
    let delete = "C: DELETE \"Gone\"
         S: $ NO none
         C: LIST \"\" \"Gone\"
         S: $ OK nothing
         C: UNSUBSCRIBE \"Gone\"
         S: $ OK done";
    let op = RemoteOp::DeleteFolder {
        folder: "Gone".into(),
    };
    check("", &op, delete).await;
}

#[tokio::test]
async fn renaming_twice_is_renaming_once() {
    let refused = format!(
        "{LISTED}C: RENAME \"INBOX.New\" \"INBOX.Old\"
         S: $ NO none
         C: LIST \"\" \"INBOX.New\"
         S: $ OK nothing
         C: LIST \"\" \"INBOX.Old\"
         "
    );
    let done = format!(
        "{refused}S: * LIST () \".\" INBOX.Old
         S: $ OK one
         C: UNSUBSCRIBE \"INBOX.New\"
         S: $ OK done
         C: SUBSCRIBE \"INBOX.Old\"
         S: $ OK done"
    );
    check("", &rename("INBOX.New", "Old"), &done).await;
    let gone = format!("{refused}S: $ OK nothing");
    check_error("", &rename("INBOX.New", "Old"), &gone, "gone").await;
}

#[tokio::test]
async fn an_open_folder_is_left_before_it_is_deleted() {
    let script = select("F", 1, 2)
        + "C: UID STORE 1 +FLAGS.SILENT (\\Seen)
           S: $ OK done
           "
        + &select("INBOX", 0, 1)
        + "C: DELETE \"F\"
           S: $ OK gone
           C: UNSUBSCRIBE \"F\"
           S: $ OK done";
    let (mut client, server) = client_of("imap.example.org", "", &script).await;
    client
        .apply(&flag(&["7.1"], Flags::SEEN, Flags::NONE))
        .await
        .unwrap();
    client
        .apply(&RemoteOp::DeleteFolder { folder: "F".into() })
        .await
        .unwrap();
    end(client, server).await;
}
