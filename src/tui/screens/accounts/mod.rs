//! The accounts: who is signed in, until when, and what can be done about it.

#[cfg(test)]
pub mod fixture;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::engine::{Event, TokenFacts};
use crate::model::Account;
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

const REMOVE: &str = "remove-account";

/// What is known of an account's sign-in.
#[derive(Debug)]
enum Token {
    /// Nobody is signed in, or the sign-in cannot be read.
    None,
    /// Somebody is.
    Facts(Box<TokenFacts>),
}

/// The accounts screen.
#[derive(Debug, Default)]
pub struct Accounts {
    selection: Selection,
    tokens: BTreeMap<String, Token>,
}

impl Accounts {
    /// Opens the screen.
    pub fn open(cx: &Cx) -> (Self, Vec<Effect>) {
        (Self::default(), load(cx))
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        let count = cx.accounts().len();
        match message {
            Msg::Action(Action::Back) => vec![Effect::Pop],
            Msg::Action(action) if self.selection.act(*action, count) => Vec::new(),
            Msg::Action(action) => self.act(*action, cx),
            Msg::Reply(Reply::Confirmed(REMOVE)) => self.with_selected(cx, |account| {
                vec![Effect::RemoveAccount(account.name.clone())]
            }),
            Msg::Done(Outcome::Token(account, result)) => {
                let token = match result {
                    Ok(Some(facts)) => Token::Facts(facts.clone()),
                    Ok(None) | Err(_) => Token::None,
                };
                self.tokens.insert(account.clone(), token);
                Vec::new()
            }
            Msg::Done(Outcome::AccountRemoved(..)) => vec![Effect::LoadMailboxes],
            Msg::Done(Outcome::Mailboxes(_)) => {
                self.selection.clamp(count);
                load(cx)
            }
            Msg::Done(Outcome::SignedOut(..)) | Msg::Shown | Msg::Engine(Event::SignIn(_)) => {
                load(cx)
            }
            _ => Vec::new(),
        }
    }

    fn with_selected(&self, cx: &Cx, then: impl FnOnce(&Account) -> Vec<Effect>) -> Vec<Effect> {
        cx.accounts()
            .get(self.selection.row())
            .map(then)
            .unwrap_or_default()
    }

    fn act(&mut self, action: Action, cx: &Cx) -> Vec<Effect> {
        if action == Action::AddAccount {
            return vec![Effect::Push(ScreenName::Setup { account: None })];
        }
        self.with_selected(cx, |account| {
            let name = account.name.clone();
            match action {
                Action::Open => vec![Effect::Push(ScreenName::Setup { account: Some(name) })],
                Action::SignInAgain => vec![Effect::Push(ScreenName::SignIn { account: name })],
                Action::SignOut => vec![Effect::SignOut(name)],
                Action::CheckAccount => vec![Effect::Push(ScreenName::Check { account: name })],
                Action::GoToken => vec![Effect::Push(ScreenName::Token { account: name })],
                Action::GoAdmin => vec![Effect::Push(ScreenName::Admin { account: name })],
                Action::RemoveAccount => vec![Effect::Push(ScreenName::Confirm(Question {
                    tag: REMOVE,
                    title: format!("Remove the account {name}?"),
                    detail: "Its sign-in and its cached mail go from this machine; on the server nothing changes."
                        .to_owned(),
                    yes: "remove".to_owned(),
                }))],
                _ => Vec::new(),
            }
        })
    }

    /// Answers the root's questions.
    pub fn face(&self, _: &Cx) -> Face {
        Face::new(
            Scope::Accounts,
            &[
                Action::Open,
                Action::AddAccount,
                Action::SignInAgain,
                Action::CheckAccount,
                Action::GoToken,
                Action::GoAdmin,
                Action::SignOut,
                Action::RemoveAccount,
                Action::Back,
            ],
        )
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action, cx: &Cx) -> Live {
        match action {
            Action::Back | Action::AddAccount => Live::Yes,
            Action::Open
            | Action::SignInAgain
            | Action::SignOut
            | Action::CheckAccount
            | Action::GoToken
            | Action::GoAdmin
            | Action::RemoveAccount
            | Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::First
            | Action::Last => {
                if cx.accounts().is_empty() {
                    Live::No("There is no account yet")
                } else {
                    Live::Yes
                }
            }
            _ => Live::Unknown,
        }
    }

    /// Draws.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let accounts = cx.accounts();
        let facts = text::plural(accounts.len(), "account");
        let body = top_line(frame, area, cx, ("Accounts", &facts));
        if accounts.is_empty() {
            let hint = format!(
                "There is no account yet. {} adds one.",
                cx.key(Action::AddAccount)
            );
            frame.render_widget(Paragraph::new(hint).wrap(Wrap { trim: true }), body);
            return;
        }
        let list_height = body
            .height
            .saturating_sub(9)
            .max(3)
            .min(accounts.len() as u16);
        let list = Rect {
            height: list_height.min(body.height),
            ..body
        };
        let visible = self.selection.visible(list, accounts.len());
        for (line, place) in (list.y..).zip(visible) {
            if let Some(account) = accounts.get(place) {
                let row = Rect {
                    y: line,
                    height: 1,
                    ..list
                };
                self.draw_row(frame, row, (account, place == self.selection.row()), cx);
            }
        }
        let details = Rect {
            y: list.bottom().saturating_add(1),
            height: body
                .bottom()
                .saturating_sub(list.bottom().saturating_add(1)),
            x: body.x + 2.min(body.width),
            width: body.width.saturating_sub(2),
        };
        if let Some(account) = accounts.get(self.selection.row()) {
            let lines = self.details(account, cx);
            frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), details);
        }
    }

    fn draw_row(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        (account, is_selected): (&Account, bool),
        cx: &Cx,
    ) {
        let (state, tone) = self.state(account, cx);
        let bar = if is_selected { cx.symbols.bar } else { " " };
        let state_width = (text::width(&state) + 1).min(usize::from(area.width) / 2);
        let room = usize::from(area.width).saturating_sub(state_width + 1);
        let name = text::left(
            &format!("{}  {}", account.name, account.address.email),
            room,
            &cx.symbols,
        );
        let ground = if is_selected {
            cx.style(Tone::Selection)
        } else {
            Style::new()
        };
        let line = Line::from(vec![
            Span::styled(bar.to_owned(), cx.style(Tone::Bar)),
            Span::styled(name, ground),
            Span::styled(
                text::right(&state, state_width, &cx.symbols),
                ground.patch(cx.style(tone)),
            ),
        ]);
        frame.render_widget(Paragraph::new(line).style(ground), area);
    }

    fn state(&self, account: &Account, cx: &Cx) -> (String, Tone) {
        match self.tokens.get(&account.name) {
            None => (String::new(), Tone::Dim),
            Some(Token::None) => ("not signed in".to_owned(), Tone::Warning),
            Some(Token::Facts(facts)) if facts.expires_at < cx.now => {
                ("signed in".to_owned(), Tone::Ok)
            }
            Some(Token::Facts(facts)) => {
                let minutes = dates::seconds_left(facts.expires_at, cx.now).saturating_add(59) / 60;
                (format!("signed in · token for {minutes} min"), Tone::Ok)
            }
        }
    }

    fn details(&self, account: &Account, cx: &Cx) -> Vec<Line<'static>> {
        let incoming = &account.servers.incoming;
        let mut rows = vec![("Reads from", format!("{}:{}", incoming.host, incoming.port))];
        if let Some(outgoing) = &account.servers.outgoing {
            rows.push(("Sends by", format!("{}:{}", outgoing.host, outgoing.port)));
        }
        if !account.additional_users.is_empty() {
            let users: Vec<&str> = account
                .additional_users
                .iter()
                .map(|user| user.email.as_str())
                .collect();
            rows.push(("Additional users", users.join("; ")));
        }
        if let Some(Token::Facts(facts)) = self.tokens.get(&account.name) {
            rows.push(("Signed in as", facts.identity.username.clone()));
            if !facts.audience.is_empty() {
                rows.push(("Token is for", facts.audience.clone()));
            }
            rows.push(("May", facts.scopes.join(" ")));
            let renewed = dates::ago(facts.renewed_at, cx.now);
            let how = if facts.has_refresh_token {
                "by itself"
            } else {
                "only by a new sign-in"
            };
            rows.push(("Renewed", format!("{renewed}, {how}")));
        }
        let line = |(name, value): (&str, String)| {
            Line::from(vec![
                Span::styled(format!("{name:<18}"), cx.style(Tone::Dim)),
                Span::raw(value),
            ])
        };
        rows.into_iter().map(line).collect()
    }
}

fn load(cx: &Cx) -> Vec<Effect> {
    cx.accounts()
        .iter()
        .map(|account| Effect::LoadToken(account.name.clone()))
        .collect()
}
