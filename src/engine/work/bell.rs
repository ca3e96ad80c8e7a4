//! Counting work that is under way or due, and waking the loop that does it.
//!
//! Work counts as busy before it is spawned: whoever sees 0 knows that nothing is left to do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

/// Locks a mutex; what a panicking holder left behind is still whole, because each critical section is one assignment.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many tasks are under way or due.
#[derive(Clone, Debug)]
pub struct Busy {
    count: Arc<watch::Sender<usize>>,
}

impl Busy {
    /// Starts at 0.
    pub fn new() -> Self {
        Self {
            count: Arc::new(watch::Sender::new(0)),
        }
    }

    /// Counts one task until the guard is dropped.
    pub fn begin(&self) -> BusyGuard {
        self.count.send_modify(|count| *count += 1);
        BusyGuard { busy: self.clone() }
    }

    /// Returns the number of tasks.
    pub fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Waits until there are none.
    pub async fn idle(&self) {
        // The sender is owned by `self`, so the channel cannot close while we wait.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// Counts one task while it lives.
#[derive(Debug)]
pub struct BusyGuard {
    busy: Busy,
}

impl Drop for BusyGuard {
    fn drop(&mut self) {
        self.busy
            .count
            .send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// Wakes one loop. From the moment it rings until the loop rests again, the loop counts as busy.
#[derive(Debug)]
pub struct Bell {
    poke: Notify,
    state: Mutex<State>,
    busy: Busy,
}

#[derive(Debug, Default)]
struct State {
    rings: u64,
    /// Whether a loop listens; without one a ring must not count as work that never ends.
    is_manned: bool,
    guard: Option<BusyGuard>,
}

impl Bell {
    /// Makes a bell nobody listens to yet.
    pub fn new(busy: Busy) -> Self {
        Self {
            poke: Notify::new(),
            state: Mutex::new(State::default()),
            busy,
        }
    }

    /// Says that there is something to do.
    pub fn ring(&self) {
        {
            let mut state = locked(&self.state);
            state.rings += 1;
            if state.is_manned && state.guard.is_none() {
                state.guard = Some(self.busy.begin());
            }
        }
        self.poke.notify_one();
    }

    /// Says that a loop listens from now on; it counts as busy until it rests.
    pub fn man(&self) {
        let mut state = locked(&self.state);
        state.is_manned = true;
        if state.guard.is_none() {
            state.guard = Some(self.busy.begin());
        }
    }

    /// Says that no loop listens any more.
    pub fn leave(&self) {
        let guard = {
            let mut state = locked(&self.state);
            state.is_manned = false;
            state.guard.take()
        };
        drop(guard);
    }

    /// Returns how often it rang; to be read before looking for work, and given to [`Self::rest`] afterwards.
    pub fn rings(&self) -> u64 {
        locked(&self.state).rings
    }

    /// Ends being busy, unless it rang since `seen`: then there is more to look for, and the answer is `false`.
    pub fn rest(&self, seen: u64) -> bool {
        let guard = {
            let mut state = locked(&self.state);
            if state.rings != seen {
                return false;
            }
            state.guard.take()
        };
        drop(guard);
        true
    }

    /// Counts as busy again, because the loop goes on by itself.
    pub fn wake(&self) {
        let mut state = locked(&self.state);
        if state.is_manned && state.guard.is_none() {
            state.guard = Some(self.busy.begin());
        }
    }

    /// Returns what a waiting backend listens to.
    pub fn poke(&self) -> &Notify {
        &self.poke
    }

    /// Waits for a ring.
    pub async fn rung(&self) {
        self.poke.notified().await;
    }
}

/// Leaves the bell when the loop ends, however it ends.
#[derive(Debug)]
pub struct OnDuty(pub Arc<Bell>);

impl Drop for OnDuty {
    fn drop(&mut self) {
        self.0.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(does: impl FnOnce(&Bell), expected: usize) {
        let busy = Busy::new();
        let bell = Bell::new(busy.clone());
        does(&bell);
        assert_eq!(busy.count(), expected);
    }

    #[test]
    fn a_ring_counts_before_the_loop_runs() {
        check(
            |bell| {
                bell.man();
                assert!(bell.rest(0));
                bell.ring();
            },
            1,
        );
    }

    #[test]
    fn a_ring_while_working_forbids_rest() {
        check(
            |bell| {
                bell.man();
                let seen = bell.rings();
                bell.ring();
                assert!(!bell.rest(seen));
            },
            1,
        );
    }

    #[test]
    fn rest_and_leaving_end_being_busy() {
        check(
            |bell| {
                bell.man();
                assert!(bell.rest(bell.rings()));
            },
            0,
        );
        check(
            |bell| {
                bell.man();
                bell.leave();
                bell.wake();
            },
            0,
        );
    }

    #[test]
    fn nobody_is_busy_with_a_bell_nobody_hears() {
        check(Bell::ring, 0);
    }
}
