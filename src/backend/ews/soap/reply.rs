//! A response message: whether it went well, what the server calls it, and what it brings.

use std::time::Duration;

use super::Node;
use crate::model::sanitize_line;

/// The longest text of a server that is kept.
const LONGEST_TEXT: usize = 600;

/// How it went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::backend::ews) enum Class {
    /// It is done.
    Success,
    /// It is done, with a remark.
    Warning,
    /// It is not done.
    Error,
}

/// One response message, or a fault read as one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::backend::ews) struct Reply {
    /// How it went.
    pub(in crate::backend::ews) class: Class,
    /// `ResponseCode`, such as `ErrorItemNotFound`; only what a code may hold.
    pub(in crate::backend::ews) code: String,
    /// `MessageText`, sanitised and cut.
    pub(in crate::backend::ews) text: String,
    /// How long the server wants us to wait.
    pub(in crate::backend::ews) back_off: Option<Duration>,
    /// The whole.
    pub(in crate::backend::ews) node: Node,
}

impl Reply {
    /// Reads a response message.
    pub(in crate::backend::ews) fn of_message(node: Node) -> Self {
        let class = match node.attribute("ResponseClass") {
            Some("Success") => Class::Success,
            Some("Warning") => Class::Warning,
            _ => Class::Error,
        };
        Self {
            class,
            code: code(node.text_of("ResponseCode")),
            text: words(node.text_of("MessageText")),
            back_off: back_off(node.child("MessageXml")),
            node,
        }
    }

    /// Reads a fault: the code stands in its detail, or behind the prefix of the fault code.
    pub(in crate::backend::ews) fn of_fault(node: Node) -> Self {
        let detail = node.child("detail");
        let fault = node.text_of("faultcode");
        let fault = fault.rsplit_once(':').map_or(fault, |(_, local)| local);
        let named = detail.map_or("", |detail| detail.text_of("ResponseCode"));
        Self {
            class: Class::Error,
            code: code(if named.is_empty() { fault } else { named }),
            text: words(node.text_of("faultstring")),
            back_off: back_off(detail.and_then(|detail| detail.child("MessageXml"))),
            node,
        }
    }

    /// Tells whether it is an error of this code.
    pub(in crate::backend::ews) fn is_error(&self, code: &str) -> bool {
        self.class == Class::Error && self.code == code
    }
}

fn code(text: &str) -> String {
    let is_part = |c: &char| c.is_ascii_alphanumeric() || "_.".contains(*c);
    text.chars().filter(is_part).take(100).collect()
}

fn words(text: &str) -> String {
    sanitize_line(text).chars().take(LONGEST_TEXT).collect()
}

fn back_off(xml: Option<&Node>) -> Option<Duration> {
    let values = xml?.children().iter();
    let value = values
        .filter(|value| value.name() == "Value")
        .find(|value| value.attribute("Name") == Some("BackOffMilliseconds"))?;
    value.text().parse().ok().map(Duration::from_millis)
}
