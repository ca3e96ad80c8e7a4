//! One session's picture of the selected folder: its own sequence numbers, whatever others do meanwhile.

use imap_codec::imap_types::sequence::{SeqOrUid, Sequence, SequenceSet};

use super::write::Out;
use crate::demo::mail_store::{Folder, Message};

/// Whether sequence numbers may change now: not while answering FETCH, STORE and SEARCH by number (RFC 3501 §7.4.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expunges {
    /// Tell of them.
    Tell,
    /// Keep them for later.
    Hold,
}

/// Whether a set names messages by sequence number or by UID.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Naming {
    /// By sequence number.
    Sequence,
    /// By UID.
    Uid,
}

impl Naming {
    /// Reads the codec's mark.
    pub fn from_mark(is_uid: bool) -> Self {
        if is_uid { Self::Uid } else { Self::Sequence }
    }
}

/// A message as the session knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// UID.
    pub uid: u32,
    /// The message's revision whose flags the client was told.
    pub revision: u64,
}

/// The selected folder.
#[derive(Debug)]
pub struct View {
    /// Which folder.
    pub folder: u32,
    /// Whether it was opened with EXAMINE.
    pub is_read_only: bool,
    seen: Vec<Seen>,
    revision: u64,
}

impl View {
    /// Opens a folder.
    pub fn new(folder: &Folder, is_read_only: bool) -> Self {
        Self {
            folder: folder.uid_validity,
            is_read_only,
            seen: folder.messages().iter().map(seen).collect(),
            revision: folder.revision(),
        }
    }

    /// Returns the messages by sequence number.
    pub fn messages(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (1_u32..).zip(self.seen.iter().map(|seen| seen.uid))
    }

    /// Returns sequence number and UID of each message a set names.
    pub fn resolve(&self, set: &SequenceSet, naming: Naming) -> Vec<(u32, u32)> {
        let largest = match naming {
            Naming::Sequence => u32::try_from(self.seen.len()).unwrap_or(u32::MAX),
            Naming::Uid => self.seen.last().map_or(0, |seen| seen.uid),
        };
        let ranges: Vec<(u32, u32)> = set
            .0
            .as_ref()
            .iter()
            .map(|part| range(part, largest))
            .collect();
        self.messages()
            .filter(|(sequence, uid)| {
                let number = match naming {
                    Naming::Sequence => sequence,
                    Naming::Uid => uid,
                };
                ranges
                    .iter()
                    .any(|(low, high)| (low..=high).contains(&number))
            })
            .collect()
    }

    /// Notes that the client was told the flags of a message.
    pub fn tell(&mut self, message: &Message) {
        let found = self
            .seen
            .binary_search_by_key(&message.uid, |seen| seen.uid);
        if let Some(seen) = found.ok().and_then(|at| self.seen.get_mut(at)) {
            seen.revision = message.revision;
        }
    }

    /// Writes what changed since the client was last told; a folder that is gone has lost all its messages.
    pub fn update(&mut self, folder: Option<&Folder>, expunges: Expunges, out: &mut Out) {
        let revision = folder.map_or(u64::MAX, Folder::revision);
        if revision == self.revision {
            return;
        }
        if expunges == Expunges::Tell {
            self.tell_expunged(folder, out);
            self.revision = revision;
        }
        if let Some(folder) = folder {
            self.tell_new(folder, out);
            self.tell_flags(folder, out);
        }
    }

    fn tell_expunged(&mut self, folder: Option<&Folder>, out: &mut Out) {
        let mut sequence = 0_u32;
        self.seen.retain(|seen| {
            sequence += 1;
            let is_there = folder.is_some_and(|folder| folder.message(seen.uid).is_some());
            if !is_there {
                out.line(&format!("* {sequence} EXPUNGE"));
                // The ones behind move up, so the next one has the same number.
                sequence -= 1;
            }
            is_there
        });
    }

    fn tell_new(&mut self, folder: &Folder, out: &mut Out) {
        let last = self.seen.last().map_or(0, |seen| seen.uid);
        let messages = folder.messages();
        let start = messages.partition_point(|message| message.uid <= last);
        let new = messages.get(start..).unwrap_or_default();
        if !new.is_empty() {
            self.seen.extend(new.iter().map(seen));
            out.line(&format!("* {} EXISTS", self.seen.len()));
        }
    }

    fn tell_flags(&mut self, folder: &Folder, out: &mut Out) {
        for (sequence, seen) in (1_u32..).zip(&mut self.seen) {
            let Some(message) = folder.message(seen.uid) else {
                continue;
            };
            if message.revision != seen.revision {
                seen.revision = message.revision;
                let (uid, flags) = (message.uid, message.flags.names());
                out.line(&format!("* {sequence} FETCH (FLAGS ({flags}) UID {uid})"));
            }
        }
    }
}

fn seen(message: &Message) -> Seen {
    Seen {
        uid: message.uid,
        revision: message.revision,
    }
}

/// Returns a part of a set as a range, the lower end first; `*` is the largest number there is.
fn range(part: &Sequence, largest: u32) -> (u32, u32) {
    let number = |end: &SeqOrUid| match end {
        SeqOrUid::Value(number) => number.get(),
        SeqOrUid::Asterisk => largest,
    };
    match part {
        Sequence::Single(one) => (number(one), number(one)),
        Sequence::Range(one, two) => {
            let (one, two) = (number(one), number(two));
            (one.min(two), one.max(two))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::mail_store::{Flags, NewMessage};

    fn folder_of(count: usize) -> Folder {
        let mut folder = Folder::new("INBOX", 1);
        for _ in 0..count {
            folder.append(NewMessage::arriving(b"A: b\r\n\r\n".to_vec()));
        }
        folder
    }

    fn told(view: &mut View, folder: Option<&Folder>, expunges: Expunges) -> String {
        let mut out = Out::default();
        view.update(folder, expunges, &mut out);
        String::from_utf8(out.take()).unwrap()
    }

    #[test]
    fn expunges_are_told_with_numbers_that_move_up() {
        let mut folder = folder_of(5);
        let mut view = View::new(&folder, false);
        for uid in [2, 3, 5] {
            folder.remove(uid);
        }
        assert_eq!(told(&mut view, Some(&folder), Expunges::Hold), "");
        let expected = "* 2 EXPUNGE\r\n* 2 EXPUNGE\r\n* 3 EXPUNGE\r\n";
        assert_eq!(told(&mut view, Some(&folder), Expunges::Tell), expected);
        assert_eq!(told(&mut view, Some(&folder), Expunges::Tell), "");
    }

    #[test]
    fn new_messages_and_flags_are_told_once() {
        let mut folder = folder_of(1);
        let mut view = View::new(&folder, false);
        folder.append(NewMessage::arriving(vec![]));
        folder.set_flags(1, |flags| flags.with(Flags::SEEN));
        let expected = "* 2 EXISTS\r\n* 1 FETCH (FLAGS (\\Seen) UID 1)\r\n";
        assert_eq!(told(&mut view, Some(&folder), Expunges::Hold), expected);
        assert_eq!(told(&mut view, Some(&folder), Expunges::Tell), "");
    }

    #[test]
    fn a_folder_that_is_gone_is_empty() {
        let folder = folder_of(2);
        let mut view = View::new(&folder, false);
        let expected = "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n";
        assert_eq!(told(&mut view, None, Expunges::Tell), expected);
    }

    #[test]
    fn sets_are_resolved_by_number_or_uid() {
        let mut folder = folder_of(5);
        folder.remove(2);
        let view = View::new(&folder, false);
        let check = |set: &str, naming, expected: &[u32]| {
            let set = SequenceSet::try_from(set).unwrap();
            let uids: Vec<u32> = view
                .resolve(&set, naming)
                .into_iter()
                .map(|m| m.1)
                .collect();
            assert_eq!(uids, expected);
        };
        check("2:3", Naming::Sequence, &[3, 4]);
        check("2:3", Naming::Uid, &[3]);
        check("*", Naming::Uid, &[5]);
        check("99:*", Naming::Uid, &[5]);
        check("4:*", Naming::Sequence, &[5]);
    }
}
