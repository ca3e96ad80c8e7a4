//! Asks for the next portion before the engine does: the server works while the last one is being stored.
//!
//! If something else is wanted first, the portion is read to its end and kept.

use tokio::time::Instant;

use super::headers::Rows;
use super::place::Place;
use super::uids::UidSet;
use super::{DOING, LARGEST_PORTION, News, SMALLEST_PORTION, rows_command};
use crate::backend::BackendError;
use crate::backend::imap::Imap;
use crate::backend::imap::wire::{Link, Tag};

/// A portion on its way, or landed.
#[derive(Debug)]
pub(super) struct Ahead {
    folder: String,
    /// The place handed out when it was asked for.
    after: Place,
    portion: UidSet,
    rows: Rows,
    /// `None` when all of it has arrived.
    tag: Option<Tag>,
    asked: Instant,
}

impl<S: Link> Imap<S> {
    /// Asks for the portion that the next call will want.
    pub(super) async fn ask_ahead(
        &mut self,
        folder: &str,
        place: &Place,
        news: &News,
    ) -> Result<(), BackendError> {
        let is_wanted = !place.todo.is_empty() && place.compare == 0 && !news.is_stale;
        if let Some(ahead) = self.sync.ahead.as_mut().filter(|a| a.folder == folder) {
            // A landed portion stays good while it is still to be listed.
            if ahead.portion.without(&place.todo).is_empty() && is_wanted {
                ahead.after = place.clone();
                return Ok(());
            }
        }
        self.sync.ahead = None;
        let is_open = self.session.selected().is_some_and(|s| s.folder == folder);
        if !is_wanted || !is_open {
            return Ok(());
        }
        let portion = self.choose_portion(folder, place).await?;
        self.session.expect_fetches(true);
        let tag = self.session.send(&rows_command(&portion)).await?;
        self.sync.ahead = Some(Ahead {
            folder: folder.to_owned(),
            after: place.clone(),
            portion,
            rows: Rows::default(),
            tag: Some(tag),
            asked: Instant::now(),
        });
        Ok(())
    }

    /// Reads a portion on its way to its end. May be dropped and called again.
    pub(in crate::backend::imap) async fn land(&mut self) -> Result<(), BackendError> {
        let Some(ahead) = self.sync.ahead.as_mut() else {
            return Ok(());
        };
        let Some(tag) = ahead.tag else {
            return Ok(());
        };
        let rows = &mut ahead.rows;
        let uid_validity = ahead.after.uid_validity;
        let result = self
            .session
            .finish(tag, |response| rows.visit(uid_validity, response))
            .await;
        ahead.tag = None;
        let took = ahead.asked.elapsed().as_millis();
        match result {
            Ok(answer) if answer.is_ok() => {
                self.sync.portion = next_size(self.sync.portion, took);
                Ok(())
            }
            // Nobody waits for it: who asks again hears the refusal.
            Ok(_) => {
                self.sync.ahead = None;
                Ok(())
            }
            Err(error) => {
                self.sync.ahead = None;
                self.session.give_up();
                Err(error)
            }
        }
    }

    /// Tells whether the engine asks for exactly what has landed, with nothing new in between.
    pub(super) fn is_ahead_of(&self, folder: &str, place: &Place) -> bool {
        let is_quiet = self
            .session
            .selected()
            .is_some_and(|selected| selected.folder == folder && !selected.has_news);
        let is_ours = self.sync.taken.is_none();
        is_quiet
            && is_ours
            && self
                .sync
                .ahead
                .as_ref()
                .is_some_and(|ahead| ahead.folder == folder && ahead.after == *place)
    }

    /// Returns the landed portion if it is what must be listed next.
    pub(super) fn take_ahead(&mut self, folder: &str, place: &Place) -> Option<(UidSet, Rows)> {
        let ahead = self.sync.ahead.take_if(|ahead| {
            ahead.folder == folder
                && ahead.after.uid_validity == place.uid_validity
                && ahead.portion.top().map(|top| top.1) == place.todo.top().map(|top| top.1)
                && ahead.portion.without(&place.todo).is_empty()
        })?;
        Some((ahead.portion, ahead.rows))
    }
}

/// Doubles portions that are quick, halves those that make others wait. `took` is in milliseconds.
fn next_size(size: u32, took: u128) -> u32 {
    let next = match took {
        0..300 => size.saturating_mul(2),
        300..1_500 => size,
        _ => size / 2,
    };
    tracing::trace!(target: "pillarbox::imap", doing = DOING, size, took_ms = took as u64, "portion");
    next.clamp(SMALLEST_PORTION, LARGEST_PORTION)
}
