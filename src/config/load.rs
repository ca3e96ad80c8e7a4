//! From the two files to a checked [`Config`]. Writes nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::accounts::{Profiles, for_domain};
use crate::config::interface::{read_interface, read_keys, read_vault};
use crate::config::section::{Report, Section, shown};
use crate::config::tree::{Node, Place, Table, Value};
use crate::config::{
    ConfigError, Interface, Mistake, Paths, VaultConfig, accounts, servers, sign_in, tree,
};
use crate::model::{Account, Address, ServerProfile, SignInProfile};

const KEYS: &[&str] = &[
    "sign_in",
    "servers",
    "account",
    "vault",
    "interface",
    "keys",
];

/// Longer names do not fit on any screen.
const MAX_NAME: usize = 100;

/// Everything the configuration says, checked.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Config {
    /// Sign-in profiles by name.
    pub sign_in: BTreeMap<String, SignInProfile>,
    /// Server profiles by name.
    pub servers: BTreeMap<String, ServerProfile>,
    /// Accounts in the file's order.
    pub accounts: Vec<Account>,
    /// Where secrets are.
    pub vault: VaultConfig,
    /// The interface.
    pub interface: Interface,
}

impl Config {
    /// Loads the system's and the user's file (missing files are empty), the user's winning key by key.
    /// All mistakes are reported together.
    pub fn load(paths: &Paths) -> Result<Self, ConfigError> {
        let user = tree::read(&paths.config)?.unwrap_or_default();
        Self::check(paths, &user)
    }

    /// Checks the system's file together with `user` as the text of the user's.
    pub(super) fn check(paths: &Paths, user: &[u8]) -> Result<Self, ConfigError> {
        let system = tree::read(&paths.system_config)?.unwrap_or_default();
        let files = [
            (&paths.system_config, system.as_slice()),
            (&paths.config, user),
        ];
        let (root, place) = merged(&files)?;
        let report = Report::default();
        let config = read_all(&root, place, &report);
        let mistakes = report.into_mistakes();
        if mistakes.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError::Mistakes(mistakes))
        }
    }

    /// Returns the profiles meant for a mail domain (by `domains`, else by tenant), if any; the server profile is the
    /// one named like the sign-in profile.
    pub fn profiles_for(
        &self,
        address: &Address,
    ) -> Option<(&SignInProfile, Option<&ServerProfile>)> {
        let sign_in = for_domain(self.sign_in.values(), address.domain())?;
        Some((sign_in, self.servers.get(&sign_in.name)))
    }
}

/// Returns file and line of a dotted key (`["keys", "archive"]`), for messages about settings that only their user
/// can judge, such as two actions on one key.
pub fn place_of(paths: &Paths, key: &[&str]) -> Option<(PathBuf, usize)> {
    let find = |path: &Path| {
        let bytes = tree::read(path).ok()??;
        let mut table = tree::parse(path, &bytes).ok()?;
        let (last, parents) = key.split_last()?;
        for part in parents {
            match &table.get(part)?.value {
                Value::Table(inner) => table = inner.clone(),
                _ => return None,
            }
        }
        let line = table.get(last)?.place.line;
        Some((path.to_owned(), line))
    };
    find(&paths.config).or_else(|| find(&paths.system_config))
}

/// Reads both files; mistakes of syntax in either are reported together, and nothing else then.
pub(super) fn merged(files: &[(&PathBuf, &[u8])]) -> Result<(Table, Place), ConfigError> {
    let mut root = Table::default();
    let mut mistakes: Vec<Mistake> = Vec::new();
    let mut place = Place {
        file: Arc::from(Path::new("")),
        line: 0,
    };
    for (path, bytes) in files {
        place.file = Arc::from(path.as_path());
        match tree::parse(path, bytes) {
            Ok(table) => root.overlay(table),
            Err(more) => mistakes.extend(more),
        }
    }
    if mistakes.is_empty() {
        Ok((root, place))
    } else {
        Err(ConfigError::Mistakes(mistakes))
    }
}

fn read_all(root: &Table, place: Place, report: &Report) -> Config {
    let root = Section::new(String::new(), place, root, report).only(KEYS);
    let profiles = Profiles {
        sign_in: named(&root, "sign_in", sign_in::read).into_iter().collect(),
        servers: named(&root, "servers", servers::read).into_iter().collect(),
    };
    let read_account = |name: &str, section: Section<'_>| accounts::read(name, section, &profiles);
    let accounts = named(&root, "account", read_account);
    let mut interface = root
        .section("interface")
        .map(read_interface)
        .unwrap_or_default();
    if let Some(keys) = root.section("keys") {
        interface.keys = read_keys(&keys);
    }
    Config {
        accounts: accounts.into_iter().filter_map(|(_, one)| one).collect(),
        sign_in: complete(profiles.sign_in),
        servers: complete(profiles.servers),
        vault: root.section("vault").map(read_vault).unwrap_or_default(),
        interface,
    }
}

fn complete<T>(profiles: BTreeMap<String, Option<T>>) -> BTreeMap<String, T> {
    let all = profiles.into_iter();
    all.filter_map(|(name, one)| Some((name, one?))).collect()
}

/// Reads every `[key.NAME]`.
fn named<'a, T>(
    root: &Section<'a>,
    key: &str,
    read: impl Fn(&str, Section<'a>) -> Option<T>,
) -> Vec<(String, Option<T>)> {
    let Some(section) = root.section(key) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for name in section.names() {
        if !is_name(name) {
            let message = format!(
                "expected a short name of printable characters, found {}",
                shown(name)
            );
            section.mistake(name, message);
            continue;
        }
        if let Some(Node {
            value: Value::Table(_),
            ..
        }) = section.get(name)
        {
            let one = section.section(name).and_then(|one| read(name, one));
            all.push((name.to_owned(), one));
        } else {
            section.mistake(
                name,
                format!("expected a table [{key}.NAME] with a name of your choice"),
            );
        }
    }
    all
}

fn is_name(name: &str) -> bool {
    let is_clean = crate::model::sanitize_line(name) == name;
    !name.trim().is_empty() && name.chars().count() <= MAX_NAME && is_clean
}
