//! The endless answer: one envelope after the other, each a document of its own.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::Response;
use hyper::body::{Bytes, Frame};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::demo::ews::XML;
use crate::demo::ews::operations::messages;
use crate::demo::ews::wire::{Xml, event};
use crate::demo::house::House;
use crate::demo::transport::web::Answer;

/// Time between two signs of life.
const KEEP_ALIVE: Duration = Duration::from_secs(45);

/// A body that is written while it is read.
struct Lines(mpsc::Receiver<String>);

impl hyper::body::Body for Lines {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let received = self.0.poll_recv(context);
        received.map(|line| line.map(|line| Ok(Frame::data(line.into()))))
    }
}

/// Returns an answer that tells of everything for some minutes.
pub fn answer(house: &Arc<House>, ids: Vec<String>, minutes: u64) -> Answer {
    let (lines, body) = mpsc::channel(4);
    tokio::spawn(tell(Arc::clone(house), ids, minutes, lines));
    let mut answer = Response::new(Lines(body).boxed());
    let kind = HeaderValue::from_static(XML);
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    answer
}

/// Writes envelopes until the time is over, the subscriptions end, or nobody reads any more.
async fn tell(house: Arc<House>, ids: Vec<String>, minutes: u64, lines: mpsc::Sender<String>) {
    let end = Instant::now() + Duration::from_secs(minutes * 60);
    let mut changed = house.store.watch();
    if lines.send(envelope("", "OK")).await.is_err() {
        return;
    }
    loop {
        changed.mark_unchanged();
        let Some(news) = news(&house, &ids) else {
            break;
        };
        if !news.is_empty() && lines.send(envelope(&news, "OK")).await.is_err() {
            return;
        }
        let is_alive = tokio::select! {
            _ = changed.changed() => None,
            () = tokio::time::sleep(KEEP_ALIVE) => Some(()),
            () = tokio::time::sleep_until(end) => break,
            () = lines.closed() => return,
        };
        if is_alive.is_some() && lines.send(envelope(&still_here(&ids), "OK")).await.is_err() {
            return;
        }
    }
    let _ = lines.send(envelope("", "Closed")).await;
}

/// Returns `Notification`s, none for those who have nothing new; `None` when a subscription has ended.
fn news(house: &House, ids: &[String]) -> Option<String> {
    let mut all = String::new();
    for id in ids {
        let events = house.ews.news(&house.store, id)?;
        if !events.is_empty() {
            all.push_str(&notification(id, &events));
        }
    }
    Some(all)
}

fn still_here(ids: &[String]) -> String {
    let status = |id: &String| notification(id, "<t:StatusEvent/>");
    ids.iter().map(status).collect()
}

fn notification(id: &str, events: &str) -> String {
    let mut xml = Xml::new();
    xml.open("m:Notification")
        .text("t:SubscriptionId", id)
        .flag("t:MoreEvents", false)
        .raw(events);
    xml.done()
}

fn envelope(notifications: &str, status: &'static str) -> String {
    let mut xml = Xml::new();
    if !notifications.is_empty() {
        xml.open("m:Notifications").raw(notifications).close();
    }
    xml.text("m:ConnectionStatus", status);
    event(&messages("GetStreamingEvents", vec![Ok(xml.done())], ""))
}
