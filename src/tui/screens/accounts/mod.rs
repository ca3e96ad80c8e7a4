//! The accounts and the profiles they share: who is signed in, until when, and what can be done about it.

mod details;
#[cfg(test)]
pub mod fixture;
mod profiles;
#[cfg(test)]
mod tests;
mod view;

use std::collections::BTreeMap;

use crate::config::OldSetting;
use crate::engine::{ConfigChange, Event, TokenFacts};
use crate::explain::explain;
use crate::model::Account;
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::{Msg, Reply};
use crate::tui::outcome::Outcome;
use crate::tui::screens::accounts::profiles::Profile;
use crate::tui::screens::{Face, Live, Question, ScreenName};
use crate::tui::text;
use crate::tui::widgets::list::Selection;

const REMOVE: &str = "remove-account";
const REMOVE_PROFILE: &str = "remove-profile";
const MIGRATE: &str = "migrate-settings";
const DUPLICATE: &str = "duplicate-account";
const RENAME: &str = "rename-profile";

/// What is known of an account's sign-in.
#[derive(Debug)]
enum Token {
    /// Nobody is signed in, or the sign-in cannot be read.
    None,
    /// Somebody is.
    Facts(Box<TokenFacts>),
}

/// Which list has the focus.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Pane {
    #[default]
    Accounts,
    Profiles,
}

/// The accounts screen.
#[derive(Debug, Default)]
pub struct Accounts {
    pane: Pane,
    selection: Selection,
    profile: Selection,
    tokens: BTreeMap<String, Token>,
    old: Vec<OldSetting>,
}

impl Accounts {
    /// Opens the screen.
    pub fn open(cx: &Cx) -> (Self, Vec<Effect>) {
        let mut effects = load(cx);
        effects.push(Effect::LoadOldSettings);
        (Self::default(), effects)
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        match message {
            Msg::Action(Action::Back) => vec![Effect::Pop],
            Msg::Action(Action::NextPane | Action::PreviousPane) => {
                self.pane = match self.pane {
                    Pane::Accounts => Pane::Profiles,
                    Pane::Profiles => Pane::Accounts,
                };
                Vec::new()
            }
            Msg::Action(action) => self.act(*action, cx),
            Msg::Reply(reply) => self.reply(reply, cx),
            Msg::Done(outcome) => self.outcome(outcome, cx),
            Msg::Shown | Msg::Engine(Event::SignIn(_)) => load(cx),
            _ => Vec::new(),
        }
    }

    fn outcome(&mut self, outcome: &Outcome, cx: &Cx) -> Vec<Effect> {
        match outcome {
            Outcome::Token(account, result) => {
                let token = match result {
                    Ok(Some(facts)) => Token::Facts(facts.clone()),
                    Ok(None) | Err(_) => Token::None,
                };
                self.tokens.insert(account.clone(), token);
                Vec::new()
            }
            Outcome::OldSettings(Ok(old)) => {
                self.old.clone_from(old);
                Vec::new()
            }
            Outcome::ConfigChanged(change, Ok(())) => {
                let mut effects = vec![Effect::LoadMailboxes, Effect::LoadOldSettings];
                effects.extend(profiles::done(change).map(Effect::Toast));
                effects
            }
            Outcome::ConfigChanged(change, Err(error)) if profiles::done(change).is_some() => {
                vec![Effect::Tell(Box::new(explain(error)))]
            }
            Outcome::AccountRemoved(..) => vec![Effect::LoadMailboxes],
            Outcome::Mailboxes(_) => {
                self.selection.clamp(cx.accounts().len());
                self.profile.clamp(profiles::all(cx).len());
                load(cx)
            }
            Outcome::SignedOut(..) => load(cx),
            _ => Vec::new(),
        }
    }

    fn account<'a>(&self, cx: &'a Cx) -> Option<&'a Account> {
        cx.accounts().get(self.selection.row())
    }

    fn act(&mut self, action: Action, cx: &Cx) -> Vec<Effect> {
        let (list, count) = match self.pane {
            Pane::Accounts => (&mut self.selection, cx.accounts().len()),
            Pane::Profiles => (&mut self.profile, profiles::all(cx).len()),
        };
        if list.act(action, count) {
            return Vec::new();
        }
        match (action, self.pane) {
            (Action::AddAccount, _) => {
                vec![Effect::Push(ScreenName::Setup { account: None })]
            }
            (Action::Migrate, _) => vec![Effect::Push(ScreenName::Confirm(self.migration()))],
            (_, Pane::Accounts) => self
                .account(cx)
                .map(|account| act_on_account(action, account, cx))
                .unwrap_or_default(),
            (_, Pane::Profiles) => profiles::all(cx)
                .get(self.profile.row())
                .map(|profile| act_on_profile(action, profile))
                .unwrap_or_default(),
        }
    }

    fn migration(&self) -> Question {
        let count = self.replaceable().len();
        let first = self.old.iter().find(|old| old.is_replaceable());
        let what = first.map_or(String::new(), |old| {
            format!("{}: {}. ", old.key.join("."), old.kind.words())
        });
        Question {
            tag: MIGRATE,
            title: format!("Replace {}?", text::plural(count, "former setting")),
            detail: format!("{what}Comments and order of the file stay."),
            yes: "replace".to_owned(),
        }
    }

    fn replaceable(&self) -> Vec<OldSetting> {
        let all = self.old.iter().filter(|old| old.is_replaceable());
        all.cloned().collect()
    }

    fn reply(&mut self, reply: &Reply, cx: &Cx) -> Vec<Effect> {
        let change = |change| vec![Effect::ChangeConfig(Box::new(change))];
        let profiles = profiles::all(cx);
        let profile = profiles.get(self.profile.row());
        match (reply, self.account(cx), profile) {
            (Reply::Confirmed(REMOVE), Some(account), _) => {
                vec![Effect::RemoveAccount(account.name.clone())]
            }
            (Reply::Confirmed(REMOVE_PROFILE), _, Some(profile)) => change(profile.removed()),
            (Reply::Confirmed(MIGRATE), ..) => change(ConfigChange::Migrate(self.replaceable())),
            (
                Reply::Typed {
                    tag: DUPLICATE,
                    text,
                },
                Some(account),
                _,
            ) => change(ConfigChange::Duplicate {
                name: account.name.clone(),
                new: text.clone(),
            }),
            (Reply::Typed { tag: RENAME, text }, _, Some(profile)) => change(profile.renamed(text)),
            _ => Vec::new(),
        }
    }

    /// Answers the root's questions.
    pub fn face(&self, _: &Cx) -> Face {
        let hints: &[Action] = match self.pane {
            Pane::Accounts => &[
                Action::Open,
                Action::AddAccount,
                Action::NextPane,
                Action::SignInAgain,
                Action::Migrate,
                Action::CheckAccount,
                Action::GoToken,
                Action::GoAdmin,
                Action::Duplicate,
                Action::SignOut,
                Action::RemoveAccount,
                Action::Back,
            ],
            Pane::Profiles => &[
                Action::Open,
                Action::NextPane,
                Action::Rename,
                Action::RemoveAccount,
                Action::Migrate,
                Action::AddAccount,
                Action::Back,
            ],
        };
        Face::new(Scope::Accounts, hints)
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action, cx: &Cx) -> Live {
        match (action, self.pane) {
            (Action::Back | Action::AddAccount | Action::NextPane | Action::PreviousPane, _) => {
                Live::Yes
            }
            (Action::Migrate, _) if self.replaceable().is_empty() => {
                if self.old.is_empty() {
                    Live::No("There are no former settings")
                } else {
                    Live::No(
                        "These former settings need a registered application: edit the account",
                    )
                }
            }
            (Action::Migrate, _) => Live::Yes,
            (
                Action::Open
                | Action::SignInAgain
                | Action::SignOut
                | Action::CheckAccount
                | Action::GoToken
                | Action::GoAdmin
                | Action::RemoveAccount
                | Action::Duplicate
                | Action::Rename
                | Action::Up
                | Action::Down
                | Action::PageUp
                | Action::PageDown
                | Action::First
                | Action::Last,
                pane,
            ) => match pane {
                Pane::Accounts if cx.accounts().is_empty() => Live::No("There is no account yet"),
                Pane::Accounts if action == Action::Rename => {
                    Live::No("An account keeps its name; copy it under another one")
                }
                Pane::Accounts => Live::Yes,
                Pane::Profiles => self.live_on_profile(action, cx),
            },
            _ => Live::Unknown,
        }
    }

    fn live_on_profile(&self, action: Action, cx: &Cx) -> Live {
        let all = profiles::all(cx);
        let Some(profile) = all.get(self.profile.row()) else {
            return Live::No("There is no profile yet; the first comes with an account");
        };
        match action {
            Action::RemoveAccount | Action::Rename if !profile.users.is_empty() => {
                Live::No("This profile is in use; give its accounts another one first")
            }
            Action::SignInAgain
            | Action::SignOut
            | Action::CheckAccount
            | Action::GoToken
            | Action::GoAdmin
            | Action::Duplicate => Live::No("This is about an account; Tab goes to the accounts"),
            _ => Live::Yes,
        }
    }
}

fn act_on_account(action: Action, account: &Account, cx: &Cx) -> Vec<Effect> {
    let name = account.name.clone();
    let screen = match action {
        Action::Open => ScreenName::Setup { account: Some(name) },
        Action::SignInAgain => ScreenName::SignIn { account: name },
        Action::CheckAccount => ScreenName::Check { account: name },
        Action::GoToken => ScreenName::Token { account: name },
        Action::GoAdmin => ScreenName::Admin { account: name },
        Action::SignOut => return vec![Effect::SignOut(name)],
        Action::Duplicate => ScreenName::Prompt {
            tag: DUPLICATE,
            title: format!("Name of the copy of {name}"),
            text: free_name(&name, cx),
            is_path: false,
        },
        Action::RemoveAccount => ScreenName::Confirm(Question {
            tag: REMOVE,
            title: format!("Remove the account {name}?"),
            detail: "Its sign-in and its cached mail go from this machine; on the server nothing changes."
                .to_owned(),
            yes: "remove".to_owned(),
        }),
        _ => return Vec::new(),
    };
    vec![Effect::Push(screen)]
}

fn act_on_profile(action: Action, profile: &Profile) -> Vec<Effect> {
    let name = profile.name.clone();
    let screen = match action {
        Action::Open => profile.editor(),
        Action::Rename => ScreenName::Prompt {
            tag: RENAME,
            title: format!("New name of the profile {name}"),
            text: name,
            is_path: false,
        },
        Action::RemoveAccount => ScreenName::Confirm(Question {
            tag: REMOVE_PROFILE,
            title: format!("Remove the profile {name}?"),
            detail: "No account uses it; its application's secret is forgotten, too.".to_owned(),
            yes: "remove".to_owned(),
        }),
        _ => return Vec::new(),
    };
    vec![Effect::Push(screen)]
}

/// Returns a name that no account has.
fn free_name(name: &str, cx: &Cx) -> String {
    let is_free = |wanted: &String| !cx.accounts().iter().any(|account| account.name == *wanted);
    let mut numbered = (2..1000).map(|number| format!("{name}-{number}"));
    numbered.find(is_free).unwrap_or_default()
}

fn load(cx: &Cx) -> Vec<Effect> {
    cx.accounts()
        .iter()
        .map(|account| Effect::LoadToken(account.name.clone()))
        .collect()
}
