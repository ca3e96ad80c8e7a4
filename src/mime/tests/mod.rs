//! Stories over the whole of mime: a folder of nasty mail, generated monsters, round trips, random bytes.

mod answers;
mod assembled;
mod golden;
mod monsters;
mod raw_headers;
mod round_trip;

use jiff::Timestamp;

use crate::mime::parse_envelope;
use crate::model::{Envelope, FolderId, Listed, MailboxId, MessageId};

fn now() -> Timestamp {
    "2026-03-12T15:00:00Z".parse().unwrap()
}

/// The whole header of a message as an envelope.
fn envelope(message: &[u8]) -> Envelope {
    parse_envelope(message, Some(now()))
}

fn listed(message: &[u8]) -> Listed {
    Listed {
        id: MessageId::new(7),
        mailbox: MailboxId::new(1),
        folder: FolderId::new(1),
        envelope: envelope(message),
        thread_size: 1,
    }
}
