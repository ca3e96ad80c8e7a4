//! `outbox list|retry|cancel`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::Value;

use crate::cli::args::Outbox;
use crate::cli::error::{self, CliError};
use crate::cli::output::{Output, outbox_json, sent_json};
use crate::cli::session;
use crate::engine::{Engine, Fate};
use crate::explain::{self, Notice};
use crate::model::{IncomingProtocol, MailboxId, OutboxId, OutboxItem, OutboxState, SentMail};

/// `outbox`.
pub(in crate::cli) async fn run(command: &Outbox, out: &mut Output) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    let mut code = ExitCode::SUCCESS;
    match command {
        Outbox::List(format) => {
            let items = engine.outbox().await?;
            let json: Vec<Value> = items.iter().map(outbox_json).collect();
            let rows: Vec<Vec<String>> = items
                .iter()
                .map(|item| {
                    let to = item.recipients.join(", ");
                    let why = item
                        .failure
                        .as_ref()
                        .map(|failure| explain::explain_failure(failure).title);
                    vec![
                        item.id.to_string(),
                        item.state.name().to_owned(),
                        to,
                        item.subject.clone(),
                        why.unwrap_or_default(),
                    ]
                })
                .collect();
            out.table(*format, &json, &rows)?;
        }
        Outbox::Sent(format) => {
            let sent = engine.sent().await?;
            let json: Vec<Value> = sent.iter().map(sent_json).collect();
            let protocols = read_over(&engine).await?;
            let row = |mail: &SentMail| sent_row(mail, protocols.get(&mail.mailbox).copied());
            let rows: Vec<Vec<String>> = sent.iter().map(row).collect();
            out.table(*format, &json, &rows)?;
        }
        Outbox::Retry { id } => code = retry(&engine, *id).await?,
        Outbox::Cancel { id } => {
            if engine.outbox_cancel(OutboxId::new(*id)).await?.is_none() {
                return Err(CliError::Usage(format!(
                    "Message {id} is on its way already, or not in the outbox"
                )));
            }
            error::note("It is among the drafts again.");
        }
    }
    engine.stop().await;
    Ok(code)
}

/// Returns what the mailboxes are read over.
async fn read_over(engine: &Engine) -> Result<BTreeMap<MailboxId, IncomingProtocol>, CliError> {
    let config = engine.config();
    let mailboxes = engine.mailboxes().await?.into_iter();
    let read_over = mailboxes.filter_map(|mailbox| {
        let mut accounts = config.accounts.iter();
        let account = accounts.find(|account| account.name == mailbox.account_name)?;
        Some((mailbox.id, account.servers.incoming.protocol))
    });
    Ok(read_over.collect())
}

/// Says who sent a message, which way, and where its copy is.
fn sent_row(mail: &SentMail, protocol: Option<IncomingProtocol>) -> Vec<String> {
    let way = mail.by.as_ref().map(|by| {
        let detour = by.detour.as_ref().map(|_| " (SMTP sign-in is off)");
        let way = format!("by {} over {}", by.signed_in, by.protocol.title());
        format!("{way}{}", detour.unwrap_or_default())
    });
    vec![
        mail.id.to_string(),
        mail.at.to_string(),
        format!("as {}", mail.from.email),
        way.unwrap_or_default(),
        mail.filed_words(protocol),
        mail.recipients.join(", "),
        mail.subject.clone(),
    ]
}

async fn retry(engine: &Engine, row: i64) -> Result<ExitCode, CliError> {
    let id = OutboxId::new(row);
    let items = engine.outbox().await?;
    let Some(item) = items.into_iter().find(|item| item.id == id) else {
        return Err(session::not_found(
            "message in the outbox",
            &row.to_string(),
        ));
    };
    session::unlock(engine).await?;
    if matches!(item.state, OutboxState::Unsure | OutboxState::Sending) {
        match engine.outbox_look(id).await? {
            Fate::Sent => {
                error::note("It was sent already: it is in Sent.");
                return Ok(ExitCode::SUCCESS);
            }
            Fate::Unknown => {
                error::note("Sent cannot be looked at now, so it is not sent again yet.");
                return Ok(ExitCode::FAILURE);
            }
            Fate::Kept => {}
        }
    }
    engine.outbox_retry(id).await?;
    let Some(item) = engine.wait_sent(id).await? else {
        return Ok(ExitCode::SUCCESS);
    };
    if let Some(notice) = failure_notice(engine, &item) {
        error::print_notice(&notice);
    }
    Ok(error::failure_code(item.failure.as_ref()))
}

/// Explains why a message stands still, with the lines to copy filled in.
pub(in crate::cli) fn failure_notice(engine: &Engine, item: &OutboxItem) -> Option<Notice> {
    let notice = explain::explain_failure(item.failure.as_ref()?);
    let config = engine.config();
    let account = config.accounts.iter().find(|account| {
        let mut mailboxes = account.mailbox_addresses();
        mailboxes.any(|mailbox| mailbox.is_same_mailbox(&item.from))
    });
    let identity = account.map_or("", |account| account.identity());
    Some(notice.about(&item.from.email, identity))
}
