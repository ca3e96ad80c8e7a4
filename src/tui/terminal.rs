//! The real terminal: raw mode and back (also after a panic), keys as a stream that can be paused, the clipboard, the editor.

use std::io::{self, BufWriter, Stdout, Write as _};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::Stream;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::Command as _;
use ratatui::crossterm::clipboard::CopyToClipboard;
use ratatui::crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture, Event,
    EventStream,
};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;

use crate::tui::outcome::Outcome;
use crate::tui::steady::Steady;
use crate::tui::theme::Palette;

/// The backend of the real terminal. A frame is collected and written in one piece.
pub type Screenful = Steady<CrosstermBackend<BufWriter<Stdout>>>;

/// Room for the largest usual frame.
const FRAME: usize = 64 * 1024;

/// How long a stop may take to reach all threads; what is done meanwhile would be done on the shell's screen.
const STOPPING: Duration = Duration::from_millis(50);

/// What the interface may do to the terminal besides drawing.
pub trait Console {
    /// Gives the terminal to another program; no key is read until [`Console::resume`].
    fn suspend(&mut self) -> io::Result<()>;
    /// Takes the terminal back.
    fn resume(&mut self) -> io::Result<()>;
    /// Stops the program until the shell continues it. The terminal must be suspended.
    fn stop(&mut self) -> io::Result<()>;
    /// Sets the terminal's modes again, which a shell or another program may have changed.
    fn refresh(&mut self) -> io::Result<()>;
    /// Tells through `done` when the program goes on after something else stopped it.
    fn attend(&mut self, done: UnboundedSender<Outcome>);
    /// Puts a text into the terminal's clipboard (OSC 52).
    fn copy(&mut self, text: &str) -> io::Result<()>;
}

/// Opens the terminal for drawing, and restores it should the interface panic.
pub fn open() -> io::Result<Terminal<Screenful>> {
    let previous = std::panic::take_hook();
    let own = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() != own {
            // Workers and parsers are caught and started again; the screen must not suffer from it.
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "a background task panicked");
            return;
        }
        // Nothing more can be done about a terminal that does not restore.
        let _ = leave();
        previous(info);
    }));
    enter()?;
    let out = BufWriter::with_capacity(FRAME, io::stdout());
    Terminal::new(Steady::new(CrosstermBackend::new(out)))
}

/// Gives the terminal back as it was.
pub fn close() -> io::Result<()> {
    leave()
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(io::stdout(), EnterAlternateScreen)?;
    listen()
}

fn listen() -> io::Result<()> {
    execute!(io::stdout(), EnableBracketedPaste, EnableMouseCapture)
}

fn leave() -> io::Result<()> {
    let written = execute!(
        io::stdout(),
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        ratatui::crossterm::cursor::Show
    );
    disable_raw_mode()?;
    written
}

/// Tells what colours the terminal has, from `NO_COLOR`, `COLORTERM` and `TERM`.
pub fn palette(variable: impl Fn(&str) -> Option<String>) -> Palette {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    if is_set("NO_COLOR") {
        return Palette::None;
    }
    let term = variable("TERM").unwrap_or_default();
    let has_many = is_set("COLORTERM")
        || [
            "256color",
            "direct",
            "kitty",
            "alacritty",
            "ghostty",
            "foot",
            "wezterm",
        ]
        .iter()
        .any(|part| term.contains(part));
    match term.as_str() {
        "" | "dumb" | "vt100" | "vt102" | "vt220" if !has_many => Palette::None,
        _ if has_many => Palette::Full,
        _ => Palette::Sixteen,
    }
}

#[derive(Default)]
struct Gate {
    stream: Option<EventStream>,
    waker: Option<Waker>,
    has_ended: bool,
}

/// The keys of the real terminal, as a stream; while it is paused another program can read them.
#[derive(Clone, Default)]
pub struct Keyboard {
    gate: Arc<Mutex<Gate>>,
}

impl Keyboard {
    /// Starts reading keys.
    pub fn open() -> Self {
        let keyboard = Self::default();
        keyboard.set(Some(EventStream::new()));
        keyboard
    }

    /// Ends the stream, as if the terminal had gone.
    pub fn end(&self) {
        let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        gate.has_ended = true;
        if let Some(waker) = gate.waker.take() {
            waker.wake();
        }
    }

    /// Ends the stream when the system asks the program to stop (SIGTERM, SIGHUP), so that it can save first.
    pub async fn end_on_signal(self) {
        let kinds = [SignalKind::terminate(), SignalKind::hangup()];
        let [Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else {
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
        self.end();
    }

    fn set(&self, stream: Option<EventStream>) {
        let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        gate.stream = stream;
        if let Some(waker) = gate.waker.take() {
            waker.wake();
        }
    }
}

impl Stream for Keyboard {
    type Item = io::Result<Event>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        gate.waker = Some(cx.waker().clone());
        if gate.has_ended {
            return Poll::Ready(None);
        }
        match &mut gate.stream {
            Some(stream) => Pin::new(stream).poll_next(cx),
            None => Poll::Pending,
        }
    }
}

/// The real terminal's console.
pub struct RealConsole {
    /// The keys to pause.
    pub keyboard: Keyboard,
}

impl Console for RealConsole {
    fn suspend(&mut self) -> io::Result<()> {
        self.keyboard.set(None);
        leave()
    }

    fn resume(&mut self) -> io::Result<()> {
        enter()?;
        self.keyboard.set(Some(EventStream::new()));
        Ok(())
    }

    fn stop(&mut self) -> io::Result<()> {
        // The whole job: what started us and waits for us (a script, cargo) stops too, or no prompt would come.
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        std::thread::sleep(STOPPING);
        Ok(())
    }

    fn refresh(&mut self) -> io::Result<()> {
        // The library believes in the modes it set itself, whatever they are by now.
        disable_raw_mode()?;
        enable_raw_mode()?;
        listen()
    }

    fn attend(&mut self, done: UnboundedSender<Outcome>) {
        let kind = SignalKind::from_raw(rustix::process::Signal::CONT.as_raw());
        let Ok(mut continued) = signal(kind) else {
            return;
        };
        tokio::spawn(async move {
            while continued.recv().await.is_some() {
                if done.send(Outcome::Continued).is_err() {
                    return;
                }
            }
        });
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut out = io::stdout();
        let is_in_tmux = std::env::var_os("TMUX").is_some_and(|value| !value.is_empty());
        out.write_all(&clipboard(text, is_in_tmux))?;
        out.flush()
    }
}

/// Returns the bytes that put a text into the clipboard (OSC 52). A tmux that does not take them for itself passes
/// wrapped ones on to the terminal around it; which of the two it does is a matter of its settings.
fn clipboard(text: &str, is_in_tmux: bool) -> Vec<u8> {
    let plain = CopyToClipboard::to_clipboard_from(text);
    let mut sequence = String::new();
    // Writing to a string cannot fail.
    let _ = plain.write_ansi(&mut sequence);
    if is_in_tmux {
        let doubled = sequence.replace('\u{1b}', "\u{1b}\u{1b}");
        sequence.push_str("\u{1b}Ptmux;");
        sequence.push_str(&doubled);
        sequence.push_str("\u{1b}\\");
    }
    sequence.into_bytes()
}

/// Edits a text with `$VISUAL`, `$EDITOR` or `vi`, in a private temporary file. The terminal must be suspended.
pub fn edit(text: &str) -> Result<String, String> {
    let file = tempfile::Builder::new()
        .prefix("pillarbox-")
        .suffix(".eml.txt")
        .tempfile()
        .map_err(|error| format!("No file to edit in: {error}"))?;
    std::fs::write(file.path(), text).map_err(|error| format!("No file to edit in: {error}"))?;
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| {
            std::env::var(name)
                .ok()
                .filter(|value| !value.trim().is_empty())
        })
        .unwrap_or_else(|| "vi".to_owned());
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let status = std::process::Command::new(program)
        .args(words)
        .arg(file.path())
        .status()
        .map_err(|error| format!("{program} does not start: {error}"))?;
    if !status.success() {
        return Err(format!(
            "{program} ended with {status}; the text is unchanged"
        ));
    }
    std::fs::read_to_string(file.path())
        .map_err(|error| format!("The edited text cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_environment() {
        let check = |pairs: &[(&str, &str)], expected| {
            let find = |name: &str| {
                pairs
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(palette(find), expected, "{pairs:?}");
        };
        check(&[("TERM", "xterm-256color")], Palette::Full);
        check(
            &[("TERM", "xterm"), ("COLORTERM", "truecolor")],
            Palette::Full,
        );
        check(
            &[("TERM", "xterm-256color"), ("NO_COLOR", "1")],
            Palette::None,
        );
        check(
            &[("TERM", "xterm-256color"), ("NO_COLOR", "")],
            Palette::Full,
        );
        check(&[("TERM", "linux")], Palette::Sixteen);
        check(&[("TERM", "vt100")], Palette::None);
        check(&[], Palette::None);
    }

    #[test]
    fn a_copied_text_is_one_sequence_and_inside_tmux_another_that_it_passes_on() {
        let plain = clipboard("AB12-CD34", false);
        assert_eq!(plain, b"\x1b]52;c;QUIxMi1DRDM0\x1b\\");
        let wrapped = b"\x1bPtmux;\x1b\x1b]52;c;QUIxMi1DRDM0\x1b\x1b\\\x1b\\";
        assert_eq!(clipboard("AB12-CD34", true), [&plain[..], wrapped].concat());
    }

    #[tokio::test]
    async fn a_paused_keyboard_waits_and_an_ended_one_ends() {
        use futures_util::StreamExt as _;
        let mut keyboard = Keyboard::default();
        let other = keyboard.clone();
        let waiting = tokio::spawn(async move { keyboard.next().await.is_none() });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        other.end();
        assert!(waiting.await.unwrap());
    }
}
