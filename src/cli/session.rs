//! From files to a running engine, asking for the vault's passphrase where there is a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::cli::error::{self, CliError};
use crate::cli::log;
use crate::config::{Config, Paths};
use crate::engine::{Engine, EngineError, Event, Locked, Options, Unlock};
use crate::explain::{self, Notice};
use crate::model::{Folder, Mailbox, Role};

/// Whether the engine's workers run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Workers {
    /// The interface: everything in the background.
    Running,
    /// A command: only what it asks for.
    OnDemand,
}

/// How long opening may take before something is said.
const SILENT_WAIT: Duration = Duration::from_secs(2);

/// How often a wrong passphrase may be corrected.
const TRIES: usize = 3;

/// Opens the engine on the user's files; the vault stays closed until [`unlock`].
pub(in crate::cli) async fn open() -> Result<Engine, CliError> {
    start(Paths::from_env()?, Workers::OnDemand).await
}

/// Opens the engine with its workers and the vault, on the user's files or other ones.
pub(in crate::cli) async fn open_interface(paths: Option<Paths>) -> Result<Engine, CliError> {
    let paths = match paths {
        Some(paths) => paths,
        None => Paths::from_env()?,
    };
    start(paths, Workers::Running).await
}

async fn start(paths: Paths, workers: Workers) -> Result<Engine, CliError> {
    for folder in paths.prepare()? {
        let text = format!(
            "note: the rights of {} were too open and have been mended",
            folder.display()
        );
        error::note(&text);
    }
    log::start(&paths);
    let config = Config::load(&paths)?;
    let is_running = workers == Workers::Running;
    let mut unlock = if is_running {
        Unlock::Unattended
    } else {
        Unlock::Later
    };
    let mut tries = 0;
    loop {
        let options = Options {
            paths: paths.clone(),
            config: config.clone(),
            unlock,
            background: is_running,
        };
        match patiently(Engine::start(options)).await {
            Ok(engine) => {
                if workers == Workers::OnDemand {
                    tell_first(&engine);
                }
                return Ok(engine);
            }
            Err(error) => {
                tries += 1;
                unlock = Unlock::Passphrase(passphrase_for(error, tries)?);
            }
        }
    }
}

/// Says what may be waited for when opening takes long.
async fn patiently<T>(opening: impl Future<Output = T>) -> T {
    let mut opening = std::pin::pin!(opening);
    tokio::select! {
        opened = &mut opening => return opened,
        () = tokio::time::sleep(SILENT_WAIT) => {}
    }
    error::note("Still opening; a locked keyring may be asking for its password.");
    opening.await
}

/// Prints what opening had to tell, such as a rebuilt cache; the interface shows it itself.
fn tell_first(engine: &Engine) {
    let mut events = engine.events();
    while let Ok(event) = events.try_recv() {
        if let Event::Problem(problem) = event {
            error::print_notice(&explain::explain(&problem.error));
        }
    }
}

/// Opens the vault for a command that signs in somewhere, asking for the passphrase where there is somebody to ask.
pub(in crate::cli) async fn unlock(engine: &Engine) -> Result<(), CliError> {
    let mut unlock = Unlock::Unattended;
    let mut tries = 0;
    while let Err(error) = patiently(engine.unlock(unlock)).await {
        tries += 1;
        unlock = Unlock::Passphrase(passphrase_for(error, tries)?);
    }
    Ok(())
}

/// Asks for the passphrase if that is what is missing and there is somebody to ask.
pub(in crate::cli) fn passphrase_for(
    error: EngineError,
    tries: usize,
) -> Result<SecretString, CliError> {
    let is_new = match error.locked_vault() {
        Some(locked @ (Locked::New | Locked::NeedsPassphrase)) => locked == Locked::New,
        Some(Locked::WrongPassphrase) if tries > 1 && tries <= TRIES => {
            let _ = writeln!(io::stderr(), "That is not the passphrase.");
            false
        }
        _ => return Err(error.into()),
    };
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(error.into());
    }
    if is_new {
        return choose_passphrase(&explain::explain(&error));
    }
    ask_hidden("Passphrase of the vault: ")
}

fn choose_passphrase(why: &Notice) -> Result<SecretString, CliError> {
    for cause in &why.cause {
        error::note(&format!("{cause}."));
    }
    if !why.detail.is_empty() {
        error::note(&format!("(The keyring: {}.)", why.detail));
    }
    error::note(
        "Choose a passphrase for it; it is asked once each time Pillarbox starts.\n\
         (For unattended use, name a key_file under [vault] in config.toml instead.)",
    );
    loop {
        let first = ask_hidden("New passphrase: ")?;
        if first.expose_secret().chars().count() < 8 {
            let _ = writeln!(io::stderr(), "Please use 8 characters or more.");
            continue;
        }
        let second = ask_hidden("The same again: ")?;
        if first.expose_secret() == second.expose_secret() {
            return Ok(first);
        }
        let _ = writeln!(io::stderr(), "They differ; once more.");
    }
}

/// Asks for a secret without showing it.
pub(in crate::cli) fn ask_hidden(prompt: &str) -> Result<SecretString, CliError> {
    Ok(SecretString::from(rpassword::prompt_password(prompt)?))
}

/// Finds an account's name from its name or main address.
pub(in crate::cli) fn account_name(engine: &Engine, given: &str) -> Result<String, CliError> {
    account_of(&engine.config(), given)
}

/// Does what [`account_name`] does, in a configuration.
pub(in crate::cli) fn account_of(config: &Config, given: &str) -> Result<String, CliError> {
    let found = config
        .accounts
        .iter()
        .find(|account| account.name == given)
        .or_else(|| {
            config
                .accounts
                .iter()
                .find(|account| account.address.email.eq_ignore_ascii_case(given))
        });
    found
        .map(|account| account.name.clone())
        .ok_or_else(|| not_found("account", given))
}

/// Finds a mailbox by its address, or by its account's name.
pub(in crate::cli) async fn mailbox(engine: &Engine, given: &str) -> Result<Mailbox, CliError> {
    let mailboxes = engine.mailboxes().await?;
    let by_address = mailboxes
        .iter()
        .find(|mailbox| mailbox.address.email.eq_ignore_ascii_case(given));
    let found = by_address.or_else(|| {
        mailboxes
            .iter()
            .find(|mailbox| mailbox.account_name == given)
    });
    found.cloned().ok_or_else(|| not_found("mailbox", given))
}

/// Finds a folder by its role or path; a mailbox never synchronised is synchronised first.
pub(in crate::cli) async fn folder(
    engine: &Engine,
    mailbox: &Mailbox,
    given: &str,
) -> Result<Folder, CliError> {
    let mut folders = engine.folders(mailbox.id).await?;
    if folders.is_empty() {
        unlock(engine).await?;
        for (_, result) in engine.sync_once(&[mailbox.id]).await {
            result?;
        }
        folders = engine.folders(mailbox.id).await?;
    }
    let role = Role::from_name(&given.to_ascii_lowercase());
    if !matches!(role, Role::Inbox) && folders.len() < 2 {
        engine.refuse_without_folders(mailbox.id, "found but the inbox")?;
    }
    let by_role = folders
        .iter()
        .find(|folder| role != Role::None && folder.role == role);
    let found = by_role.or_else(|| {
        folders
            .iter()
            .find(|folder| folder.path.eq_ignore_ascii_case(given))
    });
    found.cloned().ok_or_else(|| not_found("folder", given))
}

/// Makes the error for something that is not there.
pub(in crate::cli) fn not_found(what: &'static str, name: &str) -> CliError {
    EngineError::NotFound {
        what,
        name: name.to_owned(),
    }
    .into()
}
