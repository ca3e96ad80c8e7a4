//! How a tenant runs: what its user chooses, and habits that only tests change.

use std::path::PathBuf;
use std::time::Duration;

/// How the tenant runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// First of the ports to use: web, then IMAP, SMTP, POP3 under TLS and POP3 with STLS; 0 lets the system choose.
    pub port_base: u16,
    /// Life of access tokens.
    pub token_life: Duration,
    /// Whether colleagues write by themselves (they always answer).
    pub chatter: bool,
    /// Messages to seed, over all mailboxes.
    pub messages: usize,
    /// Where the CA's certificate goes; must exist.
    pub folder: PathBuf,
}

impl Options {
    /// Returns the usual tenant: 2,000 messages, tokens of 5 minutes, colleagues who write.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            port_base: 0,
            token_life: Duration::from_secs(300),
            chatter: true,
            messages: 2000,
            folder: folder.into(),
        }
    }
}

/// What is the same in every demo, but shorter in tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Habits {
    /// Time between two polls of a device code; whole seconds. Entra says 5 s.
    pub poll_interval: Duration,
    /// Life of a device code.
    pub code_life: Duration,
    /// How long a replaced refresh token may still be used.
    pub refresh_grace: Duration,
    /// Shortest and longest time until somebody answers.
    pub answer_after: (Duration, Duration),
    /// Shortest and longest time between two messages that come unasked.
    pub chatter_every: (Duration, Duration),
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_secs(2),
            code_life: Duration::from_secs(900),
            refresh_grace: Duration::from_secs(30),
            answer_after: (Duration::from_secs(3), Duration::from_secs(8)),
            chatter_every: (Duration::from_secs(45), Duration::from_secs(120)),
        }
    }
}
