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
}

impl Mischief {
    /// Tells whether it can be done without knowing what was asked.
    pub const fn is_of_transport(&self) -> bool {
        matches!(
            self,
            Self::Status { .. } | Self::Body { .. } | Self::Cut | Self::Huge
        )
    }
}

/// Mischief that is still to come, first in, first out at each service.
#[derive(Debug, Default)]
pub struct Mischiefs(Mutex<VecDeque<(Service, Mischief)>>);

impl Mischiefs {
    /// Adds one to the next request that it can happen to.
    pub fn add(&self, service: Service, mischief: Mischief) {
        self.lock().push_back((service, mischief));
    }

    /// Takes the service's next mischief, if it is of the wanted kind.
    pub fn take(
        &self,
        service: Service,
        is_wanted: impl Fn(&Mischief) -> bool,
    ) -> Option<Mischief> {
        let mut waiting = self.lock();
        let at = waiting.iter().position(|(at, _)| *at == service)?;
        let is_next = waiting.get(at).is_some_and(|(_, next)| is_wanted(next));
        let taken = is_next.then(|| waiting.remove(at)).flatten();
        taken.map(|(_, mischief)| mischief)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(Service, Mischief)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
