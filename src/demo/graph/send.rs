//! Sending: `sendMail` with JSON or MIME, and drafts.

use serde_json::{Value, json};

use super::messages::{draft, read_mime};
use super::rfc822::apply;
use super::wire::{Fault, Reply, field};
use super::{Desk, Outcome};
use crate::demo::delivery::{SendRefusal, Sending, SentCopy, send};
use crate::demo::mail_store::Flags;
use crate::demo::message::{addresses, split, value};

/// Sends what the body holds.
pub fn send_mail(desk: &Desk<'_>) -> Outcome {
    if desk.call.content_type() == "text/plain" {
        let message = read_mime(&desk.call.body)?;
        return submit(desk, &message, SentCopy::WithBcc(None));
    }
    let json = desk.call.json()?;
    let message = field(&json, "message")
        .ok_or_else(|| Fault::bad("ErrorInvalidRequest", "The parameter message is missing."))?;
    let is_saved = field(&json, "saveToSentItems").and_then(Value::as_bool) != Some(false);
    let copy = if is_saved {
        SentCopy::WithBcc(None)
    } else {
        SentCopy::None
    };
    submit(desk, &apply(&draft(desk), message)?, copy)
}

/// Sends a draft, which becomes the copy in Sent Items.
pub fn send_draft(desk: &Desk<'_>, id: &str) -> Outcome {
    let (folder, message) = desk.message(id)?;
    if !message.flags.has(Flags::DRAFT) {
        return Err(Fault::bad(
            "ErrorInvalidRequest",
            "Only drafts can be sent.",
        ));
    }
    let reply = submit(desk, &message.bytes, SentCopy::WithBcc(Some(message.key)))?;
    desk.change(|mailbox| {
        let folder = mailbox.folder_by_id_mut(folder)?;
        folder.remove(message.uid).map(|_| ())
    })?;
    Ok(reply)
}

fn submit(desk: &Desk<'_>, message: &[u8], copy: SentCopy) -> Outcome {
    let place = &desk.place;
    let (header, _) = split(message);
    let mut recipients: Vec<String> = Vec::new();
    for name in ["To", "Cc", "Bcc"] {
        let list = addresses(&value(header, name).unwrap_or_default());
        recipients.extend(list.into_iter().map(|person| person.email));
    }
    recipients.sort_by_key(|email| email.to_ascii_lowercase());
    recipients.dedup_by_key(|email| email.to_ascii_lowercase());
    if recipients.is_empty() || recipients.iter().any(|email| !email.contains('@')) {
        return Err(Fault::bad(
            "ErrorInvalidRecipients",
            "At least one recipient is not valid., Message must have at least one recipient.",
        ));
    }
    let message = if value(header, "From").is_some() {
        message.to_vec()
    } else {
        let from = json!({"from": {"emailAddress": {"address": place.mailbox}}});
        apply(message, &from)?
    };
    let sending = Sending {
        identity: &place.identity,
        mailbox: &place.mailbox,
        filed_in: (&place.mailbox, "Sent Items"),
        sender: &place.mailbox,
        recipients: &recipients,
    };
    match send(desk.house, &sending, &message, copy) {
        Ok(_) => Ok(Reply::empty(202)),
        Err(SendRefusal::SendAsDenied(_)) => Err(Fault::new(
            403,
            "ErrorSendAsDenied",
            "The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account.",
        )),
        Err(SendRefusal::NotOneFrom | SendRefusal::BareLineFeed) => Err(Fault::bad(
            "ErrorInvalidRequest",
            "The message has no single sender.",
        )),
    }
}
