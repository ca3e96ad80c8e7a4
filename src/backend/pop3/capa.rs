//! What a server says it can do (RFC 2449). Told before the sign-in and under TLS only; nothing here is a promise.

use std::collections::BTreeSet;
use std::time::Duration;

use super::reply::Reply;
use super::wire::{Link, Patience, Wire, broken};
use crate::backend::BackendError;

const DOING: &str = "read capabilities";
/// A list longer than this is no list of capabilities.
const LONGEST: u64 = 64 << 10;

/// Capabilities.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Capa {
    /// Whether the server knows the question; where not, everything may be tried.
    is_told: bool,
    /// What stands alone on its line, such as `TOP`.
    names: BTreeSet<String>,
    mechanisms: Vec<String>,
    /// How long a client must stay away between two log-ins (RFC 2449 §6.5).
    pub(super) login_delay: Option<Duration>,
}

impl Capa {
    /// Asks the server.
    pub(super) async fn ask<S: Link>(wire: &mut Wire<S>) -> Result<Self, BackendError> {
        wire.send(DOING, "CAPA").await?;
        match wire.reply(DOING, Patience::Short).await? {
            Reply::Ok(_) => {
                let lines = wire.lines(DOING, LONGEST).await?;
                Ok(Self::read(&lines))
            }
            Reply::More(_) => Err(broken(DOING, "a challenge out of the blue")),
            Reply::Refused(refused) => {
                match super::quirks::known(DOING, wire.host(), &refused) {
                    Some(error) => Err(error),
                    // An old server (RFC 1939 alone).
                    None => Ok(Self::default()),
                }
            }
        }
    }

    /// Reads the list; what is not known is passed over.
    pub(super) fn read(lines: &[u8]) -> Self {
        let mut capa = Self {
            is_told: true,
            ..Self::default()
        };
        for line in lines.split(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(line).to_ascii_uppercase();
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("SASL") => capa.mechanisms.extend(words.map(str::to_owned)),
                Some("LOGIN-DELAY") => {
                    let seconds = words.next().and_then(|seconds| seconds.parse().ok());
                    capa.login_delay =
                        seconds.map(|seconds: u32| Duration::from_secs(seconds.into()));
                }
                Some(name) => drop(capa.names.insert(name.to_owned())),
                None => {}
            }
        }
        capa
    }

    /// Tells whether a SASL mechanism is offered.
    pub(super) fn has(&self, mechanism: &str) -> bool {
        self.mechanisms.iter().any(|known| known == mechanism)
    }

    /// Tells whether commands may be sent without waiting for each answer (RFC 2449 §6.6).
    pub(super) fn is_pipelining(&self) -> bool {
        self.names.contains("PIPELINING")
    }

    /// Tells whether `TOP` is worth trying.
    pub(super) fn may_have_top(&self) -> bool {
        self.names.contains("TOP") || !self.is_told
    }

    /// Tells whether `USER` is worth trying.
    pub(super) fn may_have_user(&self) -> bool {
        self.names.contains("USER") || !self.is_told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listed_is_known_and_the_rest_is_passed_over() {
        let capa = Capa::read(
            b"TOP\r\nuidl\r\nSASL PLAIN xoauth2\r\nPIPELINING\r\nLOGIN-DELAY 900 USER\r\nEXPIRE NEVER\r\n\xff\r\n\r\n",
        );
        assert!(capa.may_have_top() && !capa.may_have_user() && capa.is_pipelining());
        assert!(capa.has("PLAIN") && capa.has("XOAUTH2") && !capa.has("OAUTHBEARER"));
        assert_eq!(capa.login_delay, Some(Duration::from_secs(900)));
        assert_eq!(Capa::read(b"LOGIN-DELAY x\r\n").login_delay, None);
    }

    #[test]
    fn a_server_that_tells_nothing_may_be_tried() {
        assert!(Capa::default().may_have_top() && Capa::default().may_have_user());
        assert!(!Capa::read(b"").may_have_top());
    }
}
