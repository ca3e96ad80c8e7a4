//! Sorts what a server calls an error by what has to be done about it (protocol facts §7.5). Sends nothing.

use std::time::Duration;

use super::soap::{Class, Reply};
use crate::backend::{BackendError, Refusal};

/// How long to wait where a busy server does not say.
const UNSAID: Duration = Duration::from_secs(60);

/// What a request was about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// The mailbox: "not found" is often "no right" (protocol facts §5.3).
    Opening,
    /// Something in it.
    Working,
}

/// Errors that pass.
const PASSING: &[&str] = &[
    "ErrorADOperation",
    "ErrorADUnavailable",
    "ErrorBatchProcessingStopped",
    "ErrorConnectionFailed",
    "ErrorExceededConnectionCount",
    "ErrorInternalServerError",
    "ErrorInternalServerTransientError",
    "ErrorInsufficientResources",
    "ErrorMailboxFailover",
    "ErrorMailboxMoveInProgress",
    "ErrorMailboxStoreUnavailable",
    "ErrorNotEnoughMemory",
    "ErrorServerBusy",
    "ErrorTimeoutExpired",
    "ErrorTooManyObjectsOpened",
];

/// Errors about who opens which mailbox.
const NO_MAILBOX: &[&str] = &[
    "ErrorAccountDisabled",
    "ErrorImpersonateUserDenied",
    "ErrorImpersonationDenied",
    "ErrorImpersonationFailed",
    "ErrorMissingEmailAddress",
    "ErrorNonExistentMailbox",
    "ErrorNonPrimarySmtpAddress",
    "ErrorNoPublicFolderServerAvailable",
];

/// Errors about what is not there.
const GONE: &[&str] = &[
    "ErrorFolderNotFound",
    "ErrorInvalidFolderId",
    "ErrorInvalidId",
    "ErrorInvalidIdEmpty",
    "ErrorInvalidIdMalformed",
    "ErrorItemNotFound",
    "ErrorParentFolderNotFound",
    "ErrorSyncFolderNotFound",
    "ErrorToFolderNotFound",
];

/// Errors about one message that the server cannot put into words.
const UNREADABLE: &[&str] = &[
    "ErrorContentConversionFailed",
    "ErrorCorruptData",
    "ErrorMimeContentConversionFailed",
    "ErrorMimeContentInvalid",
    "ErrorMimeContentInvalidBase64String",
    "ErrorUnsupportedMimeConversion",
];

/// Tells whether the server wants no request at all for a while.
pub(super) fn is_busy(reply: &Reply) -> bool {
    reply.code == "ErrorServerBusy" || reply.back_off.is_some()
}

/// Tells whether what was asked for is not there.
pub(super) fn is_gone(reply: &Reply) -> bool {
    reply.class == Class::Error && GONE.contains(&reply.code.as_str())
}

/// Tells whether the message is there but cannot be read.
pub(super) fn is_unreadable(reply: &Reply) -> bool {
    reply.class == Class::Error && UNREADABLE.contains(&reply.code.as_str())
}

/// Makes the error that a response message or a fault is.
pub(super) fn error(doing: &'static str, stage: Stage, reply: &Reply) -> BackendError {
    let code = reply.code.as_str();
    if is_busy(reply) || PASSING.contains(&code) {
        let unsaid = (code == "ErrorServerBusy").then_some(UNSAID);
        return BackendError::Throttled {
            after: reply.back_off.or(unsaid),
            text: format!("{code} {}", reply.text).trim().to_owned(),
        };
    }
    let is_opening = stage == Stage::Opening;
    if is_opening && is_gone(reply) {
        return refused(Refusal::NoMailboxAccess, reply);
    }
    if is_gone(reply) {
        return BackendError::Gone {
            what: format!("{doing}: {code}"),
        };
    }
    match code {
        "ErrorInvalidSyncStateData" => BackendError::CursorLost,
        "ErrorInvalidToken" | "ErrorTokenExpired" | "ErrorInvalidAuthenticationToken" => {
            BackendError::SignIn {
                code: reply.code.clone(),
                text: reply.text.clone(),
            }
        }
        "ErrorAccessDenied" if is_opening => refused(Refusal::NoMailboxAccess, reply),
        "ErrorSendAsDenied" => refused(Refusal::Sender, reply),
        "ErrorInvalidRecipients" | "ErrorMissingRecipients" => refused(Refusal::Recipients, reply),
        "ErrorMessageSizeExceeded" | "ErrorAttachmentSizeLimitExceeded" => {
            refused(Refusal::TooBig, reply)
        }
        "ErrorQuotaExceeded" | "ErrorMailboxQuotaExceeded" => refused(Refusal::Quota, reply),
        _ if NO_MAILBOX.contains(&code) => refused(Refusal::NoMailboxAccess, reply),
        _ => refused(Refusal::Other, reply),
    }
}

fn refused(kind: Refusal, reply: &Reply) -> BackendError {
    BackendError::Refused {
        kind,
        code: reply.code.clone(),
        text: reply.text.clone(),
    }
}
