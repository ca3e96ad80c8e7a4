// table: one arm per screen
//! The screens as one closed enum, what each is asked, and how each is opened.

pub mod accounts;
mod acting;
mod admin;
pub mod check;
mod compose;
mod confirm;
mod drafts;
mod help;
mod leaving;
pub mod mail;
pub mod outbox;
mod picking;
mod prompt;
pub mod reader;
pub mod rows;
mod search;
pub mod settings;
pub mod setup;
pub mod sign_in;
mod token;

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::model::{Draft, DraftId, MailboxId, Scope as MailScope};
use crate::tui::context::Cx;
use crate::tui::effect::Effect;
use crate::tui::keymap::{Action, Scope};
use crate::tui::msg::Msg;
use crate::tui::screens::setup::Target;

/// Which screen to open, with what it needs to know.
#[derive(Clone, PartialEq, Debug)]
pub enum ScreenName {
    /// Mailboxes, list and reader; always at the bottom.
    Mail,
    /// The composer.
    Compose {
        /// What to start with.
        draft: Box<Draft>,
        /// The saved draft this is, if it is one.
        saved: Option<DraftId>,
    },
    /// Search results.
    Search {
        /// Where to search first.
        scope: MailScope,
        /// The name of that place.
        place: String,
    },
    /// The drafts kept here.
    Drafts,
    /// Keys of the screen below.
    Help {
        /// The keys in force there.
        scope: Scope,
        /// Actions that do not work there now.
        dead: Vec<Dead>,
    },
    /// Every action of the screen below, by name.
    Palette {
        /// The keys in force there.
        scope: Scope,
        /// Actions that do not work there now.
        dead: Vec<Dead>,
    },
    /// A question about something that cannot be undone.
    Confirm(Question),
    /// What changes when an account leaves EWS, and whether it shall.
    LeaveEws {
        /// The account's name.
        account: String,
    },
    /// A folder of a mailbox, by name.
    PickFolder {
        /// The mailbox.
        mailbox: MailboxId,
        /// What it is for, as a heading.
        title: String,
    },
    /// One of several things; the answer is [`crate::tui::msg::Reply::Picked`].
    Pick {
        /// Comes back with the answer.
        tag: &'static str,
        /// A heading.
        title: String,
        /// What there is to pick.
        entries: Vec<String>,
    },
    /// A line to type; the answer is [`crate::tui::msg::Reply::Typed`].
    Prompt {
        /// Comes back with the answer.
        tag: &'static str,
        /// A heading.
        title: String,
        /// What stands there already.
        text: String,
        /// Whether it is a path, which is completed.
        is_path: bool,
    },
    /// Everything about a notice.
    Notice(Box<crate::explain::Notice>),
    /// Setting an account up, or editing the named one.
    Setup {
        /// The account to edit; `None` for a new one.
        account: Option<String>,
    },
    /// Signing in.
    SignIn {
        /// The account's name.
        account: String,
    },
    /// A sign-in profile, for all accounts that use it.
    SignInProfile {
        /// Its name.
        name: String,
    },
    /// A server profile, for all accounts that use it.
    ServerProfile {
        /// Its name.
        name: String,
    },
    /// The accounts.
    Accounts,
    /// Settings.
    Settings,
    /// The outbox.
    Outbox,
    /// A check.
    Check {
        /// The account's name.
        account: String,
    },
    /// What an account's token is.
    Token {
        /// The account's name.
        account: String,
    },
    /// Documents for an account's administrator.
    Admin {
        /// The account's name.
        account: String,
    },
}

/// A question to answer with yes or no.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// Comes back with the answer.
    pub tag: &'static str,
    /// The question.
    pub title: String,
    /// What follows from yes.
    pub detail: String,
    /// The word for yes, such as "delete".
    pub yes: String,
}

/// An action that does not work now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dead {
    /// The action.
    pub action: Action,
    /// Why not.
    pub reason: &'static str,
}

/// What takes typed text at the moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Focus {
    /// Nothing: every key is a command.
    #[default]
    None,
    /// A field of one line: typing, cursor and deleting keys are its.
    Line,
    /// A field of several lines: arrows, Enter and page keys too.
    Block,
}

/// Whether a screen fills the terminal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Layer {
    /// It does.
    #[default]
    Full,
    /// It lies on top of the one below, which is drawn too.
    Above,
}

/// What the root asks of a screen before it gives it a key and draws around it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Face {
    /// Which keys are in force.
    pub scope: Scope,
    /// What takes typed text.
    pub focus: Focus,
    /// Actions for the footer, most useful first; those that do not work now are left out by the root.
    pub hints: Vec<Action>,
    /// When it looks different without anything happening.
    pub tick: Option<Duration>,
    /// Whether it fills the terminal.
    pub layer: Layer,
}

impl Face {
    /// Makes the face of a full screen without a text field.
    pub fn new(scope: Scope, hints: &[Action]) -> Self {
        Self {
            scope,
            focus: Focus::None,
            hints: hints.to_vec(),
            tick: None,
            layer: Layer::Full,
        }
    }
}

/// Whether an action works in a screen now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Live {
    /// It does.
    Yes,
    /// Not now, because of this.
    No(&'static str),
    /// The screen has no such action.
    Unknown,
}

/// A screen of the stack.
#[derive(Debug)]
pub enum Screen {
    /// See [`ScreenName::Mail`].
    Mail(Box<mail::Mail>),
    /// See [`ScreenName::Setup`].
    Setup(Box<setup::Setup>),
    /// See [`ScreenName::SignIn`].
    SignIn(Box<sign_in::SignIn>),
    /// See [`ScreenName::Accounts`].
    Accounts(accounts::Accounts),
    /// See [`ScreenName::Settings`].
    Settings(Box<settings::Settings>),
    /// See [`ScreenName::Outbox`].
    Outbox(outbox::Outbox),
    /// See [`ScreenName::Check`].
    Check(check::Check),
    /// See [`ScreenName::Token`].
    Token(Box<token::Token>),
    /// See [`ScreenName::Admin`].
    Admin(Box<admin::Admin>),
    /// See [`ScreenName::Compose`].
    Compose(Box<compose::Compose>),
    /// See [`ScreenName::Search`].
    Search(Box<search::Search>),
    /// See [`ScreenName::Drafts`].
    Drafts(drafts::Drafts),
    /// See [`ScreenName::Help`] and [`ScreenName::Notice`].
    Help(help::Help),
    /// See [`ScreenName::Palette`], [`ScreenName::PickFolder`] and [`ScreenName::Pick`].
    Picking(Box<picking::Picking>),
    /// See [`ScreenName::Prompt`].
    Prompt(prompt::Prompt),
    /// See [`ScreenName::Confirm`].
    Confirm(confirm::Confirm),
    /// See [`ScreenName::LeaveEws`].
    Leaving(leaving::Leaving),
}

impl Screen {
    /// Opens a screen; the effects load what it shows.
    pub fn open(name: ScreenName, cx: &Cx) -> (Self, Vec<Effect>) {
        match name {
            ScreenName::Mail => {
                let (screen, effects) = mail::Mail::open(cx);
                (Self::Mail(Box::new(screen)), effects)
            }
            ScreenName::Setup { account } => {
                let (screen, effects) = setup::Setup::open(account.as_deref(), cx);
                (Self::Setup(Box::new(screen)), effects)
            }
            ScreenName::SignIn { account } => {
                let (screen, effects) = sign_in::SignIn::open(account, cx);
                (Self::SignIn(Box::new(screen)), effects)
            }
            ScreenName::SignInProfile { name } => {
                let (screen, effects) = setup::Setup::open_profile(Target::SignIn, &name, cx);
                (Self::Setup(Box::new(screen)), effects)
            }
            ScreenName::ServerProfile { name } => {
                let (screen, effects) = setup::Setup::open_profile(Target::Servers, &name, cx);
                (Self::Setup(Box::new(screen)), effects)
            }
            ScreenName::Accounts => {
                let (screen, effects) = accounts::Accounts::open(cx);
                (Self::Accounts(screen), effects)
            }
            ScreenName::Settings => {
                let (screen, effects) = settings::Settings::open(cx);
                (Self::Settings(Box::new(screen)), effects)
            }
            ScreenName::Outbox => {
                let (screen, effects) = outbox::Outbox::open(cx);
                (Self::Outbox(screen), effects)
            }
            ScreenName::Check { account } => {
                let (screen, effects) = check::Check::open(account, cx);
                (Self::Check(screen), effects)
            }
            ScreenName::Token { account } => {
                let (screen, effects) = token::Token::open(account);
                (Self::Token(Box::new(screen)), effects)
            }
            ScreenName::Admin { account } => (
                Self::Admin(Box::new(admin::Admin::open(&account, cx))),
                Vec::new(),
            ),
            ScreenName::Compose { draft, saved } => {
                let (screen, effects) = compose::Compose::open(*draft, saved, cx);
                (Self::Compose(Box::new(screen)), effects)
            }
            ScreenName::Search { scope, place } => {
                let screen = search::Search::open(scope, place);
                (Self::Search(Box::new(screen)), Vec::new())
            }
            ScreenName::Drafts => {
                let (screen, effects) = drafts::Drafts::open();
                (Self::Drafts(screen), effects)
            }
            above => Self::open_above(above, cx),
        }
    }

    /// Opens what lies on top of another screen.
    fn open_above(name: ScreenName, cx: &Cx) -> (Self, Vec<Effect>) {
        let picking = |(screen, effects)| (Self::Picking(Box::new(screen)), effects);
        match name {
            ScreenName::Help { scope, dead } => {
                (Self::Help(help::Help::keys(scope, dead)), Vec::new())
            }
            ScreenName::Notice(notice) => (Self::Help(help::Help::notice(notice)), Vec::new()),
            ScreenName::Palette { scope, dead } => {
                picking(picking::Picking::palette(scope, &dead, cx))
            }
            ScreenName::PickFolder { mailbox, title } => {
                picking(picking::Picking::folder(mailbox, title, cx))
            }
            ScreenName::Pick {
                tag,
                title,
                entries,
            } => picking((picking::Picking::one_of(tag, title, entries), Vec::new())),
            ScreenName::Prompt {
                tag,
                title,
                text,
                is_path,
            } => {
                let (screen, effects) = prompt::Prompt::open(tag, title, &text, is_path);
                (Self::Prompt(screen), effects)
            }
            ScreenName::Confirm(question) => {
                (Self::Confirm(confirm::Confirm::new(question)), Vec::new())
            }
            ScreenName::LeaveEws { account } => {
                let screen = leaving::Leaving::open(account, cx);
                (Self::Leaving(screen), Vec::new())
            }
            full => Self::open(full, cx),
        }
    }

    /// Reacts to a message.
    pub fn update(&mut self, message: &Msg, cx: &Cx) -> Vec<Effect> {
        match self {
            Self::Mail(screen) => screen.update(message, cx),
            Self::Setup(screen) => screen.update(message, cx),
            Self::SignIn(screen) => screen.update(message, cx),
            Self::Accounts(screen) => screen.update(message, cx),
            Self::Settings(screen) => screen.update(message, cx),
            Self::Outbox(screen) => screen.update(message, cx),
            Self::Check(screen) => screen.update(message, cx),
            Self::Token(screen) => screen.update(message, cx),
            Self::Admin(screen) => screen.update(message),
            Self::Compose(screen) => screen.update(message, cx),
            Self::Search(screen) => screen.update(message, cx),
            Self::Drafts(screen) => screen.update(message),
            Self::Help(screen) => screen.update(message),
            Self::Picking(screen) => screen.update(message, cx),
            Self::Prompt(screen) => screen.update(message),
            Self::Confirm(screen) => screen.update(message),
            Self::Leaving(screen) => screen.update(message),
        }
    }

    /// Is closed or left behind by quitting: returns what must not be lost.
    pub fn leave(&mut self) -> Vec<Effect> {
        match self {
            Self::Setup(screen) => screen.leave(),
            Self::SignIn(screen) => screen.leave(),
            Self::Settings(screen) => screen.leave(),
            Self::Check(screen) => screen.leave(),
            Self::Compose(screen) => screen.leave(),
            _ => Vec::new(),
        }
    }

    /// Draws.
    pub fn view(&mut self, frame: &mut Frame<'_>, area: Rect, cx: &Cx) {
        match self {
            Self::Mail(screen) => screen.view(frame, area, cx),
            Self::Setup(screen) => screen.view(frame, area, cx),
            Self::SignIn(screen) => screen.view(frame, area, cx),
            Self::Accounts(screen) => screen.view(frame, area, cx),
            Self::Settings(screen) => screen.view(frame, area, cx),
            Self::Outbox(screen) => screen.view(frame, area, cx),
            Self::Check(screen) => screen.view(frame, area, cx),
            Self::Token(screen) => screen.view(frame, area, cx),
            Self::Admin(screen) => screen.view(frame, area, cx),
            Self::Compose(screen) => screen.view(frame, area, cx),
            Self::Search(screen) => screen.view(frame, area, cx),
            Self::Drafts(screen) => screen.view(frame, area, cx),
            Self::Help(screen) => screen.view(frame, area, cx),
            Self::Picking(screen) => screen.view(frame, area, cx),
            Self::Prompt(screen) => screen.view(frame, area, cx),
            Self::Confirm(screen) => screen.view(frame, area, cx),
            Self::Leaving(screen) => screen.view(frame, area, cx),
        }
    }

    /// Answers the root's questions.
    pub fn face(&self, cx: &Cx) -> Face {
        match self {
            Self::Mail(screen) => screen.face(cx),
            Self::Setup(screen) => screen.face(cx),
            Self::SignIn(screen) => screen.face(cx),
            Self::Accounts(screen) => screen.face(cx),
            Self::Settings(screen) => screen.face(cx),
            Self::Outbox(screen) => screen.face(cx),
            Self::Check(screen) => screen.face(cx),
            Self::Token(screen) => screen.face(),
            Self::Admin(_) => admin::Admin::face(),
            Self::Compose(screen) => screen.face(cx),
            Self::Search(screen) => screen.face(),
            Self::Drafts(_) => drafts::Drafts::face(),
            Self::Help(_) => help::Help::face(),
            Self::Picking(_) => picking::Picking::face(),
            Self::Prompt(screen) => screen.face(),
            Self::Confirm(_) => confirm::Confirm::face(),
            Self::Leaving(_) => leaving::Leaving::face(),
        }
    }

    /// Tells whether an action works now.
    pub fn live(&self, action: Action, cx: &Cx) -> Live {
        match self {
            Self::Mail(screen) => screen.live(action, cx),
            Self::Setup(screen) => screen.live(action, cx),
            Self::SignIn(screen) => screen.live(action, cx),
            Self::Accounts(screen) => screen.live(action, cx),
            Self::Settings(screen) => screen.live(action, cx),
            Self::Outbox(screen) => screen.live(action, cx),
            Self::Check(screen) => screen.live(action, cx),
            Self::Token(screen) => screen.live(action),
            Self::Admin(screen) => screen.live(action),
            Self::Search(screen) => screen.live(action, cx),
            Self::Compose(screen) => screen.live(action),
            Self::Drafts(screen) => screen.live(action),
            Self::Help(screen) => screen.live(action),
            Self::Picking(screen) => screen.live(action),
            Self::Prompt(screen) => screen.live(action),
            Self::Confirm(_) => confirm::Confirm::live(action),
            Self::Leaving(_) => leaving::Leaving::live(action),
        }
    }
}
