//! The terminal interface: run loop, `App`, messages, effects, keymap, themes, screens.
//!
//! `update` does no I/O and reads no clock; it returns effects, and only the runner runs them.

pub mod app;
pub mod context;
mod dates;
pub mod effect;
pub mod keymap;
pub mod msg;
mod notices;
pub mod outcome;
#[cfg(test)]
mod picture;
pub mod run_loop;
pub mod runner;
pub mod screens;
mod steady;
mod symbols;
mod terminal;
#[cfg(test)]
pub(crate) mod testing;
mod text;
pub mod theme;
pub mod widgets;

pub use terminal::Console;

use std::io;

use futures_util::Stream;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::crossterm::event::Event;
use tokio::sync::mpsc;

use crate::engine::Engine;

use app::App;
use context::{Cx, Seat};
use run_loop::Stage;
use runner::Runner;
use terminal::{Keyboard, RealConsole};
use theme::Palette;

/// What a demo adds: a way to approve a sign-in with a key.
#[derive(Clone, Debug)]
pub struct Companion {
    /// Takes user codes to approve, as a person at the verification address would.
    pub approve: mpsc::UnboundedSender<String>,
    /// An address to suggest in setup.
    pub suggested_address: String,
    /// Further mailboxes to suggest.
    pub suggested_users: Vec<String>,
}

/// What surrounds an interface, apart from its terminal and its engine.
pub struct Options {
    /// The demo's additions.
    pub companion: Option<Companion>,
    /// What colours the terminal has.
    pub palette: Palette,
    /// The user's time zone.
    pub zone: TimeZone,
    /// Where the person sits.
    pub seat: Seat,
    /// Tells the time.
    pub clock: fn() -> Timestamp,
    /// The terminal beyond drawing; a test has none.
    pub console: Option<Box<dyn Console + Send>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            companion: None,
            palette: Palette::Full,
            zone: TimeZone::UTC,
            seat: Seat::default(),
            clock: Timestamp::now,
            console: None,
        }
    }
}

/// Runs the interface on this terminal until the user quits.
pub async fn run(engine: Engine, companion: Option<Companion>) -> io::Result<()> {
    let palette = terminal::palette(|name| std::env::var(name).ok());
    let mut terminal = terminal::open()?;
    let keyboard = Keyboard::open();
    let signals = tokio::spawn(keyboard.clone().end_on_signal());
    let options = Options {
        companion,
        palette,
        zone: TimeZone::system(),
        seat: Seat::find(|name| std::env::var(name).ok()),
        clock: Timestamp::now,
        console: Some(Box::new(RealConsole {
            keyboard: keyboard.clone(),
        })),
    };
    let result = run_on(&mut terminal, keyboard, engine, options).await;
    signals.abort();
    let closed = terminal::close();
    result.and(closed)
}

/// Runs the interface on any backend with any stream of input, until the user quits or the stream ends.
pub async fn run_on<B, S>(
    terminal: &mut Terminal<B>,
    input: S,
    engine: Engine,
    options: Options,
) -> io::Result<()>
where
    B: Backend,
    B::Error: Send + Sync + 'static,
    S: Stream<Item = io::Result<Event>> + Unpin,
{
    let interface = engine.config().interface.clone();
    let themes = engine.paths().themes;
    let (mut cx, mistakes) = Cx::new(interface, options.palette, Some(&themes));
    cx.zone = options.zone;
    cx.seat = options.seat;
    let approve = options
        .companion
        .as_ref()
        .map(|companion| companion.approve.clone());
    cx.companion = options.companion;
    let (done, outcomes) = mpsc::unbounded_channel();
    let mut console = options.console;
    if let Some(console) = console.as_mut() {
        console.attend(done.clone());
    }
    let events = engine.events();
    let performer = Runner::new(engine, done, options.clock, approve);
    let stage = Stage {
        terminal,
        input,
        performer,
        outcomes,
        events,
        console,
        clock: options.clock,
    };
    stage.run(App::new(cx, &mistakes)).await
}
