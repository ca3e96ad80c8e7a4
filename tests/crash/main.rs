//! The real binary in bad hours: killed at any moment, its database damaged, its disk full, its files in the way.
//!
//! Nothing may be lost, nothing doubled. What the server has is read from the demo tenant in this process.

#![cfg(test)]

mod console;
mod damage;
mod disk;
mod drafts;
mod home;
mod moments;
mod sending;
mod synchronising;
