//! Replies of a server: code, enhanced code (RFC 3463), words made safe.

use crate::model::sanitize_line;

/// Characters kept of a server's words.
const MAX_TEXT: usize = 600;

/// A reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Reply {
    /// The three digits.
    pub code: u16,
    /// The enhanced code, such as `5.7.60`; empty when there is none.
    pub enhanced: String,
    /// The words, safe to show.
    pub text: String,
}

impl Reply {
    /// Takes a reply's code and words.
    pub(super) fn new(code: u16, words: &str) -> Self {
        let words = sanitize_line(words.trim());
        let (enhanced, text) = match words.split_once(' ') {
            Some((first, rest)) if is_enhanced(first) => (first.to_owned(), rest.trim()),
            None if is_enhanced(&words) => (words.clone(), ""),
            _ => (String::new(), words.as_str()),
        };
        Self {
            code,
            enhanced,
            text: text.chars().take(MAX_TEXT).collect(),
        }
    }

    /// Tells whether it is a 2xx or 3xx.
    pub(super) fn is_positive(&self) -> bool {
        (200..400).contains(&self.code)
    }

    /// Tells whether it is a 4xx.
    pub(super) fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// Both codes as people quote them: `550 5.7.60`.
    pub(super) fn codes(&self) -> String {
        if self.enhanced.is_empty() {
            self.code.to_string()
        } else {
            format!("{} {}", self.code, self.enhanced)
        }
    }

    /// Tells whether the words hold `needle`, whatever its case.
    pub(super) fn says(&self, needle: &str) -> bool {
        self.text.to_ascii_lowercase().contains(needle)
    }
}

/// `5.7.60` and the like.
fn is_enhanced(word: &str) -> bool {
    let mut parts = word.split('.');
    let mut is_number = |limit: usize| {
        parts.next().is_some_and(|part| {
            (1..=limit).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    is_number(1) && is_number(3) && is_number(3) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_are_told_from_words() {
        let check = |words: &str, codes: &str, text: &str| {
            let reply = Reply::new(550, words);
            assert_eq!((reply.codes().as_str(), reply.text.as_str()), (codes, text));
        };
        check("5.7.60 SMTP; no rights", "550 5.7.60", "SMTP; no rights");
        check("No such user", "550", "No such user");
        check("5.1.1", "550 5.1.1", "");
        check("127.0.0.1 is listed", "550", "127.0.0.1 is listed");
        check("5.7.1 \u{1b}[31mred", "550 5.7.1", "[31mred");
    }
}
