//! Stories about finding out what changed.

use super::*;

async fn failed(mailbox: &mut dyn Backend, since: Option<&Cursor>) -> BackendError {
    let result = mailbox.changes(&inbox(), since).await;
    result.expect_err("an error")
}

#[tokio::test]
async fn newest_come_first_and_flags_say_nothing() {
    let script = opened(&[("a", 100), ("b", 200)]) + &top(2, "second") + &top(1, "first");
    let fake = Fake::new(&[script]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let all = changes(&mut mailbox, None).await;
    assert_eq!(
        (ids(&all), subjects(&all)),
        (vec!["b", "a"], vec!["second", "first"])
    );
    assert_eq!(
        (all.total, all.more, all.flags.len(), all.removals.len()),
        (2, false, 0, 0)
    );
    let sizes: Vec<u64> = all.upserts.iter().map(|m| m.envelope.size).collect();
    assert_eq!(sizes, [200, 100]);
    assert_eq!(all.upserts[0].envelope.flags, crate::model::Flags::NONE);
    let caps = mailbox.caps();
    assert!(!caps.flags && !caps.folders && !caps.push && !caps.server_search);
    fake.check().await;
}

#[tokio::test]
async fn next_look_opens_a_new_session_and_tells_the_difference() {
    let first = opened(&[("a", 1), ("b", 2)]) + &top(2, "two") + &top(1, "one") + QUIT;
    let second = opened(&[("b", 2), ("c", 3)]) + &top(2, "three") + QUIT;
    let third = opened(&[("b", 2), ("c", 3)]);
    let fake = Fake::new(&[first, second, third]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let known = changes(&mut mailbox, None).await;
    let news = changes(&mut mailbox, Some(&known.next)).await;
    assert_eq!(ids(&news), ["c"]);
    assert_eq!(news.removals, [RemoteId::new("a")]);
    let quiet = changes(&mut mailbox, Some(&news.next)).await;
    assert_eq!(
        (ids(&quiet).len(), quiet.removals.len(), quiet.total),
        (0, 0, 2)
    );
    fake.check().await;
}

fn many(count: u32) -> Vec<(String, u32)> {
    (1..=count).map(|n| (format!("m{n:04}"), n)).collect()
}

fn borrowed(messages: &[(String, u32)]) -> Vec<(&str, u32)> {
    messages
        .iter()
        .map(|(id, size)| (id.as_str(), *size))
        .collect()
}

#[tokio::test]
async fn pages_follow_each_other_in_one_session_to_the_oldest() {
    let messages = many(130);
    let mut script = opened(&borrowed(&messages));
    for number in (1..=130).rev() {
        script += &top(number, &format!("number {number}"));
    }
    let fake = Fake::new(&[script]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let first = changes(&mut mailbox, None).await;
    assert_eq!(
        (first.upserts.len(), first.more, first.total),
        (60, true, 130)
    );
    let second = changes(&mut mailbox, Some(&first.next)).await;
    assert_eq!((second.upserts.len(), second.more), (70, false));
    assert_eq!(subjects(&second).last(), Some(&"number 1"));
    fake.check().await;
}

/// Each answer takes so many milliseconds; the second page then holds so many messages.
async fn check_page(delay: u32, expected: usize) {
    let messages = many(2_500);
    let mut script = opened(&borrowed(&messages));
    for number in (1..=2_500).rev() {
        script += &top(number, "x").replace("S: +OK", &format!("W: {delay}\nS: +OK"));
    }
    let fake = Fake::new(&[script]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let first = changes(&mut mailbox, None).await;
    assert_eq!(first.upserts.len(), 60, "a screenful is not waited for");
    let second = changes(&mut mailbox, Some(&first.next)).await;
    assert_eq!((second.upserts.len(), second.more), (expected, true));
}

#[tokio::test(start_paused = true)]
async fn pages_of_a_near_server_are_larger() {
    check_page(0, 2_000).await;
    check_page(2, 250).await;
    check_page(50, 100).await;
}

#[tokio::test]
async fn interrupted_listing_goes_on_in_another_session_and_new_mail_comes_first() {
    let messages = many(62);
    let mut script = opened(&borrowed(&messages));
    for number in (3..=62).rev() {
        script += &top(number, "x");
    }
    let fake = Fake::new(&[script]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let first = changes(&mut mailbox, None).await;
    fake.check().await;

    let messages = many(63);
    let script = opened(&borrowed(&messages)) + &top(63, "new") + &top(2, "x") + &top(1, "x");
    let fake = Fake::new(&[script]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let rest = changes(&mut mailbox, Some(&first.next)).await;
    assert_eq!(ids(&rest), ["m0063", "m0002", "m0001"]);
    fake.check().await;
}

#[tokio::test]
async fn server_that_renames_everything_loses_the_cursor_and_not_for_ever() {
    let body = |id: &str| opened(&[(id, 700)]) + &top(1, "same") + QUIT;
    let sessions: Vec<String> = ["a", "b", "c", "d", "e"].map(body).to_vec();
    let fake = Fake::new(&sessions);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let mut known = changes(&mut mailbox, None).await;
    for _ in 0..3 {
        let error = failed(&mut mailbox, Some(&known.next)).await;
        assert!(matches!(error, BackendError::CursorLost), "{error:?}");
        known = changes(&mut mailbox, None).await;
        assert_eq!(known.upserts.len(), 1);
    }
    let error = failed(&mut mailbox, Some(&known.next)).await;
    assert!(matches!(error, BackendError::Protocol { .. }), "{error:?}");
}

#[tokio::test]
async fn small_maildrop_that_others_emptied_is_no_renaming() {
    let first = opened(&[("a", 1), ("b", 2)]) + &top(2, "two") + &top(1, "one") + QUIT;
    let second = opened(&[("c", 3)]) + &top(1, "three");
    let fake = Fake::new(&[first, second]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let known = changes(&mut mailbox, None).await;
    let news = changes(&mut mailbox, Some(&known.next)).await;
    assert_eq!((ids(&news), news.removals.len()), (vec!["c"], 2));
}

#[tokio::test]
async fn emptied_maildrop_is_empty() {
    let first = opened(&[("a", 1)]) + &top(1, "one") + QUIT;
    let fake = Fake::new(&[first, opened(&[])]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let known = changes(&mut mailbox, None).await;
    let news = changes(&mut mailbox, Some(&known.next)).await;
    assert_eq!((news.total, news.removals), (0, vec![RemoteId::new("a")]));
}

#[tokio::test]
async fn nonsense_is_a_lost_cursor_and_leaves_the_session_usable() {
    let fake = Fake::new(&[opened(&[("a", 1)]) + &top(1, "one")]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    for bytes in [vec![], vec![0xff; 64], b"{\"v\":1}".to_vec()] {
        let error = failed(&mut mailbox, Some(&Cursor(bytes))).await;
        assert!(matches!(error, BackendError::CursorLost), "{error:?}");
    }
    assert_eq!(changes(&mut mailbox, None).await.total, 1);
}

#[tokio::test]
async fn shared_ids_are_told_apart_by_size_and_then_by_number() {
    let script = opened(&[("x", 10), ("x", 20), ("y", 5), ("x", 10)])
        + &top(4, "4")
        + &top(3, "3")
        + &top(2, "2")
        + &top(1, "1");
    let fake = Fake::new(&[script]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let all = changes(&mut mailbox, None).await;
    assert_eq!(ids(&all), ["x 10 2", "y", "x 20", "x 10"]);
}

#[tokio::test]
async fn server_without_ids_is_of_no_use_unless_there_is_nothing_to_tell_apart() {
    let refused = signed_in(&[]) + "C: UIDL\nS: -ERR unknown command\nC: STAT\nS: +OK ";
    let fake = Fake::new(&[refused.clone() + "3 900\n"]);
    let error = fake.open().await.expect_err("an error");
    assert!(
        matches!(error, BackendError::Unsupported { .. }),
        "{error:?}"
    );
    let fake = Fake::new(&[refused + "0 0\n"]);
    fake.open().await.expect("an empty mailbox");
    let bare = signed_in(&[]) + "C: UIDL\nS: +OK\nS: 1\nS: .\nC: LIST\nS: +OK\nS: 1 10\nS: .\n";
    let error = Fake::new(&[bare]).open().await.expect_err("an error");
    assert!(
        matches!(error, BackendError::Unsupported { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn whole_messages_are_read_where_there_is_no_top() {
    let body = "S: +OK\nS: Subject: whole\nS: \nS: text\nS: .\n";
    let opened =
        signed_in(&["UIDL"]) + "C: UIDL\nS: +OK\nS: 1 a\nS: .\nC: LIST\nS: +OK\nS: 1 9\nS: .\n";
    let fake = Fake::new(&[opened + "C: RETR 1\n" + body]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    assert_eq!(subjects(&changes(&mut mailbox, None).await), ["whole"]);
    fake.check().await;

    // One that is announced and does not work is asked for once.
    let refused = super::opened(&[("a", 1), ("b", 2)])
        + "C: TOP 2 0\nS: -ERR what?\nC: RETR 2\n"
        + body
        + "C: RETR 1\n"
        + body;
    let fake = Fake::new(&[refused]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    assert_eq!(
        subjects(&changes(&mut mailbox, None).await),
        ["whole", "whole"]
    );
    fake.check().await;
}

#[tokio::test]
async fn message_that_cannot_be_read_keeps_no_other_away() {
    let script = opened(&[("a", 1), ("b", 7)])
        + "C: TOP 2 0\nS: -ERR cannot convert\nC: RETR 2\nS: -ERR cannot convert\n"
        + &top(1, "one");
    let fake = Fake::new(&[script]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let all = changes(&mut mailbox, None).await;
    assert_eq!(
        (ids(&all), subjects(&all)),
        (vec!["b", "a"], vec!["", "one"])
    );
    assert_eq!(all.upserts[0].envelope.size, 7);
    fake.check().await;
}

#[tokio::test]
async fn busy_server_does_not_look_empty() {
    let fake = Fake::new(&[opened(&[("a", 1)]) + "C: TOP 1 0\nS: -ERR Server Unavailable. 21\n"]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let error = failed(&mut mailbox, None).await;
    assert!(matches!(error, BackendError::Throttled { .. }), "{error:?}");
}

#[tokio::test]
async fn headers_are_asked_for_at_once_where_the_server_can_take_it() {
    let answer = "S: +OK\nS: Subject: x\nS: \nS: .\n";
    let script = signed_in(&["TOP", "PIPELINING"])
        + "C: UIDL\nC: LIST\nS: +OK\nS: 1 a\nS: 2 b\nS: .\nS: +OK\nS: 1 5\nS: 2 6\nS: .\n"
        + "C: TOP 2 0\nC: TOP 1 0\n"
        + answer
        + answer
        + "C: DELE 1\nC: DELE 2\nS: +OK\nS: +OK\n"
        + QUIT;
    let fake = Fake::new(&[script]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    assert_eq!(ids(&changes(&mut mailbox, None).await), ["b", "a"]);
    let op = crate::model::RemoteOp::Delete {
        folder: "INBOX".to_owned(),
        messages: vec!["b".to_owned(), "a".to_owned()],
    };
    mailbox.apply(&op).await.expect("a deletion");
    fake.check().await;
}

#[tokio::test]
async fn message_without_a_date_has_that_of_its_last_server() {
    let script = opened(&[("a", 1)])
        + "C: TOP 1 0\nS: +OK\nS: Received: from a by b\nS: \twith mapi; Thu, 12 Mar 2026\nS:  12:30:00 +0100 (CET)\n"
        + "S: Received: from x; Mon, 1 Jan 2001 00:00:00 +0000\nS: Subject: x\nS: \nS: .\n";
    let fake = Fake::new(&[script]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let all = changes(&mut mailbox, None).await;
    assert_eq!(
        all.upserts[0].envelope.date.to_string(),
        "2026-03-12T11:30:00Z"
    );
}

#[tokio::test]
async fn other_folders_are_gone() {
    let fake = Fake::new(&[opened(&[])]);
    let mut mailbox = fake.open().await.expect("a mailbox");
    let error = mailbox.changes(&RemoteId::new("Sent"), None).await.err();
    assert!(
        matches!(error, Some(BackendError::Gone { .. })),
        "{error:?}"
    );
    let folders = mailbox.folders().await.expect("folders");
    let names: Vec<&str> = folders.iter().map(|folder| folder.path.as_str()).collect();
    assert_eq!(names, ["INBOX"]);
}
