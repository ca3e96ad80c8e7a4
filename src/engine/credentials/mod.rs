//! What accounts prove themselves with, seen from outside: secrets to enter, tokens to look at, what ends when, where
//! it all is kept. Proving itself is in `signer`.

pub mod expiry;
mod moving;
mod secrets;
mod token;

pub use expiry::{Expiry, Nearness};
pub use secrets::MissingSecret;
pub use token::{SignInRemark, TokenReport, TokenUse, TokenView};
