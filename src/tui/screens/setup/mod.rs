//! Setting an account up: the address first, then only what cannot be known; everything found is editable
//! and says where it comes from.

mod fields;
#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Paragraph, Wrap};

use crate::engine::Candidate;
use crate::explain::explain;
use crate::model::{Account, Address, parse_address_list};
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Generation, Slot};
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::screens::{Face, Live, ScreenName};
use crate::tui::theme::Tone;
use crate::tui::widgets::form::{Form, FormEvent, Item};
use crate::tui::widgets::frame::top_line;

/// Where setup stands.
#[derive(Debug)]
enum Step {
    /// The address is asked for.
    Address,
    /// Somebody is asked about it.
    Looking,
    /// Everything else.
    Details(Box<Account>),
    /// The account is being saved.
    Saving(Box<Account>),
}

/// The setup screen.
#[derive(Debug)]
pub struct Setup {
    form: Form,
    step: Step,
    generation: Generation,
    is_edit: bool,
    with_more: bool,
    said: String,
}

impl Setup {
    /// Opens the screen, for a new account or to edit one.
    pub fn open(account: Option<&str>, cx: &Cx) -> (Self, Vec<Effect>) {
        let known = account.and_then(|name| cx.accounts().iter().find(|known| known.name == name));
        let suggested = cx
            .companion
            .as_ref()
            .map_or("", |companion| companion.suggested_address.as_str());
        let mut screen = Self {
            form: Form::new(vec![Item::text("address", "E-mail address", suggested)]),
            step: Step::Address,
            generation: cx.opened << 16,
            is_edit: known.is_some(),
            with_more: false,
            said: String::new(),
        };
        if let Some(account) = known {
            let candidate = fields::edited(account);
            screen.show(&candidate, cx);
        }
        (screen, Vec::new())
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        let event = match message {
            Msg::Action(Action::Back) => return vec![Effect::Pop],
            Msg::Done(outcome) => return self.outcome(outcome, cx),
            Msg::Action(action) => self.form.act(*action),
            Msg::Key(key) => self.form.key(key),
            Msg::Paste(text) => self.form.paste(text),
            _ => return Vec::new(),
        };
        match (event, &self.step) {
            (FormEvent::Changed("address"), Step::Looking) => {
                self.step = Step::Address;
                vec![Effect::Cancel(Slot::Discover)]
            }
            (FormEvent::Changed(id), Step::Details(_)) => {
                self.changed(id);
                Vec::new()
            }
            (FormEvent::Submitted(_), Step::Address) => self.look(),
            (FormEvent::Submitted("more"), Step::Details(account)) => {
                let account = account.clone();
                self.with_more = true;
                fields::add_more(&mut self.form, &account);
                Vec::new()
            }
            (FormEvent::Submitted(_), Step::Details(_)) => self.save(),
            _ => Vec::new(),
        }
    }

    /// Asks about the address.
    fn look(&mut self) -> Vec<Effect> {
        match one_address(&self.form.value("address")) {
            Err(error) => {
                self.form.point_at("address", &error);
                Vec::new()
            }
            Ok(address) => {
                self.generation += 1;
                self.step = Step::Looking;
                self.said.clear();
                let generation = self.generation;
                vec![Effect::Discover {
                    generation,
                    address,
                }]
            }
        }
    }

    fn outcome(&mut self, outcome: &Outcome, cx: &Cx) -> Vec<Effect> {
        match outcome {
            Outcome::Discovered { generation, result } if *generation == self.generation => {
                match result {
                    Ok(candidate) => self.show(candidate, cx),
                    Err(error) => {
                        self.step = Step::Address;
                        self.form.point_at("address", &explain(error).title);
                    }
                }
            }
            Outcome::AccountSaved(name, result) => {
                return self.saved(
                    name,
                    result.as_ref().err().map(|error| explain(error).title),
                );
            }
            _ => {}
        }
        Vec::new()
    }

    fn saved(&mut self, name: &str, error: Option<String>) -> Vec<Effect> {
        let Step::Saving(account) = &self.step else {
            return Vec::new();
        };
        if account.name != name {
            return Vec::new();
        }
        if let Some(error) = error {
            self.said = error;
            self.step = Step::Details(account.clone());
            return Vec::new();
        }
        if self.is_edit {
            return vec![
                Effect::LoadMailboxes,
                Effect::Pop,
                Effect::Toast(format!("Saved {name}")),
            ];
        }
        vec![
            Effect::LoadMailboxes,
            Effect::Replace(ScreenName::SignIn {
                account: name.to_owned(),
            }),
        ]
    }

    /// Fills the form with what was found.
    fn show(&mut self, candidate: &Candidate, cx: &Cx) {
        let mut account = candidate.account.clone();
        if !self.is_edit
            && account.additional_users.is_empty()
            && let Some(companion) = &cx.companion
        {
            account.additional_users = companion
                .suggested_users
                .iter()
                .map(Address::bare)
                .collect();
        }
        let candidate = Candidate {
            account: account.clone(),
            ..candidate.clone()
        };
        self.form = Form::new(fields::items(&candidate));
        for (id, hint) in fields::missing(&candidate) {
            if let Some(item) = self.form.item_mut(id) {
                hint.clone_into(&mut item.note);
            }
        }
        let first = fields::missing(&candidate)
            .first()
            .map_or("users", |(id, _)| *id);
        self.form.focus_on(first);
        self.step = Step::Details(Box::new(account));
        self.changed("users");
    }

    /// Looks at a field while it is typed.
    fn changed(&mut self, id: &'static str) {
        let value = self.form.value(id);
        let note = match id {
            "users" => fields::users_note(&value),
            "client" => Ok(fields::client_note(&value)),
            _ => return,
        };
        if let Some(item) = self.form.item_mut(id) {
            match note {
                Ok(note) => {
                    item.note = note;
                    item.error.clear();
                }
                Err(error) => item.error = error,
            }
        }
    }

    fn save(&mut self) -> Vec<Effect> {
        let Step::Details(found) = &self.step else {
            return Vec::new();
        };
        self.form.clear_errors();
        match fields::read(&self.form, found) {
            Err((id, error)) => {
                self.form.point_at(id, &error);
                Vec::new()
            }
            Ok(account) => {
                self.said.clear();
                self.step = Step::Saving(Box::new(account.clone()));
                vec![Effect::SaveAccount(Box::new(account))]
            }
        }
    }

    /// Is closed: ends a look-up that still runs.
    pub fn leave(&mut self) -> Vec<Effect> {
        match self.step {
            Step::Looking => vec![Effect::Cancel(Slot::Discover)],
            _ => Vec::new(),
        }
    }

    /// Answers the root's questions.
    pub fn face(&self, _: &Cx) -> Face {
        let hints: &[Action] = match self.step {
            Step::Address | Step::Looking => &[Action::Open, Action::Back],
            _ => &[Action::NextPane, Action::Right, Action::Open, Action::Back],
        };
        Face {
            focus: self.form.focus(),
            ..Face::new(Scope::Setup, hints)
        }
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action, _: &Cx) -> Live {
        let is_choice = matches!(
            self.form.focused().map(|item| &item.kind),
            Some(crate::tui::widgets::form::Kind::Choice { .. })
        );
        match action {
            Action::Open if matches!(self.step, Step::Looking) => {
                Live::No("Looking the address up")
            }
            Action::Open if matches!(self.step, Step::Saving(_)) => {
                Live::No("The account is being saved")
            }
            Action::Back
            | Action::Open
            | Action::Up
            | Action::Down
            | Action::NextPane
            | Action::PreviousPane => Live::Yes,
            Action::Left | Action::Right if is_choice => Live::Yes,
            Action::Left | Action::Right => Live::No("This field is typed, not chosen"),
            _ => Live::Unknown,
        }
    }

    /// Draws.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        let title = if self.is_edit {
            "Edit account"
        } else {
            "New account"
        };
        let facts = match self.step {
            Step::Address | Step::Looking => "step 1 of 3",
            _ if self.is_edit => "",
            _ => "step 2 of 3",
        };
        let body = top_line(frame, area, cx, (title, facts));
        let gap = u16::from(body.height > 12);
        let said = self.said(cx);
        let said_height = if body.height > 6 {
            3.min(body.height / 4).max(1)
        } else {
            1
        };
        let form = Rect {
            x: body.x + 1.min(body.width),
            width: body.width.saturating_sub(2),
            y: body.y + gap,
            height: body.height.saturating_sub(gap + said_height),
        };
        self.form.view(frame, form, cx);
        let below = Rect {
            y: form.bottom(),
            height: said_height.min(body.height),
            ..form
        };
        let tone = if self.said.is_empty() {
            Tone::Dim
        } else {
            Tone::Error
        };
        frame.render_widget(
            Paragraph::new(said)
                .style(cx.style(tone))
                .wrap(Wrap { trim: true }),
            below,
        );
    }

    fn said(&self, cx: &Cx) -> String {
        if !self.said.is_empty() {
            return self.said.clone();
        }
        match &self.step {
            Step::Address if cx.companion.is_some() => {
                "This is the demo: the address is filled in, press Enter.".to_owned()
            }
            Step::Address => {
                "Type the mail address; provider, servers and tenant are found from it.".to_owned()
            }
            Step::Looking => "Looking the address up, at most 6 s.".to_owned(),
            Step::Saving(_) => "Saving.".to_owned(),
            Step::Details(_) => self
                .form
                .focused()
                .map_or(String::new(), |item| fields::help(item.id).to_owned()),
        }
    }
}

/// Takes exactly one address out of what was typed.
fn one_address(text: &str) -> Result<Address, String> {
    let list = parse_address_list(text);
    match (list.addresses.as_slice(), list.errors.first()) {
        ([address], None) => Ok(address.clone()),
        (_, Some(error)) => Err(error.to_string()),
        ([], None) => Err("type your mail address".to_owned()),
        _ => Err("one address only; further mailboxes come later".to_owned()),
    }
}
