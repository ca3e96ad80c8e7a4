//! What is in the maildrop, as UIDL and LIST tell it (RFC 1939 §5, §7): numbers, ids, sizes.
//!
//! Ids are the servers', as far as they keep to RFC 1939: 1 to 70 printable characters, each once. What is not
//! printable or too long is replaced by its hash. Where several messages share an id, all of them get their size behind
//! it, and copies of one size a running number: whichever of them goes, no other takes its name.

use super::capa::Capa;
use super::quirks;
use super::reply::Reply;
use super::wire::{Link, Patience, Wire, broken};
use crate::backend::BackendError;

const DOING: &str = "list messages";
/// Bytes of a list.
const LONGEST_LIST: u64 = 16 << 20;
/// Messages of a maildrop.
const MOST_MESSAGES: usize = 500_000;
/// Longest id that is kept as it is: more than RFC 1939 allows, because servers do.
const LONGEST_ID: usize = 200;

/// A message in the maildrop.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    /// Its number in this session.
    pub(super) number: u32,
    /// Its name in all sessions.
    pub(super) id: Box<str>,
    /// Bytes, as the server estimates them.
    pub(super) size: u64,
    /// Whether the engine was told of it.
    pub(super) is_known: bool,
}

/// The maildrop as it was when the session began.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Maildrop {
    /// By number: the oldest first.
    entries: Vec<Entry>,
    /// Places in `entries` by id.
    by_id: Vec<u32>,
}

impl Maildrop {
    /// Asks the server.
    pub(super) async fn read<S: Link>(
        wire: &mut Wire<S>,
        capa: &Capa,
    ) -> Result<Self, BackendError> {
        if capa.is_pipelining() {
            wire.send_all(DOING, &["UIDL", "LIST"]).await?;
        } else {
            wire.send(DOING, "UIDL").await?;
        }
        let ids = match wire.reply(DOING, Patience::Long).await? {
            Reply::Ok(_) => wire.lines(DOING, LONGEST_LIST).await?,
            Reply::More(_) => return Err(broken(DOING, "a challenge out of the blue")),
            Reply::Refused(refused) => {
                if let Some(error) = quirks::known(DOING, wire.host(), &refused) {
                    return Err(error);
                }
                return Self::without_ids(wire, capa).await;
            }
        };
        if !capa.is_pipelining() {
            wire.send(DOING, "LIST").await?;
        }
        wire.demand(DOING, Patience::Long).await?;
        let sizes = wire.lines(DOING, LONGEST_LIST).await?;
        Self::from_lists(&ids, &sizes)
    }

    /// Some servers refuse `UIDL` of an empty maildrop; of any other, nothing can be done without it.
    async fn without_ids<S: Link>(wire: &mut Wire<S>, capa: &Capa) -> Result<Self, BackendError> {
        let mut is_empty = false;
        if capa.is_pipelining() {
            if let Reply::Ok(_) = wire.reply(DOING, Patience::Long).await? {
                is_empty = wire.lines(DOING, LONGEST_LIST).await?.is_empty();
            }
        } else {
            wire.send(DOING, "STAT").await?;
            let words = wire.demand(DOING, Patience::Long).await?;
            is_empty = words.split(' ').next() == Some("0");
        }
        if is_empty {
            return Ok(Self::default());
        }
        Err(NO_IDS)
    }

    /// Puts both lists together. Lines that are none are passed over.
    pub(super) fn from_lists(ids: &[u8], sizes: &[u8]) -> Result<Self, BackendError> {
        let mut entries = Vec::new();
        for (number, id) in rows(ids) {
            if id.is_empty() {
                return Err(NO_IDS);
            }
            let entry = Entry {
                number,
                id: named(id),
                size: 0,
                is_known: false,
            };
            entries.push(entry);
            if entries.len() > MOST_MESSAGES {
                return Err(BackendError::Protocol {
                    doing: DOING,
                    detail: format!("more than {MOST_MESSAGES} messages"),
                });
            }
        }
        entries.sort_by_key(|entry| entry.number);
        entries.dedup_by_key(|entry| entry.number);
        for (number, size) in rows(sizes) {
            let at = entries.binary_search_by_key(&number, |entry| entry.number);
            if let Some(entry) = at.ok().and_then(|at| entries.get_mut(at)) {
                entry.size = decimal(size);
            }
        }
        let mut maildrop = Self {
            entries,
            by_id: Vec::new(),
        };
        maildrop.sort();
        let shared = maildrop.tell_apart();
        if shared > 0 {
            tracing::warn!(target: "pillarbox::pop3", shared, "messages share their UIDL; told apart by size");
            maildrop.sort();
        }
        Ok(maildrop)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns the messages, the newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = (usize, &Entry)> {
        self.entries.iter().enumerate().rev()
    }

    /// Returns the messages by id.
    pub(super) fn by_id(&self) -> impl Iterator<Item = &Entry> {
        self.by_id
            .iter()
            .filter_map(|at| self.entries.get(*at as usize))
    }

    /// Returns the oldest message.
    pub(super) fn oldest(&self) -> Option<&Entry> {
        self.entries.first()
    }

    /// Returns the message with that id.
    pub(super) fn find(&self, id: &str) -> Option<&Entry> {
        self.entries.get(self.place(id)?)
    }

    pub(super) fn at_mut(&mut self, place: usize) -> Option<&mut Entry> {
        self.entries.get_mut(place)
    }

    /// Notes that nothing but these is known; returns those that are not there.
    pub(super) fn compare(&mut self, known: Vec<String>) -> Vec<String> {
        for entry in &mut self.entries {
            entry.is_known = false;
        }
        let mut gone = Vec::new();
        for id in known {
            match self.place(&id).and_then(|at| self.entries.get_mut(at)) {
                Some(entry) => entry.is_known = true,
                None => gone.push(id),
            }
        }
        gone
    }

    fn place(&self, id: &str) -> Option<usize> {
        let key = |at: &u32| self.entries.get(*at as usize).map(|entry| &*entry.id);
        let found = self.by_id.binary_search_by(|at| key(at).cmp(&Some(id)));
        self.by_id.get(found.ok()?).map(|at| *at as usize)
    }

    fn sort(&mut self) {
        let Self { entries, by_id } = self;
        *by_id = (0..entries.len() as u32).collect();
        by_id.sort_by_key(|at| entries.get(*at as usize).map(|entry| &*entry.id));
    }

    /// Gives messages with one id ids of their own; tells how many there were.
    fn tell_apart(&mut self) -> usize {
        let Self { entries, by_id } = self;
        let id = |at: &u32| entries.get(*at as usize).map(|entry| &*entry.id);
        let groups = by_id.chunk_by(|a, b| id(a) == id(b));
        let shared: Vec<Vec<u32>> = groups
            .filter(|group| group.len() > 1)
            .map(<[u32]>::to_vec)
            .collect();
        let mut count = 0;
        for mut group in shared {
            count += group.len();
            group.sort_by_key(|at| entries.get(*at as usize).map(|e| (e.size, e.number)));
            let (mut size, mut copy) = (None, 0_u32);
            for at in group {
                let Some(entry) = entries.get_mut(at as usize) else {
                    continue;
                };
                copy = if size == Some(entry.size) {
                    copy + 1
                } else {
                    1
                };
                size = Some(entry.size);
                // A blank is in no UIDL.
                entry.id = match copy {
                    1 => format!("{} {}", entry.id, entry.size),
                    copy => format!("{} {} {copy}", entry.id, entry.size),
                }
                .into();
            }
        }
        count
    }
}

const NO_IDS: BackendError = BackendError::Unsupported {
    what: "telling messages apart (the server gives them no UIDL)",
};

/// Splits a list into number and word.
fn rows(list: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    list.split(|byte| *byte == b'\n').filter_map(|line| {
        let line = line.trim_ascii();
        let (number, word) = match line.iter().position(|byte| *byte == b' ') {
            Some(at) => line.split_at_checked(at)?,
            None => (line, &[][..]),
        };
        let number: u32 = std::str::from_utf8(number).ok()?.parse().ok()?;
        (number > 0).then(|| (number, word.trim_ascii()))
    })
}

fn decimal(word: &[u8]) -> u64 {
    let digits = word.split(|byte| *byte == b' ').next().unwrap_or_default();
    let digits = std::str::from_utf8(digits).unwrap_or_default();
    digits.parse().unwrap_or(0)
}

/// Returns an id that is short and printable.
fn named(id: &[u8]) -> Box<str> {
    let is_sound = id.len() <= LONGEST_ID && id.iter().all(|byte| (0x21..=0x7e).contains(byte));
    match std::str::from_utf8(id) {
        Ok(text) if is_sound => text.into(),
        _ => format!("hash {:016x}{:016x}", fnv(id, 0), fnv(id, 0x5bd1_e995)).into(),
    }
}

/// FNV-1a: the same in every version of this program, which the standard library's hash is not.
fn fnv(bytes: &[u8], seed: u64) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed;
    bytes.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
