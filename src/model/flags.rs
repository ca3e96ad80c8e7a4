//! The flags a message can carry and changes to them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The system flags of RFC 9051 §2.3.2 that Pillarbox keeps, as a set.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Flags(u8);

impl Flags {
    /// No flag at all: unread.
    pub const NONE: Self = Self(0);
    /// `\Seen`: read.
    pub const SEEN: Self = Self(1);
    /// `\Answered`.
    pub const ANSWERED: Self = Self(2);
    /// `\Flagged`: starred.
    pub const FLAGGED: Self = Self(4);
    /// `\Draft`.
    pub const DRAFT: Self = Self(8);
    /// `\Deleted`: waiting for an expunge.
    pub const DELETED: Self = Self(16);
    /// `$Forwarded`.
    pub const FORWARDED: Self = Self(32);

    /// Returns the set as stored; bits are stable.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Reads a stored set; unknown bits are dropped.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 63)
    }

    /// Tells whether every flag of `other` is set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns both sets together.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns this set less `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Tells whether the message was read.
    pub const fn is_seen(self) -> bool {
        self.contains(Self::SEEN)
    }

    /// Returns the stable names used by `--json`, in a fixed order.
    pub fn names(self) -> Vec<&'static str> {
        let all = [
            (Self::SEEN, "seen"),
            (Self::ANSWERED, "answered"),
            (Self::FLAGGED, "flagged"),
            (Self::DRAFT, "draft"),
            (Self::DELETED, "deleted"),
            (Self::FORWARDED, "forwarded"),
        ];
        all.into_iter()
            .filter(|(flag, _)| self.contains(*flag))
            .map(|(_, name)| name)
            .collect()
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flags({})", self.names().join(" "))
    }
}

/// Flags to set and to clear; everything else stays.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct FlagChange {
    /// Flags to set.
    pub set: Flags,
    /// Flags to clear.
    pub clear: Flags,
}

impl FlagChange {
    /// Sets `flags`.
    pub const fn set(flags: Flags) -> Self {
        Self {
            set: flags,
            clear: Flags::NONE,
        }
    }

    /// Clears `flags`.
    pub const fn clear(flags: Flags) -> Self {
        Self {
            set: Flags::NONE,
            clear: flags,
        }
    }

    /// Returns `flags` after this change.
    pub const fn apply(self, flags: Flags) -> Flags {
        flags.without(self.clear).with(self.set)
    }
}
