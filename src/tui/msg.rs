//! Everything that can happen to the interface, as one closed enum that can be logged and replayed.

use ratatui::crossterm::event::{Event, KeyEvent, MouseEvent};

use crate::engine;
use crate::model::FolderId;
use crate::tui::keymap::Action;
use crate::tui::outcome::Outcome;

/// Something that happened.
///
/// The loop makes the first four; the root turns input into `Action`, `Key`, `Paste` and `Mouse` before a screen sees it.
#[derive(Debug)]
pub enum Msg {
    /// Raw input of the terminal; only the root sees it.
    Input(Event),
    /// Time a screen had asked for has passed; `Cx::now` has moved.
    Tick,
    /// The engine says that something changed. Given to every screen of the stack.
    Engine(engine::Event),
    /// An effect produced something. Given to every screen of the stack.
    Done(Outcome),
    /// A key that means something here.
    Action(Action),
    /// A key for the focused text field.
    Key(KeyEvent),
    /// Pasted text, not sanitised; fields do that.
    Paste(String),
    /// A mouse event anywhere on the screen.
    Mouse(MouseEvent),
    /// The screen above closed with an answer.
    Reply(Reply),
    /// The screen is on top (again).
    Shown,
}

/// What a closed screen gives to the one below.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// The question with this tag was answered with yes.
    Confirmed(&'static str),
    /// This folder was picked.
    Folder(FolderId),
    /// This entry of an offered list was picked, by its place.
    Picked {
        /// What the list was for.
        tag: &'static str,
        /// The place of the entry in the list that was offered.
        index: usize,
    },
    /// This line was typed.
    Typed {
        /// What was asked for.
        tag: &'static str,
        /// The text.
        text: String,
    },
    /// The palette's choice; the root runs it on the screen below.
    Run(Action),
}
