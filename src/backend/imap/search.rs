//! Lets the server search, newest first (RFC 9051 §6.4.4).

use super::apply::found;
use super::ids::remote_id;
use super::wire::{Command, Link, Reply};
use super::{Imap, quirks};
use crate::backend::BackendError;
use crate::model::{Query, RemoteId, Term};

const DOING: &str = "search";
/// Hits returned.
const MOST_HITS: usize = 1_000;
/// Conditions sent; more is no search by a person.
const MOST_TERMS: usize = 20;
const CANNOT: BackendError = BackendError::Unsupported {
    what: "searching for these words on the server",
};

impl<S: Link> Imap<S> {
    /// Searches a folder.
    pub(super) async fn search_folder(
        &mut self,
        folder: &str,
        query: &Query,
    ) -> Result<Vec<RemoteId>, BackendError> {
        if query.is_empty() || query.terms.len() > MOST_TERMS {
            return Ok(Vec::new());
        }
        let is_ascii = query.terms.iter().all(|term| text(term).is_ascii());
        // Exchange takes US-ASCII only (protocol facts §6.3).
        if !is_ascii && self.session.is_exchange() {
            return Err(CANNOT);
        }
        let validity = self.select(folder).await?;
        let words = if is_ascii {
            "UID SEARCH"
        } else {
            "UID SEARCH CHARSET UTF-8"
        };
        let mut command = Command::new(DOING, words).long();
        for term in &query.terms {
            command = condition(command, term);
        }
        self.session.take_dropped();
        let mut uids = Vec::new();
        let answer = self
            .session
            .run(&command, |r| uids.extend(found(r)))
            .await?;
        if !answer.is_ok() {
            let error = quirks::refusal(DOING, self.session.host(), &answer);
            let is_about_the_question = answer.status == Reply::Bad
                && matches!(error, BackendError::Protocol { .. })
                || answer.code.name() == "BADCHARSET";
            return Err(if is_about_the_question { CANNOT } else { error });
        }
        uids.sort_unstable_by(|a, b| b.cmp(a));
        uids.dedup();
        uids.truncate(MOST_HITS);
        Ok(uids
            .into_iter()
            .map(|uid| remote_id(validity, uid))
            .collect())
    }
}

fn text(term: &Term) -> &str {
    match term {
        Term::Any(text)
        | Term::Subject(text)
        | Term::From(text)
        | Term::To(text)
        | Term::Body(text) => text,
        Term::Unread | Term::Starred | Term::HasAttachment => "",
    }
}

fn condition(command: Command, term: &Term) -> Command {
    match term {
        Term::Any(text) => command.words("TEXT").string(text),
        Term::Subject(text) => command.words("SUBJECT").string(text),
        Term::From(text) => command.words("FROM").string(text),
        Term::To(text) => command.words("OR TO").string(text).words("CC").string(text),
        Term::Body(text) => command.words("BODY").string(text),
        Term::Unread => command.words("UNSEEN"),
        Term::Starred => command.words("FLAGGED"),
        // IMAP knows no attachments; this is what messages with some look like.
        Term::HasAttachment => command
            .words("HEADER Content-Type")
            .string("multipart/mixed"),
    }
}
