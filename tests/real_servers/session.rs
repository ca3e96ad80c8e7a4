//! A session of the whole program, on a terminal and against the real servers, with tokens that hardly live.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::home::Home;

/// Far longer than anything takes, also on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// Words that stand on screen only when something is wrong.
const TROUBLE: &[&str] = &[
    "offline", "ign in", "refuse", "cannot", "expired", "again in", "error",
];

/// The running program and its terminal.
struct Console {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Screens on which there was trouble.
    troubled: Arc<Mutex<Vec<String>>>,
    _terminal: Box<dyn MasterPty + Send>,
}

impl Console {
    fn open(home: &Home) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_pillarbox"));
        command.env("PILLARBOX_HOME", home.path());
        command.env("PILLARBOX_LOG", "pillarbox=debug");
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::default()));
        let troubled: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut output = pair.master.try_clone_reader().unwrap();
        let (seen, noted) = (Arc::clone(&screen), Arc::clone(&troubled));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                let mut screen = seen.lock().unwrap();
                screen.process(&bytes[..count]);
                let text = screen.screen().contents();
                if TROUBLE.iter().any(|word| text.contains(word)) {
                    noted.lock().unwrap().push(text);
                }
            }
        });
        Self {
            child,
            keys: pair.master.take_writer().unwrap(),
            screen,
            troubled,
            _terminal: pair.master,
        }
    }

    fn types(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    async fn sees(&self, text: &str) {
        let start = Instant::now();
        loop {
            let screen = self.screen.lock().unwrap().screen().contents();
            if screen.contains(text) {
                return;
            }
            assert!(start.elapsed() < LIMIT, "no {text:?} in\n{screen}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn renewals(home: &Home) -> usize {
    let log = home.paths().state.join("pillarbox.log");
    let log = std::fs::read_to_string(log).unwrap_or_default();
    log.matches("access token renewed").count()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the real servers: tests/run"]
async fn tokens_of_twenty_seconds_are_renewed_and_nobody_notices() {
    let home = Home::new(
        "unix:path=/nonexistent",
        "kind = \"file\"\nkey_file = \"vault.key\"",
    );
    let habits = json!({"client_id": home.client_id, "tokenLife": 20});
    home.lab.admin("client", habits).await;
    home.sign_in().await;
    let mut console = Console::open(&home);
    console.sees("No messages").await;
    console.troubled.lock().unwrap().clear();
    let before = renewals(&home);
    let text = home.path().join("text");
    std::fs::write(&text, "The tide is out.\n").unwrap();
    let mut round = 0;
    while renewals(&home) < before + 4 {
        round += 1;
        assert!(round < 20, "the token is not renewed");
        let subject = format!("Round {round}");
        let (to, me) = (home.address.clone(), home.address.clone());
        let arguments = ["send", "--from", &me, "--to", &to, "--subject", &subject];
        let mut command = home.command(&arguments);
        command.stdin(std::fs::File::open(&text).unwrap());
        let sent = command.output().await.unwrap();
        assert!(sent.status.success(), "{sent:?}");
        console.sees(&subject).await;
        for keys in ["1", "j", "k", "\r", "\u{1b}", "1"] {
            console.types(keys);
            sleep(Duration::from_millis(500)).await;
        }
    }
    let troubled = console.troubled.lock().unwrap();
    assert!(troubled.is_empty(), "{}", troubled.join("\n\n"));
}
