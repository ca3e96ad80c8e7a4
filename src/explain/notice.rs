//! What a notice is made of; nothing here knows an error.

use crate::model::Account;

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
    /// Where the meaning of the code is documented; empty when there is no such place.
    pub source: String,
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
    /// Read the account over another protocol than EWS.
    LeaveEws,
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
            Self::LeaveEws => "leave-ews",
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
    /// Puts mailbox and identity into the line to copy, where its author left room for them; what is empty is not
    /// known, and its place stays.
    pub fn about(mut self, mailbox: &str, identity: &str) -> Self {
        for (place, value) in [("MAILBOX", mailbox), ("IDENTITY", identity)] {
            if !value.is_empty() {
                self.copy = self.copy.replace(place, &word(&self.copy, value));
            }
        }
        self
    }

    /// Puts what is known of an account into the line to copy, where its author left room for it.
    pub fn for_account(mut self, account: &Account) -> Self {
        let profile = &account.sign_in;
        for (place, value) in [
            ("CLIENT_ID", profile.client_id.as_str()),
            ("TENANT", profile.tenant.as_str()),
            ("ACCOUNT", account.name.as_str()),
        ] {
            if !value.is_empty() {
                self.copy = self.copy.replace(place, &word(&self.copy, value));
            }
        }
        self.about(&account.address.email, account.identity())
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
            source: String::new(),
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

    /// Sets where the meaning is documented.
    pub(in crate::explain) fn source(mut self, address: impl Into<String>) -> Self {
        self.source = address.into();
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

/// Writes a value so that it stays one word of a line, whatever is in it. Lines that begin with a cmdlet are for
/// PowerShell, which takes five letters for a quote; all others for a POSIX shell.
pub(in crate::explain) fn word(line: &str, value: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+' | '/');
    if !value.is_empty() && value.chars().all(is_plain) && !value.starts_with(['@', '-']) {
        return value.to_owned();
    }
    let is_shell = !line.starts_with(|first: char| first.is_ascii_uppercase());
    let mut quoted = String::from("'");
    for letter in value.chars().filter(|letter| !letter.is_control()) {
        match letter {
            '\'' if is_shell => quoted.push_str("'\\''"),
            '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' if !is_shell => {
                quoted.extend([letter, letter]);
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, value: &str, expected: &str) {
        let notice = Notice::new("")
            .copy(format!("{line} MAILBOX"))
            .about(value, "");
        assert_eq!(notice.copy, format!("{line} {expected}"));
    }

    #[test]
    fn a_hostile_value_stays_one_word_of_the_line_to_copy() {
        check("Get-CASMailbox", "a@x.com", "a@x.com");
        check("Get-CASMailbox", "o'brien@x.com", "'o''brien@x.com'");
        check("Get-CASMailbox", "x\u{2019}; y", "'x\u{2019}\u{2019}; y'");
        check("Get-CASMailbox", "$(id)`id`", "'$(id)`id`'");
        check("Get-CASMailbox", "a\nb", "'ab'");
        check("pillarbox check", "o'brien@x.com", "'o'\\''brien@x.com'");
        check("pillarbox check", "a b; rm -rf ~", "'a b; rm -rf ~'");
        check("pillarbox check", "-x", "'-x'");
        check("pillarbox check", "", "MAILBOX");
    }
}
