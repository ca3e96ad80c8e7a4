//! ENVELOPE and BODYSTRUCTURE (RFC 3501 §7.4.2).

use super::write::Out;
use crate::demo::message::{Kind, Part, addresses, read_parameters, split, value};

/// Whether extension data is written: BODYSTRUCTURE has it, BODY has not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extensions {
    /// With them.
    With,
    /// Without.
    Without,
}

/// Writes the ENVELOPE of a message.
pub fn envelope(message: &[u8], out: &mut Out) {
    let (header, _) = split(message);
    let text = |name| value(header, name);
    out.raw("(");
    out.nstring(text("Date").as_deref());
    out.raw(" ");
    out.nstring(text("Subject").as_deref());
    let from = text("From");
    for name in ["From", "Sender", "Reply-To", "To", "Cc", "Bcc"] {
        let mut list = text(name);
        // A missing Sender or Reply-To is told as the From.
        if list.is_none() && matches!(name, "Sender" | "Reply-To") {
            list.clone_from(&from);
        }
        out.raw(" ");
        address_list(list.as_deref().unwrap_or_default(), out);
    }
    for name in ["In-Reply-To", "Message-ID"] {
        out.raw(" ");
        out.nstring(text(name).as_deref());
    }
    out.raw(")");
}

fn address_list(list: &str, out: &mut Out) {
    let mailboxes = addresses(list);
    if mailboxes.is_empty() {
        out.raw("NIL");
        return;
    }
    out.raw("(");
    for mailbox in mailboxes {
        out.raw("(");
        let name = Some(mailbox.name.as_str()).filter(|name| !name.is_empty());
        out.nstring(name);
        out.raw(" NIL ");
        let (local, host) = mailbox
            .email
            .rsplit_once('@')
            .unwrap_or((&mailbox.email, ""));
        out.string(local.as_bytes());
        out.raw(" ");
        out.string(host.as_bytes());
        out.raw(")");
    }
    out.raw(")");
}

/// Writes the structure of a part.
pub fn body_structure(message: &[u8], part: &Part, extensions: Extensions, out: &mut Out) {
    out.raw("(");
    if let Kind::Multipart(parts) = &part.kind {
        for part in parts {
            body_structure(message, part, extensions, out);
        }
        out.raw(" ");
        out.string(part.subtype.as_bytes());
        if extensions == Extensions::With {
            out.raw(" ");
            parameter_list(&part.parameters, out);
            out.raw(" NIL NIL NIL");
        }
    } else {
        single(message, part, extensions, out);
    }
    out.raw(")");
}

fn single(message: &[u8], part: &Part, extensions: Extensions, out: &mut Out) {
    let header = message.get(part.header.clone()).unwrap_or_default();
    let body = message.get(part.body.clone()).unwrap_or_default();
    let text = |name| value(header, name);
    // A multipart without parts has no other writing than that of a text.
    let (media, subtype) = match part.media.as_str() {
        "multipart" => ("text", "plain"),
        media => (media, part.subtype.as_str()),
    };
    out.string(media.as_bytes());
    out.raw(" ");
    out.string(subtype.as_bytes());
    out.raw(" ");
    parameter_list(&part.parameters, out);
    for name in ["Content-ID", "Content-Description"] {
        out.raw(" ");
        out.nstring(text(name).as_deref());
    }
    out.raw(" ");
    let encoding = text("Content-Transfer-Encoding").unwrap_or_else(|| "7bit".to_owned());
    out.string(encoding.as_bytes());
    out.raw(&format!(" {}", body.len()));
    let lines = body.split(|byte| *byte == b'\n').count() - 1;
    if let Kind::Message(inner) = &part.kind {
        out.raw(" ");
        envelope(body, out);
        out.raw(" ");
        body_structure(message, inner, extensions, out);
        out.raw(&format!(" {lines}"));
    } else if media == "text" {
        out.raw(&format!(" {lines}"));
    }
    if extensions == Extensions::With {
        out.raw(" NIL ");
        disposition(text("Content-Disposition").as_deref(), out);
        out.raw(" NIL NIL");
    }
}

fn disposition(text: Option<&str>, out: &mut Out) {
    let Some(text) = text else {
        out.raw("NIL");
        return;
    };
    let (kind, parameters) = read_parameters(text);
    out.raw("(");
    out.string(kind.as_bytes());
    out.raw(" ");
    parameter_list(&parameters, out);
    out.raw(")");
}

fn parameter_list(parameters: &[(String, String)], out: &mut Out) {
    if parameters.is_empty() {
        out.raw("NIL");
        return;
    }
    out.raw("(");
    for (at, (name, value)) in parameters.iter().enumerate() {
        if at > 0 {
            out.raw(" ");
        }
        out.string(name.as_bytes());
        out.raw(" ");
        out.string(value.as_bytes());
    }
    out.raw(")");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::message::parse;

    fn structure_of(message: &[u8]) -> String {
        let mut out = Out::default();
        body_structure(message, &parse(message), Extensions::With, &mut out);
        String::from_utf8(out.take()).unwrap()
    }

    #[test]
    fn envelopes_repeat_from_where_sender_is_missing() {
        let mut out = Out::default();
        let message = b"From: \"Vale, D\" <d@x.example>\r\nTo: a@y.example\r\nSubject: Hi\r\n\r\n";
        envelope(message, &mut out);
        let d = "((\"Vale, D\" NIL \"d\" \"x.example\"))";
        let expected =
            format!("(NIL \"Hi\" {d} {d} {d} ((NIL NIL \"a\" \"y.example\")) NIL NIL NIL NIL)");
        assert_eq!(String::from_utf8(out.take()).unwrap(), expected);
    }

    #[test]
    fn structures_tell_types_sizes_and_dispositions() {
        let message = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHi\r\n\
            --b\r\nContent-Type: image/png; name=\"a.png\"\r\n\
            Content-Disposition: attachment; filename=a.png\r\n\r\nP\r\n--b--\r\n";
        let expected = "((\"text\" \"plain\" NIL NIL NIL \"7bit\" 2 0 NIL NIL NIL NIL)\
            (\"image\" \"png\" (\"name\" \"a.png\") NIL NIL \"7bit\" 1 NIL \
            (\"attachment\" (\"filename\" \"a.png\")) NIL NIL) \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)";
        assert_eq!(structure_of(message), expected);
    }
}
