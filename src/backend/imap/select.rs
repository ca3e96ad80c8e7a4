//! Opens a folder and reads what the server says about it.

use imap_proto::{MailboxDatum, Response, ResponseCode};
use tokio::time::Instant;

use super::wire::{Answer, Command, Link, Selected, Session};
use super::{Imap, protocol, quirks};
use crate::backend::BackendError;

const DOING: &str = "open a folder";

/// What a SELECT has brought so far.
#[derive(Debug)]
pub(super) struct Selecting {
    selected: Selected,
}

impl Selecting {
    pub(super) fn new(folder: &str) -> Self {
        Self {
            selected: Selected {
                folder: folder.to_owned(),
                opened: Some(Instant::now()),
                ..Selected::default()
            },
        }
    }

    /// Returns the command.
    pub(super) fn command<S: Link>(&self, session: &Session<S>) -> Command {
        let command = Command::new(DOING, "SELECT")
            .string(&self.selected.folder)
            .long();
        if has_sequences(session) {
            return command.words("(CONDSTORE)");
        }
        command
    }

    /// Takes one response.
    pub(super) fn visit(&mut self, response: &Response<'_>) {
        let selected = &mut self.selected;
        match response {
            Response::MailboxData(MailboxDatum::Exists(count)) => selected.exists = *count,
            Response::Data { outcome, .. } => match &outcome.code {
                Some(ResponseCode::UidValidity(number)) => selected.uid_validity = *number,
                Some(ResponseCode::UidNext(number)) => selected.uid_next = *number,
                Some(ResponseCode::HighestModSeq(number)) => selected.mod_sequence = *number,
                Some(ResponseCode::PermanentFlags(flags)) => {
                    selected.keeps_keywords = flags
                        .iter()
                        .any(|flag| flag == "\\*" || flag.eq_ignore_ascii_case("$Forwarded"));
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Returns the open folder; the tagged answer alone decides whether it is open.
    pub(super) fn finish<S: Link>(
        mut self,
        session: &Session<S>,
        answer: &Answer,
    ) -> Result<Selected, Option<BackendError>> {
        if !has_sequences(session) {
            // What a server hides it does not vouch for.
            self.selected.mod_sequence = 0;
        }
        if !answer.is_ok() {
            return Err(None);
        }
        if self.selected.uid_validity == 0 {
            // RFC 9051 §2.3.1.1: without it no UID means anything.
            return Err(Some(protocol(DOING, "the server gave no UIDVALIDITY")));
        }
        self.selected.is_read_only = answer.code.name() == "READ-ONLY";
        Ok(self.selected)
    }
}

/// Tells whether the server keeps modification sequences (RFC 7162; QRESYNC implies CONDSTORE).
fn has_sequences<S: Link>(session: &Session<S>) -> bool {
    session.can("CONDSTORE") || session.can("QRESYNC")
}

impl<S: Link> Imap<S> {
    /// Opens a folder unless it is open already; returns its `UIDVALIDITY`.
    pub(super) async fn select(&mut self, folder: &str) -> Result<u32, BackendError> {
        if let Some(selected) = self.session.selected()
            && selected.folder == folder
        {
            return Ok(selected.uid_validity);
        }
        self.session.set_selected(None);
        let mut selecting = Selecting::new(folder);
        let command = selecting.command(&self.session);
        let answer = self
            .session
            .run(&command, |response| selecting.visit(response))
            .await?;
        match selecting.finish(&self.session, &answer) {
            Ok(selected) => {
                let uid_validity = selected.uid_validity;
                self.session.set_selected(Some(selected));
                Ok(uid_validity)
            }
            Err(Some(error)) => Err(error),
            Err(None) => Err(self.explain_refusal(folder, &answer).await?),
        }
    }

    /// Finds out whether a folder that was refused is gone: servers seldom say so in a code.
    pub(super) async fn explain_refusal(
        &mut self,
        folder: &str,
        answer: &Answer,
    ) -> Result<BackendError, BackendError> {
        let error = quirks::refusal(DOING, self.session.host(), answer);
        let is_open = matches!(error, BackendError::Refused { ref code, .. } if code.is_empty());
        if is_open && !self.exists(folder).await? {
            return Ok(BackendError::Gone {
                what: folder.to_owned(),
            });
        }
        Ok(error)
    }

    /// Asks whether there is a folder of this name.
    pub(super) async fn exists(&mut self, folder: &str) -> Result<bool, BackendError> {
        let command = Command::new("look for a folder", "LIST \"\"").string(folder);
        let mut is_listed = false;
        let answer = self
            .session
            .run(&command, |response| {
                if let Response::MailboxData(MailboxDatum::List(data)) = response {
                    is_listed |= !data.name_attributes.iter().any(|attribute| {
                        matches!(attribute, imap_proto::NameAttribute::Extension(name)
                            if name.eq_ignore_ascii_case("\\NonExistent"))
                    });
                }
            })
            .await?;
        // Where LIST itself is refused, better believe that the folder is there.
        Ok(is_listed || !answer.is_ok())
    }
}
