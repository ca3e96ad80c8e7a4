//! What IMAP and POP3 servers say in words alone: the same servers, the same sentences, one table.
//!
//! A server's words decide only here and in the `quirks.rs` of each protocol (design B5), which makes the error of what
//! a sentence means. Protocol facts §4.3, §4.4, §6.4.

use std::time::Duration;

/// No server may make us wait longer than this before the next try.
pub(in crate::backend) const LONGEST_BACKOFF: Duration = Duration::from_secs(3600);

/// What a known sentence means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::backend) enum Meaning {
    /// The session ended with its token.
    TokenExpired,
    /// The sign-in is good, but the mailbox does not open.
    NoMailbox,
    /// Later.
    Throttled,
    /// The session is over.
    Ended,
}

/// A part of a sentence in lower case, and what it means.
pub(in crate::backend) type Sentence = (&'static str, Meaning);

/// Sentences that mean the same in both protocols, wherever they appear.
const SENTENCES: [Sentence; 8] = [
    ("accesstokenexpired", Meaning::TokenExpired),
    (
        "user is authenticated but not connected",
        Meaning::NoMailbox,
    ),
    ("request is throttled", Meaning::Throttled),
    ("suggested backoff time", Meaning::Throttled),
    ("server unavailable", Meaning::Throttled),
    ("maximum number of connections", Meaning::Throttled),
    ("exceeded command or bandwidth limits", Meaning::Throttled),
    ("system error (failure)", Meaning::Throttled),
];

/// Farewells of both. What is said besides tells more, so they are looked for last.
const FAREWELLS: [Sentence; 3] = [
    ("connection is closed", Meaning::Ended),
    ("connection closed", Meaning::Ended),
    ("session invalidated", Meaning::Ended),
];

/// Finds what a text means: among the sentences of both protocols, and those of one.
pub(in crate::backend) fn meaning(text: &str, own: &[Sentence]) -> Option<Meaning> {
    let lower = text.to_ascii_lowercase();
    let mut known = SENTENCES.iter().chain(own).chain(&FAREWELLS);
    let found = known.find(|(sentence, _)| lower.contains(sentence));
    found.map(|(_, meaning)| *meaning)
}

/// Reads `Suggested Backoff Time: 92415 milliseconds`.
pub(in crate::backend) fn suggested_backoff(text: &str) -> Option<Duration> {
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

    #[test]
    fn sentences_are_known_by_a_part_in_any_case() {
        let check = |text, expected| assert_eq!(meaning(text, &[]), expected, "{text}");
        check("Server Unavailable. 15", Some(Meaning::Throttled));
        check(
            "Session invalidated - AccessTokenExpired",
            Some(Meaning::TokenExpired),
        );
        check("SESSION INVALIDATED", Some(Meaning::Ended));
        check("good morning", None);
        let own = [("good morning", Meaning::Ended)];
        assert_eq!(meaning("Good morning!", &own), Some(Meaning::Ended));
        let own = [("too many", Meaning::Throttled)];
        let text = "Too many connections. Connection closed.";
        assert_eq!(meaning(text, &own), Some(Meaning::Throttled));
    }

    #[test]
    fn no_server_makes_us_wait_for_days() {
        let text = "Suggested Backoff Time: 99999999999999 milliseconds";
        assert_eq!(suggested_backoff(text), Some(LONGEST_BACKOFF));
        assert_eq!(suggested_backoff("Suggested Backoff Time: soon"), None);
        let text = "Request is throttled. Suggested Backoff Time: 92415 milliseconds";
        assert_eq!(suggested_backoff(text), Some(Duration::from_millis(92_415)));
    }
}
