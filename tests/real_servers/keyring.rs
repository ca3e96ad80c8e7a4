//! The desktop's keyring in all its moods: sign-ins go where was said, or nowhere; and nothing waits for ever.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::home::Home;
use crate::secret_service::{Bus, Habit};

fn check_asks_for_passphrase(said: &str, reason: &str) {
    assert!(said.contains("A passphrase is needed"), "{said}");
    assert!(said.contains("keyring cannot be used"), "{said}");
    assert!(
        said.to_lowercase().contains(reason),
        "no {reason:?} in: {said}"
    );
}

fn check_keyring_fails(said: &str) {
    assert!(said.contains("The keyring does not work"), "{said}");
}

/// Checks what a keyring with this habit leads to: with `auto`, a passphrase is asked for and nothing kept; with
/// `keyring`, it is said.
async fn check_unusable(bus: &Bus, reason: &str) {
    let home = Home::new(&bus.address, "kind = \"auto\"");
    let strict = Home::new(&bus.address, "kind = \"keyring\"");
    let (free, bound) = tokio::join!(home.fails(), strict.fails());
    check_asks_for_passphrase(&free, reason);
    check_keyring_fails(&bound);
    for home in [home, strict] {
        assert!(!home.has("vault") && !home.has("vault.keyring"));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the real servers: tests/run"]
async fn a_bus_without_a_keyring_leads_to_the_file() {
    check_unusable(&Bus::start(), "secret").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the real servers: tests/run"]
async fn a_dialog_that_is_closed_leads_to_the_file() {
    let bus = Bus::start();
    let _service = bus.serve(Habit::Dismisses).await;
    check_unusable(&bus, "dismissed").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the real servers: tests/run"]
async fn a_dialog_nobody_answers_is_given_up() {
    let bus = Bus::start();
    let _service = bus.serve(Habit::Waits).await;
    check_unusable(&bus, "no answer").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the real servers: tests/run"]
async fn a_keyring_that_never_answers_is_given_up_sooner() {
    let bus = Bus::start();
    let _service = bus.serve(Habit::Mute).await;
    let started = Instant::now();
    check_unusable(&bus, "no answer within 5 s").await;
    assert!(started.elapsed() >= Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the real servers: tests/run"]
async fn a_keyring_keeps_sign_ins_and_no_file_does() {
    for habit in [Habit::Open, Habit::Unlocks] {
        let bus = Bus::start();
        let _service = bus.serve(habit).await;
        let home = Home::new(&bus.address, "kind = \"auto\"");
        home.sign_in().await;
        let token = home.run(&["token", "work"]).await;
        assert!(
            token.status.success() && !token.stdout.is_empty(),
            "{habit:?}: {token:?}"
        );
        assert!(home.has("vault.keyring") && !home.has("vault"), "{habit:?}");
        check_nowhere_in(home.path(), &String::from_utf8_lossy(&token.stdout));
    }
}

/// Not even a key file that stands ready changes where secrets go.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the real servers: tests/run"]
async fn a_keyring_that_went_away_is_never_replaced_by_a_file() {
    let bus = Bus::start();
    let service = bus.serve(Habit::Open).await;
    let mut home = Home::new(&bus.address, "kind = \"auto\"\nkey_file = \"vault.key\"");
    home.sign_in().await;
    service.close().await.unwrap();
    check_keyring_fails(&home.fails().await);
    home.bus = "unix:path=/nonexistent/bus".to_owned();
    check_keyring_fails(&home.fails().await);
    assert!(!home.has("vault"));
}

fn check_nowhere_in(folder: &Path, secret: &str) {
    let secret = secret.trim();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            check_nowhere_in(&entry.path(), secret);
        } else if let Ok(bytes) = std::fs::read(entry.path()) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(
                !text.contains(secret),
                "{} has the token",
                entry.path().display()
            );
        }
    }
}
