//! Signing in: the code in large letters, where to enter it, how long it is good; or a password.
//!
//! Leaving the screen cancels the sign-in. Nothing of a token ever comes here.

#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use crate::engine::{DeviceAuthorization, DeviceProgress, EngineError, Identity, SignInEvent};
use crate::explain::{Notice, explain};
use crate::model::{Account, Method};
use crate::tui::context::Cx;
use crate::tui::effect::{Effect, Generation, Password, Slot};
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::Msg;
use crate::tui::outcome::Outcome;
use crate::tui::screens::{Face, Focus, Live};
use crate::tui::widgets::field::Edit;
use crate::tui::widgets::field::Field;

/// Where the sign-in stands.
#[derive(Debug)]
enum Stage {
    /// The code was asked for.
    Starting,
    /// The code is shown.
    Waiting(DeviceAuthorization),
    /// The password is typed.
    Typing(Field),
    /// The password is being kept.
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
    generation: Generation,
    stage: Stage,
    asked_at: Option<Timestamp>,
    unreachable: Option<String>,
}

impl SignIn {
    /// Opens the screen and starts.
    pub fn open(account: String, cx: &Cx) -> (Self, Vec<Effect>) {
        let known = cx.accounts().iter().find(|known| known.name == account);
        let address = known.map_or(String::new(), |known| known.identity().to_owned());
        let client_id = known.map_or(String::new(), |known| known.sign_in.client_id.clone());
        let mut screen = Self {
            account,
            address,
            client_id,
            generation: cx.opened,
            stage: Stage::Starting,
            asked_at: None,
            unreachable: None,
        };
        let effects = if known.is_some_and(takes_password) {
            screen.stage = Stage::Typing(Field::default());
            Vec::new()
        } else {
            vec![screen.start()]
        };
        (screen, effects)
    }

    fn start(&mut self) -> Effect {
        self.stage = Stage::Starting;
        self.asked_at = None;
        self.unreachable = None;
        Effect::SignIn {
            generation: self.generation,
            account: self.account.clone(),
        }
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        match message {
            Msg::Action(action) => self.act(*action),
            Msg::Key(key) => {
                self.edit(|field| field.key(key));
                Vec::new()
            }
            Msg::Paste(text) => {
                self.edit(|field| field.insert(text));
                Vec::new()
            }
            Msg::Done(outcome) => {
                self.outcome(outcome, cx);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn edit(&mut self, change: impl FnOnce(&mut Field) -> Edit) {
        if let Stage::Typing(field) = &mut self.stage {
            change(field);
        }
    }

    fn outcome(&mut self, outcome: &Outcome, cx: &Cx) {
        match outcome {
            Outcome::SignIn {
                generation, event, ..
            } if *generation == self.generation => self.event(event, cx),
            Outcome::PasswordSet(account, result) if *account == self.account => {
                self.stage = match result {
                    Ok(()) => Stage::Done(Identity {
                        username: self.address.clone(),
                        ..Identity::default()
                    }),
                    Err(error) => failed(error),
                };
            }
            _ => {}
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
            SignInEvent::Done(identity) => self.stage = Stage::Done(identity.clone()),
            SignInEvent::Failed(error) => self.stage = failed(error),
        }
    }

    fn code(&self) -> Option<&DeviceAuthorization> {
        match &self.stage {
            Stage::Waiting(code) => Some(code),
            _ => None,
        }
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        let code = self.code().cloned();
        match (action, code) {
            (Action::Back, _) => vec![Effect::Pop],
            (Action::Open, _) => self.enter(),
            (Action::NewCode, _) => vec![self.start()],
            (Action::CopyCode, Some(code)) => vec![
                Effect::Copy(code.user_code),
                Effect::Say("Code copied".to_owned()),
            ],
            (Action::CopyAddress, Some(code)) => vec![
                Effect::Copy(code.verification_uri),
                Effect::Say("Address copied".to_owned()),
            ],
            (Action::OpenBrowser, Some(code)) => {
                let complete = code.verification_uri_complete;
                vec![Effect::OpenUrl(complete.unwrap_or(code.verification_uri))]
            }
            (Action::Approve, Some(code)) => vec![Effect::SignInApprove(code.user_code)],
            _ => Vec::new(),
        }
    }

    fn enter(&mut self) -> Vec<Effect> {
        match &self.stage {
            Stage::Done(_) => vec![Effect::Pop],
            Stage::Failed(_) => vec![self.start()],
            Stage::Typing(field) if !field.is_empty() => {
                let password = Password(SecretString::from(field.text()));
                self.stage = Stage::Keeping;
                vec![Effect::SetPassword {
                    account: self.account.clone(),
                    password,
                }]
            }
            _ => Vec::new(),
        }
    }

    /// Is closed: ends a sign-in that still runs.
    pub fn leave(&mut self) -> Vec<Effect> {
        match self.stage {
            Stage::Starting | Stage::Waiting(_) => vec![Effect::Cancel(Slot::SignIn)],
            _ => Vec::new(),
        }
    }

    /// Answers the root's questions.
    pub fn face(&self, _: &Cx) -> Face {
        let hints: &[Action] = match self.stage {
            Stage::Waiting(_) => &[
                Action::Approve,
                Action::CopyCode,
                Action::CopyAddress,
                Action::OpenBrowser,
                Action::NewCode,
                Action::Back,
            ],
            Stage::Failed(_) => &[Action::NewCode, Action::Back],
            Stage::Done(_) | Stage::Typing(_) => &[Action::Open, Action::Back],
            Stage::Starting | Stage::Keeping => &[Action::Back],
        };
        let is_typing = matches!(self.stage, Stage::Typing(_));
        Face {
            focus: if is_typing { Focus::Line } else { Focus::None },
            tick: self.code().map(|_| Duration::from_secs(1)),
            ..Face::new(Scope::SignIn, hints)
        }
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action, cx: &Cx) -> Live {
        let needs_code = |is_there: bool| {
            if is_there {
                Live::Yes
            } else {
                Live::No("There is no code to use at the moment")
            }
        };
        match action {
            Action::Back | Action::Open => Live::Yes,
            Action::Approve if cx.companion.is_none() => Live::Unknown,
            Action::CopyCode | Action::CopyAddress | Action::OpenBrowser | Action::Approve => {
                needs_code(self.code().is_some())
            }
            Action::NewCode => match self.stage {
                Stage::Waiting(_) | Stage::Failed(_) => Live::Yes,
                _ => Live::No("There is no code to replace"),
            },
            _ => Live::Unknown,
        }
    }
}

fn takes_password(account: &Account) -> bool {
    account.sign_in.method == Method::Password
}

fn failed(error: &Arc<EngineError>) -> Stage {
    Stage::Failed(Box::new(explain(error)))
}

/// Says in words what a list of scopes lets the program do.
fn permissions(scopes: &[String]) -> String {
    let has = |part: &str| scopes.iter().any(|scope| scope.contains(part));
    let mut words = Vec::new();
    if has("IMAP.AccessAsUser") {
        words.push("read and change mail of the mailboxes you may open");
    }
    if has("SMTP.Send") {
        words.push("send mail");
    }
    if has("openid") || has("profile") {
        words.push("know who you are");
    }
    if has("offline_access") {
        words.push("stay signed in");
    }
    words.join(" · ")
}
