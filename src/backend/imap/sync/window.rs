//! Chooses what to list next: from the newest down, in portions of bounded size.
//!
//! How many messages lie in a range of UIDs only message numbers tell. They shift while others delete, so they serve
//! as a hint alone: the UID of every 500th message is asked for, and a portion ends at one of them.

use imap_proto::{AttributeValue, Response};

use super::place::Place;
use super::uids::{UidSet, span};

/// Messages between two marks.
pub(super) const STRIDE: u32 = 500;
/// Marks asked for at once; keeps the command below every server's limit.
const MARKS: u32 = 200;
/// Single ranges in one command.
const MOST_RANGES: usize = 100;

/// The UIDs of every 500th message, as far down as asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Marks {
    folder: String,
    uid_validity: u32,
    /// Lowest first.
    uids: Vec<u32>,
    /// The lowest message number asked about; marks for those below are not known yet.
    asked_down_to: u32,
}

impl Marks {
    /// Makes marks that know nothing but how many messages there are.
    pub(super) fn new(folder: &str, uid_validity: u32, exists: u32) -> Self {
        Self {
            folder: folder.to_owned(),
            uid_validity,
            uids: Vec::new(),
            asked_down_to: exists.saturating_add(1),
        }
    }

    pub(super) fn are_for(&self, folder: &str, uid_validity: u32) -> bool {
        self.folder == folder && self.uid_validity == uid_validity
    }

    /// Returns the message numbers to ask for next, `None` when all are asked for.
    pub(super) fn question(&mut self) -> Option<String> {
        let mut numbers = Vec::new();
        for _ in 0..MARKS {
            let number = self.asked_down_to.saturating_sub(STRIDE);
            if number <= 1 {
                self.asked_down_to = 1;
                break;
            }
            self.asked_down_to = number;
            numbers.push(number.to_string());
        }
        (!numbers.is_empty()).then(|| numbers.join(","))
    }

    /// Takes one response to the question.
    pub(super) fn visit(&mut self, response: &Response<'_>) {
        let Response::Fetch(_, attributes) = response else {
            return;
        };
        let uid = attributes.iter().find_map(|attribute| match attribute {
            AttributeValue::Uid(uid) => Some(*uid),
            _ => None,
        });
        // Rows come in the same flight; they are marks too close to each other.
        let is_row = attributes
            .iter()
            .any(|attribute| matches!(attribute, AttributeValue::BodySection { .. }));
        if let (Some(uid), false) = (uid, is_row) {
            let at = self.uids.partition_point(|mark| *mark < uid);
            if self.uids.get(at) != Some(&uid) {
                self.uids.insert(at, uid);
            }
        }
    }

    /// Returns where a portion of about `count` messages that ends with `last` begins; `None` when more marks are
    /// needed to tell.
    fn start(&self, (first, last): (u32, u32), count: u32) -> Option<u32> {
        let from = self.uids.partition_point(|mark| *mark <= first);
        let to = self.uids.partition_point(|mark| *mark <= last);
        let inside = self.uids.get(from..to).unwrap_or_default();
        let steps = (count / STRIDE).max(1) as usize;
        match inside.len().checked_sub(steps) {
            Some(at) => inside.get(at).copied(),
            None if self.knows_down_to(first) => Some(first),
            None => None,
        }
    }

    fn knows_down_to(&self, uid: u32) -> bool {
        self.asked_down_to <= 1 || self.uids.first().is_some_and(|lowest| *lowest <= uid)
    }
}

/// Chooses the next portion of at most about `count` messages; `None` when marks must be asked for first.
pub(super) fn choose(place: &Place, marks: Option<&Marks>, count: u32) -> Option<UidSet> {
    let ranges = place.todo.ranges();
    let Some(&top) = ranges.last() else {
        return Some(UidSet::default());
    };
    if span(top) > u64::from(count) {
        let start = marks?.start(top, count)?;
        return Some(UidSet::range(start, top.1));
    }
    let mut left = u64::from(count);
    let chosen = ranges
        .iter()
        .rev()
        .take(MOST_RANGES)
        .take_while(|range| {
            let fits = span(**range) <= left;
            left = left.saturating_sub(span(**range));
            fits
        })
        .copied();
    Some(UidSet::of_ranges(chosen))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(uids: &[u32], asked_down_to: u32) -> Marks {
        let mut marks = Marks::new("f", 1, 0);
        marks.uids = uids.to_vec();
        marks.asked_down_to = asked_down_to;
        marks
    }

    fn check(todo: &[(u32, u32)], marks: Option<&Marks>, expected: Option<&str>) {
        let place = Place {
            todo: UidSet::of_ranges(todo.iter().copied()),
            ..Place::default()
        };
        let chosen = choose(&place, marks, 1000).map(|set| set.to_sequence_set());
        assert_eq!(chosen.as_deref(), expected);
    }

    #[test]
    fn small_ranges_need_no_marks() {
        check(&[(1, 900)], None, Some("1:900"));
        check(&[(1, 500), (600, 700)], None, Some("1:500,600:700"));
        check(&[(1, 900), (950, 1200)], None, Some("950:1200"));
        check(&[], None, Some(""));
    }

    #[test]
    fn a_portion_ends_at_a_mark() {
        let known = marks(&[10_000, 20_000, 30_000, 40_000], 1);
        check(&[(1, 45_000)], Some(&known), Some("30000:45000"));
        check(&[(1, 29_999)], Some(&known), Some("10000:29999"));
        check(&[(1, 9_999)], Some(&known), Some("1:9999"));
    }

    #[test]
    fn missing_marks_are_asked_for() {
        check(&[(1, 45_000)], None, None);
        check(&[(1, 45_000)], Some(&marks(&[40_000], 100_000)), None);
        check(
            &[(39_000, 45_000)],
            Some(&marks(&[38_000, 40_000], 99)),
            Some("39000:45000"),
        );
    }

    #[test]
    fn questions_go_down_to_the_first_message() {
        let mut marks = Marks::new("f", 1, 1_700);
        assert_eq!(marks.question().as_deref(), Some("1201,701,201"));
        assert_eq!(marks.question(), None);
        let mut many = Marks::new("f", 1, 1_000_000);
        assert_eq!(many.question().map(|q| q.split(',').count()), Some(200));
        assert!(many.question().is_some());
    }
}
