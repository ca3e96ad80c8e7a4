//! A check of an account: lines fill in as steps pass or fail; a failed one says who does what.

#[cfg(test)]
mod tests;
mod view;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::Paragraph;

use crate::engine::{CheckLine, Rights, SendTest};
use crate::explain::{Notice, Remedy, explain};
use crate::model::Account;
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Generation, Slot};
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::{Msg, Reply};
use crate::tui::outcome::Outcome;
use crate::tui::screens::{Face, Live, Question, ScreenName};
use crate::tui::widgets::frame::top_line;

const SEND: &str = "check-send-test";

/// A line as shown: the step and, where it failed, its notice.
#[derive(Debug)]
struct Shown {
    mailbox: String,
    step: &'static str,
    detail: String,
    warning: Option<String>,
    milliseconds: u128,
    notice: Option<Notice>,
    /// Stands in the table of rights, not among the steps.
    rights: Option<Rights>,
}

/// The check screen.
#[derive(Debug)]
pub struct Check {
    account: String,
    generation: Generation,
    lines: Vec<Shown>,
    is_running: bool,
    send_test: SendTest,
    /// The line under the cursor; the first failure until somebody moves.
    selected: Option<usize>,
    scroll: usize,
    /// Lines in the order shown, with their first row and the one after their last.
    places: Vec<(usize, usize, usize)>,
    height: usize,
}

impl Check {
    /// Opens the screen and starts.
    pub fn open(account: String, cx: &Cx) -> (Self, Vec<Effect>) {
        let mut screen = Self {
            account,
            generation: cx.opened << 16,
            lines: Vec::new(),
            is_running: false,
            send_test: SendTest::Skip,
            selected: None,
            scroll: 0,
            places: Vec::new(),
            height: 1,
        };
        let effect = screen.start(SendTest::Skip);
        (screen, vec![effect])
    }

    fn start(&mut self, send_test: SendTest) -> Effect {
        self.generation += 1;
        self.lines.clear();
        self.places.clear();
        self.is_running = true;
        self.send_test = send_test;
        self.selected = None;
        self.scroll = 0;
        Effect::Check {
            generation: self.generation,
            account: self.account.clone(),
            send_test,
        }
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        match message {
            Msg::Done(Outcome::Check { generation, line }) if *generation == self.generation => {
                let mut accounts = cx.accounts().iter();
                let account = accounts.find(|account| account.name == self.account);
                match line {
                    Some(line) => self.lines.push(shown(line, account)),
                    None => self.is_running = false,
                }
                Vec::new()
            }
            Msg::Action(action) => self.act(*action),
            Msg::Reply(Reply::Confirmed(SEND)) => vec![self.start(SendTest::Send)],
            _ => Vec::new(),
        }
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        let account = self.account.clone();
        match action {
            Action::Back => vec![Effect::Pop],
            Action::CheckAgain => vec![self.start(self.send_test)],
            Action::TestSending => vec![Effect::Push(ScreenName::Confirm(Question {
                tag: SEND,
                title: "Check with a message?".to_owned(),
                detail:
                    "Every mailbox sends a message to itself, which is looked for and then removed."
                        .to_owned(),
                yes: "send".to_owned(),
            }))],
            Action::CopyLine => match self.line_to_copy() {
                Some(line) => vec![
                    Effect::Copy(line.to_owned()),
                    Effect::Say("Line copied".to_owned()),
                ],
                None => Vec::new(),
            },
            Action::Open => match self.failure() {
                Some(notice) => vec![Effect::Push(ScreenName::Notice(Box::new(notice.clone())))],
                None => Vec::new(),
            },
            Action::Remedy => self.mend(),
            Action::GoToken => vec![Effect::Push(ScreenName::Token { account })],
            Action::GoAdmin => vec![Effect::Push(ScreenName::Admin { account })],
            other => {
                self.go(other);
                Vec::new()
            }
        }
    }

    /// Does what the notice of the selected failure offers.
    fn mend(&mut self) -> Vec<Effect> {
        let account = self.account.clone();
        match self.failure().map(|notice| notice.remedy) {
            Some(Remedy::SignIn) => vec![Effect::Push(ScreenName::SignIn { account })],
            Some(Remedy::EditAccount) => vec![Effect::Push(ScreenName::Setup {
                account: Some(account),
            })],
            Some(Remedy::LeaveEws) => vec![Effect::Push(ScreenName::LeaveEws { account })],
            Some(Remedy::Retry) => vec![self.start(self.send_test)],
            Some(Remedy::ShowLog | Remedy::None) | None => Vec::new(),
        }
    }

    /// Moves the cursor, by lines and not by rows.
    fn go(&mut self, action: Action) {
        let last = self.places.len().saturating_sub(1);
        let current = self.cursor();
        let now = self
            .places
            .iter()
            .position(|(line, ..)| Some(*line) == current);
        let now = now.unwrap_or(0);
        let is_below = |rows: usize, (_, from, _): &(usize, usize, usize)| {
            let start = self.places.get(now).map_or(0, |(_, from, _)| *from);
            *from >= start + rows
        };
        let page = self.height.saturating_sub(1).max(1);
        let next = match action {
            Action::Up => now.saturating_sub(1),
            Action::Down => (now + 1).min(last),
            Action::First => 0,
            Action::Last => last,
            Action::PageDown => {
                let mut places = self.places.iter();
                places
                    .position(|place| is_below(page, place))
                    .unwrap_or(last)
            }
            Action::PageUp => {
                let start = self.places.get(now).map_or(0, |(_, from, _)| *from);
                let mut places = self.places.iter();
                let wanted = start.saturating_sub(page);
                places.position(|(_, from, _)| *from >= wanted).unwrap_or(0)
            }
            _ => return,
        };
        self.selected = self.places.get(next).map(|(line, ..)| *line);
    }

    /// Returns the line under the cursor: where nobody moved it, the first failure, else the first line.
    fn cursor(&self) -> Option<usize> {
        let is_failure = |(line, ..): &&(usize, usize, usize)| {
            self.lines
                .get(*line)
                .is_some_and(|line| line.notice.is_some())
        };
        let first = self.places.iter().find(is_failure).or(self.places.first());
        self.selected.or(first.map(|(line, ..)| *line))
    }

    /// Returns the notice of the line under the cursor.
    fn failure(&self) -> Option<&Notice> {
        self.lines.get(self.cursor()?)?.notice.as_ref()
    }

    fn line_to_copy(&self) -> Option<&str> {
        let copy = self.failure().map(|notice| notice.copy.as_str())?;
        (!copy.is_empty()).then_some(copy)
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
                Action::Remedy,
                Action::Open,
                Action::CheckAgain,
                Action::TestSending,
                Action::GoToken,
                Action::GoAdmin,
                Action::Back,
            ],
        )
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action, _: &Cx) -> Live {
        let remedy = self.failure().map(|notice| notice.remedy);
        match action {
            Action::CheckAgain | Action::TestSending if self.is_running => {
                Live::No("The check still runs")
            }
            Action::CopyLine if self.line_to_copy().is_none() => {
                Live::No("There is no line to copy here")
            }
            Action::Open if remedy.is_none() => Live::No("There is no more to say about this"),
            Action::Remedy if matches!(remedy, None | Some(Remedy::None | Remedy::ShowLog)) => {
                Live::No("There is nothing to press for this")
            }
            Action::Back
            | Action::Up
            | Action::First
            | Action::PageUp
            | Action::Down
            | Action::Last
            | Action::PageDown
            | Action::CheckAgain
            | Action::TestSending
            | Action::Open
            | Action::Remedy
            | Action::GoToken
            | Action::GoAdmin
            | Action::CopyLine => Live::Yes,
            _ => Live::Unknown,
        }
    }

    /// Draws.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let steps = self.lines.iter().filter(|line| line.rights.is_none());
        let (mut passed, mut all) = (0, 0);
        for line in steps {
            all += 1;
            passed += usize::from(line.notice.is_none());
        }
        let running = if self.is_running { ", running" } else { "" };
        let facts = format!("{passed} of {all} passed{running}");
        let title = format!("Check {} {}", cx.symbols.step, self.account);
        let body = top_line(frame, area, cx, (&title, &facts));
        self.places = self.order();
        let mut rows = self.rows(cx, usize::from(body.width));
        let last = rows.len().saturating_sub(usize::from(body.height));
        self.height = usize::from(body.height);
        self.scroll_to_cursor();
        self.scroll = self.scroll.min(last);
        let shown = rows.split_off(self.scroll.min(rows.len()));
        frame.render_widget(Paragraph::new(shown), body);
    }

    /// Keeps the line under the cursor on screen, its first row above all.
    fn scroll_to_cursor(&mut self) {
        let cursor = self.cursor();
        let place = self.places.iter().find(|(line, ..)| Some(*line) == cursor);
        let Some((_, from, end)) = place.copied() else {
            return;
        };
        if end > self.scroll + self.height {
            self.scroll = end - self.height;
        }
        // The heading above the first line comes along.
        let from = if from <= 1 { 0 } else { from };
        self.scroll = self.scroll.min(from);
    }
}

fn shown(line: &CheckLine, account: Option<&Account>) -> Shown {
    let notice = line.outcome.as_ref().err().map(|error| {
        let notice = explain(error);
        match account {
            Some(account) => notice.for_account(account),
            None => notice,
        }
    });
    Shown {
        mailbox: line.mailbox.clone(),
        step: line.step.name(),
        detail: line.outcome.as_ref().cloned().unwrap_or_default(),
        warning: line.warning.clone(),
        milliseconds: line.took.as_millis(),
        notice,
        rights: line.rights,
    }
}
