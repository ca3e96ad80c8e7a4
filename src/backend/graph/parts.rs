//! Takes a finished message apart where Graph cannot take it whole: addresses, `Bcc`, attachments.
//!
//! Works on messages as Pillarbox writes them; of others it says that it cannot.

use crate::backend::{BackendError, Refusal};
use crate::mime::{attachment, crlf, parse_body};
use crate::model::{Outbound, parse_address_list};

/// Parts of a message that are looked at.
const MOST_PARTS: usize = 1_000;
/// Columns that text is laid out for; nothing of it is used.
const WIDTH: u16 = 80;

/// An attachment, decoded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Attached {
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) content: Vec<u8>,
}

/// A message without its attachments, and the attachments.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Split {
    pub(super) skeleton: Vec<u8>,
    pub(super) attached: Vec<Attached>,
}

/// Returns the message as `sendMail` wants it: with a `Bcc` field for the recipients that no other field names, since
/// Graph has no envelope, and without `Sender`, which the service sets itself (protocol facts §5.4, §8.5).
pub(super) fn addressed(mail: &Outbound) -> Result<Vec<u8>, BackendError> {
    let bytes = crlf(&mail.bytes);
    let (header, body) = cut(&bytes);
    let fields = fields(header);
    let mut shown = Vec::new();
    for name in ["to", "cc"] {
        for field in fields.iter().filter(|field| is_named(field, name)) {
            shown.extend(parse_address_list(&value(field)).addresses);
        }
    }
    let is_shown = |address: &str| {
        shown
            .iter()
            .any(|one| one.email.eq_ignore_ascii_case(address))
    };
    let hidden: Vec<&str> = mail
        .recipients
        .iter()
        .map(String::as_str)
        .filter(|address| !is_shown(address))
        .collect();
    if let Some(bad) = hidden.iter().find(|address| !is_address(address)) {
        return Err(BackendError::Refused {
            kind: Refusal::Recipients,
            code: String::new(),
            text: format!("{bad:?} is no address"),
        });
    }
    let mut whole = Vec::with_capacity(bytes.len() + 64 * hidden.len());
    let kept = fields
        .iter()
        .filter(|field| !is_named(field, "bcc") && !is_named(field, "sender"));
    for field in kept {
        whole.extend_from_slice(field);
    }
    if !hidden.is_empty() {
        whole.extend_from_slice(format!("Bcc: {}\r\n", hidden.join(",\r\n ")).as_bytes());
    }
    whole.extend_from_slice(b"\r\n");
    whole.extend_from_slice(body);
    Ok(whole)
}

/// Takes the attachments off a `multipart/mixed` message; `None` when it is not made that way.
pub(super) fn split(bytes: &[u8]) -> Option<Split> {
    let (header, body) = cut(bytes);
    let fields = fields(header);
    let kind = fields
        .iter()
        .find(|field| is_named(field, "content-type"))?;
    let boundary = boundary(&value(kind))?;
    let mut skeleton = header.to_vec();
    skeleton.extend_from_slice(b"\r\n");
    let mut attached = Vec::new();
    let delimiter = format!("--{boundary}");
    for (index, part) in pieces(body, delimiter.as_bytes())?.into_iter().enumerate() {
        // The first is the text, whatever it calls itself.
        if let Some(one) = (index > 0).then(|| taken_off(part)).flatten() {
            attached.push(one);
            continue;
        }
        for piece in [delimiter.as_bytes(), b"\r\n", part, b"\r\n"] {
            skeleton.extend_from_slice(piece);
        }
    }
    skeleton.extend_from_slice(delimiter.as_bytes());
    skeleton.extend_from_slice(b"--\r\n");
    Some(Split { skeleton, attached })
}

/// Returns the recipients that a header names, whatever their number.
pub(super) fn recipients(bytes: &[u8], name: &str) -> Vec<String> {
    let (header, _) = cut(bytes);
    let fields = fields(header);
    let named = fields.iter().filter(|field| is_named(field, name));
    let lists = named.flat_map(|field| parse_address_list(&value(field)).addresses);
    lists.map(|address| address.email).collect()
}

/// Decodes a part that is an attachment.
fn taken_off(part: &[u8]) -> Option<Attached> {
    let (header, _) = cut(part);
    let fields = fields(header);
    let disposition = fields
        .iter()
        .find(|field| is_named(field, "content-disposition"))?;
    let disposition = value(disposition).trim().to_ascii_lowercase();
    if !disposition.starts_with("attachment") {
        return None;
    }
    let listed = parse_body(part, WIDTH).attachments;
    let [one] = listed.as_slice() else {
        return None;
    };
    Some(Attached {
        name: one.name.clone(),
        media_type: one.media_type.clone(),
        content: attachment(part, one.part).ok()?,
    })
}

/// Cuts a body at its delimiter lines (RFC 2046 §5.1.1).
fn pieces<'a>(body: &'a [u8], delimiter: &[u8]) -> Option<Vec<&'a [u8]>> {
    let mut parts = Vec::new();
    let mut start = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let end = at;
        at += line.len();
        let Some(rest) = line.strip_prefix(delimiter) else {
            continue;
        };
        let is_close = rest.trim_ascii_end() == b"--";
        if !is_close && !rest.trim_ascii().is_empty() {
            continue;
        }
        if let Some(start) = start {
            // The line end before a delimiter belongs to it.
            let part = body.get(start..end)?;
            parts.push(part.strip_suffix(b"\r\n").unwrap_or(part));
        }
        if is_close {
            return Some(parts);
        }
        if parts.len() >= MOST_PARTS {
            return None;
        }
        start = Some(at);
    }
    None
}

/// Finds the boundary of a `multipart/mixed` content type.
fn boundary(kind: &str) -> Option<String> {
    let (media_type, parameters) = kind.split_once(';')?;
    if !media_type.trim().eq_ignore_ascii_case("multipart/mixed") {
        return None;
    }
    let parameters = parameters.split(';').filter_map(|one| one.split_once('='));
    let mut boundaries =
        parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"));
    let boundary = boundaries.next()?.1.trim().trim_matches('"');
    (!boundary.is_empty() && boundary.len() <= 70).then(|| boundary.to_owned())
}

/// Cuts between header and body; the header keeps the end of its last line.
fn cut(bytes: &[u8]) -> (&[u8], &[u8]) {
    let found = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let (end, begin) = found.map_or((bytes.len(), bytes.len()), |at| (at + 2, at + 4));
    let header = bytes.get(..end).unwrap_or_default();
    (header, bytes.get(begin..).unwrap_or_default())
}

/// Cuts a header into fields, each with its folded lines.
fn fields(header: &[u8]) -> Vec<Vec<u8>> {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    for line in header.split_inclusive(|byte| *byte == b'\n') {
        match fields.last_mut() {
            Some(field) if line.starts_with(b" ") || line.starts_with(b"\t") => {
                field.extend_from_slice(line);
            }
            _ => fields.push(line.to_vec()),
        }
    }
    fields
}

fn is_named(field: &[u8], name: &str) -> bool {
    let mut parts = field.splitn(2, |byte| *byte == b':');
    let found = parts.next().unwrap_or_default().trim_ascii();
    parts.next().is_some() && found.eq_ignore_ascii_case(name.as_bytes())
}

/// Returns the unfolded value of a field.
fn value(field: &[u8]) -> String {
    let colon = field.iter().position(|byte| *byte == b':');
    let value = colon.and_then(|at| field.get(at + 1..)).unwrap_or_default();
    String::from_utf8_lossy(value).replace(['\r', '\n'], "")
}

fn is_address(text: &str) -> bool {
    text.contains('@')
        && !text
            .chars()
            .any(|c| c.is_control() || c.is_whitespace() || "<>,;\"".contains(c))
}
