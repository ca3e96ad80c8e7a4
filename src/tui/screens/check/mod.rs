//! A check of an account: lines fill in as steps pass or fail; a failed one says who does what.

#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::engine::CheckLine;
use crate::explain::{Notice, explain};
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Generation, Slot};
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::screens::{Face, Live};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::frame::top_line;

/// A line as shown: the step and, where it failed, its notice.
#[derive(Debug)]
struct Shown {
    mailbox: String,
    step: &'static str,
    detail: String,
    milliseconds: u128,
    notice: Option<Notice>,
}

/// The check screen.
#[derive(Debug)]
pub struct Check {
    account: String,
    generation: Generation,
    lines: Vec<Shown>,
    is_running: bool,
    scroll: usize,
    /// Rows of the last frame and how many of them fitted.
    extent: (usize, usize),
}

impl Check {
    /// Opens the screen and starts.
    pub fn open(account: String, cx: &Cx) -> (Self, Vec<Effect>) {
        let mut screen = Self {
            account,
            generation: cx.opened << 16,
            lines: Vec::new(),
            is_running: false,
            scroll: 0,
            extent: (0, 0),
        };
        let effect = screen.start();
        (screen, vec![effect])
    }

    fn start(&mut self) -> Effect {
        self.generation += 1;
        self.lines.clear();
        self.is_running = true;
        self.scroll = 0;
        Effect::Check {
            generation: self.generation,
            account: self.account.clone(),
        }
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, _: &Cx) -> Vec<Effect> {
        match message {
            Msg::Done(Outcome::Check { generation, line }) if *generation == self.generation => {
                match line {
                    Some(line) => self.lines.push(shown(line)),
                    None => self.is_running = false,
                }
                Vec::new()
            }
            Msg::Action(action) => self.act(*action),
            _ => Vec::new(),
        }
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        let (rows, height) = self.extent;
        let last = rows.saturating_sub(height);
        match action {
            Action::Back => return vec![Effect::Pop],
            Action::CheckAgain => return vec![self.start()],
            Action::CopyLine => {
                if let Some(line) = self.line_to_copy() {
                    return vec![
                        Effect::Copy(line.to_owned()),
                        Effect::Say("Line copied".to_owned()),
                    ];
                }
            }
            Action::Up => self.scroll = self.scroll.saturating_sub(1),
            Action::Down => self.scroll = (self.scroll + 1).min(last),
            Action::PageUp => self.scroll = self.scroll.saturating_sub(height),
            Action::PageDown => self.scroll = (self.scroll + height).min(last),
            Action::First => self.scroll = 0,
            Action::Last => self.scroll = last,
            _ => {}
        }
        Vec::new()
    }

    fn line_to_copy(&self) -> Option<&str> {
        let notices = self.lines.iter().filter_map(|line| line.notice.as_ref());
        notices
            .map(|notice| notice.copy.as_str())
            .find(|copy| !copy.is_empty())
    }

    /// Is closed: ends a check that still runs.
    pub fn leave(&mut self) -> Vec<Effect> {
        if self.is_running {
            vec![Effect::Cancel(Slot::Check)]
        } else {
            Vec::new()
        }
    }

    /// Answers the root's questions.
    pub fn face(&self, _: &Cx) -> Face {
        Face::new(
            Scope::Check,
            &[
                Action::CopyLine,
                Action::CheckAgain,
                Action::Down,
                Action::Back,
            ],
        )
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action, _: &Cx) -> Live {
        match action {
            Action::Down | Action::Last | Action::PageDown if self.extent.0 <= self.extent.1 => {
                Live::No("Everything is on screen")
            }
            Action::CheckAgain if self.is_running => Live::No("The check still runs"),
            Action::CopyLine if self.line_to_copy().is_none() => {
                Live::No("There is no line to copy")
            }
            Action::Back
            | Action::Up
            | Action::First
            | Action::PageUp
            | Action::Down
            | Action::Last
            | Action::PageDown
            | Action::CheckAgain
            | Action::CopyLine => Live::Yes,
            _ => Live::Unknown,
        }
    }

    /// Draws.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let passed = self
            .lines
            .iter()
            .filter(|line| line.notice.is_none())
            .count();
        let running = if self.is_running { ", running" } else { "" };
        let facts = format!("{passed} of {} passed{running}", self.lines.len());
        let title = format!("Check {} {}", cx.symbols.step, self.account);
        let body = top_line(frame, area, cx, (&title, &facts));
        let rows = self.rows(cx, usize::from(body.width));
        self.extent = (rows.len(), usize::from(body.height));
        self.scroll = self
            .scroll
            .min(rows.len().saturating_sub(usize::from(body.height)));
        let shown: Vec<Line<'_>> = rows.into_iter().skip(self.scroll).collect();
        frame.render_widget(Paragraph::new(shown), body);
    }

    fn rows(&self, cx: &Cx, columns: usize) -> Vec<Line<'static>> {
        let mut rows = Vec::new();
        for mailbox in self.mailboxes() {
            rows.push(Line::styled(format!(" {mailbox}"), cx.style(Tone::Title)));
            for line in self.lines.iter().filter(|line| line.mailbox == mailbox) {
                rows.push(step_row(line, cx, columns));
                if let Some(notice) = &line.notice {
                    rows.extend(notice_rows(notice, cx, columns));
                }
            }
        }
        rows
    }

    /// Returns the mailboxes in the order of their first line; several are looked at together.
    fn mailboxes(&self) -> Vec<&str> {
        let mut mailboxes: Vec<&str> = Vec::new();
        for line in &self.lines {
            if !mailboxes.contains(&line.mailbox.as_str()) {
                mailboxes.push(&line.mailbox);
            }
        }
        mailboxes
    }
}

fn shown(line: &CheckLine) -> Shown {
    Shown {
        mailbox: line.mailbox.clone(),
        step: line.step.name(),
        detail: line.outcome.as_ref().cloned().unwrap_or_default(),
        milliseconds: line.took.as_millis(),
        notice: line.outcome.as_ref().err().map(|error| explain(error)),
    }
}

fn step_row(line: &Shown, cx: &Cx, columns: usize) -> Line<'static> {
    let (mark, tone) = match line.notice {
        None => (cx.symbols.check, Tone::Ok),
        Some(_) => (cx.symbols.cross, Tone::Error),
    };
    let detail = line
        .notice
        .as_ref()
        .map_or(line.detail.as_str(), |notice| notice.title.as_str());
    let took = format!("{} ms", line.milliseconds);
    let room = columns.saturating_sub(17 + text::width(&took) + 1);
    Line::from(vec![
        Span::styled(format!("   {mark} "), cx.style(tone)),
        Span::raw(format!("{:<12}", line.step)),
        Span::raw(text::left(detail, room, &cx.symbols)),
        Span::styled(took, cx.style(Tone::Dim)),
    ])
}

/// Who does what, wrapped under the failed step.
fn notice_rows(notice: &Notice, cx: &Cx, columns: usize) -> Vec<Line<'static>> {
    let room = columns.saturating_sub(12).max(10);
    let mut rows = Vec::new();
    let mut part = |name: &str, value: &str, tone: Tone| {
        for (place, row) in text::wrap(value, room).into_iter().enumerate() {
            let name = if place == 0 { name } else { "" };
            rows.push(Line::from(vec![
                Span::styled(format!("      {name:<5}"), cx.style(Tone::Dim)),
                Span::styled(row, cx.style(tone)),
            ]));
        }
    };
    notice
        .cause
        .iter()
        .for_each(|cause| part("Why", cause, Tone::Text));
    part("Who", notice.who.words(), Tone::Text);
    notice
        .how
        .iter()
        .for_each(|how| part("What", how, Tone::Text));
    notice
        .copy
        .lines()
        .for_each(|line| part("Line", line, Tone::Accent));
    if !notice.detail.is_empty() {
        part(
            "Said",
            &format!("{} {}", notice.code, notice.detail),
            Tone::Dim,
        );
    }
    rows
}
