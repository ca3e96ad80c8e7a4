//! What is said to the user outside of screens: toasts, banners and the status line. Nothing here takes the keyboard.

use std::time::Duration;

use jiff::Timestamp;

use crate::explain::{Notice, Severity};
use crate::model::MailboxId;
use crate::tui::dates;
use crate::tui::text;

/// How long a toast stays.
const TOAST: Duration = Duration::from_secs(6);
/// At most this many toasts at once; older ones go.
const TOASTS: usize = 3;

/// A short word in the corner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Toast {
    /// The text.
    pub text: String,
    /// When it goes.
    pub until: Timestamp,
    /// Whether `undo` takes back what it tells.
    pub has_undo: bool,
    /// Whether it counts down to `until`.
    pub is_countdown: bool,
    /// Whether it tells of a failure.
    pub is_failure: bool,
}

impl Toast {
    /// Returns the text as shown now.
    pub fn shown(&self, now: Timestamp) -> String {
        if self.is_countdown {
            format!(
                "{} in {} s",
                self.text,
                dates::seconds_left(self.until, now)
            )
        } else {
            self.text.clone()
        }
    }
}

/// A notice and what it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Banner {
    /// The mailbox, where it is about one.
    pub mailbox: Option<MailboxId>,
    /// The notice.
    pub notice: Notice,
}

/// Everything said at the moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Notices {
    /// Newest last.
    pub toasts: Vec<Toast>,
    /// Newest last; the last one is shown.
    pub banners: Vec<Banner>,
    /// Why a key did nothing, or another quiet word; goes with the next key.
    pub status: Option<String>,
    /// The last notice with something to do about it.
    pub latest: Option<Banner>,
}

impl Notices {
    /// Adds a toast.
    pub fn toast(&mut self, text: impl Into<String>, now: Timestamp) {
        self.push(Toast {
            text: text.into(),
            until: later(now, TOAST),
            has_undo: false,
            is_countdown: false,
            is_failure: false,
        });
    }

    /// Adds a toast that offers to take something back.
    pub fn offer_undo(&mut self, text: impl Into<String>, now: Timestamp) {
        self.toasts
            .retain(|toast| !toast.has_undo || toast.is_countdown);
        self.push(Toast {
            text: text.into(),
            until: later(now, TOAST),
            has_undo: true,
            is_countdown: false,
            is_failure: false,
        });
    }

    /// Adds a toast that counts down to `due`.
    pub fn count_down(&mut self, text: impl Into<String>, due: Timestamp) {
        self.push(Toast {
            text: text.into(),
            until: due,
            has_undo: true,
            is_countdown: true,
            is_failure: false,
        });
    }

    fn push(&mut self, toast: Toast) {
        self.toasts.push(toast);
        let surplus = self.toasts.len().saturating_sub(TOASTS);
        self.toasts.drain(..surplus);
    }

    /// Shows a notice where its severity belongs; the same one is not shown twice.
    pub fn tell(&mut self, mailbox: Option<MailboxId>, notice: Notice, now: Timestamp) {
        let banner = Banner { mailbox, notice };
        match banner.notice.severity {
            Severity::Quiet => self.status = Some(banner.notice.title.clone()),
            Severity::Normal => {
                self.toasts
                    .retain(|toast| toast.text != banner.notice.title);
                self.push(Toast {
                    text: banner.notice.title.clone(),
                    until: later(now, TOAST + TOAST),
                    has_undo: false,
                    is_countdown: false,
                    is_failure: true,
                });
            }
            Severity::Loud => {
                self.banners.retain(|known| *known != banner);
                self.banners.push(banner.clone());
            }
        }
        self.latest = Some(banner);
    }

    /// Takes away the banners about a mailbox, because it is well again.
    pub fn solved(&mut self, mailbox: MailboxId) {
        self.banners
            .retain(|banner| banner.mailbox != Some(mailbox));
    }

    /// Takes the banner on top away where nothing can solve it, such as a mistake in a file; tells whether it did.
    pub fn dismiss(&mut self) -> bool {
        let is_general = |banner: &mut Banner| banner.mailbox.is_none();
        self.banners.pop_if(is_general).is_some()
    }

    /// Takes away toasts whose time is over; tells whether any was.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        let before = self.toasts.len();
        self.toasts.retain(|toast| toast.until > now);
        before != self.toasts.len()
    }

    /// Returns when the toasts look different next.
    pub fn next_tick(&self, now: Timestamp) -> Option<Duration> {
        let wait = |toast: &Toast| {
            let left = toast.until.as_millisecond() - now.as_millisecond();
            let left = u64::try_from(left).unwrap_or(0);
            let step = if toast.is_countdown {
                // The shown number changes when the rest passes a whole second.
                (left.saturating_sub(1)) % 1000 + 1
            } else {
                left
            };
            Duration::from_millis(step.max(20))
        };
        self.toasts.iter().map(wait).min()
    }
}

/// Adds a time span, staying at `now` where the calendar ends.
pub fn later(now: Timestamp, span: Duration) -> Timestamp {
    now.checked_add(span).unwrap_or(now)
}

/// Returns what was done to messages in words: `Archived 3 messages`.
pub fn deed(verb: &str, count: usize) -> String {
    format!("{verb} {}", text::plural(count, "message"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn toasts_go_by_themselves_and_nothing_ticks_afterwards() {
        let mut notices = Notices::default();
        notices.toast("Saved", at(0));
        assert_eq!(notices.next_tick(at(1)), Some(Duration::from_secs(5)));
        assert!(!notices.expire(at(5)));
        assert!(notices.expire(at(6)));
        assert_eq!(notices.next_tick(at(6)), None);
    }

    #[test]
    fn a_countdown_ticks_every_second() {
        let mut notices = Notices::default();
        notices.count_down("Sending", at(10));
        assert_eq!(notices.next_tick(at(0)), Some(Duration::from_secs(1)));
        assert_eq!(notices.toasts[0].shown(at(3)), "Sending in 7 s");
    }

    #[test]
    fn only_the_newest_toasts_stay() {
        let mut notices = Notices::default();
        for number in 0..5 {
            notices.toast(format!("{number}"), at(0));
        }
        let texts: Vec<_> = notices.toasts.iter().map(|t| t.text.as_str()).collect();
        assert_eq!(texts, ["2", "3", "4"]);
    }
}
