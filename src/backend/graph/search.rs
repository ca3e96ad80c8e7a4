//! Lets the server search a folder: words by `$search` (KQL), flags alone by `$filter`; newest first.

use jiff::Timestamp;
use serde_json::Value;

use super::Graph;
use super::item::{Row, text};
use super::wire::{About, Call, protocol, with_query};
use crate::backend::BackendError;
use crate::model::{Flags, Query, RemoteId, Term, sanitize_line};

const DOING: &str = "search";
/// Hits returned; more than that Graph does not find (protocol facts §8.2).
const MOST_HITS: usize = 1_000;
/// Pages read, empty ones included.
const MOST_PAGES: usize = 20;
/// Conditions sent; more is no search by a person.
const MOST_TERMS: usize = 20;
/// Characters of a word that are sent.
const LONGEST_WORD: usize = 200;
const SELECT: &str = "id,receivedDateTime,isRead,isDraft,flag,hasAttachments";

impl Graph {
    /// Searches a folder.
    pub(super) async fn search_folder(
        &mut self,
        folder: &str,
        query: &Query,
    ) -> Result<Vec<RemoteId>, BackendError> {
        if query.is_empty() || query.terms.len() > MOST_TERMS {
            return Ok(Vec::new());
        }
        let path = self.wire.base().path(&["mailFolders", folder, "messages"]);
        let (kind, condition) = match words(query) {
            words if words.is_empty() => ("$filter", filter(query)),
            words => ("$search", format!("\"{}\"", escaped(&words))),
        };
        let mut asked = vec![("$select", SELECT), ("$top", "250"), (kind, &condition)];
        if kind == "$filter" {
            asked.push(("$orderby", "receivedDateTime desc"));
        }
        let mut call = Call::get(with_query(&path, &asked));
        let mut hits: Vec<(Timestamp, RemoteId)> = Vec::new();
        for _ in 0..MOST_PAGES {
            let page = self.wire.call(DOING, &call).await?;
            let page = page.demand(DOING, About::Item(folder))?;
            let values = page.get("value").and_then(Value::as_array);
            let found = values.into_iter().flatten().filter_map(Row::of);
            let found = found.filter(|row| is_hit(query, row));
            hits.extend(
                found.filter_map(|row| Some((row.received().unwrap_or_default(), row.id()?))),
            );
            let next = text(&page, "@odata.nextLink");
            if next.is_empty() || hits.len() >= MOST_HITS {
                break;
            }
            let next = self.wire.base().follow(next);
            call = Call::get(next.ok_or_else(|| protocol(DOING, "a link to another server"))?);
        }
        hits.sort_by(|a, b| b.cmp(a));
        hits.dedup_by(|a, b| a.1 == b.1);
        hits.truncate(MOST_HITS);
        Ok(hits.into_iter().map(|(_, id)| id).collect())
    }
}

/// Makes the conditions of KQL, all of which must hold; flags are none of them.
fn words(query: &Query) -> String {
    let terms = query.terms.iter().filter_map(|term| {
        Some(match term {
            Term::Any(text) => quoted(text)?,
            Term::Subject(text) => format!("subject:{}", quoted(text)?),
            Term::From(text) => format!("from:{}", quoted(text)?),
            Term::To(text) => {
                let text = quoted(text)?;
                format!("(to:{text} OR cc:{text})")
            }
            Term::Body(text) => format!("body:{}", quoted(text)?),
            Term::Unread | Term::Starred | Term::HasAttachment => return None,
        })
    });
    terms.collect::<Vec<String>>().join(" AND ")
}

/// Makes a phrase of KQL, in which nothing but the quote means anything.
fn quoted(text: &str) -> Option<String> {
    let text = sanitize_line(text).replace(['"', '\\'], " ");
    let text: String = text.trim().chars().take(LONGEST_WORD).collect();
    (!text.is_empty()).then(|| format!("\"{text}\""))
}

/// Escapes what stands between the quotes of `$search`.
fn escaped(words: &str) -> String {
    words.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Makes a filter of flags; what the list is sorted by must come first (protocol facts §8.2).
fn filter(query: &Query) -> String {
    let mut filter = "receivedDateTime ge 1900-01-01T00:00:00Z".to_owned();
    for term in &query.terms {
        filter.push_str(match term {
            Term::Unread => " and isRead eq false",
            Term::Starred => " and flag/flagStatus eq 'flagged'",
            Term::HasAttachment => " and hasAttachments eq true",
            _ => "",
        });
    }
    filter
}

/// Tells whether the flags are as asked for; `$search` knows only words.
fn is_hit(query: &Query, row: &Row<'_>) -> bool {
    let flags = row.flags();
    query.terms.iter().all(|term| match term {
        Term::Unread => !flags.is_seen(),
        Term::Starred => flags.contains(Flags::FLAGGED),
        Term::HasAttachment => row.has_attachments(),
        _ => true,
    })
}
