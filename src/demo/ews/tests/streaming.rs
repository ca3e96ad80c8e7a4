//! Notifications.

use std::time::Duration;

use hyper::body::Body as _;

use super::*;

const COOKIE: &str = "X-BackEndOverrideCookie=HV1P285MB0042.HARBORP285.PROD.OUTLOOK.COM~1943310267";

async fn subscribe(house: &Arc<House>) -> String {
    let body = format!(
        "<m:Subscribe><m:StreamingSubscriptionRequest><t:FolderIds>{INBOX}</t:FolderIds><t:EventTypes><t:EventType>NewMailEvent</t:EventType><t:EventType>MovedEvent</t:EventType></t:EventTypes></m:StreamingSubscriptionRequest></m:Subscribe>"
    );
    let authorization = basic(house);
    let headers = [
        ("authorization", authorization.as_str()),
        ("x-preferserveraffinity", "True"),
    ];
    let answer = post(house, &headers, &body).await;
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with(COOKIE), "{cookie}");
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    text(&String::from_utf8_lossy(&bytes), "m:SubscriptionId")
}

fn events(id: &str) -> String {
    format!(
        "<m:GetStreamingEvents><m:SubscriptionIds><t:SubscriptionId>{id}</t:SubscriptionId></m:SubscriptionIds><m:ConnectionTimeout>1</m:ConnectionTimeout></m:GetStreamingEvents>"
    )
}

async fn next(body: &mut crate::demo::transport::web::Body) -> Option<String> {
    let frame = body.frame().await?.unwrap().into_data().unwrap();
    Some(String::from_utf8(frame.to_vec()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn one_answer_tells_of_new_mail_gives_signs_of_life_and_ends() {
    let house = house();
    let id = subscribe(&house).await;
    let authorization = basic(&house);
    let headers = [
        ("authorization", authorization.as_str()),
        ("cookie", COOKIE),
    ];
    let mut body = post(&house, &headers, &events(&id)).await.into_body();
    assert_eq!(body.size_hint().exact(), None);
    let first = next(&mut body).await.unwrap();
    assert!(
        first.starts_with("<?xml") && first.contains(">OK</m:ConnectionStatus>"),
        "{first}"
    );
    deliver(&house, "news");
    let second = next(&mut body).await.unwrap();
    assert!(second.contains("<t:NewMailEvent><t:TimeStamp>"), "{second}");
    let third = next(&mut body).await.unwrap();
    assert!(third.contains("<t:StatusEvent/>"), "{third}");
    let last = next(&mut body).await.unwrap();
    assert!(last.contains(">Closed</m:ConnectionStatus>"), "{last}");
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_move_is_told_with_both_places() {
    let house = house();
    let uid = deliver(&house, "wanders");
    let id = subscribe(&house).await;
    house.store.change(PASSWORD_USER, |mailbox| {
        let message = mailbox.folder_mut("INBOX").unwrap().remove(uid).unwrap();
        let moved = NewMessage::moving(&message);
        mailbox.folder_mut("Archive").unwrap().append(moved)
    });
    let authorization = basic(&house);
    let headers = [
        ("authorization", authorization.as_str()),
        ("cookie", COOKIE),
    ];
    let mut body = post(&house, &headers, &events(&id)).await.into_body();
    next(&mut body).await.unwrap();
    let moved = next(&mut body).await.unwrap();
    for part in ["<t:MovedEvent>", "<t:OldItemId ", "<t:OldParentFolderId "] {
        assert!(moved.contains(part), "{moved}");
    }
}

#[tokio::test]
async fn another_server_knows_nothing_of_a_subscription() {
    let house = house();
    let id = subscribe(&house).await;
    let authorization = basic(&house);
    let check = async |cookie: &str, body: &str, code: &str| {
        let headers = [
            ("authorization", authorization.as_str()),
            ("cookie", cookie),
        ];
        let answer = post(&house, &headers, body).await;
        let bytes = answer.into_body().collect();
        let bytes = tokio::time::timeout(Duration::from_secs(5), bytes)
            .await
            .unwrap();
        let answer = String::from_utf8_lossy(&bytes.unwrap().to_bytes()).into_owned();
        assert_eq!(text(&answer, "m:ResponseCode"), code, "{answer}");
    };
    let unsubscribe =
        format!("<m:Unsubscribe><m:SubscriptionId>{id}</m:SubscriptionId></m:Unsubscribe>");
    check("a=b", &events(&id), "ErrorSubscriptionNotFound").await;
    check(COOKIE, &events("x"), "ErrorSubscriptionNotFound").await;
    check("", &unsubscribe, "ErrorSubscriptionNotFound").await;
    check(COOKIE, &unsubscribe, "NoError").await;
    check(COOKIE, &events(&id), "ErrorSubscriptionNotFound").await;
}
