//! Servers that talk too much, too little, or nonsense; connections that break.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

use super::{Client, client, end, reaction, select};
use crate::backend::imap::Imap;
use crate::backend::imap::connect::greeted;
use crate::backend::imap::wire::Session;
use crate::backend::{Backend as _, BackendError};
use crate::model::RemoteId;

async fn folders(client: &mut Client) -> Result<usize, BackendError> {
    client.folders().await.map(|folders| folders.len())
}

/// Plays a script in which listing folders ends like this, and nothing works afterwards.
async fn check(script: &str, expected: &str, words: &str) {
    let (mut client, server) = client("", &format!("C: LIST \"\" \"*\"\n{script}")).await;
    let error = folders(&mut client).await.unwrap_err();
    assert_eq!(reaction(&error), expected, "{error}");
    assert!(error.to_string().contains(words), "{error}");
    let again = folders(&mut client).await.unwrap_err();
    assert_eq!(
        reaction(&again),
        "offline",
        "a broken connection was used again"
    );
    server.abort();
}

#[tokio::test]
async fn a_literal_of_four_gigabytes_is_not_waited_for() {
    check("S: * LIST () \"/\" {4294967296}", "protocol", "4294967296").await;
    check(
        "S: * 1 FETCH (BODY[] {99999999999999999999999}",
        "protocol",
        "literal",
    )
    .await;
}

#[tokio::test]
async fn a_line_without_end_is_not_waited_for() {
    let long = "x".repeat(100_000);
    check(&format!("S: * OK {long}"), "protocol", "line").await;
    check(
        &format!("S: * LIST () \"/\" \"{long}\""),
        "protocol",
        "line",
    )
    .await;
}

#[tokio::test]
async fn ten_megabytes_on_one_line_are_refused_in_bounded_memory() {
    let (pipe, mut server) = duplex(1 << 16);
    let talk = tokio::spawn(async move {
        server
            .write_all(b"* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n* SEARCH")
            .await
            .unwrap();
        let mut sent = 0;
        while sent < 10 << 20 && server.write_all(b" 1234567").await.is_ok() {
            sent += 8;
        }
        sent
    });
    let (session, _) = greeted(Session::new(pipe, "h", 1)).await.unwrap();
    let mut client = Imap::new(session);
    let error = folders(&mut client).await.unwrap_err();
    assert_eq!(reaction(&error), "protocol");
    drop(client);
    assert!(talk.await.unwrap() < 5 << 20);
}

#[tokio::test]
async fn lists_within_lists_are_not_followed() {
    let deep = "(".repeat(5_000);
    check(
        &format!("S: * 1 FETCH (BODYSTRUCTURE {deep}"),
        "protocol",
        "nested",
    )
    .await;
}

#[tokio::test]
async fn a_connection_that_ends_in_an_answer_gives_no_half_answer() {
    check("S: * LIST () \"/\" INBOX\nclose", "offline", "list folders").await;
    check(
        "S: * LIST () \"/\" {9}\\r\\nhalf\nclose",
        "offline",
        "list folders",
    )
    .await;
    check("S: * BYE going down", "offline", "").await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_is_not_a_deleted_one() {
    check("S: * LIST nonsense\nS: $ OK listed", "protocol", "folder").await;
}

#[tokio::test]
async fn warnings_do_not_end_a_command() {
    let script = "C: LIST \"\" \"*\"
         S: * NO [ALERT] The mailbox is nearly full
         S: * BAD what was that
         S: * LIST () \"/\" INBOX
         S: * OK [ALERT]été \u{0}
         S: $ OK listed";
    let (mut client, server) = client("", script).await;
    assert_eq!(folders(&mut client).await.unwrap(), 1);
    end(client, server).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_talking_is_given_up_but_a_slow_one_is_not() {
    let (pipe, mut server) = duplex(1 << 16);
    tokio::spawn(async move {
        server
            .write_all(b"* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
            .await
            .unwrap();
        let mut command = [0; 64];
        assert!(server.read(&mut command).await.unwrap() > 0);
        for byte in *b"* LIST () \"/\" INBOX\r\n" {
            tokio::time::sleep(Duration::from_secs(50)).await;
            server.write_all(&[byte]).await.unwrap();
        }
        std::future::pending::<()>().await;
    });
    let (session, _) = greeted(Session::new(pipe, "h", 1)).await.unwrap();
    let start = tokio::time::Instant::now();
    let error = folders(&mut Imap::new(session)).await.unwrap_err();
    assert!(format!("{error:?}").contains("TimedOut"), "{error:?}");
    assert_eq!(start.elapsed().as_secs(), 21 * 50 + 60);
}

#[tokio::test]
async fn a_select_without_uidvalidity_is_no_success() {
    let script = "C: SELECT \"F\"
         S: * 3 EXISTS
         S: $ OK open";
    let (mut client, server) = client("", script).await;
    let error = client.changes(&RemoteId::new("F"), None).await.unwrap_err();
    assert_eq!(reaction(&error), "protocol");
    end(client, server).await;
}

#[tokio::test]
async fn a_refused_listing_removes_nothing() {
    let page = "C: FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC REPLY-TO SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES CONTENT-TYPE)])
         S: * 1 FETCH (UID 5 FLAGS () INTERNALDATE NIL RFC822.SIZE 1 BODY[HEADER.FIELDS (DATE)] {2}\\r\\n\\r\\n)
         S: $ OK done
         C: NOOP
         S: $ OK done
         C: UID FETCH 6:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC REPLY-TO SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES CONTENT-TYPE)])
         C: UID FETCH 1:5 (UID FLAGS)
         S: $1 OK done
         S: $ NO not now";
    let (mut client, server) = client("", &(select("F", 1, 6) + page)).await;
    let folder = RemoteId::new("F");
    let first = client.changes(&folder, None).await.unwrap();
    assert_eq!(first.upserts.len(), 1);
    let second = client.changes(&folder, Some(&first.next)).await;
    assert_eq!(reaction(&second.unwrap_err()), "refused");
    end(client, server).await;
}

#[tokio::test]
async fn a_line_that_was_lost_removes_nothing() {
    let script = select("F", 1, 6)
        + "C: FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC REPLY-TO SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES CONTENT-TYPE)])
           S: * 1 FETCH (UID 5 FLAGS () RFC822.SIZE 1 BODY[HEADER.FIELDS (DATE)] {2}\\r\\n\\r\\n)
           S: $ OK done
           C: NOOP
           S: $ OK done
           C: UID FETCH 6:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC REPLY-TO SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES CONTENT-TYPE)])
           C: UID FETCH 1:5 (UID FLAGS)
         S: $1 OK done
           S: * 1 FETCH (UID 5 FLAGS (\u{0}))
           S: $ OK done";
    let (mut client, server) = client("", &script).await;
    let folder = RemoteId::new("F");
    let first = client.changes(&folder, None).await.unwrap();
    assert_eq!(first.upserts.len(), 1);
    let second = client.changes(&folder, Some(&first.next)).await.unwrap();
    assert!(second.removals.is_empty());
    end(client, server).await;
}

#[tokio::test]
async fn answers_of_one_flight_may_come_mixed() {
    const ROWS: &str = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC REPLY-TO SUBJECT MESSAGE-ID IN-REPLY-TO REFERENCES CONTENT-TYPE)])";
    let script = select("F", 601, 602)
        + &format!(
            "C: FETCH 542:* {ROWS}
             C: FETCH 102 (UID)
             S: * 102 FETCH (UID 102)
             S: $ OK marks
             S: * 601 FETCH (UID 601 FLAGS () RFC822.SIZE 1 BODY[HEADER.FIELDS (DATE)] {{2}}\\r\\n\\r\\n)
             S: $1 OK rows
             C: UID FETCH 102:600 {ROWS}"
        );
    let (mut client, server) = client("", &script).await;
    let first = client.changes(&RemoteId::new("F"), None).await.unwrap();
    assert_eq!(first.upserts.len(), 1);
    end(client, server).await;
}
