//! Reads whole messages, without marking anything: POP3 keeps no marks.

use super::Pop3;
use super::connect::{Dial, Session};
use super::maildrop::Entry;
use super::quirks;
use super::reply::Reply;
use super::wire::{Link, Patience, broken};
use crate::backend::{BackendError, Refusal};
use crate::model::{Progress, RemoteId};

const DOING: &str = "read a message";
/// A message longer than this is not read.
const LONGEST: u64 = 160 << 20;
/// What the dots before lines may add to it.
const STUFFED: u64 = LONGEST + LONGEST / 16;
/// Messages asked for at once.
const WINDOW: usize = 8;

/// How far a reading is.
struct Reading<'a> {
    progress: &'a Progress,
    done: u64,
    total: u64,
}

impl Reading<'_> {
    fn count(&mut self, bytes: usize) {
        self.done += bytes as u64;
        self.progress.set(self.done, self.total.max(self.done));
    }
}

impl<D: Dial> Pop3<D> {
    /// Reads whole messages. One alone that is too large is refused; among others it is left out.
    pub(super) async fn read_messages(
        &mut self,
        messages: &[RemoteId],
        progress: &Progress,
    ) -> Result<Vec<(RemoteId, Vec<u8>)>, BackendError> {
        let mut session = self.enter().await?;
        let found = messages
            .iter()
            .filter_map(|id| session.maildrop.find(id.as_str()));
        let (wanted, large): (Vec<Entry>, Vec<Entry>) =
            found.cloned().partition(|entry| entry.size <= LONGEST);
        let mut reading = Reading {
            progress,
            done: 0,
            total: wanted.iter().map(|entry| entry.size).sum(),
        };
        let mut read = Vec::with_capacity(wanted.len());
        for window in wanted.chunks(session.window(WINDOW)) {
            session.retrieve(window, &mut reading, &mut read).await?;
        }
        self.session = Some(session);
        if let ([_], [_]) = (messages, large.as_slice()) {
            return Err(BackendError::Refused {
                kind: Refusal::TooBig,
                code: String::new(),
                text: format!("The message is larger than {} MiB", LONGEST >> 20),
            });
        }
        Ok(read)
    }
}

impl<S: Link> Session<S> {
    /// Reads some messages, all asked for at once; what the server does not have any more is left out.
    async fn retrieve(
        &mut self,
        entries: &[Entry],
        reading: &mut Reading<'_>,
        read: &mut Vec<(RemoteId, Vec<u8>)>,
    ) -> Result<(), BackendError> {
        let commands: Vec<String> = entries
            .iter()
            .map(|entry| format!("RETR {}", entry.number))
            .collect();
        self.wire.send_all(DOING, &commands).await?;
        for entry in entries {
            match self.wire.reply(DOING, Patience::Long).await? {
                Reply::Ok(_) => {
                    let bytes = self.read_body(reading).await?;
                    read.push((RemoteId::new(&*entry.id), bytes));
                }
                Reply::More(_) => {
                    return Err(broken(DOING, "a challenge out of the blue"));
                }
                Reply::Refused(refused) => {
                    if let Some(error) = quirks::known(DOING, self.wire.host(), &refused) {
                        return Err(error);
                    }
                    tracing::info!(target: "pillarbox::pop3", text = refused.text, "a message is not there");
                }
            }
        }
        Ok(())
    }

    async fn read_body(&mut self, reading: &mut Reading<'_>) -> Result<Vec<u8>, BackendError> {
        let mut bytes = Vec::new();
        let mut keep = |piece: &[u8]| {
            bytes.extend_from_slice(piece);
            reading.count(piece.len());
        };
        self.wire.block(DOING, STUFFED, &mut keep).await?;
        Ok(bytes)
    }
}
