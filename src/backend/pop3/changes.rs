//! What changed: the maildrop of a new session against the ids that are known.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::Pop3;
use super::connect::{Dial, Session};
use super::cursor::{self, Known};
use super::maildrop::Entry;
use super::quirks;
use super::reply::{Refused, Reply};
use super::wire::{Link, Patience, broken};
use crate::backend::BackendError;
use crate::mime::parse_envelope;
use crate::model::{ChangeSet, Cursor, Envelope, RemoteId, RemoteMessage};

const DOING: &str = "read headers";
/// Messages of the very first page: a screenful.
const FIRST_PAGE: usize = 60;
/// Messages of a page.
const PAGE: usize = 300;
/// Messages of a page where each costs a round trip.
const SLOW_PAGE: usize = 100;
/// How long a page may go on beyond that. A near server tells thousands meanwhile; each page has a cursor of all known
/// ids, so that many small pages of a large maildrop cost more than the headers in them.
const LONG_ENOUGH: Duration = Duration::from_millis(500);
/// Messages of such a page.
const MOST_OF_PAGE: usize = 2_000;
/// Headers asked for at once.
const WINDOW: usize = 100;
/// Bytes of a header that are kept.
const KEPT: usize = 256 << 10;
/// Bytes of an answer to `TOP`.
const LONGEST_HEADER: u64 = 16 << 20;
/// Bytes of a message that is read for its header only.
const LONGEST_MESSAGE: u64 = 160 << 20;
/// A maildrop with fewer messages may well be emptied and filled again by others between two looks.
const FEW: usize = 50;
/// A server may rename everything so often in a row; one that always does cannot be used.
const MOST_RENAMINGS: u32 = 3;

/// How much of a session's maildrop was told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Told {
    /// Nothing yet.
    Nothing,
    /// What this cursor says; the rest is still to come.
    Part(Cursor),
    /// Everything: only a new session can show more.
    All,
}

impl<D: Dial> Pop3<D> {
    /// Tells the next page.
    pub(super) async fn read_changes(
        &mut self,
        since: Option<&Cursor>,
    ) -> Result<ChangeSet, BackendError> {
        let mut session = self.enter().await?;
        if session.told == Told::All {
            session.leave().await;
            session = self.door.dial().await?;
        }
        let is_next = matches!(&session.told, Told::Part(told) if Some(told) == since);
        let mut removals = Vec::new();
        if !is_next {
            match self.compare(&mut session, since) {
                Ok(gone) => removals = gone,
                Err(error) => {
                    self.session = Some(session);
                    return Err(error);
                }
            }
        }
        let upserts = session.next_page(since.is_none()).await?;
        let changes = session.page_told(upserts, removals);
        self.session = Some(session);
        Ok(changes)
    }

    /// Notes what is known; returns what is gone.
    fn compare(
        &mut self,
        session: &mut Session<D::Link>,
        since: Option<&Cursor>,
    ) -> Result<Vec<RemoteId>, BackendError> {
        let known = match since {
            Some(since) => cursor::decode(since)?,
            None => Known::default(),
        };
        let (count, oldest_size) = (known.ids.len(), known.oldest_size);
        let gone = session.maildrop.compare(known.ids);
        if count > 0 && gone.len() < count {
            self.renamings = 0;
        }
        let oldest = session.maildrop.oldest();
        let is_same = oldest.is_some_and(|oldest| oldest.size == oldest_size);
        let is_renamed = oldest.is_some() && gone.len() == count && (is_same || count > FEW);
        if count > 0 && is_renamed {
            return Err(self.renamed());
        }
        Ok(gone.into_iter().map(RemoteId::new).collect())
    }

    /// Not one message has the name it had: comparing by names would tell all mail as new.
    fn renamed(&mut self) -> BackendError {
        self.renamings += 1;
        if self.renamings <= MOST_RENAMINGS {
            return BackendError::CursorLost;
        }
        BackendError::Protocol {
            doing: DOING,
            detail: "the server gives every message another UIDL each time".to_owned(),
        }
    }
}

impl<S: Link> Session<S> {
    /// Reads the newest messages that are not known, and notes them as known.
    async fn next_page(&mut self, is_first: bool) -> Result<Vec<RemoteMessage>, BackendError> {
        let (enough, most) = match (is_first, self.capa.is_pipelining()) {
            (true, _) => (FIRST_PAGE, FIRST_PAGE),
            (false, true) => (PAGE, MOST_OF_PAGE),
            (false, false) => (SLOW_PAGE, MOST_OF_PAGE),
        };
        let unknown = self
            .maildrop
            .newest_first()
            .filter(|(_, entry)| !entry.is_known);
        let page: Vec<(usize, Entry)> = unknown
            .take(most)
            .map(|(place, entry)| (place, entry.clone()))
            .collect();
        let entries: Vec<&Entry> = page.iter().map(|(_, entry)| entry).collect();
        let started = Instant::now();
        let (mut sheet, mut asked) = (Sheet::default(), 0);
        for window in entries.chunks(self.window(WINDOW)) {
            if asked >= enough && started.elapsed() >= LONG_ENOUGH {
                break;
            }
            self.read_headers(window, &mut sheet).await?;
            asked += window.len();
        }
        sheet.parse();
        let told = sheet.upserts;
        for (place, _) in page.iter().take(told.len()) {
            if let Some(entry) = self.maildrop.at_mut(*place) {
                entry.is_known = true;
            }
        }
        Ok(told)
    }

    fn page_told(&mut self, upserts: Vec<RemoteMessage>, removals: Vec<RemoteId>) -> ChangeSet {
        let known = self.maildrop.by_id().filter(|entry| entry.is_known);
        let oldest_size = self.maildrop.oldest().map_or(0, |oldest| oldest.size);
        let next = cursor::encode(oldest_size, known.map(|entry| &*entry.id));
        let more = self
            .maildrop
            .newest_first()
            .any(|(_, entry)| !entry.is_known);
        self.told = if more {
            Told::Part(next.clone())
        } else {
            Told::All
        };
        ChangeSet {
            upserts,
            removals,
            flags: Vec::new(),
            total: self.maildrop.len() as u32,
            next,
            more,
        }
    }

    /// Reads some headers, all asked for at once. Those of the last call are parsed while the server is at work.
    async fn read_headers<'a>(
        &mut self,
        entries: &[&'a Entry],
        sheet: &mut Sheet<'a>,
    ) -> Result<(), BackendError> {
        let mut headers: Vec<Option<Vec<u8>>> = vec![None; entries.len()];
        if self.can_top {
            let commands: Vec<String> = entries
                .iter()
                .map(|entry| format!("TOP {} 0", entry.number))
                .collect();
            self.wire.send_all(DOING, &commands).await?;
            sheet.parse();
            for header in &mut headers {
                *header = self.read_header(LONGEST_HEADER).await?;
            }
        }
        let mut is_top_of_no_use = self.can_top && !entries.is_empty();
        for (entry, header) in entries.iter().zip(&mut headers) {
            if header.is_some() {
                is_top_of_no_use = false;
                continue;
            }
            let command = format!("RETR {}", entry.number);
            self.wire.send(DOING, &command).await?;
            sheet.parse();
            *header = self.read_header(LONGEST_MESSAGE).await?;
            is_top_of_no_use &= header.is_some();
        }
        if is_top_of_no_use {
            self.can_top = false;
        }
        sheet.raw.extend(entries.iter().copied().zip(headers));
        Ok(())
    }

    /// Reads the beginning of a message; `None` when the server has none to show.
    async fn read_header(&mut self, limit: u64) -> Result<Option<Vec<u8>>, BackendError> {
        match self.wire.reply(DOING, Patience::Long).await? {
            Reply::Ok(_) => {
                let mut header = Vec::new();
                let mut keep = |bytes: &[u8]| {
                    let room = KEPT - header.len().min(KEPT);
                    header.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
                };
                self.wire.block(DOING, limit, &mut keep).await?;
                Ok(Some(header))
            }
            Reply::More(_) => Err(broken(DOING, "a challenge out of the blue")),
            Reply::Refused(refused) => self.passed_over(&refused).map(|()| None),
        }
    }

    /// One message that cannot be read must not keep the others away; a server that is busy must not look empty.
    fn passed_over(&self, refused: &Refused) -> Result<(), BackendError> {
        match quirks::known(DOING, self.wire.host(), refused) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

/// The messages of a page.
#[derive(Default)]
struct Sheet<'a> {
    upserts: Vec<RemoteMessage>,
    /// Headers that came last, not parsed yet.
    raw: Vec<(&'a Entry, Option<Vec<u8>>)>,
}

impl Sheet<'_> {
    fn parse(&mut self) {
        let rows = self.raw.drain(..).map(|(entry, header)| RemoteMessage {
            id: RemoteId::new(&*entry.id),
            envelope: envelope(entry, header.as_deref()),
        });
        self.upserts.extend(rows);
    }
}

/// Makes a list row; a message whose header cannot be read is at least counted. Flags stay at their default.
fn envelope(entry: &Entry, header: Option<&[u8]>) -> Envelope {
    let header = header.unwrap_or_default();
    let received = received(header).unwrap_or_else(Timestamp::now);
    Envelope {
        size: entry.size,
        ..parse_envelope(header, Some(received))
    }
}

/// Reads when the last server took a message: behind the last `;` of the first `Received` (RFC 5321 §4.4). POP3 tells
/// it nowhere else.
pub(super) fn received(header: &[u8]) -> Option<Timestamp> {
    const NAME: &[u8] = b"received:";
    let mut value: Option<Vec<u8>> = None;
    for line in header.split(|byte| *byte == b'\n') {
        let is_folded = line.starts_with(b" ") || line.starts_with(b"\t");
        match (&mut value, is_folded) {
            (Some(value), true) => value.extend_from_slice(line),
            (Some(_), false) => break,
            (None, _) => {
                let name = line.get(..NAME.len()).unwrap_or_default();
                value = name
                    .eq_ignore_ascii_case(NAME)
                    .then(|| line.get(NAME.len()..).unwrap_or_default().to_vec());
            }
        }
    }
    let value = String::from_utf8(value?).ok()?.replace(['\r', '\t'], " ");
    let (_, date) = value.rsplit_once(';')?;
    let date = jiff::fmt::rfc2822::parse(date.trim()).ok()?;
    Some(date.timestamp())
}
