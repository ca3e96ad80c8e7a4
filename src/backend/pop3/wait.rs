//! Waits: POP3 tells no news, so a wait is a timer. The session ends first, for an open one locks the maildrop
//! (RFC 1939 §3) and servers hang up on silent clients anyway.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Pop3;
use super::connect::Dial;
use crate::model::Wake;

impl<D: Dial> Pop3<D> {
    /// Waits for a poke or for the end of the time. The next operation opens a session of its own.
    pub(super) async fn wait_for_timer(&mut self, poke: &Notify, limit: Duration) -> Wake {
        let end = Instant::now() + limit;
        let session = self.session.take();
        let rest = async {
            if let Some(session) = session {
                session.leave().await;
            }
            sleep_until(end).await;
        };
        tokio::select! {
            biased;
            () = poke.notified() => Wake::Poke,
            () = rest => Wake::Timer,
        }
    }
}
