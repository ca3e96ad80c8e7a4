//! Builds commands: text and strings, quoted where that is safe and literals where it is not.
//!
//! A string can therefore never end a command early. Nothing here is ever logged; commands can hold secrets.

use std::time::Duration;

/// How long a server may be silent before the connection counts as dead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::backend::imap) enum Patience {
    /// Small commands.
    Short,
    /// Commands that move much or make the server work.
    Long,
}

impl Patience {
    /// Returns the limit; it starts anew with every byte received.
    pub(in crate::backend::imap) const fn limit(self) -> Duration {
        match self {
            Self::Short => Duration::from_secs(30),
            Self::Long => Duration::from_secs(60),
        }
    }
}

/// A part of a command.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Sent as it is.
    Text(Vec<u8>),
    /// Sent as a literal (RFC 9051 §4.3).
    Literal(Vec<u8>),
}

/// One command without its tag.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::backend::imap) struct Command {
    pub(super) pieces: Vec<Piece>,
    pub(super) doing: &'static str,
    pub(super) patience: Patience,
}

impl Command {
    /// Begins a command with words that need no quoting. `doing` completes "while trying to …".
    pub(in crate::backend::imap) fn new(doing: &'static str, words: &str) -> Self {
        Self {
            pieces: vec![Piece::Text(words.as_bytes().to_vec())],
            doing,
            patience: Patience::Short,
        }
    }

    /// Lets the server take its time.
    pub(in crate::backend::imap) fn long(mut self) -> Self {
        self.patience = Patience::Long;
        self
    }

    /// Adds a blank and words that need no quoting.
    pub(in crate::backend::imap) fn words(mut self, words: &str) -> Self {
        self.text(b" ");
        self.text(words.as_bytes());
        self
    }

    /// Adds a blank and a string, quoted or as a literal.
    pub(in crate::backend::imap) fn string(mut self, value: &str) -> Self {
        if !is_quotable(value) {
            return self.literal(value.as_bytes());
        }
        self.text(b" \"");
        for byte in value.bytes() {
            if matches!(byte, b'"' | b'\\') {
                self.text(b"\\");
            }
            self.text(&[byte]);
        }
        self.text(b"\"");
        self
    }

    /// Adds a blank and a literal.
    pub(in crate::backend::imap) fn literal(mut self, bytes: &[u8]) -> Self {
        self.text(b" ");
        self.pieces.push(Piece::Literal(bytes.to_vec()));
        self
    }

    fn text(&mut self, bytes: &[u8]) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.extend_from_slice(bytes),
            _ => self.pieces.push(Piece::Text(bytes.to_vec())),
        }
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Command({})", self.doing)
    }
}

fn is_quotable(value: &str) -> bool {
    value.len() <= 1000 && value.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &Command, expected: &[Piece]) {
        assert!(command.pieces == expected);
    }

    #[test]
    fn plain_strings_are_quoted_and_escaped() {
        check(
            &Command::new("x", "SELECT").string("a\"b\\c"),
            &[Piece::Text(b"SELECT \"a\\\"b\\\\c\"".to_vec())],
        );
    }

    #[test]
    fn a_string_cannot_smuggle_a_second_command() {
        check(
            &Command::new("x", "SELECT").string("a\r\nA2 DELETE b"),
            &[
                Piece::Text(b"SELECT ".to_vec()),
                Piece::Literal(b"a\r\nA2 DELETE b".to_vec()),
            ],
        );
    }

    #[test]
    fn debug_shows_no_argument() {
        let command = Command::new("sign in", "LOGIN").string("secret");
        assert_eq!(format!("{command:?}"), "Command(sign in)");
    }
}
