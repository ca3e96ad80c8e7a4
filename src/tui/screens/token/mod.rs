//! What an account's tokens are and allow; renewing, signing in and out. Never shows a token.

mod facts;
#[cfg(test)]
mod tests;

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::engine::{Event, TokenReport};
use crate::explain::{Notice, explain};
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::screens::{Face, Live, ScreenName};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::frame::top_line;
use crate::tui::widgets::notice::notice_lines;

use facts::Fact;

/// Columns of the names.
const NAMES: usize = 15;

/// The token screen.
#[derive(Debug)]
pub struct Token {
    account: String,
    report: Option<Box<TokenReport>>,
    /// Why there is no report, or why the last renewal failed.
    failure: Option<Notice>,
    is_renewing: bool,
    /// As last drawn, for copying.
    facts: Vec<Fact>,
    scroll: usize,
    /// Rows of the last frame and how many of them fitted.
    extent: (usize, usize),
}

impl Token {
    /// Opens the screen.
    pub fn open(account: String) -> (Self, Vec<Effect>) {
        let load = Effect::LoadTokenReport(account.clone());
        let screen = Self {
            account,
            report: None,
            failure: None,
            is_renewing: false,
            facts: Vec::new(),
            scroll: 0,
            extent: (0, 0),
        };
        (screen, vec![load])
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        match message {
            Msg::Done(Outcome::TokenReport(account, result)) if *account == self.account => {
                match result {
                    Ok(report) => self.report = Some(report.clone()),
                    Err(error) => self.failure = Some(self.explained(error, cx)),
                }
                Vec::new()
            }
            Msg::Done(Outcome::Renewed(account, result)) if *account == self.account => {
                self.is_renewing = false;
                let said = match result {
                    Ok(()) => Effect::Toast("Token renewed".to_owned()),
                    Err(error) => {
                        self.failure = Some(self.explained(error, cx));
                        Effect::Say("The token was not renewed".to_owned())
                    }
                };
                vec![said, self.load()]
            }
            Msg::Done(Outcome::SignedOut(..) | Outcome::Mailboxes(_))
            | Msg::Shown
            | Msg::Engine(Event::SignIn(_)) => vec![self.load()],
            Msg::Action(action) => self.act(*action),
            _ => Vec::new(),
        }
    }

    fn load(&self) -> Effect {
        Effect::LoadTokenReport(self.account.clone())
    }

    fn explained(&self, error: &crate::engine::EngineError, cx: &Cx) -> Notice {
        let notice = explain(error);
        let mut accounts = cx.accounts().iter();
        match accounts.find(|account| account.name == self.account) {
            Some(account) => notice.for_account(account),
            None => notice,
        }
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        let (rows, height) = self.extent;
        let last = rows.saturating_sub(height);
        let account = self.account.clone();
        match action {
            Action::Back => return vec![Effect::Pop],
            Action::SignInAgain => return vec![Effect::Push(ScreenName::SignIn { account })],
            Action::SignOut => return vec![Effect::SignOut(account)],
            Action::GoAdmin => return vec![Effect::Push(ScreenName::Admin { account })],
            Action::RenewToken => {
                self.is_renewing = true;
                self.failure = None;
                return vec![Effect::RenewToken(account)];
            }
            Action::CopyFacts => {
                return vec![
                    Effect::Copy(self.plain()),
                    Effect::Say("Facts copied; the token itself is not among them".to_owned()),
                ];
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

    fn plain(&self) -> String {
        let lines = self.facts.iter().map(|fact| match fact {
            Fact::Title(title) => format!("\n{title}"),
            Fact::Row(name, value, _) => format!("{name:<NAMES$}{value}"),
        });
        let lines: Vec<String> = lines.collect();
        format!("{}{}\n", self.account, lines.join("\n"))
    }

    fn has_tokens(&self) -> bool {
        let report = self.report.as_ref();
        report.is_some_and(|report| !report.tokens.is_empty())
    }

    /// Answers the root's questions.
    pub fn face(&self) -> Face {
        Face {
            // The rest of a token's life counts down.
            tick: self.has_tokens().then(|| Duration::from_secs(1)),
            ..Face::new(
                Scope::Token,
                &[
                    Action::RenewToken,
                    Action::CopyFacts,
                    Action::SignInAgain,
                    Action::SignOut,
                    Action::GoAdmin,
                    Action::Down,
                    Action::Back,
                ],
            )
        }
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action) -> Live {
        match action {
            Action::Down | Action::Last | Action::PageDown if self.extent.0 <= self.extent.1 => {
                Live::No("Everything is on screen")
            }
            Action::RenewToken if self.is_renewing => Live::No("A renewal is under way"),
            Action::RenewToken | Action::SignOut if !self.has_tokens() => {
                Live::No("Nobody is signed in")
            }
            Action::CopyFacts if self.facts.is_empty() => Live::No("There is nothing to copy yet"),
            Action::Back
            | Action::Up
            | Action::First
            | Action::PageUp
            | Action::Down
            | Action::Last
            | Action::PageDown
            | Action::RenewToken
            | Action::CopyFacts
            | Action::SignInAgain
            | Action::SignOut
            | Action::GoAdmin => Live::Yes,
            _ => Live::Unknown,
        }
    }

    /// Draws.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let title = format!("Token {} {}", cx.symbols.step, self.account);
        let state = match (&self.report, self.is_renewing) {
            (_, true) => "renewing",
            (None, false) if self.failure.is_none() => "reading",
            _ => "",
        };
        let body = top_line(frame, area, cx, (&title, state));
        let report = self.report.as_deref();
        self.facts = report.map_or_else(Vec::new, |report| facts::of(report, cx));
        let rows = self.rows(cx, usize::from(body.width));
        self.extent = (rows.len(), usize::from(body.height));
        let last = rows.len().saturating_sub(usize::from(body.height));
        self.scroll = self.scroll.min(last);
        let shown: Vec<Line<'_>> = rows.into_iter().skip(self.scroll).collect();
        frame.render_widget(Paragraph::new(shown), body);
    }

    fn rows(&self, cx: &Cx, columns: usize) -> Vec<Line<'static>> {
        let mut rows = Vec::new();
        let room = columns.saturating_sub(2);
        for line in self
            .failure
            .iter()
            .flat_map(|notice| notice_lines(notice, cx))
        {
            let style = line.spans.last().map_or(line.style, |span| span.style);
            for row in text::wrap(&line.to_string(), room.max(1)) {
                rows.push(Line::styled(format!(" {row}"), style));
            }
        }
        for fact in &self.facts {
            match fact {
                Fact::Title(title) => {
                    if !rows.is_empty() {
                        rows.push(Line::default());
                    }
                    rows.push(Line::styled(format!(" {title}"), cx.style(Tone::Title)));
                }
                Fact::Row(name, value, tone) => {
                    // On a narrow terminal a value goes below its name.
                    let indent = if columns < 60 { 3 } else { NAMES + 3 };
                    let parts = text::wrap(value, columns.saturating_sub(indent + 1).max(8));
                    let name = Span::styled(format!("   {name:<NAMES$}"), cx.style(Tone::Dim));
                    let mut parts = parts.into_iter();
                    if indent > NAMES {
                        let first = parts.next().unwrap_or_default();
                        let first = Span::styled(first, cx.style(*tone));
                        rows.push(Line::from(vec![name, first]));
                    } else if !name.content.trim().is_empty() {
                        rows.push(Line::from(name));
                    }
                    let blanks = " ".repeat(indent);
                    rows.extend(
                        parts.map(|part| Line::styled(format!("{blanks}{part}"), cx.style(*tone))),
                    );
                }
            }
        }
        rows
    }
}
