//! Keeping the draft: saved by itself every few seconds, kept or thrown away when the composer closes.

use std::time::Duration;

use jiff::Timestamp;

use crate::tui::effect::Effect;
use crate::tui::notices::later;
use crate::tui::screens::ScreenName;

use super::Compose;

/// How long after a change the draft is saved.
const AUTOSAVE: Duration = Duration::from_secs(3);
/// The tag of the question what to do with the draft.
pub const LEAVE: &str = "leave the composer";

impl Compose {
    /// Saves where a change is old enough, and notes when the next save is due.
    pub(super) fn save_if_due(&mut self, now: Timestamp) -> Vec<Effect> {
        if self.is_done {
            return Vec::new();
        }
        if self.draft() == self.saved {
            self.save_at = None;
            return Vec::new();
        }
        match self.save_at {
            Some(due) if due <= now => self.save(),
            Some(_) => Vec::new(),
            None => {
                self.save_at = Some(later(now, AUTOSAVE));
                Vec::new()
            }
        }
    }

    fn save(&mut self) -> Vec<Effect> {
        let draft = self.draft();
        self.save_at = None;
        self.saved = draft.clone();
        self.is_kept = true;
        vec![Effect::SaveDraft {
            key: self.key,
            draft: Box::new(draft),
        }]
    }

    /// Returns how long until the next save.
    pub(super) fn next_save(&self, now: Timestamp) -> Option<Duration> {
        let due = self.save_at?;
        let left = due.as_millisecond().saturating_sub(now.as_millisecond());
        Some(Duration::from_millis(
            u64::try_from(left).unwrap_or(0).max(20),
        ))
    }

    /// Leaves: at once where nothing was written, else after asking.
    pub(super) fn back(&mut self) -> Vec<Effect> {
        if self.draft() == self.opened && !self.is_kept {
            self.is_done = true;
            return vec![Effect::Pop];
        }
        if self.draft() == self.opened {
            return vec![Effect::Pop];
        }
        vec![Effect::Push(ScreenName::Pick {
            tag: LEAVE,
            title: "Keep what you wrote?".to_owned(),
            entries: vec![
                "Keep as a draft".to_owned(),
                "Go on writing".to_owned(),
                "Throw away".to_owned(),
            ],
        })]
    }

    /// Goes on after the question of [`Compose::back`].
    pub(super) fn leave_by(&mut self, index: usize) -> Vec<Effect> {
        match index {
            0 => vec![Effect::Toast("Kept as a draft".to_owned()), Effect::Pop],
            2 => {
                self.is_done = true;
                vec![Effect::DiscardDraft(self.key), Effect::Pop]
            }
            _ => Vec::new(),
        }
    }

    /// Returns what must not be lost when the composer closes for whatever reason.
    pub fn leave(&mut self) -> Vec<Effect> {
        if self.is_done || self.draft() == self.saved {
            return Vec::new();
        }
        self.save()
    }
}
