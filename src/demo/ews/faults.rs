//! Mischief that tests script, as far as it is EWS's own: errors by code, answers that end too early.

use std::io;
use std::pin::Pin;
use std::task::{Context as Waker, Poll};
use std::time::Duration;

use http_body_util::{BodyExt as _, Collected};
use hyper::StatusCode;
use hyper::body::{Body as _, Bytes, Frame};

use super::XML;
use super::operations::tail;
use super::wire::{Node, Refusal, answer};
use crate::demo::mischief::Mischief;
use crate::demo::transport::web::{Answer, Body, answer_of};

/// How late a slow answer is.
const LATE: Duration = Duration::from_secs(3);

/// Tells whether the mischief can happen to this request; `None` is one that is refused anyway.
pub fn can_happen(mischief: &Mischief, request: Option<&Node>) -> bool {
    let name = request
        .map(|request| request.name.as_str())
        .unwrap_or_default();
    match mischief {
        Mischief::CursorLost => {
            let state = request.and_then(|request| request.text_of("SyncState"));
            state.is_some_and(|state| !state.trim().is_empty())
        }
        Mischief::Repeated => matches!(name, "SyncFolderItems" | "FindItem"),
        Mischief::WrongTotals => matches!(name, "GetFolder" | "FindFolder" | "FindItem"),
        Mischief::NoMime => {
            let shape = request.and_then(|request| request.child("ItemShape"));
            shape.is_some_and(|shape| shape.is_true("IncludeMimeContent"))
        }
        Mischief::Error { .. } | Mischief::Unknown => request.is_some(),
        mischief => !mischief.is_of_transport(),
    }
}

/// Waits as a busy server does.
pub async fn wait() {
    tokio::time::sleep(LATE).await;
}

/// Refuses everything that was asked, or the request as a whole where that is the code's manner.
pub fn scripted(
    request: &Node,
    code: &'static str,
    back_off: Option<u64>,
) -> Result<Answer, Refusal> {
    let refusal = Refusal {
        back_off,
        ..Refusal::of(code)
    };
    if refusal.is_fault() {
        return Err(refusal);
    }
    let lists = [
        "ItemIds",
        "FolderIds",
        "AttachmentIds",
        "Items",
        "ItemChanges",
    ];
    let count = lists.iter().map(|list| request.children_of(list).len());
    let count = count.max().unwrap_or_default().max(1);
    let messages: Vec<_> = (0..count).map(|_| Err(refusal.clone())).collect();
    let name = request.name.as_str();
    let messages = super::operations::messages(name, messages, tail(name));
    Ok(answer_of(
        StatusCode::OK,
        XML,
        answer(name, &messages, false),
    ))
}

/// A body that breaks off.
struct Broken(Option<Bytes>);

impl hyper::body::Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Waker<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = self.0.take().map(Frame::data);
        Poll::Ready(Some(
            frame.ok_or_else(|| io::ErrorKind::ConnectionReset.into()),
        ))
    }
}

fn broken(bytes: Option<Bytes>) -> Body {
    Broken(bytes).boxed()
}

/// Ends the connection before the answer's body.
pub fn cut_before(answer: Answer) -> Answer {
    answer.map(|_| broken(None))
}

/// Ends the connection in the middle of the answer's body.
pub async fn cut_inside(answer: Answer) -> Answer {
    if answer.body().size_hint().exact().is_none() {
        return answer.map(|_| broken(None));
    }
    let (head, body) = answer.into_parts();
    let bytes = body.collect().await.map(Collected::to_bytes);
    let mut bytes = bytes.unwrap_or_default();
    bytes.truncate(bytes.len() / 2);
    Answer::from_parts(head, broken(Some(bytes)))
}
