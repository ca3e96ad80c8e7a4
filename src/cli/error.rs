//! How a command fails: exit codes and what goes to stderr.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::config::ConfigError;
use crate::engine::EngineError;
use crate::explain::{self, Notice};

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum CliError {
    /// The engine, explained by `explain`.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The command line asks for something that makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Reading or writing the terminal, a pipe, or the demo's files.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::Engine(EngineError::Config(error))
    }
}

/// 0 done, 1 failed, 2 wrong usage, 3 sign-in needed.
const FAILED: u8 = 1;
const USAGE: u8 = 2;
const SIGN_IN: u8 = 3;

/// Returns the exit code of a failed engine call.
pub(in crate::cli) fn exit_code(error: &EngineError) -> ExitCode {
    ExitCode::from(if error.needs_sign_in() {
        SIGN_IN
    } else {
        FAILED
    })
}

/// Prints why a command failed to stderr and returns its exit code.
pub(in crate::cli) fn report(error: &CliError) -> ExitCode {
    match error {
        CliError::Engine(error) => {
            print_notice(&explain::explain(error));
            exit_code(error)
        }
        CliError::Usage(text) => {
            let _ = writeln!(io::stderr(), "error: {text}");
            ExitCode::from(USAGE)
        }
        // A reader that has seen enough (`| head`) is no failure.
        CliError::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        CliError::Io(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::from(FAILED)
        }
    }
}

/// Prints a notice to stderr.
pub(in crate::cli) fn print_notice(notice: &Notice) {
    let _ = io::stderr().write_all(notice_text(notice).as_bytes());
}

/// Writes a notice as text: `error:`, then why, who and what to do.
pub(in crate::cli) fn notice_text(notice: &Notice) -> String {
    let mut lines = vec![format!("error: {}", notice.title)];
    lines.extend(notice.cause.iter().map(|cause| format!("  why:  {cause}")));
    lines.extend(notice.how.iter().map(|how| format!("  hint: {how}")));
    if notice.who != explain::Who::You {
        lines.push(format!("  who:  {}", notice.who.words()));
    }
    lines.extend(notice.copy.lines().map(|line| format!("        {line}")));
    // A server's words mostly begin with its code; saying it twice helps nobody.
    let said = match (notice.detail.as_str(), notice.code.as_str()) {
        (detail, code) if detail.contains(code) => detail.to_owned(),
        ("", code) => code.to_owned(),
        (detail, code) => format!("{code} {detail}"),
    };
    if !said.is_empty() {
        lines.push(format!("  said: {said}"));
    }
    lines.join("\n") + "\n"
}

/// Prints a remark to stderr.
pub(in crate::cli) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Returns the exit code of a message that was not sent.
pub(in crate::cli) fn failure_code(failure: Option<&crate::model::Failure>) -> ExitCode {
    let is_sign_in =
        failure.is_some_and(|failure| failure.kind == crate::model::FailureKind::SignIn);
    ExitCode::from(if is_sign_in { SIGN_IN } else { FAILED })
}
