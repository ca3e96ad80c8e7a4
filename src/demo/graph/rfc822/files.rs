//! The texts and the attachments of a message, as Outlook tells them apart.

use crate::demo::message::{
    Kind, Part, decode_charset, decode_transfer, decode_words, parse, read_parameters, value,
};

/// An attachment.
#[derive(Clone, Debug)]
pub struct File {
    /// Its place among the attachments.
    pub index: u16,
    /// Where it is in the message.
    pub part: Part,
    /// File name.
    pub name: String,
    /// `Content-ID` without brackets.
    pub content_id: Option<String>,
    /// Shown in the text.
    pub is_inline: bool,
    /// A whole message.
    pub is_message: bool,
}

/// Returns the attachments.
pub fn files(message: &[u8]) -> Vec<File> {
    let mut leaves = Vec::new();
    collect(&parse(message), &mut leaves);
    let is_file = |part: &&Part| !is_text(message, part);
    let parts = leaves.iter().filter(is_file).enumerate();
    parts.map(|(at, part)| file(message, at, part)).collect()
}

/// Tells whether there is an attachment that is not only shown in the text.
pub fn has_files(message: &[u8]) -> bool {
    files(message).iter().any(|file| !file.is_inline)
}

/// Returns the plain text and the HTML of a message.
pub fn bodies(message: &[u8]) -> (Option<String>, Option<String>) {
    let mut leaves = Vec::new();
    collect(&parse(message), &mut leaves);
    let find = |subtype: &str| {
        let mut texts = leaves.iter().filter(|part| is_text(message, part));
        let part = texts.find(|part| part.subtype == subtype)?;
        let charset = part.parameter("charset").unwrap_or("utf-8");
        Some(decode_charset(charset, &content(message, part)))
    };
    (find("plain"), find("html"))
}

/// Returns a part's content, decoded.
pub fn content(message: &[u8], part: &Part) -> Vec<u8> {
    let header = message.get(part.header.clone()).unwrap_or_default();
    let body = message.get(part.body.clone()).unwrap_or_default();
    let encoding = value(header, "Content-Transfer-Encoding").unwrap_or_default();
    decode_transfer(&encoding, body)
}

fn collect(part: &Part, leaves: &mut Vec<Part>) {
    match &part.kind {
        Kind::Multipart(parts) => parts.iter().for_each(|part| collect(part, leaves)),
        Kind::Leaf | Kind::Message(_) => leaves.push(part.clone()),
    }
}

fn is_text(message: &[u8], part: &Part) -> bool {
    let header = message.get(part.header.clone()).unwrap_or_default();
    let (disposition, parameters) = disposition(header);
    let is_named = named(&parameters, "filename").is_some() || part.parameter("name").is_some();
    let is_writing = part.media == "text" && matches!(part.subtype.as_str(), "plain" | "html");
    is_writing && !is_named && !disposition.eq_ignore_ascii_case("attachment")
}

fn disposition(header: &[u8]) -> (String, Vec<(String, String)>) {
    read_parameters(&value(header, "Content-Disposition").unwrap_or_default())
}

/// Returns a parameter, also where it is written as RFC 2231 has it.
fn named(parameters: &[(String, String)], name: &str) -> Option<String> {
    let get = |name: &str| parameters.iter().find(|(key, _)| key == name);
    if let Some((_, extended)) = get(&format!("{name}*")) {
        let encoded = extended.rsplit('\'').next().unwrap_or_default();
        let form = format!("x={}", encoded.replace('+', "%2B"));
        let decoded = url::form_urlencoded::parse(form.as_bytes()).next();
        return decoded.map(|(_, value)| value.into_owned());
    }
    get(name).map(|(_, value)| decode_words(value))
}

fn file(message: &[u8], at: usize, part: &Part) -> File {
    let header = message.get(part.header.clone()).unwrap_or_default();
    let (disposition, parameters) = disposition(header);
    let is_message = matches!(part.kind, Kind::Message(_));
    let of_type = || named(&part.parameters, "name");
    let subject = || {
        let inner = message.get(part.body.clone()).unwrap_or_default();
        value(inner, "Subject").map(|subject| decode_words(&subject))
    };
    let name = named(&parameters, "filename").or_else(of_type);
    let name = name.or_else(|| if is_message { subject() } else { None });
    let content_id = value(header, "Content-ID");
    File {
        index: u16::try_from(at).unwrap_or(u16::MAX),
        part: part.clone(),
        name: name.unwrap_or_else(|| format!("attachment-{}", at + 1)),
        is_inline: content_id.is_some() && !disposition.eq_ignore_ascii_case("attachment"),
        content_id: content_id.map(|id| id.trim_matches(['<', '>']).to_owned()),
        is_message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &[u8] = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
        Content-Type: multipart/related; boundary=c\r\n\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>two\r\n\
        --c\r\nContent-Type: image/png\r\nContent-ID: <lamp>\r\n\r\nP\r\n--c--\r\n\
        --b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename*=utf-8''b%C3%B6rse.txt\r\n\
        Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n";

    #[test]
    fn texts_pictures_and_files_are_told_apart() {
        let found = files(MIXED);
        let names: Vec<(&str, bool)> = found
            .iter()
            .map(|file| (file.name.as_str(), file.is_inline))
            .collect();
        assert_eq!(names, [("attachment-1", true), ("börse.txt", false)]);
        assert_eq!(found[0].content_id.as_deref(), Some("lamp"));
        assert_eq!(content(MIXED, &found[1].part), b"hello");
        assert_eq!(bodies(MIXED), (None, Some("<p>two".to_owned())));
        assert!(has_files(MIXED) && !has_files(b"A: b\r\n\r\ntext"));
    }
}
