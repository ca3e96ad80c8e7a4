//! The vault's passphrase and a password, typed at a terminal: neither is shown, written or kept in clear.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::home::Home;
use crate::leaks::find;
use crate::sign_in_service::Service;

/// A wait that only a broken program reaches.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a command at a terminal of its own, typing each answer when its question has come; returns how it ended.
fn type_into(home: &Home, arguments: &[&str], answers: &[(&str, &str)]) -> bool {
    let terminal = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_pillarbox"));
    command.args(arguments);
    for (name, value) in home.variables() {
        command.env(name, value);
    }
    let mut child = terminal.slave.spawn_command(command).unwrap();
    drop(terminal.slave);
    let watched = home.watch();
    let shown = Arc::new(Mutex::new(Vec::new()));
    let mut output = terminal.master.try_clone_reader().unwrap();
    let seen = Arc::clone(&shown);
    let reader = std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            seen.lock().unwrap().extend_from_slice(&bytes[..count]);
        }
    });
    let mut input = terminal.master.take_writer().unwrap();
    let mut behind = 0;
    for (question, answer) in answers {
        let start = Instant::now();
        loop {
            let text = String::from_utf8_lossy(&shown.lock().unwrap()).into_owned();
            if let Some(place) = text.get(behind..).and_then(|rest| rest.find(question)) {
                behind += place + question.len();
                break;
            }
            assert!(start.elapsed() < PATIENCE, "no {question:?} in {text:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
        input.write_all(format!("{answer}\n").as_bytes()).unwrap();
    }
    let ended = child.wait().unwrap();
    watched.end();
    drop(input);
    drop(terminal.master);
    reader.join().unwrap();
    let shown = shown.lock().unwrap().clone();
    home.say(&format!("{arguments:?} at a terminal"), shown);
    ended.success()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passphrase_is_asked_for_and_kept_by_nobody() {
    let service = Service::start().await;
    let home = Home::new(&service, "kind = \"file\"").await;
    let passphrase = service.canaries.plant("passphrase");
    let password = service.canaries.plant("password");
    tokio::task::block_in_place(|| {
        let answers = [
            ("New passphrase: ", passphrase.as_str()),
            ("The same again: ", &passphrase),
            ("Password for pass: ", &password),
        ];
        let signed_in = type_into(&home, &["sign-in", "pass"], &answers);
        assert!(signed_in, "{}", home.words());
        let answers = [
            ("Passphrase of the vault: ", "not this one"),
            ("Passphrase of the vault: ", passphrase.as_str()),
        ];
        type_into(&home, &["sync", "pass@x.test"], &answers);
    });
    let written = home.written();
    let vault = written.iter().any(|one| one.place.ends_with("vault"));
    assert!(vault, "no vault was written");
    let found = find(&service.canaries, &written);
    assert!(found.is_empty(), "{found:#?}");
}
