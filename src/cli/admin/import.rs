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
use crate::cli::session;
use crate::config::{Config, Paths, save_sign_in};
use crate::engine::ConfigChange;
use crate::model::{Account, SignInProfile};

/// A sheet is some hundred lines; nobody answers with more than a mailbox can hold.
const MAX_BYTES: u64 = 1 << 20;

/// `admin import`.
pub(super) async fn run(args: &Import, out: &mut Output) -> Result<ExitCode, CliError> {
    let answer = Answer::read(&text(&args.file)?);
    let Some(name) = &args.account else {
        let mistakes = answer.mistakes.clone();
        show(args, &answer, (&mistakes, &[]), out)?;
        return Ok(code(&mistakes));
    };
    let paths = Paths::from_env()?;
    let config = Config::load(&paths)?;
    let account = find(&config, name)?;
    let mistakes = answer.judged(&Kit::new(&account, Functions::of(&account)));
    let changed = changed(&answer, &account);
    show(args, &answer, (&mistakes, &changed), out)?;
    if changed.is_empty() {
        error::note("Nothing changes.");
        return Ok(code(&mistakes));
    }
    let is_wrong = |mistake: &&AnswerMistake| !mistake.is_harmless() && !mistake.is_missing();
    if mistakes.iter().any(|mistake| is_wrong(&mistake)) {
        error::note("Nothing was saved: correct the answer first.");
        return Ok(ExitCode::FAILURE);
    }
    for one in &changed {
        let name = &one.new.name;
        let users = config.accounts.iter();
        let users: Vec<&str> = users
            .filter(|user| user.sign_in.name == *name || user.send_sign_in.name == *name)
            .map(|user| user.name.as_str())
            .collect();
        if !args.yes && !is_confirmed(name, &users)? {
            error::note("Nothing was saved; --yes saves without asking.");
            return Ok(ExitCode::FAILURE);
        }
        save(&paths, one, &account.name).await?;
    }
    Ok(code(&mistakes))
}

/// A profile, and what it will be.
struct Changed<'a> {
    old: &'a SignInProfile,
    new: SignInProfile,
    changes: Vec<Change>,
}

/// Puts the answer into the profiles of an account; returns those that change.
fn changed<'a>(answer: &Answer, account: &'a Account) -> Vec<Changed<'a>> {
    let sending = answer.sending.as_deref();
    let sending = sending.filter(|_| account.send_sign_in.name != account.sign_in.name);
    let pairs = [
        (Some(answer), &account.sign_in),
        (sending, &account.send_sign_in),
    ];
    let all = pairs.into_iter().filter_map(|(answer, old)| {
        let (new, changes) = answer?.apply(old);
        Some(Changed { old, new, changes })
    });
    all.filter(|one| !one.changes.is_empty()).collect()
}

/// Saves a profile. The secret of another application is forgotten first, which takes the vault.
async fn save(paths: &Paths, changed: &Changed<'_>, account: &str) -> Result<(), CliError> {
    let Changed { old, new, .. } = changed;
    let is_other = !old.client_id.is_empty() && old.client_id != new.client_id;
    if is_other && old.needs_secret() {
        let engine = session::open().await?;
        session::unlock(&engine).await?;
        let change = ConfigChange::SignIn(Box::new(new.clone()));
        engine.change_config(change).await?;
        engine.stop().await;
    } else {
        save_sign_in(paths, new)?;
    }
    error::note(&format!("Saved the sign-in profile {}.", new.name));
    if !new.needs_secret() {
        return Ok(());
    }
    error::note(&if old.client_id == new.client_id {
        format!(
            "Its secret stays; a new one is entered with: pillarbox account edit {account} --secret-stdin"
        )
    } else {
        "Pillarbox asks for the secret at the next sign-in.".to_owned()
    });
    Ok(())
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
    (mistakes, changed): (&[AnswerMistake], &[Changed<'_>]),
    out: &mut Output,
) -> Result<(), CliError> {
    if args.format.json {
        return out.json(&as_json(answer, mistakes, changed));
    }
    show_values(answer, out)?;
    if let Some(sending) = &answer.sending {
        out.line("for sending")?;
        show_values(sending, out)?;
    }
    for one in changed {
        for change in &one.changes {
            let before = match change.before.as_str() {
                "" => "nothing",
                before => before,
            };
            let (profile, key, after) = (&one.new.name, change.key, &change.after);
            out.line(&format!(
                "{:<16}{profile}: {key}: {before} -> {after}",
                "change"
            ))?;
        }
    }
    out.flush()?;
    for mistake in mistakes {
        error::note(&format!("note: {}", mistake.words()));
    }
    let sending = answer.sending.as_deref();
    let ids = [
        ("--object-id", &answer.object_id),
        (
            "--send-object-id",
            sending.map_or(&None, |sending| &sending.object_id),
        ),
    ];
    let flags = ids
        .iter()
        .filter_map(|(flag, id)| Some(format!(" {flag} {}", id.as_ref()?)));
    let flags: String = flags.collect();
    if let Some(name) = args.account.as_ref().filter(|_| !flags.is_empty()) {
        error::note(&format!(
            "The lines that need the object id: pillarbox admin powershell {name}{flags}"
        ));
    }
    Ok(())
}

fn show_values(answer: &Answer, out: &mut Output) -> Result<(), CliError> {
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
    Ok(())
}

fn as_json(answer: &Answer, mistakes: &[AnswerMistake], profiles: &[Changed<'_>]) -> Value {
    let changes = profiles.iter().flat_map(|one| {
        let name = one.new.name.as_str();
        one.changes.iter().map(move |change| {
            json!({ "profile": name, "key": change.key, "before": change.before, "after": change.after })
        })
    });
    let mut value = values_json(answer);
    let more = json!({
        "sending": answer.sending.as_deref().map(values_json),
        "mistakes": mistakes.iter().map(AnswerMistake::words).collect::<Vec<_>>(),
        "changes": changes.collect::<Vec<_>>(),
    });
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

fn values_json(answer: &Answer) -> Value {
    json!({
        "tenant": answer.tenant,
        "client_id": answer.client_id,
        "object_id": answer.object_id,
        "secret_expires": answer.expires.map(|day| day.to_string()),
        "notes": answer.notes,
    })
}
