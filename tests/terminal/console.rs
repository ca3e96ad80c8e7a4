//! A terminal with the program in it, somebody at the keys, and a record of every byte that came.

use std::io::{Read, Write};
use std::num::NonZeroU16;
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
    seen: Arc<Mutex<Seen>>,
    terminal: Box<dyn MasterPty + Send>,
}

#[derive(Default)]
struct Seen {
    screen: vt100::Parser,
    bytes: Vec<u8>,
}

impl Console {
    /// Starts the program on a terminal of 80×24.
    pub fn open(home: &Home) -> Self {
        Self::run(home, program(), &[])
    }

    /// Starts a program of any kind with further variables.
    pub fn run(home: &Home, mut command: CommandBuilder, variables: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(size(80, 24)).unwrap();
        command.env("PILLARBOX_HOME", home.path());
        command.env("TERM", "xterm-256color");
        for name in ["TMUX", "VISUAL", "EDITOR"] {
            command.env_remove(name);
        }
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let mut output = pair.master.try_clone_reader().unwrap();
        let record = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                let mut record = record.lock().unwrap();
                record.screen.process(&bytes[..count]);
                record.bytes.extend_from_slice(&bytes[..count]);
            }
        });
        Self {
            child,
            keys: pair.master.take_writer().unwrap(),
            seen,
            terminal: pair.master,
        }
    }

    /// Types a text.
    pub fn types(&mut self, text: &str) {
        self.keys.write_all(text.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Drags the terminal's corner.
    pub fn resize(&self, columns: u16, rows: u16) {
        let mut seen = self.seen.lock().unwrap();
        let [rows_set, columns_set] = [rows, columns].map(|count| NonZeroU16::new(count).unwrap());
        seen.screen.screen_mut().set_size(rows_set, columns_set);
        self.terminal.resize(size(columns, rows)).unwrap();
    }

    /// Returns what is on screen.
    pub fn text(&self) -> String {
        self.seen.lock().unwrap().screen.screen().contents()
    }

    /// Returns all that came so far.
    pub fn record(&self) -> String {
        String::from_utf8_lossy(&self.seen.lock().unwrap().bytes).into_owned()
    }

    /// Forgets what came so far.
    pub fn forget(&self) {
        self.seen.lock().unwrap().bytes.clear();
    }

    /// Waits until a text is on screen.
    pub fn sees(&self, text: &str) {
        self.waits(text, |console| console.text().contains(text));
    }

    /// Waits until something is so.
    pub fn waits(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            let screen = self.text();
            assert!(start.elapsed() < LIMIT, "no \"{what}\" in\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Quits as a person does; the program must end well and leave the terminal as it was.
    pub fn quit(mut self) {
        self.types("\x11");
        assert!(self.ends());
        let record = self.record();
        let left = record.rfind("\x1b[?1049l");
        assert!(left > record.rfind("\x1b[?1049h"), "{record:?}");
    }

    /// Waits for the end; tells whether all was well.
    pub fn ends(&mut self) -> bool {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            assert!(start.elapsed() < LIMIT, "no end of\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Returns the process that was started.
    pub fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // A story that failed must not leave anybody behind.
        let _ = self.child.kill();
    }
}

/// Returns the program, to be started.
pub fn program() -> CommandBuilder {
    CommandBuilder::new(env!("CARGO_BIN_EXE_pillarbox"))
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        ..PtySize::default()
    }
}
