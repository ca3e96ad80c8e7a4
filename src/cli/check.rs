//! `check`: accounts tested step by step; the exit code says whether all passed.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::cli::args::Check;
use crate::cli::error::{self, CliError};
use crate::cli::output::{Output, notice_json};
use crate::cli::session;
use crate::engine::CheckLine;
use crate::explain;

/// `check`.
pub(in crate::cli) async fn run(args: &Check, out: &mut Output) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    session::unlock(&engine).await?;
    let mut names = Vec::new();
    for given in &args.accounts {
        names.push(session::account_name(&engine, given)?);
    }
    if args.accounts.is_empty() {
        names = engine
            .config()
            .accounts
            .iter()
            .map(|account| account.name.clone())
            .collect();
    }
    if names.is_empty() {
        return Err(session::not_found("account", "to check"));
    }
    let mut lines: Vec<Value> = Vec::new();
    let (mut passed, mut all) = (0, 0);
    for name in names {
        let mut results = engine.check(&name);
        while let Some(line) = results.recv().await {
            all += 1;
            passed += usize::from(line.outcome.is_ok());
            if args.format.json {
                lines.push(line_json(&line));
            } else {
                print_line(&line, out)?;
            }
        }
    }
    if args.format.json {
        out.json(&lines)?;
    } else {
        out.line(&format!("{passed} of {all} passed"))?;
        out.flush()?;
    }
    engine.stop().await;
    Ok(if passed == all {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn line_json(line: &CheckLine) -> Value {
    let notice = line
        .outcome
        .as_ref()
        .err()
        .map(|error| notice_json(&explain::explain(error)));
    json!({
        "mailbox": line.mailbox,
        "step": line.step.name(),
        "ok": line.outcome.is_ok(),
        "ms": line.took.as_millis(),
        "detail": line.outcome.as_ref().ok(),
        "notice": notice,
    })
}

fn print_line(line: &CheckLine, out: &mut Output) -> Result<(), CliError> {
    let mark = if line.outcome.is_ok() { "ok  " } else { "FAIL" };
    let detail = line.outcome.as_ref().map_or("", String::as_str);
    let (step, ms) = (line.step.name(), line.took.as_millis());
    out.line(&format!(
        "{mark}  {}  {step:<8} {ms:>6} ms  {detail}",
        line.mailbox
    ))?;
    if let Err(error) = &line.outcome {
        for text in error::notice_text(&explain::explain(error)).lines() {
            out.line(&format!("      {}", text.trim_start_matches("error: ")))?;
        }
    }
    out.flush()
}
