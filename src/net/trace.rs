//! The wire trace: what went over a connection, with everything secret taken out.
//!
//! Written only at level TRACE under the target `pillarbox::wire`. Message bodies never come here, only their sizes.

use std::borrow::Cow;
use std::fmt;

use crate::model::sanitize_line;

/// Longer lines are cut in the trace.
const SHOWN_CHARS: usize = 400;

/// Words after which the rest of a line is secret, whether or not a mechanism name may stand between.
const COMMANDS: [(&str, Rest); 8] = [
    ("AUTHENTICATE", Rest::AfterMechanism),
    ("AUTH", Rest::AfterMechanism),
    ("LOGIN", Rest::Everything),
    ("PASS", Rest::Everything),
    ("APOP", Rest::Everything),
    ("AUTHORIZATION:", Rest::Everything),
    ("PROXY-AUTHORIZATION:", Rest::Everything),
    ("COOKIE:", Rest::Everything),
];

/// Parts of names of form fields and JSON members that hold secrets (RFC 6749, RFC 8628).
const FIELDS: [&str; 6] = [
    "token",
    "secret",
    "password",
    "device_code",
    "assertion",
    "code_verifier",
];

/// Which way bytes went.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// From us to the server.
    Sent,
    /// From the server to us.
    Received,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sent => "C:",
            Self::Received => "S:",
        })
    }
}

/// What of a line is secret.
#[derive(Clone, Copy)]
enum Rest {
    Everything,
    AfterMechanism,
}

/// Writes one whole protocol line to the wire trace, redacted. Pieces of lines must not be given: a secret
/// torn in two is not recognised.
pub fn trace_line(host: &str, direction: Direction, line: &[u8]) {
    if !tracing::enabled!(target: "pillarbox::wire", tracing::Level::TRACE) {
        return;
    }
    let text = String::from_utf8_lossy(line);
    let shown: String = sanitize_line(&redact_line(text.trim_end()))
        .chars()
        .take(SHOWN_CHARS)
        .collect();
    tracing::trace!(target: "pillarbox::wire", host, size = line.len(), "{direction} {shown}");
}

/// Replaces everything in a protocol line that could be a secret by `***`.
///
/// Knows the log-in commands of IMAP, SMTP, POP3 and HTTP, bearer tokens, secret form fields and JSON members, and
/// lines that are nothing but Base64 (a SASL answer). Rather hides too much than too little.
pub fn redact_line(line: &str) -> Cow<'_, str> {
    if !is_answer_list(line)
        && let Some(redacted) = redact_command(line)
    {
        return Cow::Owned(redacted);
    }
    if is_base64_only(line) {
        return Cow::Borrowed("***");
    }
    let mut result = Cow::Borrowed(line);
    if line.split([' ', ',']).any(is_tokenish) || has_bearer(line) {
        result = Cow::Owned(redact_words(line));
    }
    if has_secret_field(&result) {
        return Cow::Borrowed("***");
    }
    result
}

/// Whether a server lists what it can do, such as `250-AUTH LOGIN`: that is no log-in.
fn is_answer_list(line: &str) -> bool {
    let (code, rest) = line.split_at_checked(3).unwrap_or_default();
    rest.starts_with('-') && code.bytes().all(|b| b.is_ascii_digit())
}

/// Redacts a line whose first or second word is a command with a secret behind it.
fn redact_command(line: &str) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().take(4).collect();
    for at in 0..words.len().min(2) {
        let word = words.get(at)?.to_ascii_uppercase();
        let Some((_, rest)) = COMMANDS.iter().find(|(command, _)| *command == word) else {
            continue;
        };
        let kept = match rest {
            Rest::Everything => at + 1,
            Rest::AfterMechanism => at + 2,
        };
        if words.len() <= kept {
            return None;
        }
        let mut redacted = words.get(..kept)?.join(" ");
        redacted.push_str(" ***");
        return Some(redacted);
    }
    None
}

/// Whether a line is one long run of Base64, as SASL answers are.
fn is_base64_only(line: &str) -> bool {
    let text = line.trim();
    text.len() >= 16
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_'))
}

/// Whether a word looks like a token: a JWT, or a very long run without blanks.
fn is_tokenish(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'', '(', ')', '{', '}']);
    (word.starts_with("eyJ") && word.len() > 16) || (word.len() >= 80 && is_base64_only(word))
}

/// Whether the word `Bearer` stands somewhere.
fn has_bearer(line: &str) -> bool {
    line.to_ascii_lowercase().contains("bearer")
}

/// Replaces tokens, and whatever follows `Bearer`, word by word.
fn redact_words(line: &str) -> String {
    let mut after_bearer = false;
    let words = line.split(' ').map(|word| {
        let hide = after_bearer || is_tokenish(word);
        after_bearer = word.to_ascii_lowercase().ends_with("bearer");
        if hide { "***" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a form or JSON field with a secret's name has a value here.
fn has_secret_field(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    FIELDS.iter().any(|field| {
        lower.match_indices(field).any(|(at, _)| {
            let rest = lower.get(at + field.len()..).unwrap_or_default();
            let rest = rest.trim_start_matches(['"', '\'', ' ']);
            rest.starts_with('=') || rest.starts_with(':')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        assert_eq!(redact_line(line), expected, "{line}");
    }

    #[test]
    fn log_in_commands_lose_their_secrets() {
        check(
            "a1 AUTHENTICATE XOAUTH2 dXNlcj1h",
            "a1 AUTHENTICATE XOAUTH2 ***",
        );
        check("a1 authenticate PLAIN", "a1 authenticate PLAIN");
        check("a2 LOGIN alice \"pass word\"", "a2 LOGIN ***");
        check("AUTH PLAIN AGFsaWNlAHB3", "AUTH PLAIN ***");
        check("auth xoauth2 x y", "auth xoauth2 ***");
        check("PASS open sesame", "PASS ***");
        check("Authorization: Basic YTpi", "Authorization: ***");
    }

    #[test]
    fn sasl_answers_and_tokens_vanish() {
        check("dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0AQE=", "***");
        check("x Bearer abc.def tail", "x Bearer *** tail");
        check("got eyJhbGciOiJub25lIn0.e30.x here", "got *** here");
        check("grant_type=x&refresh_token=abc", "***");
        check("{\"access_token\": \"abc\"}", "***");
    }

    #[test]
    fn harmless_lines_stay_as_they_are() {
        for line in [
            "* OK ready",
            "a3 SELECT INBOX",
            "250-AUTH LOGIN XOAUTH2",
            "EHLO client",
            "",
            "+ ",
            "* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR",
        ] {
            assert!(
                matches!(redact_line(line), Cow::Borrowed(same) if same == line),
                "{line}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_line_makes_it_panic_and_no_login_survives(line in ".*", tag in "[a-z0-9]{1,6}") {
            let _ = redact_line(&line);
            let login = format!("{tag} LOGIN someone CANARYSECRET{line}");
            proptest::prop_assert!(!redact_line(&login).contains("CANARYSECRET"));
        }
    }
}
