//! Draws the sign-in screen; the QR code gives way where there is no room.

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::engine::DeviceAuthorization;
use crate::tui::context::Cx;
use crate::tui::dates;
use crate::tui::keymap::Action;
use crate::tui::screens::sign_in::{SignIn, Stage, permissions};
use crate::tui::theme::{Palette, Tone};
use crate::tui::widgets::field::Masking;
use crate::tui::widgets::frame::top_line;
use crate::tui::widgets::notice::notice_lines;

/// Beside the QR code the text keeps at least this many columns.
const TEXT_COLUMNS: u16 = 44;

impl SignIn {
    /// Draws.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let title = format!("Sign in {} {}", cx.symbols.step, self.account);
        let rest = top_line(frame, area, cx, (&title, &self.address));
        let body = inset(rest);
        if let Stage::Waiting(code) = &self.stage {
            return self.draw_code(frame, body, cx, code);
        }
        if let Stage::Typing(field) = &mut self.stage {
            let label = Rect { height: 1, ..body };
            frame.render_widget(Paragraph::new("Password"), label);
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
            Stage::Starting => vec![Line::from("Asking the sign-in service for a code")],
            Stage::Keeping => vec![Line::from("Keeping the password in the vault")],
            Stage::Done(identity) => {
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
            Stage::Waiting(_) | Stage::Typing(_) => Vec::new(),
        }
    }

    fn draw_code(&self, frame: &mut Frame<'_>, body: Rect, cx: &Cx, code: &DeviceAuthorization) {
        let qr = qr_rows(code, cx);
        let qr_width = qr.first().map_or(0, |row| row.chars().count() as u16);
        let has_room = qr_width > 0
            && body.width >= TEXT_COLUMNS + qr_width + 2
            && body.height >= qr.len() as u16;
        let text = if has_room {
            let width = body.width - qr_width - 2;
            let place = Rect {
                x: body.x + width + 2,
                width: qr_width,
                height: qr.len() as u16,
                ..body
            };
            draw_qr(frame, place, cx, &qr);
            Rect { width, ..body }
        } else {
            body
        };
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

fn step(cx: &Cx, number: &str, text: &str) -> Line<'static> {
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

/// The address as a QR code, one string a row, with the quiet margin a camera needs.
fn qr_rows(code: &DeviceAuthorization, cx: &Cx) -> Vec<String> {
    if cx.symbols.is_ascii {
        return Vec::new();
    }
    let address = code
        .verification_uri_complete
        .as_ref()
        .unwrap_or(&code.verification_uri);
    let Ok(qr) = QrCode::with_error_correction_level(address, qrcode::EcLevel::L) else {
        return Vec::new();
    };
    // Without colours the letters are mostly light on dark, so the light modules are the ones drawn.
    let (dark, light) = match cx.palette {
        Palette::None => (Dense1x2::Light, Dense1x2::Dark),
        _ => (Dense1x2::Dark, Dense1x2::Light),
    };
    let text = qr
        .render::<Dense1x2>()
        .dark_color(dark)
        .light_color(light)
        .quiet_zone(false)
        .build();
    let rows: Vec<&str> = text.lines().collect();
    let width = rows.first().map_or(0, |row| row.chars().count());
    let (blank, margin) = match cx.palette {
        Palette::None => ('█', "█"),
        _ => (' ', " "),
    };
    let empty: String = std::iter::repeat_n(blank, width + 2).collect();
    let mut framed = vec![empty.clone()];
    framed.extend(rows.iter().map(|row| format!("{margin}{row}{margin}")));
    framed.push(empty);
    framed
}

fn draw_qr(frame: &mut Frame<'_>, place: Rect, cx: &Cx, rows: &[String]) {
    // A camera needs dark on light, whatever the theme.
    let style = match cx.palette {
        Palette::None => Style::new(),
        _ => Style::new().fg(Color::Black).bg(Color::White),
    };
    let lines: Vec<Line<'_>> = rows
        .iter()
        .map(|row| Line::styled(row.as_str(), style))
        .collect();
    frame.render_widget(Paragraph::new(lines), place);
}
