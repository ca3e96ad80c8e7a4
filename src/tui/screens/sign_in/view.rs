//! Draws the sign-in screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::engine::{DeviceAuthorization, MissingSecret};
use crate::tui::context::Cx;
use crate::tui::dates;
use crate::tui::keymap::Action;
use crate::tui::screens::sign_in::qr::{beside, qr_rows};
use crate::tui::screens::sign_in::{SignIn, Stage, permissions};
use crate::tui::theme::Tone;
use crate::tui::widgets::field::Masking;
use crate::tui::widgets::frame::top_line;
use crate::tui::widgets::notice::notice_lines;

impl SignIn {
    /// Draws.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let title = format!("Sign in {} {}", cx.symbols.step, self.account);
        let rest = top_line(frame, area, cx, (&title, &self.address));
        let body = inset(rest);
        if let Stage::Waiting(code) = &self.stage {
            return self.draw_code(frame, body, cx, code);
        }
        if let Stage::Browsing(browsing) = &self.stage {
            return self.draw_browser(frame, body, cx, browsing);
        }
        if let Stage::Typing(what, field) = &mut self.stage {
            let label = Rect { height: 1, ..body };
            frame.render_widget(Paragraph::new(label_of(what)), label);
            let line = Rect {
                y: body.y + u16::from(body.height > 1),
                height: body.height.min(1),
                ..body
            };
            field.view(frame, line, cx.style(Tone::Field), Masking::Hidden);
            field.place_cursor(frame, line);
            return;
        }
        let lines = self.plain_lines(cx);
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), body);
    }

    fn plain_lines(&self, cx: &Cx) -> Vec<Line<'static>> {
        match &self.stage {
            Stage::Starting => vec![Line::from("Asking the sign-in service")],
            Stage::Keeping => vec![Line::from("Keeping it in the vault")],
            Stage::Done(identity) => {
                if self.method.is_app_only() {
                    return app_only_lines(cx);
                }
                let mark = Span::styled(format!("{} ", cx.symbols.check), cx.style(Tone::Ok));
                let name = format!("Signed in as {}", identity.username);
                vec![
                    Line::from(vec![mark, Span::styled(name, cx.style(Tone::Title))]),
                    Line::default(),
                    Line::from("It is the identity this account is for. Pillarbox stays signed in"),
                    Line::from("and renews the access token in the background."),
                ]
            }
            Stage::Failed(notice) => notice_lines(notice, cx),
            Stage::Waiting(_) | Stage::Browsing(_) | Stage::Typing(..) => Vec::new(),
        }
    }

    fn draw_code(&self, frame: &mut Frame<'_>, body: Rect, cx: &Cx, code: &DeviceAuthorization) {
        let complete = code.verification_uri_complete.as_ref();
        let qr = qr_rows(complete.unwrap_or(&code.verification_uri), cx);
        let text = beside(frame, body, cx, &qr);
        let lines = self.code_lines(cx, code, text.height);
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), text);
    }

    fn code_lines(&self, cx: &Cx, code: &DeviceAuthorization, height: u16) -> Vec<Line<'static>> {
        let is_roomy = height >= 16;
        let mut lines = vec![
            step(cx, "1", "On any device open"),
            Line::styled(
                format!("   {}", code.verification_uri),
                cx.style(Tone::Link),
            ),
            Line::default(),
            step(cx, "2", "Enter this code"),
        ];
        lines.extend(boxed_code(&code.user_code, cx, is_roomy));
        lines.push(Self::time_left(cx, code));
        lines.push(self.waiting(cx));
        if let (true, key) = (cx.companion.is_some(), cx.key(Action::Approve)) {
            let hint = format!("Demo: {key} enters the code as a colleague's phone would");
            lines.push(Line::styled(hint, cx.style(Tone::Warning)));
        }
        let words = permissions(&code.scopes);
        if !words.is_empty() {
            lines.extend([
                Line::default(),
                Line::styled(
                    format!(
                        "The page names the app {} and asks to: {words}.",
                        self.app()
                    ),
                    cx.style(Tone::Dim),
                ),
            ]);
        }
        lines.push(Line::styled(
            "Never enter a code that somebody sent you.",
            cx.style(Tone::Dim),
        ));
        lines
    }

    fn app(&self) -> String {
        if self.client_id.is_empty() {
            "you registered".to_owned()
        } else {
            format!("with the id {}", self.client_id)
        }
    }

    fn time_left(cx: &Cx, code: &DeviceAuthorization) -> Line<'static> {
        let left = dates::seconds_left(code.expires_at, cx.now);
        let tone = if left < 60 { Tone::Warning } else { Tone::Text };
        let text = format!("valid for {}:{:02}", left / 60, left % 60);
        Line::from(vec![Span::raw("   "), Span::styled(text, cx.style(tone))])
    }

    fn waiting(&self, cx: &Cx) -> Line<'static> {
        let (text, tone) = match (&self.unreachable, self.asked_at) {
            (Some(reason), _) => (format!("offline: {reason}; still trying"), Tone::Warning),
            (None, Some(at)) => {
                let ago = cx.now.duration_since(at).as_secs().max(0);
                (format!("waiting for you, asked {ago} s ago"), Tone::Dim)
            }
            (None, None) => ("waiting for you".to_owned(), Tone::Dim),
        };
        Line::from(vec![Span::raw("   "), Span::styled(text, cx.style(tone))])
    }
}

/// Says what is to be typed.
fn label_of(what: &MissingSecret) -> String {
    match what {
        MissingSecret::ClientSecret { profile } => format!(
            "Secret of the application of \"{profile}\": its value, not its id (it is kept in the vault)"
        ),
        MissingSecret::Password {
            is_for_sending: true,
            ..
        } => "Password for sending".to_owned(),
        MissingSecret::Password { .. } => "Password".to_owned(),
    }
}

fn app_only_lines(cx: &Cx) -> Vec<Line<'static>> {
    let mark = Span::styled(format!("{} ", cx.symbols.check), cx.style(Tone::Ok));
    let said = Span::styled("The application signed in as itself", cx.style(Tone::Title));
    vec![
        Line::from(vec![mark, said]),
        Line::default(),
        Line::from("No person is behind this account: it opens the mailboxes that the"),
        Line::from("administrator gave the application, and renews its token by itself."),
    ]
}

fn inset(area: Rect) -> Rect {
    Rect {
        x: area.x + u16::from(area.width > 4) * 2,
        y: area.y + u16::from(area.height > 8),
        width: area
            .width
            .saturating_sub(if area.width > 4 { 3 } else { 0 }),
        height: area.height.saturating_sub(u16::from(area.height > 8)),
    }
}

pub(super) fn step(cx: &Cx, number: &str, text: &str) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!("{number}  "), cx.style(Tone::Accent)),
        Span::raw(text.to_owned()),
    ])
}

/// The code with room between its letters, so that it can be read from across the desk.
fn boxed_code(code: &str, cx: &Cx, is_roomy: bool) -> Vec<Line<'static>> {
    let letters: Vec<String> = code.chars().map(String::from).collect();
    let style = cx.style(Tone::Title);
    if !is_roomy {
        return vec![Line::styled(format!("   {}", letters.join(" ")), style)];
    }
    let wide = letters.join("  ");
    let border = cx.symbols.border;
    let line = border.horizontal_top.repeat(wide.chars().count() + 6);
    let edge = cx.style(Tone::Border);
    let row = |left: &str, middle: &str, right: &str| format!("   {left}{middle}{right}");
    vec![
        Line::styled(row(border.top_left, &line, border.top_right), edge),
        Line::from(vec![
            Span::styled(format!("   {}", border.vertical_left), edge),
            Span::styled(format!("   {wide}   "), style),
            Span::styled(border.vertical_right, edge),
        ]),
        Line::styled(row(border.bottom_left, &line, border.bottom_right), edge),
    ]
}
