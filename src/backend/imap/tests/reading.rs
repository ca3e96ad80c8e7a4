//! Bodies and searches.

use super::{client, client_of, end, reaction, select};
use crate::backend::{Backend as _, BackendError};
use crate::model::{Progress, Query, RemoteId};

type Bodies = Vec<(String, String)>;

async fn fetch(ids: &[&str], script: &str) -> Result<Bodies, BackendError> {
    let (mut client, server) = client("", script).await;
    let ids: Vec<RemoteId> = ids.iter().map(|id| RemoteId::new(*id)).collect();
    let progress = Progress::default();
    let result = client.fetch(&RemoteId::new("F"), &ids, &progress).await;
    end(client, server).await;
    let bodies = result?;
    let bytes: usize = bodies.iter().map(|(_, bytes)| bytes.len()).sum();
    assert_eq!(progress.get().0, bytes as u64);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ok(bodies
        .into_iter()
        .map(|(id, bytes)| (id.as_str().to_owned(), text(bytes)))
        .collect())
}

fn body(id: &str, text: &str) -> (String, String) {
    (id.to_owned(), text.to_owned())
}

#[tokio::test]
async fn bodies_come_in_one_round_trip_in_the_order_asked_for() {
    let script = select("F", 9, 10)
        + "C: UID FETCH 3,5,8 (UID RFC822.SIZE BODY.PEEK[]<0.1048576>)
           S: * 2 FETCH (UID 3 RFC822.SIZE 99 BODY[]<0> {5}\\r\\nthree)
           S: * 9 EXISTS
           S: * 4 FETCH (BODY[]<0> \"five\" UID 5 RFC822.SIZE 4)
           S: * 4 FETCH (UID 5 FLAGS (\\Seen))
           S: $ OK done";
    // 8 is gone, or the server cannot read it: left out.
    let bodies = fetch(&["7.5", "7.8", "7.3"], &script).await.unwrap();
    assert_eq!(bodies, [body("7.5", "five"), body("7.3", "three")]);
}

#[tokio::test]
async fn large_messages_come_piece_by_piece() {
    let piece = "x".repeat(1 << 20);
    let script = select("F", 9, 10)
        + &format!(
            "C: UID FETCH 3 (UID RFC822.SIZE BODY.PEEK[]<0.1048576>)
             S: * 2 FETCH (UID 3 RFC822.SIZE 1048579 BODY[]<0> {{1048576}}\\r\\n{piece})
             S: $ OK done
             C: UID FETCH 3 (UID BODY.PEEK[]<1048576.1048576>)
             S: * 2 FETCH (UID 3 BODY[]<1048576> {{3}}\\r\\nend)
             S: $ OK done"
        );
    let bodies = fetch(&["7.3"], &script).await.unwrap();
    assert_eq!(bodies[0].1.len(), (1 << 20) + 3);
    assert!(bodies[0].1.ends_with("xend"));
}

async fn fetch_with_one_piece(size: usize, rest: &str) -> Vec<usize> {
    let piece = "x".repeat(1 << 20);
    let script = select("F", 9, 10)
        + &format!(
            "C: UID FETCH 3 (UID RFC822.SIZE BODY.PEEK[]<0.1048576>)
             S: * 2 FETCH (UID 3 RFC822.SIZE {size} BODY[]<0> {{1048576}}\\r\\n{piece})
             S: $ OK done
             C: UID FETCH 3 (UID BODY.PEEK[]<1048576.1048576>)
             {rest}
             S: $ OK done"
        );
    let (mut client, server) = client("", &script).await;
    let (folder, ids) = (RemoteId::new("F"), [RemoteId::new("7.3")]);
    let bodies = client.fetch(&folder, &ids, &Progress::default()).await;
    end(client, server).await;
    bodies
        .unwrap()
        .iter()
        .map(|(_, bytes)| bytes.len())
        .collect()
}

#[tokio::test]
async fn half_a_message_never_passes_for_a_whole_one() {
    // Others deleted it after its first piece.
    for answer in ["S: * 2 EXPUNGE", "S: * 2 FETCH (UID 3 BODY[]<1048576> NIL)"] {
        let bodies = fetch_with_one_piece(3_000_000, answer).await;
        assert!(bodies.is_empty(), "{bodies:?}");
    }
}

#[tokio::test]
async fn a_message_that_ends_with_its_piece_is_whole() {
    let nothing = "S: * 2 FETCH (UID 3 BODY[]<1048576> \"\")";
    // The size is an estimate, the server's answer is not.
    assert_eq!(fetch_with_one_piece(3_000_000, nothing).await, [1 << 20]);
    assert_eq!(
        fetch_with_one_piece(1 << 20, "S: * 3 EXISTS").await,
        [1 << 20]
    );
}

#[tokio::test]
async fn a_server_without_pieces_may_send_the_whole() {
    let whole = "x".repeat(1_500_000);
    let script = select("F", 9, 10)
        + &format!(
            "C: UID FETCH 3 (UID RFC822.SIZE BODY.PEEK[]<0.1048576>)
             S: * 2 FETCH (UID 3 BODY[] {{1500000}}\\r\\n{whole})
             S: $ OK done"
        );
    assert_eq!(
        fetch(&["7.3"], &script).await.unwrap(),
        [body("7.3", &whole)]
    );
}

#[tokio::test]
async fn a_refused_fetch_is_not_an_empty_one() {
    let asked = select("F", 9, 10) + "C: UID FETCH 3 (UID RFC822.SIZE BODY.PEEK[]<0.1048576>)\n";
    for (answer, expected) in [
        ("$ NO not now", "refused"),
        ("$ BAD Command Argument Error. 11", "protocol"),
        ("$ BAD Session invalidated - AccessTokenExpired", "sign-in"),
    ] {
        let error = fetch(&["7.3"], &format!("{asked}S: {answer}"))
            .await
            .unwrap_err();
        assert_eq!(reaction(&error), expected, "{answer}");
    }
}

#[tokio::test]
async fn a_connection_lost_in_a_body_is_no_short_body() {
    let script = select("F", 9, 10)
        + "C: UID FETCH 3 (UID RFC822.SIZE BODY.PEEK[]<0.1048576>)
           S: * 2 FETCH (UID 3 BODY[]<0> {500}\\r\\nhalf a
           close";
    let error = fetch(&["7.3"], &script).await.unwrap_err();
    assert_eq!(reaction(&error), "offline");
}

async fn search(host: &str, typed: &str, script: &str) -> Result<Vec<String>, BackendError> {
    let (mut client, server) = client_of(host, "", script).await;
    let result = client
        .search(&RemoteId::new("F"), &Query::parse(typed))
        .await;
    end(client, server).await;
    Ok(result?
        .into_iter()
        .map(|id| id.as_str().to_owned())
        .collect())
}

#[tokio::test]
async fn searches_are_put_in_the_servers_words_newest_first() {
    let script = select("F", 9, 10)
        + "C: UID SEARCH TEXT \"due date\" SUBJECT \"x\" FROM \"ana\" OR TO \"b\" CC \"b\" BODY \"c\" UNSEEN FLAGGED
           S: * SEARCH 3 9 5
           S: $ OK done";
    let typed = "\"due date\" subject:x from:ana to:b body:c is:unread is:starred";
    let found = search("h", typed, &script).await.unwrap();
    assert_eq!(found, ["7.9", "7.5", "7.3"]);
}

#[tokio::test]
async fn words_beyond_ascii_need_a_charset_and_exchange_has_none() {
    let script = select("F", 9, 10)
        + "C: UID SEARCH CHARSET UTF-8 TEXT {5}
           S: + go
           C: Büro
           S: * SEARCH 3
           S: $ OK done";
    assert_eq!(search("h", "Büro", &script).await.unwrap(), ["7.3"]);
    let error = search("outlook.office365.com", "Büro", "")
        .await
        .unwrap_err();
    assert_eq!(reaction(&error), "unsupported");
}

#[tokio::test]
async fn a_refused_search_is_not_an_empty_one() {
    let asked = select("F", 9, 10) + "C: UID SEARCH TEXT \"x\"\n";
    for (answer, expected) in [
        ("$ BAD Command Argument Error. 11", "unsupported"),
        ("$ NO [BADCHARSET] no", "unsupported"),
        ("$ NO busy", "refused"),
        (
            "$ BAD Request is throttled. Suggested Backoff Time: 5 milliseconds",
            "throttled",
        ),
    ] {
        let result = search("h", "x", &format!("{asked}S: {answer}")).await;
        assert_eq!(reaction(&result.unwrap_err()), expected, "{answer}");
    }
}

#[tokio::test]
async fn hits_are_bounded_and_their_number_does_no_harm() {
    let hits: Vec<String> = (1..=200_000).map(|uid: u32| uid.to_string()).collect();
    let script = select("F", 9, 10)
        + &format!(
            "C: UID SEARCH TEXT \"x\"
             S: * SEARCH {}
             S: $ OK done",
            hits.join(" ")
        );
    let found = search("h", "x", &script).await.unwrap();
    assert_eq!(found.len(), 1_000);
    assert_eq!(found[0], "7.200000");
}
