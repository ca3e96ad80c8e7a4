//! Commands about mail: reading the cache and filling it, changing messages, sending, the outbox.

pub(in crate::cli) mod act;
pub(in crate::cli) mod outbox;
pub(in crate::cli) mod read;
pub(in crate::cli) mod send;
