//! Finished messages from other programs, made fit for sending.

use std::time::SystemTime;

use jiff::Timestamp;
use lettre::message::Mailboxes;
use lettre::message::header::{self as mail_header, Headers};

use crate::mime::error::MimeError;
use crate::mime::read::header::{self, Field};
use crate::mime::write::build::Built;
use crate::mime::write::recipients::{ascii_domain, mailbox, push_once};
use crate::mime::write::wire::{check_lines, crlf, message_id};
use crate::model::{Address, AddressError, parse_address_list};

/// Recipients taken from the header.
const MAX_RECIPIENTS: usize = 20_000;

/// Takes a finished RFC 5322 message from another program: adds `Date`, `Message-ID` and `From` where missing,
/// takes `Bcc` out, normalises line ends.
pub fn adopt(message: &[u8], from: &Address, now: Timestamp) -> Result<Built, MimeError> {
    let lines = crlf(message);
    let (block, body) = split(&lines);
    let block = header::prepare(block);
    let fields: Vec<Field<'_>> = header::fields(&block).collect();
    if fields.is_empty() {
        return Err(MimeError::Malformed {
            reason: "it has no header".to_owned(),
        });
    }
    let recipients = recipients(&fields)?;
    let mut bytes = Vec::with_capacity(lines.len() + 300);
    for field in fields.iter().filter(|field| !field.is("bcc")) {
        bytes.extend_from_slice(field.name);
        bytes.push(b':');
        bytes.extend_from_slice(field.value);
    }
    let message_id = complete(&mut bytes, &fields, from, now)?;
    if !has(&fields, "content-type") && !body.is_ascii() {
        bytes.extend_from_slice(
            b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n",
        );
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    check_lines(&bytes)?;
    Ok(Built {
        message_id,
        recipients,
        bytes,
    })
}

/// Splits at the first empty line.
fn split(lines: &[u8]) -> (&[u8], &[u8]) {
    if let Some(body) = lines.strip_prefix(b"\r\n") {
        return (&[], body);
    }
    let at = lines
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map_or(lines.len(), |at| at + 2);
    let (block, rest) = lines.split_at_checked(at).unwrap_or((lines, &[]));
    (block, rest.strip_prefix(b"\r\n").unwrap_or(rest))
}

fn has(fields: &[Field<'_>], name: &str) -> bool {
    fields
        .iter()
        .any(|field| field.is(name) && !field.value.trim_ascii().is_empty())
}

/// Everybody in `To`, `Cc` and `Bcc`.
fn recipients(fields: &[Field<'_>]) -> Result<Vec<String>, MimeError> {
    let mut all = Vec::new();
    for (name, shown) in [("to", "To"), ("cc", "Cc"), ("bcc", "Bcc")] {
        for field in fields.iter().filter(|field| field.is(name)) {
            for address in header::addresses(field.value, MAX_RECIPIENTS) {
                let is_good = parse_address_list(&address.email).addresses.len() == 1;
                if !is_good && !address.email.is_empty() {
                    return Err(MimeError::Recipient {
                        field: shown,
                        source: AddressError::Malformed(address.email),
                    });
                }
                // A group without members ("undisclosed-recipients:;") is a name without an address.
                if is_good {
                    push_once(&mut all, &ascii_domain(&address.email));
                }
            }
        }
    }
    if all.is_empty() {
        return Err(MimeError::NoRecipient);
    }
    Ok(all)
}

/// Adds what is missing and returns the id.
fn complete(
    bytes: &mut Vec<u8>,
    fields: &[Field<'_>],
    from: &Address,
    now: Timestamp,
) -> Result<String, MimeError> {
    let mut headers = Headers::new();
    let from = mailbox("From", from)?;
    let found = fields
        .iter()
        .find(|field| field.is("message-id"))
        .and_then(|field| header::ids(field.value, 1).into_iter().next());
    let id = found
        .clone()
        .unwrap_or_else(|| message_id(from.email.domain()));
    if !has(fields, "date") {
        headers.set(mail_header::Date::new(SystemTime::from(now)));
    }
    if !has(fields, "from") {
        headers.set(mail_header::From::from(Mailboxes::from(from)));
    }
    if found.is_none() {
        headers.set(mail_header::MessageId::from(format!("<{id}>")));
    }
    bytes.extend_from_slice(headers.to_string().as_bytes());
    Ok(id)
}
