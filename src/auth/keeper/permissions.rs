//! What a token allows, compared with what an account does (protocol facts §3, §5.5).

use crate::auth::{Denial, Resource, TokenFacts};
use crate::model::{Access, IncomingProtocol, OutgoingProtocol, permission};

/// Something an account uses a token for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Function {
    /// Reading over IMAP.
    ReadImap,
    /// Reading over POP3.
    ReadPop,
    /// Sending over SMTP.
    SendSmtp,
    /// Reading and sending over Exchange Web Services.
    Ews,
    /// Reading over Microsoft Graph.
    ReadGraph,
    /// Sending over Microsoft Graph.
    SendGraph,
    /// Opening mailboxes of others. At Exchange that is a right on the mailbox, which no token shows; at Graph a
    /// person's token needs permissions for it.
    AdditionalUsers,
    /// Sending from mailboxes of others; likewise.
    SendForOthers,
}

impl Function {
    /// Returns the resource whose token it needs.
    pub const fn resource(self) -> Resource {
        match self {
            Self::ReadGraph | Self::SendGraph => Resource::Graph,
            Self::ReadImap
            | Self::ReadPop
            | Self::SendSmtp
            | Self::Ews
            | Self::AdditionalUsers
            | Self::SendForOthers => Resource::Mail,
        }
    }

    /// Returns what reading over a protocol is.
    pub const fn reading(protocol: IncomingProtocol) -> Self {
        match protocol {
            IncomingProtocol::Imap => Self::ReadImap,
            IncomingProtocol::Pop3 => Self::ReadPop,
            IncomingProtocol::Ews => Self::Ews,
            IncomingProtocol::Graph => Self::ReadGraph,
        }
    }

    /// Returns what sending over a protocol is.
    pub const fn sending(protocol: OutgoingProtocol) -> Self {
        match protocol {
            OutgoingProtocol::Smtp => Self::SendSmtp,
            OutgoingProtocol::Ews => Self::Ews,
            OutgoingProtocol::Graph => Self::SendGraph,
        }
    }
}

/// How a permission stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum PermissionState {
    /// The token has it and the account needs it.
    Needed,
    /// The account needs it and the token lacks it.
    Missing,
    /// The account needs it and the token does not show it, but it may be given in Exchange instead (RBAC for
    /// Applications).
    Unproven,
    /// The token has it and the account does not need it.
    Superfluous,
}

impl PermissionState {
    /// Returns the word for people, which is also a stable name of `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Needed => "needed",
            Self::Missing => "missing",
            Self::Unproven => "unproven",
            Self::Superfluous => "superfluous",
        }
    }
}

/// A permission, and how it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PermissionFinding {
    /// Its name without a resource, such as `IMAP.AccessAsUser.All`.
    pub name: String,
    /// How it stands.
    pub state: PermissionState,
    /// What it allows in plain words, as the end of "Pillarbox may …"; empty for those nobody here knows.
    pub words: String,
}

/// What a comparison found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Permissions {
    /// The token cannot be read, and the provider did not say what it granted.
    Unreadable,
    /// The provider's permissions have no names that are known here.
    OwnNames,
    /// All of them: needed ones first, in the order they were asked for.
    Compared(Vec<PermissionFinding>),
}

/// Scopes that open no mailbox but are asked for with good reason.
const ALWAYS_FINE: [&str; 5] = ["openid", "profile", "email", "offline_access", "User.Read"];

impl TokenFacts {
    /// Compares what the token allows with what the account does.
    pub fn permissions(&self, functions: &[Function]) -> Permissions {
        if !self.is_microsoft {
            return Permissions::OwnNames;
        }
        let (access, held) = if self.is_app_only {
            (Access::Application, &self.roles)
        } else {
            (Access::Delegated, &self.scopes)
        };
        if !self.is_readable && held.is_empty() {
            return Permissions::Unreadable;
        }
        let held: Vec<&str> = held.iter().map(|scope| bare(scope)).collect();
        let has = |name: &str| held.iter().any(|held| held.eq_ignore_ascii_case(name));
        let mut findings: Vec<PermissionFinding> = Vec::new();
        let mut add = |name: &str, state| {
            let is_known = |known: &PermissionFinding| known.name.eq_ignore_ascii_case(name);
            if !findings.iter().any(is_known) {
                let words = permission(name, access).map_or("", |known| known.words);
                findings.push(PermissionFinding {
                    name: name.to_owned(),
                    state,
                    words: words.to_owned(),
                });
            }
        };
        for function in functions {
            for name in self.needed_for(*function) {
                add(name, self.state(*function, has(name)));
            }
        }
        for name in &held {
            let is_fine = ALWAYS_FINE
                .iter()
                .any(|fine| fine.eq_ignore_ascii_case(name));
            if !is_fine {
                add(name, PermissionState::Superfluous);
            }
        }
        Permissions::Compared(findings)
    }

    /// Refuses a token that shows that it does not allow what it is wanted for; what it does not show is no reason.
    pub fn check(&self, functions: &[Function]) -> Result<(), Denial> {
        let Permissions::Compared(findings) = self.permissions(functions) else {
            return Ok(());
        };
        let missing = findings
            .into_iter()
            .find(|finding| finding.state == PermissionState::Missing);
        match missing {
            Some(finding) => Err(Denial::MissingPermission { name: finding.name }),
            None => Ok(()),
        }
    }

    fn needed_for(&self, function: Function) -> &'static [&'static str] {
        match (function, self.is_app_only, self.resource) {
            (Function::ReadImap, false, _) => &["IMAP.AccessAsUser.All"],
            (Function::ReadImap, true, _) => &["IMAP.AccessAsApp"],
            (Function::ReadPop, false, _) => &["POP.AccessAsUser.All"],
            (Function::ReadPop, true, _) => &["POP.AccessAsApp"],
            (Function::SendSmtp, false, _) => &["SMTP.Send"],
            (Function::SendSmtp, true, _) => &["SMTP.SendAsApp"],
            (Function::Ews, false, _) => &["EWS.AccessAsUser.All"],
            (Function::Ews, true, _) => &["full_access_as_app"],
            (Function::ReadGraph, _, _) => &["Mail.ReadWrite"],
            (Function::SendGraph, _, _) => &["Mail.Send"],
            (Function::AdditionalUsers, false, Resource::Graph) => &["Mail.ReadWrite.Shared"],
            (Function::SendForOthers, false, Resource::Graph) => &["Mail.Send.Shared"],
            (Function::AdditionalUsers | Function::SendForOthers, _, _) => &[],
        }
    }

    fn state(&self, function: Function, is_there: bool) -> PermissionState {
        match (is_there, function) {
            (true, _) => PermissionState::Needed,
            (
                false,
                Function::SendSmtp | Function::Ews | Function::ReadGraph | Function::SendGraph,
            ) if self.is_app_only => PermissionState::Unproven,
            (false, _) => PermissionState::Missing,
        }
    }
}

/// Returns a scope's name without its resource.
fn bare(scope: &str) -> &str {
    scope.rsplit('/').next().unwrap_or(scope)
}

#[cfg(test)]
mod tests {
    use super::Function::{AdditionalUsers, ReadImap, ReadPop, SendForOthers, SendSmtp};
    use super::PermissionState::{Missing, Needed, Superfluous, Unproven};
    use super::*;

    fn person(scopes: &[&str]) -> TokenFacts {
        TokenFacts {
            is_microsoft: true,
            is_readable: true,
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            ..TokenFacts::default()
        }
    }

    fn application(roles: &[&str]) -> TokenFacts {
        TokenFacts {
            is_app_only: true,
            roles: roles.iter().map(|&role| role.to_owned()).collect(),
            ..person(&[])
        }
    }

    #[track_caller]
    fn check(facts: &TokenFacts, functions: &[Function], expected: &[(&str, PermissionState)]) {
        let Permissions::Compared(findings) = facts.permissions(functions) else {
            panic!("not compared: {facts:?}");
        };
        let found: Vec<(&str, PermissionState)> = findings
            .iter()
            .map(|finding| (finding.name.as_str(), finding.state))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_persons_scopes_are_compared_with_what_the_account_does() {
        let facts = person(&[
            "https://outlook.office.com/imap.accessasuser.all",
            "POP.AccessAsUser.All",
            "offline_access",
            "Calendars.Read",
        ]);
        check(
            &facts,
            &[ReadImap, SendSmtp, AdditionalUsers],
            &[
                ("IMAP.AccessAsUser.All", Needed),
                ("SMTP.Send", Missing),
                ("POP.AccessAsUser.All", Superfluous),
                ("Calendars.Read", Superfluous),
            ],
        );
        assert_eq!(facts.check(&[ReadImap, ReadPop, AdditionalUsers]), Ok(()));
        let name = "SMTP.Send".to_owned();
        assert_eq!(
            facts.check(&[SendSmtp]),
            Err(Denial::MissingPermission { name })
        );
    }

    #[test]
    fn a_role_that_may_be_given_in_exchange_is_a_warning_only() {
        let none = application(&[]);
        check(
            &none,
            &[ReadImap, SendSmtp],
            &[("IMAP.AccessAsApp", Missing), ("SMTP.SendAsApp", Unproven)],
        );
        assert_eq!(none.check(&[SendSmtp]), Ok(()));
        assert!(none.check(&[ReadPop]).is_err());
        let ews = application(&["full_access_as_app", "IMAP.AccessAsApp"]);
        check(
            &ews,
            &[ReadImap],
            &[
                ("IMAP.AccessAsApp", Needed),
                ("full_access_as_app", Superfluous),
            ],
        );
    }

    #[test]
    fn graph_wants_permissions_for_mailboxes_of_others() {
        let facts = TokenFacts {
            resource: Resource::Graph,
            ..person(&["Mail.ReadWrite.Shared"])
        };
        check(
            &facts,
            &[AdditionalUsers, SendForOthers],
            &[
                ("Mail.ReadWrite.Shared", Needed),
                ("Mail.Send.Shared", Missing),
            ],
        );
    }

    #[test]
    fn what_cannot_be_read_is_no_reason_to_refuse() {
        let opaque = TokenFacts {
            is_readable: false,
            ..person(&[])
        };
        assert_eq!(opaque.permissions(&[ReadImap]), Permissions::Unreadable);
        assert_eq!(opaque.check(&[ReadImap]), Ok(()));
        let told = TokenFacts {
            is_readable: false,
            ..person(&["https://outlook.office.com/SMTP.Send"])
        };
        check(&told, &[SendSmtp], &[("SMTP.Send", Needed)]);
        let foreign = TokenFacts {
            is_microsoft: false,
            ..person(&["mail"])
        };
        assert_eq!(foreign.permissions(&[ReadImap]), Permissions::OwnNames);
    }
}
