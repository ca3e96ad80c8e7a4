//! Tables of what is still to be done: changes for servers, drafts, the outbox.

mod actions;
mod drafts;
mod effect;
mod outbox;
mod owner;
mod pending;
mod sent;

pub use effect::rederive;
pub use owner::Owner;
pub use pending::enqueue;
