//! `vault show|move`: where secrets are kept.

pub(in crate::cli) mod args;

use std::process::ExitCode;

use serde_json::json;

use crate::cli::error::{self, CliError};
use crate::cli::output::Output;
use crate::cli::session;
use crate::cli::vault::args::{KindArg, Move, Vault};
use crate::config::{VaultKind, VaultSetting};
use crate::engine::{Engine, Unlock};
use crate::explain;

/// `vault`.
pub(in crate::cli) async fn run(command: &Vault, out: &mut Output) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    match command {
        Vault::Show(format) => show(&engine, format.json, out).await?,
        Vault::Move(args) => move_to(&engine, args, out).await?,
    }
    out.flush()?;
    engine.stop().await;
    Ok(ExitCode::SUCCESS)
}

async fn show(engine: &Engine, is_json: bool, out: &mut Output) -> Result<(), CliError> {
    let config = engine.config();
    let vault = &config.vault;
    let kind = match vault.kind {
        VaultKind::Auto => "auto",
        VaultKind::Keyring => "keyring",
        VaultKind::File => "file",
        VaultKind::Command => "command",
    };
    // A vault that needs a passphrase is described all the same.
    let closed = engine.unlock(Unlock::Unattended).await.err();
    let closed = closed.map(|error| explain::explain(&error).title);
    let place = engine.vault_description();
    let commands = vault.commands.as_ref().map(|commands| {
        json!({"read": commands.read, "write": commands.write, "remove": commands.remove})
    });
    if is_json {
        return out.json(&json!({
            "kind": kind,
            "place": place,
            "key_file": vault.key_file,
            "commands": commands,
            "closed": closed,
        }));
    }
    out.line(&format!("kind      {kind}"))?;
    out.line(&format!("kept in   {place}"))?;
    if let Some(file) = &vault.key_file {
        out.line(&format!("key file  {}", file.display()))?;
    }
    if let Some(why) = closed {
        out.line(&format!("closed    {why}"))?;
    }
    Ok(())
}

async fn move_to(engine: &Engine, args: &Move, out: &mut Output) -> Result<(), CliError> {
    let setting = setting(args)?;
    session::unlock(engine).await?;
    let mut unlock = Unlock::Unattended;
    let mut tries = 0;
    let moved = loop {
        match engine.move_vault(&setting, unlock).await {
            Ok(moved) => break moved,
            Err(error) => {
                tries += 1;
                unlock = Unlock::Passphrase(session::passphrase_for(error, tries)?);
            }
        }
    };
    if args.format.json {
        out.json(&json!({"moved": moved, "kind": setting.kind}))?;
    } else {
        let secrets = if moved == 1 { "secret" } else { "secrets" };
        out.line(&format!(
            "Moved {moved} {secrets}; the settings say so now."
        ))?;
    }
    error::note("Other running copies of Pillarbox look in the old place: start them anew.");
    Ok(())
}

fn setting(args: &Move) -> Result<VaultSetting, CliError> {
    let kind = match args.to {
        KindArg::Keyring => "keyring",
        KindArg::File | KindArg::KeyFile => "file",
        KindArg::Command => "command",
    };
    let is = |wanted: KindArg| args.to == wanted;
    if !is(KindArg::KeyFile) && args.key_file.is_some() {
        return Err(CliError::Usage(
            "--key-file goes with --to key-file".to_owned(),
        ));
    }
    let has_programs = args.read.is_some() || args.write.is_some() || args.remove.is_some();
    if !is(KindArg::Command) && has_programs {
        return Err(CliError::Usage(
            "--read, --write and --remove go with --to command".to_owned(),
        ));
    }
    Ok(VaultSetting {
        kind: kind.to_owned(),
        key_file: args
            .key_file
            .as_ref()
            .map(std::path::absolute)
            .transpose()?,
        read: args.read.clone(),
        write: args.write.clone(),
        remove: args.remove.clone(),
    })
}
