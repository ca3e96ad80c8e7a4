//! Signing in: the code in large letters, where to enter it, how long it is good; the browser's address and where its
//! answer is pasted; or a password or an application's secret.
//!
//! Leaving the screen cancels the sign-in. Nothing of a token ever comes here.

mod browser;
mod qr;
#[cfg(test)]
mod tests;
mod view;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use crate::engine::{
    BrowserProgress, DeviceAuthorization, DeviceProgress, EngineError, Identity, MissingSecret,
    SignInEvent,
};
use crate::explain::{Notice, explain};
use crate::model::{Access, Account, Method, permission};
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Generation, Password, Slot};
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::{Msg, Reply};
use crate::tui::outcome::{Outcome, Shared};
use crate::tui::screens::sign_in::browser::{Browsing, PASTE};
use crate::tui::screens::{Face, Focus, Live, ScreenName};
use crate::tui::widgets::field::Edit;
use crate::tui::widgets::field::Field;

/// Where the sign-in stands.
#[derive(Debug)]
enum Stage {
    /// The code was asked for.
    Starting,
    /// The code is shown.
    Waiting(DeviceAuthorization),
    /// The browser's address is shown.
    Browsing(Browsing),
    /// A password or secret is typed.
    Typing(MissingSecret, Field),
    /// It is being kept.
    Keeping,
    /// It worked.
    Done(Identity),
    /// It did not.
    Failed(Box<Notice>),
}

/// The sign-in screen.
#[derive(Debug)]
pub struct SignIn {
    account: String,
    address: String,
    client_id: String,
    /// The profile's method, and the one that was chosen instead.
    method: Method,
    other: Option<Method>,
    /// What must be entered first.
    missing: VecDeque<MissingSecret>,
    generation: Generation,
    stage: Stage,
    asked_at: Option<Timestamp>,
    unreachable: Option<String>,
}

impl SignIn {
    /// Opens the screen and starts.
    pub fn open(account: String, cx: &Cx) -> (Self, Vec<Effect>) {
        let mut screen = Self {
            account,
            address: String::new(),
            client_id: String::new(),
            method: Method::DeviceCode,
            other: None,
            missing: VecDeque::new(),
            generation: cx.opened,
            stage: Stage::Starting,
            asked_at: None,
            unreachable: None,
        };
        screen.get_to_know(cx);
        let mut accounts = cx.accounts().iter();
        let known = accounts.find(|known| known.name == screen.account);
        // One that was saved a moment ago is not known here yet; the engine knows it.
        let effect = if known.is_none_or(may_lack_secrets) {
            Effect::LoadMissing(screen.account.clone())
        } else {
            screen.start()
        };
        (screen, vec![effect])
    }

    /// Takes over what the configuration says of the account, which may be read later than the screen is opened.
    fn get_to_know(&mut self, cx: &Cx) {
        let mut accounts = cx.accounts().iter();
        if let Some(known) = accounts.find(|known| known.name == self.account) {
            known.identity().clone_into(&mut self.address);
            self.client_id.clone_from(&known.sign_in.client_id);
            self.method = known.sign_in.method;
        }
    }

    /// Asks for the next thing that must be entered, or signs in. A password that was kept is asked for anew: whoever
    /// comes here wants to change it.
    fn go_on(&mut self) -> Vec<Effect> {
        if let Some(next) = self.missing.pop_front() {
            self.stage = Stage::Typing(next, Field::default());
            return Vec::new();
        }
        if self.method == Method::Password {
            self.stage = Stage::Done(Identity {
                username: self.address.clone(),
                ..Identity::default()
            });
            return Vec::new();
        }
        vec![self.start()]
    }

    fn start(&mut self) -> Effect {
        self.stage = Stage::Starting;
        self.asked_at = None;
        self.unreachable = None;
        Effect::SignIn {
            generation: self.generation,
            account: self.account.clone(),
            method: self.other,
        }
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        self.get_to_know(cx);
        match message {
            Msg::Action(action) => self.act(*action),
            Msg::Key(key) => {
                self.edit(|field| field.key(key));
                Vec::new()
            }
            Msg::Paste(text) | Msg::Reply(Reply::Typed { tag: PASTE, text }) => self.paste(text),
            Msg::Done(outcome) => self.outcome(outcome, cx),
            _ => Vec::new(),
        }
    }

    fn edit(&mut self, change: impl FnOnce(&mut Field) -> Edit) {
        if let Stage::Typing(_, field) = &mut self.stage {
            change(field);
        }
    }

    /// Takes what was pasted: the browser's final address, or a password.
    fn paste(&mut self, text: &str) -> Vec<Effect> {
        if let Stage::Browsing(browsing) = &mut self.stage {
            browsing.mistake = None;
            let text = Password(SecretString::from(text));
            return vec![Effect::PasteAddress(text)];
        }
        self.edit(|field| field.insert(text));
        Vec::new()
    }

    fn outcome(&mut self, outcome: &Outcome, cx: &Cx) -> Vec<Effect> {
        match outcome {
            Outcome::SignIn {
                generation, event, ..
            } if *generation == self.generation => self.event(event, cx),
            Outcome::Missing(account, result) if *account == self.account => match result {
                Ok(missing) => {
                    self.missing = missing.iter().cloned().collect();
                    if self.missing.is_empty() && self.method == Method::Password {
                        self.missing.push_back(MissingSecret::Password {
                            profile: String::new(),
                            is_for_sending: false,
                        });
                    }
                    return self.go_on();
                }
                Err(error) => self.stage = failed(error),
            },
            Outcome::PasswordSet(account, result) if *account == self.account => {
                return self.kept(result);
            }
            Outcome::SecretSet(_, result) => return self.kept(result),
            _ => {}
        }
        Vec::new()
    }

    fn kept(&mut self, result: &Shared<()>) -> Vec<Effect> {
        match (&self.stage, result) {
            (Stage::Keeping, Ok(())) => self.go_on(),
            (Stage::Keeping, Err(error)) => {
                self.stage = failed(error);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn event(&mut self, event: &SignInEvent, cx: &Cx) {
        match event {
            SignInEvent::Device(DeviceProgress::Code(code)) => {
                self.unreachable = None;
                self.stage = Stage::Waiting(code.clone());
            }
            SignInEvent::Device(DeviceProgress::Asked { .. }) => {
                self.unreachable = None;
                self.asked_at = Some(cx.now);
            }
            SignInEvent::Device(DeviceProgress::Unreachable { reason }) => {
                self.unreachable = Some(reason.clone());
            }
            SignInEvent::Browser(progress) => self.browsed(progress),
            SignInEvent::Done(identity) => self.stage = Stage::Done(identity.clone()),
            SignInEvent::Failed(error) => self.stage = failed(error),
        }
    }

    fn browsed(&mut self, progress: &BrowserProgress) {
        match (progress, &mut self.stage) {
            (BrowserProgress::Address(authorization), _) => {
                self.stage = Stage::Browsing(Browsing::new(authorization.clone()));
            }
            (BrowserProgress::PasteRefused(mistake), Stage::Browsing(browsing)) => {
                browsing.mistake = Some(mistake.clone());
            }
            (BrowserProgress::Redeeming, Stage::Browsing(browsing)) => browsing.is_redeeming = true,
            _ => {}
        }
    }

    fn code(&self) -> Option<&DeviceAuthorization> {
        match &self.stage {
            Stage::Waiting(code) => Some(code),
            _ => None,
        }
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Back => return vec![Effect::Pop],
            Action::Open => return self.enter(),
            Action::NewCode => return vec![self.start()],
            Action::SwitchMethod => return self.switch(),
            Action::GoAdmin => {
                let account = self.account.clone();
                return vec![Effect::Push(ScreenName::Admin { account })];
            }
            _ => {}
        }
        match &self.stage {
            Stage::Waiting(code) => use_code(action, code.clone()),
            Stage::Browsing(browsing) => browsing.act(action),
            _ => Vec::new(),
        }
    }

    /// Takes the other of the two ways in which a person signs in.
    fn switch(&mut self) -> Vec<Effect> {
        let now = self.other.unwrap_or(self.method);
        self.other = Some(match now {
            Method::DeviceCode => Method::Browser,
            _ => Method::DeviceCode,
        });
        vec![self.start()]
    }

    fn enter(&mut self) -> Vec<Effect> {
        match &self.stage {
            Stage::Done(_) => vec![Effect::Pop],
            Stage::Failed(_) => vec![self.start()],
            Stage::Typing(what, field) if !field.is_empty() => {
                let secret = Password(SecretString::from(field.text()));
                let effect = match what {
                    MissingSecret::ClientSecret { profile } => Effect::SetClientSecret {
                        profile: profile.clone(),
                        secret,
                    },
                    MissingSecret::Password { .. } => Effect::SetPassword {
                        account: self.account.clone(),
                        password: secret,
                    },
                };
                self.stage = Stage::Keeping;
                vec![effect]
            }
            _ => Vec::new(),
        }
    }

    /// Is closed: ends a sign-in that still runs.
    pub fn leave(&mut self) -> Vec<Effect> {
        match self.stage {
            Stage::Starting | Stage::Waiting(_) | Stage::Browsing(_) => {
                vec![Effect::Cancel(Slot::SignIn)]
            }
            _ => Vec::new(),
        }
    }

    /// Answers the root's questions.
    pub fn face(&self, _: &Cx) -> Face {
        let hints: &[Action] = match &self.stage {
            Stage::Waiting(_) => &[
                Action::Approve,
                Action::CopyCode,
                Action::CopyAddress,
                Action::OpenBrowser,
                Action::SwitchMethod,
                Action::NewCode,
                Action::Back,
            ],
            Stage::Browsing(_) => browser::HINTS,
            Stage::Failed(_) => &[
                Action::NewCode,
                Action::SwitchMethod,
                Action::GoAdmin,
                Action::Back,
            ],
            Stage::Done(_) | Stage::Typing(..) => &[Action::Open, Action::Back],
            Stage::Starting | Stage::Keeping => &[Action::Back],
        };
        let is_typing = matches!(self.stage, Stage::Typing(..));
        let has_countdown = matches!(self.stage, Stage::Waiting(_) | Stage::Browsing(_));
        Face {
            focus: if is_typing { Focus::Line } else { Focus::None },
            tick: has_countdown.then(|| Duration::from_secs(1)),
            ..Face::new(Scope::SignIn, hints)
        }
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action, cx: &Cx) -> Live {
        let has_code = self.code().is_some();
        let is_browsing = matches!(self.stage, Stage::Browsing(_));
        let only = |is_there: bool, reason| {
            if is_there {
                Live::Yes
            } else {
                Live::No(reason)
            }
        };
        match action {
            Action::Back | Action::Open => Live::Yes,
            Action::GoAdmin => only(
                cx.accounts().iter().any(|known| known.name == self.account),
                "The account is not saved yet",
            ),
            Action::Approve if cx.companion.is_none() => Live::Unknown,
            Action::CopyCode => only(has_code, "There is no code to use at the moment"),
            Action::CopyAddress | Action::OpenBrowser | Action::Approve => only(
                has_code || is_browsing,
                "There is no code or address to use at the moment",
            ),
            Action::CopyRedirect | Action::PasteAddress => {
                only(is_browsing, "That is for a sign-in with the browser")
            }
            Action::SwitchMethod => only(
                self.method.is_delegated(),
                "This account signs in without a person",
            ),
            Action::NewCode => only(
                has_code || is_browsing || matches!(self.stage, Stage::Failed(_)),
                "There is no code to replace",
            ),
            _ => Live::Unknown,
        }
    }
}

fn use_code(action: Action, code: DeviceAuthorization) -> Vec<Effect> {
    match action {
        Action::CopyCode => vec![
            Effect::Copy(code.user_code),
            Effect::Say("Code copied".to_owned()),
        ],
        Action::CopyAddress => vec![
            Effect::Copy(code.verification_uri),
            Effect::Say("Address copied".to_owned()),
        ],
        Action::OpenBrowser => {
            let complete = code.verification_uri_complete;
            vec![Effect::OpenUrl(complete.unwrap_or(code.verification_uri))]
        }
        Action::Approve => vec![Effect::SignInApprove(code.user_code)],
        _ => Vec::new(),
    }
}

/// Whether something may have to be typed before this account signs in.
fn may_lack_secrets(account: &Account) -> bool {
    [&account.sign_in, &account.send_sign_in]
        .iter()
        .any(|profile| profile.method == Method::Password || profile.needs_secret())
}

fn failed(error: &Arc<EngineError>) -> Stage {
    Stage::Failed(Box::new(explain(error)))
}

/// Says in words what a list of scopes lets the program do.
fn permissions(scopes: &[String]) -> String {
    let words = scopes
        .iter()
        .filter_map(|scope| permission(scope, Access::Delegated))
        .map(|known| known.words);
    let mut said: Vec<&str> = Vec::new();
    for words in words {
        if !said.contains(&words) {
            said.push(words);
        }
    }
    said.join(" · ")
}
