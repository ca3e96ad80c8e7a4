//! Waits for news: IDLE (RFC 2177) where the server has it, else a timer and NOOP.

use std::time::Duration;

use imap_proto::Response;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

use super::Imap;
use super::wire::{Command, Link, Tag};
use crate::backend::BackendError;
use crate::model::Wake;

const DOING: &str = "wait for news";
/// IDLE is asked for anew this often: keep-alives of servers hide that a connection is dead, and NAT forgets.
const REISSUE: Duration = Duration::from_secs(5 * 60);
/// News come in bursts; this much silence ends one.
const BURST: Duration = Duration::from_millis(20);
/// Responses of one burst that are waited for.
const LONGEST_BURST: usize = 100;

impl<S: Link> Imap<S> {
    /// Waits for news of a folder, a poke or the end of the time.
    pub(super) async fn wait_for_news(
        &mut self,
        folder: &str,
        poke: &Notify,
        limit: Duration,
    ) -> Result<Wake, BackendError> {
        let end = Instant::now() + limit;
        self.select(folder).await?;
        let selected = self.session.selected_mut();
        if selected.is_some_and(|selected| selected.opened.take().is_some()) {
            // While another folder was open nobody told of this one: what came meanwhile must not be slept over.
            return Ok(Wake::Remote);
        }
        loop {
            if self.has_news() {
                return Ok(Wake::Remote);
            }
            if !self.can_idle {
                return self.wait_for_timer(poke, end).await;
            }
            let round = end.min(Instant::now() + REISSUE);
            match self.idle(poke, round).await? {
                Some(Wake::Timer) if Instant::now() < end => {}
                Some(wake) => return Ok(wake),
                None => self.can_idle = false,
            }
        }
    }

    fn has_news(&self) -> bool {
        self.session
            .selected()
            .is_some_and(|selected| selected.has_news)
    }

    /// Waits without IDLE.
    async fn wait_for_timer(&mut self, poke: &Notify, end: Instant) -> Result<Wake, BackendError> {
        tokio::select! {
            biased;
            () = poke.notified() => return Ok(Wake::Poke),
            () = sleep_until(end) => {}
        }
        self.session.run_plain(&Command::new(DOING, "NOOP")).await?;
        Ok(if self.has_news() {
            Wake::Remote
        } else {
            Wake::Timer
        })
    }

    /// Idles until something happens; `None` when the server will not.
    async fn idle(&mut self, poke: &Notify, end: Instant) -> Result<Option<Wake>, BackendError> {
        let tag = self.session.send(&Command::new(DOING, "IDLE")).await?;
        self.session.set_idling(true);
        while !self.session.is_answered(tag) {
            let limit = Duration::from_secs(30);
            let accepted = self
                .session
                .step(DOING, limit, |response| {
                    matches!(response, Response::Continue(_))
                })
                .await?;
            if accepted {
                let wake = self.idle_on(tag, poke, end).await?;
                self.end_idle(tag).await?;
                return Ok(Some(wake));
            }
        }
        self.session.set_idling(false);
        let answer = self.session.finish(tag, |_| {}).await?;
        tracing::info!(target: "pillarbox::imap", text = answer.text, "the server will not idle");
        Ok(None)
    }

    /// Reads what an idling server says.
    async fn idle_on(
        &mut self,
        tag: Tag,
        poke: &Notify,
        end: Instant,
    ) -> Result<Wake, BackendError> {
        let forever = REISSUE * 2;
        loop {
            if self.has_news() {
                self.drain().await?;
                return Ok(Wake::Remote);
            }
            if self.session.is_answered(tag) {
                return Ok(Wake::Timer);
            }
            tokio::select! {
                biased;
                () = poke.notified() => return Ok(Wake::Poke),
                () = sleep_until(end) => return Ok(Wake::Timer),
                read = self.session.step(DOING, forever, |_| ()) => read?,
            }
        }
    }

    /// Waits for the rest of a burst, so that it wakes once.
    async fn drain(&mut self) -> Result<(), BackendError> {
        for _ in 0..LONGEST_BURST {
            let step = self.session.step(DOING, REISSUE, |_| ());
            match timeout(BURST, step).await {
                Ok(read) => read?,
                Err(_) => break,
            }
        }
        Ok(())
    }

    async fn end_idle(&mut self, tag: Tag) -> Result<(), BackendError> {
        if !self.session.is_answered(tag) {
            self.session.send_line(DOING, "DONE").await?;
        }
        self.session.set_idling(false);
        // A server that ends IDLE by itself, even with NO, has still told what it knew.
        self.session.finish(tag, |_| {}).await?;
        Ok(())
    }
}
