//! Where keys work, and how help groups what they do. Knows no action and no key.

use Scope as S;

/// Where a key is pressed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// The mail screen's mailboxes and folders.
    Sidebar,
    /// The mail screen's list.
    List,
    /// The mail screen's reader.
    Reader,
    /// Search results.
    Search,
    /// The composer.
    Compose,
    /// The local drafts.
    Drafts,
    /// A list to pick from by typing, such as the palette.
    Picker,
    /// A question.
    Confirm,
    /// Help and other texts.
    Help,
    /// Setting an account up.
    Setup,
    /// Signing in.
    SignIn,
    /// The accounts.
    Accounts,
    /// Settings.
    Settings,
    /// The outbox.
    Outbox,
    /// A check.
    Check,
    /// What a token is.
    Token,
    /// Documents for administrators.
    Admin,
}

pub(super) const ANY: &[Scope] = &[
    S::Sidebar,
    S::List,
    S::Reader,
    S::Search,
    S::Compose,
    S::Drafts,
    S::Picker,
    S::Confirm,
    S::Help,
    S::Setup,
    S::SignIn,
    S::Accounts,
    S::Settings,
    S::Outbox,
    S::Check,
    S::Token,
    S::Admin,
];
pub(super) const BROWSE: &[Scope] = &[S::Sidebar, S::List, S::Reader];
pub(super) const MAIL: &[Scope] = &[S::List, S::Reader, S::Search];
pub(super) const READER: &[Scope] = &[S::Reader];
pub(super) const SEARCH: &[Scope] = &[S::Search];
pub(super) const COMPOSE: &[Scope] = &[S::Compose];
pub(super) const DRAFTS: &[Scope] = &[S::Drafts];
pub(super) const CONFIRM: &[Scope] = &[S::Confirm];
pub(super) const SIGN_IN: &[Scope] = &[S::SignIn];
pub(super) const SIGN_IN_OR_SETUP: &[Scope] = &[S::SignIn, S::Setup];
pub(super) const SETUP: &[Scope] = &[S::Setup];
pub(super) const ACCOUNTS: &[Scope] = &[S::Accounts];
pub(super) const OUTBOX: &[Scope] = &[S::Outbox];
pub(super) const CHECK: &[Scope] = &[S::Check];
pub(super) const COPY: &[Scope] = &[S::Check, S::Help, S::Admin];
pub(super) const TOKEN: &[Scope] = &[S::Token];
pub(super) const ADMIN: &[Scope] = &[S::Admin];
pub(super) const REMEDY: &[Scope] = &[S::Sidebar, S::List, S::Reader, S::Check];
pub(super) const SIGNING: &[Scope] = &[S::Accounts, S::Token];
pub(super) const ABOUT: &[Scope] = &[S::Sidebar, S::List, S::Reader, S::Accounts, S::Check];
pub(super) const KIT: &[Scope] = &[
    S::Sidebar,
    S::List,
    S::Reader,
    S::Accounts,
    S::Check,
    S::SignIn,
    S::Token,
];

/// How help groups actions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Group {
    /// Moving about.
    Moving,
    /// The program as a whole.
    Program,
    /// Going to places.
    Places,
    /// Messages.
    Mail,
    /// Writing.
    Writing,
    /// Answers to questions.
    Answers,
    /// Signing in.
    SignIn,
    /// Accounts.
    Accounts,
    /// The outbox.
    Outbox,
    /// Checks.
    Check,
    /// Tokens.
    Token,
    /// Documents for administrators.
    Admin,
}

impl Group {
    /// Returns the heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Moving => "Moving",
            Self::Program => "Program",
            Self::Places => "Places",
            Self::Mail => "Mail",
            Self::Writing => "Writing",
            Self::Answers => "Answers",
            Self::SignIn => "Sign-in",
            Self::Accounts => "Accounts",
            Self::Outbox => "Outbox",
            Self::Check => "Check",
            Self::Token => "Token",
            Self::Admin => "Administrator's documents",
        }
    }
}
