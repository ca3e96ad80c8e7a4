//! The loop: wait for anything, drain everything, draw once. The only place that reads the clock; never waits for work.

#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::crossterm::event::Event;
use tokio::sync::{broadcast, mpsc};
use tokio::time::Instant;

use crate::engine;
use crate::tui::app::App;
use crate::tui::effect::Effect;
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::runner::Perform;
use crate::tui::terminal::{Console, edit};

/// At most one frame in this time.
const FRAME: Duration = Duration::from_millis(16);
/// At most this many messages between two frames, so that a flood cannot stop the drawing.
const BATCH: usize = 512;

/// Everything the loop listens to and talks to.
pub struct Stage<'a, B: Backend, S, P> {
    /// Where to draw.
    pub terminal: &'a mut Terminal<B>,
    /// Keys, pastes, mouse, resizes; its end ends the program.
    pub input: S,
    /// Runs effects.
    pub performer: P,
    /// What effects produced.
    pub outcomes: mpsc::UnboundedReceiver<Outcome>,
    /// What the engine says.
    pub events: broadcast::Receiver<engine::Event>,
    /// The terminal beyond drawing; tests have none.
    pub console: Option<Box<dyn Console + Send>>,
    /// Tells the time.
    pub clock: fn() -> Timestamp,
}

/// What woke the loop.
enum Woken {
    Message(Box<Msg>),
    InputEnded,
    Timer,
}

impl Woken {
    fn message(message: Msg) -> Self {
        Self::Message(Box::new(message))
    }
}

impl<B, S, P> Stage<'_, B, S, P>
where
    B: Backend,
    B::Error: Send + Sync + 'static,
    S: Stream<Item = io::Result<Event>> + Unpin,
    P: Perform,
{
    /// Runs the interface until the user quits or the input ends.
    pub async fn run(mut self, mut app: App) -> io::Result<()> {
        let started = Instant::now();
        app.tell_time((self.clock)(), Duration::ZERO);
        let size = self.terminal.size().map_err(io::Error::other)?;
        app.resize(size);
        let first = app.start();
        self.perform(first, &mut app)?;
        let mut drawn: Option<Instant> = None;
        let mut is_stale = true;
        let mut tick = None;
        while !app.has_quit() {
            if is_stale && drawn.is_none_or(|at| at.elapsed() >= FRAME) {
                self.draw(&mut app)?;
                drawn = Some(Instant::now());
                is_stale = false;
                tick = app.next_tick().map(|wait| Instant::now() + wait);
            }
            let frame = drawn.filter(|_| is_stale).map(|at| at + FRAME);
            let is_tick = !is_stale && tick.is_some_and(|at| at <= Instant::now());
            let woken = if is_tick {
                tick = None;
                Woken::message(Msg::Tick)
            } else {
                self.wait(frame.or(tick)).await?
            };
            match woken {
                Woken::InputEnded => break,
                Woken::Timer => {}
                Woken::Message(message) => {
                    app.tell_time((self.clock)(), started.elapsed());
                    is_stale |= self.handle_all(*message, &mut app).await?;
                    if !is_stale {
                        tick = tick.or_else(|| app.next_tick().map(|wait| Instant::now() + wait));
                    }
                }
            }
        }
        let last = app.stop();
        self.perform(last, &mut app)?;
        self.performer.finish().await;
        Ok(())
    }

    async fn wait(&mut self, deadline: Option<Instant>) -> io::Result<Woken> {
        let timer = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            event = self.input.next() => match event {
                Some(Ok(event)) => Ok(Woken::message(Msg::Input(event))),
                // A terminal that went away ends the program as quitting does: what is written is kept.
                Some(Err(_)) | None => Ok(Woken::InputEnded),
            },
            Some(outcome) = self.outcomes.recv() => Ok(Woken::message(Msg::Done(outcome))),
            event = self.events.recv() => Ok(match event {
                Ok(event) => Woken::message(Msg::Engine(event)),
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    Woken::message(Msg::Engine(engine::Event::Lagged))
                }
                // The engine stopped under us; there is nothing left to show.
                Err(broadcast::error::RecvError::Closed) => Woken::InputEnded,
            }),
            () = timer => Ok(Woken::Timer),
        }
    }

    /// Handles a message and all that wait behind it; tells whether the screen may look different.
    async fn handle_all(&mut self, first: Msg, app: &mut App) -> io::Result<bool> {
        let mut next = Some(first);
        let mut is_stale = false;
        let mut is_resized = false;
        let mut left = BATCH;
        while let Some(message) = next.take() {
            is_resized |= matches!(message, Msg::Input(Event::Resize(..)));
            is_stale |= app.may_change(&message);
            let effects = app.update(message);
            self.perform(effects, app)?;
            left -= 1;
            if left > 0 && !app.has_quit() {
                next = self.waiting().await?;
            }
        }
        if is_resized {
            // A terminal made smaller forgets what no longer fits, even if by now it is as large as before.
            self.terminal.clear().map_err(io::Error::other)?;
        }
        Ok(is_stale)
    }

    /// Takes a message that waits already; input first.
    async fn waiting(&mut self) -> io::Result<Option<Msg>> {
        // Asked with this task's own waker: crossterm's stream keeps the first waker it is given until it
        // fires, so a waker made for one look would leave later keys unheard.
        let input = &mut self.input;
        let event = poll_fn(|cx| Poll::Ready(input.poll_next_unpin(cx))).await;
        if let Poll::Ready(Some(Ok(event))) = event {
            return Ok(Some(Msg::Input(event)));
        }
        if let Ok(outcome) = self.outcomes.try_recv() {
            return Ok(Some(Msg::Done(outcome)));
        }
        Ok(match self.events.try_recv() {
            Ok(event) => Some(Msg::Engine(event)),
            Err(broadcast::error::TryRecvError::Lagged(_)) => {
                Some(Msg::Engine(engine::Event::Lagged))
            }
            Err(_) => None,
        })
    }

    fn perform(&mut self, effects: Vec<Effect>, app: &mut App) -> io::Result<()> {
        for effect in effects {
            match effect {
                Effect::Copy(text) => {
                    let said = self.copy(&text);
                    let more = app.update(Msg::Done(Outcome::Said(said)));
                    self.perform(more, app)?;
                }
                Effect::EditExternally { key, text } => {
                    let edited = self.edit(&text)?;
                    let more = app.update(Msg::Done(Outcome::Edited(key, edited)));
                    self.perform(more, app)?;
                }
                Effect::Redraw => {
                    if let Some(console) = self.console.as_mut() {
                        console.refresh()?;
                    }
                    self.draw_anew(app)?;
                }
                Effect::Suspend => self.stop(app)?,
                other => self.performer.perform(other),
            }
        }
        Ok(())
    }

    fn copy(&mut self, text: &str) -> String {
        match self.console.as_mut().map(|console| console.copy(text)) {
            Some(Ok(())) => "Copied".to_owned(),
            _ => "This terminal has no clipboard".to_owned(),
        }
    }

    /// Gives the terminal to the editor. The program stands still meanwhile, as the user looks at the editor.
    fn edit(&mut self, text: &str) -> io::Result<Result<String, String>> {
        let Some(console) = self.console.as_mut() else {
            return Ok(Err("There is no terminal to edit in".to_owned()));
        };
        console.suspend()?;
        let edited = tokio::task::block_in_place(|| edit(text));
        console.resume()?;
        self.terminal.clear().map_err(io::Error::other)?;
        Ok(edited)
    }

    /// Gives the terminal to the shell until it continues the program.
    fn stop(&mut self, app: &mut App) -> io::Result<()> {
        let Some(console) = self.console.as_mut() else {
            let said = Outcome::Said("There is no shell to go back to".to_owned());
            let more = app.update(Msg::Done(said));
            return self.perform(more, app);
        };
        console.suspend()?;
        let stopped = tokio::task::block_in_place(|| console.stop());
        console.resume()?;
        stopped?;
        self.draw_anew(app)
    }

    /// Forgets what the terminal showed, and takes over the size it has now.
    fn draw_anew(&mut self, app: &mut App) -> io::Result<()> {
        self.terminal.clear().map_err(io::Error::other)?;
        let size = self.terminal.size().map_err(io::Error::other)?;
        let effects = app.update(Msg::Input(Event::Resize(size.width, size.height)));
        self.perform(effects, app)
    }

    fn draw(&mut self, app: &mut App) -> io::Result<()> {
        self.terminal
            .draw(|frame| app.view(frame))
            .map(|_| ())
            .map_err(io::Error::other)
    }
}
