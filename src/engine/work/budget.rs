//! How many connections one identity has open at once. Mailboxes beyond that take turns.

use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::work::bell::{Bell, locked};

/// Connections per identity: below every provider's limit that is known (on-premises Exchange: 16 per user).
pub const SEATS: usize = 8;

/// The seats of one identity.
#[derive(Debug)]
pub struct Budget {
    seats: Arc<Semaphore>,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// How many mailboxes wait for a seat.
    waiting: usize,
    /// How many sitters were asked to leave for them; never more than wait.
    leaving: usize,
    next: u64,
    sitting: Vec<(u64, Arc<Bell>)>,
}

impl Budget {
    /// Makes a budget of `seats` connections.
    pub fn new(seats: usize) -> Self {
        Self {
            seats: Arc::new(Semaphore::new(seats)),
            queue: Mutex::new(Queue::default()),
        }
    }

    /// Waits for a seat; while there is none, those who sit idle are asked to leave. `bell` wakes the sitter for that.
    pub async fn sit(self: &Arc<Self>, bell: &Arc<Bell>) -> Seat {
        let permit = if let Ok(permit) = Arc::clone(&self.seats).try_acquire_owned() {
            Some(permit)
        } else {
            let _wish = self.wish();
            Arc::clone(&self.seats).acquire_owned().await.ok()
        };
        let mut queue = locked(&self.queue);
        queue.next += 1;
        let number = queue.next;
        queue.sitting.push((number, Arc::clone(bell)));
        Seat {
            budget: Arc::clone(self),
            number,
            _permit: permit,
        }
    }

    fn wish(self: &Arc<Self>) -> Wish {
        let mut queue = locked(&self.queue);
        queue.waiting += 1;
        for (_, bell) in &queue.sitting {
            bell.ring();
        }
        Wish(Arc::clone(self))
    }
}

/// Takes the wish for a seat back when it is fulfilled or given up.
struct Wish(Arc<Budget>);

impl Drop for Wish {
    fn drop(&mut self) {
        let mut queue = locked(&self.0.queue);
        queue.waiting = queue.waiting.saturating_sub(1);
        queue.leaving = queue.leaving.saturating_sub(1).min(queue.waiting);
    }
}

/// The right to have one connection open.
#[derive(Debug)]
pub struct Seat {
    budget: Arc<Budget>,
    number: u64,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Seat {
    /// Tells whether the sitter should leave now; answers `true` to one sitter per waiting mailbox.
    pub fn should_leave(&self) -> bool {
        let mut queue = locked(&self.budget.queue);
        let is_wanted = queue.waiting > queue.leaving;
        queue.leaving += usize::from(is_wanted);
        is_wanted
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut queue = locked(&self.budget.queue);
        queue.sitting.retain(|(number, _)| *number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::work::bell::Busy;

    #[tokio::test]
    async fn a_waiting_mailbox_makes_exactly_one_sitter_leave() {
        let budget = Arc::new(Budget::new(2));
        let bell = Arc::new(Bell::new(Busy::new()));
        let first = budget.sit(&bell).await;
        let second = budget.sit(&bell).await;
        assert!(!first.should_leave(), "nobody waits");

        let waiting = {
            let (budget, bell) = (Arc::clone(&budget), Arc::clone(&bell));
            tokio::spawn(async move { budget.sit(&bell).await })
        };
        bell.rung().await;
        assert!(first.should_leave());
        assert!(!second.should_leave(), "one waits, so one leaves");
        drop(first);
        let third = waiting.await.unwrap();
        assert!(!third.should_leave());
    }

    #[tokio::test]
    async fn a_wish_given_up_makes_nobody_leave() {
        let budget = Arc::new(Budget::new(1));
        let bell = Arc::new(Bell::new(Busy::new()));
        let seat = budget.sit(&bell).await;
        let impatient = tokio::time::timeout(std::time::Duration::ZERO, budget.sit(&bell)).await;
        assert!(impatient.is_err());
        assert!(!seat.should_leave());
    }
}
