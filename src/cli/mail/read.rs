//! `sync`, `folders`, `list`, `show`, `search`: reading the cache and filling it.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::cli::args::{Folders, Format, List, Search, Show, Sync};
use crate::cli::error::{self, CliError};
use crate::cli::output::{Output, folder_json, message_json, notice_json};
use crate::cli::session;
use crate::engine::{BodyState, Engine, ServerHits};
use crate::explain;
use crate::model::{
    Body, FolderId, Listed, MailboxId, MessageId, Page, Progress, Query, Scope, Window,
};

/// `sync`.
pub(in crate::cli) async fn sync(args: &Sync, out: &mut Output) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    session::unlock(&engine).await?;
    let mut wanted = Vec::new();
    for given in &args.mailboxes {
        wanted.push(session::mailbox(&engine, given).await?.id);
    }
    if wanted.is_empty() {
        wanted = engine
            .mailboxes()
            .await?
            .iter()
            .map(|mailbox| mailbox.id)
            .collect();
    }
    let mut code = ExitCode::SUCCESS;
    let mut lines = Vec::new();
    for (mailbox, result) in engine.sync_once(&wanted).await {
        let address = mailbox.address.email;
        let line = match &result {
            Ok(messages) => {
                json!({"mailbox": address, "ok": true, "messages": messages, "notice": null})
            }
            Err(error) => {
                code = error::exit_code(error);
                let notice = explain::explain(error);
                if !args.format.json {
                    error::print_notice(&notice);
                }
                json!({"mailbox": address, "ok": false, "messages": 0, "notice": notice_json(&notice)})
            }
        };
        if !args.format.json {
            let state =
                result.map_or_else(|_| "failed".to_owned(), |count| format!("{count} messages"));
            out.line(&format!("{address}  {state}"))?;
        }
        lines.push(line);
    }
    if args.format.json {
        out.json(&lines)?;
    }
    out.flush()?;
    // Everything is stored and told by now; searches are quicker with this.
    engine.index_words().await?;
    engine.stop().await;
    Ok(code)
}

/// `folders`.
pub(in crate::cli) async fn folders(
    args: &Folders,
    out: &mut Output,
) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    let mailbox = session::mailbox(&engine, &args.mailbox).await?;
    // Finding any folder makes sure that the mailbox was synchronised once.
    session::folder(&engine, &mailbox, "inbox").await?;
    let folders = engine.folders(mailbox.id).await?;
    let json: Vec<Value> = folders
        .iter()
        .map(|folder| folder_json(folder, &mailbox.address.email))
        .collect();
    let rows: Vec<Vec<String>> = folders
        .iter()
        .map(|folder| {
            vec![
                folder.path.clone(),
                folder.total.to_string(),
                format!("{} unread", folder.unread),
            ]
        })
        .collect();
    out.table(args.format, &json, &rows)?;
    engine.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// `list`.
pub(in crate::cli) async fn list(args: &List, out: &mut Output) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    let scope = match &args.mailbox {
        Some(given) => {
            let mailbox = session::mailbox(&engine, given).await?;
            Scope::Folder(session::folder(&engine, &mailbox, &args.folder).await?.id)
        }
        None => Scope::AllInboxes,
    };
    let page = engine.list(scope, Window::Newest, args.limit).await?;
    print_page(&engine, &page, args.format, out).await?;
    engine.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// `search`.
pub(in crate::cli) async fn search(args: &Search, out: &mut Output) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    let scope = match &args.mailbox {
        Some(given) => Scope::Mailbox(session::mailbox(&engine, given).await?.id),
        None => Scope::Everything,
    };
    let mut query = Query::parse(&args.query.join(" "));
    let mut code = ExitCode::SUCCESS;
    if args.server {
        session::unlock(&engine).await?;
        let progress = Progress::default();
        let hits = engine
            .search_servers(query.clone(), &scope, progress)
            .await?;
        code = tell(&hits);
        query.found = hits.messages;
    }
    let page = engine
        .search(query, scope, Window::Newest, args.limit)
        .await?;
    print_page(&engine, &page, args.format, out).await?;
    engine.stop().await;
    Ok(code)
}

/// Says what the servers did not search, and what they found that no row is known of.
fn tell(hits: &ServerHits) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for (_, failure) in &hits.failed {
        code = error::exit_code(failure);
        error::print_notice(&explain::explain(failure));
    }
    for address in &hits.unable {
        error::note(&format!(
            "{address}: a POP3 server cannot search, so only the cache was searched."
        ));
    }
    if hits.unlisted > 0 {
        error::note(&format!(
            "{} more found on the server are not in the cache yet: pillarbox sync fetches them.",
            hits.unlisted
        ));
    }
    code
}

/// Names of mailboxes and folders, looked up once for a page of rows.
struct Names {
    mailboxes: BTreeMap<MailboxId, String>,
    folders: BTreeMap<FolderId, String>,
}

impl Names {
    async fn of(engine: &Engine, rows: &[Listed]) -> Result<Self, CliError> {
        let mut names = Self {
            mailboxes: BTreeMap::new(),
            folders: BTreeMap::new(),
        };
        for mailbox in engine.mailboxes().await? {
            if rows.iter().any(|row| row.mailbox == mailbox.id) {
                let folders = engine.folders(mailbox.id).await?;
                names
                    .folders
                    .extend(folders.into_iter().map(|folder| (folder.id, folder.path)));
                names.mailboxes.insert(mailbox.id, mailbox.address.email);
            }
        }
        Ok(names)
    }

    fn json(&self, row: &Listed) -> Value {
        let mailbox = self.mailboxes.get(&row.mailbox).map_or("", String::as_str);
        let folder = self.folders.get(&row.folder).map_or("", String::as_str);
        message_json(row, mailbox, folder)
    }
}

async fn print_page(
    engine: &Engine,
    page: &Page,
    format: Format,
    out: &mut Output,
) -> Result<(), CliError> {
    let names = Names::of(engine, &page.rows).await?;
    let json: Vec<Value> = page.rows.iter().map(|row| names.json(row)).collect();
    let rows: Vec<Vec<String>> = page.rows.iter().map(text_row).collect();
    out.table(format, &json, &rows)
}

fn text_row(row: &Listed) -> Vec<String> {
    let envelope = &row.envelope;
    let unread = if envelope.flags.is_seen() { " " } else { "*" };
    let from = envelope.from.first().map_or("", |address| address.short());
    let date = envelope.date.to_zoned(jiff::tz::TimeZone::system());
    vec![
        row.id.to_string(),
        unread.to_owned(),
        date.strftime("%Y-%m-%d %H:%M").to_string(),
        from.chars().take(30).collect(),
        envelope.subject.clone(),
    ]
}

/// `show`.
pub(in crate::cli) async fn show(args: &Show, out: &mut Output) -> Result<ExitCode, CliError> {
    let engine = session::open().await?;
    let id = MessageId::new(args.id);
    if !matches!(engine.body(id, args.width).await?, BodyState::Ready(_)) {
        session::unlock(&engine).await?;
    }
    if args.raw {
        out.bytes(&engine.raw(id).await?)?;
    } else if let Some(number) = args.save {
        save(&engine, id, number, out).await?;
    } else {
        show_body(&engine, id, args, out).await?;
    }
    out.flush()?;
    engine.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Gets the body, fetching the message first where it is not cached.
async fn body(
    engine: &Engine,
    id: MessageId,
    width: u16,
) -> Result<std::sync::Arc<Body>, CliError> {
    engine.raw(id).await?;
    match engine.body(id, width).await? {
        BodyState::Ready(body) => Ok(body),
        BodyState::Fetching(_) | BodyState::Gone => {
            Err(session::not_found("message", &id.to_string()))
        }
    }
}

async fn save(
    engine: &Engine,
    id: MessageId,
    number: usize,
    out: &mut Output,
) -> Result<(), CliError> {
    let body = body(engine, id, 80).await?;
    let wanted = number
        .checked_sub(1)
        .and_then(|index| body.attachments.get(index));
    let Some(attachment) = wanted else {
        return Err(CliError::Usage(format!(
            "The message has {} attachments",
            body.attachments.len()
        )));
    };
    let path = engine
        .save_attachment(id, attachment.part, std::env::current_dir()?)
        .await?;
    out.line(&path.display().to_string())
}

async fn show_body(
    engine: &Engine,
    id: MessageId,
    args: &Show,
    out: &mut Output,
) -> Result<(), CliError> {
    let body = body(engine, id, args.width).await?;
    if args.format.json {
        let rows = engine.listed(&[id]).await?;
        let names = Names::of(engine, &rows).await?;
        let mut value = rows
            .first()
            .map_or_else(|| json!({}), |row| names.json(row));
        if let Some(fields) = value.as_object_mut() {
            let attachments = body.attachments.iter().map(
                |attachment| json!({"name": attachment.name, "type": attachment.media_type, "size": attachment.size}),
            );
            fields.insert("headers".to_owned(), json!(body.headers));
            fields.insert("text".to_owned(), json!(body.text));
            fields.insert("attachments".to_owned(), attachments.collect());
        }
        return out.json(&value);
    }
    let main = ["From", "To", "Cc", "Date", "Subject"];
    for (name, value) in &body.headers {
        if args.headers || main.iter().any(|main| main.eq_ignore_ascii_case(name)) {
            out.line(&format!("{name}: {value}"))?;
        }
    }
    for (index, attachment) in body.attachments.iter().enumerate() {
        out.line(&format!(
            "Attachment {}: {} ({}, {} bytes)",
            index + 1,
            attachment.name,
            attachment.media_type,
            attachment.size
        ))?;
    }
    out.line("")?;
    out.line(body.text.trim_end())?;
    for (index, link) in body.links.iter().enumerate() {
        out.line(&format!("[{}] {link}", index + 1))?;
    }
    for cut in &body.cuts {
        out.line(&format!("-- {cut}"))?;
    }
    Ok(())
}
