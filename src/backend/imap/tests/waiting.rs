//! IDLE and what replaces it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Client, client, end, reaction, select};
use crate::backend::{Backend as _, BackendError};
use crate::model::{RemoteId, Wake};

const HOUR: Duration = Duration::from_secs(3600);

/// Waits as after a look at the folder.
async fn wait(client: &mut Client, limit: Duration) -> Result<Wake, BackendError> {
    look(client).await?;
    client
        .wait(&RemoteId::new("INBOX"), &Notify::new(), limit)
        .await
}

/// Opens the folder and takes what there is as read.
async fn look(client: &mut Client) -> Result<(), BackendError> {
    client.select("INBOX").await?;
    client.session.selected_mut().unwrap().opened = None;
    Ok(())
}

/// Plays a script in which the client waits once.
async fn check(capabilities: &str, script: &str, expected: Wake) {
    let script = select("INBOX", 5, 10) + script;
    let (mut client, server) = client(capabilities, &script).await;
    assert_eq!(wait(&mut client, HOUR).await.unwrap(), expected);
    end(client, server).await;
}

async fn check_error(script: &str, expected: &str) {
    let script = select("INBOX", 5, 10) + script;
    let (mut client, server) = client("IDLE", &script).await;
    let error = wait(&mut client, HOUR).await.unwrap_err();
    assert_eq!(reaction(&error), expected, "{error}");
    let again = wait(&mut client, HOUR).await.unwrap_err();
    assert_eq!(
        reaction(&again),
        "offline",
        "a broken connection was used again"
    );
    server.abort();
}

#[tokio::test]
async fn a_burst_of_news_wakes_once() {
    check(
        "IDLE",
        "C: IDLE
         S: + idling
         S: * OK Still here
         S: * 5 EXISTS
         S: * 6 EXISTS
         S: * 1 RECENT
         S: * 3 EXPUNGE
         C: DONE
         S: $ OK done",
        Wake::Remote,
    )
    .await;
}

#[tokio::test]
async fn a_folder_opened_for_the_wait_is_looked_at_before_it_is_slept_on() {
    let script = select("INBOX", 5, 10)
        + "C: IDLE
           S: + go
           S: * 6 EXISTS
           C: DONE
           S: $ OK done";
    let (mut client, server) = client("IDLE", &script).await;
    for _ in 0..2 {
        let (folder, poke) = (RemoteId::new("INBOX"), Notify::new());
        let wake = client.wait(&folder, &poke, HOUR).await;
        assert_eq!(wake.unwrap(), Wake::Remote);
    }
    end(client, server).await;
}

#[tokio::test]
async fn news_before_the_server_idles_are_not_lost() {
    check(
        "IDLE",
        "C: IDLE
         S: * 6 EXISTS
         S: + idling
         C: DONE
         S: * 2 FETCH (FLAGS (\\Seen))
         S: $ OK done",
        Wake::Remote,
    )
    .await;
}

#[tokio::test]
async fn changed_flags_and_vanished_messages_are_news() {
    for line in ["* 2 FETCH (FLAGS ())", "* VANISHED 4", "* 1 EXPUNGE"] {
        let script = format!("C: IDLE\nS: + go\nS: {line}\nC: DONE\nS: $ OK done");
        check("IDLE", &script, Wake::Remote).await;
    }
}

#[tokio::test]
async fn what_nobody_can_parse_does_not_end_the_waiting() {
    check(
        "IDLE",
        "C: IDLE
         S: + go
         S: * NOOP
         S: * ESEARCH (TAG \"x\") UID ALL 1:3
         S: * STATUS \"x\" (SIZE 5 DELETED 3)
         S: * 6 EXISTS
         C: DONE
         S: $ OK done",
        Wake::Remote,
    )
    .await;
}

#[tokio::test]
async fn a_lost_connection_is_not_a_quiet_one() {
    check_error("C: IDLE\nS: + go\nclose", "offline").await;
    check_error(
        "C: IDLE\nS: + go\nS: * BYE Connection is closed. 13",
        "offline",
    )
    .await;
    check_error(
        "C: IDLE\nS: + go\nS: * BYE Session invalidated - AccessTokenExpired",
        "sign-in",
    )
    .await;
    check_error("C: IDLE\nS: + go\nS: Server Unavailable. 15", "throttled").await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_will_not_idle_is_asked_when_the_time_is_up() {
    for refusal in ["$ NO not now", "$ BAD what"] {
        let script = format!(
            "C: IDLE
             S: {refusal}
             C: NOOP
             S: * 6 EXISTS
             S: $ OK done"
        );
        check("IDLE", &script, Wake::Remote).await;
    }
    check("", "C: NOOP\nS: $ OK done", Wake::Timer).await;
}

#[tokio::test(start_paused = true)]
async fn idle_is_asked_for_anew_every_five_minutes() {
    let script = select("INBOX", 5, 10)
        + "C: IDLE
           S: + go
           C: DONE
           S: $ OK done
           C: IDLE
           S: + go
           C: DONE
           S: $ OK done";
    let (mut client, server) = client("IDLE", &script).await;
    let start = Instant::now();
    let limit = Duration::from_secs(9 * 60);
    assert_eq!(wait(&mut client, limit).await.unwrap(), Wake::Timer);
    assert_eq!(start.elapsed().as_secs(), 540);
    end(client, server).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_dead_while_idling_is_found_out() {
    let script = "C: IDLE\nS: + go\nC: DONE\nsilence";
    check_error(script, "offline").await;
}

#[tokio::test(start_paused = true)]
async fn a_poke_ends_any_waiting() {
    for (capabilities, script) in [
        ("IDLE", "C: IDLE\nS: + go\nC: DONE\nS: $ OK done"),
        ("", ""),
    ] {
        let script = select("INBOX", 5, 10) + script;
        let (mut client, server) = client(capabilities, &script).await;
        let poke = Arc::new(Notify::new());
        let later = poke.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(7)).await;
            later.notify_one();
        });
        look(&mut client).await.unwrap();
        let start = Instant::now();
        let wake = client.wait(&RemoteId::new("INBOX"), &poke, HOUR).await;
        assert_eq!(wake.unwrap(), Wake::Poke);
        assert_eq!(start.elapsed().as_secs(), 7);
        end(client, server).await;
    }
}

#[tokio::test]
async fn a_wait_that_was_dropped_does_not_disturb_what_follows() {
    let script = select("INBOX", 5, 10)
        + "C: IDLE
           S: + go
           C: DONE
           S: $ OK done
           C: NOOP
           S: $ OK done";
    let (mut client, server) = client("IDLE", &script).await;
    let short = Duration::from_millis(200);
    let _ = tokio::time::timeout(short, wait(&mut client, HOUR)).await;
    client.can_idle = false;
    assert_eq!(
        wait(&mut client, Duration::ZERO).await.unwrap(),
        Wake::Timer
    );
    end(client, server).await;
}
