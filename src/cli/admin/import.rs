//! `admin import`: the filled-in sheet, shown, then saved into the sign-in profile.

use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::admin::{Answer, AnswerMistake, Change, Functions, Kit};
use crate::cli::admin::args::Import;
use crate::cli::admin::subject::find;
use crate::cli::error::{self, CliError};
use crate::cli::output::Output;
use crate::config::{Config, Paths, save_sign_in};

/// A sheet is some hundred lines; nobody answers with more than a mailbox can hold.
const MAX_BYTES: u64 = 1 << 20;

/// `admin import`.
pub(super) fn run(args: &Import, out: &mut Output) -> Result<ExitCode, CliError> {
    let answer = Answer::read(&text(&args.file)?);
    let Some(name) = &args.account else {
        let mistakes = answer.mistakes.clone();
        show(args, &answer, &mistakes, &[], out)?;
        return Ok(code(&mistakes));
    };
    let paths = Paths::from_env()?;
    let config = Config::load(&paths)?;
    let account = find(&config, name)?;
    let mistakes = answer.judged(&Kit::new(&account, Functions::of(&account)));
    let (profile, changes) = answer.apply(&account.sign_in);
    show(args, &answer, &mistakes, &changes, out)?;
    if changes.is_empty() {
        error::note("Nothing changes.");
        return Ok(code(&mistakes));
    }
    let is_wrong = |mistake: &&AnswerMistake| {
        !mistake.is_harmless() && !matches!(mistake, AnswerMistake::Missing(_))
    };
    if mistakes.iter().any(|mistake| is_wrong(&mistake)) {
        error::note("Nothing was saved: correct the answer first.");
        return Ok(ExitCode::FAILURE);
    }
    let users = config.accounts.iter();
    let users: Vec<&str> = users
        .filter(|one| one.sign_in.name == profile.name || one.send_sign_in.name == profile.name)
        .map(|one| one.name.as_str())
        .collect();
    if !args.yes && !is_confirmed(&profile.name, &users)? {
        error::note("Nothing was saved; --yes saves without asking.");
        return Ok(ExitCode::FAILURE);
    }
    save_sign_in(&paths, &profile)?;
    error::note(&format!("Saved the sign-in profile {}.", profile.name));
    if account.sign_in.needs_secret() {
        error::note("Pillarbox asks for the secret at the next sign-in.");
    }
    Ok(code(&mistakes))
}

fn code(mistakes: &[AnswerMistake]) -> ExitCode {
    if mistakes.iter().all(AnswerMistake::is_harmless) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn text(path: &Path) -> Result<String, CliError> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().take(MAX_BYTES).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(path)?
            .take(MAX_BYTES)
            .read_to_end(&mut bytes)?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn is_confirmed(profile: &str, users: &[&str]) -> Result<bool, CliError> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(false);
    }
    let whose = users.join(", ");
    write!(
        io::stderr(),
        "Change the sign-in profile {profile} (used by {whose})? [y/N] "
    )?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

fn show(
    args: &Import,
    answer: &Answer,
    mistakes: &[AnswerMistake],
    changes: &[Change],
    out: &mut Output,
) -> Result<(), CliError> {
    if args.format.json {
        return out.json(&as_json(answer, mistakes, changes));
    }
    let expires = answer.expires.map(|day| day.to_string());
    for (label, value) in [
        ("tenant", &answer.tenant),
        ("client id", &answer.client_id),
        ("object id", &answer.object_id),
        ("secret expires", &expires),
    ] {
        let value = value.as_deref().unwrap_or("-");
        out.line(&format!("{label:<16}{value}"))?;
    }
    for line in answer.notes.lines() {
        out.line(&format!("{:<16}{line}", "notes"))?;
    }
    for change in changes {
        let before = match change.before.as_str() {
            "" => "nothing",
            before => before,
        };
        out.line(&format!(
            "change          {}: {before} -> {}",
            change.key, change.after
        ))?;
    }
    out.flush()?;
    for mistake in mistakes {
        error::note(&format!("note: {}", mistake.words()));
    }
    if let (Some(id), Some(name)) = (&answer.object_id, &args.account) {
        error::note(&format!(
            "The lines that need the object id: pillarbox admin powershell {name} --object-id {id}"
        ));
    }
    Ok(())
}

fn as_json(answer: &Answer, mistakes: &[AnswerMistake], changes: &[Change]) -> Value {
    let changes = changes
        .iter()
        .map(|change| json!({ "key": change.key, "before": change.before, "after": change.after }));
    json!({
        "tenant": answer.tenant,
        "client_id": answer.client_id,
        "object_id": answer.object_id,
        "secret_expires": answer.expires.map(|day| day.to_string()),
        "notes": answer.notes,
        "mistakes": mistakes.iter().map(AnswerMistake::words).collect::<Vec<_>>(),
        "changes": changes.collect::<Vec<_>>(),
    })
}
