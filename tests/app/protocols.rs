//! Days over other protocols than IMAP, by keys alone.

use crate::home::{Home, House};
use crate::stage::{Stage, until};

const NOOR: &str = "noor@harborvale.example";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_leaves_a_blocked_ews_and_the_draft_stays() {
    let house = House::open().await;
    let home = Home::over("ews", &house);
    let stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    stage.press("c");
    stage.types("Half a sentence");
    stage.press("esc");
    stage.sees("Keep as a draft").await;
    stage.press("enter");

    house.control.block_ews(true);
    stage.press("ctrl-r");
    stage.sees("! leave EWS").await;
    stage.press("!");
    stage.sees("is read over Microsoft Graph now").await;
    stage.sees_no("! leave EWS").await;
    let before = house.control.requests();
    house.deliver("Over another bridge", "text");
    stage.sees("Over another bridge").await;
    assert!(house.control.requests().graph_requests > before.graph_requests);
    stage.press("g d");
    stage.sees("Half a sentence").await;
    stage.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_pop3_keys_say_why_they_do_nothing_and_delete_asks_first() {
    let house = House::open().await;
    let home = Home::over("pop3", &house);
    let stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    let user = house.tenant.user.clone();
    let before = house.control.count(&user, "INBOX").unwrap();
    for key in ["e", "m"] {
        stage.press(key);
        stage.sees("POP3 has no folders").await;
        stage.press("j");
        stage.sees_no("POP3 has no folders").await;
    }
    stage.press("d");
    stage.sees("POP3 has no trash").await;
    assert_eq!(house.control.count(&user, "INBOX"), Some(before));
    stage.press("y");
    until("the server deletes it", || {
        house.control.count(&user, "INBOX") == Some(before - 1)
    })
    .await;
    stage.press("g g enter r");
    stage.sees("Answer").await;
    stage.types("By the old road.");
    stage.press("ctrl-s");
    stage.sees_no("Answer").await;
    stage.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_over_graph_is_a_day_like_any_other() {
    let house = House::open().await;
    let home = Home::over("graph", &house);
    let stage = Stage::open_at(&home, &house, (120, 40));
    stage.settle_in(&house).await;
    house.deliver("Pier lamps", "How many lamps?");
    stage.press("ctrl-r");
    stage.sees("Pier lamps").await;
    stage.press("g g enter");
    stage.sees("How many lamps?").await;
    stage.press("r");
    stage.sees("Re: Pier lamps").await;
    stage.types("Seventeen, and a spare.");
    stage.press("ctrl-s");
    until("the answer is there", || {
        house.count(NOOR, "INBOX", "Seventeen, and a spare.") == 1
    })
    .await;
    until("its copy lies in Sent, once", || {
        house.count(&house.tenant.user, "Sent Items", "Seventeen, and a spare.") == 1
    })
    .await;
    stage.quit().await;
}
