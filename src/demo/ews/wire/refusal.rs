//! What Exchange says instead of doing it: `ResponseCode` and `MessageText` of a response message or a fault.

use std::borrow::Cow;

/// A refusal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// `ResponseCode`.
    pub code: &'static str,
    /// `MessageText`.
    pub text: Cow<'static, str>,
    /// `BackOffMilliseconds`.
    pub back_off: Option<u64>,
    /// Ready `MessageXml` content of a fault.
    pub details: Option<String>,
    /// The answer counts all the same: `ResponseClass="Warning"`.
    pub is_warning: bool,
}

impl Refusal {
    /// Returns a refusal with Exchange's usual words for that code.
    pub fn of(code: &'static str) -> Self {
        Self::with(code, usual(code))
    }

    /// Returns a refusal with words of its own.
    pub fn with(code: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            text: text.into(),
            back_off: None,
            details: None,
            is_warning: false,
        }
    }

    /// Tells whether it refuses the whole request, as a SOAP fault.
    pub fn is_fault(&self) -> bool {
        self.back_off.is_some()
            || matches!(
                self.code,
                "ErrorServerBusy"
                    | "ErrorSchemaValidation"
                    | "ErrorInvalidRequest"
                    | "ErrorInvalidServerVersion"
                    | "ErrorIncorrectSchemaVersion"
                    | "ErrorImpersonateUserDenied"
                    | "ErrorImpersonationFailed"
                    | "ErrorExceededConnectionCount"
                    | "ErrorInternalServerError"
                    | "ErrorInternalServerTransientError"
                    | "ErrorMailboxStoreUnavailable"
            )
    }
}

/// Returns the words Exchange uses (response code reference, and servers' answers in the wild).
fn usual(code: &str) -> &'static str {
    match code {
        "ErrorItemNotFound" => "The specified object was not found in the store.",
        "ErrorFolderNotFound" => "The specified folder could not be found in the store.",
        "ErrorInvalidIdMalformed" => "Id is malformed.",
        "ErrorInvalidChangeKey" => "The change key is invalid.",
        "ErrorChangeKeyRequired" | "ErrorChangeKeyRequiredForWriteOperations" => {
            "The change key passed in the request is required for this operation."
        }
        "ErrorIrresolvableConflict" => {
            "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item."
        }
        "ErrorFolderExists" => "A folder with the specified name already exists.",
        "ErrorDeleteDistinguishedFolder" => "Distinguished folders cannot be deleted.",
        "ErrorInvalidSyncStateData" => {
            "The synchronization state data is corrupt or otherwise invalid."
        }
        "ErrorInvalidRequest" => "The request is invalid.",
        "ErrorInvalidServerVersion" => "The specified server version is invalid.",
        "ErrorServerBusy" => "The server cannot service this request right now. Try again later.",
        "ErrorAccessDenied" => "Access is denied. Check credentials and try again.",
        "ErrorNonExistentMailbox" => "The SMTP address has no mailbox associated with it.",
        "ErrorMissingEmailAddress" => {
            "When making a request as an account that does not have a mailbox, you must specify the mailbox primary SMTP address for any distinguished folder Ids."
        }
        "ErrorImpersonateUserDenied" => {
            "The account does not have permission to impersonate the requested user."
        }
        "ErrorImpersonationFailed" => {
            "ExchangeImpersonation SOAP header must be present for this type of OAuth token."
        }
        "ErrorSendAsDenied" => {
            "The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account."
        }
        "ErrorInvalidRecipients" => "At least one recipient isn't valid.",
        "ErrorMissingRecipients" => "No recipients were specified.",
        "ErrorMimeContentInvalid" => "Mime content is invalid.",
        "ErrorMimeContentInvalidBase64String" => "Mime content is not a valid base64 string.",
        "ErrorContentConversionFailed" => "Content conversion failed.",
        "ErrorMessageDispositionRequired" => {
            "The MessageDisposition attribute is required when creating or updating a message."
        }
        "ErrorInvalidPropertySet" => "Set action is invalid for property.",
        "ErrorInvalidPropertyDelete" => "Delete action is invalid for property.",
        "ErrorInvalidPropertyRequest" => "Property is not valid for this object type.",
        "ErrorUpdatePropertyMismatch" => {
            "The property that was given as a path does not match the property given as a value."
        }
        "ErrorSubscriptionNotFound" => "The subscription id is invalid.",
        "ErrorInvalidSubscription" => "The specified subscription was not found.",
        "ErrorInvalidAttachmentId" | "ErrorAttachmentDoesNotExist" => "Id is invalid.",
        "ErrorNameResolutionNoResults" => "No results were found.",
        "ErrorNameResolutionMultipleResults" => "Multiple results were found.",
        "ErrorInvalidOperation" => "The request is invalid for this object.",
        "ErrorMoveCopyFailed" => "The move or copy operation failed.",
        "ErrorInternalServerTransientError" => {
            "An internal server error occurred. Try again later."
        }
        _ => "An internal server error occurred. The operation failed.",
    }
}
