//! When the reader beside the list goes along with the cursor: at once for a single move, and after a rest when
//! moves follow each other, so that a held key costs rows and not whole messages.

use std::time::Duration;

/// Moves closer together than this are one motion; the reader follows when it ends.
const REST: Duration = Duration::from_millis(120);

/// Remembers the motion. Times are those of the run loop, since its start.
#[derive(Debug, Default)]
pub struct Preview {
    moved: Option<Duration>,
    is_quick: bool,
    is_due: bool,
}

impl Preview {
    /// Notes that the cursor was moved.
    pub fn moved(&mut self, at: Duration) {
        let before = self.moved.replace(at);
        self.is_quick = before.is_some_and(|before| at.saturating_sub(before) < REST);
    }

    /// Tells whether the reader may follow now; if not, it is due when the cursor rests.
    pub fn may_follow(&mut self, now: Duration) -> bool {
        self.is_due = self.is_quick && !self.left(now).is_zero();
        !self.is_due
    }

    /// Notes that the reader shows what it should.
    pub fn settled(&mut self) {
        self.is_due = false;
    }

    /// Tells whether the reader stays behind the cursor.
    pub fn is_due(&self) -> bool {
        self.is_due
    }

    /// Returns how long until the reader follows, if it stays behind.
    pub fn wait(&self, now: Duration) -> Option<Duration> {
        self.is_due.then(|| self.left(now))
    }

    fn left(&self, now: Duration) -> Duration {
        let end = self.moved.map(|moved| moved + REST);
        end.unwrap_or_default().saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moves at these milliseconds and tells at which of them the reader follows at once.
    fn check(moves: &[u64], expected: &[u64]) {
        let mut preview = Preview::default();
        let mut follows = |at: &&u64| {
            let at = Duration::from_millis(**at);
            preview.moved(at);
            preview.may_follow(at)
        };
        let followed: Vec<u64> = moves.iter().filter(&mut follows).copied().collect();
        assert_eq!(followed, expected, "of {moves:?}");
    }

    #[test]
    fn a_single_move_is_followed_at_once_and_a_motion_only_at_its_beginning() {
        check(&[0], &[0]);
        check(&[0, 30, 60, 90], &[0]);
        check(&[0, 119, 238], &[0]);
        check(&[0, 120, 240], &[0, 120, 240]);
        check(&[0, 30, 300, 330], &[0, 300]);
    }

    #[test]
    fn the_reader_is_due_when_the_cursor_rests() {
        let at = Duration::from_millis;
        let mut preview = Preview::default();
        for now in [at(0), at(50)] {
            preview.moved(now);
            preview.may_follow(now);
        }
        assert_eq!(preview.wait(at(60)), Some(at(110)));
        assert!(!preview.may_follow(at(169)));
        assert!(preview.may_follow(at(170)));
        assert_eq!(preview.wait(at(170)), None);
    }
}
