//! Servers given as addresses of Exchange Web Services.

use crate::config::old::{OldKind, OldSetting, Replacement, text};
use crate::config::servers::{ews_host, is_ews_address, submission_host};
use crate::config::tree::{Place, Table, Value};

/// Looks at both servers of a profile.
pub fn find(name: &str, profile: &Table, found: &mut Vec<OldSetting>) {
    for key in ["incoming", "outgoing"] {
        let Some(node) = profile.get(key) else {
            continue;
        };
        let address = match &node.value {
            Value::Text(address) if is_ews_address(address) => Some((address.trim(), &node.place)),
            Value::Table(server) => of_table(server),
            _ => None,
        };
        let Some((address, place)) = address else {
            continue;
        };
        let replacement = match ews_host(address) {
            Some(host) if key == "incoming" => Replacement::Imap(host),
            Some(host) => Replacement::Smtp(submission_host(&host)),
            None => Replacement::Unknown,
        };
        let key = ["servers", name, key];
        let old = OldSetting::new(place, &key, OldKind::EwsAddress, address);
        found.push(old.by(replacement));
    }
}

fn of_table(server: &Table) -> Option<(&str, &Place)> {
    let host = text(server, "host");
    let by_host = host.filter(|(address, _)| is_ews_address(address));
    let (protocol, place) = text(server, "protocol").or(by_host)?;
    let by_protocol = protocol
        .eq_ignore_ascii_case("ews")
        .then_some((host.map_or("", |(address, _)| address), place));
    by_host.or(by_protocol)
}
