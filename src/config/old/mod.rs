//! Settings of former days that no longer lead anywhere: recognised, with what to write instead. Changes nothing;
//! `edit` does that.

mod password;
mod scopes;
mod servers;

use std::path::PathBuf;

use url::Url;

use crate::config::load::merged;
use crate::config::tree::{Node, Place, Table, Value};
use crate::config::{Config, ConfigError, Paths, tree};

/// What kind of former setting it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OldKind {
    /// An Entra endpoint of version 1, which knows resources instead of scopes.
    V1Endpoint,
    /// An address of Exchange Web Services.
    EwsAddress,
    /// Reading with a password where Microsoft takes none any more.
    Password,
    /// A mail scope of another service, such as Graph's: its token opens no mailbox over IMAP.
    ForeignScope,
    /// A scope that personal accounts do not know under this address.
    PersonalScope,
}

impl OldKind {
    /// Says what is wrong with it, as a sentence without a full stop.
    pub const fn words(self) -> &'static str {
        match self {
            Self::V1Endpoint => "an endpoint of Entra's version 1, which does not know scopes",
            Self::EwsAddress => {
                "an address of Exchange Web Services, which Microsoft 365 switches off by 1 April 2027"
            }
            Self::Password => {
                "reading with a password, which Microsoft ended in January 2023 (personal accounts: 2024-09-16)"
            }
            Self::ForeignScope => {
                "a mail permission of another service: the token would open no mailbox over IMAP, POP or SMTP"
            }
            Self::PersonalScope => {
                "a scope that personal accounts know only under outlook.office.com"
            }
        }
    }
}

/// What to write instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Replacement {
    /// This text in the place of the one that was found.
    Text(String),
    /// The IMAP server of this host.
    Imap(String),
    /// The submission server of this host.
    Smtp(String),
    /// Nothing that could be written without knowing the id of a registered application.
    NeedsClientId,
    /// Nothing that could be told from what stands there.
    Unknown,
}

/// A former setting and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OldSetting {
    /// The file; may be the system's.
    pub file: PathBuf,
    /// 1-based line.
    pub line: usize,
    /// The key, from the top: `["sign_in", "contoso", "token_endpoint"]`.
    pub key: Vec<String>,
    /// What it is.
    pub kind: OldKind,
    /// What stands there; for lists the one item.
    pub found: String,
    /// What to write instead.
    pub replacement: Replacement,
}

impl OldSetting {
    /// Tells whether it can be replaced without asking anybody.
    pub const fn is_replaceable(&self) -> bool {
        !matches!(
            self.replacement,
            Replacement::NeedsClientId | Replacement::Unknown
        )
    }

    fn new(place: &Place, key: &[&str], kind: OldKind, found: &str) -> Self {
        Self {
            file: place.file.to_path_buf(),
            line: place.line,
            key: key.iter().map(|&part| part.to_owned()).collect(),
            kind,
            found: found.to_owned(),
            replacement: Replacement::Unknown,
        }
    }

    fn by(mut self, replacement: Replacement) -> Self {
        self.replacement = replacement;
        self
    }
}

impl Config {
    /// Finds former settings in both files, from top to bottom. Works on files with mistakes too, since many of them
    /// are mistakes by now; only what cannot be parsed is an error.
    pub fn old_settings(paths: &Paths) -> Result<Vec<OldSetting>, ConfigError> {
        let system = tree::read(&paths.system_config)?.unwrap_or_default();
        let user = tree::read(&paths.config)?.unwrap_or_default();
        let files = [
            (&paths.system_config, system.as_slice()),
            (&paths.config, user.as_slice()),
        ];
        let (root, _) = merged(&files)?;
        let mut found: Vec<OldSetting> = Vec::new();
        for (name, profile) in tables(&root, "sign_in") {
            endpoints(name, profile, &mut found);
            scopes::find(name, profile, &mut found);
        }
        for (name, profile) in tables(&root, "servers") {
            servers::find(name, profile, &mut found);
        }
        password::find(&root, &mut found);
        found.sort_by(|a, b| (&a.file, a.line, &a.key).cmp(&(&b.file, b.line, &b.key)));
        found.dedup();
        Ok(found)
    }
}

/// Lists the tables `[key.NAME]`.
fn tables<'a>(root: &'a Table, key: &str) -> Vec<(&'a str, &'a Table)> {
    let Some(Value::Table(all)) = root.get(key).map(|node| &node.value) else {
        return Vec::new();
    };
    let table = |(name, node): &'a (String, Node)| match &node.value {
        Value::Table(table) => Some((name.as_str(), table)),
        _ => None,
    };
    all.0.iter().filter_map(table).collect()
}

/// Returns a key's text and where it stands.
fn text<'a>(table: &'a Table, key: &str) -> Option<(&'a str, &'a Place)> {
    let node = table.get(key)?;
    match &node.value {
        Value::Text(text) => Some((text.trim(), &node.place)),
        _ => None,
    }
}

/// Returns a word in small letters; empty where there is none.
fn word(table: &Table, key: &str) -> String {
    text(table, key).map_or_else(String::new, |(word, _)| word.to_ascii_lowercase())
}

/// Names of the public and US sign-in services. China's is not among them: it still needs version 1 here and there
/// (protocol facts §1.3).
const LOGIN_HOSTS: &[&str] = &[
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoft.com",
    "login.microsoftonline.us",
];

fn endpoints(name: &str, profile: &Table, found: &mut Vec<OldSetting>) {
    for key in [
        "token_endpoint",
        "authorization_endpoint",
        "device_authorization_endpoint",
    ] {
        let Some((address, place)) = text(profile, key) else {
            continue;
        };
        if let Some(new) = version_2(address) {
            let old = OldSetting::new(place, &["sign_in", name, key], OldKind::V1Endpoint, address);
            found.push(old.by(Replacement::Text(new)));
        }
    }
}

fn version_2(address: &str) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    if !LOGIN_HOSTS.contains(&url.host_str()?) {
        return None;
    }
    let (tenant, end) = url.path().trim_matches('/').split_once("/oauth2/")?;
    if !["token", "authorize", "devicecode"].contains(&end) {
        return None;
    }
    let path = format!("/{tenant}/oauth2/v2.0/{end}");
    url.set_path(&path);
    url.set_query(None);
    Some(url.into())
}
