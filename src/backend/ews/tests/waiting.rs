//! Waiting: notifications in pieces, lost subscriptions, servers without them.

use std::time::Duration;

use tokio::sync::Notify;

use super::server::{Answer, Piece, Seen, Server};
use super::*;
use crate::backend::Backend as _;
use crate::model::{Cursor, RemoteId, Wake};

const LONG: Duration = Duration::from_secs(20);

fn inbox() -> RemoteId {
    RemoteId::new("in")
}

fn subscribed(seen: &Seen, before: usize) -> Option<Answer> {
    if let Some(answer) = opening(seen) {
        return Some(answer);
    }
    let answer = match seen.operation.as_str() {
        "SyncFolderItems" => soap(
            "SyncFolderItems",
            &fine(
                "SyncFolderItems",
                "<m:SyncState>end</m:SyncState><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange><m:Changes/>",
            ),
        ),
        "Subscribe" => {
            let id = format!("<m:SubscriptionId>s{before}</m:SubscriptionId>");
            let answer = Answer::xml(soap("Subscribe", &fine("Subscribe", &id)));
            return Some(answer.line("Set-Cookie: X-BackEndOverrideCookie=be7~8; path=/; secure"));
        }
        "Unsubscribe" => soap("Unsubscribe", &fine("Unsubscribe", "")),
        _ => return None,
    };
    Some(Answer::xml(answer))
}

fn events(content: &str) -> Vec<u8> {
    soap("GetStreamingEvents", &fine("GetStreamingEvents", content)).into_bytes()
}

fn alive() -> Vec<u8> {
    events("<m:ConnectionStatus>OK</m:ConnectionStatus>")
}

fn created() -> Vec<u8> {
    events(
        "<m:Notifications><m:Notification><t:SubscriptionId>s0</t:SubscriptionId><t:NewMailEvent>\
         <t:ItemId Id=\"m1\"/></t:NewMailEvent></m:Notification></m:Notifications>",
    )
}

fn quiet() -> Vec<u8> {
    events(
        "<m:Notifications><m:Notification><t:SubscriptionId>s0</t:SubscriptionId><t:StatusEvent/></m:Notification>\
         </m:Notifications>",
    )
}

/// Opens a mailbox whose inbox was read to its end.
async fn settled(server: &Server) -> Ews {
    let mut ews = opened(server).await;
    let cursor = Cursor(b"\x01\x01\0\0\0\0end".to_vec());
    ews.changes(&inbox(), Some(&cursor)).await.unwrap();
    ews
}

async fn streaming(pieces: Vec<Piece>) -> Server {
    Server::start(move |seen, before| {
        subscribed(seen, before).unwrap_or_else(|| Answer::pieces(pieces.clone()))
    })
    .await
}

#[tokio::test]
async fn news_wake_however_they_are_cut() {
    let mut whole = alive();
    whole.extend(quiet());
    whole.extend(created());
    let (one, two) = whole.split_at(whole.len() - 150);
    let server = streaming(vec![
        Piece::Bytes(one.to_vec()),
        Piece::Pause(Duration::from_millis(50)),
        Piece::Bytes(two.to_vec()),
        Piece::Pause(LONG * 9),
    ])
    .await;
    let mut ews = settled(&server).await;
    let wake = ews.wait(&inbox(), &Notify::new(), LONG).await.unwrap();
    assert_eq!(wake, Wake::Remote);
    server.last("Subscribe").check(
        "<m:Subscribe><m:StreamingSubscriptionRequest><t:FolderIds><t:FolderId Id=\"in\"/></t:FolderIds><t:EventTypes>
         <t:EventType>CopiedEvent</t:EventType><t:EventType>CreatedEvent</t:EventType>
         <t:EventType>DeletedEvent</t:EventType><t:EventType>ModifiedEvent</t:EventType>
         <t:EventType>MovedEvent</t:EventType><t:EventType>NewMailEvent</t:EventType></t:EventTypes>
         </m:StreamingSubscriptionRequest></m:Subscribe>",
    );
    let listened = server.last("GetStreamingEvents");
    listened.check(
        "<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>s0</t:SubscriptionId></m:SubscriptionIds>
         <m:ConnectionTimeout>29</m:ConnectionTimeout></m:GetStreamingEvents>",
    );
    assert!(
        listened
            .head
            .contains("cookie: x-backendoverridecookie=be7~8\r\n"),
        "{}",
        listened.head
    );
    assert!(listened.head.contains("x-preferserveraffinity: true"));
}

#[tokio::test]
async fn silence_ends_with_the_time_and_a_poke_at_once() {
    let server = streaming(vec![Piece::Bytes(alive()), Piece::Pause(LONG * 9)]).await;
    let mut ews = settled(&server).await;
    let poke = Notify::new();
    let short = Duration::from_millis(300);
    assert_eq!(ews.wait(&inbox(), &poke, short).await.unwrap(), Wake::Timer);
    poke.notify_one();
    assert_eq!(ews.wait(&inbox(), &poke, LONG).await.unwrap(), Wake::Poke);
    assert_eq!(
        server.of("Subscribe").len(),
        1,
        "one subscription serves all waits"
    );
    assert_eq!(server.of("GetStreamingEvents").len(), 1);
}

#[tokio::test]
async fn poke_is_heard_while_the_server_is_silent() {
    let silent = |operation: &'static str| async move {
        let server = Server::start(move |seen, before| {
            if seen.operation == operation && (operation != "SyncFolderItems" || before > 0) {
                return Answer::pieces(vec![Piece::Pause(LONG * 9)]);
            }
            subscribed(seen, before).unwrap_or_else(|| Answer::pieces(vec![Piece::Pause(LONG * 9)]))
        })
        .await;
        let mut ews = settled(&server).await;
        let (inbox, poke) = (inbox(), Notify::new());
        for _ in 0..2 {
            let waited = tokio::join!(ews.wait(&inbox, &poke, LONG), async {
                tokio::time::sleep(Duration::from_millis(200)).await;
                poke.notify_one();
            });
            assert_eq!(waited.0.unwrap(), Wake::Poke, "{operation}");
        }
        let asked = server.of("Subscribe").len();
        assert_eq!(asked, 1, "what is under way is not asked for again");
        let short = Duration::from_millis(50);
        assert_eq!(ews.wait(&inbox, &poke, short).await.unwrap(), Wake::Timer);
    };
    silent("Subscribe").await;
    silent("SyncFolderItems").await;
    silent("GetStreamingEvents").await;
}

#[tokio::test]
async fn lost_subscription_is_made_anew() {
    let server = Server::start(|seen, before| {
        subscribed(seen, before).unwrap_or_else(|| match before {
            0 => Answer::xml(soap(
                "GetStreamingEvents",
                &wrong("GetStreamingEvents", "ErrorSubscriptionNotFound"),
            )),
            1 => Answer::pieces(vec![Piece::Bytes(alive()), Piece::Cut]),
            _ => Answer::pieces(vec![Piece::Bytes(created()), Piece::Pause(LONG * 9)]),
        })
    })
    .await;
    let mut ews = settled(&server).await;
    let wake = ews.wait(&inbox(), &Notify::new(), LONG).await.unwrap();
    assert_eq!(wake, Wake::Remote);
    assert_eq!(server.of("Subscribe").len(), 3);
}

#[tokio::test]
async fn what_came_before_the_subscription_is_not_slept_over() {
    let server = Server::start(|seen, before| {
        if seen.operation == "SyncFolderItems" && before > 0 {
            let change = "<m:SyncState>x</m:SyncState><m:Changes><t:Delete><t:ItemId Id=\"m1\"/></t:Delete></m:Changes>";
            return Answer::xml(soap("SyncFolderItems", &fine("SyncFolderItems", change)));
        }
        subscribed(seen, before).unwrap()
    })
    .await;
    let mut ews = settled(&server).await;
    let wake = ews.wait(&inbox(), &Notify::new(), LONG).await.unwrap();
    assert_eq!(wake, Wake::Remote);
    // A folder that was never read to its end may have anything.
    let other = RemoteId::new("se");
    assert_eq!(
        ews.wait(&other, &Notify::new(), LONG).await.unwrap(),
        Wake::Remote
    );
    assert_eq!(server.of("Unsubscribe").len(), 1);
}

#[tokio::test]
async fn server_without_notifications_is_looked_at() {
    let server = Server::start(|seen, before| match seen.operation.as_str() {
        "Subscribe" => Answer::with(
            "500 Internal Server Error",
            fault("ErrorInvalidRequest", ""),
        ),
        _ => subscribed(seen, before).unwrap(),
    })
    .await;
    let mut ews = settled(&server).await;
    assert!(ews.caps().push);
    let short = Duration::from_secs(2);
    let wake = ews.wait(&inbox(), &Notify::new(), short).await.unwrap();
    assert_eq!(wake, Wake::Timer);
    assert!(!ews.caps().push);
    let poke = Notify::new();
    poke.notify_one();
    assert_eq!(ews.wait(&inbox(), &poke, LONG).await.unwrap(), Wake::Poke);
    assert_eq!(server.of("Subscribe").len(), 1);
}

#[tokio::test]
async fn server_that_closes_at_once_is_not_asked_without_end() {
    let closed = events("<m:ConnectionStatus>Closed</m:ConnectionStatus>");
    let server = streaming(vec![Piece::Bytes(closed)]).await;
    let mut ews = settled(&server).await;
    let short = Duration::from_millis(500);
    let wake = ews.wait(&inbox(), &Notify::new(), short).await.unwrap();
    assert_eq!(wake, Wake::Timer);
    assert!(server.of("GetStreamingEvents").len() <= 4);
}
