//! Paths, settings and account files: load, check, write atomically; the user's comments and order survive.
//!
//! Accounts come out of here complete: profiles resolved, defaults filled in, every mistake reported with
//! file, line, key and what was expected.

mod accounts;
mod edit;
mod error;
mod interface;
mod load;
mod old;
mod paths;
mod section;
mod servers;
mod sign_in;
mod spelling;
mod tree;

#[cfg(test)]
mod tests;

pub use edit::{
    check_vault, duplicate_account, migrate, remove_account, remove_servers, remove_sign_in,
    rename_servers, rename_sign_in, save_account, save_interface, save_servers, save_sign_in,
    save_vault,
};
pub use error::{ConfigError, Mistake};
pub use interface::{Interface, VaultCommands, VaultConfig, VaultKind, VaultSetting};
pub use load::{Config, place_of};
pub use old::{OldKind, OldSetting, Replacement};
pub use paths::Paths;
