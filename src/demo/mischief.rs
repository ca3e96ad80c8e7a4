//! What tests want to go wrong at the mail services behind HTTPS, and at POP3. Data and a queue; no protocol.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// A service that mischief can be done to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// Exchange Web Services and Autodiscover.
    Ews,
    /// Microsoft Graph.
    Graph,
    /// POP3.
    Pop3,
}

/// What makes another answer of an answer's body.
#[derive(Clone, Copy, Debug)]
pub struct Edit(pub fn(&[u8]) -> Vec<u8>);

impl PartialEq for Edit {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Eq for Edit {}

/// Something that goes wrong once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mischief {
    /// An empty answer with this status, and perhaps `Retry-After` in seconds.
    Status {
        /// HTTP status.
        code: u16,
        /// Seconds.
        retry_after: Option<u64>,
    },
    /// This body with status 200, whatever was asked.
    Body {
        /// `Content-Type`.
        kind: &'static str,
        /// The body.
        bytes: Vec<u8>,
    },
    /// The connection ends instead of the answer; the request is not done.
    Cut,
    /// The request is done, then the connection ends instead of the answer.
    CutAfter,
    /// The connection ends in the middle of the answer.
    CutInside,
    /// The request is done, and the answer is changed.
    Edited(Edit),
    /// A hundred megabytes of blanks.
    Huge,
    /// The answer comes some seconds late.
    Slow,
    /// An error by its code in the protocol's own writing, such as `ErrorItemNotFound` or `-ERR [IN-USE]`.
    Error {
        /// The code.
        code: &'static str,
        /// `BackOffMilliseconds` (EWS); none elsewhere.
        back_off: Option<u64>,
    },
    /// The cursor of the next synchronisation is not known any more: 410, `ErrorInvalidSyncStateData`; for POP3, the
    /// server has given every message another UIDL.
    CursorLost,
    /// A synchronisation's items come twice, and empty pages in between.
    Repeated,
    /// Totals are wrong by ten.
    WrongTotals,
    /// Elements and fields that no client knows.
    Unknown,
    /// The messages that are asked for cannot be written as MIME: EWS, `ErrorContentConversionFailed`.
    NoMime,
}

impl Mischief {
    /// Tells whether it can be done without knowing what was asked.
    pub const fn is_of_transport(&self) -> bool {
        matches!(
            self,
            Self::Status { .. } | Self::Body { .. } | Self::Edited(_) | Self::Cut | Self::Huge
        )
    }
}

/// Mischief that waits for a request.
#[derive(Debug)]
struct Waiting {
    service: Service,
    /// What has to be asked for; empty for anything.
    at: &'static str,
    mischief: Mischief,
}

/// Mischief that is still to come, first in, first out at each service.
#[derive(Debug, Default)]
pub struct Mischiefs(Mutex<VecDeque<Waiting>>);

impl Mischiefs {
    /// Adds one to the next request that it can happen to.
    pub fn add(&self, service: Service, mischief: Mischief) {
        self.add_at(service, "", mischief);
    }

    /// Adds one to the next request for `at`: a command of POP3, a word in a request of EWS (its operation), a part of
    /// an address of Graph.
    pub fn add_at(&self, service: Service, at: &'static str, mischief: Mischief) {
        self.lock().push_back(Waiting {
            service,
            at,
            mischief,
        });
    }

    /// Forgets what is still to come at a service; tells how much that was.
    pub fn clear(&self, service: Service) -> usize {
        let mut waiting = self.lock();
        let before = waiting.len();
        waiting.retain(|next| next.service != service);
        before - waiting.len()
    }

    /// Takes the service's next mischief, if that is asked for and it is of the wanted kind.
    pub fn take(
        &self,
        service: Service,
        is_asked: impl Fn(&str) -> bool,
        is_wanted: impl Fn(&Mischief) -> bool,
    ) -> Option<Mischief> {
        let mut waiting = self.lock();
        let place = waiting.iter().position(|next| next.service == service)?;
        let is_next = waiting.get(place).is_some_and(|next| {
            (next.at.is_empty() || is_asked(next.at)) && is_wanted(&next.mischief)
        });
        let taken = is_next.then(|| waiting.remove(place)).flatten();
        taken.map(|next| next.mischief)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
