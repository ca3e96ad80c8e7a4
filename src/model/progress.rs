//! A shared figure of how far a long task is.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// How far a long task is; cloned handles share the figure. Units are the task's own (bytes, messages).
#[derive(Clone, Debug, Default)]
pub struct Progress {
    figures: Arc<(AtomicU64, AtomicU64)>,
}

impl Progress {
    /// Sets how much is done, of how much (0 when not known).
    pub fn set(&self, done: u64, total: u64) {
        self.figures.0.store(done, Ordering::Relaxed);
        self.figures.1.store(total, Ordering::Relaxed);
    }

    /// Returns how much is done, of how much (0 when not known).
    pub fn get(&self) -> (u64, u64) {
        (
            self.figures.0.load(Ordering::Relaxed),
            self.figures.1.load(Ordering::Relaxed),
        )
    }
}
