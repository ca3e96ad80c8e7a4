//! Where results go and what their JSON looks like. The fields are documented in `docs/json.md` and stay.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::args::Format;
use crate::cli::error::CliError;
use crate::engine::Expiry;
use crate::explain::Notice;
use crate::model::{Address, Folder, Listed, OutboxItem, SentMail};

/// The command's stdout.
pub(in crate::cli) struct Output {
    out: Box<dyn Write + Send>,
}

impl Output {
    /// Writes to stdout.
    pub fn stdout() -> Self {
        Self {
            out: Box::new(io::BufWriter::new(io::stdout())),
        }
    }

    /// Prints one line.
    pub fn line(&mut self, text: &str) -> Result<(), CliError> {
        writeln!(self.out, "{text}")?;
        Ok(())
    }

    /// Prints bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        self.out.write_all(bytes)?;
        Ok(())
    }

    /// Prints one JSON value in one line and flushes, so that a reader sees it at once.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        serde_json::to_writer(&mut self.out, value).map_err(io::Error::from)?;
        writeln!(self.out)?;
        self.flush()
    }

    /// Makes sure that everything is out.
    pub fn flush(&mut self) -> Result<(), CliError> {
        self.out.flush()?;
        Ok(())
    }

    /// Prints rows in aligned columns, or their JSON.
    pub fn table(
        &mut self,
        format: Format,
        json: &[Value],
        rows: &[Vec<String>],
    ) -> Result<(), CliError> {
        if format.json {
            return self.json(&json);
        }
        for line in columns(rows) {
            self.line(&line)?;
        }
        self.flush()
    }
}

/// Aligns cells: every column but the last is as wide as its widest cell.
fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell_width(cell))
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    rows.iter()
        .map(|row| {
            let padded = row.iter().zip(&widths).map(|(cell, width)| {
                format!(
                    "{cell}{}",
                    " ".repeat(width.saturating_sub(cell_width(cell)))
                )
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect()
}

fn cell_width(cell: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(cell)
}

fn addresses(list: &[Address]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

/// `list` and `search`: one message.
pub(in crate::cli) fn message_json(row: &Listed, mailbox: &str, folder: &str) -> Value {
    let envelope = &row.envelope;
    json!({
        "id": row.id.row(),
        "mailbox": mailbox,
        "folder": folder,
        "date": envelope.date.to_string(),
        "from": addresses(&envelope.from),
        "to": addresses(&envelope.to),
        "subject": envelope.subject,
        "flags": envelope.flags.names(),
        "size": envelope.size,
        "has_attachments": envelope.has_attachments,
    })
}

/// `folders`: one folder.
pub(in crate::cli) fn folder_json(folder: &Folder, mailbox: &str) -> Value {
    json!({
        "mailbox": mailbox,
        "path": folder.path,
        "name": folder.name(),
        "role": folder.role.name(),
        "total": folder.total,
        "unread": folder.unread,
    })
}

/// The end of a secret or certificate.
pub(in crate::cli) fn expiry_json(expiry: &Expiry) -> Value {
    json!({
        "profile": expiry.profile,
        "what": expiry.what.name(),
        "on": expiry.on.to_string(),
        "days_left": expiry.days_left,
        "is_over": expiry.is_over,
    })
}

/// `outbox`: one message on its way out.
pub(in crate::cli) fn outbox_json(item: &OutboxItem) -> Value {
    json!({
        "outbox_id": item.id.row(),
        "from": item.from.to_string(),
        "to": item.recipients,
        "subject": item.subject,
        "state": item.state.name(),
        "attempts": item.attempts,
        "next_try": item.not_before.to_string(),
        "notice": item.failure.as_ref().map(|failure| notice_json(&crate::explain::explain_failure(failure).about(&item.from.email, ""))),
    })
}

/// A message that was sent, wherever one is printed.
pub(in crate::cli) fn sent_json(mail: &SentMail) -> Value {
    let by = mail.by.as_ref();
    json!({
        "outbox_id": mail.id.row(),
        "sent_at": mail.at.to_string(),
        "from": mail.from.to_string(),
        "to": mail.recipients,
        "subject": mail.subject,
        "message_id": mail.message_id,
        "new_message_id": mail.new_message_id,
        "signed_in_as": by.map(|by| &by.signed_in),
        "protocol": by.map(|by| by.protocol.name()),
        "host": by.map(|by| &by.host),
        "detour": by.and_then(|by| by.detour.as_ref()),
        "filed_in": mail.filed_in,
    })
}

/// A notice wherever one is printed.
pub(in crate::cli) fn notice_json(notice: &Notice) -> Value {
    json!({
        "title": notice.title,
        "cause": notice.cause,
        "who": notice.who.name(),
        "remedy": notice.how,
        "action": notice.remedy.name(),
        "copy": notice.copy,
        "code": notice.code,
        "detail": notice.detail,
        "source": notice.source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_width_on_screen_not_by_bytes() {
        let rows = [
            vec!["王小明".to_owned(), "a".to_owned()],
            vec!["bob".to_owned(), "b".to_owned()],
        ];
        assert_eq!(columns(&rows), ["王小明  a", "bob     b"]);
    }
}
