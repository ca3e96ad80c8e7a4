//! Saving: what is checked once more, what is done in which order, and where a refusal is shown.

use std::collections::VecDeque;

use secrecy::SecretString;

use crate::config::{Config, ConfigError};
use crate::engine::{ConfigChange, EngineError};
use crate::explain::explain;
use crate::model::{Account, Method};
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Password};
use crate::tui::outcome::{Outcome, Shared};
use crate::tui::screens::ScreenName;
use crate::tui::screens::setup::fields::field_of;
use crate::tui::screens::setup::sheet::{Reach, Sheet, Target};
use crate::tui::screens::setup::{Setup, Step, checks};

impl Setup {
    /// Checks everything and saves it, or points at what is wrong.
    pub(super) fn save(&mut self, cx: &Cx) -> Vec<Effect> {
        let asked = self.old_server_left();
        if !asked.is_empty() {
            return asked;
        }
        self.rebuild(cx);
        if let Some((id, error)) = self.wrong() {
            self.form.point_at(id, &error);
            return Vec::new();
        }
        let Step::Details(sheet) = std::mem::replace(&mut self.step, Step::Address) else {
            return Vec::new();
        };
        self.said.clear();
        self.queue = steps(&sheet, self.generation);
        let secret = self.typed("secret");
        self.is_secret_left = secret.is_none() && sheet.lacks_secret();
        if sheet.target == Target::SignIn
            && let Some(secret) = secret
        {
            let profile = sheet.account.sign_in.name.clone();
            self.queue
                .push_back(Effect::SetClientSecret { profile, secret });
        }
        self.step = Step::Saving(sheet);
        self.next()
    }

    /// Returns the first field that cannot stay as it is.
    fn wrong(&self) -> Option<(&'static str, String)> {
        let Step::Details(sheet) = &self.step else {
            return None;
        };
        let needed = checks::needed(sheet).into_iter();
        let half = (!checks::is_whole_client(sheet)).then(|| {
            let error = "a GUID, such as 11111111-2222-3333-4444-555555555555";
            ("client", error.to_owned())
        });
        let server = ["incoming", "outgoing"].into_iter();
        let server = server.filter(|id| !sheet.text(id).is_empty());
        let server = server.filter_map(|id| Some((id, checks::read_place(sheet, id).err()?)));
        let day = sheet.text("expires");
        let day = (!day.is_empty() && day.parse::<jiff::civil::Date>().is_err())
            .then(|| ("expires", "a day such as 2027-05-31, or nothing".to_owned()));
        let shown = self.form.items.iter().filter(|item| !item.error.is_empty());
        let mut all = needed
            .chain(half)
            .chain(server)
            .chain(day)
            .chain(shown.map(|item| (item.id, item.error.clone())));
        all.find(|(id, _)| self.form.item(id).is_some())
    }

    fn typed(&self, id: &str) -> Option<Password> {
        let text = self.form.value(id).trim().to_owned();
        (!text.is_empty()).then(|| Password(SecretString::from(text)))
    }

    /// Does the next thing, or ends.
    fn next(&mut self) -> Vec<Effect> {
        match self.queue.pop_front() {
            Some(effect) => vec![effect],
            None => self.finish(),
        }
    }

    /// Goes on when what was asked for has worked, and back to the form when not.
    pub(super) fn saving_outcome(&mut self, outcome: &Outcome, cx: &Cx) -> Vec<Effect> {
        let Step::Saving(sheet) = &self.step else {
            return Vec::new();
        };
        match outcome {
            Outcome::FilesMissing {
                generation,
                missing,
            } if *generation == self.generation => match missing.first() {
                None => self.next(),
                Some((id, why)) => {
                    self.back(cx);
                    self.form.point_at(id, why);
                    Vec::new()
                }
            },
            Outcome::ConfigChanged(_, result) => self.went(result, cx),
            Outcome::AccountSaved(name, result) if name == sheet.text("name") => {
                let needs_name = self.typed("secret").or(self.typed("password")).is_some();
                match result {
                    Ok(()) if needs_name => vec![Effect::LoadMailboxes],
                    result => self.went(result, cx),
                }
            }
            // A profile may have been saved under another name than the one that was asked for.
            Outcome::Mailboxes(Ok((_, config))) => self.keep_secrets(config),
            Outcome::SecretSet(_, result) | Outcome::PasswordSet(_, result) => {
                let mut effects: Vec<Effect> = result
                    .as_ref()
                    .err()
                    .map(|error| Effect::Tell(Box::new(explain(error))))
                    .into_iter()
                    .collect();
                effects.extend(self.next());
                effects
            }
            _ => Vec::new(),
        }
    }

    fn keep_secrets(&mut self, config: &Config) -> Vec<Effect> {
        let Step::Saving(sheet) = &self.step else {
            return Vec::new();
        };
        let wanted = sheet.to_account();
        let is_saved = |known: &&Account| is_saved_as(known, &wanted);
        let Some(saved) = config.accounts.iter().find(is_saved) else {
            return Vec::new();
        };
        let (profile, account) = (saved.sign_in.name.clone(), saved.name.clone());
        let secret = self.typed("secret");
        let password = self.typed("password");
        if secret.is_none() && password.is_none() {
            return Vec::new();
        }
        let secret = secret.map(|secret| Effect::SetClientSecret { profile, secret });
        let password = password.map(|password| Effect::SetPassword { account, password });
        self.queue.extend(secret.into_iter().chain(password));
        self.has_password = self.typed("password").is_some();
        // What is on its way to the vault stays on no screen.
        self.form.set("secret", "");
        self.form.set("password", "");
        self.next()
    }

    fn went(&mut self, result: &Shared<()>, cx: &Cx) -> Vec<Effect> {
        match result {
            Ok(()) => self.next(),
            Err(error) => {
                self.back(cx);
                self.refused(error);
                Vec::new()
            }
        }
    }

    /// Shows the form again.
    fn back(&mut self, cx: &Cx) {
        self.queue.clear();
        let step = std::mem::replace(&mut self.step, Step::Address);
        if let Step::Saving(sheet) = step {
            self.step = Step::Details(sheet);
        }
        self.rebuild(cx);
    }

    /// Says what the rules of the settings have against it, at the fields they are about.
    fn refused(&mut self, error: &EngineError) {
        let notice = explain(error);
        self.said = match notice.cause.first() {
            Some(cause) => format!("{}: {cause}", notice.title),
            None => notice.title,
        };
        let EngineError::Config(ConfigError::Mistakes(mistakes)) = error else {
            return;
        };
        let fields = mistakes.iter().rev().filter_map(|mistake| {
            let id = field_of(&mistake.key)?;
            self.form
                .item(id)
                .is_some()
                .then_some((id, &mistake.message))
        });
        let fields: Vec<_> = fields.collect();
        if fields.len() == mistakes.len() {
            self.said.clear();
        }
        for (id, message) in fields {
            self.form.point_at(id, message);
        }
    }

    fn finish(&self) -> Vec<Effect> {
        let Step::Saving(sheet) = &self.step else {
            return Vec::new();
        };
        let name = match sheet.target {
            Target::Account => sheet.text("name").to_owned(),
            Target::SignIn => format!("profile {}", sheet.account.sign_in.name),
            Target::Servers => format!("profile {}", sheet.account.servers.name),
        };
        let has_all = sheet.account.sign_in.method == Method::Password;
        if sheet.target != Target::Account || sheet.is_edit || has_all && self.has_password {
            let rest = if self.is_secret_left {
                "; its secret is asked for at the next sign-in"
            } else {
                ""
            };
            let toast = Effect::Toast(format!("Saved {name}{rest}"));
            return vec![Effect::LoadMailboxes, Effect::Pop, toast];
        }
        vec![
            Effect::LoadMailboxes,
            Effect::Replace(ScreenName::SignIn { account: name }),
        ]
    }
}

/// What is done, in order, for what is about files and settings.
fn steps(sheet: &Sheet, generation: u64) -> VecDeque<Effect> {
    let mut steps = VecDeque::new();
    let paths = checks::paths(sheet);
    if !paths.is_empty() {
        steps.push_back(Effect::FindFiles { generation, paths });
    }
    let sign_in = sheet.to_sign_in();
    let servers = sheet.to_servers(&sign_in);
    let changes_sign_in = match sheet.target {
        Target::Account => {
            let known = sheet.config.sign_in.get(&sign_in.name);
            sheet.sign_in_reach == Reach::All && known.is_some_and(|known| *known != sign_in)
        }
        Target::SignIn => true,
        Target::Servers => false,
    };
    let changes_servers = match sheet.target {
        Target::Account => {
            let known = sheet.config.servers.get(&servers.name);
            sheet.servers_reach == Reach::All && known.is_some_and(|known| *known != servers)
        }
        Target::SignIn => false,
        Target::Servers => true,
    };
    let change = |change| Effect::ChangeConfig(Box::new(change));
    if changes_sign_in {
        steps.push_back(change(ConfigChange::SignIn(Box::new(sign_in))));
    }
    if changes_servers {
        steps.push_back(change(ConfigChange::Servers(Box::new(servers))));
    }
    if sheet.target == Target::Account {
        steps.push_back(Effect::SaveAccount(Box::new(sheet.to_account())));
    }
    steps
}

/// Tells whether this is the account that was saved. Defaults that are filled in on the way make no difference.
fn is_saved_as(known: &Account, wanted: &Account) -> bool {
    known.name == wanted.name
        && known.address.is_same_mailbox(&wanted.address)
        && known.sign_in.method == wanted.sign_in.method
        && known.sign_in.client_id == wanted.sign_in.client_id
        && known.send_sign_in.method == wanted.send_sign_in.method
}
