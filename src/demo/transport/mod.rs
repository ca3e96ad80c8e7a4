//! What every server of the tenant stands on: the throw-away CA, sockets on this machine, and the one HTTPS port.

pub mod ca;
pub mod listen;
pub mod web;
