//! The stories, told to whatever target; and the steps they share.

pub mod changing;
pub mod exchange_web;
pub mod reading;
pub mod sending;
pub mod steps;
pub mod troubles;
