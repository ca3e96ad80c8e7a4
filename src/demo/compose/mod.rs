//! Builds RFC 5322 messages for the seed and for colleagues. Own code, so that `mime` is tested against another hand.

mod encode;
mod files;

pub use encode::{Charset, Transfer};
pub use files::{Attached, calendar, csv, pdf, png};

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::Offset;

use super::message::encode_word;
use encode::{encode_text, flowed};

/// A name with an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// Display name.
    pub name: String,
    /// Address.
    pub email: String,
}

impl Contact {
    /// Returns a contact.
    pub fn new(name: &str, email: &str) -> Self {
        Self {
            name: name.to_owned(),
            email: email.to_owned(),
        }
    }

    /// Returns the first word of the name.
    pub fn first_name(&self) -> &str {
        self.name.split(' ').next().unwrap_or(&self.name)
    }

    fn header(&self) -> String {
        let needs_quotes = self.name.is_ascii()
            && self
                .name
                .contains(|c: char| !c.is_ascii_alphanumeric() && c != ' ');
        let name = if needs_quotes {
            format!(
                "\"{}\"",
                self.name.replace('\\', "\\\\").replace('"', "\\\"")
            )
        } else {
            encode_word(&self.name)
        };
        if name.is_empty() {
            self.email.clone()
        } else {
            format!("{name} <{}>", self.email)
        }
    }
}

/// What a message says.
#[derive(Clone, Debug)]
pub enum Content {
    /// Plain text.
    Text(String),
    /// Plain text as `format=flowed` (RFC 3676).
    Flowed(String),
    /// HTML alone.
    Html(String),
    /// Both, the text first.
    Both { text: String, html: String },
    /// An invitation (RFC 6047): text and calendar object.
    Invitation { text: String, calendar: String },
    /// A ready body with its type, such as a delivery report.
    Raw { content_type: String, body: String },
}

/// A message to be built.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Author.
    pub from: Contact,
    /// Recipients.
    pub to: Vec<Contact>,
    /// Further recipients.
    pub cc: Vec<Contact>,
    /// Subject; written as it is when it contains encoded words already.
    pub subject: String,
    /// When it was written.
    pub date: Timestamp,
    /// The author's distance from UTC, in hours.
    pub offset: i8,
    /// Without angle brackets.
    pub message_id: String,
    /// Ids of the messages before it in its thread, oldest first.
    pub references: Vec<String>,
    /// Further fields.
    pub headers: Vec<(String, String)>,
    /// What it says.
    pub content: Content,
    /// Files.
    pub files: Vec<Attached>,
    /// How text is written down.
    pub writing: (Charset, Transfer),
}

impl Mail {
    /// Returns the message with CRLF line ends.
    pub fn build(&self) -> Vec<u8> {
        let mut out = self.header();
        let boundary = format!("=_{}", self.message_id.replace(['@', '.'], "_"));
        if self.files.is_empty() {
            out.push_str(&self.body(&boundary));
            return out.into_bytes();
        }
        let _ = write!(
            out,
            "Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n"
        );
        out.push_str(&self.body(&format!("{boundary}_a")));
        for file in &self.files {
            let name = file.name.replace('"', "'");
            let _ = write!(
                out,
                "\r\n--{boundary}\r\nContent-Type: {kind}; name=\"{name}\"\r\n\
                 Content-Disposition: attachment; filename=\"{name}\"; size={size}\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\n{data}",
                kind = file.content_type,
                name = encode_word(&name),
                size = file.bytes.len(),
                data = encode::base64_lines(&file.bytes)
            );
        }
        let _ = write!(out, "\r\n--{boundary}--\r\n");
        out.into_bytes()
    }

    fn header(&self) -> String {
        let list = |contacts: &[Contact]| {
            let contacts: Vec<String> = contacts.iter().map(Contact::header).collect();
            contacts.join(",\r\n ")
        };
        let mut out = format!("From: {}\r\n", self.from.header());
        if !self.to.is_empty() {
            let _ = write!(out, "To: {}\r\n", list(&self.to));
        }
        if !self.cc.is_empty() {
            let _ = write!(out, "Cc: {}\r\n", list(&self.cc));
        }
        let subject = if self.subject.contains("=?") {
            self.subject.clone()
        } else {
            self.subject_words()
        };
        let _ = write!(out, "Subject: {subject}\r\n");
        let offset = Offset::from_hours(self.offset).unwrap_or(Offset::UTC);
        let date = self.date.to_zoned(offset.to_time_zone());
        let date = jiff::fmt::rfc2822::to_string(&date).unwrap_or_default();
        let _ = write!(out, "Date: {date}\r\nMessage-ID: <{}>\r\n", self.message_id);
        if let Some(parent) = self.references.last() {
            let all: Vec<String> = self.references.iter().map(|id| format!("<{id}>")).collect();
            let _ = write!(
                out,
                "In-Reply-To: <{parent}>\r\nReferences: {}\r\n",
                all.join("\r\n ")
            );
        }
        for (name, value) in &self.headers {
            let _ = write!(out, "{name}: {value}\r\n");
        }
        out.push_str("MIME-Version: 1.0\r\n");
        out
    }

    fn subject_words(&self) -> String {
        if self.subject.is_ascii() {
            return self.subject.clone();
        }
        encode::subject(&self.subject, self.writing)
    }

    /// Returns header fields and body of what the message says.
    fn body(&self, boundary: &str) -> String {
        match &self.content {
            Content::Text(text) => self.part("text/plain", "", text),
            Content::Flowed(text) => self.part("text/plain", "; format=flowed", &flowed(text)),
            Content::Html(html) => self.part("text/html", "", html),
            Content::Both { text, html } => format!(
                "Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n{}\r\n--{boundary}\r\n{}\r\n--{boundary}--\r\n",
                self.part("text/plain", "", text),
                self.part("text/html", "", html)
            ),
            Content::Invitation { text, calendar } => format!(
                "Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n{}\r\n--{boundary}\r\n\
                 Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--{boundary}--\r\n",
                self.part("text/plain", "", text),
                encode::base64_lines(calendar.as_bytes())
            ),
            Content::Raw { content_type, body } => {
                let body = body.replace('\n', "\r\n");
                format!("Content-Type: {content_type}\r\n\r\n{body}")
            }
        }
    }

    fn part(&self, kind: &str, parameters: &str, text: &str) -> String {
        let encoded = encode_text(text, self.writing);
        format!(
            "Content-Type: {kind}; charset={}{parameters}\r\nContent-Transfer-Encoding: {}\r\n\r\n{}",
            encoded.charset, encoded.transfer, encoded.body
        )
    }
}
