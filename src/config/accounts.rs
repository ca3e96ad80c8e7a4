//! `[account.X]`: accounts with their profiles resolved. Signs nobody in.

use std::collections::BTreeMap;

use crate::config::section::{Section, did_you_mean, one_of, shown};
use crate::model::{
    Account, Address, AddressError, Method, Provider, ServerProfile, SignInProfile,
    parse_address_list,
};

const KEYS: &[&str] = &[
    "address",
    "name",
    "sign_in",
    "send_sign_in",
    "servers",
    "login",
    "additional_users",
    "on_behalf",
];

/// Profiles by name; `None` marks one that has mistakes of its own.
pub struct Profiles {
    /// Sign-in profiles.
    pub sign_in: BTreeMap<String, Option<SignInProfile>>,
    /// Server profiles.
    pub servers: BTreeMap<String, Option<ServerProfile>>,
}

/// Reads an account; `None` when a mistake was reported here or in one of its profiles.
pub fn read(name: &str, section: Section<'_>, profiles: &Profiles) -> Option<Account> {
    let section = section.only(KEYS);
    let address = address(&section);
    let login = section.text("login").map(str::to_owned);
    let additional_users = additional_users(&section, address.as_ref());
    let on_behalf = on_behalf(&section, &additional_users);
    let sign_in = if section.get("sign_in").is_none() {
        by_domain(&section, address.as_ref(), profiles)
    } else {
        profile(&section, "sign_in", &profiles.sign_in)
    };
    let send_sign_in = if section.get("send_sign_in").is_none() {
        sign_in.clone()
    } else {
        profile(&section, "send_sign_in", &profiles.sign_in)
    };
    if let Some(sign_in) = &sign_in {
        check_sign_in(&section, sign_in, &additional_users);
    }
    let servers = if section.get("servers").is_none() {
        same_name(&section, sign_in.as_ref(), profiles)
    } else {
        profile(&section, "servers", &profiles.servers)
    };
    Some(Account {
        name: name.to_owned(),
        address: address?,
        sign_in: sign_in?,
        send_sign_in: send_sign_in?,
        login,
        servers: servers?,
        additional_users,
        on_behalf,
    })
}

/// What a profile allows depends on what an account does with it.
fn check_sign_in(section: &Section<'_>, profile: &SignInProfile, additional_users: &[Address]) {
    if profile.provider == Provider::Microsoft365 && profile.method == Method::Password {
        section.mistake(
            "sign_in",
            "Microsoft 365 has taken no passwords for reading since January 2023 (for sending only until the end of \
             December 2026); expected a profile with another method, the password one as send_sign_in",
        );
    }
    if profile.provider == Provider::OutlookCom && !additional_users.is_empty() {
        section.mistake(
            "additional_users",
            "personal accounts open no mailbox but their own; expected none, or an account for each",
        );
    }
}

fn address(section: &Section<'_>) -> Option<Address> {
    let name = section.text("name");
    let text = section.required("address", "a mail address")?;
    let mut list = parse_address_list(text);
    let parsed = (
        list.addresses.pop(),
        list.addresses.is_empty(),
        list.errors.is_empty(),
    );
    let (Some(mut address), true, true) = parsed else {
        let message = format!("expected one mail address, found {}", shown(text));
        section.mistake("address", message);
        return None;
    };
    if let Some(name) = name {
        name.clone_into(&mut address.name);
    }
    Some(address)
}

/// Every piece that is no address or stands there twice is pointed at, in its own line if it has one.
fn additional_users(section: &Section<'_>, main: Option<&Address>) -> Vec<Address> {
    let key = "additional_users";
    let mut users: Vec<Address> = Vec::new();
    for (text, place) in section.texts(key) {
        let list = parse_address_list(text);
        for error in list.errors {
            let message = match error {
                AddressError::Malformed(piece) => {
                    format!("expected mail addresses, found {}", shown(&piece))
                }
                AddressError::Duplicate(email) => format!("{} is listed twice", shown(&email)),
            };
            section.mistake_at(place, key, message);
        }
        for user in list.addresses {
            if users.iter().any(|known| known.is_same_mailbox(&user)) {
                let message = format!("{} is listed twice", shown(&user.email));
                section.mistake_at(place, key, message);
            } else if main.is_some_and(|main| main.is_same_mailbox(&user)) {
                let message = format!("{} is the account's main address", shown(&user.email));
                section.mistake_at(place, key, message);
            } else {
                users.push(user);
            }
        }
    }
    users
}

/// Only an additional user can be sent on behalf of.
fn on_behalf(section: &Section<'_>, additional_users: &[Address]) -> Vec<Address> {
    let key = "on_behalf";
    let mut users: Vec<Address> = Vec::new();
    for (text, place) in section.texts(key) {
        let list = parse_address_list(text);
        for error in list.errors {
            let message = format!("expected mail addresses, each once: {error}");
            section.mistake_at(place, key, message);
        }
        for user in list.addresses {
            if additional_users
                .iter()
                .any(|known| known.is_same_mailbox(&user))
            {
                users.push(user);
            } else {
                let message = format!(
                    "expected addresses of additional_users, found {}",
                    shown(&user.email)
                );
                section.mistake_at(place, key, message);
            }
        }
    }
    users
}

fn profile<T: Clone>(
    section: &Section<'_>,
    key: &str,
    profiles: &BTreeMap<String, Option<T>>,
) -> Option<T> {
    let name = section.text(key)?;
    if let Some(found) = profiles.get(name) {
        return found.clone();
    }
    let names: Vec<&str> = profiles.keys().map(String::as_str).collect();
    let table = if key == "servers" {
        "servers"
    } else {
        "sign_in"
    };
    let message = format!(
        "there is no [{table}.{}]{}; expected {}",
        shown(name).trim_matches('"'),
        did_you_mean(name, &names),
        one_of(&names)
    );
    section.mistake(key, message);
    None
}

/// An organisation's profile names its domains, so that an address alone is enough.
fn by_domain(
    section: &Section<'_>,
    address: Option<&Address>,
    profiles: &Profiles,
) -> Option<SignInProfile> {
    let found = address.and_then(|address| {
        let all = profiles.sign_in.values().flatten();
        for_domain(all, address.domain())
    });
    if found.is_none() && address.is_some() {
        let message = "missing; expected the name of a [sign_in.…] profile";
        section.mistake("sign_in", message);
    }
    found.cloned()
}

/// Finds the profile meant for a mail domain: by its `domains`, else by its tenant.
pub fn for_domain<'a>(
    profiles: impl Iterator<Item = &'a SignInProfile> + Clone,
    domain: &str,
) -> Option<&'a SignInProfile> {
    let domain = domain.to_lowercase();
    if domain.is_empty() {
        return None;
    }
    let mut listed = profiles.clone();
    let mut by_tenant = profiles;
    listed
        .find(|profile| profile.domains.contains(&domain))
        .or_else(|| by_tenant.find(|profile| profile.tenant.to_lowercase() == domain))
}

fn same_name(
    section: &Section<'_>,
    sign_in: Option<&SignInProfile>,
    profiles: &Profiles,
) -> Option<ServerProfile> {
    let sign_in = sign_in?;
    if let Some(found) = profiles.servers.get(&sign_in.name) {
        return found.clone();
    }
    let message = "missing; expected the name of a [servers.…] profile";
    section.mistake("servers", message);
    None
}
