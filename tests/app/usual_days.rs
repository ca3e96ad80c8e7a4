//! Days on which nothing goes wrong that a person should notice.

use std::time::Duration;

use crate::home::{Home, House};
use crate::stage::{Stage, until};

const NOOR: &str = "noor@harborvale.example";

/// What would be on screen if a person had to notice something.
const ALARMS: [&str; 4] = ["offline", "needs you", "sign in", " ! "];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_renewed_and_sessions_end_while_nobody_notices() {
    let house = House::with_tokens_of(Duration::from_secs(10)).await;
    let home = Home::new(&house, 1);
    let stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    let quiet_since = stage.screen.shown();
    let before = house.control.requests();
    let mut round = 0;
    while house.control.requests().refreshes < before.refreshes + 4 {
        round += 1;
        let subject = format!("Round {round}");
        house.deliver(&subject, "Still there?");
        stage.sees(&subject).await;
        stage.press("g g enter");
        stage.sees("Still there?").await;
        stage.press("r");
        stage.sees("Answer").await;
        stage.types(&format!("Here as ever, {round}."));
        stage.press("ctrl-s");
        let said = format!("Here as ever, {round}.");
        until("the answer is with its recipient", || {
            house.count(NOOR, "INBOX", &said) == 1
        })
        .await;
        stage.press("esc");
    }
    let after = house.control.requests();
    assert!(
        after.imap_logins > before.imap_logins,
        "no session ended with its token: {after:?}"
    );
    assert_eq!(after.reused_refresh_tokens, 0);
    for frame in stage.screen.shown_since(quiet_since) {
        for alarm in ALARMS {
            assert!(!frame.contains(alarm), "\"{alarm}\" on screen:\n{frame}");
        }
    }
    stage.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_typed_ahead_are_not_lost() {
    let house = House::open().await;
    let home = Home::new(&house, 0);
    let stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    write_blindly(&stage, "Typed ahead");
    arrives(&house, "Typed ahead").await;
    stage.quit().await;
    // Even before the program has drawn anything.
    let stage = Stage::open(&home, &house);
    write_blindly(&stage, "Typed before");
    arrives(&house, "Typed before").await;
    stage.quit().await;
}

/// Writes and sends all at once, without a look at the screen.
fn write_blindly(stage: &Stage, subject: &str) {
    stage.press("c");
    stage.types(NOOR);
    stage.press("tab tab tab");
    stage.types(subject);
    stage.press("tab");
    stage.types("One line,\nand another.");
    stage.press("ctrl-s");
}

async fn arrives(house: &House, subject: &str) {
    let subject = format!("Subject: {subject}\r\n");
    until("the message is with its recipient", || {
        let messages = house.control.messages(NOOR, "INBOX");
        messages.iter().any(|message| {
            let text = String::from_utf8_lossy(message);
            text.contains(&subject) && text.contains("One line,\r\nand another.")
        })
    })
    .await;
}

/// The composer comes when the original is there; what is typed until then is meant for it, not for the list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_typed_ahead_of_an_answer_are_its_words() {
    let house = House::open().await;
    let home = Home::new(&house, 0);
    let stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    house.deliver("Pier lamps", "How many lamps?");
    stage.sees("Pier lamps").await;
    let (inbox, bin) = ("INBOX", "Deleted Items");
    let user = &house.tenant.user;
    let before = [inbox, bin].map(|folder| house.control.count(user, folder));
    stage.press("g g r");
    stage.types("I need some sleep, dear. ");
    stage.press("ctrl-s");
    until("the answer is with its recipient", || {
        house.count(NOOR, "INBOX", "I need some sleep, dear.") == 1
    })
    .await;
    stage.sees("Re: Pier lamps").await;
    let answered = before[0].map(|count| count + 1);
    assert_eq!(house.control.count(user, inbox), answered);
    assert_eq!(house.control.count(user, bin), before[1]);
    stage.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_of_any_size_while_mail_comes_and_keys_are_pressed() {
    let house = House::open().await;
    let home = Home::new(&house, 1);
    let stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    let sizes = [
        (20, 5),
        (80, 24),
        (1, 1),
        (20, 5),
        (300, 90),
        (40, 3),
        (3, 40),
        (0, 0),
        (119, 24),
        (20, 5),
    ];
    let keys = [
        "j enter",
        "tab g s",
        "? esc",
        ": esc",
        "c esc",
        "g c esc",
        "/ l a m p esc",
        "g o esc",
        "esc 1",
    ];
    for (number, keys) in keys.into_iter().cycle().take(30).enumerate() {
        house.deliver(&format!("Meanwhile {number}"), "text");
        stage.resize(sizes[number % sizes.len()]);
        stage.press(keys);
        let frames = stage.screen.frames();
        let seen = *frames.borrow();
        until("a frame", || *frames.borrow() > seen).await;
    }
    stage.resize((80, 24));
    stage.press("1 g g");
    stage.sees("Meanwhile 29").await;
    stage.quit().await;
}
