//! Changes to shared profiles and copies of accounts. The system's file is never written: what differs from it is put
//! into the user's.

use toml_edit::{DocumentMut, Item};

use crate::config::edit::document::{apply, is_new, sub_table, take_out};
use crate::config::edit::fields::{Profile, account_fields};
use crate::config::edit::file::Editing;
use crate::config::edit::{Stored, is_in_file};
use crate::config::{Config, ConfigError, Mistake, Paths, place_of};
use crate::model::{Account, ServerProfile, SignInProfile};

/// Changes a sign-in profile, or adds it, for every account that uses it.
pub fn save_sign_in(paths: &Paths, profile: &SignInProfile) -> Result<(), ConfigError> {
    save(paths, profile)
}

/// Changes a server profile, or adds it, for every account that uses it.
pub fn save_servers(paths: &Paths, profile: &ServerProfile) -> Result<(), ConfigError> {
    save(paths, profile)
}

/// Takes out a sign-in profile that no account uses.
pub fn remove_sign_in(paths: &Paths, name: &str) -> Result<(), ConfigError> {
    remove::<SignInProfile>(paths, name)
}

/// Takes out a server profile that no account uses.
pub fn remove_servers(paths: &Paths, name: &str) -> Result<(), ConfigError> {
    remove::<ServerProfile>(paths, name)
}

/// Gives a sign-in profile that no account uses another name.
pub fn rename_sign_in(paths: &Paths, name: &str, new: &str) -> Result<(), ConfigError> {
    rename::<SignInProfile>(paths, name, new)
}

/// Gives a server profile that no account uses another name.
pub fn rename_servers(paths: &Paths, name: &str, new: &str) -> Result<(), ConfigError> {
    rename::<ServerProfile>(paths, name, new)
}

/// Adds an account that says the same as `name` under the name `new`, with the same profiles.
pub fn duplicate_account(paths: &Paths, name: &str, new: &str) -> Result<Account, ConfigError> {
    let (mut editing, config) = Editing::begin(paths)?;
    let found = config.accounts.iter().find(|account| account.name == name);
    let mut account = found
        .ok_or_else(|| ConfigError::NoSuchAccount(name.to_owned()))?
        .clone();
    if config.accounts.iter().any(|account| account.name == new) {
        return Err(ConfigError::NameTaken(new.to_owned()));
    }
    new.clone_into(&mut account.name);
    let table = sub_table(&mut editing.document, "account", new, "");
    apply(table, &[], account_fields(&account));
    editing.finish()?;
    Ok(account)
}

fn save<P: Stored>(paths: &Paths, profile: &P) -> Result<(), ConfigError> {
    let (mut editing, config) = Editing::begin(paths)?;
    let known = P::all(&config);
    let before = known
        .iter()
        .find(|one| one.name() == profile.name())
        .map(Profile::fields)
        .unwrap_or_default();
    let after = profile.fields();
    if !after.iter().any(|field| is_new(&before, field)) {
        return Ok(());
    }
    let table = sub_table(&mut editing.document, P::TABLE, profile.name(), "");
    apply(table, &before, after);
    let kept = kept_by_system(paths, &P::all(&editing.outcome()?), profile);
    if !kept.is_empty() {
        return Err(ConfigError::Mistakes(kept));
    }
    editing.finish()
}

/// A key of the system's file can be overridden, not taken out.
fn kept_by_system<P: Profile>(paths: &Paths, outcome: &[P], wanted: &P) -> Vec<Mistake> {
    let found = outcome.iter().find(|one| one.name() == wanted.name());
    let found = found.map(Profile::fields).unwrap_or_default();
    let wanted_fields = wanted.fields();
    let left = wanted_fields.iter().filter(|field| {
        let now = found.iter().find(|now| now.key == field.key);
        field.value.is_none() && now.is_some_and(|now| now.value.is_some())
    });
    let mistake = |key: &str| {
        let place = place_of(paths, &[P::TABLE, wanted.name(), key]);
        let (file, line) = place.unwrap_or((paths.system_config.clone(), 0));
        Mistake {
            file,
            line,
            key: format!("{}.{}.{key}", P::TABLE, wanted.name()),
            message: "this stands in the system's file, which Pillarbox does not change; it can be given another \
                      value, but not be left out"
                .to_owned(),
        }
    };
    // A default that depends on another key is filled in again; only what a file says can be in the way.
    left.filter(|field| place_of(paths, &[P::TABLE, wanted.name(), &field.key]).is_some())
        .filter(|field| is_key_in_system(paths, &[P::TABLE, wanted.name(), &field.key]))
        .map(|field| mistake(&field.key))
        .collect()
}

fn is_key_in_system(paths: &Paths, key: &[&str]) -> bool {
    let only_system = Paths {
        config: paths.system_config.clone(),
        ..paths.clone()
    };
    place_of(&only_system, key).is_some()
}

/// Checks that a profile may go: it is there, in the user's file, and nobody uses it.
fn unused<P: Stored>(paths: &Paths, config: &Config, name: &str) -> Result<(), ConfigError> {
    if !P::all(config).iter().any(|one| one.name() == name) {
        return Err(ConfigError::NoSuchProfile(name.to_owned()));
    }
    let users = config.accounts.iter();
    let users: Vec<String> = users
        .filter(|account| P::is_used_by(account, name))
        .map(|account| account.name.clone())
        .collect();
    if !users.is_empty() {
        return Err(ConfigError::ProfileInUse {
            name: name.to_owned(),
            accounts: users,
        });
    }
    if is_in_file(&paths.system_config, P::TABLE, name)? {
        let place = place_of(paths, &[P::TABLE, name]);
        let (file, line) = place.unwrap_or((paths.system_config.clone(), 0));
        return Err(ConfigError::Mistakes(vec![Mistake {
            file,
            line,
            key: format!("{}.{name}", P::TABLE),
            message: "this profile stands in the system's file, which Pillarbox does not change"
                .to_owned(),
        }]));
    }
    Ok(())
}

fn remove<P: Stored>(paths: &Paths, name: &str) -> Result<(), ConfigError> {
    let (mut editing, config) = Editing::begin(paths)?;
    unused::<P>(paths, &config, name)?;
    take_out(&mut editing.document, P::TABLE, name);
    editing.finish()
}

fn rename<P: Stored>(paths: &Paths, name: &str, new: &str) -> Result<(), ConfigError> {
    let (mut editing, config) = Editing::begin(paths)?;
    unused::<P>(paths, &config, name)?;
    if P::all(&config).iter().any(|one| one.name() == new) {
        return Err(ConfigError::NameTaken(new.to_owned()));
    }
    if let Some(item) = taken(&mut editing.document, P::TABLE, name) {
        let parent = editing.document.get_mut(P::TABLE);
        if let Some(parent) = parent.and_then(Item::as_table_like_mut) {
            parent.insert(new, item);
        }
    }
    editing.finish()
}

/// The table keeps its place in the file and the comments above it.
fn taken(document: &mut DocumentMut, table: &str, name: &str) -> Option<Item> {
    let parent = document.get_mut(table)?.as_table_like_mut()?;
    parent.remove(name)
}
