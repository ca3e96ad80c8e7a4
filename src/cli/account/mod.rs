//! `account add|edit|duplicate|list|show|remove`.

mod add;
mod apply;
pub(in crate::cli) mod args;
mod ask;
mod edit;
pub(in crate::cli) mod secrets;
mod shown;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use crate::cli::account::args::Account;
use crate::cli::error::{self, CliError};
use crate::cli::output::Output;
use crate::cli::session;

/// `account`.
pub(in crate::cli) async fn run(command: Account, out: &mut Output) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    match command {
        Account::Add(args) => add::run(&engine, &args, out).await?,
        Account::Edit(args) => edit::run(&engine, &args, out).await?,
        Account::Duplicate(args) => edit::duplicate(&engine, &args, out).await?,
        Account::List(format) => shown::list(&engine, format, out).await?,
        Account::Show(args) => shown::show(&engine, &args, out).await?,
        Account::Remove(args) => {
            let name = session::account_name(&engine, &args.account)?;
            session::unlock(&engine).await?;
            engine.remove_account(&name).await?;
            error::note(&format!(
                "Removed {name}, its secrets and its cache. Nothing was changed on the server."
            ));
        }
    }
    out.flush()?;
    engine.stop().await;
    Ok(ExitCode::SUCCESS)
}
