//! Brings a known folder up to date: new messages, changed flags, removals.

use imap_proto::Response;

use super::headers::{Item, Rows};
use super::place::Place;
use super::uids::UidSet;
use super::{DOING, LARGEST_PORTION, News, headers};
use crate::backend::BackendError;
use crate::backend::imap::Imap;
use crate::backend::imap::wire::{Answer, Code, Command, Dropped, Link, Selected, Tag};
use crate::model::Flags;

/// Without CONDSTORE this many of the newest messages are looked at each time…
const NEWEST: u64 = 500;
/// …and this many of the others, in turn.
const SWEEP: u64 = 1_000;

/// Commands in flight; each is answered in this order.
#[derive(Debug, Default)]
struct Asked {
    /// What SELECT said; 0 when it was not asked or did not say.
    uid_next: u32,
    noop: Option<Tag>,
    rows: Option<Tag>,
    since: Option<Tag>,
    touched: Option<Tag>,
    windows: Vec<(Tag, (u32, u32))>,
}

/// Flags and removals as they arrive.
#[derive(Debug, Default)]
struct Marked {
    /// Every message the server named.
    listed: Vec<u32>,
    flags: Vec<(u32, Flags)>,
    vanished: Vec<(u32, u32)>,
    mod_sequence: u64,
}

impl Marked {
    fn visit(&mut self, response: &Response<'_>) {
        match response {
            Response::Fetch(_, attributes) => {
                let item = Item::read(attributes);
                self.listed.extend(item.uid);
                if item.has_headers() {
                    // A new message says nothing about changes to others before it came.
                    return;
                }
                if let (Some(uid), Some(flags)) = (item.uid, item.flags) {
                    self.mod_sequence = self.mod_sequence.max(item.mod_sequence);
                    self.flags.push((uid, flags));
                }
            }
            Response::Vanished { uids, .. } => {
                self.vanished
                    .extend(uids.iter().map(|range| (*range.start(), *range.end())));
            }
            _ => {}
        }
    }
}

/// All that came in one flight.
#[derive(Debug, Default)]
struct Heard {
    rows: Rows,
    marked: Marked,
    dropped: Dropped,
}

impl Heard {
    fn visit(&mut self, uid_validity: u32, response: &Response<'_>) {
        self.rows.visit(uid_validity, response);
        self.marked.visit(response);
    }
}

impl<S: Link> Imap<S> {
    /// Asks in one flight for everything that may have changed, and files the answers.
    pub(super) async fn catch_up(
        &mut self,
        folder: &str,
        place: &mut Place,
        news: &mut News,
    ) -> Result<(), BackendError> {
        if self.select(folder).await? != place.uid_validity {
            return Err(BackendError::CursorLost);
        }
        let is_fresh = self
            .session
            .selected_mut()
            .is_some_and(Selected::take_fresh);
        self.report_taken(folder, place, news);
        self.session.take_dropped();
        self.session.expect_fetches(true);
        let asked = self.ask(place, !is_fresh).await?;
        self.hear(place, news, asked).await?;
        self.go_on_comparing(place, news).await
    }

    /// Reports what our own changes have taken away.
    fn report_taken(&mut self, folder: &str, place: &mut Place, news: &mut News) {
        if let Some((_, uids)) = self.sync.taken.take_if(|(name, _)| name == folder) {
            let gone = UidSet::of(uids);
            news.remove(place, &gone);
            place.todo = place.todo.without(&gone);
        }
    }

    async fn ask(&mut self, place: &mut Place, was_open: bool) -> Result<Asked, BackendError> {
        let mut asked = Asked::default();
        if was_open {
            asked.noop = self.ask_for_news().await?;
        }
        let Some(selected) = self.session.selected_mut() else {
            return Ok(asked);
        };
        let (now, touched) = (selected.mod_sequence, std::mem::take(&mut selected.touched));
        asked.uid_next = if was_open { 0 } else { selected.uid_next };
        self.ask_new(place, was_open, &mut asked).await?;
        if place.mod_sequence > 0 && now > 0 {
            if was_open || now != place.mod_sequence {
                asked.since = Some(self.ask_since(place).await?);
            }
            return Ok(asked);
        }
        if was_open && !touched.is_empty() {
            let numbers: Vec<String> = touched.iter().map(u32::to_string).collect();
            let words = format!("FETCH {} (UID FLAGS)", numbers.join(","));
            asked.touched = Some(
                self.session
                    .send(&Command::new(DOING, &words).long())
                    .await?,
            );
        }
        for window in windows(place) {
            asked.windows.push((self.ask_flags(window).await?, window));
        }
        Ok(asked)
    }

    /// Lets the server tell its news of a folder that is open. If it has told some already, there is no need to wait.
    async fn ask_for_news(&mut self) -> Result<Option<Tag>, BackendError> {
        let has_news = self.session.selected().is_some_and(|s| s.has_news);
        let tag = self.session.send(&Command::new(DOING, "NOOP")).await?;
        if has_news {
            return Ok(Some(tag));
        }
        let answer = self.session.finish(tag, |_| {}).await?;
        self.session.demand(DOING, answer)?;
        if let Some(selected) = self.session.selected_mut() {
            selected.has_news = false;
        }
        Ok(None)
    }

    /// Asks for new messages. Where there may be very many, they are listed in portions like old ones.
    async fn ask_new(
        &mut self,
        place: &mut Place,
        was_open: bool,
        asked: &mut Asked,
    ) -> Result<(), BackendError> {
        let is_flood = if was_open {
            self.total().saturating_sub(self.sync.last_total) > LARGEST_PORTION
        } else {
            asked.uid_next.saturating_sub(place.uid_next) > LARGEST_PORTION
        };
        if is_flood {
            let uid_next = match asked.uid_next {
                0 => self.ask_uid_next().await?,
                uid_next => uid_next,
            };
            let new = UidSet::range(place.uid_next, uid_next.saturating_sub(1));
            place.todo = place.todo.union(&new);
            place.uid_next = place.uid_next.max(uid_next);
            // The marks were made before the flood.
            self.sync.marks = None;
        } else if asked.uid_next == 0 || asked.uid_next > place.uid_next {
            let words = format!("UID FETCH {}:* {}", place.uid_next, headers::ITEMS);
            let command = Command::new(DOING, &words).long();
            asked.rows = Some(self.session.send(&command).await?);
        }
        Ok(())
    }

    /// Finds out the UID behind the last message.
    async fn ask_uid_next(&mut self) -> Result<u32, BackendError> {
        let mut marked = Marked::default();
        let command = Command::new(DOING, "UID FETCH * (UID)").long();
        let answer = self.session.run(&command, |r| marked.visit(r)).await?;
        self.session.demand(DOING, answer)?;
        Ok(marked
            .listed
            .into_iter()
            .max()
            .unwrap_or(0)
            .saturating_add(1))
    }

    async fn ask_since(&mut self, place: &Place) -> Result<Tag, BackendError> {
        let last = place.uid_next.saturating_sub(1).max(1);
        let vanished = if self.session.is_enabled("QRESYNC") {
            " VANISHED"
        } else {
            ""
        };
        let words = format!(
            "UID FETCH 1:{last} (UID FLAGS) (CHANGEDSINCE {}{vanished})",
            place.mod_sequence
        );
        self.session.send(&Command::new(DOING, &words).long()).await
    }

    pub(super) async fn ask_flags(&mut self, window: (u32, u32)) -> Result<Tag, BackendError> {
        let words = format!("UID FETCH {}:{} (UID FLAGS)", window.0, window.1);
        self.session.send(&Command::new(DOING, &words).long()).await
    }

    /// Waits for all answers, then files them. Which response belongs to which command cannot be told: Dovecot works
    /// on several at once. So each is taken for what it says.
    async fn hear(
        &mut self,
        place: &mut Place,
        news: &mut News,
        asked: Asked,
    ) -> Result<(), BackendError> {
        let mut heard = Heard::default();
        if let Some(tag) = asked.noop {
            self.hear_one(place, tag, &mut heard).await?;
            // What is said from here on may come too late for the answers below.
            if let Some(selected) = self.session.selected_mut() {
                selected.has_news = false;
            }
        }
        if let Some(tag) = asked.rows {
            self.hear_one(place, tag, &mut heard).await?;
        }
        let mut told = 0;
        if let Some(tag) = asked.since {
            let answer = self.hear_one(place, tag, &mut heard).await?;
            if let Code::HighestModSeq(sequence) = answer.code {
                told = sequence;
            }
        }
        if let Some(tag) = asked.touched {
            let validity = place.uid_validity;
            // Numbers may be out of date by now; then this is refused or about others, and both are fine.
            self.session
                .finish(tag, |response| heard.visit(validity, response))
                .await?;
        }
        for (tag, _) in &asked.windows {
            self.hear_one(place, *tag, &mut heard).await?;
        }
        heard.dropped = self.session.take_dropped();
        file_rows(place, news, &mut heard, asked.uid_next);
        if asked.since.is_some() {
            let opened = self.session.selected().map_or(0, |s| s.mod_sequence);
            file_since(place, news, &mut heard, opened.max(told));
        }
        for (_, window) in asked.windows {
            file_window(place, news, &heard, window);
        }
        news.flags.append(&mut heard.marked.flags);
        news.is_stale = self.session.selected().is_some_and(|s| s.has_news);
        Ok(())
    }

    async fn hear_one(
        &mut self,
        place: &Place,
        tag: Tag,
        heard: &mut Heard,
    ) -> Result<Answer, BackendError> {
        let validity = place.uid_validity;
        let answer = self
            .session
            .finish(tag, |response| heard.visit(validity, response))
            .await?;
        // A refusal lists nothing either: without this check it would empty the folder.
        self.session.demand(DOING, answer)
    }

    /// Reads a complete list of one window.
    pub(super) async fn hear_window(
        &mut self,
        place: &mut Place,
        news: &mut News,
        tag: Tag,
        window: (u32, u32),
    ) -> Result<(), BackendError> {
        let mut heard = Heard::default();
        self.hear_one(place, tag, &mut heard).await?;
        heard.dropped = self.session.take_dropped();
        file_window(place, news, &heard, window);
        news.flags.append(&mut heard.marked.flags);
        Ok(())
    }
}

/// Files new messages.
fn file_rows(place: &mut Place, news: &mut News, heard: &mut Heard, uid_next: u32) {
    let mut rows = std::mem::take(&mut heard.rows);
    // "n:*" names the last message even where it is older than n.
    rows.messages.retain(|(uid, _)| *uid >= place.uid_next);
    // Flags are filed once, from what was marked.
    rows.flags.clear();
    let highest = rows.messages.iter().map(|(uid, _)| *uid).max().unwrap_or(0);
    place.uid_next = place.uid_next.max(highest.saturating_add(1)).max(uid_next);
    news.take_rows(place, rows);
}

/// Files what changed since a modification sequence (RFC 7162 §3.1.4, §3.2.6).
fn file_since(place: &mut Place, news: &mut News, heard: &mut Heard, told: u64) {
    if heard.dropped.fetches == 0 && heard.dropped.numbers == 0 {
        let latest = place.mod_sequence.max(heard.marked.mod_sequence);
        place.mod_sequence = latest.max(told);
    }
    let gone = UidSet::of_ranges(std::mem::take(&mut heard.marked.vanished).into_iter());
    news.remove(place, &gone);
    place.todo = place.todo.without(&gone);
    // A message below UIDNEXT that is neither known nor to come was held back before.
    let below = UidSet::range(1, place.uid_next.saturating_sub(1));
    let listed = UidSet::of(heard.marked.listed.clone()).common(&below);
    place.todo = place
        .todo
        .union(&listed.without(&place.known).without(&gone));
}

/// Files a complete list of one window: what is gone, what was never listed.
fn file_window(place: &mut Place, news: &mut News, heard: &Heard, window: (u32, u32)) {
    let window = UidSet::range(window.0, window.1);
    let listed = UidSet::of(heard.marked.listed.clone()).common(&window);
    if heard.dropped.fetches == 0 {
        let gone = place.known.common(&window).without(&listed);
        news.remove(place, &gone);
    }
    place.todo = place.todo.union(&listed.without(&place.known));
}

/// Chooses the windows of flags to look at without CONDSTORE, and moves the sweep on.
fn windows(place: &mut Place) -> Vec<(u32, u32)> {
    let Some((_, last)) = place.known.top() else {
        return Vec::new();
    };
    let newest = place.known.start_of_newest(NEWEST, last.saturating_add(1));
    let mut windows = vec![(newest, last)];
    if newest > 1 {
        let below = match place.sweep {
            0 => newest,
            sweep => sweep.min(newest),
        };
        let start = place.known.start_of_newest(SWEEP, below);
        windows.push((start, below.saturating_sub(1).max(start)));
        place.sweep = if start <= 1 { 0 } else { start };
    }
    windows
}
