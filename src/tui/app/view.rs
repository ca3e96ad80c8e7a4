//! What the root draws around and over the screens: footer, banner, toasts.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use crate::explain::Remedy;
use crate::tui::keymap::Action;
use crate::tui::notices::{Banner, Toast};
use crate::tui::screens::{Face, Layer, Live};
use crate::tui::text;
use crate::tui::theme::Tone;

use super::App;
use super::input::is_typing;

impl App {
    /// Draws everything.
    pub fn view(&mut self, frame: &mut Frame<'_>) {
        let whole = frame.area();
        self.cx.size = whole.as_size();
        if whole.is_empty() {
            return;
        }
        frame.render_widget(Block::new().style(self.cx.style(Tone::Text)), whole);
        let (body, banner, footer) = self.split(whole);
        let first = self.lowest_visible();
        for screen in self.stack.iter_mut().skip(first) {
            screen.view(frame, body, &self.cx);
        }
        if let Some(area) = banner
            && let Some(last) = self.notices.banners.last()
        {
            self.draw_banner(frame, area, last);
        }
        self.draw_toasts(frame, body);
        if let Some(area) = footer {
            self.draw_footer(frame, area);
        }
        text::part_clusters(frame.buffer_mut());
        self.rows.settle(frame.buffer_mut());
    }

    /// Returns the place of the highest screen that fills the terminal.
    fn lowest_visible(&self) -> usize {
        self.stack
            .iter()
            .rposition(|screen| screen.face(&self.cx).layer == Layer::Full)
            .unwrap_or(0)
    }

    /// Body, banner, footer; on a very low terminal only the body.
    fn split(&self, whole: Rect) -> (Rect, Option<Rect>, Option<Rect>) {
        let has_footer = whole.height >= 3;
        let has_banner = whole.height >= 6 && !self.notices.banners.is_empty();
        let lower = u16::from(has_footer) + u16::from(has_banner);
        let height = whole.height.saturating_sub(lower);
        let body = Rect { height, ..whole };
        let row = |y| Rect {
            y,
            height: 1,
            ..whole
        };
        let banner = has_banner.then(|| row(body.bottom()));
        let footer = has_footer.then(|| row(whole.bottom().saturating_sub(1)));
        (body, banner, footer)
    }

    fn draw_banner(&self, frame: &mut Frame<'_>, area: Rect, banner: &Banner) {
        let remedy = match banner.notice.remedy {
            Remedy::Retry => "try again",
            Remedy::SignIn => "sign in",
            Remedy::EditAccount => "edit the account",
            Remedy::LeaveEws => "leave EWS",
            Remedy::ShowLog | Remedy::None => "more",
        };
        let others = match self.notices.banners.len() {
            0 | 1 => String::new(),
            count => format!("  (1 of {count})"),
        };
        let hint = format!("{others}  {} {remedy} ", self.cx.key(Action::Remedy));
        let room = usize::from(area.width).saturating_sub(text::width(&hint));
        let title = format!(" ! {}", banner.notice.title);
        let row = text::left(&title, room, &self.cx.symbols) + &hint;
        frame.render_widget(Paragraph::new(row).style(self.cx.style(Tone::Banner)), area);
    }

    fn draw_toasts(&self, frame: &mut Frame<'_>, body: Rect) {
        let rows = self.notices.toasts.iter().rev().zip(1..=body.height);
        for (toast, up) in rows {
            let label = self.toast_label(toast);
            let width = text::width(&label).min(usize::from(body.width));
            let area = Rect {
                x: body.right().saturating_sub(width as u16),
                y: body.bottom().saturating_sub(up),
                width: width as u16,
                height: 1,
            };
            let tone = if toast.is_failure {
                Tone::Banner
            } else {
                Tone::Toast
            };
            let label = text::truncate(&label, width, &self.cx.symbols);
            frame.render_widget(Clear, area);
            frame.render_widget(Paragraph::new(label).style(self.cx.style(tone)), area);
        }
    }

    fn toast_label(&self, toast: &Toast) -> String {
        let shown = toast.shown(self.cx.now);
        if toast.has_undo {
            let key = self.cx.key(Action::Undo);
            format!(" {shown}  {key} undo ")
        } else if toast.is_failure {
            let key = self.cx.key(Action::Explain);
            format!(" ! {shown}  {key} more ")
        } else {
            format!(" {shown} ")
        }
    }

    fn draw_footer(&self, frame: &mut Frame<'_>, area: Rect) {
        let style = self.cx.style(Tone::Status);
        let line = match (&self.notices.status, self.face()) {
            (_, Some(face)) if !self.pressed.is_empty() => self.continuations(&face, area.width),
            (Some(status), _) => {
                let room = usize::from(area.width).saturating_sub(1);
                Line::from(format!(
                    " {}",
                    text::truncate(status, room, &self.cx.symbols)
                ))
            }
            (None, Some(face)) => self.hints(&face, area.width),
            (None, None) => Line::default(),
        };
        frame.render_widget(Paragraph::new(line).style(style), area);
    }

    fn continuations(&self, face: &Face, width: u16) -> Line<'static> {
        let mut pairs = self.cx.keymap.continuations(face.scope, &self.pressed);
        pairs.sort_by_key(|(_, action)| *action);
        let pairs = pairs
            .into_iter()
            .map(|(key, action)| (key, action.label_in(face.scope)));
        self.hint_line(pairs, width)
    }

    /// Lists the keys that work here and now, as many as fit; how to see all of them comes last and always fits first.
    fn hints(&self, face: &Face, width: u16) -> Line<'static> {
        let Some(screen) = self.stack.last() else {
            return Line::default();
        };
        let is_live = |action: &&Action| match screen.live(**action, &self.cx) {
            Live::Yes => true,
            Live::No(_) => false,
            Live::Unknown => matches!(**action, Action::Help | Action::Palette | Action::Quit),
        };
        // While a field has the focus only keys that are not typed into it work.
        let key = |action: Action| {
            let keymap = &self.cx.keymap;
            keymap.key_where(action, |press| !is_typing(face.focus, press))
        };
        let pairs = face
            .hints
            .iter()
            .filter(is_live)
            .map(|action| (key(*action), action.label_in(face.scope)))
            .filter(|(key, _)| !key.is_empty());
        self.hint_line(pairs, width)
    }

    fn hint_line(
        &self,
        pairs: impl Iterator<Item = (String, &'static str)>,
        width: u16,
    ) -> Line<'static> {
        let mut left = usize::from(width).saturating_sub(1);
        let mut spans = vec![Span::raw(" ")];
        for (key, label) in pairs {
            let needed = text::width(&key) + 1 + text::width(label) + 2;
            // The last pair needs no blanks behind it.
            if needed > left + 2 {
                break;
            }
            left = left.saturating_sub(needed);
            spans.push(Span::styled(key, self.cx.style(Tone::Key)));
            spans.push(Span::raw(format!(" {label}  ")));
        }
        Line::from(spans)
    }
}
