//! `migrate`: settings of former days, listed or replaced. Works where the settings' mistakes keep all else from it.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::cli::args::Migrate;
use crate::cli::error::{self, CliError};
use crate::cli::output::Output;
use crate::config::{Config, OldSetting, Paths, Replacement, migrate};
use crate::model::sanitize_line;

/// `migrate`.
pub(in crate::cli) fn run(args: &Migrate, out: &mut Output) -> Result<ExitCode, CliError> {
    let paths = Paths::from_env()?;
    let old = Config::old_settings(&paths)?;
    if args.format.json {
        out.json(&old.iter().map(as_json).collect::<Vec<_>>())?;
    } else {
        for setting in &old {
            out.line(&line(setting))?;
        }
    }
    out.flush()?;
    let replaceable = old
        .iter()
        .filter(|setting| setting.is_replaceable())
        .count();
    if replaceable == 0 {
        error::note(if old.is_empty() {
            "No settings of former days."
        } else {
            "None of them can be replaced without knowing more: edit the file."
        });
        return Ok(ExitCode::SUCCESS);
    }
    if args.yes {
        migrate(&paths, &old)?;
        error::note(&format!("Replaced {replaceable} of {}.", old.len()));
    } else {
        error::note("Nothing was changed; --yes replaces them and keeps all else of the file.");
    }
    Ok(ExitCode::SUCCESS)
}

fn line(setting: &OldSetting) -> String {
    format!(
        "{}:{}: {}: {}\n    is:     {}\n    new:    {}",
        setting.file.display(),
        setting.line,
        sanitize_line(&setting.key.join(".")),
        setting.kind.words(),
        sanitize_line(&setting.found),
        new(&setting.replacement).unwrap_or_else(|| why_not(&setting.replacement).to_owned()),
    )
}

fn new(replacement: &Replacement) -> Option<String> {
    match replacement {
        Replacement::Text(text) => Some(sanitize_line(text)),
        Replacement::Imap(host) => Some(format!("IMAP on {host}:993, TLS")),
        Replacement::Smtp(host) => Some(format!("SMTP on {host}:587, STARTTLS")),
        Replacement::NeedsClientId | Replacement::Unknown => None,
    }
}

const fn why_not(replacement: &Replacement) -> &'static str {
    match replacement {
        Replacement::NeedsClientId => {
            "(a method with OAuth, once client_id is there: see pillarbox admin guide)"
        }
        _ => "(only you can tell)",
    }
}

fn as_json(setting: &OldSetting) -> Value {
    json!({
        "file": setting.file,
        "line": setting.line,
        "key": setting.key.join("."),
        "what": setting.kind.words(),
        "found": setting.found,
        "new": new(&setting.replacement),
    })
}
