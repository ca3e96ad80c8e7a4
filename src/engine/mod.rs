//! The running program without a face: background workers that keep cache and servers in step; commands in, events out.
//!
//! A user action is one local transaction and never waits for the network. Events carry ids, are sent after commit,
//! and may be lost: [`Event::Lagged`] means "read again what you show". Workers are in `work`, everything that the
//! handle [`Engine`] can be asked for is in the files beside this one.

mod access;
mod accounts;
mod actions;
mod check;
mod credentials;
mod error;
mod events;
mod filing;
mod handle;
mod inner;
mod link;
mod profiles;
mod protocol;
mod reading;
mod setup;
mod sign_in;
mod signer;
mod work;
mod writing;

#[cfg(test)]
mod tests;

pub use check::{CheckLine, CheckStep, CheckWish, Reading, Rights, SendTest, Sending};
pub use credentials::{
    Expiry, MissingSecret, Nearness, SignInRemark, TokenReport, TokenUse, TokenView,
};
pub use error::{EngineError, Lapsing, Locked};
pub use events::{
    Alternative, BodyState, Candidate, Event, Fate, Health, Problem, ServerHits, SignIn,
    SignInEvent, Status,
};
pub use handle::{Engine, Options};
pub use profiles::ConfigChange;
pub use protocol::{instead_of_ews, reading_server, sending_server, without_ews};
pub use setup::{is_old_server, usual_servers};
pub use signer::asked_scopes;
// What the interface matches on in a sign-in; it may not name the layers these come from.
pub use crate::auth::{
    BrowserAuthorization, BrowserProgress, CertificateFacts, DeviceAuthorization, DeviceProgress,
    Ended, Identity, PasteMistake, PermissionFinding, PermissionState, Permissions, Resource,
    ScopeProblem, TokenFacts, Unlock, first_scopes, scope_problems,
};
pub use crate::discover::Origin;
