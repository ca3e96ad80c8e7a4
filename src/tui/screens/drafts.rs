//! The drafts kept here, also those of a session that ended badly.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::crossterm::event::{MouseButton, MouseEventKind};
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::{Draft, DraftId};
use crate::tui::context::Cx;
use crate::tui::dates;
use crate::tui::effect::Effect;
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::{Msg, Reply};
use crate::tui::outcome::Outcome;
use crate::tui::screens::{Face, Live, Question, ScreenName};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::frame::top_line;
use crate::tui::widgets::list::Selection;

/// The tag of the question before throwing a draft away.
const DISCARD: &str = "discard a draft";

/// The list of drafts.
#[derive(Debug, Default)]
pub struct Drafts {
    kept: Vec<(DraftId, Draft, Timestamp)>,
    is_loaded: bool,
    list: Selection,
}

impl Drafts {
    /// Opens the list.
    pub fn open() -> (Self, Vec<Effect>) {
        (Self::default(), vec![Effect::LoadDrafts])
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg) -> Vec<Effect> {
        match message {
            Msg::Done(Outcome::Drafts(Ok(drafts))) => {
                self.kept.clone_from(drafts);
                self.is_loaded = true;
                self.list.clamp(self.kept.len());
                Vec::new()
            }
            Msg::Done(Outcome::DraftDeleted(_) | Outcome::DraftSaved(..)) | Msg::Shown => {
                vec![Effect::LoadDrafts]
            }
            Msg::Reply(Reply::Confirmed(DISCARD)) => self
                .current()
                .map(|(id, _, _)| Effect::DeleteDraft(*id))
                .into_iter()
                .collect(),
            Msg::Mouse(event) => match event.kind {
                MouseEventKind::Down(MouseButton::Left) => self.click((event.column, event.row)),
                MouseEventKind::ScrollUp => self.act(Action::Up),
                MouseEventKind::ScrollDown => self.act(Action::Down),
                _ => Vec::new(),
            },
            Msg::Action(action) => self.act(*action),
            _ => Vec::new(),
        }
    }

    fn current(&self) -> Option<&(DraftId, Draft, Timestamp)> {
        self.kept.get(self.list.row())
    }

    fn click(&mut self, place: (u16, u16)) -> Vec<Effect> {
        match self.list.row_at(place, self.kept.len()) {
            Some(row) if row == self.list.row() => self.edit(),
            Some(row) => {
                self.list.select(row);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Back => vec![Effect::Pop],
            Action::Open => self.edit(),
            Action::Discard => self.ask(),
            _ => {
                self.list.act(action, self.kept.len());
                Vec::new()
            }
        }
    }

    fn edit(&self) -> Vec<Effect> {
        self.current()
            .map(|(id, draft, _)| {
                Effect::Push(ScreenName::Compose {
                    draft: Box::new(draft.clone()),
                    saved: Some(*id),
                })
            })
            .into_iter()
            .collect()
    }

    fn ask(&self) -> Vec<Effect> {
        let Some((_, draft, _)) = self.current() else {
            return Vec::new();
        };
        vec![Effect::Push(ScreenName::Confirm(Question {
            tag: DISCARD,
            title: "Throw the draft away?".to_owned(),
            detail: format!("\"{}\" is kept nowhere else.", subject(draft)),
            yes: "throw away".to_owned(),
        }))]
    }

    /// Draws the list.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let count = text::plural(self.kept.len(), "draft");
        let below = top_line(frame, area, cx, ("Drafts on this machine", &count));
        if self.kept.is_empty() {
            if self.is_loaded {
                let said = format!("  No drafts; {} writes a message", cx.key(Action::Write));
                let place = (below.x, below.y);
                text::draw(
                    frame.buffer_mut(),
                    place,
                    below.width,
                    &said,
                    cx.style(Tone::Dim),
                );
            }
            return;
        }
        let range = self.list.visible(below, self.kept.len());
        for (y, place) in (below.y..).zip(range) {
            let Some((_, draft, saved)) = self.kept.get(place) else {
                break;
            };
            let line = Rect {
                y,
                height: 1,
                ..below
            };
            draw_row(frame, line, (draft, *saved), (cx, place == self.list.row()));
        }
    }

    /// Answers the root's questions.
    pub fn face() -> Face {
        Face::new(
            Scope::Drafts,
            &[Action::Open, Action::Discard, Action::Back, Action::Help],
        )
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action) -> Live {
        match action {
            Action::Open | Action::Discard if self.current().is_none() => {
                Live::No("There is no draft")
            }
            _ => Live::Yes,
        }
    }
}

fn subject(draft: &Draft) -> &str {
    if draft.subject.trim().is_empty() {
        "(no subject)"
    } else {
        &draft.subject
    }
}

fn draw_row(
    frame: &mut Frame<'_>,
    line: Rect,
    (draft, saved): (&Draft, Timestamp),
    (cx, is_selected): (&Cx, bool),
) {
    let ground = if is_selected {
        cx.style(Tone::Selection)
    } else {
        Style::new()
    };
    let columns = usize::from(line.width).saturating_sub(2);
    let to = if draft.to.trim().is_empty() {
        "(nobody yet)"
    } else {
        &draft.to
    };
    let date = text::right(&dates::short(saved, cx.now, &cx.zone), 10, &cx.symbols);
    let bar = if is_selected { cx.symbols.bar } else { " " };
    let who = text::left(to, (columns / 3).min(32), &cx.symbols);
    let row = text::truncate(
        &format!("{date} {who} {}", subject(draft)),
        columns,
        &cx.symbols,
    );
    let buffer = frame.buffer_mut();
    buffer.set_style(line, ground);
    let style = cx.style(Tone::Bar).patch(ground);
    text::draw(buffer, (line.x, line.y), 1, bar, style);
    text::draw(
        buffer,
        (line.x + 1, line.y),
        line.width.saturating_sub(1),
        &row,
        ground,
    );
}
