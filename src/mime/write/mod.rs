//! Writing: messages from drafts and from pieces, finished messages taken over, answers prepared.

mod adopt;
mod answer;
mod assemble;
mod build;
mod forward;
mod recipients;
mod subject;
mod wire;

pub use adopt::adopt;
pub use answer::{Answer, answer};
pub use assemble::{AttachedPiece, ContentPiece, HeaderPiece, Pieces, TextPiece, assemble};
pub use build::{Built, build};
pub use wire::crlf;
