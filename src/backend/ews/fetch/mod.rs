//! Reads whole messages as MIME, a few at a time, without marking them read.

mod pieces;

use std::sync::atomic::{AtomicU64, Ordering};

use super::link::{Call, protocol};
use super::soap::{Class, Reply, Version, Xml};
use super::{Ews, item, judge};
use crate::backend::{BackendError, Refusal};
use crate::model::{Progress, RemoteId};

const DOING: &str = "read a message";
/// Messages of one request.
const TOGETHER: usize = 10;
/// Bytes of the messages of one request, where their sizes are known.
const BATCH: u64 = 16 << 20;
/// What a message counts for whose size is not known.
const UNKNOWN: u64 = 1 << 20;
/// Bytes of the answer to a request for several messages; longer ones are asked for again, fewer at a time.
const LONGEST_BATCH: usize = 64 << 20;
/// A message longer than this is not read.
const LONGEST: usize = 160 << 20;
/// The same in base64, with room for what stands around it.
const LONGEST_ANSWER: usize = LONGEST / 3 * 4 + (LONGEST / 16);

/// What became of one message.
enum Outcome {
    Read(Vec<u8>),
    Gone,
    /// It is there, but the server cannot put it into words.
    Unreadable,
}

impl Ews {
    /// Reads whole messages. One alone that is too large is refused; among others it is left out.
    pub(super) async fn read_messages(
        &self,
        messages: &[RemoteId],
        progress: &Progress,
    ) -> Result<Vec<(RemoteId, Vec<u8>)>, BackendError> {
        let ids: Vec<String> = messages.iter().map(|id| id.as_str().to_owned()).collect();
        let known = ids.iter().filter_map(|id| self.sync.size(id));
        let total: u64 = known.sum();
        let done = AtomicU64::new(0);
        let told = |bytes: usize| {
            // Base64 is a third longer than what it stands for.
            let more = bytes as u64 / 4 * 3;
            let done = done.fetch_add(more, Ordering::Relaxed) + more;
            progress.set(done, total.max(done));
        };
        let mut waiting = self.batches(&ids);
        waiting.reverse();
        let mut read = Vec::with_capacity(ids.len());
        while let Some(batch) = waiting.pop() {
            match self.read_batch(batch, &told).await {
                Ok(outcomes) => {
                    for (id, outcome) in batch.iter().zip(outcomes) {
                        read.extend(self.settle(id, outcome, &told).await?);
                    }
                }
                Err(error) if item::is_too_long(&error) && batch.len() > 1 => {
                    let (left, right) = batch.split_at(batch.len() / 2);
                    waiting.extend([right, left]);
                }
                Err(error) if item::is_too_long(&error) && ids.len() > 1 => {}
                Err(error) if item::is_too_long(&error) => return Err(too_large()),
                // Among others, one that is refused is left out.
                Err(BackendError::Refused { code, .. }) if ids.len() > 1 && batch.len() == 1 => {
                    tracing::warn!(target: "pillarbox::ews", code, "a message is refused");
                }
                Err(error @ BackendError::Refused { .. }) if batch.len() > 1 => {
                    tracing::debug!(target: "pillarbox::ews", %error, "one at a time");
                    waiting.extend(batch.chunks(1).rev());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    /// Cuts ids into requests that are not too large.
    fn batches<'a>(&self, ids: &'a [String]) -> Vec<&'a [String]> {
        let mut batches = Vec::new();
        let mut rest = ids;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take(TOGETHER).take_while(|id| {
                bytes += self.sync.size(id).unwrap_or(UNKNOWN);
                bytes <= BATCH
            });
            let (batch, after) = rest.split_at(fits.count().max(1));
            batches.push(batch);
            rest = after;
        }
        batches
    }

    async fn read_batch(
        &self,
        batch: &[String],
        told: &(dyn Fn(usize) + Send + Sync),
    ) -> Result<Vec<Outcome>, BackendError> {
        let write = |xml: &mut Xml, _: Version| {
            xml.inside("m:GetItem", &[], |xml| {
                xml.inside("m:ItemShape", &[], |xml| {
                    xml.text("t:BaseShape", "IdOnly");
                    xml.text("t:IncludeMimeContent", "true");
                });
                item::ids(xml, batch);
            });
        };
        let limit = if batch.len() > 1 {
            LONGEST_BATCH
        } else {
            LONGEST_ANSWER
        };
        let call = Call::new(DOING, &write).limit(limit).progress(told);
        let replies = self.link.call(&call).await?;
        if replies.len() != batch.len() {
            return Err(protocol(DOING, "not as many answers as questions"));
        }
        replies.into_iter().map(outcome).collect()
    }

    async fn settle(
        &self,
        id: &String,
        outcome: Outcome,
        told: &(dyn Fn(usize) + Send + Sync),
    ) -> Result<Option<(RemoteId, Vec<u8>)>, BackendError> {
        let bytes = match outcome {
            Outcome::Gone => return Ok(None),
            Outcome::Read(bytes) => bytes,
            Outcome::Unreadable => {
                let Some(bytes) = pieces::read(&self.link, id, told).await? else {
                    return Ok(None);
                };
                bytes
            }
        };
        Ok(Some((RemoteId::new(id), bytes)))
    }
}

fn outcome(mut reply: Reply) -> Result<Outcome, BackendError> {
    if judge::is_gone(&reply) {
        return Ok(Outcome::Gone);
    }
    if judge::is_unreadable(&reply) {
        return Ok(Outcome::Unreadable);
    }
    if reply.class == Class::Error {
        return Err(judge::error(DOING, judge::Stage::Working, &reply));
    }
    let bytes = reply.node.take_bytes("MimeContent").unwrap_or_default();
    Ok(if bytes.is_empty() {
        Outcome::Unreadable
    } else {
        Outcome::Read(bytes)
    })
}

fn too_large() -> BackendError {
    BackendError::Refused {
        kind: Refusal::TooBig,
        code: String::new(),
        text: format!("The message is larger than {} MiB", LONGEST >> 20),
    }
}
