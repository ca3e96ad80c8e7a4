//! The background loops and the steps they are made of. Only the engine's handle talks to them.
//!
//! A [`desk`] is what handle and worker of one mailbox share; a [`room`] is one open connection and its surroundings;
//! [`plan`] decides what is most urgent, [`reaction`] what a failure means; [`supervisor`] keeps the loops alive.

pub mod backoff;
pub mod bell;
pub mod bodies;
pub mod budget;
pub mod desk;
pub mod directory;
pub mod outbox;
pub mod plan;
pub mod reaction;
pub mod refresher;
pub mod replay;
pub mod room;
pub mod searching;
pub mod supervisor;
pub mod sync;
pub mod worker;
