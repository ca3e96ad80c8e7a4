//! Settings of the interface; a theme is shown as soon as it is chosen and kept only when saved.

#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Paragraph, Wrap};

use crate::config::Interface;
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::screens::{Face, Live};
use crate::tui::theme::Tone;
use crate::tui::widgets::form::{Form, FormEvent, Item};
use crate::tui::widgets::frame::top_line;

const SYMBOLS: [&str; 2] = ["symbols and lines", "plain ASCII"];
/// The longest undo window, in seconds: later nobody remembers.
const LONGEST_UNDO: u32 = 120;

/// The settings screen.
#[derive(Debug)]
pub struct Settings {
    form: Form,
    before: Interface,
    is_saved: bool,
}

impl Settings {
    /// Opens the screen.
    pub fn open(cx: &Cx) -> (Self, Vec<Effect>) {
        let interface = &cx.interface;
        let themes = cx.themes.names();
        let chosen = themes
            .iter()
            .position(|name| *name == cx.theme.name)
            .unwrap_or(0);
        let form = Form::new(vec![
            Item::choice("theme", "Theme", themes, chosen).with_note("shown at once"),
            Item::choice(
                "ascii",
                "Drawn with",
                SYMBOLS.map(str::to_owned).to_vec(),
                usize::from(interface.ascii),
            ),
            Item::text(
                "undo",
                "Undo sending for",
                &interface.undo_seconds.to_string(),
            )
            .with_note("seconds"),
            Item::text(
                "signature",
                "Signature",
                &interface.signature.replace('\n', " | "),
            )
            .with_note("| starts a new line"),
            Item::fixed("vault", "Secrets are in", ""),
            Item::button("save", "Save"),
        ]);
        let screen = Self {
            form,
            before: interface.clone(),
            is_saved: false,
        };
        (screen, vec![Effect::LoadVault])
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        let event = match message {
            Msg::Action(Action::Back) | Msg::Done(Outcome::InterfaceSaved(Ok(()))) => {
                return vec![Effect::Pop];
            }
            Msg::Action(action) => self.form.act(*action),
            Msg::Key(key) => self.form.key(key),
            Msg::Paste(text) => self.form.paste(text),
            Msg::Done(Outcome::Vault(place)) => {
                self.form.set("vault", place);
                return Vec::new();
            }
            _ => return Vec::new(),
        };
        match event {
            FormEvent::Changed("theme") => vec![Effect::ShowTheme(self.form.value("theme"))],
            FormEvent::Submitted("save") => self.save(cx),
            _ => Vec::new(),
        }
    }

    fn save(&mut self, cx: &Cx) -> Vec<Effect> {
        let undo = self
            .form
            .value("undo")
            .trim()
            .parse()
            .ok()
            .filter(|seconds| *seconds <= LONGEST_UNDO);
        let Some(undo_seconds) = undo else {
            let error = format!("a number of seconds from 0 to {LONGEST_UNDO}");
            self.form.point_at("undo", &error);
            return Vec::new();
        };
        let signature = self.form.value("signature");
        let signature = signature
            .split('|')
            .map(str::trim)
            .collect::<Vec<_>>()
            .join("\n");
        let interface = Interface {
            theme: self.form.value("theme"),
            ascii: self.form.value("ascii") == SYMBOLS[1],
            undo_seconds,
            signature,
            keys: cx.interface.keys.clone(),
        };
        self.is_saved = true;
        vec![
            Effect::ShowInterface(Box::new(interface.clone())),
            Effect::SaveInterface(Box::new(interface)),
        ]
    }

    /// Is closed: a theme that was only looked at goes.
    pub fn leave(&mut self) -> Vec<Effect> {
        if self.is_saved {
            return Vec::new();
        }
        vec![Effect::ShowInterface(Box::new(self.before.clone()))]
    }

    /// Answers the root's questions.
    pub fn face(&self, _: &Cx) -> Face {
        Face {
            focus: self.form.focus(),
            ..Face::new(
                Scope::Settings,
                &[Action::NextPane, Action::Right, Action::Open, Action::Back],
            )
        }
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action, _: &Cx) -> Live {
        match action {
            Action::Back
            | Action::Open
            | Action::Up
            | Action::Down
            | Action::NextPane
            | Action::PreviousPane => Live::Yes,
            Action::Left | Action::Right => match self.form.focused().map(|item| item.id) {
                Some("theme" | "ascii") => Live::Yes,
                _ => Live::No("This field is typed, not chosen"),
            },
            _ => Live::Unknown,
        }
    }

    /// Draws.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let body = top_line(frame, area, cx, ("Settings", ""));
        let form = Rect {
            x: body.x + 1.min(body.width),
            width: body.width.saturating_sub(2),
            y: body.y + u16::from(body.height > 9),
            height: body
                .height
                .saturating_sub(u16::from(body.height > 9))
                .min(9),
        };
        self.form.view(frame, form, cx);
        let note = Rect {
            y: form.bottom().saturating_add(1),
            height: body
                .bottom()
                .saturating_sub(form.bottom().saturating_add(1)),
            ..form
        };
        let text = "Keys can be bound anew under [keys] in config.toml; own themes are files in the folder themes beside it.";
        frame.render_widget(
            Paragraph::new(text)
                .style(cx.style(Tone::Dim))
                .wrap(Wrap { trim: true }),
            note,
        );
    }
}
