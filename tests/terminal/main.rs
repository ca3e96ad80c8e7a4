//! Stories on a real terminal: what only a terminal, a shell and an editor around the program can show.

#![cfg(test)]

mod console;
#[path = "../crash/home.rs"]
#[expect(dead_code, reason = "its other half is for what crashes")]
mod home;
mod neighbours;
mod pressed;
