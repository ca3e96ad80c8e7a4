//! What servers say is recognised where they say it: a real connection, the engine, and the notice that a person sees.

#![cfg(test)]

mod answers;
mod checking;
mod codes;
mod doors;
mod faults;
mod home;
mod mail_servers;
mod open_mailboxes;
mod pop_servers;
mod renewals;
mod scripted;
mod story;
mod tenants_servers;
mod web_servers;
