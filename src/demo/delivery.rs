//! What happens to a message that somebody sends: rights, the sent copy, the recipients' mailboxes, somebody to answer
//! it. Knows no protocol; each words the refusals its own way.

use jiff::Timestamp;

use crate::demo::colleagues::Letter;
use crate::demo::house::House;
use crate::demo::mail_store::{Flags, NewMessage};
use crate::demo::message::{addresses, fields, split, value};
use crate::demo::people::{ADA, is_list, is_local, shared};
use crate::demo::rights::{may_send_as, may_send_on_behalf};

/// Who sends to whom.
#[derive(Clone, Copy, Debug)]
pub struct Sending<'a> {
    /// Whose rights count: a person's address or an app's client id.
    pub identity: &'a str,
    /// Whom the message names as its sender where it is sent on behalf only.
    pub mailbox: &'a str,
    /// The mailbox and its folder that take the copy.
    pub filed_in: (&'a str, &'a str),
    /// Who hears of mail that cannot be delivered.
    pub sender: &'a str,
    /// Who gets it.
    pub recipients: &'a [String],
}

/// The copy in Sent Items.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SentCopy {
    /// None.
    None,
    /// One without Bcc, as SMTP files it.
    WithoutBcc,
    /// One with Bcc, as the other services file it; it keeps this key if it was a draft.
    WithBcc(Option<u64>),
}

/// Why a message is not sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SendRefusal {
    /// A line feed without its carriage return.
    BareLineFeed,
    /// Not exactly one address in From.
    NotOneFrom,
    /// Neither Send As nor Send on Behalf for this address.
    SendAsDenied(String),
}

/// Sends a message and returns its Message-ID.
pub fn send(
    house: &House,
    sending: &Sending<'_>,
    message: &[u8],
    copy: SentCopy,
) -> Result<String, SendRefusal> {
    if has_bare_line_feed(message) {
        return Err(SendRefusal::BareLineFeed);
    }
    let (header, _) = split(message);
    let from = addresses(&value(header, "From").unwrap_or_default());
    let [from] = from.as_slice() else {
        return Err(SendRefusal::NotOneFrom);
    };
    let (identity, mailbox) = (sending.identity, sending.mailbox);
    let is_as = may_send_as(identity, &from.email);
    if !is_as && !may_send_on_behalf(identity, &from.email) {
        return Err(SendRefusal::SendAsDenied(from.email.clone()));
    }
    let (message_id, with_bcc) = complete(message, (!is_as).then_some(mailbox));
    let message = without_bcc(&with_bcc);
    // Exchange Online files the copy itself, with the one who signed in (MessageCopyForSMTPClientSubmissionEnabled).
    let filed = match copy {
        SentCopy::None => None,
        SentCopy::WithoutBcc => Some(NewMessage::arriving(message.clone())),
        SentCopy::WithBcc(key) => Some(NewMessage {
            key,
            ..NewMessage::arriving(with_bcc)
        }),
    };
    if let Some(copy) = filed {
        let copy = copy.with_flags(Flags::SEEN);
        let (mailbox, folder) = sending.filed_in;
        house.store.deliver(mailbox, folder, copy);
    }
    for recipient in sending.recipients {
        deliver(house, recipient, &message);
    }
    for recipient in answering(sending.recipients) {
        let letter = Letter {
            to: recipient,
            from: from.email.clone(),
            sender: sending.sender.to_owned(),
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
fn answering(recipients: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for recipient in recipients {
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

/// Takes out Bcc.
fn without_bcc(message: &[u8]) -> Vec<u8> {
    let (header, body) = split(message);
    let kept = fields(header).filter(|field| !field.name.eq_ignore_ascii_case(b"Bcc"));
    let mut bytes: Vec<u8> = kept.flat_map(|field| field.raw.iter().copied()).collect();
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// Adds the Message-ID and the Date where they are missing, and names who really sent it in `Sender`
/// when that is on somebody's behalf.
fn complete(message: &[u8], sender: Option<&str>) -> (String, Vec<u8>) {
    let (header, body) = split(message);
    let mut complete = Vec::with_capacity(message.len() + 100);
    for field in fields(header) {
        let is_named = |name: &[u8]| field.name.eq_ignore_ascii_case(name);
        let is_replaced = sender.is_some() && is_named(b"Sender");
        if !is_replaced {
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
