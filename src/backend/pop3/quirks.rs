//! What particular servers say: the one place where a server's words decide (design B5).
//!
//! Protocol facts §4.4, §6.4; response codes of RFC 2449 §8 and RFC 3206.

use super::reply::Refused;
use crate::backend::sentences::{self, Meaning, Sentence, suggested_backoff};
use crate::backend::{BackendError, Refusal};
use crate::net::NetError;

/// Sentences that only POP3 servers say; those of IMAP servers too are in [`sentences`].
const SENTENCES: [Sentence; 7] = [
    ("temporarily unavailable", Meaning::Throttled),
    ("too many", Meaning::Throttled),
    // What servers without response codes say of a maildrop that somebody else has open.
    ("lock busy", Meaning::Throttled),
    ("already locked", Meaning::Throttled),
    ("mailbox is locked", Meaning::Throttled),
    ("unable to lock", Meaning::Throttled),
    ("mailbox in use", Meaning::Throttled),
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
    Some(match sentences::meaning(text, &SENTENCES)? {
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

/// Returns the words behind the code, as the server said them.
fn worded(refused: &Refused) -> String {
    if refused.code.is_empty() {
        refused.text.clone()
    } else {
        format!("[{}] {}", refused.code, refused.text)
            .trim()
            .to_owned()
    }
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
}
