//! A last net under third-party parsers: a panic in one becomes "nothing read".
//!
//! Our own code must not rely on it.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a parser over hostile bytes; `None` when it panicked.
pub(in crate::mime) fn run<T>(parse: impl FnOnce() -> T) -> Option<T> {
    let read = catch_unwind(AssertUnwindSafe(parse));
    if read.is_err() {
        tracing::warn!("a message parser panicked; the message is shown as far as possible");
    }
    read.ok()
}
