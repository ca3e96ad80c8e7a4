//! Tables of mail: messages as lists show them, bodies, words to search for, addresses seen.

mod addresses;
mod bodies;
mod list;
mod row;
mod search;
mod unindexed;
mod words;

pub use addresses::Seen;
pub use row::{
    Key, Stored, insert, key_of_message_id, message_key, pack_addresses, remove, size, timestamp,
    unpack_addresses, update,
};
pub use unindexed::{index_changed, index_some};
