//! Tells what changed in a folder: new messages, flags and removals, then older messages, newest first.
//!
//! Correct without any extension, quick with CONDSTORE and QRESYNC (RFC 7162). A removal is only reported when the
//! server said so, or when a complete list of the server lacks the message.

mod ahead;
mod catch_up;
mod compare;
mod headers;
mod place;
mod uids;
mod window;

use self::ahead::Ahead;
use self::headers::{Rows, flag_update};
use self::place::Place;
use self::uids::UidSet;
use self::window::Marks;
use super::Imap;
use super::wire::{Command, Link, Selected};
use crate::backend::BackendError;
use crate::model::{ChangeSet, Cursor, FlagUpdate, Flags, RemoteId, RemoteMessage};

const DOING: &str = "list messages";
/// Messages of the first screen.
const PAGE: u32 = 60;
/// Messages of one portion.
const SMALLEST_PORTION: u32 = 500;
const LARGEST_PORTION: u32 = 4_000;

/// What the synchronisation knows beyond its cursors; all of it may be lost without harm.
#[derive(Debug)]
pub(super) struct Sync {
    /// The portion asked for before anybody wants it.
    ahead: Option<Ahead>,
    marks: Option<Marks>,
    /// How many messages to ask for at once; grows while the server is quick.
    portion: u32,
    /// Messages we took away ourselves and have not reported yet: folder and UIDs.
    taken: Option<(String, Vec<u32>)>,
    /// Why reading ahead failed; whoever asks next must hear the server's reason, not only that the connection is gone.
    failed: Option<BackendError>,
    /// Messages in the open folder when its changes were last read.
    last_total: u32,
}

impl Default for Sync {
    fn default() -> Self {
        Self {
            ahead: None,
            marks: None,
            portion: SMALLEST_PORTION,
            taken: None,
            failed: None,
            last_total: 0,
        }
    }
}

impl Sync {
    /// Keeps an error for the next call.
    pub(super) fn note_failed(&mut self, error: BackendError) {
        self.failed = Some(error);
    }

    /// Notes messages that a change of ours has taken out of a folder, so that no comparison is needed to find out.
    pub(super) fn note_taken(&mut self, folder: &str, uids: &[u32]) {
        match &mut self.taken {
            Some((known, taken)) if known == folder => taken.extend_from_slice(uids),
            taken => *taken = Some((folder.to_owned(), uids.to_vec())),
        }
    }
}

/// What one call has found.
#[derive(Debug, Default)]
struct News {
    messages: Vec<(u32, RemoteMessage)>,
    removed: UidSet,
    flags: Vec<(u32, Flags)>,
    /// Whether the server spoke of more while it was asked.
    is_stale: bool,
}

impl News {
    /// Files rows that arrived: those already known are left out, the rest is known from now on.
    fn take_rows(&mut self, place: &mut Place, rows: Rows) {
        let uids = rows.messages.iter().map(|(uid, _)| *uid).collect();
        let fresh = UidSet::of(uids).without(&place.known);
        place.known = place.known.union(&fresh);
        place.todo = place.todo.without(&fresh);
        let mut messages = rows.messages;
        messages.retain(|(uid, _)| fresh.contains(*uid));
        messages.sort_unstable_by_key(|(uid, _)| std::cmp::Reverse(*uid));
        messages.dedup_by_key(|(uid, _)| *uid);
        self.messages.append(&mut messages);
        self.flags.extend(rows.flags);
    }

    /// Takes messages out that are gone.
    fn remove(&mut self, place: &mut Place, gone: &UidSet) {
        let gone = gone.common(&place.known);
        place.known = place.known.without(&gone);
        self.removed = self.removed.union(&gone);
    }

    fn into_changes(mut self, place: &Place, total: u32) -> ChangeSet {
        let validity = place.uid_validity;
        self.messages
            .sort_unstable_by_key(|(uid, _)| std::cmp::Reverse(*uid));
        let flags = self
            .flags
            .iter()
            .filter(|(uid, _)| place.known.contains(*uid))
            .map(|(uid, flags)| flag_update(validity, *uid, *flags));
        let removals = self
            .removed
            .iter()
            .map(|uid| super::ids::remote_id(validity, uid));
        ChangeSet {
            removals: removals.collect::<Vec<RemoteId>>(),
            flags: flags.collect::<Vec<FlagUpdate>>(),
            upserts: self
                .messages
                .into_iter()
                .map(|(_, message)| message)
                .collect(),
            total,
            next: place.encode(),
            more: self.is_stale || place.compare > 0 || !place.todo.is_empty(),
        }
    }
}

impl<S: Link> Imap<S> {
    /// Reads what changed in a folder since a cursor.
    pub(super) async fn read_changes(
        &mut self,
        folder: &str,
        since: Option<&Cursor>,
    ) -> Result<ChangeSet, BackendError> {
        if let Some(error) = self.sync.failed.take() {
            return Err(error);
        }
        let Some(cursor) = since else {
            self.ready().await?;
            return self.first_contact(folder).await;
        };
        let mut place = Place::decode(cursor).ok_or(BackendError::CursorLost)?;
        let mut news = News::default();
        self.land().await?;
        self.session.settle().await?;
        if !self.is_ahead_of(folder, &place) {
            self.catch_up(folder, &mut place, &mut news).await?;
        }
        if news.messages.is_empty() {
            self.list_portion(folder, &mut place, &mut news).await?;
        }
        self.settle_figures(&mut place, &news);
        self.sync.last_total = self.total();
        self.ask_ahead(folder, &place, &news).await?;
        Ok(news.into_changes(&place, self.sync.last_total))
    }

    /// Reads the newest page of a folder never seen before.
    async fn first_contact(&mut self, folder: &str) -> Result<ChangeSet, BackendError> {
        self.select(folder).await?;
        let is_fresh = self
            .session
            .selected_mut()
            .is_some_and(Selected::take_fresh);
        if !is_fresh {
            // A folder opened a while ago may have grown: the server says so only when it is asked something.
            let answer = self
                .session
                .run(&Command::new(DOING, "NOOP"), |_| {})
                .await?;
            self.session.demand(DOING, answer)?;
        }
        let Some(selected) = self.session.selected_mut() else {
            return Err(BackendError::CursorLost);
        };
        selected.opened = None;
        selected.has_news = false;
        selected.touched.clear();
        let exists = selected.exists;
        let mut place = Place {
            uid_validity: selected.uid_validity,
            uid_next: selected.uid_next.max(1),
            mod_sequence: selected.mod_sequence,
            ..Place::default()
        };
        let mut news = News::default();
        if exists > 0 {
            let rows = self.newest_page(folder, &place, exists).await?;
            let lowest = rows.messages.iter().map(|(uid, _)| *uid).min();
            let highest = rows.messages.iter().map(|(uid, _)| *uid).max().unwrap_or(0);
            place.uid_next = place.uid_next.max(highest.saturating_add(1));
            if exists > PAGE || lowest.is_none() {
                let below = lowest.unwrap_or(place.uid_next).saturating_sub(1);
                place.todo = UidSet::range(1, below);
            }
            news.take_rows(&mut place, rows);
        }
        self.settle_figures(&mut place, &news);
        self.sync.last_total = self.total();
        self.ask_ahead(folder, &place, &news).await?;
        Ok(news.into_changes(&place, self.sync.last_total))
    }

    /// Fetches the newest page and the marks for everything below it, in one flight.
    async fn newest_page(
        &mut self,
        folder: &str,
        place: &Place,
        exists: u32,
    ) -> Result<Rows, BackendError> {
        self.session.expect_fetches(true);
        let first = exists.saturating_sub(PAGE - 1).max(1);
        let page = Command::new(DOING, &format!("FETCH {first}:* {}", headers::ITEMS)).long();
        let page = self.session.send(&page).await?;
        let mut marks = Marks::new(folder, place.uid_validity, exists);
        let question = if exists > PAGE {
            marks.question()
        } else {
            None
        };
        let question = match question {
            Some(numbers) => {
                let command = Command::new(DOING, &format!("FETCH {numbers} (UID)")).long();
                Some(self.session.send(&command).await?)
            }
            None => None,
        };
        let mut rows = Rows::default();
        // Some servers work on both commands at once: each response is taken for what it says.
        for tag in std::iter::once(page).chain(question) {
            let answer = self
                .session
                .finish(tag, |response| {
                    rows.visit(place.uid_validity, response);
                    marks.visit(response);
                })
                .await?;
            self.session.demand(DOING, answer)?;
        }
        self.sync.marks = Some(marks);
        self.sync.portion = SMALLEST_PORTION;
        Ok(rows)
    }

    /// Lists the next portion of what was never listed, unless it is there already.
    async fn list_portion(
        &mut self,
        folder: &str,
        place: &mut Place,
        news: &mut News,
    ) -> Result<(), BackendError> {
        if place.todo.is_empty() {
            return Ok(());
        }
        let (portion, rows) = if let Some(landed) = self.take_ahead(folder, place) {
            landed
        } else {
            self.select(folder).await?;
            let portion = self.choose_portion(folder, place).await?;
            let rows = self.fetch_rows(place.uid_validity, &portion).await?;
            (portion, rows)
        };
        // What the server did not send, it does not have, or will never send.
        place.todo = place.todo.without(&portion);
        news.take_rows(place, rows);
        Ok(())
    }

    /// Fetches the rows of some UIDs.
    async fn fetch_rows(&mut self, uid_validity: u32, uids: &UidSet) -> Result<Rows, BackendError> {
        self.session.expect_fetches(true);
        let mut rows = Rows::default();
        let answer = self
            .session
            .run(&rows_command(uids), |response| {
                rows.visit(uid_validity, response);
            })
            .await?;
        self.session.demand(DOING, answer)?;
        Ok(rows)
    }

    /// Chooses what to list next, asking for marks where they are missing.
    async fn choose_portion(
        &mut self,
        folder: &str,
        place: &Place,
    ) -> Result<UidSet, BackendError> {
        loop {
            let exists = self.total();
            let is_right = |marks: &&Marks| marks.are_for(folder, place.uid_validity);
            let marks = self.sync.marks.as_ref().filter(is_right);
            if let Some(portion) = window::choose(place, marks, self.sync.portion) {
                return Ok(portion);
            }
            let mut marks = match self.sync.marks.take() {
                Some(marks) if marks.are_for(folder, place.uid_validity) => marks,
                _ => Marks::new(folder, place.uid_validity, exists),
            };
            if let Some(numbers) = marks.question() {
                self.session.expect_fetches(true);
                let command = Command::new(DOING, &format!("FETCH {numbers} (UID)")).long();
                let answer = self
                    .session
                    .run(&command, |response| marks.visit(response))
                    .await?;
                self.session.demand(DOING, answer)?;
            }
            self.sync.marks = Some(marks);
        }
    }

    /// Compares counts once everything is listed: if they differ, something is gone, or came, unnoticed.
    fn settle_figures(&self, place: &mut Place, news: &News) {
        let has_news = self.session.selected().is_some_and(|s| s.has_news);
        if news.is_stale || has_news || place.compare > 0 || !place.todo.is_empty() {
            return;
        }
        let surplus = i64::from(self.total()) - place.known.len().cast_signed();
        if place.is_settling {
            place.is_settling = false;
            place.skew = surplus;
        } else if place.skew != surplus {
            place.compare = place.uid_next;
        }
    }

    fn total(&self) -> u32 {
        self.session
            .selected()
            .map_or(0, |selected| selected.exists)
    }
}

fn rows_command(uids: &UidSet) -> Command {
    let words = format!("UID FETCH {} {}", uids.to_sequence_set(), headers::ITEMS);
    Command::new(DOING, &words).long()
}
