//! One status line of a server (RFC 1939 §3, response codes of RFC 2449 §8). Total: any bytes are an answer or none.

use crate::model::sanitize_line;

/// A server's words are cut here.
const MOST_TEXT: usize = 400;

/// A status line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Reply {
    /// `+OK`, with the words behind it.
    Ok(String),
    /// `+ `, with the challenge behind it (RFC 5034).
    More(String),
    /// `-ERR`.
    Refused(Refused),
}

/// A refusal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Refused {
    /// The response code in upper case, such as `IN-USE` or `SYS/TEMP`; empty when there is none.
    pub(super) code: String,
    /// The server's words.
    pub(super) text: String,
}

impl Reply {
    /// Reads a line without its line end; `None` when it is no status line.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(line);
        if let Some(words) = after(&text, "+OK") {
            return Some(Self::Ok(clean(words)));
        }
        if let Some(words) = after(&text, "-ERR") {
            return Some(Self::Refused(refused(words)));
        }
        let challenge = text.strip_prefix('+')?;
        let is_bare = challenge.is_empty() || challenge.starts_with(' ');
        is_bare.then(|| Self::More(challenge.trim().to_owned()))
    }
}

/// Sanitises and cuts a server's words.
pub(super) fn clean(words: &str) -> String {
    let words = sanitize_line(words.trim());
    words.chars().take(MOST_TEXT).collect()
}

fn after<'a>(text: &'a str, status: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(status.len())?;
    let is_whole = rest.is_empty() || rest.starts_with(char::is_whitespace);
    (is_whole && head.eq_ignore_ascii_case(status)).then_some(rest)
}

fn refused(words: &str) -> Refused {
    let words = words.trim_start();
    let bracket = words
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .filter(|(code, _)| is_code(code));
    match bracket {
        Some((code, rest)) => Refused {
            code: code.to_ascii_uppercase(),
            text: clean(rest),
        },
        None => Refused {
            code: String::new(),
            text: clean(words),
        },
    }
}

fn is_code(code: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-/_.".contains(&byte);
    (1..=40).contains(&code.len()) && code.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: impl Into<Option<Reply>>) {
        assert_eq!(Reply::read(line.as_bytes()), expected.into(), "{line:?}");
    }

    fn no(code: &str, text: &str) -> Reply {
        Reply::Refused(Refused {
            code: code.to_owned(),
            text: text.to_owned(),
        })
    }

    #[test]
    fn status_lines_are_read_and_nothing_else() {
        check("+OK", Some(Reply::Ok(String::new())));
        check("+OK  2 messages ", Some(Reply::Ok("2 messages".into())));
        check("+ok hi\u{1b}[2J", Some(Reply::Ok("hi[2J".into())));
        check("+ ", Some(Reply::More(String::new())));
        check("+", Some(Reply::More(String::new())));
        check("+ eyJ9", Some(Reply::More("eyJ9".into())));
        check("-ERR", no("", ""));
        check("-ERR no such message", no("", "no such message"));
        check("-ERR [in-use] Locked", no("IN-USE", "Locked"));
        check("-ERR [SYS/TEMP] later", no("SYS/TEMP", "later"));
        check("-ERR [no code] x", no("", "[no code] x"));
        check("-ERR [", no("", "["));
        for line in ["", "+OKAY", "-ERROR", "+x", "* OK", "220 hello"] {
            check(line, None);
        }
    }
}
