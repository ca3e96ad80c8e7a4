//! The cursor: how far the chain of changes of a folder was read.

use crate::model::Cursor;

/// The first byte; cursors of another form are forgotten.
const FORM: u8 = 1;

/// What the chain is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// It still lists what was there before.
    Listing,
    /// It tells of changes.
    Settled,
}

/// A place in the chain of a folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    pub(super) phase: Phase,
    /// Messages in the folder when it was last asked.
    pub(super) total: u32,
    /// `SyncState`, kept as it is; empty at the beginning.
    pub(super) state: String,
}

impl Place {
    /// Writes a cursor.
    pub(super) fn encode(&self) -> Cursor {
        let phase = match self.phase {
            Phase::Listing => 0,
            Phase::Settled => 1,
        };
        let mut bytes = vec![FORM, phase];
        bytes.extend(self.total.to_le_bytes());
        bytes.extend(self.state.as_bytes());
        Cursor(bytes)
    }

    /// Reads a cursor; nothing where it is not one of ours.
    pub(super) fn decode(cursor: &Cursor) -> Option<Self> {
        let rest = cursor.0.strip_prefix(&[FORM])?;
        let (phase, rest) = rest.split_first()?;
        let (total, state) = rest.split_first_chunk()?;
        let phase = match phase {
            0 => Phase::Listing,
            1 => Phase::Settled,
            _ => return None,
        };
        let state = String::from_utf8(state.to_vec()).ok()?;
        if phase == Phase::Settled && state.is_empty() {
            return None;
        }
        Some(Self {
            phase,
            total: u32::from_le_bytes(*total),
            state,
        })
    }
}
