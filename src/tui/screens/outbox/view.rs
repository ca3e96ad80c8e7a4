//! The outbox, drawn: what waits on top, what was sent below, the selected message's story at the foot.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::{Outbox, notice};
use crate::model::{OutboxItem, OutboxState, SentMail};
use crate::tui::context::Cx;
use crate::tui::dates;
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::frame::top_line;
use crate::tui::widgets::notice::notice_lines;

/// Lines kept for the story of the selected message.
const STORY: u16 = 9;

impl Outbox {
    /// Draws.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let waiting = self.items().len();
        let body = top_line(
            frame,
            area,
            cx,
            ("Outbox", &text::plural(waiting, "message")),
        );
        let rows = self.count() + usize::from(!self.sent.is_empty());
        let list_height = body
            .height
            .saturating_sub(STORY)
            .max(3)
            .min(u16::try_from(rows).unwrap_or(u16::MAX))
            .min(body.height);
        let list = Rect {
            height: list_height,
            ..body
        };
        if waiting == 0 && self.sent.is_empty() {
            let empty = if self.items.is_some() {
                "Nothing is waiting: everything was sent."
            } else {
                ""
            };
            let empty = Paragraph::new(format!(" {empty}"));
            frame.render_widget(empty.style(cx.style(Tone::Dim)), body);
            return;
        }
        self.draw_list(frame, list, cx);
        let top = list.bottom().saturating_add(1);
        let details = Rect {
            x: body.x + 2.min(body.width),
            width: body.width.saturating_sub(3),
            y: top,
            height: body.bottom().saturating_sub(top),
        };
        let lines = match (self.selected(), self.selected_sent()) {
            (Some(item), _) => detail_lines(item, cx),
            (None, Some(sent)) => sent_lines(sent, cx),
            (None, None) => Vec::new(),
        };
        let lines = Paragraph::new(lines).wrap(Wrap { trim: false });
        frame.render_widget(lines, details);
    }

    /// Draws the rows that fit; the heading of what was sent scrolls with them.
    fn draw_list(&mut self, frame: &mut Frame<'_>, list: Rect, cx: &Cx) {
        let waiting = self.items().len();
        let has_heading = !self.sent.is_empty();
        let room = Rect {
            height: list.height.saturating_sub(u16::from(has_heading)),
            ..list
        };
        let visible = self.selection.visible(room, self.count());
        let mut y = list.y;
        for place in visible {
            if place == waiting || (place > waiting && y == list.y) {
                heading(
                    frame,
                    Rect {
                        y,
                        height: 1,
                        ..list
                    },
                    cx,
                );
                y = y.saturating_add(1);
            }
            let row = match self.items().get(place) {
                Some(item) => Some(waiting_row(item, cx)),
                None => self
                    .sent
                    .get(place.saturating_sub(waiting))
                    .map(|sent| sent_row(sent, cx)),
            };
            if let Some(row) = row.filter(|_| y < list.bottom()) {
                let line = Rect {
                    y,
                    height: 1,
                    ..list
                };
                draw_row(frame, line, (&row, place == self.selection.row()), cx);
            }
            y = y.saturating_add(1);
        }
    }
}

fn heading(frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
    let line = Line::styled(" Sent in the last two weeks", cx.style(Tone::Dim));
    frame.render_widget(Paragraph::new(line), area);
}

fn waiting_row<'a>(item: &'a OutboxItem, cx: &Cx) -> Row<'a> {
    let (state, tone) = state_words(item, cx);
    Row {
        recipients: &item.recipients,
        subject: &item.subject,
        state,
        tone,
    }
}

fn sent_row<'a>(sent: &'a SentMail, cx: &Cx) -> Row<'a> {
    let filed = match sent.filed_in.len() {
        0 => "",
        1 => " and filed",
        _ => " and filed twice",
    };
    Row {
        recipients: &sent.recipients,
        subject: &sent.subject,
        state: format!("sent {}{filed}", dates::short(sent.at, cx.now, &cx.zone)),
        tone: Tone::Dim,
    }
}

/// Says who sent it, which way, and where the copy is.
fn sent_lines(sent: &SentMail, cx: &Cx) -> Vec<Line<'static>> {
    let dim = cx.style(Tone::Dim);
    let mut lines = vec![field("As", sent.from.to_string(), dim)];
    if let Some(by) = &sent.by {
        lines.push(field("By", format!("signed in as {}", by.signed_in), dim));
        let way = format!("{}, {}", by.protocol.title(), by.host);
        lines.push(field("Over", way, dim));
        if let Some(detour) = &by.detour {
            let why = format!("because SMTP sign-in is switched off: {detour}");
            lines.push(field("", why, dim));
        }
    }
    lines.push(field("To", sent.recipients.join(", "), dim));
    lines.push(field(
        "Filed",
        sent.filed_words(cx.reads_over(sent.mailbox)),
        dim,
    ));
    let id = match &sent.new_message_id {
        Some(new) => format!("{new} (given by the server; ours was {})", sent.message_id),
        None => sent.message_id.clone(),
    };
    lines.push(field("Id", id, dim));
    lines
}

fn field(name: &str, value: String, dim: Style) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{name:<6}"), dim),
        Span::raw(value),
    ])
}

/// One line of the list.
struct Row<'a> {
    recipients: &'a [String],
    subject: &'a str,
    state: String,
    tone: Tone,
}

fn draw_row(frame: &mut Frame<'_>, area: Rect, (row, is_selected): (&Row<'_>, bool), cx: &Cx) {
    let Row {
        recipients,
        subject,
        state,
        tone,
    } = row;
    let ground = if is_selected {
        cx.style(Tone::Selection)
    } else {
        Style::new()
    };
    let bar = if is_selected { cx.symbols.bar } else { " " };
    let columns = usize::from(area.width);
    let state_width = (text::width(state) + 1).min(columns / 2);
    let to = recipients.first().map_or("", String::as_str);
    let more = recipients.len().saturating_sub(1);
    let to = if more == 0 {
        to.to_owned()
    } else {
        format!("{to} +{more}")
    };
    let to_width = (columns / 4).min(28);
    let room = columns.saturating_sub(state_width + to_width + 3);
    let subject = if subject.is_empty() {
        "(no subject)"
    } else {
        subject
    };
    let line = Line::from(vec![
        Span::styled(bar.to_owned(), cx.style(Tone::Bar)),
        Span::styled(text::left(&to, to_width, &cx.symbols), ground),
        Span::styled("  ", ground),
        Span::styled(text::left(subject, room, &cx.symbols), ground),
        Span::styled(
            text::right(state, state_width, &cx.symbols),
            ground.patch(cx.style(*tone)),
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
    let mut lines = vec![
        field("From", item.from.to_string(), dim),
        field("To", item.recipients.join(", "), dim),
    ];
    if let Some(failure) = &item.failure {
        lines.push(Line::default());
        lines.extend(notice_lines(&notice(item, failure, cx), cx));
    }
    lines
}
