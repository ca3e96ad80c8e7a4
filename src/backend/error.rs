//! Backend failures, sorted by what the engine must do next.

use std::time::Duration;

use crate::auth::AuthError;
use crate::net::NetError;

/// A failed operation, sorted by reaction (design B5).
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// No connection, or it broke: wait, try again.
    #[error("offline: {doing}")]
    Offline {
        /// What we were doing, such as "connect" or "read a message".
        doing: &'static str,
        /// The cause.
        #[source]
        source: NetError,
    },
    /// There is no proof to show to the server: the engine treats it as the sign-in's own failure.
    #[error("no token to show")]
    Token(#[source] Box<AuthError>),
    /// The server refuses who we are: park, renew the token once, then ask.
    #[error("sign-in refused: {text}")]
    SignIn {
        /// The server's code, such as `535 5.7.3` or an IMAP response code; may be empty.
        code: String,
        /// The server's words, or the JSON it sent (RFC 7628 §3.2.2), sanitised.
        text: String,
    },
    /// Too fast: wait as long as said.
    #[error("throttled: {text}")]
    Throttled {
        /// How long the server wants us to wait; `None` when it does not say.
        after: Option<Duration>,
        /// The server's words.
        text: String,
    },
    /// The cursor means nothing any more: forget it, compare everything.
    #[error("the folder was renumbered")]
    CursorLost,
    /// What the operation is about does not exist any more: drop the operation.
    #[error("gone: {what}")]
    Gone {
        /// Folder or message.
        what: String,
    },
    /// The server says no for good: stop, tell.
    #[error("refused: {code} {text}")]
    Refused {
        /// Which kind of refusal, for outgoing mail and for the notice.
        kind: Refusal,
        /// The server's code, such as `550 5.7.60`, `OVERQUOTA`; may be empty.
        code: String,
        /// The server's words, sanitised.
        text: String,
    },
    /// The server cannot do this: hide the feature.
    #[error("not supported: {what}")]
    Unsupported {
        /// What is missing.
        what: &'static str,
    },
    /// The server broke its protocol: drop the connection, try a few times, tell.
    #[error("protocol error while trying to {doing}: {detail}")]
    Protocol {
        /// What we were doing.
        doing: &'static str,
        /// What was wrong, sanitised and cut.
        detail: String,
    },
}

/// What exactly was refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refusal {
    /// The token is good but opens no mailbox (`User is authenticated but not connected`).
    NoMailboxAccess,
    /// The sender address.
    Sender,
    /// Every recipient.
    Recipients,
    /// The size.
    TooBig,
    /// The mailbox is full.
    Quota,
    /// SMTP AUTH is off for tenant or mailbox (`535 5.7.139`).
    SmtpAuthDisabled,
    /// EWS is off for tenant, mailbox or this application (HTTP 403; protocol facts §7.1).
    EwsBlocked,
    /// Anything else.
    Other,
}
