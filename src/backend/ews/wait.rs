//! Waits for news: streaming notifications where the server has them, else a look at the folder now and then.
//!
//! An event says only "something happened": what did is told by the chain of changes.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::{COOKIE, HeaderName};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::Ews;
use super::judge::{self, Stage};
use super::link::{Call, Link, protocol};
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

/// What is waited on.
#[derive(Debug)]
pub(super) struct Watch {
    folder: String,
    asked: Asked,
}

/// How far a subscription has come.
#[derive(Debug)]
enum Asked {
    /// The server has not said. A wait that ends meanwhile leaves it to the next one.
    UnderWay(AbortOnDropHandle<Result<Option<Subscription>, BackendError>>),
    /// It stands.
    Standing(Box<Subscription>),
}

/// A subscription to a folder.
#[derive(Debug)]
struct Subscription {
    id: String,
    cookie: Option<String>,
    /// Whether it is known what came between the last reading of changes and the subscription.
    is_checked: bool,
    stream: Option<Box<Stream>>,
}

impl Watch {
    fn subscription(&mut self) -> Option<&mut Subscription> {
        match &mut self.asked {
            Asked::Standing(subscription) => Some(subscription),
            Asked::UnderWay(_) => None,
        }
    }
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
    /// Waits for news of a folder, a poke or the end of the time; neither waits for a server that is silent.
    pub(super) async fn wait_for_news(
        &mut self,
        folder: &str,
        poke: &Notify,
        limit: Duration,
    ) -> Result<Wake, BackendError> {
        let end = Instant::now() + limit;
        tokio::select! {
            biased;
            () = poke.notified() => Ok(Wake::Poke),
            () = sleep_until(end) => Ok(Wake::Timer),
            heard = self.news(folder) => heard.map(|()| Wake::Remote),
        }
    }

    /// Returns when there are news. May be dropped at any time.
    async fn news(&mut self, folder: &str) -> Result<(), BackendError> {
        for _ in 0..MOST_TRIES {
            if !self.subscribe(folder).await? {
                break;
            }
            if self.has_gap(folder).await? || self.listen().await? {
                return Ok(());
            }
        }
        loop {
            sleep(LOOK).await;
            if has_news(&self.link, folder, self.sync.ends.get(folder)).await? {
                return Ok(());
            }
        }
    }

    /// Subscribes to a folder; `false` when the server will not have it. May be dropped at any time.
    async fn subscribe(&mut self, folder: &str) -> Result<bool, BackendError> {
        if !self.can_stream {
            return Ok(false);
        }
        if self.watch.as_ref().is_none_or(|w| w.folder != folder) {
            let (link, old) = (Arc::clone(&self.link), self.watch.take());
            let new = folder.to_owned();
            let asking = tokio::spawn(async move {
                if let Some(Asked::Standing(old)) = old.map(|watch| watch.asked) {
                    unsubscribe(&link, &old).await;
                }
                subscribe(&link, &new).await
            });
            self.watch = Some(Watch {
                folder: folder.to_owned(),
                asked: Asked::UnderWay(AbortOnDropHandle::new(asking)),
            });
        }
        let Some(watch) = &mut self.watch else {
            return Ok(false);
        };
        let Asked::UnderWay(asking) = &mut watch.asked else {
            return Ok(true);
        };
        let answered = asking.await;
        if let Ok(Ok(Some(subscription))) = answered {
            watch.asked = Asked::Standing(Box::new(subscription));
            return Ok(true);
        }
        self.watch = None;
        match answered {
            Ok(Ok(_)) => {
                self.can_stream = false;
                Ok(false)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(protocol(DOING, "a subscription that came to nothing")),
        }
    }

    /// Tells whether something came since the changes were last read and before the subscription, which told nobody.
    async fn has_gap(&mut self, folder: &str) -> Result<bool, BackendError> {
        let Some(subscription) = self.watch.as_mut().and_then(Watch::subscription) else {
            return Ok(false);
        };
        if subscription.is_checked {
            return Ok(false);
        }
        let has_gap = has_news(&self.link, folder, self.sync.ends.get(folder)).await?;
        subscription.is_checked = true;
        Ok(has_gap)
    }

    /// Listens until something happens; `false` when a new subscription is needed. May be dropped at any time.
    async fn listen(&mut self) -> Result<bool, BackendError> {
        while let Some(subscription) = self.watch.as_mut().and_then(Watch::subscription) {
            if subscription.stream.is_none() {
                let stream = open_events(&self.link, subscription).await?;
                subscription.stream = Some(Box::new(stream));
            }
            match self.hear().await? {
                Said::Alive => {}
                Said::News => {
                    self.drain().await;
                    return Ok(true);
                }
                Said::Closed if self.close_events() >= SHORTEST => {}
                // A server that closes at once would be asked without end.
                Said::Closed | Said::Lost => self.watch = None,
            }
        }
        Ok(false)
    }

    fn stream(&mut self) -> Option<&mut Stream> {
        self.watch.as_mut()?.subscription()?.stream.as_deref_mut()
    }

    /// Forgets an answer that is over and returns how long it was open.
    fn close_events(&mut self) -> Duration {
        let subscription = self.watch.as_mut().and_then(Watch::subscription);
        let stream = subscription.and_then(|subscription| subscription.stream.take());
        stream.map_or(Duration::ZERO, |stream| stream.opened.elapsed())
    }

    /// Reads the next piece.
    async fn hear(&mut self) -> Result<Said, BackendError> {
        let Some(stream) = self.stream() else {
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

/// Subscribes to a folder; nothing when the server will not have it.
async fn subscribe(link: &Link, folder: &str) -> Result<Option<Subscription>, BackendError> {
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
    let answered = link.call_noting(&call, &mut cookie).await;
    let answered = answered.and_then(|replies| {
        let reply = replies.into_iter().next();
        let reply = reply.ok_or_else(|| protocol(DOING, "an answer without a message"))?;
        if reply.class == Class::Error {
            return Err(judge::error(DOING, Stage::Working, &reply));
        }
        Ok(reply)
    });
    match answered {
        Ok(reply) => Ok(Some(Subscription {
            id: reply.node.text_of("SubscriptionId").to_owned(),
            cookie,
            is_checked: false,
            stream: None,
        })),
        Err(BackendError::Refused { code, text, .. }) => {
            tracing::info!(target: "pillarbox::ews", code, text, "the server sends no notifications");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Ends a subscription to another folder; there are only so many of them, but they end by themselves too.
async fn unsubscribe(link: &Link, old: &Subscription) {
    let write = |xml: &mut Xml, _: Version| {
        xml.inside("m:Unsubscribe", &[], |xml| {
            xml.text("m:SubscriptionId", &old.id);
        });
    };
    let call = Call::new(DOING, &write).headers(affinity(old.cookie.as_deref()));
    if let Err(error) = link.call(&call).await {
        tracing::debug!(target: "pillarbox::ews", %error, "a subscription is left to end by itself");
    }
}

/// Opens the answer in which notifications come.
async fn open_events(link: &Link, subscription: &Subscription) -> Result<Stream, BackendError> {
    let write = |xml: &mut Xml, _: Version| {
        xml.inside("m:GetStreamingEvents", &[], |xml| {
            xml.inside("m:SubscriptionIds", &[], |xml| {
                xml.text("t:SubscriptionId", &subscription.id);
            });
            xml.text("m:ConnectionTimeout", OPEN_FOR);
        });
    };
    let headers = affinity(subscription.cookie.as_deref());
    let call = Call::new(DOING, &write).headers(headers).silence(SILENCE);
    let answer = link.open_stream(&call).await?;
    let limits = Limits {
        bytes: LONGEST,
        is_endless: true,
    };
    Ok(Stream {
        answer,
        reader: Reader::new(limits),
        opened: Instant::now(),
    })
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
