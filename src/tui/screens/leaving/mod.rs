//! Asks before an account leaves EWS: what changes, what stays, what it needs, how to go back.

#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::engine::{ConfigChange, asked_scopes, instead_of_ews, without_ews};
use crate::model::{Account, IncomingProtocol};
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::Msg;
use crate::tui::screens::{Face, Layer, Live};
use crate::tui::text;
use crate::tui::theme::Tone;
use crate::tui::widgets::frame::overlay;

/// Columns of the box.
const WIDTH: u16 = 70;
/// Scopes that no administrator grants.
const ALWAYS: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The question.
#[derive(Debug)]
pub struct Leaving {
    account: String,
    to: IncomingProtocol,
    told: Vec<String>,
}

impl Leaving {
    /// Asks about an account; nothing is told of one that is not there any more.
    pub fn open(account: String, cx: &Cx) -> Self {
        let config = cx.config.as_ref();
        let found = config.and_then(|config| {
            let mut accounts = config.accounts.iter();
            Some((config, accounts.find(|one| one.name == account)?))
        });
        let (to, told) = found.map_or((IncomingProtocol::Imap, Vec::new()), |(config, before)| {
            let to = instead_of_ews(before);
            (to, told(before, &without_ews(config, before, to)))
        });
        Self { account, to, told }
    }

    /// Reacts to a message.
    pub fn update(&self, message: &Msg) -> Vec<Effect> {
        match message {
            Msg::Action(Action::Open | Action::Yes) if !self.told.is_empty() => {
                let change = ConfigChange::LeaveEws {
                    account: self.account.clone(),
                    to: self.to,
                };
                vec![Effect::Pop, Effect::ChangeConfig(Box::new(change))]
            }
            Msg::Action(Action::Open | Action::Yes | Action::No | Action::Back) => {
                vec![Effect::Pop]
            }
            _ => Vec::new(),
        }
    }

    /// Draws the box, as high as its words are.
    pub fn view(&self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let columns = usize::from(WIDTH.min(area.width).saturating_sub(2));
        let wrapped = self.told.iter().flat_map(|line| text::wrap(line, columns));
        let mut lines: Vec<Line<'_>> = wrapped.map(Line::from).collect();
        // Of what does not fit, the last gives way: what changes and the keys stay.
        lines.truncate(usize::from(area.height).saturating_sub(3));
        let key = |action| Span::styled(cx.key(action), cx.style(Tone::Key));
        lines.push(Line::from(vec![
            key(Action::Open),
            Span::raw(" leave EWS   "),
            key(Action::Back),
            Span::raw(" change nothing"),
        ]));
        let title = format!("Leave EWS {} {}", cx.symbols.dot, self.account);
        let rows = lines.len() as u16 + 2;
        let inside = overlay(frame, area, cx, (&title, WIDTH, rows));
        if inside.width < 4 {
            return;
        }
        frame.render_widget(Paragraph::new(lines), inside);
    }

    /// Answers the root's questions.
    pub fn face() -> Face {
        Face {
            layer: Layer::Above,
            ..Face::new(Scope::Confirm, &[Action::Open, Action::Back])
        }
    }

    /// Tells whether an action works now.
    pub fn live(action: Action) -> Live {
        match action {
            Action::Yes | Action::No | Action::Back | Action::Open => Live::Yes,
            _ => Live::Unknown,
        }
    }
}

/// Says what changes from `before` to `after`, and what does not.
fn told(before: &Account, after: &Account) -> Vec<String> {
    let (old, new) = (&before.servers, &after.servers);
    let reads = (old.incoming.protocol.title(), new.incoming.protocol.title());
    let sends = old.outgoing.as_ref().zip(new.outgoing.as_ref());
    let sends = sends.map(|(old, new)| (old.protocol.title(), new.protocol.title()));
    let mut told = match sends {
        Some(sends) if sends == reads => vec![way("Reads and sends over", reads)],
        Some(sends) => vec![way("Reads over", reads), way("Sends over", sends)],
        None => vec![way("Reads over", reads)],
    };
    let others = before.additional_users.len();
    if others > 0 {
        let users = text::plural(others, "additional user");
        told.push(format!("The same for {users}."));
    }
    told.push("The cache, drafts and the outbox stay.".to_owned());
    let scopes = asked_scopes(after);
    let needed: Vec<&str> = scopes
        .iter()
        .map(|scope| scope.rsplit('/').next().unwrap_or(scope))
        .filter(|scope| !ALWAYS.contains(scope))
        .collect();
    if !needed.is_empty() && !after.sign_in.method.is_app_only() {
        told.push(format!(
            "Needs {}: where these are not granted yet, you sign in anew.",
            needed.join(", ")
        ));
    }
    told.push("Back to EWS: edit the account.".to_owned());
    told
}

fn way(what: &str, (old, new): (&str, &str)) -> String {
    if old == new {
        format!("{what} {new}, as before.")
    } else {
        format!("{what} {new} instead of {old}.")
    }
}
