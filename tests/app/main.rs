//! Stories of a day with the whole program: the real loop, the real engine, the demo tenant, and nothing but keys.
//!
//! Every wait is for something on screen or on the server, none for time to pass.

#![cfg(test)]

mod bad_days;
mod first_day;
mod home;
mod keys;
mod protocols;
mod relay;
mod screen;
mod stage;
mod usual_days;
