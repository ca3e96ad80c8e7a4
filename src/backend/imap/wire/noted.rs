//! What a session has learnt on the way: capabilities, the open folder, the end of the connection.
//!
//! Every response passes here, whoever asked for it.

use std::io;
use std::time::Duration;

use imap_proto::{AttributeValue, Capability, MailboxDatum, Response, ResponseCode, Status};
use tokio::time::Instant;

use super::answer::Answer;
use super::session::{Link, Session};
use crate::backend::BackendError;
use crate::backend::imap::{offline, quirks};

/// The open folder as the server last described it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::backend::imap) struct Selected {
    /// Its remote id.
    pub(in crate::backend::imap) folder: String,
    /// `UIDVALIDITY`, never 0.
    pub(in crate::backend::imap) uid_validity: u32,
    /// `UIDNEXT` when it was opened; 0 when not told.
    pub(in crate::backend::imap) uid_next: u32,
    /// Messages in it now.
    pub(in crate::backend::imap) exists: u32,
    /// `HIGHESTMODSEQ` when it was opened; 0 without CONDSTORE.
    pub(in crate::backend::imap) mod_sequence: u64,
    /// Whether keywords such as `$Forwarded` are kept.
    pub(in crate::backend::imap) keeps_keywords: bool,
    /// Whether the server opened it for reading only (RFC 9051 §7.1, `READ-ONLY`).
    pub(in crate::backend::imap) is_read_only: bool,
    /// When it was opened; `None` once its changes were read.
    pub(in crate::backend::imap) opened: Option<Instant>,
    /// Whether the server spoke of changes since this was last set to `false`.
    pub(in crate::backend::imap) has_news: bool,
    /// Numbers of messages whose flags the server spoke of unasked, at most a hundred.
    pub(in crate::backend::imap) touched: Vec<u32>,
}

impl Selected {
    /// Tells whether what was said on opening it still holds. Asks only once.
    pub(in crate::backend::imap) fn take_fresh(&mut self) -> bool {
        const FRESH: Duration = Duration::from_secs(5);
        self.opened.take().is_some_and(|at| at.elapsed() < FRESH)
    }
}

impl<S: Link> Session<S> {
    pub(in crate::backend::imap) fn host(&self) -> &str {
        &self.host
    }

    /// Tells whether the server has announced a capability, given in upper case.
    pub(in crate::backend::imap) fn can(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    /// Tells whether the server has announced anything yet.
    pub(in crate::backend::imap) fn has_capabilities(&self) -> bool {
        !self.capabilities.is_empty()
    }

    /// Tells whether the server answered ENABLE with this extension.
    pub(in crate::backend::imap) fn is_enabled(&self, extension: &str) -> bool {
        self.enabled.contains(extension)
    }

    /// Tells whether a capability betrays Exchange.
    pub(in crate::backend::imap) fn is_exchange(&self) -> bool {
        self.is_exchange
            || quirks::is_microsoft(&self.host)
            || self
                .capabilities
                .iter()
                .any(|name| quirks::is_exchange_capability(name))
    }

    pub(in crate::backend::imap) fn set_exchange(&mut self, is_exchange: bool) {
        self.is_exchange = is_exchange;
    }

    /// Says that the server waits for `DONE`, or no longer.
    pub(in crate::backend::imap) fn set_idling(&mut self, is_idling: bool) {
        self.is_idling = is_idling;
    }

    pub(in crate::backend::imap) fn port(&self) -> u16 {
        self.port
    }

    pub(in crate::backend::imap) fn forget_capabilities(&mut self) {
        self.capabilities.clear();
    }

    pub(in crate::backend::imap) fn selected(&self) -> Option<&Selected> {
        self.selected.as_ref()
    }

    pub(in crate::backend::imap) fn selected_mut(&mut self) -> Option<&mut Selected> {
        self.selected.as_mut()
    }

    pub(in crate::backend::imap) fn set_selected(&mut self, selected: Option<Selected>) {
        self.selected = selected;
    }

    /// Says that FETCH responses are asked for, or that they would come unasked.
    pub(in crate::backend::imap) fn expect_fetches(&mut self, expects: bool) {
        self.expects_fetches = expects;
    }

    /// Keeps what a response says about capabilities, the open folder and the end of the connection.
    pub(super) fn note(
        &mut self,
        doing: &'static str,
        response: &Response<'_>,
    ) -> Result<(), BackendError> {
        match response {
            Response::Done {
                tag,
                status,
                outcome,
            } => {
                let number = tag.0.strip_prefix('P').and_then(|n| n.parse().ok());
                let answer = Answer::read(status, outcome);
                self.note_code(outcome.code.as_ref());
                if let Some(command) = self
                    .in_flight
                    .iter_mut()
                    .find(|command| Some(command.tag.0) == number)
                {
                    command.answer = Some(answer);
                }
            }
            Response::Data { status, outcome } => {
                self.note_code(outcome.code.as_ref());
                self.note_status(doing, status, &Answer::read(status, outcome))?;
            }
            Response::Capabilities(list) if list.contains(&Capability::Imap4rev1) => {
                self.note_capabilities(list);
            }
            Response::Capabilities(list) => {
                self.enabled.extend(list.iter().map(capability_name));
            }
            response => self.note_folder(response),
        }
        Ok(())
    }

    fn note_code(&mut self, code: Option<&ResponseCode<'_>>) {
        if let Some(ResponseCode::Capabilities(list)) = code {
            self.note_capabilities(list);
        }
    }

    fn note_capabilities(&mut self, list: &[Capability<'_>]) {
        self.capabilities = list.iter().map(capability_name).collect();
    }

    fn note_status(
        &self,
        doing: &'static str,
        status: &Status,
        answer: &Answer,
    ) -> Result<(), BackendError> {
        if matches!(status, Status::Ok | Status::PreAuth) {
            return Ok(());
        }
        tracing::debug!(target: "pillarbox::imap", host = self.host, ?status, code = answer.code.name(), "untagged status");
        let known = quirks::known(doing, &self.host, &answer.text);
        match (status, known) {
            (_, Some(error)) => Err(error),
            (Status::Bye, None) => {
                let source = io::Error::other(format!("BYE {}", answer.text));
                Err(offline(doing, &self.host, source))
            }
            // A warning: only the tagged answer decides.
            _ => Ok(()),
        }
    }

    fn note_folder(&mut self, response: &Response<'_>) {
        let Some(selected) = self.selected.as_mut() else {
            return;
        };
        match response {
            Response::MailboxData(MailboxDatum::Exists(count)) => {
                selected.has_news |= selected.exists != *count;
                selected.exists = *count;
            }
            Response::Expunge(_) => {
                selected.exists = selected.exists.saturating_sub(1);
                selected.has_news = true;
            }
            Response::Vanished {
                earlier: false,
                uids,
            } => {
                let count = uids
                    .iter()
                    .map(|range| range.end().saturating_sub(*range.start()).saturating_add(1))
                    .fold(0, u32::saturating_add);
                selected.exists = selected.exists.saturating_sub(count);
                selected.has_news = true;
            }
            Response::Fetch(number, items) if !self.expects_fetches || !has_uid(items) => {
                selected.has_news = true;
                if selected.touched.len() < 100 {
                    selected.touched.push(*number);
                }
            }
            _ => {}
        }
    }
}

fn capability_name(capability: &Capability<'_>) -> String {
    match capability {
        Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
        Capability::Auth(name) => format!("AUTH={}", name.to_ascii_uppercase()),
        Capability::Atom(name) => name.to_ascii_uppercase(),
    }
}

/// Everything asked for is asked for with its UID.
fn has_uid(items: &[AttributeValue<'_>]) -> bool {
    items
        .iter()
        .any(|item| matches!(item, AttributeValue::Uid(_)))
}
