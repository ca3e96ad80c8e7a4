//! What particular servers say and do: the one place where a server's words decide (design B5).
//!
//! Protocol facts §4.3, §4.4, §6.

use super::wire::{Answer, Reply};
use crate::backend::sentences::{self, Meaning, Sentence, suggested_backoff};
use crate::backend::{BackendError, Refusal};

/// Hosts of Exchange Online and Outlook.com in all clouds.
const MICROSOFT_HOSTS: [&str; 8] = [
    "office365.com",
    "office365.us",
    "outlook.com",
    "outlook.office.com",
    "outlook.cn",
    "partner.outlook.cn",
    "hotmail.com",
    "live.com",
];

/// Capabilities only Exchange has (protocol facts §6.1).
const EXCHANGE_CAPABILITIES: [&str; 3] = [
    "CLIENTACCESSRULES",
    "CLIENTNETWORKPRESENCELOCATION",
    "BACKENDAUTHENTICATE",
];

/// Tells whether `host` is one of Microsoft's.
pub(super) fn is_microsoft(host: &str) -> bool {
    is_below(host, &MICROSOFT_HOSTS)
}

/// Tells whether the server behind `host` files what is sent through its submission service (protocol facts §9).
pub(super) fn files_sent_copy(host: &str) -> bool {
    is_microsoft(host) || is_below(host, &["gmail.com", "googlemail.com"])
}

/// Tells whether a capability name betrays Exchange, wherever it is hosted.
pub(super) fn is_exchange_capability(name: &str) -> bool {
    EXCHANGE_CAPABILITIES.contains(&name)
}

/// Tells whether a greeting is that of an Exchange server.
pub(super) fn is_exchange_greeting(text: &str) -> bool {
    text.contains("Microsoft Exchange")
}

fn is_below(host: &str, domains: &[&str]) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    domains.iter().any(|domain| {
        host.strip_suffix(domain)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'))
    })
}

/// Sentences that only IMAP servers say; those of POP3 servers too are in [`sentences`].
const SENTENCES: [Sentence; 2] = [
    ("too many simultaneous connections", Meaning::Throttled),
    ("command received in invalid state", Meaning::Ended),
];

/// Returns what a known sentence means, or `None`. `doing` and `host` describe the moment.
pub(super) fn known(doing: &'static str, host: &str, text: &str) -> Option<BackendError> {
    Some(match sentences::meaning(text, &SENTENCES)? {
        Meaning::TokenExpired => BackendError::SignIn {
            code: "AccessTokenExpired".to_owned(),
            text: text.to_owned(),
        },
        Meaning::NoMailbox => BackendError::Refused {
            kind: Refusal::NoMailboxAccess,
            code: String::new(),
            text: text.to_owned(),
        },
        Meaning::Throttled => BackendError::Throttled {
            after: suggested_backoff(text),
            text: text.to_owned(),
        },
        Meaning::Ended => super::offline(doing, host, std::io::Error::other(text.to_owned())),
    })
}

/// Sorts a `NO` or `BAD` by the reaction it calls for.
pub(super) fn refusal(doing: &'static str, host: &str, answer: &Answer) -> BackendError {
    if let Some(error) = known(doing, host, &answer.text) {
        return error;
    }
    let code = answer.code.name().to_owned();
    let text = answer.text.clone();
    let refused = |kind| BackendError::Refused {
        kind,
        code: code.clone(),
        text: text.clone(),
    };
    match code.as_str() {
        "NONEXISTENT" | "TRYCREATE" => BackendError::Gone { what: text },
        "UNAVAILABLE" | "INUSE" | "SERVERBUG" | "THROTTLED" => {
            BackendError::Throttled { after: None, text }
        }
        "EXPIRED" | "AUTHENTICATIONFAILED" | "REAUTHENTICATE" => {
            BackendError::SignIn { code, text }
        }
        "OVERQUOTA" => refused(Refusal::Quota),
        "TOOBIG" | "LIMIT" => refused(Refusal::TooBig),
        _ if answer.status == Reply::Bad => BackendError::Protocol {
            doing,
            detail: format!("BAD {text}"),
        },
        _ => refused(Refusal::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::imap::wire::Code;

    fn no(code: &str, text: &str) -> BackendError {
        let code = match code {
            "" => Code::None,
            code => Code::Named(code.to_owned()),
        };
        let answer = Answer {
            status: Reply::No,
            code,
            text: text.to_owned(),
        };
        refusal("test", "h", &answer)
    }

    #[test]
    fn microsoft_hosts_are_known_by_their_domain_only() {
        assert!(is_microsoft("outlook.office365.com"));
        assert!(is_microsoft("Partner.Outlook.cn."));
        assert!(!is_microsoft("notoffice365.com"));
        assert!(!is_microsoft("office365.com.example.org"));
        assert!(files_sent_copy("imap.gmail.com"));
        assert!(!files_sent_copy("imap.example.org"));
    }

    #[test]
    fn throttling_says_how_long() {
        let text = "Request is throttled. Suggested Backoff Time: 92415 milliseconds";
        let BackendError::Throttled { after, .. } = no("", text) else {
            panic!("not throttled");
        };
        assert_eq!(after, Some(std::time::Duration::from_millis(92_415)));
    }

    #[test]
    fn sentences_and_codes_decide_the_reaction() {
        assert!(matches!(
            no("", "Session invalidated - AccessTokenExpired"),
            BackendError::SignIn { code, .. } if code == "AccessTokenExpired"
        ));
        assert!(matches!(
            no("", "User is authenticated but not connected."),
            BackendError::Refused {
                kind: Refusal::NoMailboxAccess,
                ..
            }
        ));
        assert!(matches!(
            no("", "Server Unavailable. 15"),
            BackendError::Throttled { after: None, .. }
        ));
        assert!(matches!(
            no("", "Connection is closed. 13"),
            BackendError::Offline { .. }
        ));
        assert!(matches!(
            no("OVERQUOTA", "Full"),
            BackendError::Refused {
                kind: Refusal::Quota,
                ..
            }
        ));
        assert!(matches!(no("NONEXISTENT", "x"), BackendError::Gone { .. }));
        assert!(matches!(
            no("", "Nope"),
            BackendError::Refused {
                kind: Refusal::Other,
                ..
            }
        ));
    }
}
