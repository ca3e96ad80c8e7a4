//! Servers given as addresses of Exchange Web Services.

use crate::config::old::{OldKind, OldSetting, Replacement, text};
use crate::config::servers::{ews_host, is_ews_address, is_exchange_online, submission_host};
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
            // A server of one's own keeps EWS.
            Some(host) if !is_exchange_online(&host) => continue,
            Some(host) if key == "incoming" => Replacement::Imap(host),
            Some(host) => Replacement::Smtp(submission_host(&host)),
            None => Replacement::Unknown,
        };
        let key = ["servers", name, key];
        let old = OldSetting::new(place, &key, OldKind::EwsAddress, address);
        found.push(old.by(replacement));
    }
}

/// Finds an address in the place of a host; what names the protocol properly is no former setting.
fn of_table(server: &Table) -> Option<(&str, &Place)> {
    text(server, "host").filter(|(address, _)| is_ews_address(address))
}
