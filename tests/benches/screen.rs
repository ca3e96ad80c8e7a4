//! The program on a terminal of 120×40: when the list is painted, and what a key press costs.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::home::Home;
use crate::{Failure, corpus, middle, report, seconds};

const ROWS: u16 = 40;
const COLUMNS: u16 = 120;
/// No more bytes for this long means that the frame is done.
const QUIET: Duration = Duration::from_millis(60);
/// A key that brings nothing within this time does nothing.
const ANSWER: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(30);

/// A running program on a terminal that this process emulates.
struct Screen {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<(Instant, Vec<u8>)>,
    terminal: vt100::Parser,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

/// What came back after a key: bytes, and how long the first of them took.
struct Frame {
    bytes: usize,
    first: Duration,
}

impl Screen {
    fn start(home: &Home) -> Result<(Self, Instant), Failure> {
        let size = PtySize {
            rows: ROWS,
            cols: COLUMNS,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(Home::program());
        command.env("PILLARBOX_HOME", home.path());
        command.env("TERM", "xterm-256color");
        let mut reader = pty.master.try_clone_reader()?;
        let keys = pty.master.take_writer()?;
        let start = Instant::now();
        let child = pty.slave.spawn_command(command)?;
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut piece = vec![0; 1 << 16];
            while let Ok(length) = reader.read(&mut piece) {
                let bytes = piece.iter().take(length).copied().collect();
                if length == 0 || sender.send((Instant::now(), bytes)).is_err() {
                    break;
                }
            }
        });
        let zero = "a terminal has rows and columns";
        let rows = NonZeroU16::new(ROWS).ok_or(zero)?;
        let columns = NonZeroU16::new(COLUMNS).ok_or(zero)?;
        let terminal = vt100::Parser::new(rows, columns, 0);
        let screen = Self {
            child,
            keys,
            output,
            terminal,
            _master: pty.master,
        };
        Ok((screen, start))
    }

    /// Reads until `text` is on the screen; returns when the bytes came that made it so.
    fn await_text(&mut self, text: &str) -> Result<Instant, Failure> {
        let limit = Instant::now() + PATIENCE;
        while Instant::now() < limit {
            let (at, bytes) = self.output.recv_timeout(PATIENCE)?;
            self.terminal.process(&bytes);
            if self.terminal.screen().contents().contains(text) {
                return Ok(at);
            }
        }
        Err(format!(
            "{text:?} never appeared:\n{}",
            self.terminal.screen().contents()
        )
        .into())
    }

    /// Reads until nothing comes any more; waits for the first bytes as long as `patience`.
    fn settle(&mut self, patience: Duration) -> Result<(usize, Option<Instant>), Failure> {
        let (mut count, mut first) = (0, None);
        loop {
            let limit = if first.is_some() { QUIET } else { patience };
            match self.output.recv_timeout(limit) {
                Ok((at, bytes)) => {
                    first.get_or_insert(at);
                    count += bytes.len();
                    self.terminal.process(&bytes);
                }
                Err(RecvTimeoutError::Timeout) => return Ok((count, first)),
                Err(RecvTimeoutError::Disconnected) => return Err("the program ended".into()),
            }
        }
    }

    fn press(&mut self, key: &str) -> Result<Frame, Failure> {
        let start = Instant::now();
        self.keys.write_all(key.as_bytes())?;
        self.keys.flush()?;
        let (bytes, first) = self.settle(ANSWER)?;
        let first = first.ok_or_else(|| {
            format!(
                "{key:?} did nothing on\n{}",
                self.terminal.screen().contents()
            )
        })?;
        Ok(Frame {
            bytes,
            first: first - start,
        })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Start of the process to the newest message's subject on the screen, cache full.
pub fn measure_paint(home: &Home, messages: usize) -> Result<(), Failure> {
    let newest = start_of_subject(messages - 1);
    let mut times = Vec::new();
    for _ in 0..5 {
        let (mut screen, start) = Screen::start(home)?;
        times.push(screen.await_text(&newest)? - start);
    }
    times.sort_unstable();
    report(
        "first paint of the list, cached",
        seconds(middle(times.clone())),
        "s",
    );
    Ok(())
}

/// Bytes and time of single steps and of pages through the list.
pub fn measure_keys(home: &Home, messages: usize) -> Result<(), Failure> {
    let (mut screen, _) = Screen::start(home)?;
    screen.await_text(&start_of_subject(messages - 1))?;
    screen.settle(ANSWER)?;
    for (what, key) in [("down", "j"), ("page down", "\x1b[6~")] {
        let mut frames = Vec::new();
        for _ in 0..30 {
            frames.push(screen.press(key)?);
        }
        let mut times: Vec<Duration> = frames.iter().map(|frame| frame.first).collect();
        let mut bytes: Vec<usize> = frames.iter().map(|frame| frame.bytes).collect();
        times.sort_unstable();
        bytes.sort_unstable();
        report(
            &format!("{what}: key to first byte, median"),
            seconds(middle(times.clone())),
            "s",
        );
        let slowest = times
            .get(times.len() * 95 / 100)
            .copied()
            .unwrap_or_default();
        report(
            &format!("{what}: key to first byte, 95th percentile"),
            seconds(slowest),
            "s",
        );
        report(
            &format!("{what}: bytes to the terminal, median"),
            middle(bytes.clone()),
            "B",
        );
    }
    Ok(())
}

/// Enough of a subject to know the message by, short enough not to be cut in a narrow column.
fn start_of_subject(number: usize) -> String {
    corpus::subject(number).chars().take(16).collect()
}
