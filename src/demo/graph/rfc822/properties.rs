//! Extended properties in a message's JSON: those that are header fields, flags and times of it (MS-OXPROPS).

use jiff::Timestamp;
use serde_json::Value;

use crate::demo::graph::wire::{field, text};
use crate::demo::mail_store::Flags;

/// `PidTagMessageFlags`.
pub const MESSAGE_FLAGS: u32 = 0x0E07;
/// `PidTagLastVerbExecuted`.
pub const LAST_VERB: u32 = 0x1081;
/// `PidTagInReplyToId`.
pub const IN_REPLY_TO: u32 = 0x1042;
/// `PidTagInternetReferences`.
pub const REFERENCES: u32 = 0x1039;
/// `PidTagClientSubmitTime`.
pub const SUBMITTED: u32 = 0x0039;
/// `PidTagMessageDeliveryTime`.
pub const DELIVERED: u32 = 0x0E06;

/// Reads the tag of an extended property's id, such as `Integer 0x0E07`.
pub fn tag(id: &str) -> Option<u32> {
    let (_, number) = id.split_once(' ')?;
    let number = number.trim().to_ascii_lowercase();
    u32::from_str_radix(number.strip_prefix("0x")?, 16).ok()
}

/// Returns the value of an extended property that a client writes.
pub fn property(json: &Value, wanted: u32) -> Option<&str> {
    let properties = field(json, "singleValueExtendedProperties").and_then(Value::as_array);
    let mut properties = properties.into_iter().flatten();
    let is_it = |property: &&Value| tag(text(property, "id")) == Some(wanted);
    properties
        .find(is_it)
        .map(|property| text(property, "value"))
}

/// Returns a time that a client writes.
pub fn moment(json: &Value, wanted: u32) -> Option<Timestamp> {
    property(json, wanted)?.parse().ok()
}

/// Reads the flags of a new message from `PidTagMessageFlags`: 1 is read, 8 is unsent.
pub fn first_flags(json: &Value) -> Flags {
    let value = property(json, MESSAGE_FLAGS);
    let bits = value.and_then(|value| value.parse::<u32>().ok());
    let bits = bits.unwrap_or(9);
    let seen = if bits & 1 == 1 {
        Flags::SEEN
    } else {
        Flags::default()
    };
    let is_draft = value.is_none() || bits & 8 == 8;
    if is_draft {
        seen.with(Flags::DRAFT)
    } else {
        seen
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_are_found_by_tag() {
        let json = json!({"singleValueExtendedProperties": [
            {"id": "Integer 0xe07", "value": "4"},
            {"id": "SystemTime 0x0E06", "value": "2026-11-17T08:30:00Z"},
            {"id": "String {00020386-0000-0000-C000-000000000046} Name x-tide", "value": "high"},
        ]});
        assert_eq!(property(&json, MESSAGE_FLAGS), Some("4"));
        assert_eq!(
            moment(&json, DELIVERED).map(|time| time.to_string()),
            Some("2026-11-17T08:30:00Z".to_owned())
        );
        assert_eq!(property(&json, REFERENCES), None);
    }

    #[test]
    fn new_messages_are_drafts_unless_told_otherwise() {
        let check = |value: Option<&str>, expected: Flags| {
            let json = value.map_or_else(
                || json!({}),
                |value| json!({"singleValueExtendedProperties": [{"id": "Integer 0x0E07", "value": value}]}),
            );
            assert_eq!(first_flags(&json), expected, "{value:?}");
        };
        check(None, Flags::SEEN.with(Flags::DRAFT));
        check(Some("4"), Flags::default());
        check(Some("5"), Flags::SEEN);
        check(Some("8"), Flags::DRAFT);
    }
}
