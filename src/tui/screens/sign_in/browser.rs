//! The browser's part of signing in: the address to open, what must be registered, and the answer that is pasted.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::engine::{BrowserAuthorization, PasteMistake};
use crate::explain::explain_paste;
use crate::tui::context::{Cx, Seat};
use crate::tui::dates;
use crate::tui::effect::Effect;
use crate::tui::keymap::Action;
use crate::tui::screens::ScreenName;
use crate::tui::screens::sign_in::qr::{beside, qr_rows};
use crate::tui::screens::sign_in::view::step;
use crate::tui::screens::sign_in::{SignIn, permissions};
use crate::tui::text;
use crate::tui::theme::Tone;

/// Marks the question for the final address.
pub(super) const PASTE: &str = "final-address";

/// What can be done meanwhile, most useful first.
pub(super) const HINTS: &[Action] = &[
    Action::Approve,
    Action::OpenBrowser,
    Action::CopyAddress,
    Action::PasteAddress,
    Action::CopyRedirect,
    Action::SwitchMethod,
    Action::Back,
];

/// A sign-in that waits for the browser.
#[derive(Debug)]
pub(super) struct Browsing {
    pub(super) authorization: BrowserAuthorization,
    /// What is wrong with what was pasted.
    pub(super) mistake: Option<PasteMistake>,
    /// Whether the answer is here and is being exchanged.
    pub(super) is_redeeming: bool,
}

impl Browsing {
    pub(super) fn new(authorization: BrowserAuthorization) -> Self {
        Self {
            authorization,
            mistake: None,
            is_redeeming: false,
        }
    }

    pub(super) fn act(&self, action: Action) -> Vec<Effect> {
        let known = &self.authorization;
        match action {
            Action::CopyAddress => vec![
                Effect::Copy(known.address.clone()),
                Effect::Say("Address copied".to_owned()),
            ],
            Action::CopyRedirect => vec![
                Effect::Copy(registered(known)),
                Effect::Say("Redirect address copied".to_owned()),
            ],
            Action::OpenBrowser => vec![Effect::OpenUrl(known.address.clone())],
            Action::Approve => vec![Effect::SignInApprove(known.address.clone())],
            Action::PasteAddress => vec![Effect::Push(ScreenName::Prompt {
                tag: PASTE,
                title: "Final address of the browser".to_owned(),
                text: String::new(),
                is_path: false,
            })],
            _ => Vec::new(),
        }
    }
}

impl SignIn {
    pub(super) fn draw_browser(
        &self,
        frame: &mut Frame<'_>,
        body: Rect,
        cx: &Cx,
        browsing: &Browsing,
    ) {
        let qr = qr_rows(&browsing.authorization.address, cx);
        let text = beside(frame, body, cx, &qr);
        let lines = self.browser_lines(cx, browsing, usize::from(text.width));
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), text);
    }

    fn who(&self) -> &str {
        if self.address.is_empty() {
            "yourself"
        } else {
            &self.address
        }
    }

    fn browser_lines(&self, cx: &Cx, browsing: &Browsing, columns: usize) -> Vec<Line<'static>> {
        let known = &browsing.authorization;
        let address = text::truncate(&known.address, columns.saturating_sub(3), &cx.symbols);
        let copy = cx.key(Action::CopyAddress);
        let mut lines = vec![
            step(
                cx,
                "1",
                &format!("Open this address in a browser ({copy} copies all of it)"),
            ),
            Line::styled(format!("   {address}"), cx.style(Tone::Link)),
            Line::default(),
            step(cx, "2", &format!("Sign in as {} and accept", self.who())),
        ];
        let words = permissions(&known.scopes);
        if !words.is_empty() {
            lines.push(Line::styled(
                format!("   It asks to: {words}."),
                cx.style(Tone::Dim),
            ));
        }
        lines.push(Line::default());
        lines.extend(back_lines(cx, known));
        lines.push(Line::default());
        lines.push(state(cx, browsing));
        if let Some(mistake) = &browsing.mistake {
            lines.push(Line::styled(
                format!("   {}", explain_paste(mistake)),
                cx.style(Tone::Error),
            ));
        }
        if cx.companion.is_some() {
            let key = cx.key(Action::Approve);
            let hint = format!("Demo: {key} signs in as a person at a browser would");
            lines.push(Line::styled(hint, cx.style(Tone::Warning)));
        }
        lines.push(Line::styled(
            format!("The app's registration must list {}", registered(known)),
            cx.style(Tone::Dim),
        ));
        lines
    }
}

/// Returns the redirect address as it is registered: of this machine's, any port will do (protocol facts §2.3).
fn registered(known: &BrowserAuthorization) -> String {
    let address = &known.redirect_uri;
    for host in ["http://localhost:", "http://127.0.0.1:"] {
        let Some(rest) = address.strip_prefix(host) else {
            continue;
        };
        let behind = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
        return format!("{}{behind}", host.trim_end_matches(':'));
    }
    address.clone()
}

/// How the answer comes back.
fn back_lines(cx: &Cx, known: &BrowserAuthorization) -> Vec<Line<'static>> {
    let paste = cx.key(Action::PasteAddress);
    if known.is_listening && cx.seat == Seat::Elsewhere {
        return vec![
            step(
                cx,
                "3",
                "You are logged in from another machine, so its browser",
            ),
            Line::from("   ends on a page that cannot be reached: copy the address"),
            Line::from(format!(
                "   of that page, then paste it here ({paste} to type it)"
            )),
        ];
    }
    if known.is_listening {
        return vec![
            step(cx, "3", "A browser on this machine comes back by itself."),
            Line::from("   One elsewhere ends on a page that cannot be reached: copy"),
            Line::from(format!(
                "   its address, then paste it here ({paste} to type it)"
            )),
        ];
    }
    vec![
        step(
            cx,
            "3",
            "The browser ends on a page that is empty or not found:",
        ),
        Line::from("   copy the address of that page at once,"),
        Line::from(format!("   then paste it here ({paste} to type it)")),
    ]
}

fn state(cx: &Cx, browsing: &Browsing) -> Line<'static> {
    if browsing.is_redeeming {
        return Line::styled("   the browser is back, finishing", cx.style(Tone::Ok));
    }
    let left = dates::seconds_left(browsing.authorization.expires_at, cx.now);
    let tone = if left < 60 { Tone::Warning } else { Tone::Dim };
    let text = format!(
        "waiting for the browser, {}:{:02} left",
        left / 60,
        left % 60
    );
    Line::from(vec![Span::raw("   "), Span::styled(text, cx.style(tone))])
}
