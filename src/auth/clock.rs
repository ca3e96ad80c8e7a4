//! The clock that decides expiry. Always wall time: a laptop that slept has to notice that its tokens aged.

use std::sync::Arc;

use jiff::Timestamp;

/// The clock that decides expiry; a test can move it.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Returns the time now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

/// Adds seconds without ever leaving the range of timestamps.
pub(super) fn later(from: Timestamp, seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    from.saturating_add(jiff::SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}
