//! `send`: a message from standard input.

use std::io::{IsTerminal, Read};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use crate::cli::args::Send;
use crate::cli::error::{self, CliError};
use crate::cli::mail::outbox::failure_notice;
use crate::cli::output::{Output, outbox_json};
use crate::cli::session;
use crate::engine::Engine;
use crate::model::{Address, Draft, DraftAttachment, OutboxId};

/// No server takes more (protocol facts §6.5).
const INPUT_LIMIT: u64 = 160 << 20;

/// `send`.
pub(in crate::cli) async fn run(args: &Send, out: &mut Output) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    let from = sender(&engine, args.from.as_deref()).await?;
    let input = read_input()?;
    refuse_nothing(args, &input)?;
    let id = if args.to.is_none() && looks_like_message(&input) {
        if !args.attach.is_empty()
            || args.subject.is_some()
            || args.cc.is_some()
            || args.bcc.is_some()
        {
            return Err(CliError::Usage(
                "The input has headers of its own; leave --subject, --cc, --bcc and --attach out"
                    .to_owned(),
            ));
        }
        engine.send_raw(input, &from).await?
    } else {
        engine
            .send(draft(args, from, &input)?, None, Duration::ZERO)
            .await?
    };
    if !args.no_wait {
        session::unlock(&engine).await?;
    }
    let code = if args.no_wait {
        report_queued(&engine, id, args, out).await?
    } else {
        wait(&engine, id, args, out).await?
    };
    engine.stop().await;
    Ok(code)
}

fn read_input() -> Result<Vec<u8>, CliError> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        error::note("Type the message, then Ctrl-D on a line of its own.");
    }
    let mut input = Vec::new();
    stdin.lock().take(INPUT_LIMIT + 1).read_to_end(&mut input)?;
    if input.len() as u64 > INPUT_LIMIT {
        return Err(CliError::Usage(
            "The message is larger than any server takes (160 MB)".to_owned(),
        ));
    }
    Ok(input)
}

/// A command before the pipe that failed wrote nothing; that is no message. Who means an empty one writes a line end.
fn refuse_nothing(args: &Send, input: &[u8]) -> Result<(), CliError> {
    let is_piped = !std::io::stdin().is_terminal();
    if !input.is_empty() || !args.attach.is_empty() || !is_piped {
        return Ok(());
    }
    Err(CliError::Usage(
        "Standard input is empty, so nothing is sent; an empty line is a message without text"
            .to_owned(),
    ))
}

/// Takes the mailbox named, or the first account's.
async fn sender(engine: &Engine, given: Option<&str>) -> Result<Address, CliError> {
    if let Some(given) = given {
        return Ok(session::mailbox(engine, given).await?.address);
    }
    let first = engine.mailboxes().await?.into_iter().next();
    first
        .map(|mailbox| mailbox.address)
        .ok_or_else(|| session::not_found("account", "to send from"))
}

/// Tells a message with headers from plain text: the first line must be a header, and an empty line follow.
fn looks_like_message(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.lines();
    let is_header = |line: &str| {
        line.split_once(':').is_some_and(|(name, _)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic() && c != ':')
        })
    };
    if !lines.next().is_some_and(is_header) {
        return false;
    }
    for line in lines {
        if line.is_empty() {
            return true;
        }
        if !is_header(line) && !line.starts_with([' ', '\t']) {
            return false;
        }
    }
    true
}

fn draft(args: &Send, from: Address, input: &[u8]) -> Result<Draft, CliError> {
    let Some(to) = args.to.clone().or_else(|| {
        args.cc
            .clone()
            .or_else(|| args.bcc.clone())
            .map(|_| String::new())
    }) else {
        return Err(CliError::Usage(
            "Plain text needs --to (or give a message with headers on standard input)".to_owned(),
        ));
    };
    Ok(Draft {
        from,
        to,
        cc: args.cc.clone().unwrap_or_default(),
        bcc: args.bcc.clone().unwrap_or_default(),
        subject: args.subject.clone().unwrap_or_default(),
        text: String::from_utf8_lossy(input).replace("\r\n", "\n"),
        attachments: args
            .attach
            .iter()
            .map(|path| DraftAttachment::File { path: path.clone() })
            .collect(),
        origin: None,
    })
}

async fn report_queued(
    engine: &Engine,
    id: OutboxId,
    args: &Send,
    out: &mut Output,
) -> Result<ExitCode, CliError> {
    let items = engine.outbox().await?;
    let message_id = items
        .iter()
        .find(|item| item.id == id)
        .map_or("", |item| item.message_id.as_str());
    print_state(id, message_id, "ready", args, out)?;
    Ok(ExitCode::SUCCESS)
}

async fn wait(
    engine: &Engine,
    id: OutboxId,
    args: &Send,
    out: &mut Output,
) -> Result<ExitCode, CliError> {
    let queued = engine.outbox().await?;
    let message_id = queued
        .iter()
        .find(|item| item.id == id)
        .map_or(String::new(), |item| item.message_id.clone());
    let Some(item) = engine.wait_sent(id).await? else {
        print_state(id, &message_id, "accepted", args, out)?;
        return Ok(ExitCode::SUCCESS);
    };
    if let Some(notice) = failure_notice(engine, &item) {
        error::print_notice(&notice);
    }
    if args.format.json {
        let mut value = outbox_json(&item);
        if let Some(fields) = value.as_object_mut() {
            fields.insert("message_id".to_owned(), json!(item.message_id));
        }
        out.json(&value)?;
    }
    Ok(error::failure_code(item.failure.as_ref()))
}

fn print_state(
    id: OutboxId,
    message_id: &str,
    state: &str,
    args: &Send,
    out: &mut Output,
) -> Result<(), CliError> {
    if args.format.json {
        return out.json(&json!({"outbox_id": id.row(), "message_id": message_id, "state": state}));
    }
    out.line(&format!("{state}  <{message_id}>"))?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_then_an_empty_line_make_a_message() {
        assert!(looks_like_message(
            b"To: a@x.com\r\nSubject: hi\r\n folded\r\n\r\ntext"
        ));
        assert!(looks_like_message(b"X-Only: headers"));
        assert!(!looks_like_message(b"Hello Ana,\n\nsee you"));
        assert!(!looks_like_message(
            b"Note: this is text\nof two lines\n\nbye"
        ));
        assert!(!looks_like_message(b""));
    }
}
