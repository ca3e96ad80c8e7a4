//! Days on which something breaks: what a person sees, what can be done, and that nothing is lost.

use std::time::{Duration, Instant};

use ratatui::crossterm::event::Event;

use crate::home::{Home, House};
use crate::relay::Wire;
use crate::stage::{LIMIT, Stage, until};

const NOOR: &str = "noor@harborvale.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_sign_in_is_said_and_renewed_in_place() {
    let house = House::open().await;
    let home = Home::new(&house, 0);
    let stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    stage.press("c");
    stage.types("Half a sen");
    house.control.revoke_refresh_tokens();
    house.control.expire_access_tokens();
    stage.sees("! sign in").await;
    // Nothing pops up over typing.
    stage.types("tence");
    stage.sees("Half a sentence").await;
    stage.press("esc");
    stage.sees("Keep as a draft").await;
    stage.press("enter");
    // What is done meanwhile waits.
    let user = house.tenant.user.clone();
    let before = house.control.count(&user, "Archive").unwrap();
    stage.press("1 g g e");
    stage.sees("Archived").await;
    stage.press("!");
    stage.sees("Enter this code").await;
    stage.press("a");
    stage.sees("Signed in as").await;
    stage.press("enter");
    stage.sees_no("! sign in").await;
    until("what was done meanwhile is done", || {
        house.control.count(&user, "Archive") == Some(before + 1)
    })
    .await;
    house.deliver("Afterwards", "text");
    stage.sees("Afterwards").await;
    stage.press("g d");
    stage.sees("Drafts on this machine").await;
    stage.press("enter");
    stage.sees("Half a sentence").await;
    stage.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_network_the_list_is_usable_and_what_is_done_is_done_later() {
    let house = House::open().await;
    let home = Home::new(&house, 0);
    let stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    house.deliver("Before the storm", "The last words");
    stage.sees("Before the storm").await;
    stage.press("g g enter");
    stage.sees("The last words").await;
    stage.press("esc");
    house.imap.set(Wire::Cut);
    house.smtp.set(Wire::Cut);
    stage.sees("offline").await;
    let user = house.tenant.user.clone();
    let counts = || ["INBOX", "Archive"].map(|folder| house.count(&user, folder, "The last words"));
    stage.press("enter");
    stage.sees("The last words").await;
    stage.press("e");
    stage.sees("Archived 1 message").await;
    stage.press("esc");
    stage.sees_no("Before the storm").await;
    stage.press("c");
    stage.types(NOOR);
    stage.press("tab tab tab");
    stage.types("From the storm");
    stage.press("ctrl-s");
    stage.sees("1 sending").await;
    assert_eq!(counts(), [1, 0]);
    house.imap.set(Wire::Whole);
    house.smtp.set(Wire::Whole);
    stage.press("ctrl-r");
    until("what was done is done", || counts() == [0, 1]).await;
    until("what was sent is sent", || {
        house.count(NOOR, "INBOX", "Subject: From the storm\r\n") == 1
    })
    .await;
    stage.sees_no("offline").await;
    stage.quit().await;
}

/// Writes a message and sends it, so that the whole of it takes many bytes.
fn send_much(stage: &Stage, subject: &str) {
    stage.press("c");
    stage.types(NOOR);
    stage.press("tab tab tab");
    stage.types(subject);
    stage.press("tab");
    stage.give(Event::Paste("A line among many others.\n".repeat(4000)));
    stage.press("ctrl-s");
}

async fn quits_while_sending(wire: Wire) {
    let house = House::open().await;
    let home = Home::new(&house, 0);
    let stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    house.smtp.set(wire);
    send_much(&stage, "On its way");
    stage.sees("1 sending").await;
    if wire != Wire::Still {
        until("the server has it", || {
            house.count(NOOR, "INBOX", "Subject: On its way\r\n") == 1
        })
        .await;
    }
    let start = Instant::now();
    stage.quit().await;
    assert!(
        start.elapsed() < LIMIT / 2,
        "quitting took {:?}",
        start.elapsed()
    );

    house.smtp.set(Wire::Whole);
    let stage = Stage::open(&home, &house);
    until("the message is with its recipient", || {
        house.count(NOOR, "INBOX", "Subject: On its way\r\n") == 1
    })
    .await;
    stage.sees("All inboxes").await;
    stage.press("g o");
    stage.sees("Outbox").await;
    stage.sees("0 messages").await;
    assert_eq!(house.count(NOOR, "INBOX", "Subject: On its way\r\n"), 1);
    assert_eq!(
        house.count(&house.tenant.user, "Sent Items", "Subject: On its way\r\n"),
        1
    );
    stage.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quitting_while_the_server_is_silent_is_quick_and_the_message_goes_later() {
    quits_while_sending(Wire::Still).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quitting_before_the_servers_answer_came_sends_nothing_twice() {
    quits_while_sending(Wire::Deaf(50_000)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_is_found_again_after_a_crash() {
    let house = House::open().await;
    let home = Home::new(&house, 0);
    let mut stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    let engine = stage.engine().await;
    stage.press("c");
    stage.types(NOOR);
    stage.press("tab tab tab");
    stage.types("Unfinished");
    stage.press("tab");
    stage.types("What I always wanted to say");
    let start = Instant::now();
    while engine.drafts().await.unwrap().is_empty() {
        assert!(start.elapsed() < LIMIT, "the draft is not saved by itself");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(engine);
    stage.dies();

    let stage = Stage::open(&home, &house);
    stage.sees("All inboxes").await;
    stage.press("g d");
    stage.sees("Unfinished").await;
    stage.press("enter");
    stage.sees("What I always wanted to say").await;
    stage.press("ctrl-s");
    until("the message is with its recipient", || {
        house.count(NOOR, "INBOX", "What I always wanted to say") == 1
    })
    .await;
    stage.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_cache_is_said_and_the_mail_comes_again() {
    let house = House::open().await;
    let home = Home::new(&house, 0);
    let stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    house.deliver("Still there", "text");
    stage.sees("Still there").await;
    stage.quit().await;
    std::fs::write(home.paths().data.join("mail.db"), [0xA5; 9000]).unwrap();
    let stage = Stage::open(&home, &house);
    stage.sees("damaged").await;
    stage.sees("Still there").await;
    stage.quit().await;
}
