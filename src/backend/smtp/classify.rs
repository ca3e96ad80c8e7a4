//! What a refusal means: the stage it came at, its codes, and for a few servers their words.

use crate::backend::error::{BackendError, Refusal};
use crate::backend::smtp::reply::Reply;

/// Where in the dialogue a reply came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Greeting, EHLO, STARTTLS.
    Greeting,
    /// AUTH.
    SignIn,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA and the end of the message.
    Data,
}

/// Turns a negative reply into the error the engine reacts to.
pub(super) fn error(stage: Stage, reply: &Reply) -> BackendError {
    let (code, text) = (reply.codes(), reply.text.clone());
    match meaning(stage, reply) {
        Meaning::Throttled => BackendError::Throttled {
            after: None,
            text: format!("{code} {text}").trim_end().to_owned(),
        },
        Meaning::SignIn => BackendError::SignIn { code, text },
        Meaning::Refused(kind) => BackendError::Refused { kind, code, text },
    }
}

/// What a reply means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Meaning {
    Throttled,
    SignIn,
    Refused(Refusal),
}

fn meaning(stage: Stage, reply: &Reply) -> Meaning {
    if reply.is_transient() {
        return Meaning::Throttled;
    }
    if stage == Stage::SignIn {
        return at_sign_in(reply);
    }
    // RFC 4954 §6: not signed in (any more).
    if reply.code == 530 || reply.enhanced == "5.7.57" {
        return Meaning::SignIn;
    }
    let kind = by_code(reply)
        .or_else(|| by_words(reply))
        .unwrap_or(match stage {
            Stage::Sender => Refusal::Sender,
            Stage::Recipient => Refusal::Recipients,
            Stage::Greeting | Stage::SignIn | Stage::Data => Refusal::Other,
        });
    Meaning::Refused(kind)
}

/// Tells whether a refusal at RCPT is about the sender, which Postfix checks only there.
pub(super) fn is_about_sender(reply: &Reply) -> bool {
    let kind = by_code(reply).or_else(|| by_words(reply));
    !reply.is_transient() && kind == Some(Refusal::Sender)
}

/// A wrong token is worth a new one; what an administrator switched off is not.
fn at_sign_in(reply: &Reply) -> Meaning {
    let is_switched_off = reply.says("smtpclientauthentication is disabled")
        || reply.says("security defaults")
        || reply.says("smtp_auth_disabled");
    let is_no_password_wanted = reply.enhanced == "5.7.30" || reply.says("basic authentication is");
    let is_not_understood = matches!(reply.code, 500..=504 | 530 | 538);
    match () {
        () if is_switched_off => Meaning::Refused(Refusal::SmtpAuthDisabled),
        () if is_no_password_wanted || is_not_understood => Meaning::Refused(Refusal::Other),
        () => Meaning::SignIn,
    }
}

// Enhanced codes with one meaning (RFC 3463; Exchange Online's own in protocol facts §4.4).
fn by_code(reply: &Reply) -> Option<Refusal> {
    Some(match (reply.code, reply.enhanced.as_str()) {
        (_, "5.7.60" | "5.2.252" | "5.1.7" | "5.7.27") => Refusal::Sender,
        (_, "5.3.4" | "5.2.3") => Refusal::TooBig,
        (_, "5.2.251" | "5.1.90") => Refusal::Quota,
        (_, "5.2.254" | "5.2.255") => Refusal::Recipients,
        (_, "5.2.253" | "5.1.8" | "5.6.11") => Refusal::Other,
        (_, code) if is_restriction(code) => Refusal::Other,
        (_, "5.2.2") => Refusal::Quota,
        (552, _) => Refusal::TooBig,
        _ => return None,
    })
}

/// `5.7.501` to `5.7.512`, `5.7.7xx`: the account or the tenant is restricted, whoever the sender says to be.
fn is_restriction(enhanced: &str) -> bool {
    enhanced.strip_prefix("5.7.").is_some_and(|detail| {
        detail.len() == 3 && (detail.starts_with('5') || detail.starts_with('7'))
    })
}

// The few cases where only words tell.
fn by_words(reply: &Reply) -> Option<Refusal> {
    const WORDS: [(&str, Refusal); 9] = [
        ("sendasdenied", Refusal::Sender),
        ("send as this sender", Refusal::Sender),
        ("sender address rejected", Refusal::Sender),
        ("not owned by user", Refusal::Sender),
        ("quotaexceeded", Refusal::Quota),
        ("quota exceeded", Refusal::Quota),
        ("mailbox full", Refusal::Quota),
        ("message size exceeds", Refusal::TooBig),
        ("message too large", Refusal::TooBig),
    ];
    WORDS
        .into_iter()
        .find(|(words, _)| reply.says(words))
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests;
