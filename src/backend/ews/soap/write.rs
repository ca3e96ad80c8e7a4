//! Writes requests: elements into one text, and the envelope around them.
//!
//! Callers give plain text; what XML needs escaped is escaped here, and characters XML 1.0 has no place for go.

use std::borrow::Cow;

use quick_xml::escape::escape;

use super::Version;
use super::read::is_legal;

/// A document under way.
#[derive(Debug, Default)]
pub(in crate::backend::ews) struct Xml(String);

impl Xml {
    /// Writes an element around `content`.
    pub(in crate::backend::ews) fn inside(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        content: impl FnOnce(&mut Self),
    ) {
        self.start(name, attributes);
        self.0.push('>');
        content(self);
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    /// Writes an element that holds text.
    pub(in crate::backend::ews) fn text(&mut self, name: &str, text: &str) {
        self.inside(name, &[], |xml| xml.0.push_str(&safe(text)));
    }

    /// Writes an element that holds attributes only.
    pub(in crate::backend::ews) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.0.push_str("/>");
    }

    /// Writes an element that holds text of the base64 alphabet, as it is.
    pub(in crate::backend::ews) fn base64(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        text: &str,
    ) {
        self.inside(name, attributes, |xml| xml.0.push_str(text));
    }

    /// Returns the document.
    pub(in crate::backend::ews) fn into_text(self) -> String {
        self.0
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.0.push('<');
        self.0.push_str(name);
        for (key, value) in attributes {
            self.0.push(' ');
            self.0.push_str(key);
            self.0.push_str("=\"");
            // A raw line end inside an attribute would be read back as a blank (XML 1.0 §3.3.3).
            let value = safe(value).replace('\n', "&#10;").replace('\r', "&#13;");
            self.0.push_str(&value.replace('\t', "&#9;"));
            self.0.push('"');
        }
    }
}

fn safe(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_legal) {
        return escape(text);
    }
    let legal: String = text.chars().filter(|c| is_legal(*c)).collect();
    Cow::Owned(escape(legal).into_owned())
}

/// Writes a whole request for one schema. `impersonated` is the mailbox that an application acts for (protocol facts
/// §5.3).
pub(in crate::backend::ews) fn envelope(
    version: Version,
    impersonated: Option<&str>,
    body: impl FnOnce(&mut Xml),
) -> String {
    // Never "https": much of the published example code has it wrong, and servers then understand nothing.
    const SPACES: &[(&str, &str)] = &[
        ("xmlns:s", "http://schemas.xmlsoap.org/soap/envelope/"),
        (
            "xmlns:t",
            "http://schemas.microsoft.com/exchange/services/2006/types",
        ),
        (
            "xmlns:m",
            "http://schemas.microsoft.com/exchange/services/2006/messages",
        ),
    ];
    let mut xml = Xml("<?xml version=\"1.0\" encoding=\"utf-8\"?>".to_owned());
    xml.inside("s:Envelope", SPACES, |xml| {
        xml.inside("s:Header", &[], |xml| {
            let version = version.name();
            xml.empty("t:RequestServerVersion", &[("Version", version)]);
            if let Some(mailbox) = impersonated {
                xml.inside("t:ExchangeImpersonation", &[], |xml| {
                    xml.inside("t:ConnectingSID", &[], |xml| {
                        xml.text("t:PrimarySmtpAddress", mailbox);
                    });
                });
            }
        });
        xml.inside("s:Body", &[], body);
    });
    xml.into_text()
}
