//! Streaming notifications: `Subscribe`, `Unsubscribe`, and the one endless answer of `GetStreamingEvents`.

mod desk;
mod events;
mod stream;

pub use desk::Desk;

use hyper::StatusCode;
use hyper::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};

use super::XML;
use super::context::{Context, Reply};
use super::folders::VIRTUAL;
use super::operations::messages;
use super::wire::{Node, Refusal, Xml, answer as envelope, is_true};
use crate::demo::transport::web::{Answer, answer_of};
use desk::{Subscription, marks};

/// What binds a client to the server that knows its subscriptions.
const AFFINITY: &str = "X-BackEndOverrideCookie";
const SERVER: &str = "HV1P285MB0042.HARBORP285.PROD.OUTLOOK.COM~1943310267";

/// Answers the operations of notifications; `None` for all others.
pub fn answer(
    context: &Context<'_>,
    request: &Node,
    headers: &HeaderMap,
) -> Option<Result<Answer, Refusal>> {
    let is_at_home = has_affinity(headers);
    Some(match request.name.as_str() {
        "Subscribe" => Ok(subscribed(context, request, headers)),
        "Unsubscribe" => {
            let id = request.text_of("SubscriptionId").unwrap_or_default().trim();
            let is_gone = is_at_home && context.house.ews.remove(id, &context.caller.identity);
            Ok(whole(
                "Unsubscribe",
                if is_gone {
                    Ok(String::new())
                } else {
                    Err(Refusal::of("ErrorSubscriptionNotFound"))
                },
            ))
        }
        "GetStreamingEvents" => Ok(stream(context, request, is_at_home)),
        _ => return None,
    })
}

fn whole(operation: &str, reply: Reply) -> Answer {
    let messages = messages(operation, vec![reply], "");
    answer_of(StatusCode::OK, XML, envelope(operation, &messages, false))
}

/// Tells whether the client came back to the server that it subscribed with.
fn has_affinity(headers: &HeaderMap) -> bool {
    let is_ours = |value: &str| value.trim().trim_matches('"') == SERVER;
    let direct = headers.get(AFFINITY).and_then(|value| value.to_str().ok());
    let cookies = headers.get_all(COOKIE).iter();
    let mut cookies = cookies
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='));
    direct.is_some_and(is_ours) || cookies.any(|(name, value)| name == AFFINITY && is_ours(value))
}

fn subscribed(context: &Context<'_>, request: &Node, headers: &HeaderMap) -> Answer {
    let mut answer = whole("Subscribe", subscribe(context, request));
    let wish = headers.get("X-PreferServerAffinity");
    let is_wished = wish.and_then(|wish| wish.to_str().ok());
    if is_wished.is_some_and(|wish| is_true(&wish.to_ascii_lowercase())) {
        let cookie = format!("{AFFINITY}={SERVER}; path=/; secure; HttpOnly");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().insert(SET_COOKIE, cookie);
        }
    }
    answer
}

fn subscribe(context: &Context<'_>, request: &Node) -> Reply {
    let wanted = request.child("StreamingSubscriptionRequest");
    let wanted = wanted.ok_or_else(|| Refusal::of("ErrorInvalidSubscriptionRequest"))?;
    let ids = wanted.children_of("FolderIds").iter();
    let folders: Result<Vec<_>, Refusal> = ids.map(|id| context.folder(id)).collect();
    let folders = folders?;
    let is_all = wanted
        .attribute("SubscribeToAllFolders")
        .is_some_and(is_true);
    let mailbox = match folders.first() {
        Some(first) => first.mailbox.clone(),
        None if is_all => context.caller.mailbox.clone(),
        None => return Err(Refusal::of("ErrorInvalidSubscriptionRequest")),
    };
    if folders
        .iter()
        .any(|at| at.mailbox != mailbox || at.folder <= VIRTUAL)
    {
        return Err(Refusal::of("ErrorInvalidSubscriptionRequest"));
    }
    let events = wanted.children_of("EventTypes").iter();
    let numbers: Vec<u32> = folders.iter().map(|at| at.folder).collect();
    let seen = context
        .house
        .store
        .read(&mailbox, marks)
        .unwrap_or_default();
    let subscription = Subscription {
        owner: context.caller.identity.clone(),
        mailbox,
        folders: (!is_all).then_some(numbers),
        events: events.map(|event| event.text.trim().to_owned()).collect(),
        seen,
    };
    let id = context.house.ews.add(subscription);
    let id = id.ok_or_else(|| Refusal::of("ErrorExceededSubscriptionCount"))?;
    let mut xml = Xml::new();
    xml.text("m:SubscriptionId", &id);
    Ok(xml.done())
}

fn stream(context: &Context<'_>, request: &Node, is_at_home: bool) -> Answer {
    let ids = request.children_of("SubscriptionIds").iter();
    let ids: Vec<String> = ids.map(|id| id.text.trim().to_owned()).collect();
    let desk = &context.house.ews;
    let is_known = |id: &String| is_at_home && desk.has(id, &context.caller.identity);
    let unknown: Vec<&String> = ids.iter().filter(|id| !is_known(id)).collect();
    if !unknown.is_empty() {
        return whole("GetStreamingEvents", Err(not_found(&unknown)));
    }
    let minutes = request.text_of("ConnectionTimeout");
    let minutes = minutes
        .and_then(|minutes| minutes.trim().parse().ok())
        .unwrap_or(1);
    stream::answer(context.house, ids, minutes)
}

fn not_found(ids: &[&String]) -> Refusal {
    let mut xml = Xml::new();
    xml.open("m:ErrorSubscriptionIds");
    for id in ids {
        xml.text("m:SubscriptionId", id);
    }
    xml.close().text("m:ConnectionStatus", "Closed");
    Refusal {
        details: Some(xml.done()),
        ..Refusal::of("ErrorSubscriptionNotFound")
    }
}
