//! Writing: messages from drafts, finished messages taken over, answers prepared.

mod adopt;
mod answer;
mod build;
mod forward;
mod recipients;
mod subject;
mod wire;

pub use adopt::adopt;
pub use answer::{Answer, answer};
pub use build::{Built, build};
pub use wire::crlf;
