//! `mark`, `move`, `delete`: changes that are applied here at once and told to the server.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use crate::cli::args::{Delete, Mark, MarkArg, Move};
use crate::cli::error::{self, CliError};
use crate::cli::session;
use crate::engine::Engine;
use crate::explain;
use crate::model::{FlagChange, Flags, Listed, Mailbox, MessageId};

/// `mark`.
pub(in crate::cli) async fn mark(args: &Mark) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    let rows = rows(&engine, &args.ids).await?;
    let change = match args.as_what {
        MarkArg::Read => FlagChange::set(Flags::SEEN),
        MarkArg::Unread => FlagChange::clear(Flags::SEEN),
        MarkArg::Starred => FlagChange::set(Flags::FLAGGED),
        MarkArg::Unstarred => FlagChange::clear(Flags::FLAGGED),
    };
    engine.mark(ids(&rows), change).await?;
    finish(engine, &rows, args.no_wait).await
}

/// `move`.
pub(in crate::cli) async fn move_to(args: &Move) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    let rows = rows(&engine, &args.ids).await?;
    for mailbox in engine.mailboxes().await? {
        let own: Vec<MessageId> = rows
            .iter()
            .filter(|row| row.mailbox == mailbox.id)
            .map(|row| row.id)
            .collect();
        if !own.is_empty() {
            engine.refuse_without_folders(mailbox.id, "moved")?;
            let target = session::folder(&engine, &mailbox, &args.to).await?;
            engine.move_to(own, target.id).await?;
        }
    }
    finish(engine, &rows, args.no_wait).await
}

/// `delete`.
pub(in crate::cli) async fn delete(args: &Delete) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    let rows = rows(&engine, &args.ids).await?;
    if !args.yes {
        ask_for_good(&engine, &rows).await?;
    }
    engine.delete(ids(&rows)).await?;
    finish(engine, &rows, args.no_wait).await
}

/// Asks before messages go that no trash would keep.
async fn ask_for_good(engine: &Engine, rows: &[Listed]) -> Result<(), CliError> {
    let config = engine.config();
    let lacks_trash = |mailbox: &Mailbox| {
        let mut accounts = config.accounts.iter();
        let account = accounts.find(|account| account.name == mailbox.account_name);
        account.is_some_and(|account| !account.servers.incoming.protocol.has_folders())
    };
    let mailboxes = engine.mailboxes().await?;
    let without: Vec<_> = mailboxes.into_iter().filter(lacks_trash).collect();
    let is_doomed = |row: &&Listed| without.iter().any(|mailbox| mailbox.id == row.mailbox);
    let doomed = rows.iter().filter(is_doomed).count();
    if doomed == 0 {
        return Ok(());
    }
    let why = "POP3 has no trash: the server deletes for good, and nothing brings it back";
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(CliError::Usage(format!("{why}; --yes does it")));
    }
    let _ = write!(io::stderr(), "{why}.\nDelete {doomed}? [y/N] ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(());
    }
    Err(CliError::Usage("nothing was deleted".to_owned()))
}

/// Looks all messages up first, so that a wrong id changes nothing.
async fn rows(engine: &Engine, given: &[i64]) -> Result<Vec<Listed>, CliError> {
    let wanted: Vec<MessageId> = given.iter().map(|id| MessageId::new(*id)).collect();
    let rows = engine.listed(&wanted).await?;
    let missing = wanted
        .iter()
        .find(|id| !rows.iter().any(|row| row.id == **id));
    match missing {
        Some(id) => Err(session::not_found("message", &id.to_string())),
        None => Ok(rows),
    }
}

fn ids(rows: &[Listed]) -> Vec<MessageId> {
    rows.iter().map(|row| row.id).collect()
}

/// Tells the servers, unless asked not to; a change that cannot be told now stays queued.
async fn finish(engine: Engine, rows: &[Listed], no_wait: bool) -> Result<ExitCode, CliError> {
    let mut code = ExitCode::SUCCESS;
    let mailboxes: BTreeSet<_> = rows.iter().map(|row| row.mailbox).collect();
    if !no_wait {
        session::unlock(&engine).await?;
        for mailbox in mailboxes {
            if let Err(error) = engine.replay(mailbox).await {
                error::print_notice(&explain::explain(&error));
                code = error::exit_code(&error);
            }
        }
    }
    engine.stop().await;
    Ok(code)
}
