//! `check`: accounts tested step by step; the exit code says whether all passed.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::cli::args::Check;
use crate::cli::error::{self, CliError};
use crate::cli::output::{Output, notice_json};
use crate::cli::session;
use crate::config::Config;
use crate::engine::{CheckLine, CheckWish, Engine, EngineError, SendTest};
use crate::explain::{self, Notice};
use crate::model::Account;

/// `check`.
pub(in crate::cli) async fn run(args: &Check, out: &mut Output) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    session::unlock(&engine).await?;
    let wishes = wishes(&engine, args)?;
    if wishes.is_empty() {
        return Err(session::not_found("account", "to check"));
    }
    let mut lines: Vec<Value> = Vec::new();
    let (mut passed, mut all) = (0, 0);
    let config = engine.config();
    for wish in wishes {
        let mut accounts = config.accounts.iter();
        let account = accounts.find(|account| account.name == wish.account);
        let mut results = engine.check(wish);
        while let Some(line) = results.recv().await {
            all += 1;
            passed += usize::from(line.outcome.is_ok());
            if args.format.json {
                lines.push(line_json(&line, account));
            } else {
                print_line(&line, account, out)?;
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

/// One wish for each account, in the order given; a mailbox named by its address is looked at alone.
fn wishes(engine: &Engine, args: &Check) -> Result<Vec<CheckWish>, CliError> {
    let send_test = if args.send_test {
        SendTest::Send
    } else {
        SendTest::Skip
    };
    let config = engine.config();
    let wish = |account: &str| CheckWish {
        send_test,
        ..CheckWish::of(account)
    };
    if args.accounts.is_empty() {
        let all = config.accounts.iter();
        return Ok(all.map(|account| wish(&account.name)).collect());
    }
    let mut wishes: Vec<CheckWish> = Vec::new();
    for given in &args.accounts {
        let (account, mailbox) = place(&config, given)?;
        match wishes
            .iter_mut()
            .find(|known| known.account == account.name)
        {
            Some(known) if mailbox.is_empty() => known.mailboxes.clear(),
            // Empty means all already.
            Some(known) if known.mailboxes.is_empty() => {}
            Some(known) => known.mailboxes.extend(mailbox),
            None => wishes.push(CheckWish {
                mailboxes: mailbox,
                ..wish(&account.name)
            }),
        }
    }
    Ok(wishes)
}

/// Finds the account of a name or main address, or the one mailbox of an additional user.
fn place<'c>(config: &'c Config, given: &str) -> Result<(&'c Account, Vec<String>), CliError> {
    let is_user = |account: &&Account| {
        let mut users = account.additional_users.iter();
        users.any(|user| user.email.eq_ignore_ascii_case(given))
    };
    let accounts = &config.accounts;
    if let Ok(name) = session::account_of(config, given)
        && let Some(account) = accounts.iter().find(|account| account.name == name)
    {
        return Ok((account, Vec::new()));
    }
    let account = accounts.iter().find(is_user);
    let account = account.ok_or_else(|| session::not_found("account or mailbox", given))?;
    Ok((account, vec![given.to_owned()]))
}

fn explained(error: &EngineError, account: Option<&Account>) -> Notice {
    let notice = explain::explain(error);
    match account {
        Some(account) => notice.for_account(account),
        None => notice,
    }
}

fn line_json(line: &CheckLine, account: Option<&Account>) -> Value {
    let notice = line
        .outcome
        .as_ref()
        .err()
        .map(|error| notice_json(&explained(error, account)));
    json!({
        "mailbox": line.mailbox,
        "step": line.step.name(),
        "ok": line.outcome.is_ok(),
        "ms": line.took.as_millis(),
        "detail": line.outcome.as_ref().ok(),
        "warning": line.warning,
        "notice": notice,
        "rights": line.rights.map(|rights| json!({
            "reading": rights.reading.name(),
            "sending": rights.sending.name(),
        })),
    })
}

fn print_line(
    line: &CheckLine,
    account: Option<&Account>,
    out: &mut Output,
) -> Result<(), CliError> {
    let mark = if line.outcome.is_ok() { "ok  " } else { "FAIL" };
    let detail = line.outcome.as_ref().map_or("", String::as_str);
    let (step, ms) = (line.step.name(), line.took.as_millis());
    out.line(&format!(
        "{mark}  {}  {step:<11} {ms:>6} ms  {detail}",
        line.mailbox
    ))?;
    if let Some(warning) = &line.warning {
        out.line(&format!("      warning: {warning}"))?;
    }
    if let Err(error) = &line.outcome {
        let notice = explained(error, account);
        for text in error::notice_text(&notice).lines() {
            out.line(&format!("      {}", text.trim_start_matches("error: ")))?;
        }
    }
    out.flush()
}
