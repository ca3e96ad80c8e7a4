//! The outbox: what waits, what failed and why, what nobody can be sure about.

#[cfg(test)]
mod tests;

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::engine::Event;
use crate::explain::{Notice, explain_failure};
use crate::model::{Failure, OutboxItem, OutboxState};
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
use crate::tui::widgets::notice::notice_lines;

const SEND_UNSURE: &str = "send-unsure";

/// The outbox screen.
#[derive(Debug, Default)]
pub struct Outbox {
    items: Option<Vec<OutboxItem>>,
    selection: Selection,
}

impl Outbox {
    /// Opens the screen.
    pub fn open(_: &Cx) -> (Self, Vec<Effect>) {
        (Self::default(), vec![Effect::LoadOutbox])
    }

    fn items(&self) -> &[OutboxItem] {
        self.items.as_deref().unwrap_or_default()
    }

    fn selected(&self) -> Option<&OutboxItem> {
        self.items().get(self.selection.row())
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        let count = self.items().len();
        match message {
            Msg::Action(Action::Back) => vec![Effect::Pop],
            Msg::Action(action) if self.selection.act(*action, count) => Vec::new(),
            Msg::Action(action) => self.act(*action, cx),
            Msg::Reply(Reply::Confirmed(SEND_UNSURE)) => self
                .selected()
                .map(|item| vec![Effect::OutboxRetry(item.id)])
                .unwrap_or_default(),
            Msg::Done(Outcome::Outbox(Ok(items))) => {
                self.items = Some(items.clone());
                self.selection.clamp(items.len());
                Vec::new()
            }
            Msg::Done(Outcome::Retried(_) | Outcome::TakenBack(_))
            | Msg::Engine(Event::Outbox | Event::Lagged)
            | Msg::Shown => vec![Effect::LoadOutbox],
            _ => Vec::new(),
        }
    }

    fn act(&self, action: Action, cx: &Cx) -> Vec<Effect> {
        let Some(item) = self.selected() else {
            return Vec::new();
        };
        match (action, &item.failure) {
            (Action::Retry, _) if item.state == OutboxState::Unsure => {
                vec![Effect::Push(ScreenName::Confirm(Question {
                    tag: SEND_UNSURE,
                    title: "Send it again?".to_owned(),
                    detail: "The server may have it already; then everybody gets it twice."
                        .to_owned(),
                    yes: "send again".to_owned(),
                }))]
            }
            (Action::Retry, _) => vec![Effect::OutboxRetry(item.id)],
            (Action::TakeBack, _) => vec![Effect::OutboxCancel(item.id)],
            (Action::Open, Some(failure)) => {
                vec![Effect::Push(ScreenName::Notice(Box::new(notice(
                    item, failure, cx,
                ))))]
            }
            _ => Vec::new(),
        }
    }

    /// Answers the root's questions.
    pub fn face(&self, cx: &Cx) -> Face {
        let is_waiting =
            |item: &OutboxItem| item.state == OutboxState::Ready && item.not_before > cx.now;
        Face {
            tick: self
                .items()
                .iter()
                .any(is_waiting)
                .then(|| Duration::from_secs(1)),
            ..Face::new(
                Scope::Outbox,
                &[Action::Open, Action::Retry, Action::TakeBack, Action::Back],
            )
        }
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action, _: &Cx) -> Live {
        let state = self.selected().map(|item| item.state);
        match (action, state) {
            (Action::Open | Action::Retry | Action::TakeBack, None) => {
                Live::No("The outbox is empty")
            }
            (Action::Open, Some(_))
                if self.selected().is_some_and(|item| item.failure.is_none()) =>
            {
                Live::No("Nothing went wrong with this message")
            }
            (Action::Retry, Some(OutboxState::Sending)) => {
                Live::No("It is being sent at this moment")
            }
            (Action::TakeBack, Some(OutboxState::Sending)) => {
                Live::No("It is too late: it is being sent at this moment")
            }
            (Action::Retry, Some(OutboxState::Ready)) => Live::No("It goes out by itself"),
            (
                Action::Open
                | Action::Retry
                | Action::TakeBack
                | Action::Back
                | Action::Up
                | Action::Down
                | Action::PageUp
                | Action::PageDown
                | Action::First
                | Action::Last,
                _,
            ) => Live::Yes,
            _ => Live::Unknown,
        }
    }

    /// Draws.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let count = self.items().len();
        let body = top_line(frame, area, cx, ("Outbox", &text::plural(count, "message")));
        if count == 0 {
            let empty = if self.items.is_some() {
                "Nothing is waiting: everything was sent."
            } else {
                ""
            };
            frame.render_widget(
                Paragraph::new(format!(" {empty}")).style(cx.style(Tone::Dim)),
                body,
            );
            return;
        }
        let list_height = body
            .height
            .saturating_sub(8)
            .max(3)
            .min(count as u16)
            .min(body.height);
        let list = Rect {
            height: list_height,
            ..body
        };
        let visible = self.selection.visible(list, count);
        for (line, place) in (list.y..).zip(visible) {
            if let Some(item) = self.items().get(place) {
                let row = Rect {
                    y: line,
                    height: 1,
                    ..list
                };
                draw_row(frame, row, (item, place == self.selection.row()), cx);
            }
        }
        let details = Rect {
            x: body.x + 2.min(body.width),
            width: body.width.saturating_sub(3),
            y: list.bottom().saturating_add(1),
            height: body
                .bottom()
                .saturating_sub(list.bottom().saturating_add(1)),
        };
        if let Some(item) = self.selected() {
            frame.render_widget(
                Paragraph::new(detail_lines(item, cx)).wrap(Wrap { trim: false }),
                details,
            );
        }
    }
}

fn draw_row(frame: &mut Frame<'_>, area: Rect, (item, is_selected): (&OutboxItem, bool), cx: &Cx) {
    let (state, tone) = state_words(item, cx);
    let ground = if is_selected {
        cx.style(Tone::Selection)
    } else {
        Style::new()
    };
    let bar = if is_selected { cx.symbols.bar } else { " " };
    let columns = usize::from(area.width);
    let state_width = (text::width(&state) + 1).min(columns / 2);
    let to = item.recipients.first().map_or("", String::as_str);
    let more = item.recipients.len().saturating_sub(1);
    let to = if more == 0 {
        to.to_owned()
    } else {
        format!("{to} +{more}")
    };
    let to_width = (columns / 4).min(28);
    let room = columns.saturating_sub(state_width + to_width + 3);
    let subject = if item.subject.is_empty() {
        "(no subject)"
    } else {
        &item.subject
    };
    let line = Line::from(vec![
        Span::styled(bar.to_owned(), cx.style(Tone::Bar)),
        Span::styled(text::left(&to, to_width, &cx.symbols), ground),
        Span::styled("  ", ground),
        Span::styled(text::left(subject, room, &cx.symbols), ground),
        Span::styled(
            text::right(&state, state_width, &cx.symbols),
            ground.patch(cx.style(tone)),
        ),
    ]);
    frame.render_widget(Paragraph::new(line).style(ground), area);
}

/// Says where a message stands, with the time left where one counts.
fn state_words(item: &OutboxItem, cx: &Cx) -> (String, Tone) {
    let left = dates::seconds_left(item.not_before, cx.now);
    match item.state {
        OutboxState::Ready if left > 0 && item.attempts == 0 => {
            (format!("goes in {left} s"), Tone::Dim)
        }
        OutboxState::Ready if left > 0 => (format!("again in {left} s"), Tone::Warning),
        OutboxState::Ready => ("goes now".to_owned(), Tone::Dim),
        OutboxState::Sending => ("sending".to_owned(), Tone::Accent),
        OutboxState::Failed => (format!("{} failed", cx.symbols.cross), Tone::Error),
        OutboxState::Unsure => ("? not sure".to_owned(), Tone::Warning),
        OutboxState::Held => ("held".to_owned(), Tone::Dim),
    }
}

fn detail_lines(item: &OutboxItem, cx: &Cx) -> Vec<Line<'static>> {
    let dim = cx.style(Tone::Dim);
    let row = |name: &str, value: String| {
        Line::from(vec![
            Span::styled(format!("{name:<6}"), dim),
            Span::raw(value),
        ])
    };
    let mut lines = vec![
        row("From", item.from.to_string()),
        row("To", item.recipients.join(", ")),
    ];
    if let Some(failure) = &item.failure {
        lines.push(Line::default());
        lines.extend(notice_lines(&notice(item, failure, cx), cx));
    }
    lines
}

/// Explains why a message was not sent, with its mailbox and identity in the line to copy.
fn notice(item: &OutboxItem, failure: &Failure, cx: &Cx) -> Notice {
    let account = cx
        .mailbox(item.mailbox)
        .map(|mailbox| mailbox.account_name.as_str());
    let account = cx
        .accounts()
        .iter()
        .find(|known| Some(known.name.as_str()) == account);
    let identity = account.map_or("IDENTITY", |account| account.identity());
    explain_failure(failure).about(&item.from.email, identity)
}
