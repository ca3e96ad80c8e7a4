//! What a notice is made of; nothing here knows an error.

/// An explained problem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// What happened, one sentence without a full stop.
    pub title: String,
    /// Why, one sentence each, most likely first.
    pub cause: Vec<String>,
    /// Who can mend it.
    pub who: Who,
    /// What to do, one sentence each, in order.
    pub how: Vec<String>,
    /// A line to copy, such as a cmdlet; empty when there is none.
    pub copy: String,
    /// The raw code, such as `AADSTS50076` or `535 5.7.3`; empty when there is none.
    pub code: String,
    /// The server's own words or the technical cause; empty when there are none.
    pub detail: String,
    /// The action on offer.
    pub remedy: Remedy,
    /// How loudly to say it.
    pub severity: Severity,
}

/// Who can mend a problem.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Who {
    /// The person at the keyboard.
    You,
    /// Whoever runs the tenant's directory.
    TenantAdministrator,
    /// Whoever runs Exchange.
    ExchangeAdministrator,
    /// The mail or sign-in provider.
    Provider,
    /// Nobody has to: it mends itself.
    Nobody,
    /// Us: it is a bug.
    Developers,
}

impl Who {
    /// Returns the words for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::TenantAdministrator => "your tenant's administrator",
            Self::ExchangeAdministrator => "your Exchange administrator",
            Self::Provider => "the provider",
            Self::Nobody => "nobody, it mends itself",
            Self::Developers => "the developers of Pillarbox",
        }
    }

    /// Returns the stable name used by `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::TenantAdministrator => "tenant-administrator",
            Self::ExchangeAdministrator => "exchange-administrator",
            Self::Provider => "provider",
            Self::Nobody => "nobody",
            Self::Developers => "developers",
        }
    }
}

/// What the interface can offer to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Remedy {
    /// Try again.
    Retry,
    /// Sign in again.
    SignIn,
    /// Edit the account.
    EditAccount,
    /// Show the log.
    ShowLog,
    /// Nothing to press.
    None,
}

impl Remedy {
    /// Returns the stable name used by `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::SignIn => "sign-in",
            Self::EditAccount => "edit-account",
            Self::ShowLog => "show-log",
            Self::None => "none",
        }
    }
}

/// Where a notice is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Status line.
    Quiet,
    /// Toast.
    Normal,
    /// Banner that stays until solved.
    Loud,
}

impl Notice {
    /// Puts mailbox and identity into the line to copy, where its author left room for them.
    pub fn about(mut self, mailbox: &str, identity: &str) -> Self {
        self.copy = self
            .copy
            .replace("MAILBOX", mailbox)
            .replace("IDENTITY", identity);
        self
    }

    /// Starts a notice that the user can mend and that is shown as a toast.
    pub(in crate::explain) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            cause: Vec::new(),
            who: Who::You,
            how: Vec::new(),
            copy: String::new(),
            code: String::new(),
            detail: String::new(),
            remedy: Remedy::None,
            severity: Severity::Normal,
        }
    }

    /// Adds a cause.
    pub(in crate::explain) fn cause(mut self, text: impl Into<String>) -> Self {
        self.cause.push(text.into());
        self
    }

    /// Adds a step of what to do.
    pub(in crate::explain) fn how(mut self, text: impl Into<String>) -> Self {
        self.how.push(text.into());
        self
    }

    /// Sets who can mend it.
    pub(in crate::explain) fn who(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    /// Sets the line to copy.
    pub(in crate::explain) fn copy(mut self, line: impl Into<String>) -> Self {
        self.copy = line.into();
        self
    }

    /// Sets the raw code.
    pub(in crate::explain) fn code(mut self, code: impl Into<String>) -> Self {
        self.code = code.into();
        self
    }

    /// Sets the server's words.
    pub(in crate::explain) fn detail(mut self, text: impl Into<String>) -> Self {
        self.detail = text.into();
        self
    }

    /// Sets the action on offer.
    pub(in crate::explain) fn remedy(mut self, remedy: Remedy) -> Self {
        self.remedy = remedy;
        self
    }

    /// Stays in view until solved.
    pub(in crate::explain) fn loud(mut self) -> Self {
        self.severity = Severity::Loud;
        self
    }

    /// Goes to the status line only.
    pub(in crate::explain) fn quiet(mut self) -> Self {
        self.severity = Severity::Quiet;
        self
    }
}
