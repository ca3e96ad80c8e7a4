//! What a failure means for a mailbox's worker: one `match` over the eight sorts of backend failures, one over the rest.

use std::time::Duration;

use crate::auth::{AuthError, Denial};
use crate::backend::BackendError;
use crate::engine::EngineError;
use crate::net::NetError;
use crate::store::StoreError;

/// The wait when a server throttles without saying for how long.
const THROTTLED: Duration = Duration::from_secs(30);
/// The longest that a server can make us wait.
const THROTTLED_LONGEST: Duration = Duration::from_secs(900);

/// What to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reaction {
    /// Connect again at once and say nothing.
    Reconnect,
    /// Wait longer and longer; anything a person does ends the wait.
    BackOff,
    /// Wait that long, whatever happens.
    Wait(Duration),
    /// Wait for a sign-in.
    Park,
    /// Tell; a person has to do something. Look again now and then.
    Ask,
    /// The server broke its protocol: try a few times, then tell.
    Broken,
    /// The program ends.
    Stop,
}

/// Sorts a failure.
pub fn reaction(error: &EngineError) -> Reaction {
    match error {
        EngineError::Backend { source, .. } => of_backend(source),
        EngineError::Auth(error) => of_auth(error),
        EngineError::Net(error) => of_net(error),
        EngineError::Store(StoreError::Closed) => Reaction::Stop,
        _ => Reaction::Ask,
    }
}

fn of_backend(error: &BackendError) -> Reaction {
    match error {
        BackendError::Offline { source, .. } => of_net(source),
        BackendError::Token(source) => of_auth(source),
        BackendError::SignIn { .. } => Reaction::Park,
        BackendError::Throttled { after, .. } => Reaction::Wait(throttle(*after)),
        BackendError::CursorLost | BackendError::Gone { .. } => Reaction::Reconnect,
        BackendError::Refused { .. } | BackendError::Unsupported { .. } => Reaction::Ask,
        BackendError::Protocol { .. } => Reaction::Broken,
    }
}

fn of_auth(error: &AuthError) -> Reaction {
    match error {
        // It may be granted any moment, and nobody tells us.
        AuthError::Denied {
            denial: Denial::MissingPermission { .. },
            ..
        }
        | AuthError::Profile { .. }
        | AuthError::Scopes { .. }
        | AuthError::Vault(_) => Reaction::Ask,
        AuthError::Denied { .. } | AuthError::Client { .. } => Reaction::Park,
        AuthError::Unreachable(source) => of_net(source),
        AuthError::Busy { after, .. } => Reaction::Wait(throttle(*after)),
        AuthError::Nonsense { .. } => Reaction::Broken,
    }
}

fn of_net(error: &NetError) -> Reaction {
    match error {
        // A certificate does not mend itself, nor does a CA file.
        NetError::Tls { .. } | NetError::CaFile { .. } => Reaction::Ask,
        NetError::TooLong { .. } => Reaction::Broken,
        NetError::Resolve { .. }
        | NetError::Connect { .. }
        | NetError::TimedOut { .. }
        | NetError::Broken { .. }
        | NetError::Http { .. } => Reaction::BackOff,
    }
}

/// Returns how long to wait for a server that throttles.
pub fn throttle(after: Option<Duration>) -> Duration {
    after.unwrap_or(THROTTLED).min(THROTTLED_LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Refusal;
    use crate::net::TlsFault;

    fn check(source: BackendError, expected: Reaction) {
        let error = EngineError::Backend {
            mailbox: "a@x.test".into(),
            identity: "a@x.test".into(),
            host: "imap.x.test".into(),
            protocol: "IMAP",
            source,
        };
        assert_eq!(reaction(&error), expected, "{error:?}");
    }

    fn offline(source: NetError) -> BackendError {
        BackendError::Offline {
            doing: "connect",
            source,
        }
    }

    fn broken_pipe() -> std::io::Error {
        std::io::Error::from(std::io::ErrorKind::BrokenPipe)
    }

    #[test]
    fn links_that_break_are_tried_again() {
        let host = String::from("x.test");
        let source = broken_pipe();
        check(
            offline(NetError::Broken { host, source }),
            Reaction::BackOff,
        );
    }

    #[test]
    fn certificates_need_a_person() {
        let fault = TlsFault::UnknownIssuer;
        let (host, port, source) = (String::from("x.test"), 993, broken_pipe());
        check(
            offline(NetError::Tls {
                host,
                port,
                fault,
                source,
            }),
            Reaction::Ask,
        );
    }

    #[test]
    fn too_much_talk_is_a_broken_protocol() {
        let host = String::from("x.test");
        check(
            offline(NetError::TooLong { host, limit: 9 }),
            Reaction::Broken,
        );
    }

    #[test]
    fn throttling_is_obeyed_within_reason() {
        let text = String::new();
        for (after, seconds) in [(Some(92), 92), (None, 30), (Some(86_400), 900)] {
            let after = after.map(Duration::from_secs);
            let text = text.clone();
            let expected = Reaction::Wait(Duration::from_secs(seconds));
            check(BackendError::Throttled { after, text }, expected);
        }
    }

    #[test]
    fn the_other_sorts_have_their_reaction() {
        let (code, text) = (String::new(), String::new());
        check(
            BackendError::SignIn {
                code: code.clone(),
                text: text.clone(),
            },
            Reaction::Park,
        );
        check(BackendError::CursorLost, Reaction::Reconnect);
        let kind = Refusal::NoMailboxAccess;
        check(BackendError::Refused { kind, code, text }, Reaction::Ask);
        let (doing, detail) = ("parse", String::new());
        check(BackendError::Protocol { doing, detail }, Reaction::Broken);
    }
}
