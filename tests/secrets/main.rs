//! No secret gets where it does not belong: canaries are planted in every one, the program is used at its most
//! talkative level, and everything that it wrote is searched.

#![cfg(test)]

#[path = "../terminal/console.rs"]
#[allow(dead_code, reason = "its other half is for stories about terminals")]
mod console;
mod home;
mod leaks;
mod panics;
mod passphrase;
mod screens;
mod sign_in_service;
mod stories;

#[path = "../explain/scripted.rs"]
#[allow(dead_code, reason = "the other test target says more")]
mod scripted;
