//! Paths, settings and account files: load, check, write atomically; the user's comments and order survive.
//!
//! Accounts come out of here complete: profiles resolved, defaults filled in, every mistake reported with
//! file, line, key and what was expected.

mod accounts;
mod edit;
mod error;
mod interface;
mod load;
mod paths;
mod section;
mod servers;
mod sign_in;
mod spelling;
mod tree;

#[cfg(test)]
mod tests;

pub use edit::{remove_account, save_account, save_interface};
pub use error::{ConfigError, Mistake};
pub use interface::{Interface, VaultConfig, VaultKind};
pub use load::{Config, place_of};
pub use paths::Paths;
