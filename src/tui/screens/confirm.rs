//! A question about something that cannot be undone.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::{Msg, Reply};
use crate::tui::screens::{Face, Layer, Live, Question};
use crate::tui::theme::Tone;
use crate::tui::widgets::frame::overlay;

/// The question.
#[derive(Debug)]
pub struct Confirm {
    question: Question,
}

impl Confirm {
    /// Asks.
    pub fn new(question: Question) -> Self {
        Self { question }
    }

    /// Reacts to a message. Enter is no answer: it may have been typed ahead.
    pub fn update(&self, message: &Msg) -> Vec<Effect> {
        match message {
            Msg::Action(Action::Yes) => {
                vec![Effect::Close(Reply::Confirmed(self.question.tag))]
            }
            Msg::Action(Action::No | Action::Back) => vec![Effect::Pop],
            _ => Vec::new(),
        }
    }

    /// Draws the box.
    pub fn view(&self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let inside = overlay(frame, area, cx, (&self.question.title, 64, 7));
        if inside.width < 4 {
            // Wide letters do not fit, and wrapping them would write beside the box.
            return;
        }
        let key = |action| Span::styled(cx.key(action), cx.style(Tone::Key));
        let lines = vec![
            Line::from(self.question.detail.clone()),
            Line::default(),
            Line::from(vec![
                key(Action::Yes),
                Span::raw(format!(" {}   ", self.question.yes)),
                key(Action::No),
                Span::raw(" leave it"),
            ]),
        ];
        let text = Paragraph::new(lines).wrap(Wrap { trim: true });
        frame.render_widget(text, inside);
    }

    /// Answers the root's questions.
    pub fn face() -> Face {
        Face {
            layer: Layer::Above,
            ..Face::new(Scope::Confirm, &[Action::Yes, Action::No])
        }
    }

    /// Tells whether an action works now.
    pub fn live(action: Action) -> Live {
        match action {
            Action::Yes | Action::No | Action::Back => Live::Yes,
            Action::Open => Live::No("Enter is no answer here; yes or no"),
            _ => Live::Unknown,
        }
    }
}
