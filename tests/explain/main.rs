//! What servers say is recognised where they say it: a real connection, the engine, and the notice that a person sees.

#![cfg(test)]

mod codes;
mod faults;
mod home;
mod mail_servers;
mod scripted;
mod story;
