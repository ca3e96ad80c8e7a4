//! How long before its end a token is renewed, and how long trouble makes the keeper wait.

use jiff::SignedDuration;
use ring::rand::{SecureRandom, SystemRandom};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// The longest wait between two attempts that fail.
const LONGEST_BACK_OFF: u64 = 60;

/// Returns how long before its end a token is renewed in the background: a tenth of its life, between one and five
/// minutes, never more than half of the life.
pub(super) fn margin(life: SignedDuration) -> SignedDuration {
    (life / 10).clamp(MINUTE, MINUTE * 5).min(life / 2)
}

/// Returns how long a token must still live to be handed out: a minute, or half its life.
pub(super) fn least_rest(life: SignedDuration) -> SignedDuration {
    MINUTE.min(life / 2)
}

/// Returns how long to wait after so many failures in a row: 2, 4, 8 … 60 s, a quarter more or less by chance so that
/// many accounts do not ask in step.
pub(super) fn back_off(failures: u32) -> SignedDuration {
    let seconds = 1_u64
        .checked_shl(failures.clamp(1, 16))
        .unwrap_or(u64::MAX)
        .min(LONGEST_BACK_OFF);
    let millis = i64::try_from(seconds * 1000).unwrap_or(i64::MAX);
    let quarter = millis / 4;
    SignedDuration::from_millis(millis - quarter + i64::from(chance()) * 2 * quarter / 255)
}

/// Returns a number by chance; without any, the middle.
fn chance() -> u8 {
    let mut byte = [0];
    match SystemRandom::new().fill(&mut byte) {
        Ok(()) => u8::from_be_bytes(byte),
        Err(_) => 127,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(life: i64, expected_margin: i64, expected_rest: i64) {
        let life = SignedDuration::from_secs(life);
        assert_eq!(margin(life).as_secs(), expected_margin, "margin of {life}");
        assert_eq!(least_rest(life).as_secs(), expected_rest, "rest of {life}");
    }

    #[test]
    fn the_margin_is_a_tenth_within_bounds() {
        check(20, 10, 10);
        check(60, 30, 30);
        check(300, 60, 60);
        check(600, 60, 60);
        check(1200, 120, 60);
        check(3600, 300, 60);
        check(86_400, 300, 60);
        check(1, 0, 0);
        check(0, 0, 0);
    }

    #[test]
    fn back_off_grows_to_a_bound() {
        for (failures, seconds) in [(1, 2), (2, 4), (5, 32), (6, 60), (1000, 60), (0, 2)] {
            let wait = back_off(failures).as_millis();
            assert!(
                wait >= seconds * 750 && wait <= seconds * 1250,
                "{failures}: {wait}"
            );
        }
    }
}
