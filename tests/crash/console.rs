//! The interface on a terminal of its own, with somebody at the keys.

use std::io::{Read, Write};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::home::Home;

/// Far longer than anything takes, also on a busy machine.
const LIMIT: Duration = Duration::from_secs(90);

/// A running program and its terminal.
pub struct Console {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    _terminal: Box<dyn MasterPty + Send>,
}

impl Console {
    /// Starts the program on a terminal of 80×24.
    pub fn open(home: &Home) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_pillarbox"));
        command.env("PILLARBOX_HOME", home.path());
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::default()));
        let mut output = pair.master.try_clone_reader().unwrap();
        let seen = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                seen.lock().unwrap().process(&bytes[..count]);
            }
        });
        Self {
            child,
            keys: pair.master.take_writer().unwrap(),
            screen,
            _terminal: pair.master,
        }
    }

    /// Types a text.
    pub fn types(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until a text is on screen.
    pub fn sees(&self, text: &str) {
        let start = Instant::now();
        loop {
            let screen = self.screen.lock().unwrap().screen().contents();
            if screen.contains(text) {
                return;
            }
            assert!(start.elapsed() < LIMIT, "no \"{text}\" in\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills the program, as `kill -9` does.
    pub fn kill(mut self) {
        // The crate's own way asks politely first, and a bare machine has no such program, but its shell can.
        let id = self.child.process_id().unwrap();
        let kill = format!("kill -9 {id}");
        let killed = Command::new("bash").args(["-c", &kill]).status().unwrap();
        assert!(killed.success());
        self.child.wait().unwrap();
    }
}
