//! `account edit` and `account duplicate`.

use crate::cli::account::args::{Duplicate, Edit};
use crate::cli::account::secrets::{Given, tell_next};
use crate::cli::account::shown::{others, signs_in_with};
use crate::cli::account::{add, apply, ask, shown};
use crate::cli::error::{self, CliError};
use crate::cli::output::Output;
use crate::cli::session;
use crate::config::{self, Config};
use crate::engine::Engine;
use crate::model::{Account, ServerProfile, SignInProfile};

/// Changes what flags name.
pub(super) async fn run(engine: &Engine, args: &Edit, out: &mut Output) -> Result<(), CliError> {
    apply::refuse_clashes(&args.flags)?;
    let before = engine.config();
    let old = shown::account(&before, &args.account)?;
    let mut account = old.clone();
    if let Some(address) = &args.address {
        let name = account.address.name.clone();
        account.address = ask::one_address(address)?;
        if account.address.name.is_empty() {
            account.address.name = name;
        }
    }
    take_old_server(engine, args, &mut account)?;
    apply::all(&args.flags, &before, &mut account)?;
    let given = Given::read(&args.flags.secrets, &account)?;
    if forgets_secret(old, &account) {
        // Before anything is saved: a vault that stays closed must not keep what is of no use any more.
        session::unlock(engine).await?;
    }
    if !args.new_profile {
        change_shared(engine, &before, (old, &account))?;
    }
    let name = account.name.clone();
    engine.save_account(account).await?;
    let after = engine.config();
    let account = shown::account(&after, &name)?;
    if !args.flags.secrets.secret_stdin {
        tell_secret(&before, (&old.sign_in, &account.sign_in));
        if account.send_sign_in.name != account.sign_in.name {
            tell_secret(&before, (&old.send_sign_in, &account.send_sign_in));
        }
    }
    given.keep(engine, account).await?;
    if args.format.json {
        return out.json(&shown::account_json(engine, account).await);
    }
    out.line(&format!("Saved account {name}."))?;
    if account.sign_in != old.sign_in || account.send_sign_in != old.send_sign_in {
        tell_next(account);
    }
    Ok(())
}

/// Tells whether a profile gets another application, whose secret is another one.
fn forgets_secret(old: &Account, new: &Account) -> bool {
    let pairs = [
        (&old.sign_in, &new.sign_in),
        (&old.send_sign_in, &new.send_sign_in),
    ];
    pairs.into_iter().any(|(old, new)| {
        old.needs_secret() && old.name == new.name && old.client_id != new.client_id
    })
}

/// Says what becomes of the secret of a profile that was changed, or that is new.
fn tell_secret(before: &Config, (old, new): (&SignInProfile, &SignInProfile)) {
    if !new.needs_secret() {
        return;
    }
    let name = &new.name;
    if old.name != *name {
        if !before.sign_in.contains_key(name) {
            error::note(&format!(
                "The sign-in profile {name} is new and has no secret yet; the one of {} stays there.",
                old.name
            ));
        }
    } else if old.needs_secret() && old.client_id != new.client_id {
        error::note(&format!(
            "The secret of the former application is forgotten: {name} needs that of the new one."
        ));
    } else if old.needs_secret() && old != new {
        error::note(&format!(
            "The secret kept for {name} stays: its application is the same."
        ));
    }
}

fn take_old_server(engine: &Engine, args: &Edit, account: &mut Account) -> Result<(), CliError> {
    let Some(text) = &args.flags.servers.server else {
        return Ok(());
    };
    let candidate = add::old_server(engine, account.address.clone(), text)?;
    let found = candidate.account.servers;
    if args.flags.servers.protocol.is_none() {
        error::note(&format!(
            "Exchange Online blocks Exchange Web Services since October 2026: {} is read over IMAP instead. --protocol \
             graph or --protocol ews chooses otherwise.",
            found.incoming.host
        ));
    }
    account.servers = ServerProfile {
        name: account.servers.name.clone(),
        files_sent_copy: account.servers.files_sent_copy,
        fallback: account.servers.fallback.clone(),
        ca_file: account.servers.ca_file.clone(),
        ..found
    };
    Ok(())
}

/// Changes profiles that other accounts use as well, and says whose; those of this account alone change with it.
fn change_shared(
    engine: &Engine,
    config: &Config,
    (old, new): (&Account, &Account),
) -> Result<(), CliError> {
    let paths = engine.paths();
    let sign_ins = [
        (&old.sign_in, &new.sign_in),
        (&old.send_sign_in, &new.send_sign_in),
    ];
    for (old_profile, profile) in sign_ins {
        let is_changed = old_profile != profile && old_profile.name == profile.name;
        let sharing = others(config, &new.name, |one| signs_in_with(one, &profile.name));
        if is_changed && !sharing.is_empty() {
            config::save_sign_in(&paths, profile)?;
            tell_sharing("Sign-in", &profile.name, &sharing);
            if sign_ins[0].1.name == sign_ins[1].1.name {
                break;
            }
        }
    }
    let is_changed = old.servers != new.servers && old.servers.name == new.servers.name;
    let sharing = others(config, &new.name, |one| {
        one.servers.name == new.servers.name
    });
    if is_changed && !sharing.is_empty() {
        config::save_servers(&paths, &new.servers)?;
        tell_sharing("Server", &new.servers.name, &sharing);
    }
    Ok(())
}

fn tell_sharing(what: &str, profile: &str, sharing: &[String]) {
    error::note(&format!(
        "{what} profile {profile} is changed for {} too; --new-profile changes it for one account alone.",
        sharing.join(", ")
    ));
}

/// Copies an account; tokens and passwords are not copied.
pub(super) async fn duplicate(
    engine: &Engine,
    args: &Duplicate,
    out: &mut Output,
) -> Result<(), CliError> {
    let address = args.address.as_deref().map(ask::one_address).transpose()?;
    let name = shown::account(&engine.config(), &args.account)?
        .name
        .clone();
    let mut copy = config::duplicate_account(&engine.paths(), &name, &args.new)?;
    if let Some(address) = address {
        copy.address = address;
        copy.login = None;
    }
    // Reads the settings again in any case.
    engine.save_account(copy).await?;
    let config = engine.config();
    let account = shown::account(&config, &args.new)?;
    if args.format.json {
        return out.json(&shown::account_json(engine, account).await);
    }
    out.line(&format!("Saved account {}.", args.new))?;
    tell_next(account);
    Ok(())
}
