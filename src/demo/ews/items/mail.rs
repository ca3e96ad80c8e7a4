//! A stored message as EWS sees it: decoded header fields, bodies, attachments.

use jiff::Timestamp;

use crate::demo::mail_store::{Flags, Message};
use crate::demo::message::{
    Kind, Part, addresses, decode_words, parse, part_text, split, strip_tags, value,
};
use crate::mime::header_in_unicode;

/// A message that is being looked at.
pub struct Mail<'a> {
    /// As it is stored.
    pub message: &'a Message,
    header: &'a [u8],
}

/// Somebody in a header field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Someone {
    /// Display name, or the address where there is none.
    pub name: String,
    /// Address.
    pub email: String,
}

/// A file or a message in a message.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Its name; a message's subject.
    pub name: String,
    /// `Content-ID` without brackets.
    pub content_id: Option<String>,
    /// Whether the body shows it.
    pub is_inline: bool,
    /// Where it is.
    pub part: Part,
}

impl Attachment {
    /// Tells whether it is a message, an `ItemAttachment`.
    pub fn is_message(&self) -> bool {
        matches!(self.part.kind, Kind::Message(_))
    }

    /// Returns the media type.
    pub fn content_type(&self) -> String {
        format!("{}/{}", self.part.media, self.part.subtype)
    }
}

impl<'a> Mail<'a> {
    /// Looks at a message.
    pub fn new(message: &'a Message) -> Self {
        let (header, _) = split(&message.bytes);
        Self { message, header }
    }

    /// Tells whether a flag is set.
    pub fn has(&self, flag: Flags) -> bool {
        self.message.flags.has(flag)
    }

    /// Returns a header field, decoded.
    pub fn field(&self, name: &str) -> Option<String> {
        value(self.header, name).map(|value| decode_words(&value))
    }

    /// Returns all header fields by name, decoded.
    pub fn fields(&self) -> Vec<(String, String)> {
        crate::demo::message::fields(&header_in_unicode(self.header))
            .map(|field| {
                let name = String::from_utf8_lossy(field.name).into_owned();
                (name, decode_words(&field.value()))
            })
            .collect()
    }

    /// Returns the header as it is.
    pub fn header(&self) -> String {
        String::from_utf8_lossy(&header_in_unicode(self.header)).into_owned()
    }

    /// Returns who is in a header field.
    pub fn people(&self, name: &str) -> Vec<Someone> {
        let list = addresses(&value(self.header, name).unwrap_or_default());
        let people = list.into_iter().map(|mailbox| {
            let name = decode_words(&mailbox.name);
            let name = if name.is_empty() {
                mailbox.email.clone()
            } else {
                name
            };
            let email = mailbox.email;
            Someone { name, email }
        });
        people.collect()
    }

    /// Returns the names of who is in a header field, as `DisplayTo` has them.
    pub fn display(&self, name: &str) -> String {
        let names: Vec<String> = self.people(name).into_iter().map(|one| one.name).collect();
        names.join("; ")
    }

    /// Returns when it was sent, as far as it says so.
    pub fn sent(&self) -> Timestamp {
        let date = value(self.header, "Date");
        let date = date.and_then(|date| jiff::fmt::rfc2822::parse(&date).ok());
        date.map_or(self.message.received, |date| date.timestamp())
    }

    /// Returns the HTML body.
    pub fn html(&self) -> Option<String> {
        self.body("html")
    }

    /// Returns the body as plain text.
    pub fn plain(&self) -> String {
        let plain = self.body("plain");
        plain
            .or_else(|| self.html().map(|html| strip_tags(&html)))
            .unwrap_or_default()
    }

    fn body(&self, subtype: &str) -> Option<String> {
        let root = parse(&self.message.bytes);
        let part = self.find_body(&root, subtype)?;
        Some(part_text(&self.message.bytes, part).replace('\n', "\r\n"))
    }

    fn find_body<'p>(&self, part: &'p Part, subtype: &str) -> Option<&'p Part> {
        match &part.kind {
            Kind::Leaf => {
                let is_text = part.media == "text" && part.subtype == subtype;
                (is_text && !self.is_file(part)).then_some(part)
            }
            Kind::Multipart(parts) => parts.iter().find_map(|part| self.find_body(part, subtype)),
            Kind::Message(_) => None,
        }
    }

    fn part_field(&self, part: &Part, name: &str) -> Option<String> {
        let header = self.message.bytes.get(part.header.clone())?;
        value(header, name)
    }

    fn is_file(&self, part: &Part) -> bool {
        let disposition = self.part_field(part, "Content-Disposition");
        let disposition = disposition.unwrap_or_default().to_ascii_lowercase();
        disposition.starts_with("attachment") || disposition.contains("filename")
    }

    /// Returns the attachments in their order.
    pub fn attachments(&self) -> Vec<Attachment> {
        let mut found = Vec::new();
        self.collect(&parse(&self.message.bytes), &mut found);
        found
    }

    fn collect(&self, part: &Part, found: &mut Vec<Attachment>) {
        if let Kind::Multipart(parts) = &part.kind {
            for part in parts {
                self.collect(part, found);
            }
            return;
        }
        let is_body = part.media == "text"
            && matches!(part.subtype.as_str(), "plain" | "html")
            && !self.is_file(part);
        if !is_body {
            found.push(self.attachment(part));
        }
    }

    fn attachment(&self, part: &Part) -> Attachment {
        let disposition = self
            .part_field(part, "Content-Disposition")
            .unwrap_or_default();
        let (kind, parameters) = crate::demo::message::read_parameters(&disposition);
        let file_name = parameters.into_iter().find(|(name, _)| name == "filename");
        let name = file_name.map(|(_, value)| value);
        let name = name.or_else(|| part.parameter("name").map(str::to_owned));
        let inner = || match &part.kind {
            Kind::Message(inner) => self.part_field(inner, "Subject"),
            _ => None,
        };
        let content_id = self.part_field(part, "Content-ID");
        Attachment {
            name: decode_words(&name.or_else(inner).unwrap_or_else(|| "ATT00001".to_owned())),
            content_id: content_id.map(|id| id.trim_matches(['<', '>']).to_owned()),
            is_inline: kind.eq_ignore_ascii_case("inline"),
            part: part.clone(),
        }
    }

    /// Returns `PidTagMessageFlags` ([MS-OXCMSG] §2.2.1.6).
    pub fn message_flags(&self) -> i64 {
        let bit = |is_set: bool, bit: i64| if is_set { bit } else { 0 };
        bit(self.has(Flags::SEEN), 0x1)
            | bit(!self.has(Flags::DRAFT), 0x2)
            | bit(self.has(Flags::DRAFT), 0x8)
            | bit(!self.attachments().is_empty(), 0x10)
    }
}
