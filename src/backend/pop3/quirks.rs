//! What particular servers say: the one place where a server's words decide (design B5).
//!
//! Protocol facts §4.4, §6.4; response codes of RFC 2449 §8 and RFC 3206.

use std::time::Duration;

use super::reply::Refused;
use crate::backend::{BackendError, Refusal};
use crate::net::NetError;

/// No server may make us wait longer than this before the next try.
const LONGEST_BACKOFF: Duration = Duration::from_secs(3600);

/// What a known sentence means.
enum Meaning {
    TokenExpired,
    NoMailbox,
    Throttled,
    Ended,
}

/// Sentences that mean the same wherever they appear; compared in lower case.
const SENTENCES: [(&str, Meaning); 18] = [
    ("accesstokenexpired", Meaning::TokenExpired),
    (
        "user is authenticated but not connected",
        Meaning::NoMailbox,
    ),
    ("request is throttled", Meaning::Throttled),
    ("suggested backoff time", Meaning::Throttled),
    ("server unavailable", Meaning::Throttled),
    ("temporarily unavailable", Meaning::Throttled),
    ("too many", Meaning::Throttled),
    ("maximum number of connections", Meaning::Throttled),
    ("exceeded command or bandwidth limits", Meaning::Throttled),
    ("system error (failure)", Meaning::Throttled),
    // What servers without response codes say of a maildrop that somebody else has open.
    ("lock busy", Meaning::Throttled),
    ("already locked", Meaning::Throttled),
    ("mailbox is locked", Meaning::Throttled),
    ("unable to lock", Meaning::Throttled),
    ("mailbox in use", Meaning::Throttled),
    ("connection is closed", Meaning::Ended),
    ("connection closed", Meaning::Ended),
    ("session invalidated", Meaning::Ended),
];

/// Returns what is known of a refusal wherever it comes, or `None`. `doing` and `host` describe the moment.
pub(super) fn known(doing: &'static str, host: &str, refused: &Refused) -> Option<BackendError> {
    let (code, text) = (refused.code.as_str(), refused.text.as_str());
    let throttled = || BackendError::Throttled {
        after: suggested_backoff(text),
        text: worded(refused),
    };
    match code {
        // RFC 2449 §8.1.1, §8.1.2; RFC 3206 §4.
        "IN-USE" | "LOGIN-DELAY" | "SYS/TEMP" => return Some(throttled()),
        "AUTH" => {
            return Some(BackendError::SignIn {
                code: code.to_owned(),
                text: text.to_owned(),
            });
        }
        _ => {}
    }
    let lower = text.to_ascii_lowercase();
    let (_, meaning) = SENTENCES.iter().find(|(known, _)| lower.contains(known))?;
    Some(match meaning {
        Meaning::TokenExpired => BackendError::SignIn {
            code: "AccessTokenExpired".to_owned(),
            text: text.to_owned(),
        },
        Meaning::NoMailbox => BackendError::Refused {
            kind: Refusal::NoMailboxAccess,
            code: code.to_owned(),
            text: text.to_owned(),
        },
        Meaning::Throttled => throttled(),
        Meaning::Ended => BackendError::Offline {
            doing,
            source: NetError::Broken {
                host: host.to_owned(),
                source: std::io::Error::other(text.to_owned()),
            },
        },
    })
}

/// Sorts a refusal by the reaction it calls for.
pub(super) fn refusal(doing: &'static str, host: &str, refused: &Refused) -> BackendError {
    known(doing, host, refused).unwrap_or_else(|| BackendError::Refused {
        kind: Refusal::Other,
        code: refused.code.clone(),
        text: refused.text.clone(),
    })
}

/// Sorts a refusal of a sign-in: what is not known to be something else is about the proof.
pub(super) fn no_sign_in(doing: &'static str, host: &str, refused: &Refused) -> BackendError {
    if let Some(error) = known(doing, host, refused) {
        return error;
    }
    let (code, text) = (refused.code.clone(), refused.text.clone());
    if code == "SYS/PERM" {
        let kind = Refusal::Other;
        return BackendError::Refused { kind, code, text };
    }
    BackendError::SignIn { code, text }
}

/// Returns the words, or the code where there are none.
fn worded(refused: &Refused) -> String {
    if refused.text.is_empty() {
        refused.code.clone()
    } else {
        refused.text.clone()
    }
}

/// Reads `Suggested Backoff Time: 92415 milliseconds`.
fn suggested_backoff(text: &str) -> Option<Duration> {
    let (_, rest) = text.split_once("Suggested Backoff Time:")?;
    let digits: String = rest
        .trim_start()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let wait = Duration::from_millis(digits.parse().ok()?);
    Some(wait.min(LONGEST_BACKOFF))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort(code: &str, text: &str) -> String {
        let refused = Refused {
            code: code.to_owned(),
            text: text.to_owned(),
        };
        let name = |error: &BackendError| match error {
            BackendError::Throttled { after, .. } => {
                format!("throttled {:?}", after.map(|after| after.as_millis()))
            }
            BackendError::SignIn { code, .. } => format!("sign-in {code}"),
            BackendError::Refused { kind, .. } => format!("{kind:?}"),
            BackendError::Offline { .. } => "offline".to_owned(),
            other => format!("{other:?}"),
        };
        let (anywhere, at_sign_in) = (
            refusal("test", "h", &refused),
            no_sign_in("test", "h", &refused),
        );
        format!("{} / {}", name(&anywhere), name(&at_sign_in))
    }

    #[track_caller]
    fn check(code: &str, text: &str, expected: &str) {
        assert_eq!(sort(code, text), expected, "[{code}] {text}");
    }

    #[test]
    fn codes_and_sentences_decide_the_reaction() {
        let later = "throttled None / throttled None";
        check("IN-USE", "Do you have another POP session running?", later);
        check(
            "LOGIN-DELAY",
            "minimum time between mail checks violation",
            later,
        );
        check("SYS/TEMP", "", later);
        check("", "Server Unavailable. 21", later);
        check("", "Maildrop already locked", later);
        check(
            "",
            "Request is throttled. Suggested Backoff Time: 92415 milliseconds",
            "throttled Some(92415) / throttled Some(92415)",
        );
        check("AUTH", "no", "sign-in AUTH / sign-in AUTH");
        check(
            "",
            "Session invalidated - AccessTokenExpired",
            "sign-in AccessTokenExpired / sign-in AccessTokenExpired",
        );
        check(
            "",
            "User is authenticated but not connected.",
            "NoMailboxAccess / NoMailboxAccess",
        );
        check("", "Connection is closed. 20", "offline / offline");
        check("SYS/PERM", "never", "Other / Other");
        check(
            "",
            "Authentication failure: unknown user name or bad password.",
            "Other / sign-in ",
        );
    }

    #[test]
    fn no_server_makes_us_wait_for_days() {
        let text = "Suggested Backoff Time: 99999999999999 milliseconds";
        assert_eq!(suggested_backoff(text), Some(LONGEST_BACKOFF));
        assert_eq!(suggested_backoff("Suggested Backoff Time: soon"), None);
    }
}
