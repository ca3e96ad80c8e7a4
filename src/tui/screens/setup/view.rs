//! Draws setup: the form, and below it the focused field in words.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Paragraph, Wrap};

use crate::tui::context::Cx;
use crate::tui::screens::setup::help::help;
use crate::tui::screens::setup::sheet::Target;
use crate::tui::screens::setup::{Setup, Step};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::frame::top_line;

impl Setup {
    /// Draws.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let (title, facts) = self.title();
        let body = top_line(frame, area, cx, (title, facts));
        let gap = u16::from(body.height > 12);
        let columns = body.width.saturating_sub(2);
        let (said, tone) = self.said(cx, usize::from(columns) * 2);
        let rows = text::wrap(&said, usize::from(columns)).len() as u16;
        let most = (body.height / 4).max(1);
        let said_height = rows.clamp(most.min(3), most.max(1));
        let form = Rect {
            x: body.x + 1.min(body.width),
            width: columns,
            y: body.y + gap,
            height: body.height.saturating_sub(gap + said_height),
        };
        self.form.view(frame, form, cx);
        let below = Rect {
            y: form.bottom(),
            height: said_height.min(body.height),
            ..form
        };
        let said = Paragraph::new(said)
            .style(cx.style(tone))
            .wrap(Wrap { trim: true });
        frame.render_widget(said, below);
    }

    const fn title(&self) -> (&'static str, &'static str) {
        match &self.step {
            Step::Address | Step::Looking => ("New account", "step 1 of 3"),
            Step::Details(sheet) | Step::Saving(sheet) => match (sheet.target, sheet.is_edit) {
                (Target::Account, true) => ("Edit account", ""),
                (Target::Account, false) => ("New account", "step 2 of 3"),
                (Target::SignIn, _) => ("Edit sign-in profile", "for all its accounts"),
                (Target::Servers, _) => ("Edit server profile", "for all its accounts"),
            },
        }
    }

    /// Returns what stands below the form: a failure, the whole of an error that was cut, or help.
    fn said(&self, cx: &Cx, room: usize) -> (String, Tone) {
        if !self.said.is_empty() {
            let is_failure = matches!(self.step, Step::Details(_));
            let tone = if is_failure {
                Tone::Error
            } else {
                Tone::Accent
            };
            return (self.said.clone(), tone);
        }
        let plain = match &self.step {
            Step::Address if cx.companion.is_some() => {
                "This is the demo: the address is filled in, press Enter.".to_owned()
            }
            Step::Address => {
                "Type the mail address; provider, servers and tenant are found from it.".to_owned()
            }
            Step::Looking => "Looking the address up, at most 6 s.".to_owned(),
            Step::Saving(_) => "Saving.".to_owned(),
            Step::Details(sheet) => match self.form.focused() {
                Some(item) if !item.error.is_empty() => {
                    return (item.error.clone(), Tone::Error);
                }
                Some(item) => {
                    let offered = self.completing.listed(item.id, room);
                    offered.unwrap_or_else(|| help(item.id, sheet))
                }
                None => String::new(),
            },
        };
        (plain, Tone::Dim)
    }
}
