//! Setting an account up: the address first, then only what cannot be known; everything found is editable
//! and says where it comes from. The same form edits an account or a profile that several share.

mod checks;
mod completing;
mod fields;
mod help;
mod items;
mod protocols;
mod read;
mod saving;
mod scopes;
mod secret;
mod sheet;
mod start;
#[cfg(test)]
mod tests;
mod view;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::engine::{Candidate, is_old_server};
use crate::explain::explain;
use crate::model::Address;
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Generation, Slot};
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::screens::setup::completing::{Completing, PATHS};
use crate::tui::screens::setup::sheet::Sheet;
pub use crate::tui::screens::setup::sheet::Target;
use crate::tui::screens::setup::start::{edited, nobody, one_address};
use crate::tui::screens::{Face, Live};
use crate::tui::widgets::form::{Form, FormEvent, Item, Kind};

/// Where setup stands.
#[derive(Debug)]
enum Step {
    /// The address is asked for.
    Address,
    /// Somebody is asked about it.
    Looking,
    /// Everything else.
    Details(Box<Sheet>),
    /// What was entered is being saved.
    Saving(Box<Sheet>),
}

/// The setup screen.
#[derive(Debug)]
pub struct Setup {
    form: Form,
    step: Step,
    generation: Generation,
    /// What is still to be done, in order, when what is under way has worked.
    queue: VecDeque<Effect>,
    /// A server address of an older program, typed in the place of the mail address.
    old_server: Option<String>,
    /// Whether a password was typed and kept, so that nobody is asked for it again.
    has_password: bool,
    /// Whether the application's secret is still to be typed, elsewhere.
    is_secret_left: bool,
    completing: Completing,
    said: String,
}

/// Fields whose choice changes which other fields there are.
const SHAPING: [&str; 17] = [
    "found",
    "consent",
    "profile",
    "server-profile",
    "provider",
    "cloud",
    "method",
    "kind",
    "assertion",
    "send",
    "reach",
    "server-reach",
    "reads",
    "sends",
    "incoming-tls",
    "outgoing-tls",
    "outgoing",
];

/// Fields that say where their text comes from until another one is typed.
const TYPED: [&str; 7] = [
    "tenant",
    "authority",
    "authorize",
    "token",
    "device",
    "incoming",
    "outgoing",
];
/// Those of them that may stay empty.
const ENDPOINTS: [&str; 3] = ["authorize", "token", "device"];

impl Setup {
    /// Opens the screen, for a new account or to edit one.
    pub fn open(account: Option<&str>, cx: &Cx) -> (Self, Vec<Effect>) {
        let known = account.and_then(|name| cx.accounts().iter().find(|known| known.name == name));
        let suggested = cx
            .companion
            .as_ref()
            .map_or("", |companion| companion.suggested_address.as_str());
        let form = Form::new(vec![Item::text("address", "E-mail address", suggested)]);
        let mut screen = Self {
            form,
            step: Step::Address,
            generation: cx.opened << 16,
            queue: VecDeque::new(),
            old_server: None,
            has_password: false,
            is_secret_left: false,
            completing: Completing::new(cx.opened << 16),
            said: String::new(),
        };
        let Some(account) = known else {
            return (screen, Vec::new());
        };
        screen.show(Target::Account, edited(account), cx);
        let effects = screen.look_for_secret();
        (screen, effects)
    }

    /// Opens the screen to edit a profile that accounts share.
    pub fn open_profile(target: Target, name: &str, cx: &Cx) -> (Self, Vec<Effect>) {
        let (mut screen, effects) = Self::open(None, cx);
        let Some(config) = &cx.config else {
            return (screen, effects);
        };
        let mut account = nobody(name);
        match (target, config.sign_in.get(name), config.servers.get(name)) {
            (Target::SignIn, Some(profile), _) => account.sign_in = profile.clone(),
            (Target::Servers, _, Some(profile)) => account.servers = profile.clone(),
            _ => return (screen, effects),
        }
        screen.show(target, edited(&account), cx);
        let effects = screen.look_for_secret();
        (screen, effects)
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        let before = self.form.focused().map(|item| item.id);
        let event = match message {
            Msg::Action(Action::Back) => return vec![Effect::Pop],
            Msg::Action(Action::CopyRedirect) => return self.copy_redirect(),
            Msg::Action(Action::CompletePath) => return self.complete_path(cx),
            Msg::Done(outcome) => return self.outcome(outcome, cx),
            Msg::Action(action) => self.form.act(*action),
            Msg::Key(key) => self.form.key(key),
            Msg::Paste(text) => self.form.paste(text),
            _ => return Vec::new(),
        };
        let left = before.filter(|id| Some(*id) != self.form.focused().map(|item| item.id));
        match (event, &mut self.step) {
            (FormEvent::Changed("address"), Step::Looking) => {
                self.step = Step::Address;
                vec![Effect::Cancel(Slot::Discover)]
            }
            (FormEvent::Changed(id), Step::Details(_)) => {
                self.completing.forget();
                self.changed(id, cx);
                if SHAPING.contains(&id) {
                    self.look_for_secret()
                } else {
                    Vec::new()
                }
            }
            (FormEvent::Submitted(_), Step::Address) => self.look(),
            (FormEvent::Submitted("more"), Step::Details(sheet)) => {
                sheet.with_more = true;
                self.rebuild(cx);
                self.form.focus_on("scopes");
                Vec::new()
            }
            (FormEvent::Submitted(_), Step::Details(_)) => self.save(cx),
            (FormEvent::Moved, Step::Details(_)) if left == Some("incoming") => {
                self.old_server_left()
            }
            _ => Vec::new(),
        }
    }

    fn copy_redirect(&self) -> Vec<Effect> {
        vec![Effect::Copy(self.form.value("redirect"))]
    }

    /// Asks about the address.
    fn look(&mut self) -> Vec<Effect> {
        let typed = self.form.value("address");
        if is_old_server(&typed) {
            self.old_server = Some(typed);
            self.form.set("address", "");
            "That is a server of Exchange Web Services; it is kept. Now type the mail address."
                .clone_into(&mut self.said);
            return Vec::new();
        }
        match one_address(&typed) {
            Err(error) => {
                self.form.point_at("address", &error);
                Vec::new()
            }
            Ok(address) => vec![self.ask(address, self.old_server.clone())],
        }
    }

    fn ask(&mut self, address: Address, old_server: Option<String>) -> Effect {
        self.generation += 1;
        self.said.clear();
        let generation = self.generation;
        if matches!(self.step, Step::Address) {
            self.step = Step::Looking;
        }
        match old_server {
            Some(text) => Effect::ReadOldServer {
                generation,
                address,
                text,
            },
            None => Effect::Discover {
                generation,
                address,
            },
        }
    }

    /// An address of an older program in the place of a server is read as one.
    fn old_server_left(&mut self) -> Vec<Effect> {
        let typed = self.form.value("incoming");
        let Step::Details(sheet) = &self.step else {
            return Vec::new();
        };
        if sheet.target != Target::Account || !is_old_server(&typed) {
            return Vec::new();
        }
        let address = sheet.account.address.clone();
        vec![self.ask(address, Some(typed))]
    }

    fn outcome(&mut self, outcome: &Outcome, cx: &Cx) -> Vec<Effect> {
        match outcome {
            Outcome::Discovered { generation, result } if *generation == self.generation => {
                self.discovered(result.as_deref(), cx);
                Vec::new()
            }
            Outcome::SecretFound(profile, Ok(true)) => {
                self.found_secret(profile);
                self.rebuild(cx);
                Vec::new()
            }
            Outcome::Paths { generation, paths } => {
                self.completed(*generation, paths, cx);
                Vec::new()
            }
            other => self.saving_outcome(other, cx),
        }
    }

    fn discovered(
        &mut self,
        result: Result<&Candidate, &Arc<crate::engine::EngineError>>,
        cx: &Cx,
    ) {
        match (result, &mut self.step) {
            (Ok(found), Step::Details(sheet)) => {
                // Only the servers were asked for; what was typed elsewhere stays.
                sheet.take_servers(found.account.servers.clone());
                sheet.found.stands_for_ews.clone_from(&found.stands_for_ews);
                self.rebuild(cx);
                if found.stands_for_ews.is_some() {
                    "Exchange Web Services end on 1 April 2027; these are the servers in its place."
                        .clone_into(&mut self.said);
                }
            }
            (Ok(found), _) => self.show(Target::Account, found.clone(), cx),
            (Err(error), _) => {
                self.step = Step::Address;
                self.form.point_at("address", &explain(error).title);
            }
        }
    }

    /// Fills the form with what was found.
    fn show(&mut self, target: Target, mut found: Candidate, cx: &Cx) {
        let config = cx.config.clone().unwrap_or_default();
        let account = &mut found.account;
        let is_new = !config
            .accounts
            .iter()
            .any(|known| known.name == account.name);
        if is_new
            && account.additional_users.is_empty()
            && let Some(companion) = &cx.companion
        {
            let users = companion.suggested_users.iter();
            let others = users
                .map(Address::bare)
                .filter(|user| !user.is_same_mailbox(&account.address));
            account.additional_users = others.collect();
        }
        let sheet = Sheet::new(target, found, config);
        let first = items::missing(&sheet)
            .first()
            .map_or("users", |(id, _)| *id);
        self.step = Step::Details(Box::new(sheet));
        self.form = Form::default();
        self.rebuild(cx);
        self.form.focus_on(if target == Target::Account {
            first
        } else {
            "provider"
        });
    }

    /// Makes the fields anew; the focus and what was typed secretly stay.
    fn rebuild(&mut self, cx: &Cx) {
        let Step::Details(sheet) = &self.step else {
            return;
        };
        let mut form = Form::new(items::items(sheet));
        for (id, note) in items::missing(sheet) {
            if let Some(item) = form.item_mut(id)
                && !note.is_empty()
            {
                note.clone_into(&mut item.note);
            }
        }
        form.keep_from(&mut self.form);
        self.form = form;
        let ids: Vec<&'static str> = self.form.items.iter().map(|item| item.id).collect();
        for id in ids {
            self.look_at(id, cx);
        }
    }

    /// Takes a changed field over.
    fn changed(&mut self, id: &'static str, cx: &Cx) {
        let Step::Details(sheet) = &mut self.step else {
            return;
        };
        self.said.clear();
        let Some(item) = self.form.item(id) else {
            return;
        };
        match &item.kind {
            Kind::Choice { options, chosen } => {
                let word = options.get(*chosen).cloned().unwrap_or_default();
                sheet.choose(id, (*chosen, &word));
            }
            Kind::Text(field) => {
                sheet.type_in(id, field.text());
            }
            _ => {}
        }
        if SHAPING.contains(&id) {
            self.rebuild(cx);
            return;
        }
        if let Some(item) = self.form.item_mut(id)
            && TYPED.contains(&id)
        {
            let is_usual = ENDPOINTS.contains(&id) && item.value().trim().is_empty();
            let note = if is_usual {
                "empty: as usual"
            } else {
                "as typed"
            };
            note.clone_into(&mut item.note);
        }
        self.look_at(id, cx);
        // Whom one may send on behalf of depends on the list above it.
        if id == "users" {
            self.look_at("behalf", cx);
        }
        // And whether a secret stays, on everything else that its profile says.
        self.look_at("secret", cx);
    }

    /// Looks at a field while it is typed: an error or a quiet word, never a word about what stood there before.
    fn look_at(&mut self, id: &'static str, cx: &Cx) {
        let Step::Details(sheet) = &self.step else {
            return;
        };
        let today = cx.now.to_zoned(cx.zone.clone()).date();
        let said = checks::check(id, sheet, today);
        let Some(item) = self.form.item_mut(id) else {
            return;
        };
        if id == "secret" {
            let error = checks::check_secret(&item.value()).err();
            item.error = error.unwrap_or_default();
            sheet.fate().note().clone_into(&mut item.note);
            return;
        }
        match said {
            Some(Ok(note)) => {
                item.error.clear();
                // Where a value came from, or where to get it, is worth more than that it is well formed.
                item.note = note;
            }
            Some(Err(error)) => {
                item.note.clear();
                item.error = error;
            }
            None => item.error.clear(),
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
        let focused = self.form.focused();
        let hints: &[Action] = match (&self.step, focused.map(|item| (item.id, &item.kind))) {
            (Step::Address | Step::Looking, _) => &[Action::Open, Action::Back],
            (_, Some(("redirect", _))) => &[
                Action::CopyRedirect,
                Action::NextPane,
                Action::Open,
                Action::Back,
            ],
            (_, Some((id, _))) if PATHS.contains(&id) => &[
                Action::CompletePath,
                Action::NextPane,
                Action::Open,
                Action::Back,
            ],
            (_, Some((_, Kind::Choice { .. }))) => {
                &[Action::Right, Action::NextPane, Action::Open, Action::Back]
            }
            _ => &[Action::NextPane, Action::Right, Action::Open, Action::Back],
        };
        Face {
            focus: self.form.focus(),
            ..Face::new(Scope::Setup, hints)
        }
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action, _: &Cx) -> Live {
        let kind = self.form.focused().map(|item| &item.kind);
        match action {
            Action::Open if matches!(self.step, Step::Looking) => {
                Live::No("Looking the address up")
            }
            Action::Open if matches!(self.step, Step::Saving(_)) => {
                Live::No("The account is being saved")
            }
            Action::CompletePath if !self.is_on_path() => {
                Live::No("Only the path of a file is completed")
            }
            Action::CopyRedirect if self.form.item("redirect").is_none() => {
                Live::No("This way to sign in has no redirect address")
            }
            Action::Back
            | Action::Open
            | Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::First
            | Action::Last
            | Action::CopyRedirect
            | Action::CompletePath
            | Action::NextPane
            | Action::PreviousPane => Live::Yes,
            Action::Left | Action::Right => match kind {
                Some(Kind::Choice { .. }) => Live::Yes,
                Some(Kind::Button) => Live::No("Enter does this"),
                _ => Live::No("This field is typed, not chosen"),
            },
            _ => Live::Unknown,
        }
    }
}
