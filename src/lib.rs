//! Pillarbox, a terminal mailbox manager for mail behind OAuth 2.0.
//!
//! Layers, top to bottom; each uses only layers below it (`tests/layers.rs` enforces it):
//!
//! | Layer | What lives there |
//! |---|---|
//! | [`cli`] | commands, text and `--json` output, exit codes |
//! | [`tui`] | the terminal interface: screens as `update(msg) -> effects` and `view` |
//! | [`explain`], [`demo`] | error → notice; the embedded demo tenant |
//! | [`engine`] | background workers: synchronisation, outbox, token refresh; commands in, events out |
//! | [`backend`] | protocols behind the traits `Backend` and `Outgoing` |
//! | [`store`], [`auth`], [`discover`], [`admin`] | the cache; secrets and tokens; address → servers; what an administrator must grant |
//! | [`mime`], [`config`], [`net`] | messages ⇄ bytes; files; sockets |
//! | [`model`] | plain data and rules on it |
//!
//! Start reading at [`model`], then [`engine`]. The longer story is `docs/architecture.md`.

pub mod admin;
pub mod auth;
pub mod backend;
pub mod cli;
pub mod config;
pub mod demo;
pub mod discover;
pub mod engine;
pub mod explain;
pub mod mime;
pub mod model;
pub mod net;
pub mod store;
pub mod tui;
