//! Device codes: started, answered in a browser, polled (RFC 8628).

use std::time::Duration;

use tokio::time::Instant;

use super::apps::App;
use super::{Fault, random_text};
use crate::demo::Habits;

/// Letters that are not mistaken for others and make no words.
const USER_ALPHABET: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ23456789";
const USER_LENGTH: usize = 9;
const DEVICE_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const DEVICE_LENGTH: usize = 128;
/// Older codes are forgotten when there are more.
const MAX_CODES: usize = 100;
/// Polls this much before their time are still in time: timers and networks are not exact.
const TOLERANCE: Duration = Duration::from_millis(300);

/// A started device sign-in, for the client.
#[derive(Clone, Debug)]
pub struct Started {
    /// What the client polls with.
    pub device_code: String,
    /// What the person types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// Seconds.
    pub expires_in: u64,
    /// Seconds between polls.
    pub interval: u64,
}

#[derive(Clone, PartialEq, Eq)]
enum Answer {
    Pending,
    Approved(String),
    Declined,
    Redeemed,
}

struct Code {
    client: &'static App,
    secret: String,
    typed: String,
    scopes: Vec<String>,
    expires: Instant,
    interval: Duration,
    last_poll: Option<Instant>,
    answer: Answer,
}

/// All codes of the last minutes.
#[derive(Default)]
pub struct Codes(Vec<Code>);

impl Codes {
    /// Makes a new code.
    pub fn start(
        &mut self,
        client: &'static App,
        scopes: Vec<String>,
        verification_uri: String,
        habits: &Habits,
    ) -> Result<Started, Fault> {
        if self.0.len() >= MAX_CODES {
            self.0.remove(0);
        }
        let device_code = random_text(DEVICE_ALPHABET, DEVICE_LENGTH)?;
        let user_code = random_text(USER_ALPHABET, USER_LENGTH)?;
        self.0.push(Code {
            client,
            secret: device_code.clone(),
            typed: user_code.clone(),
            scopes,
            expires: Instant::now() + habits.code_life,
            interval: habits.poll_interval,
            last_poll: None,
            answer: Answer::Pending,
        });
        Ok(Started {
            device_code,
            user_code,
            verification_uri,
            expires_in: habits.code_life.as_secs(),
            interval: habits.poll_interval.as_secs(),
        })
    }

    /// Returns the app that waits with a code for an answer.
    pub fn waiting(&self, user_code: &str) -> Option<&'static App> {
        let wanted = normalize(user_code);
        let code = self.0.iter().find(|code| is_open(code, &wanted))?;
        Some(code.client)
    }

    /// Approves as somebody, or declines; `false` if no such code waits.
    pub fn answer(&mut self, user_code: &str, email: Option<&str>) -> bool {
        let wanted = normalize(user_code);
        let Some(code) = self.0.iter_mut().find(|code| is_open(code, &wanted)) else {
            return false;
        };
        code.answer = match email {
            Some(email) => Answer::Approved(email.to_owned()),
            None => Answer::Declined,
        };
        true
    }

    /// Answers a poll: who approved and which scopes were asked for.
    pub fn poll(
        &mut self,
        client: &App,
        device_code: &str,
    ) -> Result<(String, Vec<String>), Fault> {
        let now = Instant::now();
        let code = self
            .0
            .iter_mut()
            .find(|code| code.secret == device_code && code.client == client)
            .ok_or(Fault::BadCode)?;
        let is_early = code
            .last_poll
            .is_some_and(|last| now + TOLERANCE < last + code.interval);
        code.last_poll = Some(now);
        if code.answer == Answer::Redeemed {
            return Err(Fault::UsedCode);
        }
        if now >= code.expires {
            return Err(Fault::ExpiredCode);
        }
        if is_early {
            // RFC 8628 §3.5: from now on 5 seconds more between polls.
            code.interval += Duration::from_secs(5);
            return Err(Fault::SlowDown);
        }
        match std::mem::replace(&mut code.answer, Answer::Redeemed) {
            Answer::Approved(user) => {
                code.client.consent_by_device_code()?;
                Ok((user, code.scopes.clone()))
            }
            Answer::Declined => Err(Fault::Declined),
            other => {
                code.answer = other;
                Err(Fault::Pending)
            }
        }
    }
}

fn is_open(code: &Code, wanted: &str) -> bool {
    code.typed == wanted && code.answer == Answer::Pending && Instant::now() < code.expires
}

/// Returns a code as it was made, however it was typed: any case, with blanks or dashes.
pub fn normalize(typed: &str) -> String {
    typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .take(32)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::sign_in::apps::APPS;

    fn started() -> (Codes, Started) {
        let mut codes = Codes::default();
        let started = codes
            .start(
                &APPS[0],
                vec!["openid".to_owned()],
                String::new(),
                &Habits::default(),
            )
            .unwrap();
        (codes, started)
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_is_pending_then_good_once() {
        let (mut codes, code) = started();
        assert_eq!(codes.poll(&APPS[0], &code.device_code), Err(Fault::Pending));
        let typed = format!(" {}-x", code.user_code.to_lowercase());
        assert!(!codes.answer(&typed, None));
        let (head, tail) = code.user_code.split_at(4);
        assert!(codes.answer(&format!("{}-{tail}", head.to_lowercase()), Some("a@b")));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(codes.poll(&APPS[0], &code.device_code).unwrap().0, "a@b");
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(
            codes.poll(&APPS[0], &code.device_code),
            Err(Fault::UsedCode)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn hasty_polls_are_told_to_slow_down_for_good() {
        let (mut codes, code) = started();
        assert_eq!(codes.poll(&APPS[0], &code.device_code), Err(Fault::Pending));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(
            codes.poll(&APPS[0], &code.device_code),
            Err(Fault::SlowDown)
        );
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(
            codes.poll(&APPS[0], &code.device_code),
            Err(Fault::SlowDown)
        );
        tokio::time::advance(Duration::from_secs(12)).await;
        assert_eq!(codes.poll(&APPS[0], &code.device_code), Err(Fault::Pending));
    }

    #[tokio::test(start_paused = true)]
    async fn declined_expired_and_unknown_codes_are_told_apart() {
        let (mut codes, code) = started();
        assert!(codes.answer(&code.user_code, None));
        assert_eq!(
            codes.poll(&APPS[0], &code.device_code),
            Err(Fault::Declined)
        );
        let (mut codes, code) = started();
        tokio::time::advance(Duration::from_secs(901)).await;
        assert_eq!(
            codes.poll(&APPS[0], &code.device_code),
            Err(Fault::ExpiredCode)
        );
        assert!(!codes.answer(&code.user_code, Some("a@b")));
        assert_eq!(codes.poll(&APPS[0], "x"), Err(Fault::BadCode));
    }
}
