//! Changes to the user's file: accounts with their profiles, and the interface. Only keys that change are touched.

mod array;
mod document;
mod fields;
mod file;
mod migrate;
mod profiles;
mod vault;

pub use migrate::migrate;
pub use profiles::{
    duplicate_account, remove_servers, remove_sign_in, rename_servers, rename_sign_in,
    save_servers, save_sign_in,
};
pub use vault::{check_vault, save_vault};

use std::path::Path;

use toml_edit::{DocumentMut, Item, Table};

use crate::config::edit::document::{
    apply, child, is_new, sub_table, take_out, text_of_option, with_removals,
};
use crate::config::edit::fields::{Field, Profile, account_fields, interface_fields, key_fields};
use crate::config::edit::file::Editing;
use crate::config::{Config, ConfigError, Interface, Mistake, Paths, tree};
use crate::model::{Account, ServerProfile, SignInProfile};

/// Stands above a profile that may go with its last account.
const MADE_BY_US: &str = "# Made together with an account; goes with the last one that uses it.";

/// Adds or replaces an account together with its profiles (those the system file already has stay there).
///
/// A profile that other accounts use, or that the system's file defines, is never changed: a differing one of that
/// name is saved under a new name. `account` keeps its name.
pub fn save_account(paths: &Paths, account: &Account) -> Result<(), ConfigError> {
    let (mut editing, config) = Editing::begin(paths)?;
    let mut account = account.clone();
    let is_same_sign_in = account.send_sign_in == account.sign_in;
    account.sign_in.name = place(&mut editing, paths, &account.sign_in, &account.name)?;
    account.send_sign_in.name = if is_same_sign_in {
        account.sign_in.name.clone()
    } else {
        place(&mut editing, paths, &account.send_sign_in, &account.name)?
    };
    account.servers.name = place(&mut editing, paths, &account.servers, &account.name)?;
    let old = config.accounts.iter().find(|old| old.name == account.name);
    let before = old.map(account_fields).unwrap_or_default();
    let table = sub_table(&mut editing.document, "account", &account.name, "");
    apply(table, &before, account_fields(&account));
    editing.finish()
}

/// Takes an account out, and profiles that nothing uses any more only if we wrote them.
pub fn remove_account(paths: &Paths, name: &str) -> Result<(), ConfigError> {
    let (mut editing, config) = Editing::begin(paths)?;
    let found = config.accounts.iter().find(|account| account.name == name);
    let account = found.ok_or_else(|| ConfigError::NoSuchAccount(name.to_owned()))?;
    if !take_out(&mut editing.document, "account", name) {
        return Err(ConfigError::Mistakes(vec![in_system_file(paths, name)]));
    }
    let rest = editing.outcome()?.accounts;
    for profile in [&account.sign_in, &account.send_sign_in] {
        drop_unused::<SignInProfile>(&mut editing.document, &rest, &profile.name);
    }
    drop_unused::<ServerProfile>(&mut editing.document, &rest, &account.servers.name);
    editing.finish()
}

/// Writes the values of `[interface]` and `[keys]` that differ from what the files say, such as the theme.
pub fn save_interface(paths: &Paths, interface: &Interface) -> Result<(), ConfigError> {
    let (mut editing, config) = Editing::begin(paths)?;
    let parts = [
        (
            "interface",
            interface_fields(&config.interface),
            interface_fields(interface),
        ),
        ("keys", key_fields(&config.interface), key_fields(interface)),
    ];
    for (key, before, after) in parts {
        let after = with_removals(&before, after);
        if after.iter().any(|field| is_new(&before, field)) {
            let root = editing.document.as_table_mut();
            if let Some(table) = child(root, key, Table::new()) {
                apply(Some(table), &before, after);
            }
        }
    }
    editing.finish()
}

fn in_system_file(paths: &Paths, name: &str) -> Mistake {
    let place = crate::config::place_of(paths, &["account", name]);
    let (file, line) = place.unwrap_or((paths.system_config.clone(), 0));
    Mistake {
        file,
        line,
        key: format!("account.{name}"),
        message: "this account stands in the system's file, which Pillarbox does not change"
            .to_owned(),
    }
}

/// Sees to it that the profile stands in a file; returns its name there.
fn place<P: Stored>(
    editing: &mut Editing<'_>,
    paths: &Paths,
    profile: &P,
    account: &str,
) -> Result<String, ConfigError> {
    let config = editing.outcome()?;
    let known = P::all(&config);
    let named = known.iter().find(|one| one.name() == profile.name());
    let same = named
        .into_iter()
        .chain(&known)
        .find(|one| is_same(*one, profile));
    if let Some(same) = same {
        return Ok(same.name().to_owned());
    }
    let is_free = named.is_none();
    let is_own = !is_in_file(&paths.system_config, P::TABLE, profile.name())?
        && !is_used_by_others::<P>(&config.accounts, profile.name(), account);
    let name = if is_free || is_own {
        profile.name().to_owned()
    } else {
        unique_name(profile.name(), &known)
    };
    let before = named.filter(|_| is_own).map(Profile::fields);
    let table = sub_table(&mut editing.document, P::TABLE, &name, MADE_BY_US);
    apply(table, &before.unwrap_or_default(), profile.fields());
    Ok(name)
}

/// Profiles as the configuration keeps them.
trait Stored: Profile {
    fn all(config: &Config) -> Vec<Self>;
}

impl Stored for SignInProfile {
    fn all(config: &Config) -> Vec<Self> {
        config.sign_in.values().cloned().collect()
    }
}

impl Stored for ServerProfile {
    fn all(config: &Config) -> Vec<Self> {
        config.servers.values().cloned().collect()
    }
}

/// The name aside, and the domains where the new profile says nothing about them.
fn is_same<P: Profile>(known: &P, new: &P) -> bool {
    let says_nothing = |field: &Field| field.key == "domains" && field.value.is_none();
    known
        .fields()
        .iter()
        .zip(new.fields())
        .all(|(known, new)| known.content == new.content || says_nothing(&new))
}

fn is_used_by_others<P: Profile>(accounts: &[Account], name: &str, but: &str) -> bool {
    let mut others = accounts.iter().filter(|account| account.name != but);
    others.any(|account| P::is_used_by(account, name))
}

fn is_in_file(path: &Path, table: &str, name: &str) -> Result<bool, ConfigError> {
    let bytes = tree::read(path)?.unwrap_or_default();
    let root = tree::parse(path, &bytes).map_err(ConfigError::Mistakes)?;
    let Some(tree::Value::Table(inner)) = root.get(table).map(|node| &node.value) else {
        return Ok(false);
    };
    Ok(inner.get(name).is_some())
}

fn unique_name<P: Profile>(name: &str, known: &[P]) -> String {
    let is_taken = |candidate: &str| known.iter().any(|one| one.name() == candidate);
    let mut number = 2_usize;
    while is_taken(&format!("{name}-{number}")) {
        number += 1;
    }
    format!("{name}-{number}")
}

fn drop_unused<P: Profile>(document: &mut DocumentMut, rest: &[Account], name: &str) {
    let table = document.get(P::TABLE).and_then(|table| table.get(name));
    let is_ours = table
        .and_then(Item::as_table)
        .is_some_and(|table| text_of_option(table.decor().prefix()).contains(MADE_BY_US));
    if is_ours && !is_used_by_others::<P>(rest, name, "") {
        take_out(document, P::TABLE, name);
    }
}
