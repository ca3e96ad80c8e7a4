//! What the header of a part says about it: media type, charset, encoding, name, disposition.

use mail_parser::ContentType;

use crate::mime::cut::truncate;
use crate::mime::read::flowed::{Delsp, Format};
use crate::mime::read::header::{self, Field};

/// How a part's bytes are encoded (RFC 2045 §6).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::mime) enum Encoding {
    /// As they are.
    #[default]
    Identity,
    /// Quoted-printable.
    QuotedPrintable,
    /// Base64.
    Base64,
}

/// `Content-Disposition` (RFC 2183).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::mime) enum Disposition {
    /// The header does not say.
    #[default]
    Unsaid,
    /// In the text.
    Inline,
    /// Below it.
    Attachment,
}

/// The MIME fields of a part (RFC 2045, RFC 2183), with defaults filled in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::mime) struct PartType {
    /// Lower case; `text/plain` where nothing is said.
    pub media_type: String,
    /// As named; empty when not.
    pub charset: String,
    /// How it is encoded.
    pub encoding: Encoding,
    /// The file name as given, decoded but not made safe.
    pub name: Option<String>,
    /// Where it wants to be shown.
    pub disposition: Disposition,
    /// Whether there is a `Content-ID`, which the HTML may point at.
    pub has_content_id: bool,
    /// How its lines are to be read.
    pub format: Format,
    /// `smime-type` (RFC 8551) or `protocol` (RFC 1847), lower case.
    pub protection: String,
    /// A multipart's delimiter.
    pub boundary: Option<Vec<u8>>,
}

impl PartType {
    /// Reads the fields of a part. In a digest the default type is a message (RFC 2046 §5.1.5).
    pub(in crate::mime) fn read(fields: &[Field<'_>], is_in_digest: bool) -> Self {
        let mut part = Self::default();
        let mut disposition = None;
        for field in fields {
            if field.is("content-type") && part.media_type.is_empty() {
                if let Some(found) = header::content_type(field.value) {
                    part.take_type(&found);
                }
            } else if field.is("content-transfer-encoding") {
                part.encoding = encoding(&header::text(field.value, 80));
            } else if field.is("content-disposition") {
                disposition = header::content_type(field.value);
            } else if field.is("content-id") {
                part.has_content_id = true;
            }
        }
        if let Some(disposition) = disposition {
            part.take_disposition(&disposition);
        }
        if part.media_type.is_empty() {
            let default = if is_in_digest {
                "message/rfc822"
            } else {
                "text/plain"
            };
            default.clone_into(&mut part.media_type);
        }
        part
    }

    /// Tells whether the type begins with `prefix`, such as `text/`.
    pub(in crate::mime) fn starts_with(&self, prefix: &str) -> bool {
        self.media_type.starts_with(prefix)
    }

    fn take_type(&mut self, found: &ContentType<'_>) {
        let subtype = found.subtype().unwrap_or_default();
        let media_type: String = format!("{}/{subtype}", found.ctype())
            .chars()
            .filter(char::is_ascii_graphic)
            .take(120)
            .collect();
        if media_type.len() < 3 || media_type.starts_with('/') || media_type.ends_with('/') {
            return;
        }
        self.media_type = media_type.to_ascii_lowercase();
        let lower = |name: &str| {
            found
                .attribute(name)
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase()
        };
        self.charset = lower("charset");
        truncate(&mut self.charset, 40);
        self.format = match (lower("format").as_str(), lower("delsp").as_str()) {
            ("flowed", "yes") => Format::Flowed(Delsp::Drop),
            ("flowed", _) => Format::Flowed(Delsp::Keep),
            _ => Format::Fixed,
        };
        self.protection = format!("{} {}", lower("smime-type"), lower("protocol"));
        self.name = found.attribute("name").map(str::to_owned);
        if self.media_type.starts_with("multipart/") {
            self.boundary = found
                .attribute("boundary")
                .map(|boundary| boundary.trim_ascii_end().as_bytes().to_vec())
                .filter(|boundary| (1..=250).contains(&boundary.len()));
        }
    }

    fn take_disposition(&mut self, found: &ContentType<'_>) {
        self.disposition = match found.ctype().to_ascii_lowercase().as_str() {
            "attachment" => Disposition::Attachment,
            "inline" => Disposition::Inline,
            _ => Disposition::Unsaid,
        };
        if let Some(name) = found.attribute("filename") {
            self.name = Some(name.to_owned());
        }
    }
}

fn encoding(name: &str) -> Encoding {
    let name = name.trim().to_ascii_lowercase();
    match name.trim_matches('"') {
        "base64" => Encoding::Base64,
        "quoted-printable" => Encoding::QuotedPrintable,
        _ => Encoding::Identity,
    }
}
