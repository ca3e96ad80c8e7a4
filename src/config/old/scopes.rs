//! Scopes under the address of a service that does not serve the mail they speak of (protocol facts §3.1, §3.3).

use crate::config::old::{OldKind, OldSetting, Replacement, text, word};
use crate::config::sign_in::{CLOUDS, METHODS};
use crate::config::tree::{Place, Table, Value};
use crate::model::{Cloud, Method};

/// The tenant of all personal accounts.
const PERSONAL_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// What a person's mail programs are allowed over the three protocols.
const MAIL: &[&str] = &["IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send"];

/// Hosts of Exchange's resource.
const EXCHANGE: &[&str] = &[
    "outlook.office.com",
    "outlook.office365.com",
    "outlook.office365.us",
    "outlook-dod.office365.us",
    "partner.outlook.cn",
    "ps.outlook.com",
];

struct Kind {
    cloud: Cloud,
    is_app_only: bool,
    is_personal: bool,
}

/// Looks through the scopes of a profile at Microsoft.
pub fn find(name: &str, profile: &Table, found: &mut Vec<OldSetting>) {
    let provider = word(profile, "provider");
    if provider != "microsoft365" && provider != "outlook.com" {
        return;
    }
    let tenant = word(profile, "tenant");
    let kind = Kind {
        cloud: known(CLOUDS, &word(profile, "cloud")).unwrap_or_default(),
        is_app_only: known(METHODS, &word(profile, "method")).is_some_and(Method::is_app_only),
        is_personal: provider == "outlook.com"
            || tenant == "consumers"
            || tenant == PERSONAL_TENANT,
    };
    for (scope, place) in items(profile) {
        if let Some((old, new)) = right(scope, &kind) {
            let setting = OldSetting::new(place, &["sign_in", name, "scopes"], old, scope);
            found.push(setting.by(Replacement::Text(new)));
        }
    }
}

fn known<T: Copy>(words: &[(&str, T)], word: &str) -> Option<T> {
    let found = words.iter().find(|(name, _)| *name == word);
    found.map(|(_, value)| *value)
}

fn items(profile: &Table) -> Vec<(&str, &Place)> {
    let mut texts: Vec<(&str, &Place)> = Vec::new();
    if let Some(Value::Array(array)) = profile.get("scopes").map(|node| &node.value) {
        for item in array {
            if let Value::Text(text) = &item.value {
                texts.push((text, &item.place));
            }
        }
    }
    texts.extend(text(profile, "scopes"));
    let words = texts.into_iter().flat_map(|(text, place)| {
        let words = text.split(|c: char| c.is_whitespace() || c == ',');
        words.map(move |word| (word, place))
    });
    words.filter(|(word, _)| !word.is_empty()).collect()
}

/// Returns what the scope should be, if it is another one.
fn right(scope: &str, kind: &Kind) -> Option<(OldKind, String)> {
    let (resource, name) = scope.rsplit_once('/').unwrap_or(("", scope));
    let host = resource
        .split_once("://")
        .map_or("", |(_, rest)| rest)
        .trim_end_matches('/')
        .to_ascii_lowercase();
    if kind.is_app_only {
        let is_graph = host == kind.cloud.graph_host();
        let right = format!("{}/.default", kind.cloud.exchange_app_resource());
        return (is_graph && name == ".default").then_some((OldKind::ForeignScope, right));
    }
    let name = MAIL.iter().find(|mail| mail.eq_ignore_ascii_case(name))?;
    let right = format!("{}/{name}", kind.cloud.exchange_resource());
    if !EXCHANGE.contains(&host.as_str()) {
        return Some((OldKind::ForeignScope, right));
    }
    let is_unknown_there = kind.is_personal && host != "outlook.office.com";
    is_unknown_there.then_some((OldKind::PersonalScope, right))
}
