//! An answer, alone or out of a batch, and what a failed one means.

use std::time::Duration;

use serde_json::Value;

use crate::backend::{BackendError, Refusal};
use crate::model::sanitize_line;

/// Characters of the server's words that are kept.
const LONGEST_TEXT: usize = 400;
/// How deep errors may lie in each other.
const DEEPEST: usize = 16;

/// An answer of Graph.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::backend::graph) struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body; null where there is none or it is no JSON.
    pub body: Value,
    /// The server's own name for this request, by which its operators find it.
    pub request_id: String,
    /// How long the server wants us to wait.
    pub retry_after: Option<Duration>,
    /// `WWW-Authenticate`: what a proof lacks that the body calls invalid (RFC 6750 §3).
    pub challenge: String,
}

/// What a request was about, which decides what a refusal means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::backend::graph) enum About<'a> {
    /// The mailbox as a whole.
    Mailbox,
    /// One folder or message.
    Item(&'a str),
    /// Mail to be sent.
    Sending,
}

impl Reply {
    /// Tells whether it is a success.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Tells whether what was asked about does not exist. An id of another protocol names nothing either.
    pub fn is_gone(&self) -> bool {
        let code = self.code().to_ascii_lowercase();
        self.status == 404 && !is_mailbox_missing(&code) || is_no_id(&code)
    }

    /// Tells whether somebody else changed it at the same time (protocol facts §8.5).
    pub fn is_conflict(&self) -> bool {
        let is_conflict = self
            .code()
            .eq_ignore_ascii_case("ErrorIrresolvableConflict");
        self.status == 412 || is_conflict
    }

    /// Returns the code of the deepest error; "" where there is none.
    pub fn code(&self) -> String {
        let mut code = String::new();
        let mut at = self.body.get("error");
        for _ in 0..DEEPEST {
            let Some(error) = at else { break };
            if let Some(inner) = error.get("code").and_then(Value::as_str)
                && !inner.is_empty()
            {
                inner.clone_into(&mut code);
            }
            let names = ["innerError", "innererror"];
            at = names.iter().find_map(|name| error.get(*name));
        }
        sanitize_line(&code).chars().take(80).collect()
    }

    /// Returns the server's words, and the name by which its operators find the request.
    pub fn text(&self) -> String {
        let error = self.body.get("error");
        let words = error.and_then(|error| error.get("message"));
        let words = words.and_then(Value::as_str).unwrap_or_default();
        let words: String = sanitize_line(words).chars().take(LONGEST_TEXT).collect();
        let inner = error.and_then(|error| error.get("innerError").or(error.get("innererror")));
        let inner = inner.and_then(|inner| inner.get("request-id"));
        let inner = inner.and_then(Value::as_str).unwrap_or_default();
        let id = if self.request_id.is_empty() {
            inner
        } else {
            self.request_id.as_str()
        };
        let id: String = sanitize_line(id).chars().take(60).collect();
        if id.is_empty() {
            return words;
        }
        format!("{words} (request-id {id})").trim().to_owned()
    }

    /// Returns the body of a success, or what the failure means.
    pub fn demand(self, doing: &'static str, about: About<'_>) -> Result<Value, BackendError> {
        if self.is_ok() {
            Ok(self.body)
        } else {
            Err(self.fault(doing, about))
        }
    }

    /// Sorts a failure (protocol facts §4.4, §8.6).
    pub fn fault(&self, doing: &'static str, about: About<'_>) -> BackendError {
        let code = self.code();
        let name = code.to_ascii_lowercase();
        if let Some(error) = self.by_name(&name, about) {
            return error;
        }
        match self.status {
            401 => self.sign_in(),
            403 if self.lacks_scope(&name) => self.sign_in(),
            403 if about == About::Mailbox || about == About::Sending => {
                self.refused(Refusal::NoMailboxAccess)
            }
            404 => match about {
                About::Item(what) => BackendError::Gone {
                    what: what.to_owned(),
                },
                _ => self.refused(Refusal::NoMailboxAccess),
            },
            410 => BackendError::CursorLost,
            413 => self.refused(Refusal::TooBig),
            429 | 503 => self.throttled(),
            507 => self.refused(Refusal::Quota),
            400..500 => self.refused(Refusal::Other),
            _ => BackendError::Protocol {
                doing,
                detail: format!("{} {code} {}", self.status, self.text()),
            },
        }
    }

    fn by_name(&self, name: &str, about: About<'_>) -> Option<BackendError> {
        if is_mailbox_missing(name) {
            return Some(self.refused(Refusal::NoMailboxAccess));
        }
        if let About::Item(what) = about
            && is_no_id(name)
        {
            let what = what.to_owned();
            return Some(BackendError::Gone { what });
        }
        Some(match name {
            "syncstatenotfound" | "syncstateinvalid" | "resyncrequired" => BackendError::CursorLost,
            "errorquotaexceeded" => self.refused(Refusal::Quota),
            "errorsendasdenied" => self.refused(Refusal::Sender),
            "errormessagesizeexceeded" => self.refused(Refusal::TooBig),
            "errorinvalidrecipients" => self.refused(Refusal::Recipients),
            "applicationthrottled" | "errorserverbusy" | "toomanyrequests" => self.throttled(),
            // Behind a conflict that stays, somebody else is at work; later it may go.
            "errorirresolvableconflict" if about != About::Sending => self.throttled(),
            _ => return None,
        })
    }

    /// Tells whether it is the token that may not, not the person (protocol facts §5.4).
    fn lacks_scope(&self, name: &str) -> bool {
        name == "authorization_requestdenied" || self.text().to_ascii_lowercase().contains("scope")
    }

    fn sign_in(&self) -> BackendError {
        let challenge = sanitize_line(&self.challenge);
        let challenge: String = challenge.chars().take(LONGEST_TEXT).collect();
        BackendError::SignIn {
            code: format!("{} {}", self.status, self.code()).trim().to_owned(),
            text: format!("{challenge} {}", self.text()).trim().to_owned(),
        }
    }

    fn throttled(&self) -> BackendError {
        BackendError::Throttled {
            after: self.retry_after,
            text: format!("{} {} {}", self.status, self.code(), self.text())
                .trim()
                .to_owned(),
        }
    }

    /// Makes a refusal with the server's code and words.
    pub fn refused(&self, kind: Refusal) -> BackendError {
        BackendError::Refused {
            kind,
            code: format!("{} {}", self.status, self.code()).trim().to_owned(),
            text: self.text(),
        }
    }
}

fn is_no_id(name: &str) -> bool {
    matches!(
        name,
        "errorinvalididmalformed" | "errorinvalidid" | "errorinvalididempty"
    )
}

/// Codes of addresses behind which there is no mailbox that Graph could open.
fn is_mailbox_missing(name: &str) -> bool {
    matches!(
        name,
        "mailboxnotenabledforrestapi"
            | "mailboxnothostedinexchangeonline"
            | "errormailboxnotfound"
            | "errornonexistentmailbox"
            | "errorinvaliduser"
            | "request_resourcenotfound"
    )
}
