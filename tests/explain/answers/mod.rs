//! What comes of answers that are not what they should be: a notice, or nothing, and a mailbox that goes on.

mod bad;
mod odd;
