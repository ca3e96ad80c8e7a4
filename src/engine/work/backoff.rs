//! How long to wait before trying again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(300);

/// Returns the wait after `failures` failures in a row (from 1): doubling from 1 s to 5 min, a random half of it off,
/// so that forty mailboxes do not come back in the same moment.
pub fn delay(failures: u32) -> Duration {
    doubled(FIRST, failures.saturating_sub(1), LONGEST).mul_f64(jitter())
}

/// Returns `first` doubled `times`, at most `longest`.
pub fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    first
        .checked_mul(1_u32.checked_shl(times.min(20)).unwrap_or(u32::MAX))
        .unwrap_or(longest)
        .min(longest)
}

/// Returns a random factor between 0.5 and 1.
fn jitter() -> f64 {
    // The standard hasher's keys are random per instance, which is random enough to spread load.
    let random = RandomState::new().build_hasher().finish() % 1000;
    0.5 + random as f64 / 2000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes_with_jitter() {
        for (failures, full) in [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (1000, 300)] {
            let full = Duration::from_secs(full);
            let wait = delay(failures);
            assert!(wait <= full && wait >= full / 2, "{failures}: {wait:?}");
        }
    }
}
