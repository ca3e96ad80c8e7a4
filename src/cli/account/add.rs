//! `account add`: what is found out, with flags over it, and questions for the rest.

use crate::cli::account::args::Add;
use crate::cli::account::secrets::{Given, tell_next};
use crate::cli::account::{apply, ask, shown};
use crate::cli::error::{self, CliError};
use crate::cli::output::Output;
use crate::engine::{Candidate, Engine};
use crate::model::{Address, IncomingProtocol, Provider, SignInProfile};

/// Adds an account.
pub(super) async fn run(engine: &Engine, args: &Add, out: &mut Output) -> Result<(), CliError> {
    apply::refuse_clashes(&args.flags)?;
    apply::refuse_vague_secret(&args.flags)?;
    let config = engine.config();
    let address = ask::address(args.address.as_deref())?;
    let mut candidate = candidate(engine, args, address).await?;
    if let Some(name) = &args.name {
        candidate.account.name.clone_from(name);
    }
    let name = candidate.account.name.clone();
    if config.accounts.iter().any(|account| account.name == name) {
        return Err(CliError::Usage(format!(
            "there is an account named {name}; pillarbox account edit {name} changes it"
        )));
    }
    take_provider(engine, args, &mut candidate);
    apply::all(&args.flags, &config, &mut candidate.account)?;
    if let Some(host) = &candidate.stands_for_ews
        && candidate.account.servers.incoming.protocol == IncomingProtocol::Imap
    {
        error::note(&format!(
            "{host} was given for Exchange Web Services, which Exchange Online blocks since October 2026: {} is read \
             over IMAP instead. --protocol graph or --protocol ews chooses otherwise.",
            candidate.account.servers.incoming.host
        ));
    }
    candidate.look_again();
    ask::consent(args, &candidate)?;
    ask::missing(&mut candidate)?;
    let given = Given::read(&args.flags.secrets, &candidate.account)?;
    engine.save_account(candidate.account).await?;
    // Saving may have given its profiles other names.
    let config = engine.config();
    let account = shown::account(&config, &name)?;
    given.keep(engine, account).await?;
    if args.format.json {
        return out.json(&shown::account_json(engine, account).await);
    }
    out.line(&format!("Saved account {name}."))?;
    tell_next(account);
    Ok(())
}

/// Finds out what can be found out, and asks no network where nothing is left to find.
async fn candidate(engine: &Engine, args: &Add, address: Address) -> Result<Candidate, CliError> {
    let flags = &args.flags;
    if let Some(text) = &flags.servers.server {
        return old_server(engine, address, text);
    }
    let has_servers = flags.servers.named.is_some()
        || flags.servers.imap.is_some()
        || flags.servers.protocol.is_some();
    let has_sign_in = flags.sign_in.profile.is_some() || flags.sign_in.provider.is_some();
    if args.no_discover || (has_servers && has_sign_in) {
        let provider = flags.sign_in.provider.map(Provider::from);
        let cloud = flags.sign_in.cloud.map(Into::into).unwrap_or_default();
        return Ok(engine.candidate_without_asking(address, provider, cloud));
    }
    Ok(engine.discover(address).await?)
}

/// Reads a server address of an older program.
pub(super) fn old_server(
    engine: &Engine,
    address: Address,
    text: &str,
) -> Result<Candidate, CliError> {
    let candidate = engine.candidate_of_old_server(address, text);
    candidate.ok_or_else(|| {
        CliError::Usage(format!(
            "--server takes an address of an older program, such as EWS:outlook.office365.com/ews/Exchange.asmx, not \
             \"{text}\"; --imap and --smtp take HOST:PORT"
        ))
    })
}

/// Another provider than the one that was found: what was found about signing in is of no use, and neither are its
/// servers where the provider has its own.
fn take_provider(engine: &Engine, args: &Add, candidate: &mut Candidate) {
    let Some(provider) = args.flags.sign_in.provider.map(Provider::from) else {
        return;
    };
    let found = &candidate.account.sign_in;
    if found.provider == provider {
        return;
    }
    let cloud = args.flags.sign_in.cloud.map(Into::into).unwrap_or_default();
    let address = candidate.account.address.clone();
    let fresh = engine.candidate_without_asking(address, Some(provider), cloud);
    let domains = found.domains.clone();
    candidate.account.sign_in = SignInProfile {
        domains,
        ..fresh.account.sign_in
    };
    candidate.account.send_sign_in = candidate.account.sign_in.clone();
    if !fresh.account.servers.incoming.host.is_empty() {
        candidate.account.servers = fresh.account.servers;
        candidate.needs_consent = None;
    }
}
