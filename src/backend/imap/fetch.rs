//! Reads whole messages, large ones piece by piece, without marking them read.

use std::collections::BTreeMap;

use imap_proto::{AttributeValue, Response};

use super::Imap;
use super::ids::{remote_id, sequence_set, uids};
use super::wire::{Command, Limits, Link};
use crate::backend::{BackendError, Refusal};
use crate::model::{Progress, RemoteId};

const DOING: &str = "read a message";
/// Bytes asked for at once; a literal is never larger where the server keeps to what it was asked.
const PIECE: u64 = 1 << 20;
/// A message longer than this is not read.
const LONGEST: u64 = 64 << 20;
/// Messages asked for in one command.
const TOGETHER: usize = 50;

const LIMITS: Limits = Limits {
    keep: LONGEST,
    literal: LONGEST,
};

/// A message as far as it has arrived.
#[derive(Debug, Default)]
struct Partial {
    bytes: Vec<u8>,
    /// Bytes the server spoke of; an estimate (protocol facts §6.3).
    size: u64,
    /// Whether the last answer was a full piece, so that there may be more.
    is_cut: bool,
    /// Whether the last question for more was answered, be it with nothing; NIL is what Dovecot says of a message that
    /// is gone.
    is_answered: bool,
}

/// What one command brings.
struct Pieces<'a> {
    wanted: &'a [u32],
    messages: BTreeMap<u32, Partial>,
    progress: &'a Progress,
    done: u64,
    total: u64,
}

impl Pieces<'_> {
    fn visit(&mut self, response: &Response<'_>) {
        let Response::Fetch(_, attributes) = response else {
            return;
        };
        let uid = attributes.iter().find_map(|attribute| match attribute {
            AttributeValue::Uid(uid) => Some(*uid),
            _ => None,
        });
        let Some(uid) = uid.filter(|uid| self.wanted.binary_search(uid).is_ok()) else {
            return;
        };
        for attribute in attributes {
            match attribute {
                AttributeValue::Rfc822Size(size) => self.note_size(uid, u64::from(*size)),
                AttributeValue::BodySection {
                    section: None,
                    index,
                    data: Some(data),
                } => self.note_data(uid, *index, data),
                _ => {}
            }
        }
    }

    fn note_size(&mut self, uid: u32, size: u64) {
        self.messages.entry(uid).or_default().size = size;
        self.total += size;
    }

    fn note_data(&mut self, uid: u32, index: Option<u32>, data: &[u8]) {
        let message = self.messages.entry(uid).or_default();
        message.is_answered = true;
        if index.is_none() {
            // The server does not do pieces, or sent the whole once more.
            message.bytes.clear();
        }
        let expected = message.bytes.len() as u64;
        if u64::from(index.unwrap_or(0)) != expected {
            return;
        }
        message.bytes.extend_from_slice(data);
        message.is_cut = index.is_some() && data.len() as u64 >= PIECE;
        self.done += data.len() as u64;
        self.progress.set(self.done, self.total.max(self.done));
    }
}

impl<S: Link> Imap<S> {
    /// Reads whole messages. One alone that is too large is refused; among others it is left out.
    pub(super) async fn read_messages(
        &mut self,
        folder: &str,
        messages: &[RemoteId],
        progress: &Progress,
    ) -> Result<Vec<(RemoteId, Vec<u8>)>, BackendError> {
        let validity = self.select(folder).await?;
        let wanted = uids(messages.iter().map(RemoteId::as_str), validity)?;
        self.session.expect_fetches(true);
        self.session.set_limits(LIMITS);
        let mut pieces = Pieces {
            wanted: &wanted,
            messages: BTreeMap::new(),
            progress,
            done: 0,
            total: 0,
        };
        for chunk in wanted.chunks(TOGETHER) {
            self.read_piece(&sequence_set(chunk), 0, &mut pieces)
                .await?;
        }
        let mut too_large = None;
        for uid in &wanted {
            if !self.read_rest(*uid, &mut pieces).await? {
                pieces.messages.remove(uid);
                too_large = Some(*uid);
            }
        }
        if let (Some(_), [_]) = (too_large, wanted.as_slice()) {
            return Err(BackendError::Refused {
                kind: Refusal::TooBig,
                code: String::new(),
                text: format!("The message is larger than {} MiB", LONGEST >> 20),
            });
        }
        Ok(in_order(messages, validity, pieces.messages))
    }

    /// Reads what is missing of a message; `false` when it is too large. One that others delete meanwhile is dropped:
    /// half a message must never pass for a whole one.
    async fn read_rest(&mut self, uid: u32, pieces: &mut Pieces<'_>) -> Result<bool, BackendError> {
        loop {
            let Some(message) = pieces.messages.get_mut(&uid).filter(|m| m.is_cut) else {
                return Ok(true);
            };
            let offset = message.bytes.len() as u64;
            if offset + PIECE > LONGEST {
                return Ok(false);
            }
            (message.is_cut, message.is_answered) = (false, false);
            self.read_piece(&uid.to_string(), offset, pieces).await?;
            let is_half = |m: &Partial| !m.is_answered && (m.bytes.len() as u64) < m.size;
            if pieces.messages.get(&uid).is_some_and(is_half) {
                pieces.messages.remove(&uid);
            }
        }
    }

    async fn read_piece(
        &mut self,
        set: &str,
        offset: u64,
        pieces: &mut Pieces<'_>,
    ) -> Result<(), BackendError> {
        let size = if offset == 0 { "RFC822.SIZE " } else { "" };
        let words = format!("UID FETCH {set} (UID {size}BODY.PEEK[]<{offset}.{PIECE}>)");
        let answer = self
            .session
            .run(&Command::new(DOING, &words).long(), |response| {
                pieces.visit(response);
            })
            .await?;
        self.session.demand(DOING, answer)?;
        Ok(())
    }
}

/// Returns the messages in the order they were asked for; those that are gone are left out.
fn in_order(
    asked: &[RemoteId],
    uid_validity: u32,
    mut messages: BTreeMap<u32, Partial>,
) -> Vec<(RemoteId, Vec<u8>)> {
    messages.retain(|_, message| !message.bytes.is_empty());
    let mut by_id: BTreeMap<RemoteId, Vec<u8>> = messages
        .into_iter()
        .map(|(uid, message)| (remote_id(uid_validity, uid), message.bytes))
        .collect();
    asked
        .iter()
        .filter_map(|id| by_id.remove(id).map(|bytes| (id.clone(), bytes)))
        .collect()
}
