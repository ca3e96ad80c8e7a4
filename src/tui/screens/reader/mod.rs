//! One message to read: headers, text with folded quotes, links, attachments.

mod files;
mod layout;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;
use std::time::Duration;

use crate::engine::BodyState;
use crate::explain::{Notice, explain};
use crate::model::{Body, Listed, MessageId, Progress};
use crate::tui::effect::{Effect, Generation};
use crate::tui::keymap::Action;
use crate::tui::outcome::Outcome;

use files::Saving;
use layout::Layout;

/// Columns a text is laid out for before the reader was drawn.
const WIDTH: u16 = 80;
/// Columns beyond which lines get hard to read.
const COMFORT: u16 = 100;
/// How often the figure of a fetch is drawn.
const FETCH_TICK: Duration = Duration::from_millis(250);

/// Where the body stands.
#[derive(Debug, Default)]
enum State {
    /// Not asked for.
    #[default]
    None,
    /// Asked for, not answered.
    Asked,
    /// On its way from the server.
    Fetching(Progress),
    /// Here.
    Ready(Arc<Body>),
    /// The message is no more.
    Gone,
    /// It could not be had.
    Failed(Box<Notice>),
}

/// Which headers are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Headers {
    #[default]
    Usual,
    All,
}

/// Whether quoted text is folded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Quotes {
    #[default]
    Folded,
    Unfolded,
}

/// The reader.
#[derive(Debug, Default)]
pub struct Reader {
    message: Option<Listed>,
    state: State,
    generation: Generation,
    headers: Headers,
    quotes: Quotes,
    scroll: usize,
    height: usize,
    width: u16,
    laid_out_for: u16,
    layout: Option<Layout>,
    saving: Saving,
}

impl Reader {
    /// Shows a message; what was read of it stays if it is the same.
    pub fn show(&mut self, message: &Listed) -> Vec<Effect> {
        if self.id() == Some(message.id) {
            self.message = Some(message.clone());
            return match self.state {
                State::None | State::Failed(_) => self.load(),
                _ => Vec::new(),
            };
        }
        let width = self.width;
        *self = Self {
            generation: self.generation,
            height: self.height,
            message: Some(message.clone()),
            width,
            ..Self::default()
        };
        self.load()
    }

    /// Shows nothing.
    pub fn clear(&mut self) {
        *self = Self {
            generation: self.generation + 1,
            width: self.width,
            height: self.height,
            ..Self::default()
        };
    }

    fn load(&mut self) -> Vec<Effect> {
        let Some(message) = self.id() else {
            return Vec::new();
        };
        self.generation += 1;
        if !matches!(self.state, State::Ready(_) | State::Fetching(_)) {
            self.state = State::Asked;
        }
        self.laid_out_for = self.columns();
        vec![Effect::LoadBody {
            generation: self.generation,
            message,
            width: self.laid_out_for,
        }]
    }

    fn columns(&self) -> u16 {
        match self.width {
            0 => WIDTH,
            width => width.min(COMFORT),
        }
    }

    /// Takes a body that arrived; stale ones are ignored.
    pub fn take(&mut self, outcome: &Outcome) {
        let Outcome::Body {
            generation,
            message,
            result,
        } = outcome
        else {
            return;
        };
        if *generation != self.generation || Some(*message) != self.id() {
            return;
        }
        self.layout = None;
        self.state = match result {
            Ok(BodyState::Ready(body)) => State::Ready(body.clone()),
            Ok(BodyState::Fetching(progress)) => State::Fetching(progress.clone()),
            Ok(BodyState::Gone) => State::Gone,
            Err(error) => State::Failed(Box::new(explain(error))),
        };
    }

    /// Loads again because the engine has this body now.
    pub fn body_came(&mut self, message: MessageId) -> Vec<Effect> {
        let is_ours = self.id() == Some(message) && !matches!(self.state, State::Ready(_));
        if is_ours { self.load() } else { Vec::new() }
    }

    /// Loads again where HTML was laid out for another width.
    pub fn fit(&mut self) -> Vec<Effect> {
        let is_html = self.body().is_some_and(|body| body.is_from_html);
        if is_html && self.laid_out_for != self.columns() {
            return self.load();
        }
        Vec::new()
    }

    /// Returns the shown message's id.
    pub fn id(&self) -> Option<MessageId> {
        self.message.as_ref().map(|message| message.id)
    }

    /// Returns the shown message.
    pub fn message(&self) -> Option<&Listed> {
        self.message.as_ref()
    }

    /// Returns the body, if it is here.
    pub fn body(&self) -> Option<&Arc<Body>> {
        match &self.state {
            State::Ready(body) => Some(body),
            _ => None,
        }
    }

    /// Returns when the figure of a fetch is to be drawn again.
    pub fn tick(&self) -> Option<Duration> {
        matches!(self.state, State::Fetching(_)).then_some(FETCH_TICK)
    }

    /// Scrolls, folds, shows headers; tells whether the action was one of these.
    pub fn act(&mut self, action: Action) -> bool {
        let page = self.height.saturating_sub(2).max(1);
        match action {
            Action::Up => self.scroll_by(-1),
            Action::Down => self.scroll_by(1),
            Action::PageUp => self.scroll_by(-(page as isize)),
            Action::PageDown => self.scroll_by(page as isize),
            Action::First => self.scroll = 0,
            Action::Last => self.scroll = usize::MAX,
            Action::Headers => {
                self.headers = match self.headers {
                    Headers::Usual => Headers::All,
                    Headers::All => Headers::Usual,
                };
                self.layout = None;
                self.scroll = 0;
            }
            Action::Open => {
                self.quotes = match self.quotes {
                    Quotes::Folded => Quotes::Unfolded,
                    Quotes::Unfolded => Quotes::Folded,
                };
                self.layout = None;
            }
            _ => return false,
        }
        true
    }

    /// Scrolls by lines.
    pub fn scroll_by(&mut self, lines: isize) {
        self.scroll = self.scroll.saturating_add_signed(lines);
    }

    /// Tells whether the last line is on screen.
    pub fn is_at_end(&self) -> bool {
        let count = self.layout.as_ref().map_or(0, |layout| layout.lines.len());
        self.scroll + self.height >= count
    }
}
