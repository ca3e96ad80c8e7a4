//! SOAP 1.1 as Exchange speaks it: requests are written, answers are read as their pieces arrive.
//!
//! Knows no operation and opens no connection. Answers are hostile: every size is bounded, nothing is expanded.

mod cut;
mod node;
mod open;
mod read;
mod reply;
mod tape;
mod write;

pub(super) use node::Node;
pub(super) use read::{Flaw, Items, Limits, Part, Reader};
pub(super) use reply::{Class, Reply};
pub(super) use tape::{Piece, Tape};
pub(super) use write::{Xml, envelope};

/// The schema that a request is written for, oldest first (protocol facts §7.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Version {
    /// Exchange 2007 SP1.
    E2007Sp1,
    /// Exchange 2010.
    E2010,
    /// Exchange 2010 SP1: the first with streaming notifications.
    E2010Sp1,
    /// Exchange 2010 SP2: the last before the schema of 2013.
    E2010Sp2,
    /// Exchange 2013: what the first request asks for.
    E2013,
    /// Exchange 2013 SP1 and everything since, Exchange Online included.
    E2013Sp1,
}

impl Version {
    const NAMES: [(Self, &'static str); 6] = [
        (Self::E2007Sp1, "Exchange2007_SP1"),
        (Self::E2010, "Exchange2010"),
        (Self::E2010Sp1, "Exchange2010_SP1"),
        (Self::E2010Sp2, "Exchange2010_SP2"),
        (Self::E2013, "Exchange2013"),
        (Self::E2013Sp1, "Exchange2013_SP1"),
    ];

    /// Returns the name on the wire.
    pub(super) fn name(self) -> &'static str {
        let known = Self::NAMES.iter().find(|(version, _)| *version == self);
        known.map_or("Exchange2010_SP2", |(_, name)| name)
    }

    /// Returns the next older one.
    pub(super) fn older(self) -> Option<Self> {
        let older = Self::NAMES.iter().rev().find(|(other, _)| *other < self);
        older.map(|(version, _)| *version)
    }

    /// Reads `ServerVersionInfo`: names made up since mean the newest schema known here.
    pub(super) fn of_server(info: &Node) -> Option<Self> {
        let name = info.attribute("Version").unwrap_or_default();
        let known = Self::NAMES.iter().find(|(_, known)| *known == name);
        if let Some((version, _)) = known {
            return Some(*version);
        }
        match info.attribute("MajorVersion")?.parse().ok()? {
            0..=7_u32 => None,
            8 => Some(Self::E2007Sp1),
            9..=14 => Some(Self::E2010Sp2),
            _ => Some(Self::E2013Sp1),
        }
    }
}
