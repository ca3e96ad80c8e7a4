//! Waits for news: streaming notifications where the server has them, else a look at the folder now and then.
//!
//! An event says only "something happened": what did is told by the chain of changes.

use std::time::Duration;

use ::http::header::{COOKIE, HeaderName};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

use super::Ews;
use super::judge::{self, Stage};
use super::link::{Call, protocol};
use super::soap::{Class, Limits, Node, Part, Reader, Reply, Version, Xml};
use super::sync::has_news;
use crate::backend::BackendError;
use crate::model::Wake;
use crate::net::HttpAnswer;

const DOING: &str = "wait for news";
/// Minutes that a server keeps one answer open; 30 is the most.
const OPEN_FOR: &str = "29";
/// A server says that it is alive about once a minute.
const SILENCE: Duration = Duration::from_secs(150);
/// Bytes of one notification.
const LONGEST: usize = 1 << 20;
/// How often a folder is looked at where there are no notifications.
const LOOK: Duration = Duration::from_secs(60);
/// News come in bursts; this much silence ends one.
const BURST: Duration = Duration::from_millis(30);
/// Pieces of one burst that are waited for.
const LONGEST_BURST: usize = 100;
/// An answer that is over sooner says nothing about the time it was to be open.
const SHORTEST: Duration = Duration::from_secs(5);
/// Subscriptions made in one wait before notifications are given up.
const MOST_TRIES: usize = 4;

/// A subscription to a folder.
#[derive(Debug)]
pub(super) struct Watch {
    folder: String,
    id: String,
    cookie: Option<String>,
    stream: Option<Stream>,
}

/// The answer in which notifications come.
#[derive(Debug)]
struct Stream {
    answer: HttpAnswer,
    reader: Reader,
    opened: Instant,
}

/// What a piece of the answer says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Said {
    /// Nothing but that it is there.
    Alive,
    /// Something happened.
    News,
    /// The answer is over; the subscription stands.
    Closed,
    /// There is no such subscription.
    Lost,
}

impl Ews {
    /// Waits for news of a folder, a poke or the end of the time.
    pub(super) async fn wait_for_news(
        &mut self,
        folder: &str,
        poke: &Notify,
        limit: Duration,
    ) -> Result<Wake, BackendError> {
        let end = Instant::now() + limit;
        for _ in 0..MOST_TRIES {
            if !self.can_stream {
                break;
            }
            let is_new = self.watch.as_ref().is_none_or(|w| w.folder != folder);
            if is_new {
                if !self.subscribe(folder).await? {
                    break;
                }
                // What came since the changes were last read was told to nobody.
                if has_news(&self.link, folder, self.sync.ends.get(folder)).await? {
                    return Ok(Wake::Remote);
                }
            }
            tokio::select! {
                biased;
                () = poke.notified() => return Ok(Wake::Poke),
                () = sleep_until(end) => return Ok(Wake::Timer),
                heard = self.listen() => {
                    if heard? {
                        return Ok(Wake::Remote);
                    }
                }
            }
        }
        self.wait_by_looking(folder, poke, end).await
    }

    /// Waits without notifications.
    async fn wait_by_looking(
        &self,
        folder: &str,
        poke: &Notify,
        end: Instant,
    ) -> Result<Wake, BackendError> {
        loop {
            let next = end.min(Instant::now() + LOOK);
            tokio::select! {
                biased;
                () = poke.notified() => return Ok(Wake::Poke),
                () = sleep_until(next) => {}
            }
            if has_news(&self.link, folder, self.sync.ends.get(folder)).await? {
                return Ok(Wake::Remote);
            }
            if Instant::now() >= end {
                return Ok(Wake::Timer);
            }
        }
    }

    /// Subscribes to a folder; `false` when the server will not have it.
    async fn subscribe(&mut self, folder: &str) -> Result<bool, BackendError> {
        self.unsubscribe().await;
        let write = |xml: &mut Xml, _: Version| {
            const EVENTS: [&str; 6] = [
                "CopiedEvent",
                "CreatedEvent",
                "DeletedEvent",
                "ModifiedEvent",
                "MovedEvent",
                "NewMailEvent",
            ];
            xml.inside("m:Subscribe", &[], |xml| {
                xml.inside("m:StreamingSubscriptionRequest", &[], |xml| {
                    xml.inside("t:FolderIds", &[], |xml| {
                        xml.empty("t:FolderId", &[("Id", folder)]);
                    });
                    xml.inside("t:EventTypes", &[], |xml| {
                        for event in EVENTS {
                            xml.text("t:EventType", event);
                        }
                    });
                });
            });
        };
        let call = Call::new(DOING, &write).headers(affinity(None));
        let mut cookie = None;
        let replies = match self.link.call_noting(&call, &mut cookie).await {
            Err(BackendError::Refused { code, text, .. }) => {
                return Ok(self.give_up(&code, &text));
            }
            outcome => outcome?,
        };
        let reply = replies.first();
        let reply = reply.ok_or_else(|| protocol(DOING, "an answer without a message"))?;
        if reply.class == Class::Error {
            return match judge::error(DOING, Stage::Working, reply) {
                BackendError::Refused { code, text, .. } => Ok(self.give_up(&code, &text)),
                error => Err(error),
            };
        }
        self.watch = Some(Watch {
            folder: folder.to_owned(),
            id: reply.node.text_of("SubscriptionId").to_owned(),
            cookie,
            stream: None,
        });
        Ok(true)
    }

    fn give_up(&mut self, code: &str, text: &str) -> bool {
        tracing::info!(target: "pillarbox::ews", code, text, "the server sends no notifications");
        self.can_stream = false;
        false
    }

    /// Ends a subscription to another folder; there are only so many of them, but they end by themselves too.
    async fn unsubscribe(&mut self) {
        let Some(watch) = self.watch.take() else {
            return;
        };
        let write = |xml: &mut Xml, _: Version| {
            xml.inside("m:Unsubscribe", &[], |xml| {
                xml.text("m:SubscriptionId", &watch.id);
            });
        };
        let headers = affinity(watch.cookie.as_deref());
        let call = Call::new(DOING, &write).headers(headers);
        if let Err(error) = self.link.call(&call).await {
            tracing::debug!(target: "pillarbox::ews", %error, "a subscription is left to end by itself");
        }
    }

    /// Listens until something happens; `false` when a new subscription is needed. May be dropped at any time.
    async fn listen(&mut self) -> Result<bool, BackendError> {
        loop {
            if self
                .watch
                .as_ref()
                .is_none_or(|watch| watch.stream.is_none())
            {
                self.open_events().await?;
            }
            match self.hear().await? {
                Said::Alive => {}
                Said::News => {
                    self.drain().await;
                    return Ok(true);
                }
                Said::Closed if self.close_events() >= SHORTEST => {}
                // A server that closes at once would be asked without end.
                Said::Closed | Said::Lost => {
                    self.watch = None;
                    return Ok(false);
                }
            }
        }
    }

    /// Forgets an answer that is over and returns how long it was open.
    fn close_events(&mut self) -> Duration {
        let stream = self.watch.as_mut().and_then(|watch| watch.stream.take());
        stream.map_or(Duration::ZERO, |stream| stream.opened.elapsed())
    }

    async fn open_events(&mut self) -> Result<(), BackendError> {
        let Some(watch) = &mut self.watch else {
            return Ok(());
        };
        let id = watch.id.clone();
        let write = |xml: &mut Xml, _: Version| {
            xml.inside("m:GetStreamingEvents", &[], |xml| {
                xml.inside("m:SubscriptionIds", &[], |xml| {
                    xml.text("t:SubscriptionId", &id);
                });
                xml.text("m:ConnectionTimeout", OPEN_FOR);
            });
        };
        let headers = affinity(watch.cookie.as_deref());
        let call = Call::new(DOING, &write).headers(headers).silence(SILENCE);
        let answer = self.link.open_stream(&call).await?;
        let limits = Limits {
            bytes: LONGEST,
            is_endless: true,
        };
        watch.stream = Some(Stream {
            answer,
            reader: Reader::new(limits),
            opened: Instant::now(),
        });
        Ok(())
    }

    /// Reads the next piece.
    async fn hear(&mut self) -> Result<Said, BackendError> {
        let Some(stream) = self.watch.as_mut().and_then(|watch| watch.stream.as_mut()) else {
            return Ok(Said::Lost);
        };
        let chunk = match stream.answer.chunk().await {
            Ok(Some(chunk)) => chunk,
            // Whether it ended well or broke: what it had to say may be lost, so that a new one is needed.
            Ok(None) => return Ok(Said::Lost),
            Err(error) => {
                tracing::debug!(target: "pillarbox::ews", %error, "notifications broke off");
                return Ok(Said::Lost);
            }
        };
        let parts = stream.reader.push(&chunk);
        let parts = parts.map_err(|flaw| protocol(DOING, &flaw.words()))?;
        let mut heard = Said::Alive;
        for part in parts {
            let said = said(part)?;
            if heard != Said::News && said != Said::Alive {
                heard = said;
            }
        }
        Ok(heard)
    }

    /// Waits for the rest of a burst, so that it wakes once.
    async fn drain(&mut self) {
        for _ in 0..LONGEST_BURST {
            match timeout(BURST, self.hear()).await {
                Ok(Ok(Said::News | Said::Alive)) => {}
                Ok(_) => {
                    self.watch = None;
                    return;
                }
                Err(_) => return,
            }
        }
    }
}

/// Writes the header fields that lead every request about a subscription to the same server.
fn affinity(cookie: Option<&str>) -> Vec<(HeaderName, String)> {
    let prefer = HeaderName::from_static("x-preferserveraffinity");
    let mut headers = vec![(prefer, "true".to_owned())];
    headers.extend(cookie.map(|cookie| (COOKIE, cookie.to_owned())));
    headers
}

fn said(part: Part) -> Result<Said, BackendError> {
    let reply = match part {
        Part::Version(_) => return Ok(Said::Alive),
        Part::Message(node) => Reply::of_message(node),
        Part::Fault(node) => Reply::of_fault(node),
    };
    if reply.class == Class::Error {
        return match reply.code.as_str() {
            "ErrorSubscriptionNotFound"
            | "ErrorSubscriptionAccessDenied"
            | "ErrorExpiredSubscription"
            | "ErrorInvalidSubscription" => Ok(Said::Lost),
            _ => Err(judge::error(DOING, Stage::Working, &reply)),
        };
    }
    let notifications = reply.node.child("Notifications");
    let notifications = notifications.map_or(&[][..], Node::children).iter();
    let mut events = notifications.flat_map(Node::children);
    if events.any(|event| event.name().ends_with("Event") && event.name() != "StatusEvent") {
        return Ok(Said::News);
    }
    if reply.node.text_of("ConnectionStatus") == "Closed" {
        return Ok(Said::Closed);
    }
    Ok(Said::Alive)
}
