//! Reading with a password on Microsoft's servers (protocol facts §6.5). Sending with one is another matter.

use crate::config::old::{OldKind, OldSetting, Replacement, tables, text, word};
use crate::config::tree::{Table, Value};

/// Domains whose servers are Exchange Online or outlook.com.
const MICROSOFT: &[&str] = &[
    "office365.com",
    "outlook.com",
    "office.com",
    "hotmail.com",
    "live.com",
    "office365.us",
    "partner.outlook.cn",
];

/// Looks at what every account reads with.
pub fn find(root: &Table, found: &mut Vec<OldSetting>) {
    let profiles = tables(root, "sign_in");
    let servers = tables(root, "servers");
    for (_, account) in tables(root, "account") {
        let name = word_as_is(account, "sign_in");
        let profile = profiles.iter().find(|(known, _)| *known == name);
        let Some((name, profile)) = profile else {
            continue;
        };
        let wanted = match word_as_is(account, "servers") {
            "" => name,
            wanted => wanted,
        };
        let server = servers.iter().find(|(known, _)| *known == wanted);
        let host = server.map_or_else(String::new, |(_, server)| host(server));
        of_profile(name, profile, &host, found);
    }
    // Personal accounts send with no password either, so a profile of theirs needs no account to be judged by.
    for (name, profile) in &profiles {
        if word(profile, "provider") == "outlook.com" {
            of_profile(name, profile, "", found);
        }
    }
}

fn of_profile(name: &str, profile: &Table, host: &str, found: &mut Vec<OldSetting>) {
    let Some((method, place)) = text(profile, "method") else {
        return;
    };
    let provider = word(profile, "provider");
    let is_own = provider == "microsoft365" || provider == "outlook.com";
    let is_there = is_own || provider == "custom" && is_microsoft(host);
    if !method.eq_ignore_ascii_case("password") || !is_there {
        return;
    }
    let has_client = text(profile, "client_id").is_some();
    let by = |word: &str| {
        if has_client {
            Replacement::Text(word.to_owned())
        } else {
            Replacement::NeedsClientId
        }
    };
    let key = ["sign_in", name, "method"];
    let old = OldSetting::new(place, &key, OldKind::Password, method);
    found.push(old.by(by("device-code")));
    if let (false, Some((provider, place))) = (is_own, text(profile, "provider")) {
        let key = ["sign_in", name, "provider"];
        let old = OldSetting::new(place, &key, OldKind::Password, provider);
        found.push(old.by(by(provider_of(host))));
    }
}

fn word_as_is<'a>(table: &'a Table, key: &str) -> &'a str {
    text(table, key).map_or("", |(word, _)| word)
}

fn host(server: &Table) -> String {
    match server.get("incoming").map(|node| &node.value) {
        Some(Value::Table(incoming)) => word(incoming, "host"),
        _ => String::new(),
    }
}

fn is_microsoft(host: &str) -> bool {
    MICROSOFT
        .iter()
        .any(|domain| host == *domain || host.ends_with(&format!(".{domain}")))
}

fn provider_of(host: &str) -> &'static str {
    match host {
        "imap-mail.outlook.com" | "smtp-mail.outlook.com" | "pop-mail.outlook.com" => "outlook.com",
        _ => "microsoft365",
    }
}
