//! Waits for news: asks the end of the folder's chain, often after something has happened, seldom later.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Graph;
use super::changes::End;
use crate::backend::BackendError;
use crate::model::Wake;

/// How long nothing is asked after something has happened.
pub(super) const SHORTEST: Duration = Duration::from_secs(15);
/// How long nothing is asked when nothing happens.
const LONGEST: Duration = Duration::from_secs(120);

impl Graph {
    /// Waits for news of a folder, a poke or the end of the time.
    pub(super) async fn wait_for_news(
        &mut self,
        folder: &str,
        poke: &Notify,
        limit: Duration,
    ) -> Result<Wake, BackendError> {
        let end = Instant::now() + limit;
        // While other folders were looked at, nobody looked at this one.
        let mut next = if self.sync.is_last(folder) {
            Instant::now() + self.sync.interval
        } else {
            Instant::now()
        };
        loop {
            let Some(chain) = self.sync.end_of(folder).cloned() else {
                if !self.sync.is_unfinished(folder) {
                    return Ok(Wake::Remote);
                }
                // There is no link for news yet; older messages are somebody else's decision.
                return Ok(self.pause(poke, end).await.unwrap_or(Wake::Timer));
            };
            if let Some(poked) = self.pause(poke, next.min(end)).await {
                return Ok(poked);
            }
            if next > end {
                return Ok(Wake::Timer);
            }
            if let Some(wake) = self.look_unless_poked(folder, &chain, poke).await? {
                self.sync.note_activity();
                return Ok(wake);
            }
            self.sync.interval = (self.sync.interval * 3 / 2).min(LONGEST);
            next = Instant::now() + self.sync.interval;
        }
    }

    /// Asks for news; a poke does not wait for a slow server. `None` when there is neither.
    async fn look_unless_poked(
        &mut self,
        folder: &str,
        chain: &End,
        poke: &Notify,
    ) -> Result<Option<Wake>, BackendError> {
        tokio::select! {
            biased;
            () = poke.notified() => Ok(Some(Wake::Poke)),
            has_news = self.look(folder, chain) => Ok(has_news?.then_some(Wake::Remote)),
        }
    }

    /// Waits until then; returns early when poked.
    async fn pause(&mut self, poke: &Notify, until: Instant) -> Option<Wake> {
        tokio::select! {
            biased;
            () = poke.notified() => {
                self.sync.note_activity();
                Some(Wake::Poke)
            }
            () = sleep_until(until) => None,
        }
    }
}
