//! The cursor: which messages are known, by id.
//!
//! A list, because the ids of what is gone must be told; sorted, with what an id shares with the one before left out,
//! so that a hundred thousand of them are some hundred kilobytes at servers that count.

use crate::backend::BackendError;
use crate::model::Cursor;

/// The first byte of every cursor of this kind.
const VERSION: u8 = 0xB1;
/// Longest id.
const LONGEST: u64 = 1024;

/// What a cursor says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Known {
    /// The size of the oldest message in the maildrop: a server that renames everything does not change it.
    pub(super) oldest_size: u64,
    /// Ids, ascending.
    pub(super) ids: Vec<String>,
}

/// Writes a cursor; `ids` ascend.
pub(super) fn encode<'a>(oldest_size: u64, ids: impl Iterator<Item = &'a str>) -> Cursor {
    let mut bytes = vec![VERSION];
    put(&mut bytes, oldest_size);
    let mut before = "";
    for id in ids {
        let pairs = before.bytes().zip(id.bytes());
        let shared = pairs.take_while(|(a, b)| a == b).count();
        let own = id.as_bytes().get(shared..).unwrap_or_default();
        put(&mut bytes, shared as u64);
        put(&mut bytes, own.len() as u64);
        bytes.extend_from_slice(own);
        before = id;
    }
    Cursor(bytes)
}

/// Reads a cursor; what was not written by [`encode`] is [`BackendError::CursorLost`].
pub(super) fn decode(cursor: &Cursor) -> Result<Known, BackendError> {
    read(&cursor.0).ok_or(BackendError::CursorLost)
}

fn read(bytes: &[u8]) -> Option<Known> {
    let mut rest = bytes.strip_prefix(&[VERSION])?;
    let mut known = Known {
        oldest_size: take(&mut rest)?,
        ids: Vec::new(),
    };
    while !rest.is_empty() {
        let (shared, own) = (take(&mut rest)?, take(&mut rest)?);
        let before = known.ids.last().map_or("", String::as_str);
        if shared > before.len() as u64 || shared + own > LONGEST || own == 0 {
            return None;
        }
        let (tail, behind) = rest.split_at_checked(own as usize)?;
        let mut id = before.get(..shared as usize)?.to_owned();
        id.push_str(std::str::from_utf8(tail).ok()?);
        if *id <= *before {
            return None;
        }
        known.ids.push(id);
        rest = behind;
    }
    Some(known)
}

/// Writes a number, seven bits a byte.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..9 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_that_count_take_little_room() {
        let ids: Vec<String> = (0..100_000).map(|n| format!("{n:08x}65a0c1d2")).collect();
        let cursor = encode(7, ids.iter().map(String::as_str));
        assert!(cursor.0.len() < 1_300_000, "{} bytes", cursor.0.len());
        let known = decode(&cursor).unwrap();
        assert_eq!((known.oldest_size, known.ids.len()), (7, ids.len()));
        assert_eq!(known.ids, ids);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(mut ids: Vec<String>, size in 0..u64::MAX >> 2) {
            ids.retain(|id| !id.is_empty() && id.len() < 1000);
            for id in &mut ids {
                id.retain(|c| c.is_ascii());
            }
            ids.retain(|id| !id.is_empty());
            ids.sort();
            ids.dedup();
            let cursor = encode(size, ids.iter().map(String::as_str));
            let known = decode(&cursor).unwrap();
            prop_assert_eq!(known, Known { oldest_size: size, ids });
        }

        #[test]
        fn any_other_bytes_are_a_lost_cursor_or_ascend(mut bytes: Vec<u8>) {
            let _ = decode(&Cursor(bytes.clone()));
            bytes.insert(0, VERSION);
            if let Ok(known) = decode(&Cursor(bytes)) {
                prop_assert!(known.ids.is_sorted());
            }
        }
    }
}
