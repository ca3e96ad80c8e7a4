//! What a failure to send means: try again later, or stop; and how the outbox remembers it.

use std::time::Duration;

use crate::auth::AuthError;
use crate::backend::{BackendError, Refusal};
use crate::engine::EngineError;
use crate::engine::work::backoff::doubled;
use crate::engine::work::reaction::{Reaction, reaction};
use crate::model::{Failure, FailureKind, sanitize_line};

/// Attempts after which a server that breaks its protocol is given up.
const BROKEN: u32 = 5;
/// The first and the longest wait between attempts.
const AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));
/// The wait for a sign-in; one ends it.
const SIGN_IN: Duration = Duration::from_secs(3600);

/// What to do with a message that was not sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Try again after this time.
    Later(Duration, Failure),
    /// Stop and keep it for the user.
    Failed(Failure),
}

/// Judges a failure; `attempts` counts this one.
pub fn judge(error: &EngineError, attempts: u32) -> Verdict {
    let failure = remember(error);
    let again = doubled(AGAIN.0, attempts.saturating_sub(1), AGAIN.1);
    match reaction(error) {
        Reaction::Park => Verdict::Later(SIGN_IN, failure),
        Reaction::Wait(time) => Verdict::Later(time, failure),
        Reaction::Ask if is_final(error) => Verdict::Failed(failure),
        Reaction::Broken if attempts >= BROKEN => Verdict::Failed(failure),
        Reaction::Ask
        | Reaction::BackOff
        | Reaction::Reconnect
        | Reaction::Broken
        | Reaction::Stop => Verdict::Later(again, failure),
    }
}

/// Tells whether sending the same message again cannot help.
fn is_final(error: &EngineError) -> bool {
    match error {
        EngineError::Backend { source, .. } => matches!(
            source,
            BackendError::Refused { .. } | BackendError::Unsupported { .. }
        ),
        EngineError::Auth(AuthError::Profile { .. }) | EngineError::NotFound { .. } => true,
        _ => false,
    }
}

/// Puts an error into the form that survives a restart.
pub fn remember(error: &EngineError) -> Failure {
    let (kind, code, text) = match error {
        EngineError::Backend { source, .. } => of_backend(source),
        EngineError::Auth(AuthError::Denied {
            code, description, ..
        }) => (FailureKind::SignIn, code.clone(), description.clone()),
        EngineError::Auth(AuthError::Busy { .. }) => {
            (FailureKind::Throttled, String::new(), error.to_string())
        }
        EngineError::Auth(AuthError::Profile { .. }) | EngineError::NotFound { .. } => {
            (FailureKind::Refused, String::new(), error.to_string())
        }
        _ => (FailureKind::Offline, String::new(), error.to_string()),
    };
    Failure {
        kind,
        code: sanitize_line(&code),
        text: sanitize_line(&text),
    }
}

fn of_backend(error: &BackendError) -> (FailureKind, String, String) {
    match error {
        BackendError::Token(source) => (FailureKind::SignIn, String::new(), source.to_string()),
        BackendError::SignIn { code, text } => (FailureKind::SignIn, code.clone(), text.clone()),
        BackendError::Throttled { text, .. } => {
            (FailureKind::Throttled, String::new(), text.clone())
        }
        BackendError::Refused { kind, code, text } => {
            let kind = match kind {
                Refusal::Sender => FailureKind::Sender,
                Refusal::Recipients => FailureKind::Recipients,
                Refusal::TooBig => FailureKind::TooBig,
                Refusal::NoMailboxAccess
                | Refusal::Quota
                | Refusal::SmtpAuthDisabled
                | Refusal::EwsBlocked
                | Refusal::Other => FailureKind::Refused,
            };
            (kind, code.clone(), text.clone())
        }
        BackendError::Offline { source, .. } => {
            (FailureKind::Offline, String::new(), source.to_string())
        }
        BackendError::Unsupported { .. }
        | BackendError::Gone { .. }
        | BackendError::CursorLost
        | BackendError::Protocol { .. } => (FailureKind::Refused, String::new(), error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: BackendError, attempts: u32, expected: (&str, FailureKind)) {
        let error = EngineError::Backend {
            mailbox: "a@x.test".into(),
            identity: "a@x.test".into(),
            host: "smtp.x.test".into(),
            protocol: "SMTP",
            source,
        };
        let (what, failure) = match judge(&error, attempts) {
            Verdict::Later(_, failure) => ("later", failure),
            Verdict::Failed(failure) => ("failed", failure),
        };
        assert_eq!((what, failure.kind), expected, "{error:?}");
    }

    fn refused(kind: Refusal) -> BackendError {
        BackendError::Refused {
            kind,
            code: "550 5.7.60".into(),
            text: "no".into(),
        }
    }

    #[test]
    fn refusals_stop_and_keep_their_kind() {
        check(refused(Refusal::Sender), 1, ("failed", FailureKind::Sender));
        check(refused(Refusal::TooBig), 1, ("failed", FailureKind::TooBig));
        let recipients = ("failed", FailureKind::Recipients);
        check(refused(Refusal::Recipients), 1, recipients);
        let disabled = ("failed", FailureKind::Refused);
        check(refused(Refusal::SmtpAuthDisabled), 1, disabled);
    }

    #[test]
    fn what_mends_itself_is_tried_again() {
        let text = String::new();
        let throttled = BackendError::Throttled { after: None, text };
        check(throttled, 9, ("later", FailureKind::Throttled));
        let (code, text) = (String::new(), String::new());
        let sign_in = BackendError::SignIn { code, text };
        check(sign_in, 9, ("later", FailureKind::SignIn));
    }

    #[test]
    fn a_broken_protocol_is_given_up_after_five_attempts() {
        let broken = || BackendError::Protocol {
            doing: "send",
            detail: String::new(),
        };
        check(broken(), 4, ("later", FailureKind::Refused));
        check(broken(), 5, ("failed", FailureKind::Refused));
    }
}
