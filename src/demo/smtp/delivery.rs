//! What happens to an accepted message: rights, the sent copy, the recipients' mailboxes, somebody to answer it.

use jiff::Timestamp;

use super::session::{Envelope, Login};
use crate::demo::colleagues::Letter;
use crate::demo::house::House;
use crate::demo::mail_store::{Flags, NewMessage};
use crate::demo::message::{addresses, fields, split, value};
use crate::demo::people::{ADA, is_list, is_local, shared};
use crate::demo::rights::{may_send_as, may_send_on_behalf};

/// Submits a message and returns its Message-ID, or the line that refuses it.
pub fn submit(
    house: &House,
    login: &Login,
    envelope: &Envelope,
    message: &[u8],
) -> Result<String, String> {
    if has_bare_line_feed(message) {
        return Err(
            "550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal; message contains bare line feeds"
                .to_owned(),
        );
    }
    let (header, _) = split(message);
    let from = addresses(&value(header, "From").unwrap_or_default());
    let [from] = from.as_slice() else {
        return Err(
            "550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant"
                .to_owned(),
        );
    };
    let (identity, mailbox) = (login.identity.as_str(), login.mailbox.as_str());
    let is_as = may_send_as(identity, &from.email);
    if !is_as && !may_send_on_behalf(identity, &from.email) {
        return Err(format!(
            "554 5.2.252 SendAsDenied; {mailbox} not allowed to send as {}; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied",
            from.email
        ));
    }
    let (message_id, message) = complete(message, (!is_as).then_some(mailbox));
    // Exchange Online files the copy itself, with the one who signed in (MessageCopyForSMTPClientSubmissionEnabled).
    let copy = NewMessage::arriving(message.clone()).with_flags(Flags::SEEN);
    house.store.deliver(mailbox, "Sent Items", copy);
    for recipient in &envelope.recipients {
        deliver(house, recipient, &message);
    }
    for recipient in answering(envelope) {
        let letter = Letter {
            to: recipient,
            from: from.email.clone(),
            sender: envelope.sender.clone(),
            message: message.clone(),
        };
        // Without colleagues nobody listens, and nobody answers.
        let _ = house.letters.send(letter);
    }
    Ok(message_id)
}

fn deliver(house: &House, recipient: &str, message: &[u8]) {
    let received = received_line(recipient);
    let mut bytes = received.into_bytes();
    bytes.extend_from_slice(message);
    let targets: Vec<&str> = if is_list(recipient) {
        vec![ADA.email]
    } else {
        vec![recipient]
    };
    for target in targets {
        house
            .store
            .deliver(target, "INBOX", NewMessage::arriving(bytes.clone()));
    }
}

/// Returns who answers: at most two, never a mailbox that Ada reads herself, a list once.
fn answering(envelope: &Envelope) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for recipient in &envelope.recipients {
        let is_silent = ADA.email.eq_ignore_ascii_case(recipient) || shared(recipient).is_some();
        let is_new = !found
            .iter()
            .any(|known| known.eq_ignore_ascii_case(recipient));
        if !is_silent && is_new && found.len() < 2 {
            found.push(recipient.clone());
        }
    }
    found
}

fn received_line(recipient: &str) -> String {
    let now = jiff::fmt::rfc2822::to_string(&Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC));
    let kind = if is_local(recipient) {
        "mapi"
    } else {
        "esmtps"
    };
    format!(
        "Received: from HV.harborvale.example (127.0.0.1) by HV.harborvale.example\r\n with {kind}; {}\r\n",
        now.unwrap_or_default()
    )
}

/// Takes out Bcc, adds the Message-ID and the Date where they are missing, and names who really sent it in `Sender`
/// when that is on somebody's behalf.
fn complete(message: &[u8], sender: Option<&str>) -> (String, Vec<u8>) {
    let (header, body) = split(message);
    let mut complete = Vec::with_capacity(message.len() + 100);
    for field in fields(header) {
        let is_named = |name: &[u8]| field.name.eq_ignore_ascii_case(name);
        let is_replaced = sender.is_some() && is_named(b"Sender");
        if !is_named(b"Bcc") && !is_replaced {
            complete.extend_from_slice(field.raw);
        }
    }
    if let Some(sender) = sender {
        complete.extend_from_slice(format!("Sender: <{sender}>\r\n").as_bytes());
    }
    if value(header, "Date").is_none() {
        let now = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
        let date = jiff::fmt::rfc2822::to_string(&now).unwrap_or_default();
        complete.extend_from_slice(format!("Date: {date}\r\n").as_bytes());
    }
    let message_id = if let Some(id) = value(header, "Message-ID") {
        id.trim_matches(['<', '>']).to_owned()
    } else {
        let id = format!("{}@HV.harborvale.example", Timestamp::now().as_nanosecond());
        complete.extend_from_slice(format!("Message-ID: <{id}>\r\n").as_bytes());
        id
    };
    complete.extend_from_slice(b"\r\n");
    complete.extend_from_slice(body);
    (message_id, complete)
}

fn has_bare_line_feed(message: &[u8]) -> bool {
    let mut before = 0;
    message.iter().any(|byte| {
        let is_bare = *byte == b'\n' && before != b'\r';
        before = *byte;
        is_bare
    })
}
