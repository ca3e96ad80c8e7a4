//! How far a folder is synchronised: the content of a cursor, and its bytes.

use super::uids::UidSet;
use crate::model::Cursor;

const VERSION: u8 = 1;

/// What the engine knows of a folder, as far as it matters for asking on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Place {
    /// The folder's `UIDVALIDITY`.
    pub(super) uid_validity: u32,
    /// Every message below this UID is known, to be listed or gone.
    pub(super) uid_next: u32,
    /// All changes of flags up to this are known; 0 without CONDSTORE.
    pub(super) mod_sequence: u64,
    /// Messages the server counts but does not list, less those it lists twice: found by a comparison.
    pub(super) skew: i64,
    /// A comparison of everything is under way and has come down to this UID; 0 when none is.
    pub(super) compare: u32,
    /// Whether the figures are settled anew once nothing is left to list.
    pub(super) is_settling: bool,
    /// Where the next round of looking at old flags begins, downwards; 0 for the top.
    pub(super) sweep: u32,
    /// Messages listed so far and not gone.
    pub(super) known: UidSet,
    /// UIDs still to be listed.
    pub(super) todo: UidSet,
}

impl Place {
    /// Writes the cursor.
    pub(super) fn encode(&self) -> Cursor {
        let mut bytes = vec![VERSION];
        for number in [
            u64::from(self.uid_validity),
            u64::from(self.uid_next),
            self.mod_sequence,
            zigzag(self.skew),
            u64::from(self.compare),
            u64::from(self.is_settling),
            u64::from(self.sweep),
        ] {
            push_number(&mut bytes, number);
        }
        push_set(&mut bytes, &self.known);
        push_set(&mut bytes, &self.todo);
        Cursor(bytes)
    }

    /// Reads a cursor; `None` when its bytes make no sense.
    pub(super) fn decode(cursor: &Cursor) -> Option<Self> {
        let (version, rest) = cursor.0.split_first()?;
        if *version != VERSION {
            return None;
        }
        let mut rest = rest;
        let mut next = || take_number(&mut rest);
        let place = Self {
            uid_validity: u32::try_from(next()?).ok()?,
            uid_next: u32::try_from(next()?).ok()?,
            mod_sequence: next()?,
            skew: unzigzag(next()?),
            compare: u32::try_from(next()?).ok()?,
            is_settling: next()? != 0,
            sweep: u32::try_from(next()?).ok()?,
            known: take_set(&mut rest)?,
            todo: take_set(&mut rest)?,
        };
        (rest.is_empty() && place.uid_validity != 0).then_some(place)
    }
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// Writes a number in groups of seven bits, lowest first.
fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Writes ranges as distances: a gap, then a length.
fn push_set(bytes: &mut Vec<u8>, set: &UidSet) {
    push_number(bytes, set.ranges().len() as u64);
    let mut end = 0;
    for &(first, last) in set.ranges() {
        push_number(bytes, u64::from(first - end));
        push_number(bytes, u64::from(last - first));
        end = last;
    }
}

fn take_set(bytes: &mut &[u8]) -> Option<UidSet> {
    let count = take_number(bytes)?;
    let mut ranges = Vec::new();
    let mut end = 0u32;
    for _ in 0..count {
        let first = end.checked_add(u32::try_from(take_number(bytes)?).ok()?)?;
        end = first.checked_add(u32::try_from(take_number(bytes)?).ok()?)?;
        ranges.push((first, end));
    }
    (!ranges.iter().any(|range| range.0 == 0)).then(|| UidSet::of_ranges(ranges.into_iter()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_place_survives_a_restart(
            known in prop::collection::vec(1u32.., 0..50),
            todo in prop::collection::vec((1u32.., 1u32..), 0..5),
            skew: i64,
            mod_sequence: u64,
            uid_validity in 1u32..,
            uid_next: u32,
        ) {
            let place = Place {
                uid_validity,
                uid_next,
                mod_sequence,
                skew,
                compare: 7,
                is_settling: true,
                sweep: 9,
                known: UidSet::of(known),
                todo: UidSet::of_ranges(todo.into_iter()),
            };
            prop_assert_eq!(Place::decode(&place.encode()), Some(place));
        }

        #[test]
        fn foreign_bytes_are_no_cursor_and_no_panic(bytes: Vec<u8>) {
            let mut with_version = vec![VERSION];
            with_version.extend(&bytes);
            let _ = Place::decode(&Cursor(with_version));
            let _ = Place::decode(&Cursor(bytes));
        }
    }

    #[test]
    fn a_dense_folder_has_a_short_cursor() {
        let place = Place {
            uid_validity: 1,
            known: UidSet::range(1, 1_000_000),
            ..Place::default()
        };
        assert!(place.encode().0.len() < 40);
        assert_eq!(Place::decode(&Cursor(vec![9, 1, 1])), None);
    }
}
