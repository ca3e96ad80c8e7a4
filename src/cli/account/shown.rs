//! Accounts as they are printed, without their secrets. The fields are documented in `docs/json.md` and stay.

use serde_json::{Value, json};

use crate::cli::args::{Format, OneAccount};
use crate::cli::error::CliError;
use crate::cli::output::{Output, expiry_json};
use crate::cli::session;
use crate::config::Config;
use crate::engine::{Engine, Expiry};
use crate::model::{Account, SignInProfile};

/// `account list`.
pub(super) async fn list(
    engine: &Engine,
    format: Format,
    out: &mut Output,
) -> Result<(), CliError> {
    let config = engine.config();
    let expiries = engine.expiries().await;
    let accounts = config.accounts.iter();
    let json: Vec<Value> = accounts
        .clone()
        .map(|account| as_json(&config, &expiries, account))
        .collect();
    let rows: Vec<Vec<String>> = accounts.map(|account| row(&expiries, account)).collect();
    out.table(format, &json, &rows)
}

/// `account show`.
pub(super) async fn show(
    engine: &Engine,
    args: &OneAccount,
    out: &mut Output,
) -> Result<(), CliError> {
    let config = engine.config();
    let account = account(&config, &args.account)?;
    let expiries = engine.expiries().await;
    let mut value = as_json(&config, &expiries, account);
    if args.format.json {
        return out.json(&value);
    }
    let words = of_account(&expiries, account).map(|expiry| {
        let what = expiry.what.name();
        format!("{what} of {} {}", expiry.profile, expiry.words())
    });
    if let Some(fields) = value.as_object_mut() {
        let words = words.map(Value::from).collect();
        fields.insert("expiries".to_owned(), Value::Array(words));
    }
    print_value(&value, 0, out)
}

fn of_account<'e>(
    expiries: &'e [Expiry],
    account: &Account,
) -> impl Iterator<Item = &'e Expiry> + use<'e> {
    let name = account.name.clone();
    expiries.iter().filter(move |one| one.account == name)
}

/// Finds an account by its name or main address.
pub(super) fn account<'c>(config: &'c Config, given: &str) -> Result<&'c Account, CliError> {
    let name = session::account_of(config, given)?;
    let found = config.accounts.iter().find(|account| account.name == name);
    found.ok_or_else(|| session::not_found("account", given))
}

/// Names the accounts but `account` for which `is_shared` holds.
pub(super) fn others(
    config: &Config,
    account: &str,
    is_shared: impl Fn(&Account) -> bool,
) -> Vec<String> {
    let others = config.accounts.iter().filter(|one| one.name != account);
    others
        .filter(|one| is_shared(one))
        .map(|one| one.name.clone())
        .collect()
}

/// Tells whether an account signs in with the profile of this name.
pub(super) fn signs_in_with(account: &Account, profile: &str) -> bool {
    account.sign_in.name == profile || account.send_sign_in.name == profile
}

fn row(expiries: &[Expiry], account: &Account) -> Vec<String> {
    let ends = of_account(expiries, account)
        .map(|expiry| format!("{} {}", expiry.what.name(), expiry.words()));
    let ends: Vec<String> = ends.collect();
    let more = match account.additional_users.len() {
        0 => String::new(),
        1 => "1 additional user".to_owned(),
        count => format!("{count} additional users"),
    };
    vec![
        account.name.clone(),
        account.address.email.clone(),
        account.servers.incoming.host.clone(),
        more,
        ends.join("; "),
    ]
}

/// One account, after it was saved.
pub(super) async fn account_json(engine: &Engine, account: &Account) -> Value {
    as_json(&engine.config(), &engine.expiries().await, account)
}

fn as_json(config: &Config, expiries: &[Expiry], account: &Account) -> Value {
    let emails = |list: &[crate::model::Address]| -> Vec<String> {
        list.iter().map(|user| user.email.clone()).collect()
    };
    let (sign_in, servers) = (&account.sign_in, &account.servers);
    json!({
        "account": account.name,
        "address": account.address.email,
        "display_name": account.address.name,
        "identity": account.identity(),
        "additional_users": emails(&account.additional_users),
        "on_behalf": emails(&account.on_behalf),
        "sign_in": profile_json(sign_in),
        "sign_in_shared_with": others(config, &account.name, |one| signs_in_with(one, &sign_in.name)),
        "send_sign_in": account.send_sign_in.name,
        "send_method": account.send_sign_in.method,
        "servers": {
            "name": servers.name,
            "incoming": servers.incoming,
            "outgoing": servers.outgoing,
            "fallback": servers.fallback,
            "ca_file": servers.ca_file,
        },
        "expiries": of_account(expiries, account).map(expiry_json).collect::<Vec<_>>(),
        "servers_shared_with": others(config, &account.name, |one| one.servers.name == servers.name),
    })
}

fn profile_json(profile: &SignInProfile) -> Value {
    json!({
        "name": profile.name,
        "provider": profile.provider,
        "method": profile.method,
        "cloud": profile.cloud,
        "tenant": profile.tenant,
        "client_id": profile.client_id,
        "client": profile.client,
        "authority": profile.authority,
        "authorization_endpoint": profile.authorization_endpoint,
        "device_authorization_endpoint": profile.device_authorization_endpoint,
        "token_endpoint": profile.token_endpoint,
        "redirect_uri": profile.redirect_uri,
        "scopes": profile.scopes,
        "secret_expires": profile.secret_expires.map(|day| day.to_string()),
        "certificate": profile.certificate,
        "certificate_key": profile.certificate_key,
        "assertion": profile.assertion,
        "ca_file": profile.ca_file,
    })
}

/// Prints nested JSON as indented `key  value` lines.
fn print_value(value: &Value, depth: usize, out: &mut Output) -> Result<(), CliError> {
    let Some(fields) = value.as_object() else {
        return Ok(());
    };
    for (key, value) in fields {
        let indent = "  ".repeat(depth);
        let label = format!("{indent}{key:<30}");
        match value {
            Value::Object(_) => {
                out.line(&format!("{indent}{key}"))?;
                print_value(value, depth + 1, out)?;
            }
            Value::Array(items) => {
                let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                out.line(&format!("{label} {}", items.join("; ")))?;
            }
            Value::String(text) => out.line(&format!("{label} {text}"))?,
            Value::Null => out.line(&format!("{label} -"))?,
            other => out.line(&format!("{label} {other}"))?,
        }
    }
    Ok(())
}
