//! Answers: recipients, subject, references, quoted text.

use crate::mime::cut::head;
use crate::mime::quote::quote;
use crate::mime::read::body::parse_for_quoting;
use crate::mime::read::header::{self, Field};
use crate::mime::write::{forward, subject};
use crate::model::{Address, Body, Draft, DraftOrigin, Envelope, Listed};

/// Addresses taken over from the original: more than a list row keeps.
const MAX_ADDRESSES: usize = 20_000;
/// References of an answer.
const MAX_REFERENCES: usize = 50;
/// Bytes quoted of the original.
const MAX_QUOTE: usize = 256 * 1024;

/// How to answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// To the sender.
    Reply,
    /// To everybody.
    ReplyAll,
    /// To somebody else, with the attachments.
    Forward,
}

/// Prepares a draft that answers a message: recipients, subject, references, quoted text.
/// `own` are all addresses of the user, left out of "reply all"; the first is the mailbox answered from.
pub fn answer(how: Answer, original: &Listed, message: &[u8], own: &[Address]) -> Draft {
    let origin = Original::read(&original.envelope, message);
    let body = parse_for_quoting(message);
    let mut draft = Draft {
        from: own.first().cloned().unwrap_or_default(),
        origin: Some(DraftOrigin {
            message_row: original.id.row(),
            message_id: origin.envelope.message_id.clone(),
            references: references(&origin.envelope),
            is_forward: how == Answer::Forward,
        }),
        ..Draft::default()
    };
    match how {
        Answer::Forward => {
            draft.subject = subject::forward(&origin.envelope.subject);
            draft.text = forward::text(&origin, &quotable(&body));
            draft.attachments = forward::attachments(message, &body);
        }
        Answer::Reply | Answer::ReplyAll => {
            let (to, cc) = recipients(how, &origin.envelope, own);
            draft.to = joined(&to);
            draft.cc = joined(&cc);
            draft.subject = subject::reply(&origin.envelope.subject);
            draft.text = format!("\n\n{}\n{}", origin.attribution(), quote(&quotable(&body)));
        }
    }
    draft
}

/// What an answer needs of the original's header.
pub(super) struct Original {
    /// The row, with full address lists where the message is at hand.
    pub envelope: Envelope,
    /// The time by the clock of the person who wrote it, such as `2026-03-12 14:32`.
    pub when: String,
}

impl Original {
    fn read(listed: &Envelope, message: &[u8]) -> Self {
        let mut envelope = listed.clone();
        let mut when = listed.date.strftime("%Y-%m-%d %H:%M").to_string();
        let block = header::prepare(message.get(..1024 * 1024).unwrap_or(message));
        let fields: Vec<Field<'_>> = header::fields(&block).take(2000).collect();
        let all = |name: &str| -> Vec<Address> {
            fields
                .iter()
                .filter(|field| field.is(name))
                .flat_map(|field| header::addresses(field.value, MAX_ADDRESSES))
                .collect()
        };
        for (list, name) in [
            (&mut envelope.from, "from"),
            (&mut envelope.to, "to"),
            (&mut envelope.cc, "cc"),
            (&mut envelope.reply_to, "reply-to"),
        ] {
            let full = all(name);
            if !full.is_empty() {
                *list = full;
            }
        }
        let date = fields.iter().find(|field| field.is("date"));
        if let Some(local) = date.and_then(|field| header::local_time(field.value)) {
            when = local;
        }
        Self { envelope, when }
    }

    fn attribution(&self) -> String {
        let who = self
            .envelope
            .from
            .first()
            .map_or("Somebody", Address::short);
        format!("On {}, {who} wrote:", self.when)
    }
}

/// `To` and `Cc` of a reply.
fn recipients(how: Answer, envelope: &Envelope, own: &[Address]) -> (Vec<Address>, Vec<Address>) {
    let is_own = |address: &Address| own.iter().any(|mine| mine.is_same_mailbox(address));
    let is_from_oneself = envelope.from.iter().any(is_own);
    let author = if envelope.reply_to.is_empty() {
        &envelope.from
    } else {
        &envelope.reply_to
    };
    // An answer to one's own message goes on to those it went to.
    let to = if is_from_oneself && !envelope.to.is_empty() {
        &envelope.to
    } else {
        author
    };
    let mut to = unique(to.iter().filter(|address| !address.email.is_empty()), &[]);
    if how == Answer::Reply {
        return (to, Vec::new());
    }
    let others = envelope.to.iter().chain(&envelope.cc);
    let others = others.filter(|address| !is_own(address) && !address.email.is_empty());
    let cc = unique(others, &to);
    if is_from_oneself && to.iter().any(|address| !is_own(address)) {
        to.retain(|address| !is_own(address));
    }
    (to, cc)
}

/// Drops repetitions, and those already in `known`.
fn unique<'a>(addresses: impl Iterator<Item = &'a Address>, known: &[Address]) -> Vec<Address> {
    let mut seen: std::collections::BTreeSet<String> = known
        .iter()
        .map(|address| address.email.to_ascii_lowercase())
        .collect();
    addresses
        .filter(|address| seen.insert(address.email.to_ascii_lowercase()))
        .cloned()
        .collect()
}

/// Writes a list so that the composer's fields read it back.
pub(super) fn joined(addresses: &[Address]) -> String {
    let written: Vec<String> = addresses.iter().map(Address::to_string).collect();
    written.join(", ")
}

/// The original's references and its id (RFC 5322 §3.6.4); the root and the newest when there are too many.
fn references(envelope: &Envelope) -> Vec<String> {
    let mut ids = envelope.references.clone();
    if ids.is_empty() {
        ids.extend(envelope.in_reply_to.clone());
    }
    ids.retain(|id| *id != envelope.message_id);
    if !envelope.message_id.is_empty() {
        ids.push(envelope.message_id.clone());
    }
    if ids.len() > MAX_REFERENCES {
        ids.drain(1..=ids.len() - MAX_REFERENCES);
    }
    ids
}

fn quotable(body: &Body) -> String {
    if body.text.len() <= MAX_QUOTE {
        return body.text.clone();
    }
    format!("{}\n[…]\n", head(&body.text, MAX_QUOTE))
}
