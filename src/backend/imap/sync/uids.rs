//! Sets of UIDs as sorted ranges: a folder of a hundred thousand messages is mostly one range.

use std::fmt::Write as _;

/// A set of UIDs. Ranges are sorted, apart from each other and never empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct UidSet {
    ranges: Vec<(u32, u32)>,
}

impl UidSet {
    /// Makes a set of one range; empty when `first` is behind `last`.
    pub(super) fn range(first: u32, last: u32) -> Self {
        let ranges = if first <= last {
            vec![(first, last)]
        } else {
            Vec::new()
        };
        Self { ranges }
    }

    /// Makes a set of UIDs in any order.
    pub(super) fn of(mut uids: Vec<u32>) -> Self {
        uids.sort_unstable();
        let mut set = Self::default();
        for uid in uids {
            set.push((uid, uid));
        }
        set
    }

    /// Makes a set of ranges in any order; reversed ones are turned round.
    pub(super) fn of_ranges(ranges: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut ranges: Vec<(u32, u32)> = ranges.map(|(a, b)| (a.min(b), a.max(b))).collect();
        ranges.sort_unstable();
        let mut set = Self::default();
        for range in ranges {
            set.push(range);
        }
        set
    }

    /// Appends a range that begins no earlier than the last one.
    fn push(&mut self, (first, last): (u32, u32)) {
        match self.ranges.last_mut() {
            Some(end) if first <= end.1.saturating_add(1) => end.1 = end.1.max(last),
            _ => self.ranges.push((first, last)),
        }
    }

    pub(super) fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Counts the UIDs.
    pub(super) fn len(&self) -> u64 {
        self.ranges.iter().map(|range| span(*range)).sum()
    }

    /// Returns the highest range.
    pub(super) fn top(&self) -> Option<(u32, u32)> {
        self.ranges.last().copied()
    }

    pub(super) fn contains(&self, uid: u32) -> bool {
        let after = self.ranges.partition_point(|range| range.0 <= uid);
        after
            .checked_sub(1)
            .and_then(|at| self.ranges.get(at))
            .is_some_and(|range| uid <= range.1)
    }

    /// Returns this set and `other`.
    pub(super) fn union(&self, other: &Self) -> Self {
        Self::of_ranges(self.ranges.iter().chain(&other.ranges).copied())
    }

    /// Returns this set without `other`.
    pub(super) fn without(&self, other: &Self) -> Self {
        let mut left = Self::default();
        let mut cuts = other.ranges.iter().copied().peekable();
        for &(first, last) in &self.ranges {
            let mut from = Some(first);
            while cuts.next_if(|cut| cut.1 < first).is_some() {}
            while let (Some(start), Some(&(cut_first, cut_last))) = (from, cuts.peek()) {
                if cut_first > last {
                    break;
                }
                if cut_first > start {
                    left.push((start, cut_first - 1));
                }
                from = cut_last.checked_add(1).filter(|next| *next <= last);
                if cut_last > last {
                    break;
                }
                cuts.next();
            }
            if let Some(start) = from {
                left.push((start, last));
            }
        }
        left
    }

    /// Returns what is in both sets.
    pub(super) fn common(&self, other: &Self) -> Self {
        self.without(&self.without(other))
    }

    /// Returns the UIDs, lowest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = u32> {
        self.ranges.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// Returns the UID below which all but the highest `count` of the UIDs under `below` lie; 1 if there are no more.
    pub(super) fn start_of_newest(&self, count: u64, below: u32) -> u32 {
        let mut left = count;
        for &(first, last) in self.ranges.iter().rev() {
            let last = last.min(below.saturating_sub(1));
            if last < first {
                continue;
            }
            let size = span((first, last));
            if size > left {
                return u32::try_from(u64::from(last) + 1 - left).unwrap_or(last);
            }
            left -= size;
        }
        1
    }

    /// Writes the set as commands want it.
    pub(super) fn to_sequence_set(&self) -> String {
        let mut set = String::new();
        for (first, last) in &self.ranges {
            if !set.is_empty() {
                set.push(',');
            }
            // Writing to a string cannot fail.
            let _ = if first == last {
                write!(set, "{first}")
            } else {
                write!(set, "{first}:{last}")
            };
        }
        set
    }
}

/// Counts the UIDs of a range.
pub(super) fn span((first, last): (u32, u32)) -> u64 {
    u64::from(last) + 1 - u64::from(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn set(uids: &BTreeSet<u32>) -> UidSet {
        UidSet::of(uids.iter().copied().collect())
    }

    fn small() -> impl Strategy<Value = BTreeSet<u32>> {
        prop::collection::btree_set(1u32..60, 0..40)
    }

    proptest! {
        #[test]
        fn sets_behave_like_sets(a in small(), b in small()) {
            let plain = |set: &UidSet| set.iter().collect::<BTreeSet<u32>>();
            prop_assert_eq!(plain(&set(&a)), a.clone());
            prop_assert_eq!(set(&a).union(&set(&b)), set(&(&a | &b)));
            prop_assert_eq!(set(&a).without(&set(&b)), set(&(&a - &b)));
            prop_assert_eq!(set(&a).common(&set(&b)), set(&(&a & &b)));
            prop_assert_eq!(set(&a).len(), a.len() as u64);
            for uid in 0..61 {
                prop_assert_eq!(set(&a).contains(uid), a.contains(&uid));
            }
        }

        #[test]
        fn the_newest_begin_where_counting_says(a in small(), count in 1u64..50, below in 1u32..70) {
            let under: Vec<u32> = a.iter().copied().filter(|uid| *uid < below).collect();
            let start = set(&a).start_of_newest(count, below);
            let above = under.iter().filter(|uid| **uid >= start).count() as u64;
            prop_assert_eq!(above, count.min(under.len() as u64));
        }
    }

    #[test]
    fn the_ends_of_the_number_range_do_no_harm() {
        let all = UidSet::range(1, u32::MAX);
        assert!(all.without(&all).is_empty());
        assert_eq!(all.union(&all), all);
        assert_eq!(all.len(), u64::from(u32::MAX));
        assert_eq!(
            all.without(&UidSet::range(u32::MAX, u32::MAX)).top(),
            Some((1, u32::MAX - 1))
        );
        assert_eq!(UidSet::of(vec![1, 2, 5]).to_sequence_set(), "1:2,5");
    }
}
