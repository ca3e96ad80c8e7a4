//! Commands: clap types, one file per subcommand, text and `--json` output, exit codes.
//!
//! stdout carries the result, stderr everything else. No command asks a question without a terminal.

mod account;
mod admin;
mod args;
mod check;
mod demo;
mod error;
mod explain;
mod log;
mod mail;
mod migrate;
mod output;
mod session;
mod sign_in;
mod token;
mod vault;

#[cfg(test)]
mod tests;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use jiff::tz::TimeZone;

use crate::cli::args::{Cli, Command};
use crate::cli::error::CliError;
use crate::cli::mail::{act, outbox, read, send};
use crate::cli::output::Output;

/// Runs the program: parses the arguments, does what they say, turns the result into an exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    leave_no_core();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(source) => return error::report(&CliError::Io(source)),
    };
    let result = runtime.block_on(run(cli));
    // A keyring call that never returns must not keep the program from ending.
    runtime.shutdown_background();
    match result {
        Ok(code) => code,
        Err(error) => error::report(&error),
    }
}

/// A core file would hold every token in the clear: the program leaves none, and neither do programs that it starts.
fn leave_no_core() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        // Lowering a limit is always allowed.
        let _ = setrlimit(Resource::Core, none);
    }
}

async fn run(cli: Cli) -> Result<ExitCode, CliError> {
    let mut output = Output::stdout();
    let out = &mut output;
    match cli.command {
        None => interface().await,
        Some(Command::Demo(args)) => demo::run(&args, out).await,
        Some(Command::Account(command)) => account::run(command, out).await,
        Some(Command::SignIn(args)) => sign_in::run(&args, out).await,
        Some(Command::SignOut(args)) => sign_in::sign_out(&args.account).await,
        Some(Command::Token(args)) => token::run(&args, out).await,
        Some(Command::Check(args)) => check::run(&args, out).await,
        Some(Command::Sync(args)) => read::sync(&args, out).await,
        Some(Command::Folders(args)) => read::folders(&args, out).await,
        Some(Command::List(args)) => read::list(&args, out).await,
        Some(Command::Show(args)) => read::show(&args, out).await,
        Some(Command::Search(args)) => read::search(&args, out).await,
        Some(Command::Mark(args)) => act::mark(&args).await,
        Some(Command::Move(args)) => act::move_to(&args).await,
        Some(Command::Delete(args)) => act::delete(&args).await,
        Some(Command::Send(args)) => send::run(&args, out).await,
        Some(Command::Outbox(command)) => outbox::run(&command, out).await,
        Some(Command::Admin(command)) => admin::run(&command, out).await,
        Some(Command::Vault(command)) => vault::run(&command, out).await,
        Some(Command::Migrate(args)) => migrate::run(&args, out),
        Some(Command::Explain(args)) => explain::run(&args, out),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(
                shell,
                &mut Cli::command(),
                "pillarbox",
                &mut std::io::stdout(),
            );
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn interface() -> Result<ExitCode, CliError> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(CliError::Usage(
            "The interface needs a terminal; see pillarbox --help for commands that do not"
                .to_owned(),
        ));
    }
    // Finding the time zone means reading hundreds of names: it is known when the first dates are drawn.
    std::thread::spawn(TimeZone::system);
    let engine = session::open_interface(None).await?;
    let result = crate::tui::run(engine.clone(), None).await;
    engine.stop().await;
    result?;
    Ok(ExitCode::SUCCESS)
}
