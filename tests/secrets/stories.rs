//! The program's days: signing in by every method, reading, sending, a refused login, signing out.

use std::time::Duration;

use pillarbox::model::sanitize_line;

use crate::home::Home;
use crate::leaks::find;
use crate::sign_in_service::Service;

/// Reads, sends, looks, and signs out.
fn use_account(home: &Home, name: &str, works: bool) {
    let address = format!("{name}@x.test");
    let run = |arguments: &[&str]| home.run(arguments, "Good morning\n", None);
    assert_eq!(run(&["sync", &address]), works, "{}", home.words());
    let send = [
        "send",
        "--from",
        &address,
        "--to",
        "sink@x.test",
        "--subject",
        "Hello",
    ];
    assert!(run(&send), "{}", home.words());
    run(&["check", name]);
    run(&["token", name]);
    // Tokens live for two seconds: the next ones come by the refresh token.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(run(&["sync", &address]), works, "{}", home.words());
}

/// Uses every account, then signs out of it; the certificate's servers refuse it.
fn use_all(home: &Home) {
    for name in ["device", "web", "app", "certified", "pass"] {
        use_account(home, name, name != "certified");
    }
    for name in ["device", "web", "app", "certified", "pass"] {
        home.run(&["sign-out", name], "", None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_written_said_or_shown() {
    let service = Service::start().await;
    let home = Home::new(&service, "").await;
    tokio::task::block_in_place(|| {
        home.sign_in_everywhere(&service);
        use_all(&home);
    });
    let used = service.used.lock().unwrap().clone();
    let all = [
        "client_assertion",
        "client_secret",
        "code",
        "code_verifier",
        "device_code",
        "refresh_token",
    ];
    assert!(all.iter().all(|kind| used.contains(*kind)), "{used:?}");
    let written = home.written();
    let log = written
        .iter()
        .find(|one| one.place.ends_with("pillarbox.log"))
        .unwrap();
    assert!(
        log.bytes.len() > 20_000,
        "the log is not talkative: {}",
        log.bytes.len()
    );
    let shown = &written.last().unwrap().bytes;
    let shown = sanitize_line(&String::from_utf8_lossy(shown));
    for (part, what) in [
        ("keeper.sh", "the vault's program"),
        ("sign-in", "commands"),
    ] {
        assert!(shown.contains(part), "{what} not seen");
    }
    let found = find(&service.canaries, &written);
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(target_os = "linux")]
async fn a_program_that_dies_leaves_no_core() {
    let service = Service::start().await;
    let home = Home::new(&service, "").await;
    tokio::task::block_in_place(|| home.run(&["sign-in", "device", "--json"], "", None));
    let written = home.written();
    let shown = String::from_utf8_lossy(&written.last().unwrap().bytes).into_owned();
    let limit = |line: &&str| line.starts_with("Max core file size");
    // The first look may come before the program's first line.
    let last = shown.lines().rfind(limit).unwrap();
    let words: Vec<&str> = last.split_whitespace().collect();
    assert_eq!(words.get(4..6), Some(&["0", "0"][..]), "{last}");
}
