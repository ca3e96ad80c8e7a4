//! Days over other protocols than IMAP, by keys alone.

use crate::home::{Home, House};
use crate::stage::{Stage, until};

const NOOR: &str = "noor@harborvale.example";

/// Begins a message and keeps it.
async fn leaves_a_draft(stage: &Stage) {
    stage.press("c");
    stage.types("Half a sentence");
    stage.press("esc");
    stage.sees("Keep as a draft").await;
    stage.press("enter");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_leaves_a_blocked_ews_and_the_draft_stays() {
    let house = House::open().await;
    let home = Home::over("ews", &house);
    let stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    leaves_a_draft(&stage).await;

    house.control.block_ews(true);
    stage.press("ctrl-r");
    stage.sees("! leave EWS").await;
    stage.press("!");
    stage
        .sees("Reads and sends over Microsoft Graph instead of EWS")
        .await;
    stage.press("esc");
    stage.sees_no("Reads and sends over").await;
    stage.sees("! leave EWS").await;
    stage.press("! enter");
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
async fn where_graph_is_not_granted_leaving_ews_names_what_is_missing_and_loses_nothing() {
    let house = House::open().await;
    let home = Home::over("ews", &house);
    let stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    leaves_a_draft(&stage).await;

    house.control.withhold_graph(true);
    house.control.block_ews(true);
    stage.press("ctrl-r");
    stage.sees("! leave EWS").await;
    stage.press("!");
    stage.sees("Mail.ReadWrite").await;
    stage.press("enter");
    stage.sees("An administrator has to approve the app").await;
    stage.sees("Alistair").await;
    stage.press("g m");
    stage.sees("Admin kit").await;
    stage.presses_until("tab", "Mail.ReadWrite.Shared").await;
    stage.press("esc");
    stage.sees_no("Admin kit").await;
    stage.press("g d");
    stage.sees("Half a sentence").await;
    stage.press("esc");

    // Back to EWS, which the administrator has allowed meanwhile.
    house.control.block_ews(false);
    stage.press("g c");
    stage.sees("over Microsoft Graph").await;
    stage.press("enter");
    stage.sees("Edit account").await;
    stage.presses_until("tab", "Server profile    < ").await;
    stage.presses_until("right", "Reads over        EWS").await;
    stage.presses_until("tab", "Enter goes on. Nothing").await;
    stage.press("enter");
    stage.sees("Saved").await;
    stage.press("esc");
    stage.sees("synced").await;
    house.deliver("Back over the old bridge", "text");
    stage.press("ctrl-r");
    stage.sees("Back over the old bridge").await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_ews_the_directory_completes_whom_no_mail_names() {
    let house = House::open().await;
    let home = Home::over("ews", &house);
    let stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    stage.press("c");
    stage.sees("New message").await;
    // A shared mailbox that never wrote to anybody: only the directory knows it.
    let unseen = &house.tenant.forbidden;
    stage.types(unseen.split('@').next().unwrap());
    stage.sees(&format!("{unseen}> ")).await;
    stage.sees("directory").await;
    stage.press("enter");
    stage.sees_no("directory").await;
    stage.sees(&format!("{unseen}>,")).await;
    house.control.block_ews(true);
    stage.types("nobody at all");
    stage.sees("nobody at all").await;
    stage.press("esc");
    stage.sees("Keep as a draft").await;
    stage.press("down enter");
    stage.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_finds_what_was_never_fetched() {
    for protocol in ["ews", "graph"] {
        let house = House::open().await;
        let home = Home::over(protocol, &house);
        let mut stage = Stage::open(&home, &house);
        stage.settle_in(&house).await;
        // No folder but the inbox is fetched ahead: the cache knows the subject and not the text.
        let message = "From: Noor Haddad <noor@harborvale.example>\r\nSubject: Old plans\r\n\
            Date: Mon, 2 Nov 2026 10:00:00 +0000\r\nMessage-ID: <old@harborvale.example>\r\n\r\nZanzibar by ship.\r\n";
        let user = house.tenant.user.clone();
        house
            .control
            .deliver(&user, "Archive", message.as_bytes())
            .unwrap();
        let engine = stage.engine().await;
        engine.poke(None);
        // Every folder is listed, and only near ones are fetched ahead.
        engine.idle().await;
        stage.press("/");
        stage.sees("Search").await;
        stage.press("ctrl-g");
        stage.types("Zanzibar");
        stage.sees("Nothing found in the cache").await;
        stage.press("ctrl-r");
        stage.sees("1 by the server alone").await;
        stage.sees("Old plans").await;
        stage.press("enter enter");
        stage.sees("Zanzibar by ship.").await;
        stage.quit().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pop3_server_that_cannot_search_is_not_asked() {
    let house = House::open().await;
    let home = Home::over("pop3", &house);
    let stage = Stage::open(&home, &house);
    stage.settle_in(&house).await;
    stage.press("/");
    stage.types("lamp");
    stage.sees("A POP3 server cannot search").await;
    stage.press("ctrl-r");
    stage.sees("A POP3 server cannot search").await;
    stage.quit().await;
}
