//! Reads whole messages as MIME, four at a time, without marking them read (protocol facts §8.2).

use std::sync::atomic::{AtomicU64, Ordering};

use ::http::header::CONTENT_LENGTH;
use futures_util::stream::{self, StreamExt as _};

use super::Graph;
use super::wire::{AT_ONCE, About, Call, Wire, failed};
use crate::backend::http::offline;
use crate::backend::{BackendError, Refusal};
use crate::model::{Progress, RemoteId};
use crate::net::NetError;

const DOING: &str = "read a message";
/// A message longer than this is not read, in bytes; Exchange Online's own limit is 150 MB.
const LONGEST: usize = 160 << 20;

/// How far all messages of one call are, in bytes.
#[derive(Debug, Default)]
struct Meter {
    done: AtomicU64,
    total: AtomicU64,
    progress: Progress,
}

impl Meter {
    fn expect(&self, bytes: u64) {
        self.total
            .fetch_add(bytes.min(LONGEST as u64), Ordering::Relaxed);
    }

    fn count(&self, bytes: usize) {
        let done = self.done.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        let total = self.total.load(Ordering::Relaxed);
        self.progress.set(done, total.max(done));
    }
}

/// One message as it arrived.
enum Arrived {
    Whole(Vec<u8>),
    Gone,
    TooLarge,
}

impl Graph {
    /// Reads whole messages. One alone that is too large is refused; among others it is left out.
    pub(super) async fn read_messages(
        &mut self,
        messages: &[RemoteId],
        progress: &Progress,
    ) -> Result<Vec<(RemoteId, Vec<u8>)>, BackendError> {
        let meter = Meter {
            progress: progress.clone(),
            ..Meter::default()
        };
        let wire = &*self.wire;
        let meter = &meter;
        let reads = messages.iter().cloned().map(|id| async move {
            let arrived = read_one(wire, &id, meter).await;
            (id, arrived)
        });
        let mut reads = stream::iter(reads).buffered(AT_ONCE);
        let mut whole = Vec::new();
        while let Some((id, arrived)) = reads.next().await {
            match arrived? {
                Arrived::Whole(bytes) => whole.push((id, bytes)),
                Arrived::TooLarge if messages.len() == 1 => return Err(too_large()),
                Arrived::Gone | Arrived::TooLarge => {}
            }
        }
        Ok(whole)
    }
}

async fn read_one(wire: &Wire, id: &RemoteId, meter: &Meter) -> Result<Arrived, BackendError> {
    let path = wire.base().path(&["messages", id.as_str()]);
    let call = Call::get(format!("{path}/$value"));
    let (answer, _turn) = wire.open(DOING, &call).await?;
    if !answer.status().is_success() {
        let reply = failed(DOING, answer).await?;
        if reply.is_gone() {
            return Ok(Arrived::Gone);
        }
        return Err(reply.fault(DOING, About::Item(id.as_str())));
    }
    let length = answer.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    meter.expect(length.unwrap_or(0));
    match answer.body(LONGEST, |bytes| meter.count(bytes)).await {
        Ok(bytes) => Ok(Arrived::Whole(bytes)),
        Err(NetError::TooLong { .. }) => Ok(Arrived::TooLarge),
        Err(source) => Err(offline(DOING, source)),
    }
}

fn too_large() -> BackendError {
    BackendError::Refused {
        kind: Refusal::TooBig,
        code: String::new(),
        text: format!("The message is larger than {} MiB", LONGEST >> 20),
    }
}
