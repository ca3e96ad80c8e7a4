//! Draws the accounts, the profiles and what is known of the selected one.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::config::OldSetting;
use crate::model::{Account, Method};
use crate::tui::context::Cx;
use crate::tui::dates;
use crate::tui::keymap::Action;
use crate::tui::screens::accounts::profiles::{self, Profile};
use crate::tui::screens::accounts::{Accounts, Pane, Token, details};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::frame::top_line;

/// Rows left for what is known of the selected one.
const DETAILS: u16 = 9;

impl Accounts {
    /// Draws.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let accounts = cx.accounts();
        let profiles = profiles::all(cx);
        let facts = text::plural(accounts.len(), "account");
        let title = match self.pane {
            Pane::Accounts => "Accounts",
            Pane::Profiles => "Profiles",
        };
        let mut body = top_line(frame, area, cx, (title, &facts));
        body = self.draw_former(frame, body, cx);
        let count = match self.pane {
            Pane::Accounts => accounts.len(),
            Pane::Profiles => profiles.len(),
        };
        if count == 0 {
            let hint = self.nothing(cx);
            frame.render_widget(Paragraph::new(hint).wrap(Wrap { trim: true }), body);
            return;
        }
        let least = 3.min(body.height);
        let height = body
            .height
            .saturating_sub(DETAILS)
            .max(least)
            .min(count as u16);
        let list = Rect { height, ..body };
        let selection = match self.pane {
            Pane::Accounts => &mut self.selection,
            Pane::Profiles => &mut self.profile,
        };
        let visible = selection.visible(list, count);
        let row = selection.row();
        for (y, place) in (list.y..).zip(visible) {
            let area = Rect {
                y,
                height: 1,
                ..list
            };
            let is_selected = place == row;
            let (left, right) = match self.pane {
                Pane::Accounts => match accounts.get(place) {
                    Some(account) => self.account_row(account, cx),
                    None => continue,
                },
                Pane::Profiles => match profiles.get(place) {
                    Some(profile) => profile_row(profile),
                    None => continue,
                },
            };
            draw_row(frame, area, (&left, right, is_selected), cx);
        }
        let below = match self.pane {
            Pane::Accounts => accounts.get(row).map(|account| self.details(account, cx)),
            Pane::Profiles => profiles.get(row).map(details::profile),
        };
        draw_details(frame, body, list, (below.unwrap_or_default(), cx));
    }

    fn nothing(&self, cx: &Cx) -> String {
        match self.pane {
            Pane::Accounts => format!(
                "There is no account yet. {} adds one.",
                cx.key(Action::AddAccount)
            ),
            Pane::Profiles => {
                "There is no profile yet; the first comes with an account.".to_owned()
            }
        }
    }

    /// One line that says that former settings are there, and the key that replaces them.
    fn draw_former(&self, frame: &mut Frame<'_>, body: Rect, cx: &Cx) -> Rect {
        if self.old.is_empty() || body.height < 4 {
            return body;
        }
        let count = text::plural(self.old.len(), "former setting");
        let can = self.old.iter().any(OldSetting::is_replaceable);
        let hint = if can {
            format!(" {count}: {} replaces", cx.key(Action::Migrate))
        } else {
            format!(" {count}: edit the account")
        };
        let hint = text::left(&hint, usize::from(body.width), &cx.symbols);
        let line = Rect { height: 1, ..body };
        let hint = Paragraph::new(hint).style(cx.style(Tone::Warning));
        frame.render_widget(hint, line);
        Rect {
            y: body.y + 1,
            height: body.height - 1,
            ..body
        }
    }

    fn account_row(&self, account: &Account, cx: &Cx) -> (String, (String, Tone)) {
        let mark = if account.sign_in.method.is_app_only() {
            "APP "
        } else {
            ""
        };
        let name = format!("{mark}{}  {}", account.name, account.address.email);
        (name, self.state(account, cx))
    }

    fn state(&self, account: &Account, cx: &Cx) -> (String, Tone) {
        match self.tokens.get(&account.name) {
            _ if account.sign_in.method == Method::Password => {
                ("by password".to_owned(), Tone::Dim)
            }
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
}

fn profile_row(profile: &Profile) -> (String, (String, Tone)) {
    let tone = if profile.users.is_empty() {
        Tone::Warning
    } else {
        Tone::Dim
    };
    let left = format!("{}  {}  {}", profile.kind(), profile.name, profile.words);
    (left, (profile.used(), tone))
}

fn draw_row(
    frame: &mut Frame<'_>,
    area: Rect,
    (left, (state, tone), is_selected): (&str, (String, Tone), bool),
    cx: &Cx,
) {
    let bar = if is_selected { cx.symbols.bar } else { " " };
    let state_width = (text::width(&state) + 1).min(usize::from(area.width) / 2);
    let room = usize::from(area.width).saturating_sub(state_width + 1);
    let ground = if is_selected {
        cx.style(Tone::Selection)
    } else {
        Style::new()
    };
    let line = Line::from(vec![
        Span::styled(bar.to_owned(), cx.style(Tone::Bar)),
        Span::styled(text::left(left, room, &cx.symbols), ground),
        Span::styled(
            text::right(&state, state_width, &cx.symbols),
            ground.patch(cx.style(tone)),
        ),
    ]);
    frame.render_widget(Paragraph::new(line).style(ground), area);
}

/// Columns of what a value is about.
const LABEL: usize = 18;
/// Columns below which a value stands anywhere.
const NARROW: usize = 30;

fn label(name: &str, cx: &Cx) -> Span<'static> {
    Span::styled(format!("{name:<LABEL$}"), cx.style(Tone::Dim))
}

fn draw_details(
    frame: &mut Frame<'_>,
    body: Rect,
    list: Rect,
    (rows, cx): (Vec<details::Row>, &Cx),
) {
    let top = list.bottom().saturating_add(1);
    let area = Rect {
        y: top,
        height: body.bottom().saturating_sub(top),
        x: body.x + 2.min(body.width),
        width: body.width.saturating_sub(2),
    };
    // Where a value needs several rows, they stand below each other, if there is room for that.
    let room = usize::from(area.width).saturating_sub(LABEL);
    if room < NARROW {
        let line = |(name, value)| Line::from(vec![label(name, cx), Span::raw(value)]);
        let lines: Vec<Line<'_>> = rows.into_iter().map(line).collect();
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
        return;
    }
    let lines = rows.into_iter().flat_map(|(name, value)| {
        let mut pieces = text::wrap(&value, room);
        if pieces.is_empty() {
            pieces.push(String::new());
        }
        let names = std::iter::once(name).chain(std::iter::repeat(""));
        let line = |(name, piece)| Line::from(vec![label(name, cx), Span::raw(piece)]);
        names.zip(pieces).map(line).collect::<Vec<_>>()
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), area);
}
